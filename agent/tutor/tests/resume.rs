//! The learner goes and comes back; a runtime takes over from another.
mod support;

use avaaz_tutor::{AgentState, EndReason, Input, Output, ProviderCommand, Speaker, VoiceState};
use support::*;

#[test]
fn a_refresh_keeps_the_provider_and_holds_the_reply() {
    let mut world = World::greeted();
    world.says("r1", &["One", " two", " three", " four"], 500);
    world.run(secs(1));
    world.log.clear();
    world.give(Input::LearnerLeft);
    world.run(secs(5));
    world.joins();
    world.run(secs(3));
    assert!(world.opened().is_empty());
    assert!(!world.has(&Output::CloseProvider));
    assert!(world.replies_asked().is_empty());
    assert_eq!(world.turns()[0].text, "One two three four");
    assert!(!world.turns()[0].interrupted);
}

#[test]
fn whoever_comes_back_is_shown_the_state_and_the_voice_again() {
    let mut world = World::greeted();
    world.give(Input::LearnerLeft);
    world.run(secs(5));
    world.log.clear();
    world.joins();
    assert_eq!(world.states(), [AgentState::Listening]);
    assert_eq!(world.voices(), [VoiceState::Available]);
}

#[test]
fn a_provider_that_nobody_talks_to_is_closed() {
    let mut world = World::greeted();
    world.says("r1", &["One", " two", " three", " four"], 500);
    world.run(secs(1));
    world.give(Input::LearnerLeft);
    assert_eq!(world.states().last(), Some(&AgentState::Idle));
    world.run(secs(21));
    assert!(world.has(&Output::CloseProvider));
    let turn = world.turns()[0];
    assert!(turn.interrupted && turn.text == "One", "{turn:?}");
}

#[test]
fn who_comes_back_late_finds_the_same_conversation_without_a_greeting() {
    let mut world = World::greeted();
    world.learner_says("i1", "I like films.");
    world.says("r1", &["Me", " too."], 500);
    world.run(secs(3));
    world.give(Input::LearnerLeft);
    world.run(secs(40));
    world.log.clear();
    world.joins();
    let history: Vec<_> = world.opened()[0]
        .1
        .history
        .iter()
        .map(|turn| turn.text.clone())
        .collect();
    assert_eq!(history, ["Hello, Ada!", "I like films.", "Me too."]);
    world.ready();
    world.run(secs(5));
    assert!(world.requests().is_empty());
}

#[test]
fn a_reply_that_was_cut_by_leaving_is_taken_up_again() {
    let mut world = World::greeted();
    world.says("r1", &["One", " two", " three", " four"], 500);
    world.run(ms(1700));
    world.give(Input::LearnerLeft);
    world.run(secs(30));
    world.log.clear();
    world.joins();
    world.ready();
    let asked = world.replies_asked();
    assert_eq!(asked.len(), 1);
    assert!(asked[0].unwrap().contains("\"One two three\""), "{asked:?}");
}

#[test]
fn after_a_minute_alone_the_conversation_ends() {
    let mut world = World::greeted();
    let left = world.now;
    world.give(Input::LearnerLeft);
    world.run(secs(59));
    assert!(!world.bridge.is_over());
    world.run(secs(2));
    assert_eq!(
        world.log.last().unwrap(),
        &(left + secs(60), Output::End(EndReason::LearnerGone))
    );
}

#[test]
fn a_take_over_goes_on_without_a_greeting() {
    let mut setup = bridge_setup();
    setup.history = vec![
        past(1, Speaker::Tutor, "Hello!"),
        past(2, Speaker::Learner, "Hi."),
        past(3, Speaker::Tutor, "So?"),
    ];
    setup.next_seq = 4;
    let mut world = World::new(setup);
    world.joins();
    world.ready();
    world.run(secs(5));
    assert_eq!(world.opened()[0].1.history.len(), 3);
    assert!(world.requests().is_empty());
    world.learner_says("i1", "Well");
    assert_eq!(world.turns()[0].turn.0, 4);
}

#[test]
fn a_take_over_answers_what_the_other_runtime_did_not() {
    let mut setup = bridge_setup();
    setup.history = vec![
        past(1, Speaker::Tutor, "Hello!"),
        past(2, Speaker::Learner, "Hi."),
    ];
    setup.next_seq = 3;
    let mut world = World::new(setup);
    world.joins();
    world.ready();
    assert_eq!(
        world.requests(),
        [&ProviderCommand::Reply { instructions: None }]
    );
}

#[test]
fn a_conversation_that_was_greeted_without_a_turn_is_not_greeted_again() {
    let mut setup = bridge_setup();
    setup.greeted = true;
    let mut world = World::new(setup);
    world.joins();
    world.ready();
    world.run(secs(5));
    assert!(world.requests().is_empty());
}
