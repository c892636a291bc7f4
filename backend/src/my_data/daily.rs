//! The job that keeps the retention.

use serde::{Deserialize, Serialize};

use super::retention;
use crate::app::AppState;
use crate::jobs::{Job, JobError};

/// Erases what is older than the configuration keeps it; in a dry run it only says how much that would be.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct KeepRetention {}

impl Job for KeepRetention {
    const NAME: &'static str = "keep_retention";
    const EVERY: Option<&'static str> = Some("23 3 * * *");

    async fn run(self, app: AppState) -> Result<(), JobError> {
        let (config, now) = (&app.config.retention, app.clock.now());
        if config.is_dry_run {
            for aged in retention::find(&app.pool, config, now).await? {
                tracing::info!(kind = %aged.kind, aged.days, aged.count, "would be erased, being older than it is kept");
            }
            return Ok(());
        }
        for aged in retention::erase(&app.pool, config, now).await? {
            metrics::counter!("retention_erased_total", "kind" => aged.kind.to_string())
                .increment(aged.count);
            if aged.count > 0 {
                tracing::info!(kind = %aged.kind, aged.days, aged.count, "erased, being older than it is kept");
            }
        }
        Ok(())
    }
}
