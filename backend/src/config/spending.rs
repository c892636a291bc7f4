use std::time::Duration;

use super::env::Reader;
use crate::usage::caps::{Cap, Caps};
use crate::usage::prices::PriceTable;

/// What tokens cost, and how much may be spent. Without a word nothing is capped.
#[derive(Debug, Clone, Default)]
pub struct SpendingConfig {
    /// `AVAAZ_PRICES_FILE`, else the built-in table.
    pub prices: PriceTable,
    /// `AVAAZ_MAX_COST_PER_CONVERSATION`, `..._PER_LEARNER_DAY`, `..._PER_DAY` in units of the table's currency, and
    /// `AVAAZ_MAX_MINUTES_PER_CONVERSATION`, `..._PER_LEARNER_DAY`, `..._PER_DAY`.
    pub caps: Caps,
}

impl SpendingConfig {
    pub(super) fn read(reader: &Reader<'_>) -> Self {
        let cap = |of: &str| Cap {
            cost_micros: reader
                .text(&format!("AVAAZ_MAX_COST_PER_{of}"))
                .and_then(|text| money(reader, of, &text)),
            time: minutes(reader, of),
        };
        Self {
            prices: prices(reader),
            caps: Caps {
                conversation: cap("CONVERSATION"),
                learner_day: cap("LEARNER_DAY"),
                day: cap("DAY"),
            },
        }
    }
}

fn prices(reader: &Reader<'_>) -> PriceTable {
    let Some(file) = reader.text("AVAAZ_PRICES_FILE") else {
        return PriceTable::default();
    };
    let read = std::fs::read_to_string(&file).map_err(|error| error.to_string());
    match read.and_then(|json| PriceTable::parse(&json).map_err(|error| error.to_string())) {
        Ok(table) => table,
        Err(error) => {
            reader.refuse(format!(
                "AVAAZ_PRICES_FILE ({file}) cannot be used: {error}."
            ));
            PriceTable::default()
        }
    }
}

fn minutes(reader: &Reader<'_>, of: &str) -> Option<Duration> {
    let minutes: u32 = reader.parsed(&format!("AVAAZ_MAX_MINUTES_PER_{of}"), 0);
    (minutes > 0).then(|| Duration::from_secs(60 * u64::from(minutes)))
}

/// Reads `0.50` as 500000. 0 is no cap, as with the other limits.
fn money(reader: &Reader<'_>, of: &str, text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.chars().all(|letter| letter.is_ascii_digit());
    let micros = (digits(whole) && digits(fraction) && !whole.is_empty() && fraction.len() <= 6)
        .then(|| format!("{whole}{fraction:0<6}").parse::<i64>().ok())
        .flatten();
    if micros.is_none() {
        reader.refuse(format!(
            "AVAAZ_MAX_COST_PER_{of} is {text:?}; it must be an amount such as 0.50."
        ));
    }
    micros.filter(|micros| *micros > 0)
}
