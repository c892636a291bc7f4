//! One session takes the place of another, and nobody notices.
mod support;

use avaaz_tutor::{
    Brief, FaultKind, HandOverCause, Input, Output, Pcm, ProviderCommand, ProviderEvent, ReplyEnd,
    ResumeHandle, SessionSetup, ToolCall, VoiceState,
};
use support::*;

/// A conversation whose session may last ten minutes, at the time when it should be replaced.
fn aged() -> World {
    let mut setup = bridge_setup();
    setup.capabilities.session_limit = Some(secs(600));
    setup.greeted = true;
    let mut world = World::new(setup);
    world.joins();
    world.ready();
    world.says("r0", &["Hello!"], 400);
    world.run(secs(479));
    world.log.clear();
    world
}

/// The same with a provider that allows one session at a time.
fn alone() -> World {
    let mut setup = bridge_setup();
    setup.capabilities.overlaps = false;
    setup.greeted = true;
    let mut world = World::new(setup);
    world.joins();
    world.ready();
    world.run(secs(6));
    world.log.clear();
    world
}

fn prepared(world: &World) -> Vec<&SessionSetup> {
    world
        .outputs()
        .into_iter()
        .filter_map(|output| match output {
            Output::OpenNext { setup, .. } => Some(setup.as_ref()),
            _ => None,
        })
        .collect()
}

fn hears(world: &mut World, ms: u64, value: i16) {
    for _ in 0..ms / 20 {
        world.give(Input::LearnerAudio(Pcm {
            samples: vec![value; 480].into(),
            rate_hz: RATE,
        }));
        world.run(support::ms(20));
    }
}

#[test]
fn the_next_session_is_prepared_while_a_reply_sounds_and_takes_over_when_it_was_heard() {
    let mut world = aged();
    world.says("r1", &["One", " two."], 1500);
    world.run(secs(2));
    assert_eq!(prepared(&world).len(), 1);
    assert_eq!(prepared(&world)[0].history.last().unwrap().text, "One two.");
    world.next_ready();
    assert!(
        !world.has(&Output::SwitchToNext),
        "not while somebody speaks"
    );
    world.run(secs(2));
    assert!(world.has(&Output::SwitchToNext));
    assert!(world.opened().is_empty() && world.requests().is_empty());
    let handed_over = world.hand_overs()[0];
    assert_eq!(
        (handed_over.cause, handed_over.gap),
        (HandOverCause::Age, secs(0))
    );
    assert!(handed_over.is_planned());
    assert!(world.voices().is_empty(), "nobody need know");
}

#[test]
fn a_learner_who_speaks_while_the_next_session_opens_is_served_by_the_old_one() {
    let mut world = aged();
    world.run(secs(2));
    assert_eq!(prepared(&world).len(), 1);
    world.starts_speaking("i1");
    world.next_ready();
    hears(&mut world, 1000, 700);
    world.stops_speaking("i1");
    world.words("i1", "Yes.");
    world.says("r1", &["Good."], 600);
    assert!(!world.has(&Output::SwitchToNext));
    world.run(secs(2));
    assert!(
        world.has(&Output::CloseNext) && prepared(&world).len() == 2,
        "the first one knows nothing of it"
    );
    let told: Vec<_> = prepared(&world)[1]
        .history
        .iter()
        .map(|turn| turn.text.as_str())
        .collect();
    assert_eq!(told, ["Hello!", "Yes.", "Good."]);
    world.next_ready();
    assert!(world.has(&Output::SwitchToNext));
    assert!(world.replies_asked().is_empty(), "answered once");
}

#[test]
fn what_the_learner_begins_to_say_at_the_change_is_heard_by_the_next_session() {
    let mut world = aged();
    world.run(secs(1));
    hears(&mut world, 1000, 10);
    hears(&mut world, 200, 700);
    world.log.clear();
    world.next_ready();
    let heard: usize = world
        .commands()
        .iter()
        .map(|command| match command {
            ProviderCommand::Audio(pcm) => pcm.samples.iter().filter(|s| **s == 700).count(),
            _ => 0,
        })
        .sum();
    assert_eq!(heard, 4800);
}

#[test]
fn an_interruption_makes_a_prepared_session_stale() {
    let mut world = aged();
    world.says("r1", &["One", " two", " three."], 1500);
    world.run(secs(2));
    world.next_ready();
    world.starts_speaking("i1");
    world.run(secs(1));
    world.stops_speaking("i1");
    world.words("i1", "Wait.");
    world.says("r2", &["Yes?"], 500);
    world.run(secs(2));
    assert_eq!(prepared(&world).len(), 2);
    assert!(
        prepared(&world)[1]
            .history
            .iter()
            .all(|turn| !turn.text.contains("three"))
    );
}

#[test]
fn a_session_that_cannot_be_prepared_is_tried_again_while_the_old_one_serves() {
    let mut world = aged();
    for _ in 0..4 {
        world.run(secs(10));
        world.give(Input::NextFailed(fault(FaultKind::Busy)));
    }
    assert_eq!(prepared(&world).len(), 4);
    assert!(world.opened().is_empty() && world.voices().is_empty());
    world.run(secs(20));
    world.next_ready();
    assert!(world.has(&Output::SwitchToNext));
}

#[test]
fn a_prepared_session_serves_at_once_when_the_old_one_breaks() {
    let mut world = aged();
    world.says("r1", &["One."], 3000);
    world.run(secs(1));
    world.next_ready();
    world.provider(ProviderEvent::Closed(fault(FaultKind::Broken)));
    assert!(world.has(&Output::SwitchToNext) && world.opened().is_empty());
    assert_eq!(
        world.hand_overs()[0].cause,
        HandOverCause::Fault(FaultKind::Broken)
    );
}

