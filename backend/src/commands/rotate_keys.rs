//! `avaaz rotate-keys`

use crate::config::{ContentConfig, DatabaseConfig, Env};
use crate::content::rotation::{self, Step};
use crate::database;

/// What can be said after `rotate-keys`.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct Arguments {
    /// Takes one step only. Machines that do not share the key file each need it between the steps: copy it after `add` and
    /// after `use`.
    #[arg(long, value_enum)]
    only: Option<Step>,
}

/// Gives the words at rest a new key, while the server serves.
///
/// # Errors
/// A sentence about what is wrong.
pub async fn main(env: &Env, arguments: Arguments) -> anyhow::Result<()> {
    let pool = database::pool(&DatabaseConfig::read_alone(env)?)?;
    let path = ContentConfig::read_alone(env)?.key_file;
    let resealed = rotation::rotate(&pool, &path, arguments.only, rotation::PATIENCE).await;
    pool.close().await;
    let resealed = resealed?;
    println!("{} texts were written anew.", resealed.written);
    if resealed.unreadable > 0 {
        println!(
            "{} texts cannot be read; they stay as they are.",
            resealed.unreadable
        );
    }
    Ok(())
}
