//! The ways out: a limit, a request, a host that closes.
mod support;

use avaaz_tutor::{EndReason, Input, Output, Speaker, Spending, TurnId};
use support::*;

fn limited(limit: u64) -> World {
    let mut setup = bridge_setup();
    setup.time_limit = secs(limit);
    setup.greeted = true;
    let mut world = World::new(setup);
    world.joins();
    world.ready();
    world
}

#[test]
fn a_minute_before_the_limit_the_tutor_says_so() {
    let mut world = limited(300);
    world.run(secs(239));
    assert!(world.requests().is_empty());
    world.run(secs(2));
    assert!(world.replies_asked()[0].unwrap().contains("nearly up"));
    assert_eq!(world.replies_asked().len(), 1);
}

#[test]
fn the_notice_waits_for_a_turn_boundary() {
    let mut world = limited(300);
    world.run(secs(238));
    world.says("r1", &["A", " long", " story"], 2000);
    world.run(secs(4));
    assert!(world.replies_asked().is_empty());
    world.run(secs(4));
    assert_eq!(world.replies_asked().len(), 1);
}

#[test]
fn at_the_limit_a_silent_conversation_ends_at_once() {
    let mut world = limited(300);
    world.run(secs(301));
    assert_eq!(
        world.log.last().unwrap(),
        &(secs(300), Output::End(EndReason::TimeLimit))
    );
}

#[test]
fn at_the_limit_what_is_being_said_is_said() {
    let mut world = limited(300);
    world.run(secs(299));
    world.says("r1", &["Good", " bye,", " Ada!"], 1000);
    world.run(secs(10));
    assert_eq!(world.turns().last().unwrap().text, "Good bye, Ada!");
    assert_eq!(
        world.outputs().last(),
        Some(&&Output::End(EndReason::TimeLimit))
    );
}

#[test]
fn fifteen_seconds_after_the_limit_it_is_cut() {
    let mut world = limited(300);
    world.run(secs(299));
    world.says("r1", &["Blah"; 60], 1000);
    world.run(secs(30));
    let (at, last) = world.log.last().unwrap();
    assert_eq!(last, &Output::End(EndReason::TimeLimit));
    assert!(*at <= secs(315));
    assert!(world.turns().last().unwrap().interrupted);
}

#[test]
fn a_host_that_closes_lets_the_tutor_finish_and_gives_back() {
    let mut world = World::greeted();
    world.says("r1", &["One", " two", " three"], 1000);
    world.run(ms(500));
    world.give(Input::HostIsClosing);
    world.run(secs(1));
    assert!(!world.bridge.is_over());
    world.run(secs(3));
    assert_eq!(world.turns()[0].text, "One two three");
    assert_eq!(world.outputs().last(), Some(&&Output::HandBack));
    assert!(world.has(&Output::CloseProvider));
}

#[test]
fn a_host_that_closes_waits_ten_seconds_at_most() {
    let mut world = World::greeted();
    world.says("r1", &["Blah"; 60], 1000);
    world.give(Input::HostIsClosing);
    let asked = world.now;
    world.run(secs(12));
    let (at, last) = world.log.last().unwrap();
    assert_eq!((last, *at), (&Output::HandBack, asked + secs(10)));
    assert!(world.turns()[0].interrupted);
}

#[test]
fn a_host_that_closes_waits_for_the_learners_last_words() {
    let mut world = World::greeted();
    world.starts_speaking("i1");
    world.give(Input::HostIsClosing);
    world.run(secs(1));
    world.stops_speaking("i1");
    world.run(secs(1));
    assert!(!world.bridge.is_over());
    world.words("i1", "I must go.");
    assert!(world.bridge.is_over());
    assert!(world.has(&Output::TurnWords {
        turn: TurnId(2),
        text: "I must go.".to_owned()
    }));
}

#[test]
fn no_new_reply_begins_when_the_host_closes() {
    let mut world = World::greeted();
    world.starts_speaking("i1");
    world.stops_speaking("i1");
    world.give(Input::HostIsClosing);
    world.says("r1", &["Well", " then"], 1000);
    assert!(
        !world
            .outputs()
            .iter()
            .any(|output| matches!(output, Output::Play { .. }))
    );
    world.run(secs(11));
    assert_eq!(world.outputs().last(), Some(&&Output::HandBack));
    assert_eq!(
        world
            .turns()
            .iter()
            .map(|turn| turn.speaker)
            .collect::<Vec<_>>(),
        [Speaker::Learner]
    );
}

