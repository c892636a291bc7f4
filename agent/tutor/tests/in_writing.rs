//! While there is no voice, the tutor writes.
mod support;

use avaaz_tutor::{
    Author, Caption, EndReason, FaultKind, Input, Output, ProviderCommand, ProviderEvent, Speaker,
    WritingRequest, WrittenAnswer,
};
use support::*;

/// The provider is gone, and the learner sees it.
fn voiceless() -> World {
    let mut world = World::greeted();
    world.provider(ProviderEvent::Closed(fault(FaultKind::Busy)));
    fails(&mut world);
    world.log.clear();
    world
}

/// Lets the next try to open a provider fail, if there is one.
fn fails(world: &mut World) {
    world.run(secs(3));
    world.give(Input::ProviderFailed(fault(FaultKind::Broken)));
}

fn types(world: &mut World, text: &str) {
    world.give(Input::LearnerTyped(text.to_owned()));
}

fn asked(world: &World) -> Vec<WritingRequest> {
    let requests = world
        .outputs()
        .into_iter()
        .filter_map(|output| match output {
            Output::Write(request) => Some((**request).clone()),
            _ => None,
        });
    requests.collect()
}

fn author() -> Author {
    Author {
        provider: "text".into(),
        model: "writer-1".into(),
    }
}

fn written(world: &mut World, text: &str) {
    world.give(Input::Written(Some(WrittenAnswer {
        text: text.to_owned(),
        author: author(),
    })));
}

fn said_by_tutor(world: &World) -> Vec<String> {
    let turns = world.turns().into_iter();
    let tutors = turns.filter(|turn| {
        turn.speaker == Speaker::Tutor && !turn.text.contains("Your words are safe")
    });
    tutors.map(|turn| turn.text.clone()).collect()
}

#[test]
fn a_typed_line_is_answered_in_writing_and_kept_as_a_turn() {
    let mut world = voiceless();
    types(&mut world, "What is a weekend?");
    let request = &asked(&world)[0];
    assert_eq!(request.history.last().unwrap().text, "What is a weekend?");
    assert!(request.instructions.contains("write to the learner"));
    written(&mut world, " Saturday and Sunday. ");
    fails(&mut world);
    assert_eq!(said_by_tutor(&world), ["Saturday and Sunday."]);
    for turn in world.turns() {
        let is_written = turn.text == "Saturday and Sunday.";
        assert_eq!(turn.author, is_written.then(author), "{turn:?}");
    }
    assert!(world.outputs().iter().any(
        |output| matches!(output, Output::Caption(Caption::Final { text, speaker: Speaker::Tutor, .. }) if text == "Saturday and Sunday.")
    ));
    world.run(secs(3));
    let told = &world.opened().last().unwrap().1.history;
    assert_eq!(told.last().unwrap().text, "Saturday and Sunday.");
    world.ready();
    assert!(world.requests().is_empty(), "it is not answered twice");
}

#[test]
fn a_voice_that_comes_back_answers_instead() {
    for comes_first in [true, false] {
        let mut world = voiceless();
        world.run(secs(3));
        types(&mut world, "Are you there?");
        assert_eq!(asked(&world).len(), 1);
        if comes_first {
            written(&mut world, "Yes, in writing.");
        }
        world.ready();
        assert_eq!(world.has(&Output::StopWriting), !comes_first);
        written(&mut world, "Late, in writing.");
        assert!(said_by_tutor(&world).is_empty());
        assert!(matches!(
            world.requests()[0],
            ProviderCommand::Text(_) | ProviderCommand::Reply { .. }
        ));
    }
}

#[test]
fn more_that_is_typed_is_answered_together() {
    let mut world = voiceless();
    types(&mut world, "One more thing");
    types(&mut world, "or two");
    let requests = asked(&world);
    assert_eq!(requests.len(), 2);
    assert!(world.has(&Output::StopWriting));
    let texts: Vec<&str> = requests[1]
        .history
        .iter()
        .rev()
        .take(2)
        .map(|turn| turn.text.as_str())
        .collect();
    assert_eq!(texts, ["or two", "One more thing"]);
}

#[test]
fn whoever_cannot_write_is_asked_again_after_a_while() {
    let mut world = voiceless();
    types(&mut world, "Hello?");
    world.give(Input::Written(None));
    assert_eq!(asked(&world).len(), 1);
    while asked(&world).len() < 2 && world.now < secs(60) {
        fails(&mut world);
    }
    assert_eq!(asked(&world).len(), 2);
    assert!(!world.bridge.is_over());
}

#[test]
fn nobody_writes_while_a_voice_may_still_come_or_nobody_reads() {
    let mut world = World::new(bridge_setup());
    world.joins();
    types(&mut world, "Hello");
    world.run(secs(2));
    assert!(
        asked(&world).is_empty(),
        "the first session is being opened"
    );
    let mut world = voiceless();
    world.give(Input::LearnerLeft);
    assert!(asked(&world).is_empty());
}

#[test]
fn a_conversation_in_writing_goes_on_and_ends_after_two_minutes_of_silence() {
    let mut world = voiceless();
    for _ in 0..20 {
        types(&mut world, "And then?");
        written(&mut world, "Then this.");
        for _ in 0..5 {
            fails(&mut world);
        }
    }
    assert!(world.now > secs(240) && !world.bridge.is_over());
    let last = world.now;
    while !world.bridge.is_over() && world.now < last + secs(300) {
        fails(&mut world);
    }
    assert_eq!(
        world.outputs().last(),
        Some(&&Output::End(EndReason::ProviderFailed))
    );
    assert!(world.now < last + secs(140), "{:?}", world.now - last);
}
