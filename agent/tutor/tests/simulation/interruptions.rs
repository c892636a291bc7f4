//! A learner who keeps interrupting, behind a network of every kind.

use std::time::Duration;

use avaaz_tutor::FaultKind;

use crate::cases;
use crate::chance::Chance;
use crate::learner::Learner;
use crate::world::{World, gemini_like, openai_like};

const INTERRUPTIONS: u64 = 10_000;
const TURNS: usize = 25;

/// The way to an ear: what RTCP tells of it, by the playout's own rule, and what is true.
fn lag(chance: &mut Chance) -> (Duration, Duration) {
    let one_way = chance.between(0, 150);
    let jitter = chance.between(0, 40);
    // Ways there and back differ, and a client's buffer is not quite where it should be.
    let half_a_round_trip = one_way * chance.between(85, 115) / 100;
    let estimated = half_a_round_trip + 50 + 2 * jitter;
    let really = one_way + 50 + 2 * jitter + chance.between(0, 80) - 30;
    (
        Duration::from_millis(estimated),
        Duration::from_millis(really),
    )
}

#[test]
fn a_reply_is_cut_where_it_was_heard() {
    let wanted = usize::try_from(cases(INTERRUPTIONS, 800)).expect("few");
    let mut errors = Vec::new();
    let mut seed = 0;
    while errors.len() < wanted {
        seed += 1;
        let can = if seed % 2 == 0 {
            openai_like()
        } else {
            gemini_like()
        };
        let learner = Learner::new(TURNS, 100);
        let mut world = World::new(seed, can, 1, learner, Duration::from_secs(3600));
        let mut chance = Chance::new(seed ^ 0xEA4);
        world.lag = lag(&mut chance);
        let breaks_at = chance.ms(30_000, 90_000);
        let mut broke = false;
        while !world.learner.is_done() && world.now < Duration::from_secs(600) {
            world.step();
            if !broke && world.now >= breaks_at {
                // The next session is told what was heard, and nothing else.
                broke = true;
                world.breaks(FaultKind::Broken);
            }
        }
        assert!(!world.ended);
        errors.append(&mut world.errors);
    }
    errors.sort();
    let p95 = errors[errors.len() * 95 / 100];
    println!(
        "{} interruptions in {seed} conversations: heard position off by p50 {:?}, p95 {p95:?}, max {:?}",
        errors.len(),
        errors[errors.len() / 2],
        errors[errors.len() - 1],
    );
    assert!(p95 <= Duration::from_millis(80));
}
