//! The agent's host on Postgres: conversations are leased rows, and every write names the lease it is made under.
//!
//! A claim raises the row's epoch. A write is refused unless the row still names its runtime and its epoch, so a runtime that
//! lost its lease writes nothing more; while nobody else has claimed, a lease that ran out (the database was away) still
//! writes and can be renewed. Notifications are hints: whoever is told reads again, and reads again every second anyway.

mod inbox;
mod lease;
mod listener;
mod spending;
mod tools;
mod turns;
mod writing;

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use avaaz_agent::host::{Claimed, HostError, Lease, Notice, TurnRecord, UsageRecord};
use avaaz_tutor::{EndReason, ToolOffer, WritingRequest, WrittenAnswer};
use chrono::{DateTime, Utc};
use sqlx::PgPool;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use uuid::Uuid;

use crate::config::SpendingConfig;
use crate::content::ContentKeys;
use crate::livekit::LiveKit;
use crate::memory;
use crate::models::Models;
use crate::usage::text;
use inbox::Inbox;

/// How leases are kept.
#[derive(Debug, Clone, Copy)]
pub struct LeaseTerms {
    /// How long a lease lasts without being renewed. Runtimes renew every second.
    pub period: Duration,
    /// How often to look for work without being told of it.
    pub poll_every: Duration,
    /// How long a statement may take before the database counts as out of reach.
    pub statement_timeout: Duration,
    /// How long a whole conversation may take.
    pub time_limit: Duration,
}

impl Default for LeaseTerms {
    /// A conversation whose runtime died is taken over within five seconds: a lease is at most three seconds from running out,
    /// and the room has to be entered, too, by many at once.
    fn default() -> Self {
        Self {
            period: Duration::from_secs(3),
            poll_every: Duration::from_millis(250),
            statement_timeout: Duration::from_secs(2),
            time_limit: Duration::from_secs(60 * 60),
        }
    }
}

/// Serves the agent runtimes of this process from Postgres.
pub struct PgTutorHost {
    shared: Arc<Shared>,
    listener: JoinHandle<()>,
}

struct Shared {
    pool: PgPool,
    keys: Arc<ContentKeys>,
    livekit: Arc<LiveKit>,
    /// Without them, documents cannot be searched and nothing is written while no voice can be reached.
    models: OnceLock<Models>,
    terms: LeaseTerms,
    spending: SpendingConfig,
    inbox: Inbox,
    held: Mutex<HashMap<Uuid, Held>>,
    reach: Mutex<Reach>,
    /// The runtimes that claim here: the listener's connection says that they live.
    runtimes: watch::Sender<Vec<Uuid>>,
}

/// Whether the database is there.
#[derive(Debug, Default)]
struct Reach {
    /// Since when every statement has reached it; none while it is out of reach.
    since: Option<Instant>,
    /// Whether it was ever out of reach.
    was_lost: bool,
}

/// What the runtime was last told about a conversation that it holds.
#[derive(Debug, Clone, Copy)]
struct Held {
    lease: Lease,
    settings_at: DateTime<Utc>,
    end_told: bool,
    claims_since_renewal: u32,
}

/// A runtime that claimed so often without renewing a lease does not serve that conversation any more (its end could not be
/// written, for instance): it may claim it again. Counted, not timed, so that a process that was stopped for a while does not
/// take its own conversations from itself.
const CLAIMS_WITHOUT_RENEWAL: u32 = 10;

impl PgTutorHost {
    /// Starts to listen for notices. They stop when the host is dropped.
    #[must_use]
    pub fn start(
        pool: PgPool,
        keys: Arc<ContentKeys>,
        livekit: Arc<LiveKit>,
        terms: LeaseTerms,
        spending: SpendingConfig,
    ) -> Self {
        let shared = Arc::new(Shared {
            pool,
            keys,
            livekit,
            models: OnceLock::new(),
            terms,
            spending,
            inbox: Inbox::default(),
            held: Mutex::default(),
            reach: Mutex::default(),
            runtimes: watch::Sender::default(),
        });
        let listener = tokio::spawn(listener::run(shared.clone()));
        Self { shared, listener }
    }

    /// Lets tutors search what their learners uploaded, and write to learners while no voice can be reached.
    #[must_use]
    pub fn with_models(self, models: Models) -> Self {
        // A second call changes nothing: the first models are in use.
        let _ = self.shared.models.set(models);
        self
    }
}

