//! What waits, and what could not be done: read from the queue's own view, changed by its own functions.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::NextTry;

/// How many jobs there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct Counts {
    /// Not begun, or to be tried again.
    pub waiting: i64,
    /// Being carried out.
    pub running: i64,
    /// Tried for the last time.
    pub dead: i64,
}

/// A job that was tried for the last time.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct DeadLetter {
    /// Its number.
    pub id: i64,
    /// Which job it is.
    pub job: String,
    /// How often it was tried.
    pub attempts: i16,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
    /// When it was stored.
    pub created_at: DateTime<Utc>,
    /// When it was tried last.
    pub updated_at: DateTime<Utc>,
}

/// Counts the jobs.
///
/// # Errors
/// When the database fails.
pub async fn counts(pool: &PgPool) -> sqlx::Result<Counts> {
    sqlx::query_as(
        "SELECT count(*) FILTER (WHERE locked_at IS NULL AND attempts < max_attempts) AS waiting,
                count(*) FILTER (WHERE locked_at IS NOT NULL) AS running,
                count(*) FILTER (WHERE locked_at IS NULL AND attempts >= max_attempts) AS dead
         FROM graphile_worker.jobs",
    )
    .fetch_one(pool)
    .await
}

/// Returns the dead letters, the newest first.
///
/// # Errors
/// When the database fails.
pub async fn dead_letters(pool: &PgPool, limit: i64) -> sqlx::Result<Vec<DeadLetter>> {
    sqlx::query_as(
        "SELECT id, task_identifier AS job, attempts, last_error, created_at, updated_at
         FROM graphile_worker.jobs WHERE locked_at IS NULL AND attempts >= max_attempts
         ORDER BY updated_at DESC, id DESC LIMIT $1",
    )
    .bind(limit)
    .fetch_all(pool)
    .await
}

/// Lets dead letters be tried again from the beginning: these, or all. Returns how many.
///
/// # Errors
/// When the database fails.
pub async fn retry_dead(pool: &PgPool, ids: Option<&[i64]>) -> sqlx::Result<u64> {
    let ids = dead_among(pool, ids).await?;
    sqlx::query("SELECT graphile_worker.reschedule_jobs($1, run_at => now(), attempts => 0)")
        .bind(&ids)
        .execute(pool)
        .await
        .map(|done| done.rows_affected())
}

/// Forgets dead letters: these, or all. Returns how many.
///
/// # Errors
/// When the database fails.
pub async fn drop_dead(pool: &PgPool, ids: Option<&[i64]>) -> sqlx::Result<u64> {
    let ids = dead_among(pool, ids).await?;
    sqlx::query("SELECT graphile_worker.complete_jobs($1)")
        .bind(&ids)
        .execute(pool)
        .await
        .map(|done| done.rows_affected())
}

/// Forgets the dead letter of a job that is stored again.
///
/// # Errors
/// When the database fails.
pub(super) async fn drop_dead_of(connection: &mut PgConnection, key: &str) -> sqlx::Result<()> {
    sqlx::query(
        "SELECT graphile_worker.complete_jobs(ARRAY(
             SELECT id FROM graphile_worker.jobs WHERE key = $1 AND locked_at IS NULL AND attempts >= max_attempts))",
    )
    .bind(key)
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets every job with this in a field of its value, but those that are being carried out: for whoever erases what the value names.
///
/// # Errors
/// When the database fails.
pub async fn forget(connection: &mut PgConnection, field: &str, id: Uuid) -> sqlx::Result<u64> {
    // The view leaves the values out.
    sqlx::query(
        "SELECT graphile_worker.complete_jobs(ARRAY(
             SELECT id FROM graphile_worker._private_jobs WHERE payload ->> $1 = $2))",
    )
    .bind(field)
    .bind(id.to_string())
    .execute(connection)
    .await
    .map(|done| done.rows_affected())
}

/// Returns those of the keys that need no job: one waits or is being carried out, or one died since `dead_since` ago.
///
/// # Errors
/// When the database fails.
pub async fn taken_care_of(
    pool: &PgPool,
    keys: &[String],
    dead_since: Duration,
) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar(
        "SELECT key FROM graphile_worker.jobs
         WHERE key = ANY($1) AND (locked_at IS NOT NULL OR attempts < max_attempts
                                  OR updated_at > now() - make_interval(secs => $2))",
    )
    .bind(keys)
    .bind(dead_since.as_secs_f64())
    .fetch_all(pool)
    .await
}

/// Notes, before the queue notes that a job failed, when it may be tried again. The queue adds its own pause to that.
///
/// # Errors
/// When the database fails.
pub(super) async fn note_failure(
    pool: &PgPool,
    id: i64,
    worker: &str,
    next: NextTry,
) -> sqlx::Result<()> {
    let wait = match next {
        NextTry::After(wait) => wait,
        NextTry::Soon | NextTry::Never => Duration::ZERO,
    };
    sqlx::query(
        "UPDATE graphile_worker._private_jobs
         SET updated_at = now(), run_at = greatest(run_at, now() + make_interval(secs => $3)),
             attempts = CASE WHEN $4 THEN max_attempts ELSE attempts END
         WHERE id = $1 AND locked_by = $2",
    )
    .bind(id)
    .bind(worker)
    .bind(wait.as_secs_f64())
    .bind(next == NextTry::Never)
    .execute(pool)
    .await?;
    Ok(())
}

async fn dead_among(pool: &PgPool, ids: Option<&[i64]>) -> sqlx::Result<Vec<i64>> {
    sqlx::query_scalar(
        "SELECT id FROM graphile_worker.jobs
         WHERE locked_at IS NULL AND attempts >= max_attempts AND ($1::bigint[] IS NULL OR id = ANY($1))",
    )
    .bind(ids)
    .fetch_all(pool)
    .await
}
