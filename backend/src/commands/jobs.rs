//! `avaaz jobs`

use crate::config::{DatabaseConfig, Env};
use crate::{database, jobs};

/// How many dead letters are printed.
const SHOWN: i64 = 100;

/// What can be said after `jobs`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Lets jobs that could not be done be tried again from the beginning.
    Retry(Which),
    /// Forgets jobs that could not be done.
    Drop(Which),
}

#[derive(Debug, clap::Args)]
struct Which {
    /// Their numbers.
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    ids: Vec<i64>,
    /// All of them.
    #[arg(long)]
    all: bool,
}

impl Which {
    fn ids(&self) -> Option<&[i64]> {
        (!self.all).then_some(&self.ids)
    }
}

/// Shows the queue, or changes what could not be done.
///
/// # Errors
/// A sentence about the database.
pub async fn main(env: &Env, arguments: Arguments) -> anyhow::Result<()> {
    let pool = database::pool(&DatabaseConfig::read_alone(env)?)?;
    match arguments.what {
        None => {}
        Some(What::Retry(which)) => {
            let retried = jobs::retry_dead(&pool, which.ids()).await?;
            println!("{retried} jobs are tried again.");
        }
        Some(What::Drop(which)) => {
            let dropped = jobs::drop_dead(&pool, which.ids()).await?;
            println!("{dropped} jobs are forgotten.");
        }
    }
    let counts = jobs::counts(&pool).await?;
    println!(
        "{} wait, {} are being carried out, {} could not be done.",
        counts.waiting, counts.running, counts.dead
    );
    for letter in jobs::dead_letters(&pool, SHOWN).await? {
        println!(
            "{:>8}  {:<24} {} attempts, last at {}: {}",
            letter.id,
            letter.job,
            letter.attempts,
            letter.updated_at.format("%Y-%m-%d %H:%M:%S UTC"),
            letter.last_error.as_deref().unwrap_or("no reason is known")
        );
    }
    Ok(())
}
