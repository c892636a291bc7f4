//! What goes wrong: the provider, the host, the room.

use std::time::Duration;

use avaaz_agent::host::{Notice, TurnRecord};
use avaaz_agent::room::{ClosedReason, JoinRoomError, RoomEvent};
use avaaz_tutor::{EndReason, FaultKind, Speaker};

use crate::support::host::Written;
use crate::support::world::{LEARNER, World, wait};

#[tokio::test(start_paused = true)]
async fn a_provider_that_breaks_is_opened_again_with_what_was_said() {
    let mut world = World::new().await;
    let (stay, line, microphone) = world.greeted().await;
    line.breaks().await;
    let second = world.provider.line(1).await;
    world.sounds(&microphone, 300, true).await;
    second.is_ready().await;
    wait(50).await;
    assert!(
        second.heard() >= Duration::from_millis(280),
        "kept and replayed"
    );
    assert_eq!(second.setup.history.len(), 1);
    second.hears_speech("item1").await;
    wait(500).await;
    second.understands("item1", "Are you back?").await;
    second
        .replies("r2", "I am.", Duration::from_millis(300))
        .await;
    let written = world.host.until(|written| written.turns.len() == 3).await;
    assert_eq!(written.turns[2].text, "I am.");
    assert_eq!(stay.attributes()["avaaz.voice"], "ok");
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_cannot_be_had_is_shown_and_ends_the_conversation_at_last() {
    let world = World::new().await;
    for _ in 0..1000 {
        world.provider.refuse(FaultKind::Refused);
    }
    let stay = world.rooms.stay(0).await;
    stay.joins(LEARNER, "PA_1").await;
    world.host.until(|written| !written.ended.is_empty()).await;
    assert_eq!(world.host.written().ended, [EndReason::ProviderFailed]);
    assert_eq!(stay.attributes()["avaaz.voice"], "unavailable");
}

#[tokio::test(start_paused = true)]
async fn a_typed_line_is_answered_in_writing_while_there_is_no_voice() {
    let mut world = World::new().await;
    let (stay, line, _microphone) = world.greeted().await;
    for _ in 0..1000 {
        world.provider.refuse(FaultKind::Broken);
    }
    line.breaks().await;
    wait(3_000).await;
    assert_eq!(stay.attributes()["avaaz.voice"], "unavailable");
    stay.types(LEARNER, "What is a weekend?").await;
    let answered = |written: &Written| {
        let last = written.turns.last();
        last.is_some_and(|turn| turn.text == "You wrote: What is a weekend?")
    };
    let written = world.host.until(answered).await;
    let last = written.turns.last().unwrap();
    assert_eq!(last.speaker, Speaker::Tutor);
    assert!(!last.interrupted && !last.text_pending);
    let by = |turn: &TurnRecord| (turn.provider.clone(), turn.model.clone());
    assert_eq!(by(last), (Some("text".into()), Some("writer-1".into())));
    let greeting = &written.turns[0];
    assert_eq!(greeting.model.as_deref(), Some("scripted-1"));
    wait(100).await;
    let shown = stay.streams().pop().unwrap();
    assert_eq!(shown.text, last.text);
    assert_eq!(shown.header.topic, "lk.transcription");
    assert_eq!(shown.header.attributes["lk.transcription_final"], "true");
}

#[tokio::test(start_paused = true)]
async fn turns_are_kept_while_the_host_cannot_be_reached() {
    let mut world = World::new().await;
    let (_stay, line, _microphone) = world.greeted().await;
    world.host.set_down(true);
    for n in 0..3 {
        line.replies(&format!("r{n}"), "And so on.", Duration::from_millis(300))
            .await;
        wait(20_000).await;
    }
    assert_eq!(world.host.written().turns.len(), 1);
    world.host.set_down(false);
    let written = world.host.until(|written| written.turns.len() == 4).await;
    let seqs: Vec<u32> = written.turns.iter().map(|turn| turn.seq).collect();
    assert_eq!(seqs, [1, 2, 3, 4]);
    assert_eq!(world.rooms.count(), 1, "the conversation went on");
}

#[tokio::test(start_paused = true)]
async fn a_room_that_cannot_be_reached_is_tried_again() {
    let world = World::new().await;
    drop(world);
    let world = World::new().await;
    world
        .rooms
        .refuse(JoinRoomError::Unreachable("down for a test".to_owned()));
    world
        .rooms
        .refuse(JoinRoomError::Media("down for a test".to_owned()));
    let stay = world.rooms.stay(0).await;
    assert_eq!(stay.request.room, "session-1");
    assert!(world.host.written().rooms.len() >= 3, "made anew each time");
    assert!(world.host.written().released.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_room_that_closes_gives_the_conversation_back_with_all_that_was_heard() {
    let mut world = World::new().await;
    let (stay, line, _microphone) = world.greeted().await;
    line.replies(
        "r1",
        "One two three four five.",
        Duration::from_millis(5000),
    )
    .await;
    wait(2500).await;
    stay.tell(RoomEvent::Closed(ClosedReason::RoomClosed)).await;
    let written = world
        .host
        .until(|written| !written.released.is_empty())
        .await;
    assert!(written.ended.is_empty());
    assert_eq!(written.turns.len(), 2);
    assert!(written.turns[1].interrupted);
    assert!(written.turns[1].heard_ms.unwrap() >= 2_300);
    assert_eq!(written.presence, [true, false]);
    wait(100).await;
    assert!(line.is_closed());
    assert_eq!(world.runtime.metrics().handed_back.get(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_end_that_was_asked_for_is_written_after_all_turns() {
    let mut world = World::new().await;
    let (stay, line, _microphone) = world.greeted().await;
    line.replies(
        "r1",
        "One two three four five.",
        Duration::from_millis(5000),
    )
    .await;
    wait(2500).await;
    world
        .host
        .notify(Notice::EndRequested {
            conversation: world.conversation,
            reason: EndReason::LearnerEnded,
        })
        .await;
    let written = world.host.until(|written| !written.ended.is_empty()).await;
    assert_eq!(written.ended, [EndReason::LearnerEnded]);
    assert_eq!(written.turns.len(), 2);
    wait(100).await;
    assert_eq!(stay.attributes()["avaaz.ended"], "learner_ended");
    assert!(!stay.is_closed(), "the last words are still on their way");
    wait(300).await;
    assert!(stay.is_closed());
}
