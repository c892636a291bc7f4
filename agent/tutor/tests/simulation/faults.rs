//! Faults of a provider, drawn by chance: none ends a conversation, loses a word, or is answered twice.

use std::collections::BTreeMap;
use std::time::Duration;

use avaaz_tutor::{FaultKind, Input, ProviderEvent, ReplyEnd, Speaker};

use crate::cases;
use crate::chance::Chance;
use crate::learner::Learner;
use crate::world::{Opening, World, fault, gemini_like, openai_like};

const FAULTS: u64 = 1_000;
/// The learner speaks so often in each conversation.
const TURNS: usize = 6;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Drops,
    Hangs,
    Expires,
    ClosesBusy,
    IsBusyWhenOpened,
    BreaksWhileOpening,
    RefusesToGoOn,
    WillClose,
    TalksNonsense,
    SaysTwice,
    DropsDuringATool,
    DropsDuringSpeech,
    DropsDuringAReply,
    IsGone,
}

const KINDS: [Kind; 14] = [
    Kind::Drops,
    Kind::Hangs,
    Kind::Expires,
    Kind::ClosesBusy,
    Kind::IsBusyWhenOpened,
    Kind::BreaksWhileOpening,
    Kind::RefusesToGoOn,
    Kind::WillClose,
    Kind::TalksNonsense,
    Kind::SaysTwice,
    Kind::DropsDuringATool,
    Kind::DropsDuringSpeech,
    Kind::DropsDuringAReply,
    Kind::IsGone,
];

/// Whether the moment is the one that the fault waits for.
fn is_time(world: &World, kind: Kind) -> bool {
    match kind {
        Kind::DropsDuringATool => world
            .main
            .as_ref()
            .is_some_and(|session| session.waits_for_a_tool()),
        Kind::DropsDuringSpeech => world.learner.speaks(),
        Kind::DropsDuringAReply => world.main.as_ref().is_some_and(|session| {
            session
                .outbox
                .iter()
                .any(|(_, event)| matches!(event, ProviderEvent::ReplyAudio { .. }))
        }),
        _ => world.main.as_ref().is_some_and(|session| session.is_ready),
    }
}

fn strike(world: &mut World, kind: Kind) {
    match kind {
        Kind::Drops
        | Kind::DropsDuringATool
        | Kind::DropsDuringSpeech
        | Kind::DropsDuringAReply => {
            world.breaks(FaultKind::Broken);
        }
        Kind::Hangs => {
            if let Some(session) = &mut world.main {
                session.hangs = true;
                world.hung_since = Some(world.now);
            }
        }
        Kind::Expires => world.breaks(FaultKind::Expired),
        Kind::ClosesBusy => world.breaks(FaultKind::Busy),
        Kind::IsBusyWhenOpened => {
            world.openings.push_back(Opening::Fails(FaultKind::Busy));
            world.breaks(FaultKind::Broken);
        }
        Kind::BreaksWhileOpening => {
            world
                .openings
                .extend([Opening::Fails(FaultKind::Broken); 2]);
            world.breaks(FaultKind::Broken);
        }
        Kind::RefusesToGoOn => {
            world.known_handles = false;
            world.breaks(FaultKind::Broken);
        }
        Kind::WillClose => {
            let left = Duration::from_secs(50);
            world.give(Input::Provider(ProviderEvent::ClosingSoon { left }));
        }
        Kind::TalksNonsense => {
            let item = avaaz_tutor::ItemId("nobody".into());
            let reply = avaaz_tutor::ReplyId("nothing".into());
            for event in [
                ProviderEvent::Complained(fault(FaultKind::Nonsense)),
                ProviderEvent::LearnerWords {
                    item,
                    text: String::new(),
                },
                ProviderEvent::ReplyEnded {
                    reply,
                    how: ReplyEnd::Cancelled,
                    usage: None,
                },
                ProviderEvent::ToolCancelled {
                    call: "none".into(),
                },
                ProviderEvent::Ready {
                    capabilities: world.can.clone(),
                    model: "m".to_owned(),
                },
            ] {
                if world.main.as_ref().is_some_and(|session| session.is_ready) {
                    world.give(Input::Provider(event));
                }
            }
        }
        Kind::SaysTwice => world.doubled_until = world.now + Duration::from_secs(20),
        Kind::IsGone => {
            world.dead_slot = Some(0);
            world.breaks(FaultKind::Broken);
        }
    }
}

/// Which provider, whether planned, and why.
type Line = (&'static str, bool, &'static str);

struct Judged {
    lost_ms: usize,
    doubled: usize,
    ended: bool,
}

