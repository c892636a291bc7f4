//! What every handler can ask for.

use std::sync::Arc;

use axum::extract::FromRef;
use sqlx::PgPool;

use crate::auth::{AccessKeys, PasswordHasher};
use crate::clock::Clock;
use crate::config::Config;
use crate::content::ContentKeys;
use crate::documents::Documents;
use crate::health::Readiness;
use crate::livekit::LiveKit;
use crate::models::Models;
use crate::rate_limits::RateLimits;
use crate::voices::Voices;

/// The parts of the server; cheap to clone.
#[derive(Debug, Clone, FromRef)]
pub struct AppState {
    /// Postgres.
    pub pool: PgPool,
    /// The configuration.
    pub config: Arc<Config>,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
    /// The keys of words at rest.
    pub keys: Arc<ContentKeys>,
    /// The LiveKit server.
    pub livekit: Arc<LiveKit>,
    /// What reads, writes and compares texts.
    pub models: Models,
    /// What learners uploaded, on the disk, and who reads it.
    pub documents: Arc<Documents>,
    /// The voices that learners choose from.
    pub voices: Arc<Voices>,
    /// How often one may ask.
    pub limits: Arc<RateLimits>,
    /// Signs and checks access tokens.
    pub access_keys: Arc<AccessKeys>,
    /// Hashes passwords off the async threads.
    pub passwords: Arc<PasswordHasher>,
    /// Says whether everything around us is well.
    pub readiness: Arc<Readiness>,
}

impl AppState {
    /// Reads the key files and puts the parts together. Nothing is asked over the network yet.
    ///
    /// # Errors
    /// A sentence about a key file that is missing or cannot be used.
    pub fn new(config: Config, pool: PgPool, clock: Arc<dyn Clock>) -> anyhow::Result<Self> {
        let keys = Arc::new(ContentKeys::load(&config.content.key_file)?);
        let access_keys = Arc::new(AccessKeys::load(
            &config.auth,
            config.http.public_api_url.as_str(),
        )?);
        let livekit = Arc::new(LiveKit::of(&config.livekit));
        Ok(Self {
            models: Models::of(&config),
            documents: Arc::new(Documents::of(&config.documents)),
            voices: Arc::new(Voices::of(&config)?),
            limits: Arc::new(RateLimits::new(&config.limits)),
            passwords: Arc::new(PasswordHasher::new(config.auth.concurrent_hashes)),
            readiness: Arc::new(Readiness::new(
                pool.clone(),
                livekit.clone(),
                &config.realtime,
            )),
            config: Arc::new(config),
            pool,
            clock,
            keys,
            livekit,
            access_keys,
        })
    }
}