#[test]
fn an_idle_conversation_is_given_back_at_once() {
    let mut world = World::greeted();
    world.give(Input::HostIsClosing);
    assert!(world.bridge.is_over());
}

#[test]
fn the_end_cuts_what_is_playing_and_gives_its_turn_first() {
    let mut world = World::greeted();
    world.says("r1", &["One", " two", " three"], 1000);
    world.run(ms(1500));
    world.log.clear();
    world.give(Input::EndRequested(EndReason::LearnerEnded));
    assert!(world.bridge.is_over());
    let outputs = world.outputs();
    assert_eq!(outputs[0], &Output::StopPlayout);
    assert_eq!(
        (world.turns()[0].text.as_str(), world.turns()[0].interrupted),
        ("One", true)
    );
    assert_eq!(outputs.last(), Some(&&Output::End(EndReason::LearnerEnded)));
}

#[test]
fn the_end_waits_a_moment_for_words_that_were_just_spoken() {
    let mut world = World::greeted();
    world.starts_speaking("i1");
    world.run(secs(1));
    world.give(Input::EndRequested(EndReason::LearnerEnded));
    assert_eq!(world.turns().len(), 1);
    world.run(ms(800));
    world.words("i1", "Good bye!");
    assert!(world.bridge.is_over());
    assert!(world.has(&Output::TurnWords {
        turn: TurnId(2),
        text: "Good bye!".to_owned()
    }));
}

#[test]
fn words_that_do_not_come_delay_the_end_by_two_seconds_at_most() {
    let mut world = World::greeted();
    world.starts_speaking("i1");
    world.give(Input::EndRequested(EndReason::LearnerEnded));
    world.run(secs(2));
    assert!(world.bridge.is_over());
    assert!(world.has(&Output::TurnWords {
        turn: TurnId(2),
        text: String::new()
    }));
}

#[test]
fn after_the_end_nothing_follows() {
    let mut world = World::greeted();
    world.give(Input::EndRequested(EndReason::LearnerEnded));
    world.log.clear();
    world.joins();
    world.says("r1", &["One"], 100);
    world.give(Input::LearnerTyped("hello".to_owned()));
    assert!(world.log.is_empty());
    assert_eq!(world.bridge.poll_timeout(), None);
}

#[test]
fn an_end_overrides_a_hand_back() {
    let mut world = World::greeted();
    world.says("r1", &["One", " two", " three"], 1000);
    world.give(Input::HostIsClosing);
    world.give(Input::EndRequested(EndReason::LearnerEnded));
    assert_eq!(
        world.outputs().last(),
        Some(&&Output::End(EndReason::LearnerEnded))
    );
}

#[test]
fn when_the_learner_is_gone_too_a_closing_host_waits_for_nothing_that_is_spoken() {
    let mut world = World::greeted();
    world.says("r1", &["One", " two", " three"], 1000);
    world.run(ms(1500));
    world.give(Input::LearnerLeft);
    world.give(Input::HostIsClosing);
    assert!(world.bridge.is_over());
    assert_eq!(world.turns()[0].text, "One");
}

#[test]
fn a_learner_who_leaves_while_the_host_closes_is_not_waited_for() {
    let mut world = World::greeted();
    world.starts_speaking("i1");
    world.give(Input::HostIsClosing);
    world.give(Input::LearnerLeft);
    assert!(!world.bridge.is_over(), "the last words may come");
    world.run(secs(2));
    assert_eq!(world.outputs().last(), Some(&&Output::HandBack));
}

#[test]
fn when_little_money_is_left_the_tutor_says_so_once() {
    let mut world = World::greeted();
    for _ in 0..3 {
        world.give(Input::Spent(Spending::NearlyAll));
    }
    world.run(secs(1));
    assert!(world.replies_asked()[0].unwrap().contains("nearly up"));
    world.says("r1", &["We", " must", " stop."], 500);
    world.run(secs(5));
    assert_eq!(world.replies_asked().len(), 1);
    assert!(!world.bridge.is_over());
}

#[test]
fn a_conversation_that_spent_all_says_goodbye_and_ends_within_one_turn() {
    let mut world = World::greeted();
    world.learner_says("i1", "Hello");
    world.says("r1", &["One", " two", " three."], 500);
    // It is known while the reply that spent it still sounds.
    world.give(Input::Spent(Spending::All));
    world.run(secs(2));
    assert!(world.replies_asked()[0].unwrap().contains("nearly up"));
    world.says("r2", &["Good", " bye."], 500);
    world.run(secs(3));
    let turns = world.turns();
    let said: Vec<_> = turns
        .iter()
        .filter(|turn| turn.speaker == Speaker::Tutor)
        .map(|turn| turn.text.as_str())
        .collect();
    assert_eq!(said, ["One two three.", "Good bye."]);
    assert_eq!(
        world.outputs().last(),
        Some(&&Output::End(EndReason::TimeLimit))
    );
    assert_eq!(world.replies_asked().len(), 1);
}