fn judge(world: &World) -> Judged {
    let lost_ms = world
        .learner
        .said
        .iter()
        .enumerate()
        .map(|(n, samples)| {
            samples.saturating_sub(world.credited.get(&(n + 1)).copied().unwrap_or(0))
        })
        .sum();
    // By what was heard: an answer that was cut before a word of it was heard is no answer.
    let doubled = (1..=world.learner.said.len())
        .filter(|n| {
            let answer = format!("a{n}");
            let heard = world.turns.iter().filter(|turn| {
                turn.speaker == Speaker::Tutor
                    && turn.text.split_whitespace().any(|word| word == answer)
            });
            heard.count() > 1
        })
        .count();
    Judged {
        lost_ms,
        doubled,
        ended: world.ended,
    }
}

fn percentile(sorted: &[Duration], share: usize) -> Duration {
    sorted
        .get((sorted.len() * share / 100).min(sorted.len().saturating_sub(1)))
        .copied()
        .unwrap_or_default()
}

#[test]
fn no_fault_ends_a_conversation_loses_speech_or_doubles_a_reply() {
    let faults = cases(FAULTS, 140);
    let mut gaps: BTreeMap<Line, Vec<(Duration, Duration)>> = BTreeMap::new();
    let mut wrong = Vec::new();
    for seed in 0..faults {
        let mut chance = Chance::new(seed ^ 0xFA17);
        let kind = KINDS[usize::try_from(seed).expect("few") % KINDS.len()];
        let overlaps = (seed / KINDS.len() as u64).is_multiple_of(2);
        let can = if overlaps {
            openai_like()
        } else {
            gemini_like()
        };
        let providers = if kind == Kind::IsGone { 2 } else { 1 };
        let learner = Learner::new(TURNS, 20);
        let mut world = World::new(seed, can, providers, learner, Duration::from_secs(3600));
        let strikes_at = chance.ms(3_000, 40_000);
        let mut struck = false;
        while world.now < Duration::from_secs(240) && !world.ended {
            world.step();
            if !struck && world.now >= strikes_at && is_time(&world, kind) {
                struck = true;
                strike(&mut world, kind);
            }
            if world.learner.is_done() && world.now > Duration::from_secs(60) {
                break;
            }
        }
        // What was said last is still answered.
        for _ in 0..1_500 {
            world.step();
        }
        let judged = judge(&world);
        if judged.ended || judged.lost_ms > 0 || judged.doubled > 0 {
            wrong.push(format!(
                "{seed} {kind:?} overlaps={overlaps}: ended {}, lost {} ms, doubled {} {:?} {:?} {:?}",
                judged.ended,
                judged.lost_ms,
                judged.doubled, world.learner.said, world.credited,
                world
                    .turns
                    .iter()
                    .map(|turn| (
                        turn.speaker == Speaker::Learner,
                        turn.text.as_str(),
                        turn.ended_at
                    ))
                    .collect::<Vec<_>>(),
            ));
        }
        for (handed_over, connecting) in &world.hand_overs {
            let line = (
                if overlaps {
                    "two sessions allowed"
                } else {
                    "one session allowed"
                },
                handed_over.is_planned(),
                handed_over.cause.as_str(),
            );
            gaps.entry(line)
                .or_default()
                .push((handed_over.gap, *connecting));
        }
    }
    println!("{faults} faults; hand-overs:");
    for ((provider, planned, cause), gaps) in &gaps {
        let mut whole: Vec<_> = gaps.iter().map(|(gap, _)| *gap).collect();
        let mut beyond: Vec<_> = gaps
            .iter()
            .map(|(gap, connecting)| gap.saturating_sub(*connecting))
            .collect();
        whole.sort();
        beyond.sort();
        println!(
            "  {provider}, {} ({cause}): {} times, gap p50 {:?} p95 {:?} max {:?}; beyond connecting p95 {:?} max {:?}",
            if *planned { "planned" } else { "unplanned" },
            gaps.len(),
            percentile(&whole, 50),
            percentile(&whole, 95),
            percentile(&whole, 100),
            percentile(&beyond, 95),
            percentile(&beyond, 100),
        );
        let most = *beyond.last().expect("there is one");
        assert!(
            most < Duration::from_millis(1_500),
            "{cause}: {most:?} beyond connecting"
        );
    }
    assert!(
        wrong.is_empty(),
        "{} of {faults}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(
        gaps.keys().any(|(_, planned, _)| *planned) && gaps.keys().any(|(_, planned, _)| !*planned)
    );
}
