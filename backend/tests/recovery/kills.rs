//! Runtimes are killed, or stopped in their tracks, at random moments of many conversations.

use std::time::Duration;

use chrono::Utc;
use futures_util::future::join_all;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::learner::{Learner, Manner, Seen};
use crate::stack::{Company, Process, Stack};
use crate::witness::What;
use crate::{is_soak, standstill, verdict, witness};

/// From the death of a runtime to another one in the room.
const TAKEN_OVER_WITHIN: Duration = Duration::from_secs(5);
/// A turn's row is written within this of its end, its words within this of their arrival (see `restarts`).
const KEPT_WITHIN: Duration = Duration::from_secs(1);
const SEED: u64 = 20_261_121;

struct Plan {
    learners: usize,
    /// How many conversations lose their runtime by SIGKILL.
    hits: usize,
    /// How many rounds stop a runtime until its leases are taken, and let it go on then.
    freezes: usize,
}

/// A conversation at the moment in which its runtime died.
struct Hit {
    conversation: Uuid,
    at: Instant,
    seen: Seen,
    /// The last turn that was kept when somebody else took over.
    kept: Option<i32>,
}

/// From the death of a runtime to the claim, and to another one in the room.
#[derive(Default)]
struct Delays {
    claimed: Vec<Duration>,
    joined: Vec<Duration>,
}

impl Delays {
    fn of_the_last(&self, round: usize) -> String {
        let last = |delays: &[Duration]| verdict::spread(delays[delays.len() - round..].to_vec());
        let (claimed, joined) = (last(&self.claimed), last(&self.joined));
        format!("claimed after {claimed}, in the room after {joined}")
    }
}

pub async fn a_runtime_that_dies_costs_at_most_the_turn_being_spoken() {
    let plan = if is_soak() {
        Plan {
            learners: 10,
            hits: 200,
            freezes: 4,
        }
    } else {
        Plan {
            learners: 6,
            hits: 12,
            freezes: 1,
        }
    };
    let mut stack = Stack::start("kills", Company::Many).await;
    let mut chance = StdRng::seed_from_u64(SEED);
    let mut runtimes = vec![stack.agent().await];
    let mut learners = stack.learners(plan.learners, Manner::Lively).await;
    for learner in &learners {
        learner
            .until("the greeting", Duration::from_secs(30), |seen| {
                seen.finals() > 0
            })
            .await;
    }

    // The first one has all of them: many have to be taken over at once.
    runtimes.push(stack.agent().await);

    let (mut hits, mut delays, mut freezes) = (Vec::new(), Delays::default(), 0);
    while hits.len() < plan.hits || freezes < plan.freezes {
        sleep(Duration::from_millis(chance.random_range(2_000..5_500))).await;
        let victim = busiest(&stack, &runtimes).await;
        let freezing = freezes < plan.freezes && chance.random_bool(0.3) || hits.len() >= plan.hits;
        let served = witness::served(&stack.pool).await;
        let struck: Vec<&Learner> = learners
            .iter()
            .filter(|learner| served.get(&learner.conversation) == Some(&runtimes[victim].who))
            .collect();
        let before = witness::deeds(&stack.pool).await.len();
        let (at, at_by_day) = (Instant::now(), Utc::now());
        if freezing {
            runtimes[victim].freeze(true);
        } else {
            runtimes[victim].kill();
        }
        let mut round: Vec<Hit> = struck
            .iter()
            .map(|learner| Hit {
                conversation: learner.conversation,
                at,
                seen: learner.seen().clone(),
                kept: None,
            })
            .collect();
        if !freezing {
            witness::gone(&stack.pool, &runtimes[victim].who).await;
            println!("the database knew after {:?}", at.elapsed());
            runtimes[victim] = stack.agent().await;
        }
        for (learner, hit) in struck.iter().zip(&mut round) {
            let stays = hit.seen.stays.len();
            learner
                .until("the next runtime", Duration::from_secs(20), |seen| {
                    seen.stays.len() > stays && seen.is_served()
                })
                .await;
            let joined = standstill::between(at, learner.seen().stays[stays]);
            delays.joined.push(joined);
        }
        let deeds = witness::deeds(&stack.pool).await;
        for hit in &mut round {
            let mut claims = deeds[before..]
                .iter()
                .filter(|deed| deed.what == What::Claim);
            let claim = claims.find(|deed| deed.conversation == hit.conversation);
            let claim = claim.expect("it was claimed");
            hit.kept = Some(claim.seq);
            let claimed = (claim.at - at_by_day).to_std().unwrap_or_default();
            delays.claimed.push(claimed);
        }
        println!(
            "{} {} conversations, {} so far; {}",
            if freezing { "froze" } else { "killed" },
            round.len(),
            hits.len() + round.len(),
            delays.of_the_last(round.len())
        );
        if freezing {
            freezes += 1;
            // It has lost its leases by now, and wants to go on.
            runtimes[victim].freeze(false);
        } else {
            hits.extend(round);
        }
    }
    join_all(learners.iter_mut().map(Learner::falls_silent)).await;
    sleep(Duration::from_secs(2)).await;

    let mut lateness = Vec::new();
    let mut late_turns = Vec::new();
    let (mut lost, mut turns) = (vec![0; 4], 0);
    for learner in &learners {
        let kept = verdict::kept(&stack, learner.conversation).await;
        let seen = learner.seen().clone();
        assert_eq!(seen.closed, None);
        verdict::is_in_order(learner.conversation, &kept);
        verdict::was_shown(learner.conversation, &seen, &kept, true);
        for hit in hits
            .iter()
            .filter(|hit| hit.conversation == learner.conversation)
        {
            lost[lost_by(hit, &kept).min(3)] += 1;
        }
        for turn in &kept {
            let late = Duration::from_secs_f64(turn.late_ms.max(0.0) / 1_000.0);
            if late > KEPT_WITHIN {
                late_turns.push((learner.conversation, turn.clone()));
            }
            lateness.push(late);
        }
        turns += kept.len();
    }
    let deeds = witness::deeds(&stack.pool).await;
    verdict::only_holders_wrote(&deeds);
    println!(
        "{turns} turns in {} conversations; {} hits: {} lost nothing, {} the turn being spoken",
        learners.len(),
        hits.len(),
        lost[0],
        lost[1]
    );
    println!(
        "another runtime in the room after {}",
        verdict::spread(delays.joined.clone())
    );
    println!(
        "a turn's row after its end: {}",
        verdict::spread(lateness.clone())
    );
    assert_eq!(
        lost[2..].iter().sum::<i32>(),
        0,
        "more than the turn being spoken was lost: {lost:?}"
    );
    assert!(
        delays
            .joined
            .iter()
            .all(|delay| *delay <= TAKEN_OVER_WITHIN)
    );
    assert!(
        late_turns.is_empty(),
        "these were written late: {late_turns:#?}"
    );
    assert!(turns > learners.len() * 4, "they talked");
    for runtime in runtimes {
        assert!(runtime.go().await.success());
    }
}

