//! A conversation as it goes well.

use std::time::Duration;

use avaaz_agent::host::Notice;
use avaaz_agent::room::RoomEvent;
use avaaz_tutor::{EndReason, ProviderCommand, ProviderEvent, Speaker, Spending, ToolCall};

use crate::support::host::brief;
use crate::support::world::{LEARNER, World, page, wait};

#[tokio::test(start_paused = true)]
async fn a_spoken_exchange_is_heard_shown_and_kept() {
    let mut world = World::new().await;
    let (stay, line, microphone) = world.greeted().await;
    assert_eq!(
        stay.request.identity,
        format!("tutor-{}", world.conversation)
    );
    assert_eq!(
        stay.attributes()["avaaz.conversation"],
        world.conversation.to_string()
    );
    assert_eq!(stay.attributes()["lk.agent.state"], "listening");
    assert_eq!(stay.attributes()["avaaz.voice"], "ok");
    assert!(matches!(line.asked()[..], [ProviderCommand::Reply { .. }]));

    line.hears_speech("item1").await;
    world.sounds(&microphone, 600, true).await;
    line.understands("item1", "What is a quay?").await;
    wait(100).await;
    assert_eq!(stay.attributes()["lk.agent.state"], "thinking");
    line.replies(
        "r1",
        "A place where ships are loaded.",
        Duration::from_millis(900),
    )
    .await;
    wait(300).await;
    assert_eq!(stay.attributes()["lk.agent.state"], "speaking");
    let written = world.host.until(|written| written.turns.len() == 3).await;

    let said: Vec<(u32, Speaker, &str)> = written
        .turns
        .iter()
        .map(|turn| (turn.seq, turn.speaker, &*turn.text))
        .collect();
    assert_eq!(
        said,
        [
            (1, Speaker::Tutor, "Hello Ada."),
            (2, Speaker::Learner, "What is a quay?"),
            (3, Speaker::Tutor, "A place where ships are loaded."),
        ]
    );
    let reply = &written.turns[2];
    assert_eq!(reply.heard_ms, Some(900));
    let steps = [reply.first_audio_ms, reply.latency_ms, reply.first_heard_ms].map(Option::unwrap);
    assert!(steps.is_sorted() && steps[2] < 1000, "{steps:?}");
    let latency = world.runtime.metrics().latency.of("simulator");
    assert_eq!(
        [&latency.given, &latency.sent, &latency.heard].map(|stage| stage.count()),
        [1; 3]
    );
    let written = world.host.until(|written| written.usage.len() == 2).await;
    assert_eq!(written.usage[1].turn, Some(reply.id));
    assert_eq!(written.usage[1].usage.output_audio_tokens, 20);
    assert_eq!(written.usage[1].model, "scripted-1");
    assert_eq!(reply.model.as_deref(), Some("scripted-1"));
    assert!(!reply.interrupted);
    assert_eq!(written.presence, [true]);
    assert_eq!(
        written.provider,
        [("simulator".to_owned(), "scripted-1".to_owned())]
    );

    let shown = page(&stay.streams());
    let shown: Vec<(&str, &str)> = shown.iter().map(|(id, text)| (&**id, &**text)).collect();
    assert_eq!(
        shown,
        [
            ("turn-1", "Hello Ada."),
            ("turn-2", "What is a quay?"),
            ("turn-3", "A place where ships are loaded."),
        ]
    );
    // 20 ms each, paced by one clock.
    let frames = stay.frames();
    assert_eq!(frames.len(), 20 + 45);
    assert!(frames[0].frame.first && frames[20].frame.first && !frames[21].frame.first);
    for pair in frames[20..].windows(2) {
        assert_eq!(pair[1].at - pair[0].at, Duration::from_millis(20));
    }
    assert_eq!(
        line.heard(),
        Duration::from_millis(600) + silence_after(&line.heard(), 600)
    );
}

/// What the provider heard beyond the speech is the silence in which time passes.
fn silence_after(heard: &Duration, speech_ms: u64) -> Duration {
    let silence = heard.saturating_sub(Duration::from_millis(speech_ms));
    assert!(silence > Duration::from_millis(200), "{silence:?}");
    assert!(silence <= Duration::from_secs(5), "{silence:?}");
    silence
}

