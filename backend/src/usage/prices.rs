//! What tokens cost: a table of models, days and prices.

use avaaz_tutor::Usage;
use chrono::NaiveDate;
use serde::Deserialize;

/// Prices as they were published when this was released. Providers change them: `AVAAZ_PRICES_FILE` replaces the whole table.
const BUILT_IN: &str = include_str!("prices.json");

/// What models cost, and since when.
#[derive(Debug, Clone)]
pub struct PriceTable {
    currency: String,
    prices: Vec<Price>,
}

/// Why a table cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PriceTableError {
    /// It has another shape.
    #[error("it is no table of prices: {0}")]
    Shape(#[from] serde_json::Error),
    /// Nobody is paid for taking tokens.
    #[error("a price of {0} is not a number from 0 to 1000000")]
    Price(String),
}

/// One model's prices from a day on, in millionths of the currency per million tokens.
#[derive(Debug, Clone)]
struct Price {
    model: String,
    from: NaiveDate,
    input_text: u64,
    input_audio: u64,
    cached_input: u64,
    output_text: u64,
    output_audio: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileTable {
    currency: String,
    prices: Vec<FilePrice>,
}

/// In units of the currency per million tokens, as providers publish them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FilePrice {
    model: String,
    from: NaiveDate,
    input_text: f64,
    input_audio: f64,
    cached_input: f64,
    output_text: f64,
    output_audio: f64,
}

impl Default for PriceTable {
    fn default() -> Self {
        Self::parse(BUILT_IN).expect("a test reads the built-in table")
    }
}

impl PriceTable {
    /// Reads a table.
    ///
    /// # Errors
    /// [`PriceTableError`].
    pub fn parse(json: &str) -> Result<Self, PriceTableError> {
        let file: FileTable = serde_json::from_str(json)?;
        let prices = file.prices.into_iter().map(Price::try_from);
        Ok(Self {
            currency: file.currency,
            prices: prices.collect::<Result<_, _>>()?,
        })
    }

    /// Returns the currency of all prices.
    #[must_use]
    pub fn currency(&self) -> &str {
        &self.currency
    }

    /// Returns what usage of a model cost on a day, in millionths of the currency; `None` when the model had no price then.
    /// Our own stand-in costs nothing.
    #[must_use]
    pub fn cost_micros(
        &self,
        provider: &str,
        model: &str,
        day: NaiveDate,
        usage: &Usage,
    ) -> Option<i64> {
        if provider == "simulator" {
            return Some(0);
        }
        let known = self.prices.iter();
        let price = known
            .filter(|price| price.from <= day && is_of(model, &price.model))
            .max_by_key(|price| (price.model.len(), price.from))?;
        Some(price.of(usage))
    }
}

/// Returns whether a model is the one of a price, or a dated release of it (`gpt-realtime-2.1-2026-05-01`).
fn is_of(model: &str, priced: &str) -> bool {
    match model.strip_prefix(priced) {
        Some("") => true,
        Some(rest) => rest.strip_prefix('-').is_some_and(|date| {
            date.len() >= 4
                && date
                    .chars()
                    .all(|letter| letter.is_ascii_digit() || letter == '-')
        }),
        None => false,
    }
}

impl Price {
    /// Accounts say how many tokens in were cached, not of which kind: they are taken from both kinds by their share.
    fn of(&self, usage: &Usage) -> i64 {
        let (text, audio) = (
            u128::from(usage.input_text_tokens),
            u128::from(usage.input_audio_tokens),
        );
        let all_in = text + audio;
        let cached = u128::from(usage.cached_tokens).min(all_in);
        let cached_text = (cached * text).checked_div(all_in).unwrap_or(0);
        let cached_audio = cached - cached_text;
        let micros = (text - cached_text) * u128::from(self.input_text)
            + (audio - cached_audio.min(audio)) * u128::from(self.input_audio)
            + cached * u128::from(self.cached_input)
            + u128::from(usage.output_text_tokens) * u128::from(self.output_text)
            + u128::from(usage.output_audio_tokens) * u128::from(self.output_audio);
        i64::try_from(micros.div_ceil(1_000_000)).unwrap_or(i64::MAX)
    }
}

impl TryFrom<FilePrice> for Price {
    type Error = PriceTableError;

