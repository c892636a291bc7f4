//! How a conversation begins.
mod support;

use avaaz_tutor::{AgentState, Input, Output, ProviderCommand, Speaker};
use support::*;

#[test]
fn the_provider_is_opened_when_the_learner_joins_and_not_before() {
    let mut world = World::new(bridge_setup());
    world.run(secs(5));
    assert!(world.opened().is_empty());
    world.joins();
    assert_eq!(world.opened().len(), 1);
}

#[test]
fn a_new_conversation_is_greeted_by_name() {
    let mut world = World::new(bridge_setup());
    world.joins();
    assert!(world.opened()[0].1.instructions.contains("Ada"));
    assert!(world.replies_asked().is_empty());
    world.ready();
    let asked = world.replies_asked();
    assert_eq!(asked.len(), 1);
    assert!(asked[0].unwrap().contains("Greet them by name"));
}

#[test]
fn the_greeting_is_the_first_turn_and_ends_when_it_was_heard() {
    let mut world = World::new(bridge_setup());
    world.joins();
    world.ready();
    world.says("r1", &["Hello,", " Ada!", " How", " are", " you?"], 400);
    assert!(world.turns().is_empty(), "it was received, not heard");
    world.run(secs(3));
    let turns = world.turns();
    assert_eq!(turns.len(), 1);
    assert_eq!((turns[0].turn.0, turns[0].speaker), (1, Speaker::Tutor));
    assert_eq!(turns[0].text, "Hello, Ada! How are you?");
    assert!(
        turns[0].ended_at >= secs(2) && turns[0].ended_at < ms(2300),
        "{:?}",
        turns[0].ended_at
    );
    assert!(!turns[0].interrupted);
    use AgentState::{Initializing, Listening, Speaking, Thinking};
    assert_eq!(
        world.states(),
        [Initializing, Thinking, Speaking, Listening]
    );
}

#[test]
fn what_the_learner_says_before_the_provider_is_ready_is_sent_first_and_in_order() {
    let mut world = World::new(bridge_setup());
    world.joins();
    for n in 1..=100 {
        world.give(Input::LearnerAudio(avaaz_tutor::Pcm {
            samples: vec![n * 100; 480].into(),
            rate_hz: RATE,
        }));
        world.run(ms(20));
    }
    assert!(world.commands().is_empty());
    world.ready();
    let mut samples = Vec::new();
    for command in world.commands() {
        match command {
            ProviderCommand::Audio(pcm) => samples.extend(pcm.samples.iter().copied()),
            other => panic!("{other:?} before the learner's words are through"),
        }
    }
    let expected: Vec<i16> = (1..=100).flat_map(|n| [n * 100; 480]).collect();
    assert_eq!(samples, expected);
}

#[test]
fn a_learner_who_speaks_first_is_answered_and_not_greeted() {
    let mut world = World::new(bridge_setup());
    world.joins();
    for _ in 0..50 {
        world.give(Input::LearnerAudio(voice(20)));
    }
    world.ready();
    world.run(ms(300));
    world.learner_says("i1", "Hello, are you there?");
    world.says("r1", &["Yes!"], 500);
    world.run(secs(20));
    assert_eq!(world.replies_asked(), Vec::<Option<&str>>::new());
}

#[test]
fn noise_before_the_provider_is_ready_only_delays_the_greeting() {
    let mut world = World::new(bridge_setup());
    world.joins();
    world.give(Input::LearnerAudio(voice(20)));
    world.ready();
    assert!(world.replies_asked().is_empty());
    world.run(secs(2));
    assert_eq!(world.replies_asked().len(), 1);
}

#[test]
fn a_greeting_that_the_provider_drops_is_asked_for_again() {
    let mut world = World::new(bridge_setup());
    world.joins();
    world.ready();
    world.run(secs(7));
    assert_eq!(world.opened().len(), 2, "it says nothing: it hangs");
    world.ready();
    let asked = world.replies_asked();
    assert_eq!(asked.len(), 2);
    assert_eq!(asked[0], asked[1]);
    world.run(secs(60));
    assert_eq!(world.replies_asked().len(), 2);
    assert_eq!(world.opened().len(), 2);
    assert_eq!(world.states().last(), Some(&AgentState::Listening));
}

#[test]
fn a_conversation_that_nobody_joins_ends() {
    let mut world = World::new(bridge_setup());
    world.run(secs(61));
    assert!(world.bridge.is_over());
    assert!(world.opened().is_empty());
    assert_eq!(
        world.outputs().last(),
        Some(&&Output::End(avaaz_tutor::EndReason::LearnerGone))
    );
}

#[test]
fn silence_before_the_first_word_of_a_reply_is_not_played() {
    let mut world = World::new(bridge_setup());
    world.joins();
    world.ready();
    world.provider(avaaz_tutor::ProviderEvent::ReplyAudio {
        reply: reply("r1"),
        pcm: silence(500),
    });
    assert!(
        !world
            .outputs()
            .iter()
            .any(|output| matches!(output, Output::Play { .. }))
    );
    world.provider(avaaz_tutor::ProviderEvent::ReplyAudio {
        reply: reply("r1"),
        pcm: voice(100),
    });
    let played: std::time::Duration = world
        .outputs()
        .iter()
        .filter_map(|output| match output {
            Output::Play { pcm, .. } => Some(pcm.duration()),
            _ => None,
        })
        .sum();
    assert_eq!(played, ms(130), "30 ms are left of the silence");
}
