//! Durable jobs: what must be done once a transaction has committed, whatever happens to this process.
//!
//! A job is a value that is stored as JSON (ids, never words) and carried out by any `avaaz serve`. It may be carried out
//! twice, so it must be safe to repeat. One that fails is tried again after 3 s, 7 s, 20 s and so on up to six hours; after
//! its last attempt it is a dead letter, which `avaaz jobs` shows. To add one: implement [`Job`], name it in [`all`], and
//! call [`enqueue`] in the transaction that makes it necessary.
//!
//! The queue is `graphile_worker` (`docs/decisions/jobs.md`); only this folder knows it.

mod letters;
mod worker;

use std::fmt;

use avaaz_models::ModelError;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::{PgConnection, PgPool};

use crate::app::AppState;
use crate::documents::ingest::{EmbedPassages, ReadDocument, TidyDocuments};
use crate::memory;
use crate::my_data::daily::KeepRetention;

pub use letters::{Counts, DeadLetter, counts, dead_letters, drop_dead, forget, retry_dead};
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

    /// Carries it out. It is dropped when the server is told for the second time to stop, and begun again elsewhere.
    fn run(self, app: AppState) -> impl Future<Output = Result<(), JobError>> + Send;
}

/// Why a job could not be done now. It is stored with the job and logged: it holds no words of a learner.
pub struct JobError(String);

impl JobError {
    /// Says why in a sentence that was written by a programmer.
    #[must_use]
    pub fn because(why: &'static str) -> Self {
        Self(why.to_owned())
    }

    /// Says what failed, and the kind of fault. The kind must not hold what was sent or received.
    #[must_use]
    pub fn with_kind(what: &'static str, kind: impl fmt::Display) -> Self {
        Self(format!("{what}: {kind}"))
    }
}

impl fmt::Display for JobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The queue stores errors in this form.
impl fmt::Debug for JobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for JobError {}

impl From<ModelError> for JobError {
    fn from(error: ModelError) -> Self {
        Self(error.to_string())
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
    // The queue brings its own schema, so this statement cannot be checked against ours at compile time.
    sqlx::query(
        "SELECT graphile_worker.add_job($1, $2::json, queue_name => $3, run_at => $4, max_attempts => $5, job_key => $6)",
    )
    .bind(J::NAME)
    .bind(sqlx::types::Json(job))
    .bind(job.lane())
    .bind(at)
    .bind(i32::from(J::ATTEMPTS))
    .bind(job.key())
    .execute(connection)
    .await?;
    Ok(())
}

/// Stores a repeated job to be done now.
async fn insert_repeated(connection: &mut PgConnection, name: &str) -> sqlx::Result<()> {
    sqlx::query("SELECT graphile_worker.add_job($1, '{}', queue_name => $1, job_key => $1)")
        .bind(name)
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
