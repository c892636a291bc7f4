//! One conversation, from its claim to its end: what it owns, how it enters the room, and how it leaves.
//!
//! [`run`] holds the loop between; it is the only place that knows both the room and the provider.

mod ear;
mod enter;
mod learner;
mod run;
mod tools;
mod turns;
mod voice;
mod writer;
mod writing;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use avaaz_tutor::{Brief, EndReason, Spending};
use futures_util::FutureExt;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::host::{Claimed, HostError, Lease, TutorHost};
use crate::metrics::Metrics;
use crate::room::{JoinedRoom, RoomConnector};
use crate::shutdown::Shutdown;

use enter::Entered;
use run::{Finish, Loop};
pub(crate) use voice::Candidate;

/// How long the end of a conversation waits for the host to take what is left.
const LAST_WRITES: Duration = Duration::from_secs(10);
/// The same when the room was lost too: both may be away for a while.
const OUTAGE: Duration = Duration::from_secs(600);
/// How long leaving the room may take.
const LEAVE: Duration = Duration::from_secs(2);
/// The last words and attributes need so long to go out; a room that is left sends nothing more.
const LAST_WORDS: Duration = Duration::from_millis(300);
const RETRY: Duration = Duration::from_millis(200);

/// Everything that one conversation needs from its runtime.
pub(crate) struct Setting {
    pub(crate) claimed: Claimed,
    pub(crate) host: Arc<dyn TutorHost>,
    pub(crate) rooms: Arc<dyn RoomConnector>,
    /// Those that may serve, the wanted one first; at least one.
    pub(crate) providers: Vec<Candidate>,
    /// What was asked from outside; only the latest counts.
    pub(crate) orders: watch::Receiver<Orders>,
    /// Cancelled when the lease is not ours any more.
    pub(crate) lost: CancellationToken,
    pub(crate) shutdown: Shutdown,
    pub(crate) metrics: Arc<Metrics>,
    /// The name that people see.
    pub(crate) tutor_name: String,
    pub(crate) jitter_seed: u64,
}

/// What was asked of a conversation from outside.
#[derive(Debug, Clone, Default)]
pub(crate) struct Orders {
    /// The latest brief, if it changed.
    pub(crate) brief: Option<Arc<Brief>>,
    /// The provider that is wanted, with the latest brief.
    pub(crate) provider: Option<String>,
    /// How much is spent of what may be.
    pub(crate) spending: Option<Spending>,
    /// The end.
    pub(crate) end: Option<EndReason>,
}

/// How a conversation left this runtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is over.
    Ended(EndReason),
    /// It stays open, for whoever claims it.
    HandedBack,
    /// It stays open; the room could not be had or kept, so hurrying does not help.
    RoomLost,
    /// Somebody else has it.
    LeaseLost,
    /// Somebody joined in our place; only the host knows whether the lease is theirs.
    Displaced,
    /// Our bug; it stays open.
    Panicked,
}

/// Serves a conversation until it ends, is handed back, or is lost. Whoever calls gives it back then: see [`give_back`].
pub(crate) async fn converse(setting: Setting) -> Outcome {
    let host = Arc::clone(&setting.host);
    let lease = setting.claimed.lease;
    match enter::enter(&setting).await {
        Entered::Joined(joined) => stay(setting, *joined).await,
        Entered::EndAsked(reason) => {
            end(&*host, lease, reason).await;
            Outcome::Ended(reason)
        }
        Entered::HandBack => Outcome::HandedBack,
        Entered::Unreachable => Outcome::RoomLost,
        Entered::LeaseLost => Outcome::LeaseLost,
    }
}

/// Talks, and leaves the room whatever happens.
async fn stay(setting: Setting, joined: JoinedRoom) -> Outcome {
    let host = Arc::clone(&setting.host);
    let lease = setting.claimed.lease;
    let room = Arc::clone(&joined.room);
    let shutdown = setting.shutdown.clone();

    let mut run = Loop::new(setting, joined);
    // A bug in one conversation must neither leave a ghost in its room nor take other conversations along.
    let finish = AssertUnwindSafe(run.run()).catch_unwind().await;
    let outcome = match finish {
        Ok(Finish::End(reason)) => {
            if !run.last_writes(LAST_WRITES).await {
                tracing::error!("the last turns could not be written in time");
            }
            end(&*host, lease, reason).await;
            run.show_end(reason);
            sleep(LAST_WORDS).await;
            Outcome::Ended(reason)
        }
        Ok(Finish::HandBack) => {
            run.last_writes(LAST_WRITES).await;
            Outcome::HandedBack
        }
        Ok(Finish::RoomLost) => {
            // The database may be away with the room; nobody waits for us, so what was said is kept for it.
            let hurry = async {
                shutdown.begun().await;
                sleep(LAST_WRITES).await;
            };
            tokio::select! {
                _ = run.last_writes(OUTAGE) => {}
                () = hurry => {}
            }
            Outcome::RoomLost
        }
        Ok(Finish::Cut) => {
            // Nobody waits for a program that was told twice to stop.
            run.last_writes(Duration::from_millis(500)).await;
            Outcome::HandedBack
        }
        Ok(Finish::LeaseLost) => Outcome::LeaseLost,
        Ok(Finish::Displaced) => Outcome::Displaced,
        Err(_panic) => {
            run.last_writes(LAST_WRITES).await;
            Outcome::Panicked
        }
    };
    drop(run);
    if tokio::time::timeout(LEAVE, room.close()).await.is_err() {
        tracing::warn!("leaving the room took too long");
    }
    outcome
}

async fn end(host: &dyn TutorHost, lease: Lease, reason: EndReason) {
    let ended_at = SystemTime::now();
    let until = Instant::now() + LAST_WRITES;
    loop {
        match timeout_at(until, host.end(lease, reason, ended_at)).await {
            Ok(Err(HostError::Unavailable(cause))) if Instant::now() + RETRY < until => {
                tracing::warn!(%cause, "the end could not be written yet");
                sleep(RETRY).await;
            }
            Ok(Err(error)) => return tracing::error!(%error, "the end could not be written"),
            Err(_) => return tracing::error!("the end could not be written in time"),
            Ok(Ok(())) => return,
        }
    }
}

/// Gives a conversation back that stays open, again and again while the host cannot be reached: a runtime does not claim what it
/// holds itself. With the shutdown begun it is tried for a moment only; the lease runs out by itself then.
pub(crate) async fn give_back(host: &dyn TutorHost, lease: Lease, shutdown: &Shutdown) {
    let tries = async {
        let mut pause = RETRY;
        loop {
            match host.release(lease).await {
                Err(HostError::Unavailable(cause)) => {
                    tracing::warn!(%cause, "a conversation could not be given back yet");
                    sleep(pause).await;
                    pause = (pause * 2).min(LEAVE);
                }
                Err(HostError::LeaseLost) | Ok(()) => return,
                Err(error) => return tracing::error!(%error, "a conversation cannot be given back"),
            }
        }
    };
    let hurry = async {
        shutdown.begun().await;
        sleep(LEAVE).await;
    };
    tokio::select! {
        () = tries => {}
        () = hurry => tracing::warn!("a conversation was not given back; its lease runs out"),
    }
}
