//! The learner speaks while the tutor speaks.
mod support;

use std::time::Duration;

use avaaz_tutor::{Output, ProviderCommand, ProviderEvent, ReplyEnd, Speaker};
use support::*;

const WORDS: [&str; 6] = ["Shall", " we", " talk", " about", " your", " weekend?"];

fn truncation(world: &World) -> (Duration, String) {
    let mut found = world
        .commands()
        .into_iter()
        .filter_map(|command| match command {
            ProviderCommand::Truncate {
                heard, heard_text, ..
            } => Some((*heard, heard_text.clone())),
            _ => None,
        });
    let only = found.next().expect("a truncation");
    assert!(found.next().is_none(), "only one");
    only
}

#[test]
fn the_playout_stops_at_once_and_before_anything_else() {
    let mut world = World::greeted();
    world.says("r1", &WORDS, 500);
    world.run(secs(1));
    world.log.clear();
    world.starts_speaking("i1");
    assert_eq!(world.outputs()[0], &Output::StopPlayout);
    assert_eq!(world.log[0].0, world.now);
}

#[test]
fn the_provider_is_told_what_was_heard_not_what_was_sent() {
    let mut world = World::greeted();
    world.lag = ms(200);
    world.says("r1", &WORDS, 500);
    world.run(ms(1700));
    world.log.clear();
    world.starts_speaking("i1");
    let (heard, text) = truncation(&world);
    assert_eq!(heard, ms(1500));
    assert_eq!(text, "Shall we");
}

#[test]
fn the_turn_keeps_only_what_was_heard_and_ends_before_the_learners_begins() {
    let mut world = World::greeted();
    world.says("r1", &WORDS, 500);
    world.run(ms(1700));
    world.learner_says("i1", "Wait, I have a question.");
    let turns = world.turns();
    assert_eq!(turns.len(), 2);
    assert_eq!(
        (turns[0].turn.0, turns[0].speaker, turns[0].interrupted),
        (2, Speaker::Tutor, true)
    );
    assert_eq!(turns[0].text, "Shall we talk");
    assert_eq!(turns[0].heard, Some(ms(1640)));
    assert_eq!((turns[1].turn.0, turns[1].speaker), (3, Speaker::Learner));
    assert!(turns[0].ended_at <= turns[1].started_at);
    assert_eq!(world.caption(2), "Shall we talk");
}

#[test]
fn a_reply_that_is_complete_at_the_provider_but_still_plays_is_truncated_too() {
    let mut world = World::greeted();
    world.says("r1", &WORDS, 500);
    world.run(secs(1));
    world.log.clear();
    world.starts_speaking("i1");
    assert!(
        !world
            .commands()
            .iter()
            .any(|command| matches!(command, ProviderCommand::Cancel { .. }))
    );
    assert_eq!(truncation(&world).0, ms(940));
}

#[test]
fn a_provider_that_does_not_stop_by_itself_is_told_to() {
    let mut setup = bridge_setup();
    setup.capabilities.interrupts_by_itself = false;
    setup.greeted = true;
    let mut world = World::new(setup);
    world.joins();
    world.ready();
    world.says_without_end("r1", &WORDS, 500);
    world.run(secs(1));
    world.starts_speaking("i1");
    let requests = world.requests();
    assert_eq!(requests[0], &ProviderCommand::Cancel { reply: reply("r1") });
    assert!(matches!(requests[1], ProviderCommand::Truncate { .. }));
}

#[test]
fn a_provider_that_cannot_cut_is_told_in_words_what_was_heard() {
    let mut setup = bridge_setup();
    setup.capabilities.truncate_replies = false;
    setup.greeted = true;
    let mut world = World::new(setup);
    world.joins();
    world.ready();
    world.says("r1", &WORDS, 500);
    world.run(secs(1));
    world.starts_speaking("i1");
    assert!(
        matches!(world.requests()[0], ProviderCommand::Truncate { heard_text, .. } if heard_text == "Shall")
    );
    assert_eq!(world.turns()[0].text, "Shall");
}

