//! What conversations stand on goes away and comes back, in mid conversation.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{Instant, sleep};

use crate::learner::{Learner, Manner};
use crate::stack::{Company, Process, Stack, free_port};
use crate::witness::What;
use crate::{is_soak, standstill, verdict, witness};

/// Both sides are in the room again within this of the server's being reachable.
const BACK_WITHIN: Duration = Duration::from_secs(2);
/// What was kept through an outage is written within this of the database's being reachable.
const CAUGHT_UP_WITHIN: Duration = Duration::from_secs(10);
const OUTAGE: Duration = Duration::from_secs(20);

struct World {
    stack: Stack,
    runtime: Process,
    learners: Vec<Learner>,
}

impl World {
    async fn talking(test: &str) -> Self {
        let mut stack = Stack::start(test, Company::Few).await;
        let runtime = stack.agent().await;
        let learners = stack.learners(3, Manner::Polite).await;
        let world = Self {
            stack,
            runtime,
            learners,
        };
        world.talks_on("the first answer", 3).await;
        world
    }

    /// Waits until so many more turns were shown to everybody.
    async fn talks_on(&self, what: &str, more: usize) {
        let talking = self.learners.iter().map(|learner| {
            let before = learner.seen().finals();
            learner.until(what, Duration::from_secs(40), move |seen| {
                seen.finals() >= before + more
            })
        });
        join_all(talking).await;
    }

    fn shown(&self) -> usize {
        self.learners
            .iter()
            .map(|learner| learner.seen().finals())
            .sum()
    }

    async fn rows(&self) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM turns")
            .fetch_one(&self.stack.pool)
            .await
            .unwrap()
    }

    /// Everything that was shown is there, once and in order, in the same conversations, which nobody else ever served.
    async fn nothing_is_lost(mut self) {
        join_all(self.learners.iter_mut().map(Learner::falls_silent)).await;
        sleep(Duration::from_secs(2)).await;
        for learner in &self.learners {
            let kept = verdict::kept(&self.stack, learner.conversation).await;
            let seen = learner.seen().clone();
            assert_eq!(seen.closed, None);
            verdict::is_in_order(learner.conversation, &kept);
            verdict::was_kept(learner.conversation, &seen, &kept);
            verdict::was_shown(learner.conversation, &seen, &kept, false);
            let greetings = kept
                .iter()
                .filter(|turn| turn.text.as_deref() == Some("Hello Ada."));
            assert_eq!(greetings.count(), 1);
        }
        let deeds = witness::deeds(&self.stack.pool).await;
        verdict::only_holders_wrote(&deeds);
        let claims = deeds.iter().filter(|deed| deed.what == What::Claim).count();
        assert_eq!(claims, self.learners.len(), "nobody else took over");
        let open: i64 =
            sqlx::query_scalar("SELECT count(*) FROM conversations WHERE ended_at IS NULL")
                .fetch_one(&self.stack.pool)
                .await
                .unwrap();
        assert_eq!(open, 3);
        assert!(self.runtime.go().await.success());
    }
}

pub async fn a_database_that_is_stopped_for_twenty_seconds_gets_every_turn_afterwards() {
    let mut world = World::talking("database-stopped").await;
    world.stack.postgres.stop();
    let (stopped, shown) = (Instant::now(), world.shown());
    world.talks_on("talk without a database", 2).await;
    sleep(OUTAGE.saturating_sub(stopped.elapsed())).await;
    let meanwhile = world.shown() - shown;
    world.stack.postgres.resume().await;
    world.catches_up(meanwhile).await;
    world.talks_on("talk after the outage", 2).await;
    world.nothing_is_lost().await;
}

pub async fn a_database_that_hangs_for_a_while_gets_every_turn_afterwards() {
    // In the long run as long as a stop; always longer than leases last.
    let outage = if is_soak() { OUTAGE } else { OUTAGE / 3 };
    let world = World::talking("database-hangs").await;
    world.stack.postgres.freeze(true);
    let (stopped, shown) = (Instant::now(), world.shown());
    world.talks_on("talk while the database hangs", 2).await;
    sleep(outage.saturating_sub(stopped.elapsed())).await;
    let asked = tokio::time::timeout(Duration::from_secs(1), world.rows()).await;
    assert!(asked.is_err(), "nobody gets an answer");
    let meanwhile = world.shown() - shown;
    world.stack.postgres.freeze(false);
    world.catches_up(meanwhile).await;
    world.talks_on("talk after the outage", 2).await;
    world.nothing_is_lost().await;
}

pub async fn a_room_server_that_is_restarted_finds_both_sides_again_in_the_same_conversation() {
    let mut world = World::talking("livekit-restarted").await;
    // For a moment, and until both sides ask as seldom as they ever do.
    for down in [0, 4] {
        let stays: Vec<_> = world
            .learners
            .iter()
            .map(|learner| learner.seen().stays.len())
            .collect();
        world.stack.livekit.kill();
        sleep(Duration::from_secs(down)).await;
        let reachable = world.stack.restart_livekit();
        let mut delays = Vec::new();
        for (learner, stays) in world.learners.iter().zip(stays) {
            learner
                .until("the return", Duration::from_secs(20), |seen| {
                    seen.back.is_some_and(|back| back > reachable)
                        && seen.stays.len() > stays
                        && seen.is_served()
                })
                .await;
            let seen = learner.seen();
            let both = seen.back.max(seen.stays.last().copied()).unwrap();
            delays.push(standstill::between(reachable, both));
        }
        println!(
            "down for {down} s; both sides are back after {}",
            verdict::spread(delays.clone())
        );
        assert!(delays.iter().all(|delay| *delay <= BACK_WITHIN));
        world.talks_on("talk after the restart", 2).await;
    }
    world.nothing_is_lost().await;
}

pub async fn an_api_that_is_restarted_is_not_noticed_by_those_who_talk() {
    let mut world = World::talking("api-restarted").await;
    let port = free_port();
    let mut api = world.stack.api(port).await;
    world.talks_on("talk beside the API", 1).await;
    api.kill();
    world.talks_on("talk without the API", 2).await;
    let _api = world.stack.api(port).await;
    let ready = reqwest::get(format!("http://127.0.0.1:{port}/health/ready"))
        .await
        .unwrap();
    assert!(ready.status().is_success(), "{ready:?}");
    world.talks_on("talk beside the new API", 1).await;
    world.nothing_is_lost().await;
}

impl World {
    /// Waits until what was said during an outage is written.
    async fn catches_up(&self, meanwhile: usize) {
        let back = Instant::now();
        let shown = i64::try_from(self.shown()).unwrap();
        while self.rows().await < shown {
            let waited = standstill::between(back, Instant::now());
            assert!(waited < CAUGHT_UP_WITHIN, "turns are missing");
            sleep(Duration::from_millis(100)).await;
        }
        println!(
            "{meanwhile} turns were spoken meanwhile, all written {:?} after the database was back",
            back.elapsed()
        );
        assert!(meanwhile >= 2 * self.learners.len());
    }
}
