//! What things cost, whenever it becomes known.
mod support;

use avaaz_tutor::{Output, ProviderEvent, ReplyEnd, TurnId, Usage};
use support::*;

fn usage(output_audio_tokens: u64) -> Usage {
    Usage {
        output_audio_tokens,
        ..Usage::default()
    }
}

fn told_later(world: &World) -> Vec<(Option<u32>, u64)> {
    let told = world.outputs().into_iter();
    told.filter_map(|output| match output {
        Output::Used { turn, usage } => {
            Some((turn.map(|TurnId(seq)| seq), usage.output_audio_tokens))
        }
        _ => None,
    })
    .collect()
}

#[test]
fn what_a_reply_cost_is_told_with_its_turn() {
    let mut world = World::greeted();
    world.says_without_end("r1", &["One", " two"], 500);
    world.provider(ProviderEvent::Used {
        reply: Some(reply("r1")),
        usage: usage(3),
    });
    world.provider(ProviderEvent::ReplyEnded {
        reply: reply("r1"),
        how: ReplyEnd::Complete,
        usage: Some(usage(40)),
    });
    world.run(secs(3));
    assert_eq!(world.turns()[0].usage, Some(usage(43)));
    assert!(told_later(&world).is_empty());
}

#[test]
fn what_an_interrupted_reply_cost_is_told_of_its_turn_once_it_is_known() {
    let mut world = World::greeted();
    world.says_without_end("r1", &["One", " two", " three"], 500);
    world.run(ms(700));
    world.starts_speaking("i1");
    assert_eq!(world.turns()[0].usage, None);
    world.provider(ProviderEvent::ReplyEnded {
        reply: reply("r1"),
        how: ReplyEnd::Cancelled,
        usage: Some(usage(40)),
    });
    world.provider(ProviderEvent::Used {
        reply: Some(reply("r1")),
        usage: usage(2),
    });
    assert_eq!(told_later(&world), [(Some(2), 40), (Some(2), 2)]);
}

#[test]
fn what_belongs_to_no_turn_is_told_all_the_same() {
    let mut world = World::greeted();
    world.provider(ProviderEvent::Used {
        reply: None,
        usage: usage(5),
    });
    // A reply without a sound costs, too.
    world.provider(ProviderEvent::ReplyEnded {
        reply: reply("r9"),
        how: ReplyEnd::Complete,
        usage: Some(usage(7)),
    });
    world.run(secs(1));
    assert_eq!(told_later(&world), [(None, 5), (None, 7)]);
}

#[test]
fn a_reply_that_was_begun_and_never_sounded_is_paid_for_once() {
    let mut world = World::greeted();
    world.provider(ProviderEvent::ReplyStarted { reply: reply("r1") });
    world.provider(ProviderEvent::ReplyEnded {
        reply: reply("r1"),
        how: ReplyEnd::Complete,
        usage: Some(usage(7)),
    });
    world.run(secs(1));
    assert_eq!(told_later(&world), [(None, 7)]);
}

#[test]
fn how_long_a_reply_made_the_learner_wait_is_told_step_by_step() {
    let mut world = World::greeted();
    world.learner_says("i1", "Hello");
    world.run(ms(480));
    world.says("r1", &["One", " two"], 500);
    world.run(secs(3));
    let latency = world.turns().last().unwrap().latency.unwrap();
    assert_eq!(latency.given, ms(480));
    assert_eq!(latency.sent, Some(ms(500)));
    let heard = latency.heard.unwrap();
    assert!(
        heard >= ms(500) + world.lag && heard <= ms(540) + world.lag,
        "{heard:?}"
    );
}
