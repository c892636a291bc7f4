//! Claims conversations up to its capacity, runs one task for each, keeps their leases, and goes away in two steps.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument;
use uuid::Uuid;

use crate::conversation::{Candidate, Orders, Outcome, Setting, converse, give_back};
use crate::deadline;
use crate::host::{Claimed, HostError, Lease, Notice, TutorHost};
use crate::metrics::Metrics;
use crate::realtime::Provider;
use crate::room::RoomConnector;
use crate::shutdown::Shutdown;

/// A host that does not answer within this is taken for unreachable; leases last longer.
const HOST_ANSWERS: Duration = Duration::from_secs(3);
/// After a room could not be had, nothing is claimed for so long: it would be the same conversation.
const COOL_DOWN: Duration = Duration::from_secs(1);
/// How many conversations one claim takes: many that wait at once are shared by the runtimes, and the first ones begin sooner.
const AT_ONCE: usize = 8;

/// How a runtime works.
#[derive(Debug, Clone)]
pub struct RuntimeConfig {
    /// How many conversations it serves at once.
    pub capacity: usize,
    /// How often it looks for work that no notice told of.
    pub poll_every: Duration,
    /// How often it renews its leases; several times within a lease.
    pub renew_every: Duration,
    /// How long the first step of a shutdown may take before the second follows by itself.
    pub finish_within: Duration,
    /// The name of the tutor that people see.
    pub tutor_name: String,
}

impl Default for RuntimeConfig {
    fn default() -> Self {
        Self {
            capacity: 50,
            poll_every: Duration::from_secs(1),
            renew_every: Duration::from_secs(1),
            finish_within: Duration::from_secs(15),
            tutor_name: "Avaaz".to_owned(),
        }
    }
}

/// The name of the stand-in, which understands nobody: it never serves in another's place.
const STAND_IN: &str = "simulator";

/// The providers that a runtime can use.
#[derive(Clone)]
pub struct Providers(Vec<Candidate>);

impl Providers {
    /// Begins with the provider that serves whoever asks for none, or for one that is not there.
    #[must_use]
    pub fn new(default: Arc<dyn Provider>) -> Self {
        Self(Vec::new()).with(default)
    }

    /// Adds another one. It serves whoever asks for it, and when those before it cannot be had.
    #[must_use]
    pub fn with(mut self, provider: Arc<dyn Provider>) -> Self {
        self.0.push(Candidate {
            provider,
            circuit: Arc::default(),
        });
        self
    }

    /// Returns the names of all, the default's first.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|candidate| candidate.provider.name())
    }

    /// Returns those that may serve a conversation, the wanted one first.
    fn choose(&self, name: Option<&str>) -> Vec<Candidate> {
        let wanted = name.and_then(|name| self.names().position(|known| known == name));
        if wanted.is_none()
            && let Some(name) = name
        {
            tracing::warn!(
                wanted = name,
                given = self.names().next(),
                "a provider that is not set up was asked for"
            );
        }
        let wanted = wanted.unwrap_or(0);
        let others =
            self.0.iter().enumerate().filter(|(place, candidate)| {
                *place != wanted && candidate.provider.name() != STAND_IN
            });
        self.0
            .get(wanted)
            .into_iter()
            .chain(others.map(|(_, candidate)| candidate))
            .cloned()
            .collect()
    }
}

/// The agent runtime.
pub struct Runtime;

impl Runtime {
    /// Starts claiming and serving.
    #[must_use]
    pub fn start(
        config: RuntimeConfig,
        host: Arc<dyn TutorHost>,
        rooms: Arc<dyn RoomConnector>,
        providers: Providers,
    ) -> RuntimeHandle {
        let id = Uuid::now_v7();
        let shutdown = Shutdown::default();
        let metrics = Arc::new(Metrics::default());
        let serving = Serving {
            id,
            config,
            host,
            rooms,
            providers,
            shutdown: shutdown.clone(),
            metrics: Arc::clone(&metrics),
            conversations: HashMap::new(),
            tasks: JoinSet::new(),
            no_claim_before: None,
        };
        let task = AbortOnDropHandle::new(tokio::spawn(serving.run()));
        RuntimeHandle {
            id,
            shutdown,
            metrics,
            task,
        }
    }
}

/// A running runtime. Dropping it stops everything without a word to anybody: prefer [`Self::close`] and [`Self::ended`].
pub struct RuntimeHandle {
    id: Uuid,
    shutdown: Shutdown,
    metrics: Arc<Metrics>,
    task: AbortOnDropHandle<()>,
}

impl RuntimeHandle {
    /// Returns the id under which it holds leases.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// Returns what it counts.
    #[must_use]
    pub fn metrics(&self) -> Arc<Metrics> {
        Arc::clone(&self.metrics)
    }

    /// Returns the two steps of its shutdown, for whoever handles signals.
    #[must_use]
    pub fn shutdown(&self) -> Shutdown {
        self.shutdown.clone()
    }

