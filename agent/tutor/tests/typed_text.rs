//! The learner types.
mod support;

use avaaz_tutor::{Caption, Input, Output, ProviderCommand, Speaker};
use support::*;

fn types(world: &mut World, text: &str) {
    world.give(Input::LearnerTyped(text.to_owned()));
}

#[test]
fn typed_text_is_a_turn_at_once_and_is_sent() {
    let mut world = World::greeted();
    types(&mut world, "  What does \"weekend\" mean? ");
    let turn = world.turns()[0];
    assert_eq!(
        (turn.turn.0, turn.speaker, turn.text_pending),
        (2, Speaker::Learner, false)
    );
    assert_eq!(turn.text, "What does \"weekend\" mean?");
    assert!(world.outputs().iter().any(
        |output| matches!(output, Output::Caption(Caption::Final { turn, .. }) if turn.0 == 2)
    ));
    assert_eq!(
        world.requests(),
        [&ProviderCommand::Text(
            "What does \"weekend\" mean?".to_owned()
        )]
    );
}

#[test]
fn typed_text_interrupts_the_tutor_whom_no_provider_stops() {
    let mut world = World::greeted();
    world.says_without_end("r1", &["One", " two", " three"], 500);
    world.run(secs(1));
    world.log.clear();
    types(&mut world, "Stop");
    assert_eq!(world.outputs()[0], &Output::StopPlayout);
    let requests = world.requests();
    assert!(matches!(requests[0], ProviderCommand::Cancel { .. }));
    assert!(matches!(requests[1], ProviderCommand::Truncate { .. }));
    assert!(matches!(requests[2], ProviderCommand::Text(_)));
    assert!(world.turns()[0].interrupted);
}

#[test]
fn typed_text_waits_for_a_provider_that_is_not_ready() {
    let mut world = World::new(bridge_setup());
    world.joins();
    types(&mut world, "Hello");
    types(&mut world, "again");
    assert_eq!(world.turns().len(), 2);
    world.ready();
    assert_eq!(
        world.requests(),
        [&ProviderCommand::Text("Hello\nagain".to_owned())]
    );
}

#[test]
fn text_typed_while_no_provider_can_be_had_is_told_as_history_and_answered() {
    let mut world = World::greeted();
    world.provider(avaaz_tutor::ProviderEvent::Closed(fault(
        avaaz_tutor::FaultKind::Busy,
    )));
    world.log.clear();
    types(&mut world, "Are you there?");
    world.run(secs(5));
    assert_eq!(
        world.opened()[0].1.history.last().unwrap().text,
        "Are you there?"
    );
    world.ready();
    assert_eq!(
        world.requests(),
        [&ProviderCommand::Reply { instructions: None }]
    );
}

#[test]
fn nothing_is_no_turn() {
    let mut world = World::greeted();
    types(&mut world, " \n ");
    assert!(world.log.is_empty());
}
