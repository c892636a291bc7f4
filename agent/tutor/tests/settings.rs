//! Settings that change while live, and push-to-talk.
mod support;

use avaaz_tutor::{Brief, Input, Mode, Output, Patience, ProviderCommand, Speaker, TurnDetection};
use support::*;

fn change(world: &mut World, brief: Brief) {
    world.give(Input::BriefChanged(Box::new(brief)));
}

#[test]
fn a_change_of_mode_or_patience_reaches_the_tutor_at_once() {
    let mut world = World::greeted();
    change(
        &mut world,
        Brief {
            mode: Mode::MockExam,
            ..brief()
        },
    );
    change(
        &mut world,
        Brief {
            mode: Mode::MockExam,
            patience: Patience::Patient,
            ..brief()
        },
    );
    let requests = world.requests();
    assert_eq!(requests.len(), 2);
    let ProviderCommand::Change(setup) = requests[1] else {
        panic!("{requests:?}")
    };
    assert!(setup.instructions.contains("mock exam"));
    assert_eq!(
        setup.turn_detection,
        TurnDetection::Listening {
            patience: Patience::Patient,
            acts: true
        }
    );
}

#[test]
fn a_change_of_voice_prepares_a_session_that_takes_over_between_turns() {
    let mut world = World::greeted();
    world.run(secs(6));
    world.log.clear();
    change(
        &mut world,
        Brief {
            voice: Some("cedar".to_owned()),
            ..brief()
        },
    );
    assert!(world.requests().is_empty());
    assert!(
        matches!(&world.log[0].1, Output::OpenNext { setup, .. } if setup.voice.as_deref() == Some("cedar"))
    );
    world.next_ready();
    assert!(world.has(&Output::SwitchToNext));
    assert!(world.opened().is_empty(), "the old one served until then");
}

#[test]
fn a_change_while_the_provider_opens_is_told_when_it_is_ready() {
    let mut world = World::new(bridge_setup());
    world.joins();
    change(
        &mut world,
        Brief {
            mode: Mode::FreeTalk,
            ..brief()
        },
    );
    assert!(world.requests().is_empty());
    world.ready();
    assert!(matches!(world.requests()[0], ProviderCommand::Change(_)));
}

#[test]
fn a_provider_that_cannot_change_gets_a_new_session_between_turns() {
    let mut setup = bridge_setup();
    setup.capabilities.change_setup_midway = false;
    setup.greeted = true;
    let mut world = World::new(setup);
    world.joins();
    world.ready();
    world.run(secs(6));
    world.says("r1", &["One"], 1000);
    change(
        &mut world,
        Brief {
            mode: Mode::FreeTalk,
            ..brief()
        },
    );
    world.run(ms(500));
    world.next_ready();
    assert!(!world.has(&Output::SwitchToNext));
    world.run(secs(2));
    assert!(world.has(&Output::SwitchToNext));
    assert!(world.requests().is_empty());
}

fn push_to_talk() -> World {
    let mut setup = bridge_setup();
    setup.brief.push_to_talk = true;
    setup.greeted = true;
    setup.capabilities.interrupts_by_itself = false;
    let mut world = World::new(setup);
    world.joins();
    world.ready();
    world.log.clear();
    world
}

fn speaks(world: &mut World, frames: usize) {
    for _ in 0..frames {
        world.give(Input::LearnerAudio(voice(20)));
        world.run(ms(20));
    }
}

#[test]
fn a_key_that_is_let_go_ends_the_turn_and_asks_for_an_answer() {
    let mut world = push_to_talk();
    world.give(Input::LearnerPressed);
    speaks(&mut world, 50);
    world.give(Input::LearnerReleased);
    let requests = world.requests();
    assert_eq!(
        requests,
        [
            &ProviderCommand::BeginTurn,
            &ProviderCommand::Commit,
            &ProviderCommand::Reply { instructions: None }
        ]
    );
    assert_eq!(
        (world.turns()[0].speaker, world.turns()[0].text_pending),
        (Speaker::Learner, true)
    );
    world.words("i1", "Good morning.");
    assert!(world.has(&Output::TurnWords {
        turn: avaaz_tutor::TurnId(1),
        text: "Good morning.".to_owned()
    }));
}

#[test]
fn a_key_that_is_pressed_interrupts_the_tutor() {
    let mut world = push_to_talk();
    world.says_without_end("r1", &["One", " two"], 1000);
    world.run(secs(1));
    world.log.clear();
    world.give(Input::LearnerPressed);
    assert_eq!(world.outputs()[0], &Output::StopPlayout);
    assert!(matches!(
        world.requests()[0],
        ProviderCommand::Cancel { .. }
    ));
}

#[test]
fn a_slip_of_the_finger_asks_for_nothing() {
    let mut world = push_to_talk();
    world.give(Input::LearnerPressed);
    speaks(&mut world, 2);
    world.give(Input::LearnerReleased);
    assert_eq!(world.requests(), [&ProviderCommand::BeginTurn]);
    assert!(world.has(&Output::TurnWords {
        turn: avaaz_tutor::TurnId(1),
        text: String::new()
    }));
}

#[test]
fn releases_alone_are_enough() {
    let mut world = push_to_talk();
    speaks(&mut world, 50);
    world.give(Input::LearnerReleased);
    assert_eq!(world.requests().len(), 2);
    assert_eq!(world.turns().len(), 1);
}

#[test]
fn a_press_while_no_provider_is_ready_is_committed_when_one_is() {
    let mut world = push_to_talk();
    world.provider(avaaz_tutor::ProviderEvent::Closed(fault(
        avaaz_tutor::FaultKind::Broken,
    )));
    world.give(Input::LearnerPressed);
    speaks(&mut world, 50);
    world.give(Input::LearnerReleased);
    world.run(secs(1));
    world.log.clear();
    world.ready();
    assert_eq!(
        world.requests(),
        [
            &ProviderCommand::Commit,
            &ProviderCommand::Reply { instructions: None }
        ]
    );
    assert!(matches!(world.commands()[0], ProviderCommand::Audio(_)));
}
