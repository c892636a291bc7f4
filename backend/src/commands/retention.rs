//! `avaaz retention`

use crate::clock::{Clock as _, SystemClock};
use crate::config::{DatabaseConfig, Env, RetentionConfig};
use crate::database;
use crate::my_data::retention::{self, Aged};

/// What can be said after `retention`.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct Arguments {
    /// Only says what would be erased.
    #[arg(long)]
    dry_run: bool,
}

/// Erases what is older than the configuration keeps it, or says what that would be.
///
/// # Errors
/// A sentence about the configuration or the database.
pub async fn main(env: &Env, arguments: Arguments) -> anyhow::Result<()> {
    let pool = database::pool(&DatabaseConfig::read_alone(env)?)?;
    let config = RetentionConfig::read_alone(env)?;
    let now = SystemClock.now();
    let aged = if arguments.dry_run {
        retention::find(&pool, &config, now).await
    } else {
        retention::erase(&pool, &config, now).await
    };
    pool.close().await;
    print!("{}", said(&aged?, arguments.dry_run));
    Ok(())
}

fn said(aged: &[Aged], is_dry_run: bool) -> String {
    if aged.is_empty() {
        return "Everything is kept until its learner erases it: no AVAAZ_RETENTION_..._DAYS is set.\n"
            .to_owned();
    }
    let happens = if is_dry_run {
        "would be erased"
    } else {
        "erased"
    };
    aged.iter()
        .map(|aged| {
            let Aged { kind, days, count } = aged;
            format!("{kind}, older than {days} days: {count} {happens}\n")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::my_data::Kind;

    #[test]
    fn it_says_what_was_erased_and_what_would_be() {
        let aged = [Aged {
            kind: Kind::Conversations,
            days: 90,
            count: 12,
        }];
        assert_eq!(
            said(&aged, true),
            "conversations, older than 90 days: 12 would be erased\n"
        );
        assert_eq!(
            said(&aged, false),
            "conversations, older than 90 days: 12 erased\n"
        );
        assert!(said(&[], true).contains("kept until"));
    }
}
