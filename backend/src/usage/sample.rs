//! What samples of voices cost: no conversation's, but the learner's who asked for one.

use avaaz_agent::host::UsageRecord;
use avaaz_tutor::Spending;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use sqlx::PgPool;
use uuid::Uuid;

use super::prices::PriceTable;
use super::store::{self, Since};
use crate::config::SpendingConfig;

/// Returns whether the learner's cap on money for today, or everybody's, is used up.
///
/// # Errors
/// When the database fails.
pub async fn is_all_spent(
    pool: &PgPool,
    spending: &SpendingConfig,
    learner: Uuid,
    zone: Tz,
) -> sqlx::Result<bool> {
    if !spending.caps.limit_money() {
        return Ok(false);
    }
    let mut connection = pool.acquire().await?;
    let since = Since::today(Utc::now(), zone);
    // It is in no conversation: that cap does not count.
    let spent = store::money_spent(&mut connection, Uuid::nil(), learner, since).await?;
    Ok(spending.caps.spending(spent) == Some(Spending::All))
}

/// Writes an account with its price.
///
/// # Errors
/// When the database fails.
pub async fn record(
    pool: &PgPool,
    prices: &PriceTable,
    learner: Uuid,
    account: &UsageRecord,
) -> sqlx::Result<()> {
    let day = DateTime::<Utc>::from(account.at).date_naive();
    let cost = prices.cost_micros(&account.provider, &account.model, day, &account.usage);
    let mut connection = pool.acquire().await?;
    store::insert_without_conversation(&mut connection, learner, account, cost).await
}
