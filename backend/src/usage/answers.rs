//! Accounts as the API shows them.

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::domain::Sum;

/// Tokens by kind, and their price.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct UsageAnswer {
    /// Text tokens in.
    pub input_text_tokens: i64,
    /// Audio tokens in.
    pub input_audio_tokens: i64,
    /// Of the tokens in, those that were cached.
    pub cached_tokens: i64,
    /// Text tokens out.
    pub output_text_tokens: i64,
    /// Audio tokens out.
    pub output_audio_tokens: i64,
    /// In millionths of `currency`, at the price of the day; null when no model of it has a price.
    #[schema(required)]
    pub cost_micros: Option<i64>,
    /// The currency of the server's price table.
    pub currency: String,
    /// Models without a price in that table: what they cost is not in `cost_micros`.
    pub unpriced_models: Vec<String>,
}

/// What one day cost.
#[derive(Debug, Serialize, ToSchema)]
pub struct UsageOfDay {
    /// The day, in the learner's time zone.
    pub date: NaiveDate,
    /// What was used.
    #[serde(flatten)]
    pub usage: UsageAnswer,
}

/// What one conversation cost.
#[derive(Debug, Serialize, ToSchema)]
pub struct UsageOfConversation {
    /// Which; null for those that were deleted and for samples of voices, together.
    #[schema(required)]
    pub conversation_id: Option<Uuid>,
    /// What was used.
    #[serde(flatten)]
    pub usage: UsageAnswer,
}

/// What a stretch of days cost.
#[derive(Debug, Serialize, ToSchema)]
pub struct UsageReport {
    /// The first day.
    pub from: NaiveDate,
    /// The last day.
    pub to: NaiveDate,
    /// Where days begin at midnight.
    pub time_zone: String,
    /// All of it.
    pub total: UsageAnswer,
    /// Days on which something was used, in order.
    pub days: Vec<UsageOfDay>,
    /// Conversations, as far as they fall into these days.
    pub conversations: Vec<UsageOfConversation>,
}

impl UsageAnswer {
    /// Returns the answer.
    #[must_use]
    pub fn new(sum: Sum, currency: &str) -> Self {
        Self {
            input_text_tokens: sum.input_text_tokens,
            input_audio_tokens: sum.input_audio_tokens,
            cached_tokens: sum.cached_tokens,
            output_text_tokens: sum.output_text_tokens,
            output_audio_tokens: sum.output_audio_tokens,
            cost_micros: sum.cost_micros,
            currency: currency.to_owned(),
            unpriced_models: sum.unpriced_models.into_iter().collect(),
        }
    }
}