#[tokio::test(start_paused = true)]
async fn barge_in_silences_the_reply_and_keeps_what_was_heard() {
    let mut world = World::new().await;
    let (stay, line, microphone) = world.greeted().await;
    line.hears_speech("item1").await;
    line.understands("item1", "Tell me a story.").await;
    line.replies(
        "r1",
        "Once upon a time there was a fox that lived by a river.",
        Duration::from_millis(5200),
    )
    .await;
    wait(2000).await;
    let before = stay.frames().len();
    line.hears_speech("item2").await;
    wait(1).await;
    let at_the_word = stay.frames().len();
    world.sounds(&microphone, 1000, true).await;
    assert!(
        stay.frames().len() <= at_the_word + 1,
        "silent within a frame"
    );
    assert!(before > 90);
    line.understands("item2", "Stop, please.").await;

    let written = world.host.until(|written| written.turns.len() >= 4).await;
    let cut = &written.turns[2];
    assert!(cut.interrupted);
    let heard = cut.heard_ms.unwrap();
    // Sent for two seconds, less what the listener's buffer held when the learner spoke, which sounds on in the pause.
    assert!((1_900..=2_060).contains(&heard), "{heard}");
    assert!(cut.text.starts_with("Once upon a time"), "{}", cut.text);
    assert!(!cut.text.contains("river"), "{}", cut.text);
    let truncated = line.asked().into_iter().find_map(|command| match command {
        ProviderCommand::Truncate { heard, .. } => Some(heard),
        _ => None,
    });
    let truncated = u32::try_from(truncated.unwrap().as_millis()).unwrap();
    assert!(truncated.abs_diff(heard) <= 20);
    let last = stay
        .streams()
        .into_iter()
        .rfind(|s| s.header.attributes["lk.segment_id"] == "turn-3");
    let last = last.unwrap();
    assert_eq!(last.text, cut.text);
    assert_eq!(last.header.attributes["avaaz.interrupted"], "true");
    assert_eq!(last.header.attributes["lk.transcription_final"], "true");
}

#[tokio::test(start_paused = true)]
async fn typed_text_is_answered() {
    let mut world = World::new().await;
    let (stay, line, _microphone) = world.greeted().await;
    stay.types("someone-else", "Not for you.").await;
    stay.types(LEARNER, "How do you spell it?").await;
    wait(100).await;
    let texts: Vec<ProviderCommand> = line
        .asked()
        .into_iter()
        .filter(|command| matches!(command, ProviderCommand::Text(_)))
        .collect();
    assert_eq!(
        texts,
        [ProviderCommand::Text("How do you spell it?".to_owned())]
    );
    line.replies("r1", "Q U A Y.", Duration::from_millis(400))
        .await;
    let written = world.host.until(|written| written.turns.len() == 3).await;
    assert_eq!(written.turns[1].text, "How do you spell it?");
    assert_eq!(written.turns[1].speaker, Speaker::Learner);
}