#[test]
fn whoever_was_told_that_time_is_nearly_up_is_not_told_again_when_all_is_spent() {
    let mut world = World::greeted();
    world.give(Input::Spent(Spending::NearlyAll));
    world.says("r1", &["We", " must", " stop."], 500);
    world.run(secs(3));
    world.learner_says("i1", "Oh");
    world.says("r2", &["Bye", " Ada."], 500);
    world.run(ms(300));
    world.give(Input::Spent(Spending::All));
    world.run(secs(3));
    assert_eq!(world.turns().last().unwrap().text, "Bye Ada.");
    assert_eq!(
        world.outputs().last(),
        Some(&&Output::End(EndReason::TimeLimit))
    );
    assert_eq!(world.replies_asked().len(), 1);
}

#[test]
fn a_learner_who_interrupts_the_goodbye_gets_no_other_reply() {
    let mut world = World::greeted();
    world.give(Input::Spent(Spending::All));
    world.says("r1", &["We", " must", " stop", " now."], 500);
    world.run(ms(700));
    world.starts_speaking("i1");
    world.run(secs(1));
    world.stops_speaking("i1");
    world.words("i1", "Wait");
    world.run(secs(1));
    assert_eq!(
        world.outputs().last(),
        Some(&&Output::End(EndReason::TimeLimit))
    );
    let turns = world.turns();
    assert_eq!(turns.last().unwrap().speaker, Speaker::Learner);
    assert!(turns[turns.len() - 2].interrupted);
}

#[test]
fn a_goodbye_that_never_comes_is_waited_for_half_a_minute() {
    let mut world = World::greeted();
    world.give(Input::Spent(Spending::All));
    let spent = world.now;
    world.run(secs(90));
    let (at, last) = world.log.last().unwrap();
    assert_eq!(last, &Output::End(EndReason::TimeLimit));
    assert!(*at <= spent + secs(45), "{at:?}");
}

#[test]
fn a_conversation_that_begins_with_nothing_to_spend_is_a_goodbye() {
    let mut world = World::new(bridge_setup());
    world.give(Input::Spent(Spending::All));
    world.joins();
    world.ready();
    world.run(secs(1));
    assert_eq!(world.replies_asked().len(), 1);
    assert!(world.replies_asked()[0].unwrap().contains("nearly up"));
    world.says("r1", &["Not", " today."], 500);
    world.run(secs(3));
    assert_eq!(
        world.outputs().last(),
        Some(&&Output::End(EndReason::TimeLimit))
    );
}

#[test]
fn in_a_conversation_of_hours_the_cap_is_exceeded_by_the_turn_that_reaches_it_and_one_more_at_most()
{
    // Turns cost from a hundredth of the cap to two fifths of it.
    for cost in [1, 7, 20, 40] {
        let mut setup = bridge_setup();
        setup.time_limit = secs(3 * 3600);
        setup.capabilities.session_limit = None;
        let mut world = World::new(setup);
        world.joins();
        world.ready();
        world.says("greeting", &["Hello."], 400);
        world.run(secs(2));
        let (mut spent, mut said, mut after_cap) = (0, 0, 0);
        let mut asked = world.replies_asked().len();
        while !world.bridge.is_over() {
            assert!(world.now < secs(2 * 3600), "it was never honoured");
            if world.replies_asked().len() == asked {
                world.run(secs(57));
                world.learner_says(&format!("i{said}"), "And then?");
            }
            asked = world.replies_asked().len();
            after_cap += u32::from(spent >= 100);
            world.says(&format!("r{said}"), &["So", " it", " was."], 500);
            said += 1;
            spent += cost;
            if spent >= 100 {
                world.give(Input::Spent(Spending::All));
            } else if spent >= 80 {
                world.give(Input::Spent(Spending::NearlyAll));
            }
            world.run(secs(3));
        }
        assert!(
            after_cap <= 1,
            "{after_cap} turns after the cap, {cost} each"
        );
        assert_eq!(
            world.outputs().last(),
            Some(&&Output::End(EndReason::TimeLimit))
        );
        let told = world.replies_asked();
        let told = told
            .iter()
            .flatten()
            .filter(|asked| asked.contains("nearly up"));
        assert_eq!(told.count(), 1, "{cost} each");
    }
}
