//! What a provider does wrong, and what we do about it.
mod support;

use avaaz_tutor::{
    EndReason, FaultKind, Input, Output, Pcm, ProviderCommand, ProviderEvent, ReplyEnd, Speaker,
    VoiceState,
};
use support::*;

fn closes(world: &mut World, kind: FaultKind) {
    world.provider(ProviderEvent::Closed(fault(kind)));
}

fn audio(world: &World) -> Vec<i16> {
    let mut samples = Vec::new();
    for command in world.commands() {
        if let ProviderCommand::Audio(pcm) = command {
            samples.extend_from_slice(&pcm.samples);
        }
    }
    samples
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
fn a_broken_session_is_opened_again_at_once_with_the_history() {
    let mut world = World::greeted();
    world.learner_says("i1", "I like films.");
    world.says("r1", &["Me", " too."], 500);
    world.run(secs(3));
    world.log.clear();
    closes(&mut world, FaultKind::Broken);
    let opened = world.opened();
    assert_eq!(opened.len(), 1);
    let said: Vec<_> = opened[0]
        .1
        .history
        .iter()
        .map(|turn| (turn.speaker, turn.text.as_str()))
        .collect();
    assert_eq!(
        said,
        [
            (Speaker::Tutor, "Hello, Ada!"),
            (Speaker::Learner, "I like films."),
            (Speaker::Tutor, "Me too.")
        ]
    );
    assert!(world.voices().is_empty(), "nobody need know");
    world.ready();
    assert!(world.requests().is_empty());
}

#[test]
fn what_the_learner_says_meanwhile_reaches_the_next_session() {
    let mut world = World::greeted();
    closes(&mut world, FaultKind::Broken);
    world.log.clear();
    hears(&mut world, 2000, 700);
    assert!(audio(&world).is_empty());
    world.ready();
    assert_eq!(audio(&world).len(), 48_000);
}

#[test]
fn speech_whose_words_were_lost_is_heard_again_as_the_same_turn() {
    let mut world = World::greeted();
    hears(&mut world, 3000, 10);
    world.starts_speaking("i1");
    hears(&mut world, 2000, 700);
    world.stops_speaking("i1");
    closes(&mut world, FaultKind::Broken);
    assert_eq!(world.turns().len(), 1);
    world.log.clear();
    world.ready();
    let replayed = audio(&world);
    assert_eq!(
        replayed.iter().filter(|sample| **sample == 700).count(),
        48_000
    );
    assert!(
        replayed.len() < 48_000 + 26_000,
        "only what belongs to it: {}",
        replayed.len()
    );
    world.starts_speaking("new1");
    world.stops_speaking("new1");
    world.words("new1", "I went home.");
    assert!(world.turns().is_empty(), "no second turn");
    assert!(world.has(&Output::TurnWords {
        turn: avaaz_tutor::TurnId(2),
        text: "I went home.".to_owned()
    }));
    assert!(
        world.replies_asked().is_empty(),
        "the provider answers what it hears"
    );
}

#[test]
fn speech_that_goes_on_through_a_fault_is_one_turn() {
    let mut world = World::greeted();
    world.starts_speaking("i1");
    hears(&mut world, 1000, 700);
    closes(&mut world, FaultKind::Broken);
    hears(&mut world, 1000, 700);
    world.ready();
    world.starts_speaking("new1");
    hears(&mut world, 1000, 700);
    world.stops_speaking("new1");
    world.words("new1", "A long story.");
    assert_eq!(world.turns().len(), 1);
    assert!(world.turns()[0].ended_at - world.turns()[0].started_at >= secs(3));
}

#[test]
fn speech_that_a_new_session_does_not_hear_does_not_hold_the_floor() {
    let mut world = World::greeted();
    world.starts_speaking("i1");
    closes(&mut world, FaultKind::Broken);
    world.ready();
    world.run(secs(6));
    assert_eq!(world.turns().len(), 1);
}

#[test]
fn an_answer_that_was_due_is_asked_for_again() {
    let mut world = World::greeted();
    world.learner_says("i1", "What is a verb?");
    world.log.clear();
    closes(&mut world, FaultKind::Broken);
    world.ready();
    assert_eq!(
        world.requests(),
        [&ProviderCommand::Reply { instructions: None }]
    );
}

#[test]
fn a_reply_that_breaks_off_is_heard_to_where_it_came_and_then_continued() {
    let mut world = World::greeted();
    world.learner_says("i1", "Tell me a story.");
    world.says_without_end("r1", &["Once", " upon", " a", " time"], 500);
    world.run(ms(500));
    closes(&mut world, FaultKind::Broken);
    world.log.clear();
    world.ready();
    assert!(world.replies_asked().is_empty(), "the rest still sounds");
    world.run(secs(3));
    let turn = world.turns()[0];
    assert_eq!((turn.speaker, turn.interrupted), (Speaker::Tutor, true));
    assert!(
        "Once upon a time".starts_with(&turn.text) && turn.text.len() >= 9,
        "{}",
        turn.text
    );
    let asked = world.replies_asked();
    assert_eq!(asked.len(), 1);
    assert!(asked[0].unwrap().contains(&turn.text));
}

#[test]
fn what_comes_of_a_reply_after_its_session_is_over_is_ignored() {
    let mut world = World::greeted();
    world.says_without_end("r1", &["Once", " upon"], 500);
    closes(&mut world, FaultKind::Broken);
    world.ready();
    world.log.clear();
    world.provider(ProviderEvent::ReplyAudio {
        reply: reply("r1"),
        pcm: voice(100),
    });
    assert!(world.outputs().is_empty());
}

#[test]
fn a_new_session_is_not_told_to_cut_a_reply_of_the_old_one() {
    let mut world = World::greeted();
    world.says_without_end("r1", &["Once", " upon", " a", " time"], 500);
    world.run(ms(600));
    closes(&mut world, FaultKind::Broken);
    world.ready();
    world.log.clear();
    world.run(secs(6));
    world.starts_speaking("i9");
    assert!(!world.requests().iter().any(|request| matches!(
        request,
        ProviderCommand::Truncate { .. } | ProviderCommand::Cancel { .. }
    )));
}

#[test]
fn tries_wait_longer_and_longer_and_the_learner_is_told() {
    let mut world = World::new(bridge_setup());
    world.joins();
    for _ in 0..8 {
        world.give(Input::ProviderFailed(fault(FaultKind::Broken)));
        world.run(secs(16));
        assert!(!world.bridge.is_over());
        if world.now > secs(100) {
            break;
        }
    }
    let tries: Vec<_> = world.opened().iter().map(|(at, _)| *at).collect();
    assert!(tries.len() >= 6);
    assert_eq!(world.voices(), [VoiceState::Unavailable]);
    world.ready();
    assert_eq!(
        world.voices(),
        [VoiceState::Unavailable, VoiceState::Available]
    );
}

#[test]
fn without_a_provider_for_two_minutes_the_conversation_ends() {
    let mut world = World::new(bridge_setup());
    world.joins();
    while !world.bridge.is_over() && world.now < secs(200) {
        world.give(Input::ProviderFailed(fault(FaultKind::Broken)));
        world.run(secs(1));
    }
    assert!(
        world.now >= secs(119) && world.now <= secs(123),
        "{:?}",
        world.now
    );
    assert_eq!(
        world.outputs().last(),
        Some(&&Output::End(EndReason::ProviderFailed))
    );
    let tries = world.opened().len();
    assert!((8..40).contains(&tries), "{tries} tries");
}

#[test]
fn a_provider_that_refuses_us_is_tried_three_times() {
    let mut world = World::new(bridge_setup());
    world.joins();
    while !world.bridge.is_over() && world.now < secs(200) {
        world.give(Input::ProviderFailed(fault(FaultKind::Refused)));
        world.run(secs(1));
    }
    assert_eq!(world.opened().len(), 3);
    assert_eq!(
        world.outputs().last(),
        Some(&&Output::End(EndReason::ProviderFailed))
    );
    assert_eq!(world.voices(), [VoiceState::Unavailable]);
}

#[test]
fn a_session_that_never_gets_ready_is_a_failed_one() {
    let mut world = World::new(bridge_setup());
    world.joins();
    world.run(secs(20));
    assert!(world.has(&Output::CloseProvider));
    assert_eq!(world.opened().len(), 2);
}

#[test]
fn a_provider_that_closes_right_after_it_was_ready_is_not_hammered() {
    let mut world = World::new(bridge_setup());
    world.joins();
    for _ in 0..30 {
        world.ready();
        closes(&mut world, FaultKind::Broken);
        world.run(secs(4));
    }
    assert!(world.opened().len() < 20, "{}", world.opened().len());
}

#[test]
fn a_reply_that_fails_is_asked_for_once_more() {
    let mut world = World::greeted();
    world.learner_says("i1", "Hello?");
    world.log.clear();
    world.ends("resp", ReplyEnd::Failed(fault(FaultKind::Busy)));
    world.run(secs(2));
    assert_eq!(
        world.requests(),
        [&ProviderCommand::Reply { instructions: None }]
    );
    world.ends("resp2", ReplyEnd::Failed(fault(FaultKind::Busy)));
    world.run(secs(60));
    assert_eq!(world.requests().len(), 1);
}

#[test]
fn an_account_without_money_is_a_provider_that_refuses() {
    let mut world = World::greeted();
    world.learner_says("i1", "Hello?");
    world.ends("resp", ReplyEnd::Failed(fault(FaultKind::Refused)));
    assert!(world.has(&Output::CloseProvider));
    assert_eq!(world.voices(), [VoiceState::Unavailable]);
}

#[test]
fn a_session_that_the_provider_will_close_is_left_in_time_even_while_somebody_speaks() {
    let mut world = World::greeted();
    world.starts_speaking("i1");
    world.provider(ProviderEvent::ClosingSoon { left: secs(10) });
    world.run(secs(7));
    assert!(world.opened().is_empty());
    world.run(secs(2));
    assert_eq!(world.opened().len(), 1);
}

#[test]
fn a_tool_that_nobody_offered_is_answered() {
    let mut world = World::greeted();
    let call = avaaz_tutor::ToolCall {
        id: "c1".into(),
        name: "x".to_owned(),
        arguments: "{".to_owned(),
    };
    world.provider(ProviderEvent::ToolCalled(call));
    assert!(
        matches!(world.requests()[0], ProviderCommand::ToolResult { call, .. } if &**call == "c1")
    );
}
