//! The job that finds conversations whose summary was missed: those that a server without this memory served or ended, and those whose
//! job died.

use std::time::Duration;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::jobs::Remember;
use super::store::{self, Behind};
use crate::app::AppState;
use crate::jobs::{self, Job, JobError};

/// How many are summed up for each run. The text model is asked for each.
const MOST: usize = 100;
/// How many are looked at together.
const PAGE: i64 = 200;
/// How long one is left alone that died.
const DEAD_SINCE: Duration = Duration::from_secs(24 * 60 * 60);

/// Lets conversations that have ended without a whole summary be summed up, the newest first.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct CatchUp {}

impl Job for CatchUp {
    const NAME: &'static str = "catch_up_memories";
    const EVERY: Option<&'static str> = Some("37 * * * *");

    async fn run(self, app: AppState) -> Result<(), JobError> {
        let mut late: Vec<Remember> = Vec::new();
        let mut before = None;
        while late.len() < MOST {
            let page = store::behind(&app.pool, before, PAGE).await?;
            let Some(last) = page.last() else { break };
            before = Some(last.conversation);
            late.extend(missed(&app, page).await?);
        }
        late.truncate(MOST);
        if late.is_empty() {
            return Ok(());
        }
        tracing::info!(
            count = late.len(),
            "conversations are summed up that were missed"
        );
        // In the order in which they were held: what was said later stands.
        let (now, mut connection) = (app.clock.now(), app.pool.acquire().await?);
        for (place, job) in (0..).zip(late.iter().rev()) {
            let at = now + TimeDelta::milliseconds(place);
            jobs::enqueue_at(&mut connection, job, at).await?;
        }
        Ok(())
    }
}

/// Returns those of the conversations for which nothing is under way, and nothing died lately.
async fn missed(app: &AppState, behind: Vec<Behind>) -> Result<Vec<Remember>, JobError> {
    let jobs: Vec<Remember> = behind.into_iter().map(Remember::late).collect();
    let keys: Vec<String> = jobs.iter().filter_map(Job::key).collect();
    let taken = jobs::taken_care_of(&app.pool, &keys, DEAD_SINCE).await?;
    let is_missed = |job: &Remember| job.key().is_none_or(|key| !taken.contains(&key));
    Ok(jobs.into_iter().filter(is_missed).collect())
}
