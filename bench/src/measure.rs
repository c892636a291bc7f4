//! Figures: delays as distributions, and what a process costs.

use std::time::Duration;

use anyhow::Context as _;
use hdrhistogram::Histogram;

/// A distribution of delays, in steps of 1 µs.
pub struct Delays(Histogram<u64>);

impl Delays {
    /// Makes an empty one.
    #[must_use]
    pub fn new() -> Self {
        Self(
            Histogram::new_with_bounds(1, 60_000_000, 3)
                .expect("1 µs to 60 s with 3 digits are bounds that it takes"),
        )
    }

    /// Adds one delay.
    pub fn add(&mut self, delay: Duration) {
        self.0
            .saturating_record(u64::try_from(delay.as_micros()).unwrap_or(u64::MAX));
    }

    /// Returns the delay at a quantile (0.5, 0.99) in ms.
    #[must_use]
    pub fn at_ms(&self, quantile: f64) -> f64 {
        Duration::from_micros(self.0.value_at_quantile(quantile)).as_secs_f64() * 1000.0
    }

    /// Returns how many delays it holds.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.len()
    }
}

impl Default for Delays {
    fn default() -> Self {
        Self::new()
    }
}

/// What a process has used so far.
#[derive(Debug, Clone, Copy)]
pub struct Used {
    /// CPU time, user and system.
    pub cpu: Duration,
    /// Resident memory in bytes.
    pub resident_bytes: u64,
}

/// Reads what a process has used so far.
///
/// # Errors
/// When it is gone.
pub fn used(pid: i32) -> anyhow::Result<Used> {
    let stat = procfs::process::Process::new(pid)
        .and_then(|process| process.stat())
        .context("the server is gone")?;
    let ticks = stat.utime + stat.stime;
    Ok(Used {
        cpu: Duration::from_millis(ticks * 1000 / procfs::ticks_per_second()),
        resident_bytes: stat.rss * procfs::page_size(),
    })
}
