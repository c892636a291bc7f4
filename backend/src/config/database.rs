use std::time::Duration;

use secrecy::SecretString;

use super::env::Reader;
use super::{ConfigError, Env};

/// Postgres.
#[derive(Debug, Clone)]
pub struct DatabaseConfig {
    /// `DATABASE_URL`; it may hold a password.
    pub url: SecretString,
    /// `AVAAZ_DATABASE_CONNECTIONS`
    pub max_connections: u32,
    /// How long a request waits for a connection before the answer is `database_unavailable`.
    pub acquire_timeout: Duration,
}

impl DatabaseConfig {
    /// Reads this section alone, for commands that need no more.
    ///
    /// # Errors
    /// When `DATABASE_URL` is missing.
    pub fn read_alone(env: &Env) -> Result<Self, ConfigError> {
        let reader = env.reader();
        let section = Self::read(&reader);
        reader.finish(section)
    }

    pub(super) fn read(reader: &Reader<'_>) -> Self {
        let url = reader.required("DATABASE_URL", "give the address of a Postgres with pgvector, or use `avaaz dev`, which brings its own");
        if !url.is_empty() && !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            reader.refuse("DATABASE_URL must begin with postgres:// or postgresql://.");
        }
        Self {
            url: url.into(),
            max_connections: reader.parsed("AVAAZ_DATABASE_CONNECTIONS", 20),
            acquire_timeout: Duration::from_secs(3),
        }
    }
}
