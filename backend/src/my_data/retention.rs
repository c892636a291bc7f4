//! Erases what is older than the configuration keeps it: once a day by the server, or at once by `avaaz retention`.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgPool;

use super::Kind;
use crate::config::RetentionConfig;

/// How many rows one statement erases: its locks are held for milliseconds.
const BATCH: i64 = 500;

/// The kinds that age. What depends on one of them goes with it.
const AGEING: &[Kind] = &[
    Kind::Conversations,
    Kind::Usage,
    Kind::Memories,
    Kind::RetiredMemories,
    Kind::Documents,
];

/// What one rule came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Aged {
    /// What it is about.
    pub kind: Kind,
    /// How many days it is kept.
    pub days: u32,
    /// How many are older than that: left in a dry run, erased otherwise.
    pub count: u64,
}

/// Counts what is older than it may be, and erases nothing.
///
/// # Errors
/// When the database fails.
pub async fn find(
    pool: &PgPool,
    config: &RetentionConfig,
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<Aged>> {
    let mut found = Vec::new();
    for (kind, days) in rules(config) {
        let count = count(pool, kind, before(now, days)).await?;
        found.push(Aged {
            kind,
            days,
            count: u64::try_from(count).unwrap_or_default(),
        });
    }
    Ok(found)
}

/// Erases what is older than it may be. Several processes may do it at once, and it may be interrupted and begun again.
///
/// # Errors
/// When the database fails; what was erased until then stays so.
pub async fn erase(
    pool: &PgPool,
    config: &RetentionConfig,
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<Aged>> {
    let mut erased = Vec::new();
    for (kind, days) in rules(config) {
        let mut aged = Aged {
            kind,
            days,
            count: 0,
        };
        loop {
            let count = erase_some(pool, kind, before(now, days)).await?;
            aged.count += count;
            if count == 0 {
                break;
            }
            // Learners who talk come first.
            tokio::task::yield_now().await;
        }
        erased.push(aged);
    }
    Ok(erased)
}

fn rules(config: &RetentionConfig) -> impl Iterator<Item = (Kind, u32)> {
    AGEING
        .iter()
        .filter_map(|kind| Some((*kind, config.days_of(*kind)?)))
}

fn before(now: DateTime<Utc>, days: u32) -> DateTime<Utc> {
    now - TimeDelta::days(i64::from(days))
}

async fn count(pool: &PgPool, kind: Kind, before: DateTime<Utc>) -> sqlx::Result<i64> {
    match kind {
        Kind::Conversations => {
            sqlx::query_scalar!(
                r#"SELECT count(*) AS "count!" FROM conversations WHERE ended_at < $1"#,
                before
            )
            .fetch_one(pool)
            .await
        }
        Kind::Usage => {
            sqlx::query_scalar!(
                r#"SELECT count(*) AS "count!" FROM usage_entries WHERE happened_at < $1"#,
                before
            )
            .fetch_one(pool)
            .await
        }
        Kind::Memories => {
            sqlx::query_scalar!(
                r#"SELECT count(*) AS "count!" FROM memories WHERE kind <> 'summary' AND retired_at IS NULL AND confirmed_at < $1"#,
                before
            )
            .fetch_one(pool)
            .await
        }
        Kind::RetiredMemories => {
            sqlx::query_scalar!(
                r#"SELECT count(*) AS "count!" FROM memories WHERE kind <> 'summary' AND retired_at < $1"#,
                before
            )
            .fetch_one(pool)
            .await
        }
        Kind::Documents => {
            sqlx::query_scalar!(
                r#"SELECT count(*) AS "count!" FROM documents WHERE created_at < $1"#,
                before
            )
            .fetch_one(pool)
            .await
        }
        Kind::Account
        | Kind::SignIns
        | Kind::Sessions
        | Kind::Turns
        | Kind::Summaries
        | Kind::Passages => Ok(0),
    }
}

async fn erase_some(pool: &PgPool, kind: Kind, before: DateTime<Utc>) -> sqlx::Result<u64> {
    let erased = match kind {
        // Ids sort by time, so the oldest are found first.
        Kind::Conversations => {
            sqlx::query!(
                "DELETE FROM conversations WHERE id IN (
                     SELECT id FROM conversations WHERE ended_at < $1 ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED)",
                before,
                BATCH
            )
            .execute(pool)
            .await?
        }
        Kind::Usage => {
            sqlx::query!(
                "DELETE FROM usage_entries WHERE id IN (
                     SELECT id FROM usage_entries WHERE happened_at < $1 ORDER BY happened_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
                before,
                BATCH
            )
            .execute(pool)
            .await?
        }
        Kind::Memories => {
            sqlx::query!(
                "DELETE FROM memories WHERE id IN (
                     SELECT id FROM memories WHERE kind <> 'summary' AND retired_at IS NULL AND confirmed_at < $1
                     ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED)",
                before,
                BATCH
            )
            .execute(pool)
            .await?
        }
        Kind::RetiredMemories => {
            sqlx::query!(
                "DELETE FROM memories WHERE id IN (
                     SELECT id FROM memories WHERE kind <> 'summary' AND retired_at < $1
                     ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED)",
                before,
                BATCH
            )
            .execute(pool)
            .await?
        }
        // Their files are removed by the job that tidies the folder.
        Kind::Documents => {
            sqlx::query!(
                "DELETE FROM documents WHERE id IN (
                     SELECT id FROM documents WHERE created_at < $1 ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED)",
                before,
                BATCH
            )
            .execute(pool)
            .await?
        }
        Kind::Account
        | Kind::SignIns
        | Kind::Sessions
        | Kind::Turns
        | Kind::Summaries
        | Kind::Passages => {
            return Ok(0);
        }
    };
    Ok(erased.rows_affected())
}