#[test]
fn what_still_comes_of_a_cut_reply_is_neither_played_nor_shown() {
    let mut world = World::greeted();
    world.says_without_end("r1", &WORDS, 500);
    world.run(secs(1));
    world.starts_speaking("i1");
    world.log.clear();
    world.provider(ProviderEvent::ReplyAudio {
        reply: reply("r1"),
        pcm: voice(500),
    });
    world.provider(ProviderEvent::ReplyWords {
        reply: reply("r1"),
        delta: " late".to_owned(),
    });
    world.ends("r1", ReplyEnd::Cancelled);
    assert!(world.outputs().is_empty(), "{:?}", world.outputs());
}

#[test]
fn a_reply_of_which_nothing_was_heard_leaves_no_words() {
    let mut world = World::greeted();
    world.says("r1", &WORDS, 500);
    world.starts_speaking("i1");
    assert_eq!(truncation(&world), (Duration::ZERO, String::new()));
    assert_eq!(
        (world.turns()[0].text.as_str(), world.turns()[0].heard),
        ("", Some(Duration::ZERO))
    );
}

#[test]
fn the_cut_never_lies_beyond_what_was_received_and_counts_the_silence_that_was_taken_away() {
    let mut world = World::greeted();
    world.lag = Duration::ZERO;
    world.provider(ProviderEvent::ReplyAudio {
        reply: reply("r1"),
        pcm: silence(530),
    });
    world.provider(ProviderEvent::ReplyAudio {
        reply: reply("r1"),
        pcm: voice(1000),
    });
    world.run(ms(400));
    world.starts_speaking("i1");
    assert_eq!(truncation(&world).0, ms(900));
    assert_eq!(world.turns()[0].heard, Some(ms(400)));
}

#[test]
fn a_reply_that_was_wholly_heard_is_not_called_interrupted() {
    let mut world = World::greeted();
    world.says("r1", &WORDS, 100);
    world.run(ms(660));
    world.log.clear();
    world.starts_speaking("i1");
    let turns = world.turns();
    assert_eq!(
        (turns[0].text.as_str(), turns[0].interrupted),
        ("Shall we talk about your weekend?", false)
    );
    assert!(world.requests().is_empty());
}

#[test]
fn several_replies_in_a_row_are_turns_in_a_row() {
    let mut world = World::greeted();
    world.says_without_end("r1", &["One."], 500);
    world.says_without_end("r2", &["Two."], 500);
    world.ends("r1", ReplyEnd::Complete);
    world.ends("r2", ReplyEnd::Complete);
    world.run(secs(3));
    let texts: Vec<_> = world
        .turns()
        .iter()
        .map(|turn| (turn.turn.0, turn.text.as_str()))
        .collect();
    assert_eq!(texts, [(2, "One."), (3, "Two.")]);
}

#[test]
fn replies_that_wait_behind_a_cut_one_are_dropped_without_a_turn() {
    let mut world = World::greeted();
    world.says_without_end("r1", &["One", " is", " long."], 500);
    world.says("r2", &["Two."], 500);
    world.run(ms(700));
    world.learner_says("i1", "Stop");
    let turns: Vec<_> = world
        .turns()
        .iter()
        .map(|turn| (turn.turn.0, turn.text.as_str()))
        .collect();
    assert_eq!(turns, [(2, "One"), (3, "")]);
}

#[test]
fn the_time_from_the_learners_last_word_to_the_first_sound_is_kept() {
    let mut world = World::greeted();
    world.learner_says("i1", "Hello");
    world.run(ms(480));
    world.says("r1", &WORDS, 500);
    world.run(secs(5));
    let reply = world.turns().last().copied().unwrap();
    assert_eq!(reply.latency.unwrap().sent, Some(ms(500)));
}