/// Whose death would be noticed most.
async fn busiest(stack: &Stack, runtimes: &[Process]) -> usize {
    let served = witness::served(&stack.pool).await;
    let load = |runtime: &Process| served.values().filter(|who| **who == runtime.who).count();
    (0..runtimes.len())
        .max_by_key(|index| load(&runtimes[*index]))
        .unwrap()
}

/// How many turns were lost with a runtime. A turn that was over for a second is never one of them, nor are its words.
fn lost_by(hit: &Hit, turns: &[verdict::Kept]) -> usize {
    let last = hit.kept.unwrap();
    let mut lost = 0;
    for (number, segment) in &hit.seen.segments {
        let number = i32::try_from(*number).unwrap();
        let is_old = segment.is_final && hit.at.saturating_duration_since(segment.at) > KEPT_WITHIN;
        let kept = turns
            .iter()
            .find(|turn| turn.seq == number && number <= last);
        if is_old {
            let text = segment.text.trim_matches('\u{200B}');
            let is_kept = kept.is_some_and(|turn| {
                turn.is_tutors == segment.is_tutors && turn.text.as_deref() == Some(text)
            });
            assert!(
                is_kept,
                "{}: {number} {segment:?} was lost; {turns:#?}",
                hit.conversation
            );
        }
        // Of turns that ended in the last second, one more may go with the one being spoken; it is counted with it.
        let was_spoken = !segment.is_final || !is_old;
        lost += usize::from(kept.is_none() && !was_spoken);
    }
    let unkept = hit
        .seen
        .segments
        .keys()
        .filter(|number| i32::try_from(**number).unwrap() > last)
        .count();
    lost + unkept
}