#[test]
fn a_provider_that_allows_one_session_is_left_first_and_gone_on_with() {
    let mut world = alone();
    world.provider(ProviderEvent::Resumable {
        handle: Some(ResumeHandle("h1".into())),
    });
    world.learner_says("i1", "I like tea.");
    world.says("r1", &["So", " do I."], 500);
    world.provider(ProviderEvent::Resumable {
        handle: Some(ResumeHandle("h2".into())),
    });
    world.provider(ProviderEvent::ClosingSoon { left: secs(50) });
    assert!(world.opened().is_empty(), "not while somebody speaks");
    world.run(secs(2));
    let opened = world.opened();
    assert_eq!(opened.len(), 1);
    assert_eq!(opened[0].1.resume, Some(ResumeHandle("h2".into())));
    assert!(opened[0].1.history.is_empty(), "it knows all of it");
    world.log.clear();
    hears(&mut world, 400, 700);
    world.ready();
    let audio = world
        .commands()
        .into_iter()
        .filter(|command| matches!(command, ProviderCommand::Audio(_)))
        .count();
    assert!(audio > 0, "what was said meanwhile is told");
    assert_eq!(world.hand_overs()[0].cause, HandOverCause::Announced);
}

#[test]
fn a_stale_handle_means_a_new_session_at_once_with_what_was_said() {
    let mut world = alone();
    world.learner_says("i1", "I like tea.");
    world.says("r1", &["So", " do I."], 500);
    world.run(secs(2));
    world.provider(ProviderEvent::Resumable {
        handle: Some(ResumeHandle("h1".into())),
    });
    world.provider(ProviderEvent::Closed(fault(FaultKind::Broken)));
    assert!(world.opened()[0].1.resume.is_some());
    world.log.clear();
    world.give(Input::ProviderFailed(fault(FaultKind::StaleHandle)));
    let opened = world.opened();
    assert_eq!(opened.len(), 1);
    assert_eq!(opened[0].0, world.now, "without a wait");
    assert_eq!(opened[0].1.resume, None);
    assert_eq!(opened[0].1.history.len(), 2);
    assert!(!world.voices().contains(&VoiceState::Unavailable));
}

#[test]
fn a_session_that_knows_unheard_words_is_not_gone_on_with() {
    let mut world = alone();
    world.says("r1", &["One", " two", " three."], 800);
    world.provider(ProviderEvent::Resumable {
        handle: Some(ResumeHandle("h1".into())),
    });
    world.run(secs(1));
    world.starts_speaking("i1");
    world.provider(ProviderEvent::Closed(fault(FaultKind::Broken)));
    let setup = world.opened()[0].1;
    assert_eq!(setup.resume, None);
    assert_eq!(setup.history.last().unwrap().text, "One");
}

#[test]
fn a_session_that_was_told_words_before_they_were_cut_is_replaced() {
    let mut world = World::greeted();
    world.says_without_end("r1", &["One", " two", " three", " four"], 800);
    world.ends("r1", ReplyEnd::Complete);
    world.run(secs(1));
    world.provider(ProviderEvent::Closed(fault(FaultKind::Broken)));
    world.ready();
    world.log.clear();
    world.starts_speaking("i1");
    assert!(world.has(&Output::CloseProvider));
    let setup = world.opened()[0].1;
    assert_eq!(setup.history.last().unwrap().text, "One");
}

#[test]
fn a_changed_voice_is_heard_from_the_next_reply_on() {
    let mut world = World::greeted();
    world.run(secs(6));
    world.says("r1", &["One."], 2000);
    let other = Brief {
        voice: Some("cedar".to_owned()),
        ..brief()
    };
    world.give(Input::BriefChanged(Box::new(other)));
    world.run(ms(500));
    world.next_ready();
    assert!(!world.has(&Output::SwitchToNext));
    world.run(secs(3));
    assert!(world.has(&Output::SwitchToNext));
    assert_eq!(prepared(&world)[0].voice.as_deref(), Some("cedar"));
    assert_eq!(world.hand_overs()[0].cause, HandOverCause::Settings);
}

#[test]
fn a_new_session_is_told_what_was_called_at_its_place_and_nobody_else_is() {
    let mut world = aged();
    world.learner_says("i1", "Please be slower.");
    world.provider(ProviderEvent::ToolCalled(ToolCall {
        id: "c1".into(),
        name: "set_patience".to_owned(),
        arguments: r#"{"patience":"patient"}"#.to_owned(),
    }));
    world.give(Input::ToolReturned {
        call: "c1".into(),
        output: Ok(r#"{"ok":true}"#.to_owned()),
    });
    world.says("r1", &["Of", " course."], 500);
    world.run(secs(3));
    let told: Vec<&str> = prepared(&world)
        .last()
        .unwrap()
        .history
        .iter()
        .map(|turn| turn.text.as_str())
        .collect();
    let call = r#"[Not said aloud: I called set_patience with {"patience":"patient"}, and it returned {"ok":true}]"#;
    assert_eq!(told, ["Hello!", "Please be slower.", call, "Of course."]);
    let kept: Vec<&str> = world
        .turns()
        .iter()
        .map(|turn| turn.text.as_str())
        .collect();
    assert_eq!(
        kept,
        ["", "Of course."],
        "the words of the first one follow"
    );
    assert!((0..9).all(|turn| !world.caption(turn).contains("set_patience")));
    world.next_ready();
    assert!(world.has(&Output::SwitchToNext));
}

#[test]
fn a_learner_who_is_away_needs_no_next_session() {
    let mut world = aged();
    world.run(secs(2));
    world.give(Input::LearnerLeft);
    assert!(world.has(&Output::CloseNext));
}
