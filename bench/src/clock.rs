//! One clock for this process's instants and the simulator's time stamps.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Turns instants into microseconds since the Unix epoch, as the simulator's timeline counts.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    instant: Instant,
    epoch_us: i64,
}

impl Clock {
    /// Ties both clocks together, now.
    #[must_use]
    pub fn start() -> Self {
        let instant = Instant::now();
        let epoch_us = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| {
                i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
            });
        Self { instant, epoch_us }
    }

    /// Returns when an instant was, in µs since the Unix epoch.
    #[must_use]
    pub fn epoch_us(&self, instant: Instant) -> i64 {
        let after = instant.saturating_duration_since(self.instant).as_micros();
        let before = self.instant.saturating_duration_since(instant).as_micros();
        self.epoch_us + i64::try_from(after).unwrap_or(i64::MAX)
            - i64::try_from(before).unwrap_or(i64::MAX)
    }
}
