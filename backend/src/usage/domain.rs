//! Accounts added up: for a conversation, a day of the learner's, a stretch of days.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use uuid::Uuid;

/// What was used in a quarter of an hour, by one model in one conversation. Days of every time zone begin on a quarter.
#[derive(Debug, Clone)]
pub struct Quarter {
    /// When it began.
    pub began_at: DateTime<Utc>,
    /// The conversation, unless it was deleted.
    pub conversation: Option<Uuid>,
    /// The model.
    pub model: String,
    /// How much.
    pub sum: Sum,
}

/// Accounts added up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sum {
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
    /// What has a price; none when nothing has.
    pub cost_micros: Option<i64>,
    /// Models without a price: the cost is not all of it.
    pub unpriced_models: BTreeSet<String>,
}

/// Accounts of a stretch of days.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// All of them.
    pub total: Sum,
    /// By day in the learner's time zone.
    pub days: BTreeMap<NaiveDate, Sum>,
    /// By conversation; those that were deleted are under none.
    pub conversations: BTreeMap<Option<Uuid>, Sum>,
}

impl Sum {
    /// Adds another.
    pub fn add(&mut self, other: &Self) {
        self.input_text_tokens += other.input_text_tokens;
        self.input_audio_tokens += other.input_audio_tokens;
        self.cached_tokens += other.cached_tokens;
        self.output_text_tokens += other.output_text_tokens;
        self.output_audio_tokens += other.output_audio_tokens;
        if let Some(cost) = other.cost_micros {
            *self.cost_micros.get_or_insert_default() += cost;
        }
        self.unpriced_models
            .extend(other.unpriced_models.iter().cloned());
    }
}

impl Report {
    /// Adds up what was used.
    #[must_use]
    pub fn of(quarters: &[Quarter], zone: Tz) -> Self {
        let mut report = Self::default();
        for quarter in quarters {
            let day = quarter.began_at.with_timezone(&zone).date_naive();
            report.total.add(&quarter.sum);
            report.days.entry(day).or_default().add(&quarter.sum);
            let conversation = report.conversations.entry(quarter.conversation);
            conversation.or_default().add(&quarter.sum);
        }
        report
    }
}

/// Returns when a day begins in a time zone. Where midnight is left out by a change of the clocks, it begins after the gap.
#[must_use]
pub fn beginning_of(day: NaiveDate, zone: Tz) -> DateTime<Utc> {
    let midnight = day.and_time(NaiveTime::MIN);
    (0..=12)
        .find_map(|quarters| {
            let local = midnight + TimeDelta::minutes(15 * quarters);
            local.and_local_timezone(zone).earliest()
        })
        .map_or_else(|| midnight.and_utc(), |begins| begins.to_utc())
}

/// Returns the zone of an account; an unknown one counts as UTC.
#[must_use]
pub fn zone_of(name: &str) -> Tz {
    name.parse().unwrap_or(Tz::UTC)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quarter(began_at: &str, conversation: u128, cost: Option<i64>) -> Quarter {
        Quarter {
            began_at: began_at.parse().unwrap(),
            conversation: Some(Uuid::from_u128(conversation)),
            model: "m".into(),
            sum: Sum {
                output_audio_tokens: 10,
                cost_micros: cost,
                unpriced_models: cost.is_none().then(|| "m".to_owned()).into_iter().collect(),
                ..Sum::default()
            },
        }
    }

    #[test]
    fn a_day_is_one_of_the_learners() {
        let quarters = [
            quarter("2026-11-20T14:45:00Z", 1, Some(5)),
            quarter("2026-11-20T15:00:00Z", 1, Some(7)),
        ];
        let report = Report::of(&quarters, zone_of("Asia/Tokyo"));
        let days: Vec<_> = report
            .days
            .iter()
            .map(|(day, sum)| (day.to_string(), sum.cost_micros))
            .collect();
        assert_eq!(
            days,
            [
                ("2026-11-20".to_owned(), Some(5)),
                ("2026-11-21".to_owned(), Some(7))
            ]
        );
        assert_eq!(report.total.cost_micros, Some(12));
        assert_eq!(report.conversations.len(), 1);
    }

    #[test]
    fn what_has_no_price_is_said_and_not_counted_as_free() {
        let quarters = [
            quarter("2026-11-20T14:45:00Z", 1, None),
            quarter("2026-11-20T15:00:00Z", 2, Some(7)),
        ];
        let report = Report::of(&quarters, Tz::UTC);
        let by_conversation: Vec<_> = report.conversations.values().collect();
        assert_eq!(by_conversation[0].cost_micros, None);
        assert_eq!(report.total.cost_micros, Some(7));
        assert!(report.total.unpriced_models.contains("m"));
    }

    #[test]
    fn a_day_without_a_midnight_begins_after_the_gap() {
        let day = "2018-11-04".parse().unwrap();
        // In Brazil the clocks went from 0:00 to 1:00.
        assert_eq!(
            beginning_of(day, zone_of("America/Sao_Paulo")).to_rfc3339(),
            "2018-11-04T03:00:00+00:00"
        );
        assert_eq!(
            beginning_of(day, zone_of("nowhere")).to_rfc3339(),
            "2018-11-04T00:00:00+00:00"
        );
    }
}
