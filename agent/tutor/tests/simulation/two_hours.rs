//! A conversation of two hours: what a turn costs in context does not grow, and no session grows too old.

use std::time::Duration;

use avaaz_tutor::{Capabilities, FaultKind, Input, ProviderEvent};

use crate::learner::Learner;
use crate::world::{World, gemini_like, openai_like};

const TWO_HOURS: Duration = Duration::from_secs(7_200);
/// A connection of the provider that says when it closes lasts so long, and is told of so long before.
const CONNECTION: Duration = Duration::from_secs(600);
const WARNING: Duration = Duration::from_secs(50);
/// How much context the providers are asked to keep, in tokens, and how much of it they leave when it is full.
const CONTEXT_TOKENS: usize = 6_000;
const LEFT_WHEN_FULL: usize = CONTEXT_TOKENS * 4 / 5;

/// What one session was sent for each turn, in tokens: its beginning, and a tenth of a second of sound each after that.
struct Context {
    session: usize,
    tokens: usize,
    counted: usize,
}

fn mean(costs: &[(Duration, usize)], from: u64, until: u64) -> f64 {
    let (from, until) = (
        Duration::from_secs(60 * from),
        Duration::from_secs(60 * until),
    );
    let within: Vec<f64> = costs
        .iter()
        .filter(|(at, _)| *at >= from && *at < until)
        .map(|(_, tokens)| f64::from(u32::try_from(*tokens).expect("few")))
        .collect();
    assert!(!within.is_empty(), "somebody talks all the time");
    within.iter().sum::<f64>() / f64::from(u32::try_from(within.len()).expect("few"))
}

fn talk(can: Capabilities, name: &str) {
    let announces = !can.overlaps;
    let learner = Learner::new(10_000, 10);
    let mut world = World::new(7, can, 1, learner, TWO_HOURS + CONNECTION);
    let mut context = Context {
        session: 0,
        tokens: 0,
        counted: 0,
    };
    let mut costs = Vec::new();
    let (mut told_in, mut oldest, mut announced) = (0, Duration::ZERO, 0);
    while world.now < TWO_HOURS {
        let turns = world.turns.len();
        world.step();
        assert!(!world.ended, "nothing ends it");
        let Some(session) = world.main.as_ref().filter(|session| session.is_ready) else {
            continue;
        };
        let age = world.now.saturating_sub(session.ready_at);
        oldest = oldest.max(age);
        if context.session != session.name {
            let told = world.opened[session.name - 1].history.iter();
            let chars: usize = told.map(|turn| turn.text.chars().count()).sum();
            assert!(chars <= 12_000, "{chars} characters of history");
            // One that is gone on with keeps what it knows.
            let kept = if session.resumes { context.tokens } else { 0 };
            context = Context {
                session: session.name,
                tokens: kept + chars / 4,
                counted: 0,
            };
        }
        if world.turns.len() > turns {
            let heard: usize = session.stretches.values().flat_map(|of| of.values()).sum();
            let spoken: u128 = session
                .replies
                .values()
                .map(|said| said.received.as_millis())
                .sum();
            let sound = heard / 100 + usize::try_from(spoken).expect("few") / 50;
            context.tokens += sound - context.counted;
            context.counted = sound;
            if context.tokens > CONTEXT_TOKENS {
                context.tokens = LEFT_WHEN_FULL;
            }
            costs.push((world.now, context.tokens));
        }
        let name = session.name;
        if announces && age >= CONNECTION - WARNING && told_in != name {
            told_in = name;
            announced += 1;
            world.give(Input::Provider(ProviderEvent::ClosingSoon {
                left: WARNING,
            }));
        } else if announces && age >= CONNECTION {
            world.breaks(FaultKind::Expired);
        }
    }
    let planned = world
        .hand_overs
        .iter()
        .filter(|(one, _)| one.is_planned())
        .count();
    let all = world.hand_overs.len();
    let (early, late) = (mean(&costs, 5, 15), mean(&costs, 110, 120));
    println!(
        "{name}: {} turns, {all} hand-overs ({planned} planned), oldest session {oldest:?}, \
         context per turn {early:.0} tokens in minutes 5 to 15, {late:.0} in the last ten",
        world.turns.len()
    );
    assert_eq!(planned, all, "no session was left at a bad time");
    assert!(oldest < Duration::from_secs(3_600));
    assert!(planned >= if announces { announced } else { 2 });
    assert!(late <= 1.2 * early, "{late} after {early}");
    let longest = world.hand_overs.iter().map(|(one, _)| one.gap).max();
    assert!(
        announces || longest == Some(Duration::ZERO),
        "nobody waited"
    );
}

#[test]
fn two_hours_with_a_provider_that_allows_two_sessions() {
    talk(openai_like(), "two sessions allowed");
}

#[test]
fn two_hours_with_a_provider_that_announces_its_end() {
    talk(gemini_like(), "one session allowed");
}