impl Drop for PgTutorHost {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

#[async_trait]
impl avaaz_agent::host::TutorHost for PgTutorHost {
    async fn claim(&self, runtime: Uuid, room_for: usize) -> Result<Vec<Claimed>, HostError> {
        self.shared.runtimes.send_if_modified(|runtimes| {
            let is_new = !runtimes.contains(&runtime);
            if is_new {
                runtimes.push(runtime);
            }
            is_new
        });
        let take = self.shared.may_take();
        let served = self.shared.served();
        let claim = lease::claim(&self.shared, runtime, room_for, take, &served);
        let claimed = self.shared.reach(claim).await?;
        self.shared.hold(&claimed);
        let mut claimed: Vec<Claimed> = claimed.into_iter().map(|(claimed, _)| claimed).collect();
        self.shared.remind(&mut claimed).await;
        Ok(claimed)
    }

    async fn renew(&self, leases: &[Lease]) -> Result<Vec<Lease>, HostError> {
        let kept = self
            .shared
            .reach(lease::renew(&self.shared, leases))
            .await?;
        self.shared.note_renewal(leases);
        let lost = leases
            .iter()
            .filter(|lease| !kept.iter().any(|kept| kept.lease == **lease))
            .copied()
            .collect::<Vec<_>>();
        for lease in &lost {
            self.shared.forget(*lease);
        }
        // What a lost notification would have said is seen here, a second later. What takes long is told with the next renewal,
        // which must not wait for it.
        let telling = listener::tell_changes(&self.shared, kept);
        let _ = tokio::time::timeout(self.shared.terms.statement_timeout, telling).await;
        Ok(lost)
    }

    async fn release(&self, lease: Lease) -> Result<(), HostError> {
        self.shared.forget(lease);
        self.shared
            .write(lease::release(&self.shared.pool, lease))
            .await
    }

    async fn end(
        &self,
        lease: Lease,
        reason: EndReason,
        ended_at: SystemTime,
    ) -> Result<(), HostError> {
        self.shared
            .write(lease::end(
                &self.shared.pool,
                lease,
                reason,
                ended_at.into(),
            ))
            .await?;
        self.shared.forget(lease);
        Ok(())
    }

    async fn record_turn(&self, lease: Lease, turn: TurnRecord) -> Result<(), HostError> {
        self.shared
            .write(turns::record(&self.shared, lease, turn))
            .await
    }

    async fn record_words(&self, lease: Lease, turn: Uuid, text: String) -> Result<(), HostError> {
        self.shared
            .write(turns::fill_in(&self.shared, lease, turn, &text))
            .await
    }

    async fn record_usage(&self, lease: Lease, usage: UsageRecord) -> Result<(), HostError> {
        self.shared
            .write(spending::record(&self.shared, lease, usage))
            .await?;
        // What cannot be told now is told with the next account.
        let told = spending::tell(&self.shared, lease.conversation);
        if let Err(error) = self.shared.reach(told).await {
            tracing::debug!(%error, "what was spent cannot be told yet");
        }
        Ok(())
    }

    async fn record_presence(&self, lease: Lease, learner_present: bool) -> Result<(), HostError> {
        self.shared
            .write(lease::record_presence(
                &self.shared.pool,
                lease,
                learner_present,
            ))
            .await
    }

    async fn record_provider(
        &self,
        lease: Lease,
        provider: &str,
        model: &str,
    ) -> Result<(), HostError> {
        self.shared
            .write(lease::record_provider(
                &self.shared.pool,
                lease,
                provider,
                model,
            ))
            .await
    }

    async fn ensure_room(&self, room: &str) -> Result<(), HostError> {
        self.shared
            .livekit
            .create_room(room)
            .await
            .map_err(|error| HostError::Unavailable(error.to_string()))
    }

    fn tools(&self) -> Vec<ToolOffer> {
        tools::offers(self.shared.models.get().is_some())
    }

    async fn run_tool(
        &self,
        lease: Lease,
        name: &str,
        arguments: &str,
    ) -> Result<String, HostError> {
        let wanted = tools::read(name, arguments).map_err(HostError::Refused)?;
        tools::carry_out(&self.shared, lease, wanted).await
    }

    async fn compose(
        &self,
        lease: Lease,
        request: WritingRequest,
    ) -> Result<WrittenAnswer, HostError> {
        let Some(models) = self.shared.models.get() else {
            return Err(HostError::Unavailable("no text model is set up".into()));
        };
        let answer = writing::ask(&*models.text, request).await?;
        if let Some(used) = answer.usage {
            let account = text::account(models.text.model(), used);
            // The learner waits for the words, not for the account.
            if let Err(error) = self.record_usage(lease, account).await {
                tracing::warn!(conversation.id = %lease.conversation, %error, "what was written is in no account");
            }
        }
        writing::words_of(&answer, models.text.model())
    }

