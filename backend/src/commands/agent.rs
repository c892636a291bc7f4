//! `avaaz agent`

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::signals;
use crate::config::{Config, Env};
use crate::content::ContentKeys;
use crate::livekit::LiveKit;
use crate::models::Models;
use crate::{agent_runtime, database};

/// Serves conversations only, until it is told to stop.
///
/// # Errors
/// A sentence about what is wrong.
pub async fn main(env: &Env) -> anyhow::Result<()> {
    let config = Config::read(env)?;
    let shutdown = signals::shutdown()?;
    let pool = database::pool(&config.database)?;
    let keys = Arc::new(ContentKeys::load(&config.content.key_file)?);
    let livekit = Arc::new(LiveKit::of(&config.livekit));
    let models = Models::of(&config);
    let runtime = agent_runtime::start(&config, pool.clone(), Arc::clone(&keys), livekit, &models)?;
    // As long as words may still be written, with those keys that the others use.
    let gone = CancellationToken::new();
    let following = tokio::spawn(keys.follow(pool.clone(), gone.clone()));
    tracing::info!("the agent runtime waits for conversations");
    runtime.run(shutdown).await;
    gone.cancel();
    let _ = following.await;
    pool.close().await;
    Ok(())
}