    /// First step: claims nothing more, lets tutors finish what they say, hands conversations back. The second step follows by
    /// itself after [`RuntimeConfig::finish_within`].
    pub fn close(&self) {
        self.shutdown.begin();
    }

    /// Second step: stops now, and gives back what is held.
    pub fn cut(&self) {
        self.shutdown.cut();
    }

    /// Waits until nothing runs any more; begin with [`Self::close`] or [`Self::cut`].
    pub async fn ended(self) {
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the runtime broke");
        }
    }
}

struct Serving {
    id: Uuid,
    config: RuntimeConfig,
    host: Arc<dyn TutorHost>,
    rooms: Arc<dyn RoomConnector>,
    providers: Providers,
    shutdown: Shutdown,
    metrics: Arc<Metrics>,
    conversations: HashMap<Uuid, Held>,
    tasks: JoinSet<(Lease, Outcome)>,
    no_claim_before: Option<Instant>,
}

/// What the runtime keeps of a conversation that it serves.
struct Held {
    lease: Lease,
    orders: watch::Sender<Orders>,
    lost: CancellationToken,
}

/// A question to the host that is under way.
type Asked<T> = Option<BoxFuture<'static, Result<T, HostError>>>;

impl Serving {
    async fn run(mut self) {
        let mut claims = interval(self.config.poll_every);
        claims.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut renewals = interval(self.config.renew_every);
        renewals.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut claiming: Asked<Vec<Claimed>> = None;
        let mut renewing: Asked<Vec<Lease>> = None;
        let mut closing = false;
        let mut cut_at: Option<Instant> = None;
        let mut is_cut = false;
        let mut work_may_wait = true;
        let host = Arc::clone(&self.host);

        loop {
            // A claim under way is waited for, so that what it brings is given back, unless we are in a hurry.
            if closing && (claiming.is_none() || is_cut) && self.tasks.is_empty() {
                return;
            }
            if work_may_wait && claiming.is_none() && self.may_claim() && !closing {
                work_may_wait = false;
                claiming = Some(self.claim());
            }
            tokio::select! {
                notice = host.next_notice() => match notice {
                    Notice::WorkMayWait => work_may_wait = true,
                    notice => self.on_notice(notice),
                },
                _ = claims.tick() => work_may_wait = true,
                claimed = answer(&mut claiming) => {
                    claiming = None;
                    // Where there were so many, there may be more.
                    work_may_wait |= claimed.as_ref().is_ok_and(|claimed| claimed.len() == AT_ONCE);
                    self.on_claimed(claimed, closing).await;
                }
                _ = renewals.tick(), if renewing.is_none() && !self.conversations.is_empty() => {
                    renewing = Some(self.renew());
                }
                lost = answer(&mut renewing) => {
                    renewing = None;
                    self.on_renewed(lost);
                }
                Some(ended) = self.tasks.join_next() => {
                    self.on_ended(ended);
                    work_may_wait = true;
                }
                () = self.shutdown.begun(), if !closing => {
                    tracing::info!(conversations = self.conversations.len(), "finishing what is being said");
                    closing = true;
                    cut_at = Some(Instant::now() + self.config.finish_within);
                }
                () = deadline::at(cut_at) => {
                    cut_at = None;
                    self.shutdown.cut();
                }
                () = self.shutdown.is_cut(), if !is_cut => is_cut = true,
            }
        }
    }

    fn may_claim(&self) -> bool {
        self.conversations.len() < self.config.capacity
            && self.no_claim_before.is_none_or(|at| Instant::now() >= at)
    }

