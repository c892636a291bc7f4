//! The learner's turn, and its words that come when they come.
mod support;

use avaaz_tutor::{AgentState, HandOverCause, Output, ProviderEvent, Speaker, TurnId};
use support::*;

fn words_of(world: &World, turn: u32) -> Option<&str> {
    world.log.iter().find_map(|(_, output)| match output {
        Output::TurnWords { turn: of, text } if *of == TurnId(turn) => Some(text.as_str()),
        _ => None,
    })
}

#[test]
fn the_turn_is_given_at_the_end_of_speech_and_its_words_later() {
    let mut world = World::greeted();
    world.starts_speaking("i1");
    world.run(secs(2));
    world.stops_speaking("i1");
    let turn = world.turns()[0].clone();
    assert_eq!(
        (
            turn.turn.0,
            turn.speaker,
            turn.text.as_str(),
            turn.text_pending
        ),
        (2, Speaker::Learner, "", true)
    );
    assert_eq!(turn.ended_at - turn.started_at, secs(2));
    world.run(secs(3));
    world.words("i1", " I went to the cinema.");
    assert_eq!(words_of(&world, 2), Some("I went to the cinema."));
    assert_eq!(world.caption(2), "I went to the cinema.");
}

#[test]
fn words_may_come_while_the_reply_is_spoken() {
    let mut world = World::greeted();
    world.starts_speaking("i1");
    world.stops_speaking("i1");
    world.says("r1", &["Good."], 500);
    world.run(secs(2));
    world.words("i1", "I am fine.");
    assert_eq!(words_of(&world, 2), Some("I am fine."));
    assert_eq!(
        world
            .turns()
            .iter()
            .map(|turn| turn.turn.0)
            .collect::<Vec<_>>(),
        [2, 3]
    );
}

#[test]
fn words_before_the_end_of_speech_are_in_the_turn() {
    let mut world = World::greeted();
    world.starts_speaking("i1");
    world.words("i1", "Yes.");
    assert!(world.turns().is_empty());
    world.stops_speaking("i1");
    assert_eq!(
        (
            world.turns()[0].text.as_str(),
            world.turns()[0].text_pending
        ),
        ("Yes.", false)
    );
    assert_eq!(words_of(&world, 2), None);
}

#[test]
fn pieces_are_shown_as_they_come() {
    let mut world = World::greeted();
    world.starts_speaking("i1");
    world.stops_speaking("i1");
    for delta in ["I", " went"] {
        world.provider(ProviderEvent::LearnerWordsDelta {
            item: item("i1"),
            delta: delta.to_owned(),
        });
    }
    assert_eq!(world.caption(2), "I went");
}

#[test]
fn speech_that_was_nothing_is_an_ended_turn_without_words() {
    let mut world = World::greeted();
    world.starts_speaking("i1");
    world.run(ms(300));
    world.stops_speaking("i1");
    world.words("i1", "");
    assert_eq!(words_of(&world, 2), Some(""));
    world.run(secs(30));
    assert!(
        world.replies_asked().is_empty(),
        "nothing was said, nothing is asked for"
    );
}

#[test]
fn words_that_never_come_are_given_up_and_what_was_shown_remains() {
    let mut world = World::greeted();
    world.starts_speaking("i1");
    world.stops_speaking("i1");
    world.provider(ProviderEvent::LearnerWordsDelta {
        item: item("i1"),
        delta: "I we".to_owned(),
    });
    world.says("r1", &["Good."], 500);
    world.run(secs(31));
    assert_eq!(words_of(&world, 2), Some("I we"));
    world.words("i1", "");
    assert_eq!(
        world
            .log
            .iter()
            .filter(|(_, output)| matches!(output, Output::TurnWords { .. }))
            .count(),
        1
    );
}

/// The provider lives: it goes on writing down what the learner said before.
fn murmurs(world: &mut World, seconds: u64) {
    for _ in 0..seconds {
        world.run(secs(1));
        world.provider(ProviderEvent::LearnerWordsDelta {
            item: item("i0"),
            delta: " and".to_owned(),
        });
    }
}

#[test]
fn a_missing_reply_is_asked_for_again_then_at_another_session_and_then_we_listen() {
    let mut world = World::greeted();
    world.learner_says("i1", "Hello?");
    assert_eq!(world.states().last(), Some(&AgentState::Thinking));
    murmurs(&mut world, 11);
    assert_eq!(world.replies_asked(), [None]);
    assert!(world.opened().is_empty());
    murmurs(&mut world, 10);
    assert_eq!(world.opened().len(), 1);
    world.ready();
    assert_eq!(world.replies_asked(), [None, None]);
    world.run(secs(60));
    assert_eq!(world.replies_asked(), [None, None]);
    assert_eq!(world.opened().len(), 1);
    assert_eq!(world.states().last(), Some(&AgentState::Listening));
}

#[test]
fn a_provider_that_says_nothing_more_is_left_as_soon_as_it_is_slower_than_ever() {
    let mut world = World::greeted();
    for n in 0..4 {
        world.learner_says(&format!("i{n}"), "Well?");
        world.run(ms(600));
        world.says(&format!("r{n}"), &["Well", " done."], 400);
        world.run(secs(2));
    }
    world.learner_says("i9", "Hello?");
    world.run(ms(3_400));
    assert!(world.opened().is_empty(), "it may be thinking");
    world.run(ms(200));
    assert_eq!(world.opened().len(), 1);
    world.ready();
    assert_eq!(world.replies_asked(), [None]);
    let handed_over = world.hand_overs()[0];
    assert_eq!(handed_over.cause, HandOverCause::Silent);
    let hung = handed_over.hung;
    assert!(hung >= ms(3_400) && hung <= ms(3_600), "{hung:?}");
}

#[test]
fn a_reply_that_stalls_ends_with_what_was_heard_and_another_session_takes_it_up() {
    let mut world = World::greeted();
    world.says_without_end("r1", &["One", " two"], 500);
    world.run(ms(3_200));
    let turn = world.turns()[0];
    assert!(turn.interrupted);
    assert_eq!(turn.heard, Some(secs(1)));
    assert!(turn.text.starts_with("One"));
    assert_eq!(world.opened().len(), 1);
    world.ready();
    assert!(world.replies_asked()[0].unwrap().contains("One"));
}

#[test]
fn a_reply_without_sound_is_no_turn() {
    let mut world = World::greeted();
    world.learner_says("i1", "Hm");
    world.says("r1", &[], 0);
    world.provider(ProviderEvent::ReplyEnded {
        reply: reply("unheard of"),
        how: avaaz_tutor::ReplyEnd::Complete,
        usage: None,
    });
    world.run(secs(1));
    assert_eq!(world.turns().len(), 1);
    assert_eq!(world.states().last(), Some(&AgentState::Listening));
}

#[test]
fn one_speech_after_the_other_are_two_turns_even_when_an_end_is_lost() {
    let mut world = World::greeted();
    world.starts_speaking("i1");
    world.run(secs(1));
    world.starts_speaking("i2");
    world.stops_speaking("i2");
    world.words("i2", "second");
    world.words("i1", "first");
    assert_eq!(
        world
            .turns()
            .iter()
            .map(|turn| turn.turn.0)
            .collect::<Vec<_>>(),
        [2, 3]
    );
    assert_eq!(
        (words_of(&world, 2), words_of(&world, 3)),
        (Some("first"), Some("second"))
    );
}