#[tokio::test(start_paused = true)]
async fn only_the_learners_microphone_is_heard() {
    let mut world = World::new().await;
    let stay = world.rooms.stay(0).await;
    stay.joins(LEARNER, "PA_1").await;
    stay.joins("learner-bob", "PA_2").await;
    let bob = stay.publishes("learner-bob", "TR_bob", true).await;
    let screen = stay.publishes(LEARNER, "TR_screen", false).await;
    let line = world.provider.line(0).await;
    line.is_ready().await;
    world.sounds(&bob, 500, true).await;
    world.sounds(&screen, 500, true).await;
    assert_eq!(line.heard(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn the_learners_first_words_are_kept_until_the_provider_is_ready() {
    let mut world = World::new().await;
    let stay = world.rooms.stay(0).await;
    stay.joins(LEARNER, "PA_1").await;
    let microphone = stay.publishes(LEARNER, "TR_ada", true).await;
    let line = world.provider.line(0).await;
    world.sounds(&microphone, 1500, true).await;
    assert_eq!(line.heard(), Duration::ZERO);
    line.is_ready().await;
    wait(10).await;
    assert!(
        line.heard() >= Duration::from_millis(1480),
        "{:?}",
        line.heard()
    );
}

#[tokio::test(start_paused = true)]
async fn a_refresh_keeps_the_conversation_and_shows_its_words_again() {
    let mut world = World::new().await;
    let (stay, line, _microphone) = world.greeted().await;
    // The new page joins before the old one's leave is known.
    stay.joins(LEARNER, "PA_2").await;
    stay.leaves(LEARNER, "PA_1").await;
    wait(100).await;
    let again: Vec<_> = stay
        .streams()
        .into_iter()
        .filter(|stream| stream.header.to == [LEARNER])
        .collect();
    assert_eq!(again.len(), 1);
    assert_eq!(again[0].text, "Hello Ada.");
    assert!(again[0].closed);
    let written = world.host.written();
    assert_eq!(written.presence, [true]);
    assert!(!line.is_closed());
    assert_eq!(world.provider.count(), 1);

    // And when the leave is known first.
    stay.leaves(LEARNER, "PA_2").await;
    wait(3000).await;
    stay.joins(LEARNER, "PA_3").await;
    wait(100).await;
    assert_eq!(world.host.written().presence, [true, false, true]);
    assert!(world.host.written().ended.is_empty());
    assert_eq!(world.provider.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_learner_who_stays_away_ends_the_conversation_and_the_providers_session() {
    let mut world = World::new().await;
    let (stay, line, _microphone) = world.greeted().await;
    stay.leaves(LEARNER, "PA_1").await;
    wait(59_000).await;
    assert!(world.host.written().ended.is_empty());
    assert!(line.is_closed(), "it costs money");
    wait(2_000).await;
    assert_eq!(world.host.written().ended, [EndReason::LearnerGone]);
    assert!(stay.is_closed());
    assert_eq!(stay.attributes()["avaaz.ended"], "learner_gone");
    assert!(world.host.written().released.is_empty());
}

#[tokio::test(start_paused = true)]
async fn nothing_is_lost_while_media_is_down() {
    let mut world = World::new().await;
    let (stay, line, _microphone) = world.greeted().await;
    let before = stay.frames().len();
    line.replies(
        "r1",
        "One two three four five.",
        Duration::from_millis(1000),
    )
    .await;
    wait(400).await;
    stay.set_media(false);
    stay.tell(RoomEvent::MediaDown).await;
    wait(2000).await;
    stay.set_media(true);
    stay.tell(RoomEvent::MediaUp).await;
    wait(2000).await;
    assert_eq!(stay.frames().len() - before, 50);
}

#[tokio::test(start_paused = true)]
async fn a_room_that_was_made_anew_gets_our_limits_again() {
    let mut world = World::new().await;
    let (stay, _line, _microphone) = world.greeted().await;
    assert_eq!(world.host.written().rooms.len(), 1);
    stay.tell(RoomEvent::Reconnected { fresh: true }).await;
    let written = world.host.until(|written| written.rooms.len() == 2).await;
    assert_eq!(written.rooms[0], written.rooms[1]);
}

#[tokio::test(start_paused = true)]
async fn with_push_to_talk_the_microphones_switch_ends_the_learners_turn() {
    let mut world = World::new().await;
    let (stay, line, microphone) = world.greeted().await;
    let mut push_to_talk = brief();
    push_to_talk.push_to_talk = true;
    world
        .host
        .notify(Notice::BriefChanged {
            provider: None,
            conversation: world.conversation,
            brief: Box::new(push_to_talk),
        })
        .await;
    wait(100).await;
    stay.tell(switched(false)).await;
    world.sounds(&microphone, 1000, true).await;
    assert!(!line.asked().contains(&ProviderCommand::Commit));
    stay.tell(switched(true)).await;
    wait(100).await;
    assert!(
        line.asked().contains(&ProviderCommand::Commit),
        "{:?}",
        line.asked()
    );
}

fn switched(muted: bool) -> RoomEvent {
    RoomEvent::TrackMuted {
        identity: LEARNER.to_owned(),
        track_id: "TR_ada".to_owned(),
        muted,
    }
}

#[tokio::test(start_paused = true)]
async fn a_tool_is_run_by_the_host_and_one_that_panics_is_an_error_result_in_time() {
    let mut world = World::new().await;
    let (_stay, line, _microphone) = world.greeted().await;
    for (id, arguments) in [("c1", r#"{"patience":"patient"}"#), ("c2", "panic")] {
        line.tells(ProviderEvent::ToolCalled(ToolCall {
            id: id.into(),
            name: "set_patience".to_owned(),
            arguments: arguments.to_owned(),
        }))
        .await;
    }
    wait(6_000).await;
    let results: Vec<(String, String)> = line
        .asked()
        .into_iter()
        .filter_map(|command| match command {
            ProviderCommand::ToolResult { call, output, .. } => Some((call.to_string(), output)),
            _ => None,
        })
        .collect();
    let expected = [
        ("c1", r#"{"ok":true}"#),
        ("c2", r#"{"error":"it took too long"}"#),
    ];
    assert_eq!(
        results,
        expected.map(|(call, output)| (call.to_owned(), output.to_owned()))
    );
    assert_eq!(world.host.written().tools.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_conversation_whose_money_is_spent_says_goodbye_and_ends() {
    let mut world = World::new().await;
    let (_stay, line, _microphone) = world.greeted().await;
    world
        .host
        .notify(Notice::Spent {
            conversation: world.conversation,
            spending: Spending::All,
        })
        .await;
    wait(100).await;
    assert_eq!(line.asked().len(), 2, "a goodbye is asked for");
    line.replies("r1", "Good bye, Ada.", Duration::from_millis(900))
        .await;
    let written = world.host.until(|written| !written.ended.is_empty()).await;
    assert_eq!(written.ended, [EndReason::TimeLimit]);
    assert_eq!(written.turns.last().unwrap().text, "Good bye, Ada.");
}