    fn claim(&self) -> BoxFuture<'static, Result<Vec<Claimed>, HostError>> {
        let host = Arc::clone(&self.host);
        let room_for = self.config.capacity - self.conversations.len();
        let (runtime, room_for) = (self.id, room_for.min(AT_ONCE));
        // Not cut short by a timeout: an answer that is dropped may hold claims that nobody serves.
        async move { host.claim(runtime, room_for).await }.boxed()
    }

    fn renew(&self) -> BoxFuture<'static, Result<Vec<Lease>, HostError>> {
        let host = Arc::clone(&self.host);
        let leases: Vec<Lease> = self.conversations.values().map(|held| held.lease).collect();
        async move {
            timeout(HOST_ANSWERS, host.renew(&leases))
                .await
                .unwrap_or_else(|_| Err(HostError::Unavailable("no answer in time".to_owned())))
        }
        .boxed()
    }

    async fn on_claimed(&mut self, claimed: Result<Vec<Claimed>, HostError>, closing: bool) {
        match claimed {
            Ok(claimed) if closing => {
                for claimed in claimed {
                    let release = self.host.release(claimed.lease);
                    if !matches!(timeout(HOST_ANSWERS, release).await, Ok(Ok(()))) {
                        tracing::warn!("a conversation could not be given back");
                    }
                }
            }
            Ok(claimed) => {
                for claimed in claimed {
                    self.serve(claimed);
                }
            }
            Err(error) => tracing::warn!(%error, "nothing could be claimed"),
        }
    }

    fn serve(&mut self, claimed: Claimed) {
        let lease = claimed.lease;
        let (orders, listener) = watch::channel(Orders {
            spending: claimed.spending,
            ..Orders::default()
        });
        let lost = CancellationToken::new();
        let span = tracing::info_span!(
            "conversation",
            session.id = %claimed.session,
            conversation.id = %lease.conversation,
            epoch = lease.epoch,
        );
        let setting = Setting {
            providers: self.providers.choose(claimed.provider.as_deref()),
            claimed,
            host: Arc::clone(&self.host),
            rooms: Arc::clone(&self.rooms),
            orders: listener,
            lost: lost.clone(),
            shutdown: self.shutdown.clone(),
            metrics: Arc::clone(&self.metrics),
            tutor_name: self.config.tutor_name.clone(),
            jitter_seed: rand::random(),
        };
        let earlier = self.conversations.insert(
            lease.conversation,
            Held {
                lease,
                orders,
                lost,
            },
        );
        if let Some(earlier) = earlier {
            // Claimed anew while we still held it: the older epoch can write nothing any more.
            earlier.lost.cancel();
        }
        self.metrics.claimed.increase();
        self.metrics.live.fetch_add(1, Ordering::Relaxed);
        let (host, lost, shutdown) = (
            Arc::clone(&self.host),
            setting.lost.clone(),
            self.shutdown.clone(),
        );
        let task = async move {
            tracing::info!("claimed");
            let outcome = AssertUnwindSafe(Box::pin(converse(setting)))
                .catch_unwind()
                .await
                .unwrap_or(Outcome::Panicked);
            tracing::info!(?outcome, "left");
            let stays_open = !matches!(outcome, Outcome::Ended(_) | Outcome::LeaseLost);
            if stays_open && !lost.is_cancelled() {
                give_back(&*host, lease, &shutdown).await;
            }
            (lease, outcome)
        };
        self.tasks.spawn(task.instrument(span));
    }

    fn on_renewed(&mut self, lost: Result<Vec<Lease>, HostError>) {
        match lost {
            Ok(lost) => {
                for lease in lost {
                    if let Some(held) = self.conversations.get(&lease.conversation)
                        && held.lease == lease
                    {
                        held.lost.cancel();
                    }
                }
            }
            // They may still be ours: whoever holds them now refuses our writes.
            Err(error) => tracing::warn!(%error, "leases could not be renewed"),
        }
    }

    fn on_notice(&mut self, notice: Notice) {
        match notice {
            Notice::BriefChanged {
                conversation,
                brief,
                provider,
            } => {
                if let Some(held) = self.conversations.get(&conversation) {
                    held.orders.send_modify(|orders| {
                        orders.brief = Some(Arc::new(*brief));
                        orders.provider = provider;
                    });
                }
            }
            Notice::EndRequested {
                conversation,
                reason,
            } => {
                if let Some(held) = self.conversations.get(&conversation) {
                    held.orders.send_modify(|orders| orders.end = Some(reason));
                }
            }
            Notice::Spent {
                conversation,
                spending,
            } => {
                if let Some(held) = self.conversations.get(&conversation) {
                    held.orders
                        .send_modify(|orders| orders.spending = Some(spending));
                }
            }
            Notice::LeaseLost { conversation } => {
                if let Some(held) = self.conversations.get(&conversation) {
                    held.lost.cancel();
                }
            }
            Notice::WorkMayWait => {}
        }
    }

    fn on_ended(&mut self, ended: Result<(Lease, Outcome), tokio::task::JoinError>) {
        self.metrics.live.fetch_sub(1, Ordering::Relaxed);
        let Ok((lease, outcome)) = ended else {
            return;
        };
        // It may have been claimed anew meanwhile.
        if self
            .conversations
            .get(&lease.conversation)
            .is_some_and(|held| held.lease == lease)
        {
            self.conversations.remove(&lease.conversation);
        }
        match outcome {
            Outcome::Ended(_) => self.metrics.ended.increase(),
            Outcome::HandedBack | Outcome::LeaseLost => self.metrics.handed_back.increase(),
            Outcome::RoomLost | Outcome::Displaced => {
                self.metrics.handed_back.increase();
                self.no_claim_before = Some(Instant::now() + COOL_DOWN);
            }
            Outcome::Panicked => {
                self.metrics.panicked.increase();
                self.no_claim_before = Some(Instant::now() + COOL_DOWN);
            }
        }
    }
}

/// Waits for the answer to a question; pending for ever while none is asked. Cancel-safe: the question stays asked.
async fn answer<T>(asked: &mut Asked<T>) -> Result<T, HostError> {
    match asked {
        Some(question) => question.await,
        None => std::future::pending().await,
    }
}