    fn try_from(price: FilePrice) -> Result<Self, PriceTableError> {
        Ok(Self {
            model: price.model,
            from: price.from,
            input_text: micros(price.input_text)?,
            input_audio: micros(price.input_audio)?,
            cached_input: micros(price.cached_input)?,
            output_text: micros(price.output_text)?,
            output_audio: micros(price.output_audio)?,
        })
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the range was looked at"
)]
fn micros(price: f64) -> Result<u64, PriceTableError> {
    if (0.0..=1_000_000.0).contains(&price) {
        Ok((price * 1e6).round() as u64)
    } else {
        Err(PriceTableError::Price(price.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn table() -> PriceTable {
        PriceTable::parse(
            r#"{"currency": "EUR", "prices": [
                {"model": "m", "from": "2026-01-01", "input_text": 1, "input_audio": 10, "cached_input": 0.1, "output_text": 2, "output_audio": 20},
                {"model": "m", "from": "2026-06-01", "input_text": 2, "input_audio": 20, "cached_input": 0.2, "output_text": 4, "output_audio": 40}
            ]}"#,
        )
        .unwrap()
    }

    fn usage() -> Usage {
        Usage {
            input_text_tokens: 100,
            input_audio_tokens: 300,
            cached_tokens: 0,
            output_text_tokens: 50,
            output_audio_tokens: 1000,
        }
    }

    #[test]
    fn every_kind_of_token_has_its_price() {
        let cost = table().cost_micros("openai", "m", day("2026-02-01"), &usage());
        assert_eq!(cost, Some(100 + 3000 + 100 + 20_000));
    }

    #[test]
    fn a_price_holds_from_its_day_on() {
        let table = table();
        let cost = |on| table.cost_micros("openai", "m", day(on), &usage());
        assert_eq!(cost("2025-12-31"), None);
        assert_eq!(cost("2026-05-31"), Some(23_200));
        assert_eq!(cost("2026-06-01"), Some(46_400));
    }

    #[test]
    fn cached_tokens_are_taken_from_both_kinds_by_their_share() {
        let cached = Usage {
            cached_tokens: 200,
            ..usage()
        };
        let cost = table().cost_micros("openai", "m", day("2026-02-01"), &cached);
        assert_eq!(cost, Some(50 + 1500 + 20 + 100 + 20_000));
    }

    #[test]
    fn more_cached_tokens_than_there_are_cost_no_less_than_nothing() {
        let nonsense = Usage {
            cached_tokens: u64::MAX,
            output_audio_tokens: u64::MAX,
            ..Usage::default()
        };
        let cost = table().cost_micros("openai", "m", day("2026-02-01"), &nonsense);
        assert_eq!(cost, Some(i64::MAX));
    }

    #[test]
    fn a_dated_release_costs_what_its_model_does_and_a_sibling_has_no_price() {
        let table = table();
        let cost = |model| table.cost_micros("openai", model, day("2026-02-01"), &usage());
        assert!(cost("m-2026-01-15").is_some());
        assert_eq!(cost("m-mini"), None);
        assert_eq!(cost("other"), None);
        let free = table.cost_micros("simulator", "other", day("2026-02-01"), &usage());
        assert_eq!(free, Some(0));
    }

    #[test]
    fn the_built_in_table_can_be_read_and_a_wrong_one_is_refused() {
        let built_in = PriceTable::default();
        assert_eq!(built_in.currency(), "USD");
        // A cap on money bites with the models that are used unless others are configured.
        for (provider, model) in [
            ("openai", avaaz_agent::realtime::openai::DEFAULT_MODEL),
            ("gemini", avaaz_agent::realtime::gemini::DEFAULT_MODEL),
        ] {
            let cost = built_in.cost_micros(provider, model, day("2026-11-21"), &usage());
            assert!(cost.is_some_and(|cost| cost > 0), "{model}");
        }
        for wrong in [
            "[]",
            r#"{"currency": "EUR"}"#,
            r#"{"currency": "EUR", "prices": [{"model": "m", "from": "2026-01-01", "input_text": -1, "input_audio": 1, "cached_input": 1, "output_text": 1, "output_audio": 1}]}"#,
        ] {
            assert!(PriceTable::parse(wrong).is_err(), "{wrong}");
        }
    }
}
