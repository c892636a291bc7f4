//! The pool and the migrations.

use std::str::FromStr as _;
use std::time::Duration;

use anyhow::Context as _;
use secrecy::ExposeSecret as _;
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions as _, Executor as _, PgPool};

use crate::config::DatabaseConfig;
use crate::jobs;

/// All the migrations, in the binary.
pub static MIGRATIONS: Migrator = sqlx::migrate!("../migrations");

/// A process that stands still in the middle of a transaction (its machine sleeps, its network is cut) keeps the rows that it
/// locked for no longer: another runtime has to be able to claim them. It is shorter than a lease lasts.
const STANDS_STILL: &str = "SET idle_in_transaction_session_timeout = '2s'";

/// Returns a pool that connects when it is first used, so that a server starts, and stays, while the database is away.
///
/// # Errors
/// When the address cannot be read.
pub fn pool(config: &DatabaseConfig) -> anyhow::Result<PgPool> {
    let options = PgConnectOptions::from_str(config.url.expose_secret())
        .context("DATABASE_URL cannot be read")?;
    let options = options
        .application_name("avaaz")
        // Statements are logged by nobody: their values are learners' own.
        .disable_statement_logging();
    Ok(PgPoolOptions::new()
        .max_connections(config.max_connections)
        .acquire_timeout(config.acquire_timeout)
        .idle_timeout(Duration::from_secs(10 * 60))
        .after_connect(|connection, _| {
            Box::pin(async move { connection.execute(STANDS_STILL).await.map(drop) })
        })
        .connect_lazy_with(options))
}

/// Brings the schema up to this release. Several processes may do it at once: one does, the others wait.
///
/// # Errors
/// When the database cannot be reached, or holds a schema that this release does not know.
pub async fn migrate(pool: &PgPool) -> anyhow::Result<()> {
    MIGRATIONS
        .run(pool)
        .await
        .context("the database's schema cannot be brought up to this release")?;
    jobs::migrate(pool)
        .await
        .context("the tables of the job queue cannot be brought up to this release")
}
