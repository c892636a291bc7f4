//! What text models used: summaries, facts, and what is written in place of a voice.

use std::time::SystemTime;

use avaaz_agent::host::UsageRecord;
use avaaz_models::TokenUsage;
use avaaz_tutor::Usage;
use chrono::{DateTime, Utc};
use sqlx::PgPool;
use uuid::Uuid;

use super::prices::PriceTable;
use super::store;

/// Our own stand-in, which costs nothing, under both of its names.
const SIMULATOR: &str = "simulator";
/// Whose account it is, as far as a server of any make tells.
const PROVIDER: &str = "text_model";

/// Returns the account of one answer.
#[must_use]
pub fn account(model: &str, used: TokenUsage) -> UsageRecord {
    let provider = if model == SIMULATOR {
        SIMULATOR
    } else {
        PROVIDER
    };
    UsageRecord {
        id: Uuid::now_v7(),
        turn: None,
        provider: provider.to_owned(),
        model: model.to_owned(),
        usage: Usage {
            input_text_tokens: used.input_tokens,
            cached_tokens: used.cached_tokens,
            output_text_tokens: used.output_tokens,
            ..Usage::default()
        },
        at: SystemTime::now(),
    }
}

/// Writes an account with its price. The same one again changes nothing.
///
/// # Errors
/// When the database fails.
pub async fn record(
    pool: &PgPool,
    prices: &PriceTable,
    conversation: Uuid,
    account: &UsageRecord,
) -> sqlx::Result<()> {
    let day = DateTime::<Utc>::from(account.at).date_naive();
    let cost = prices.cost_micros(&account.provider, &account.model, day, &account.usage);
    let mut connection = pool.acquire().await?;
    store::insert(&mut connection, conversation, account, cost).await
}
