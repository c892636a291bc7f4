//! Which keys the living processes hold: each says so once a second, and a rotation waits for them.

use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::types::PgInterval;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

/// A process that was silent for so long counts no more. What it may write with a dropped key is refused by the database.
const SILENT: PgInterval = PgInterval {
    months: 0,
    days: 0,
    microseconds: 15_000_000,
};
/// How often the processes are looked at while they are waited for.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// Says which keys a process holds, in the order of its file.
pub(super) async fn report(pool: &PgPool, process: Uuid, keys: &[String]) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO content_key_readers (process, key_ids) VALUES ($1, $2)
         ON CONFLICT (process) DO UPDATE SET key_ids = EXCLUDED.key_ids, seen_at = now()",
        process,
        keys
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Forgets a process that has ended, and those that ended without a word long ago.
pub(super) async fn leave(pool: &PgPool, process: Uuid) -> sqlx::Result<()> {
    sqlx::query!(
        "DELETE FROM content_key_readers WHERE process = $1 OR seen_at < now() - interval '1 day'",
        process
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Waits until every living process holds the keys as it should, at most for so long. Returns how many do not.
pub(super) async fn lagging(
    pool: &PgPool,
    patience: Duration,
    as_it_should: impl Fn(&[String]) -> bool,
) -> sqlx::Result<usize> {
    let deadline = Instant::now() + patience;
    loop {
        let living = sqlx::query_scalar!(
            "SELECT key_ids FROM content_key_readers WHERE seen_at > now() - $1::interval",
            SILENT
        )
        .fetch_all(pool)
        .await?;
        let lagging = living.iter().filter(|keys| !as_it_should(keys)).count();
        if lagging == 0 || Instant::now() >= deadline {
            return Ok(lagging);
        }
        sleep(LOOK_AGAIN).await;
    }
}
