//! Durable jobs: what must be done once a transaction has committed, whatever happens to this process.
//!
//! A job is a value that is stored as JSON (ids, never words) and carried out by any `avaaz serve`. It may be carried out
//! twice, so it must be safe to repeat. One that fails is tried again after 3 s, 7 s, 20 s and so on up to six hours, and not
//! before a model's server wants to be asked again. After its last attempt, or at once where another cannot help, it is a dead
//! letter, which `avaaz jobs` shows. To add one: implement [`Job`], name it in [`all`], and call [`enqueue`] in the transaction
//! that makes it necessary.
//!
//! The queue is `graphile_worker` (`docs/decisions/jobs.md`); only this folder knows it.

mod letters;
mod worker;

use std::fmt;
use std::time::Duration;

use avaaz_models::ModelError;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::{PgConnection, PgPool};

use crate::app::AppState;
use crate::documents::ingest::{EmbedPassages, ReadDocument, TidyDocuments};
use crate::memory;
use crate::my_data::daily::KeepRetention;

pub use letters::{
    Counts, DeadLetter, counts, dead_letters, drop_dead, forget, retry_dead, taken_care_of,
};
pub use worker::{Registry, run};

/// The schema that the queue keeps its tables in.
const SCHEMA: &str = "graphile_worker";

/// Something to be done.
pub trait Job: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Its name in the database: it stays, also when the type is renamed.
    const NAME: &'static str;
    /// How often it is tried before it is a dead letter.
    const ATTEMPTS: i16 = 12;
    /// When it is done by itself, besides at the start of a server, as a crontab says it (`0 3 * * *`, in UTC). It is then made from
    /// `{}`, and its name is its key and its lane.
    const EVERY: Option<&'static str> = None;

    /// Jobs of one lane follow each other, in all processes.
    fn lane(&self) -> Option<String> {
        Self::EVERY.map(|_| Self::NAME.to_owned())
    }

    /// A job that still waits is replaced by a later one with the same key. One that is being carried out is not: the later
    /// one is done, too.
    fn key(&self) -> Option<String> {
        Self::EVERY.map(|_| Self::NAME.to_owned())
    }

    /// Whether all that does not give way is done first.
    fn gives_way(&self) -> bool {
        false
    }

    /// Carries it out. It is dropped when the server is told for the second time to stop, and begun again elsewhere.
    fn run(self, app: AppState) -> impl Future<Output = Result<(), JobError>> + Send;
}

/// Why a job could not be done now. It is stored with the job and logged: it holds no words of a learner.
pub struct JobError {
    why: String,
    next: NextTry,
}

/// When a job that failed is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NextTry {
    /// After the queue's own pause.
    Soon,
    /// Not before this has passed.
    After(Duration),
    /// It would fail alike: it is a dead letter at once.
    Never,
}

/// A server may ask for more patience than anybody has.
const LONGEST_WAIT: Duration = Duration::from_secs(6 * 60 * 60);
/// What [`Job::gives_way`] comes to in the queue, where the least is first.
const GIVING_WAY: i32 = 10;

impl JobError {
    /// Says why in a sentence that was written by a programmer.
    #[must_use]
    pub fn because(why: &'static str) -> Self {
        Self::of(why.to_owned())
    }

    fn of(why: String) -> Self {
        let next = NextTry::Soon;
        Self { why, next }
    }

    /// Says what failed, and the kind of fault. The kind must not hold what was sent or received.
    #[must_use]
    pub fn with_kind(what: &'static str, kind: impl fmt::Display) -> Self {
        Self::of(format!("{what}: {kind}"))
    }
}

impl fmt::Display for JobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

/// The queue stores errors in this form.
impl fmt::Debug for JobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl std::error::Error for JobError {}

impl From<ModelError> for JobError {
    /// Where another try cannot help, there is none; where the server says when, it is then.
    fn from(error: ModelError) -> Self {
        let next = match error.retry_after() {
            _ if !error.retry_helps() => NextTry::Never,
            Some(wait) => NextTry::After(wait.min(LONGEST_WAIT)),
            None => NextTry::Soon,
        };
        let why = error.to_string();
        Self { why, next }
    }
}

impl From<sqlx::Error> for JobError {
    /// The message could hold a row's values; its kind is enough.
    fn from(error: sqlx::Error) -> Self {
        let kind = match &error {
            sqlx::Error::Database(cause) => cause.code().unwrap_or_default().into_owned(),
            sqlx::Error::Io(cause) => cause.kind().to_string(),
            sqlx::Error::PoolTimedOut => "no connection in time".to_owned(),
            sqlx::Error::RowNotFound => "a row is missing".to_owned(),
            _ => "not reachable".to_owned(),
        };
        Self::with_kind("the database", kind)
    }
}

/// Returns every job that this release knows.
#[must_use]
pub fn all() -> Registry {
    Registry::default()
        .with::<memory::jobs::Remember>()
        .with::<memory::jobs::EmbedMemories>()
        .with::<memory::catch_up::CatchUp>()
        .with::<KeepRetention>()
        .with::<ReadDocument>()
        .with::<EmbedPassages>()
        .with::<TidyDocuments>()
}

/// Stores a job; it is carried out once the transaction has committed.
///
/// # Errors
/// When the database fails.
pub async fn enqueue<J: Job>(connection: &mut PgConnection, job: &J) -> sqlx::Result<()> {
    insert(connection, job, None).await
}

/// Stores a job that waits until then.
///
/// # Errors
/// When the database fails.
pub async fn enqueue_at<J: Job>(
    connection: &mut PgConnection,
    job: &J,
    at: DateTime<Utc>,
) -> sqlx::Result<()> {
    insert(connection, job, Some(at)).await
}

async fn insert<J: Job>(
    connection: &mut PgConnection,
    job: &J,
    at: Option<DateTime<Utc>>,
) -> sqlx::Result<()> {
    // The queue brings its own schema, so these statements cannot be checked against ours at compile time.
    if let Some(key) = job.key() {
        letters::drop_dead_of(connection, &key).await?;
    }
    sqlx::query(
        "SELECT graphile_worker.add_job($1, $2::json, queue_name => $3, run_at => $4, max_attempts => $5, job_key => $6, priority => $7)",
    )
    .bind(J::NAME)
    .bind(sqlx::types::Json(job))
    .bind(job.lane())
    .bind(at)
    .bind(i32::from(J::ATTEMPTS))
    .bind(job.key())
    .bind(if job.gives_way() { GIVING_WAY } else { 0 })
    .execute(connection)
    .await?;
    Ok(())
}

/// Stores a repeated job to be done now.
async fn insert_repeated(
    connection: &mut PgConnection,
    name: &str,
    attempts: i16,
) -> sqlx::Result<()> {
    sqlx::query("SELECT graphile_worker.add_job($1, '{}', queue_name => $1, max_attempts => $2, job_key => $1)")
        .bind(name)
        .bind(i32::from(attempts))
        .execute(connection)
        .await?;
    Ok(())
}

/// Brings the queue's tables up to this release.
///
/// # Errors
/// When the database fails, or holds tables of a release that this one does not know.
pub async fn migrate(pool: &PgPool) -> anyhow::Result<()> {
    graphile_worker::WorkerUtils::new(pool.clone(), SCHEMA.to_owned())
        .migrate()
        .await?;
    Ok(())
}
