//! `avaaz migrate`

use crate::config::{DatabaseConfig, Env};
use crate::database;

/// Brings the schema up to this release.
///
/// # Errors
/// A sentence about the database.
pub async fn main(env: &Env) -> anyhow::Result<()> {
    let pool = database::pool(&DatabaseConfig::read_alone(env)?)?;
    database::migrate(&pool).await?;
    println!("The database's schema is that of this release.");
    Ok(())
}
