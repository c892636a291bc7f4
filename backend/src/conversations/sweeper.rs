//! The task that looks after conversations that nobody serves.

use std::sync::Arc;
use std::time::Duration;

use sqlx::PgPool;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::{presence, store};
use crate::content::ContentKeys;
use crate::livekit::LiveKit;

const EVERY: Duration = Duration::from_secs(5);

/// Sweeps every few seconds until it is told to stop.
pub async fn run(
    pool: PgPool,
    keys: Arc<ContentKeys>,
    livekit: Arc<LiveKit>,
    stop: CancellationToken,
) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        match Box::pin(presence::sweep(&pool, &livekit)).await {
            Ok(0) => {}
            Ok(ended) => tracing::info!(ended, "ended conversations whose learners are gone"),
            Err(error) => tracing::debug!(%error, "the sweep waits for the database"),
        }
        match store::settle_forgotten(&pool, &keys).await {
            Ok(0) | Err(_) => {}
            Ok(settled) => tracing::info!(settled, "turns whose words never came were settled"),
        }
    }
}
