//! The task that deletes refresh tokens that are too old.

use std::sync::Arc;
use std::time::Duration;

use sqlx::PgPool;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::store;
use crate::clock::Clock;

const EVERY: Duration = Duration::from_secs(60 * 60);

/// Purges every hour until it is told to stop.
pub async fn run(pool: PgPool, clock: Arc<dyn Clock>, stop: CancellationToken) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        match store::purge_expired(&pool, clock.now()).await {
            Ok(0) => {}
            Ok(tokens) => tracing::info!(tokens, "deleted expired refresh tokens"),
            Err(error) => tracing::debug!(%error, "the purge waits for the database"),
        }
    }
}