    async fn next_notice(&self) -> Notice {
        self.shared.inbox.next().await
    }
}

/// Whose conversations may be taken.
#[derive(Debug, Clone, Copy)]
struct Take {
    /// Those whose lease ran out.
    expired: bool,
    /// Those whose runtime is gone from the database and has missed a renewal.
    orphaned: bool,
}

/// What came of a write that names its lease.
enum Written {
    /// It stands.
    Done,
    /// The row names another holder, or is gone.
    LeaseLost,
    /// It would be wrong, now and later.
    Refused(String),
}

impl Shared {
    /// Carries out a statement within its time, and keeps account of whether the database is there.
    async fn reach<T>(
        &self,
        statement: impl Future<Output = sqlx::Result<T>>,
    ) -> Result<T, HostError> {
        let result = match tokio::time::timeout(self.terms.statement_timeout, statement).await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(host_error(error)),
            Err(_) => Err(HostError::Unavailable(
                "the database did not answer in time".into(),
            )),
        };
        let mut reach = self.reach.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(HostError::Unavailable(_)) = &result {
            *reach = Reach {
                since: None,
                was_lost: true,
            };
        } else {
            reach.since.get_or_insert_with(Instant::now);
        }
        drop(reach);
        result
    }

    async fn write(
        &self,
        statement: impl Future<Output = sqlx::Result<Written>>,
    ) -> Result<(), HostError> {
        match self.reach(statement).await? {
            Written::Done => Ok(()),
            Written::LeaseLost => Err(HostError::LeaseLost),
            Written::Refused(why) => Err(HostError::Refused(why)),
        }
    }

    /// Notes what was claimed.
    fn hold(&self, claimed: &[(Claimed, DateTime<Utc>)]) {
        let mut held = self.held();
        for (claimed, settings_at) in claimed {
            let lease = claimed.lease;
            held.insert(
                lease.conversation,
                Held {
                    lease,
                    settings_at: *settings_at,
                    end_told: false,
                    claims_since_renewal: 0,
                },
            );
        }
    }

    /// Tells the tutors what is remembered of their learners.
    async fn remind(&self, claimed: &mut [Claimed]) {
        let reminding = claimed.iter_mut().map(|claimed| {
            let conversation = claimed.lease.conversation;
            memory::brief::remind(&self.pool, &self.keys, conversation, &mut claimed.brief)
        });
        futures_util::future::join_all(reminding).await;
    }

    /// Returns whose conversations may be taken. After an outage their holders come back at the same time as we do, and have
    /// one period to renew; a database that was restarted asks for the same (see `lease::claim`).
    fn may_take(&self) -> Take {
        let reach = self.reach.lock().unwrap_or_else(PoisonError::into_inner);
        let is_settled = |since: Instant| since.elapsed() >= self.terms.period;
        let expired = reach.since.is_some_and(is_settled);
        Take {
            expired,
            orphaned: expired || !reach.was_lost,
        }
    }

    /// Returns what the runtime serves, and counts that it is about to claim more.
    fn served(&self) -> Vec<Uuid> {
        let mut held = self.held();
        held.retain(|_, held| held.claims_since_renewal < CLAIMS_WITHOUT_RENEWAL);
        for held in held.values_mut() {
            held.claims_since_renewal += 1;
        }
        held.keys().copied().collect()
    }

    fn note_renewal(&self, leases: &[Lease]) {
        let mut held = self.held();
        for lease in leases {
            if let Some(held) = held.get_mut(&lease.conversation) {
                held.claims_since_renewal = 0;
            }
        }
    }

    fn held(&self) -> MutexGuard<'_, HashMap<Uuid, Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn forget(&self, lease: Lease) {
        let mut held = self.held();
        if held
            .get(&lease.conversation)
            .is_some_and(|held| held.lease == lease)
        {
            held.remove(&lease.conversation);
        }
        drop(held);
        self.inbox.forget(lease.conversation);
    }
}

fn host_error(error: sqlx::Error) -> HostError {
    match &error {
        // 22 and 23: the values themselves are wrong; the same write would be refused again.
        sqlx::Error::Database(cause)
            if cause
                .code()
                .is_some_and(|code| code.starts_with("22") || code.starts_with("23")) =>
        {
            HostError::Refused(format!(
                "{} {}",
                cause.code().unwrap_or_default(),
                cause.constraint().unwrap_or_default()
            ))
        }
        sqlx::Error::ColumnDecode { index, .. } => {
            HostError::Refused(format!("column {index} is not known to this release"))
        }
        // The message could hold a row's values; its kind is enough.
        sqlx::Error::Database(cause) => HostError::Unavailable(format!(
            "database error {}",
            cause.code().unwrap_or_default()
        )),
        sqlx::Error::Io(cause) => {
            HostError::Unavailable(format!("database connection: {}", cause.kind()))
        }
        sqlx::Error::PoolTimedOut => {
            HostError::Unavailable("no database connection in time".into())
        }
        _ => HostError::Unavailable("database".into()),
    }
}
