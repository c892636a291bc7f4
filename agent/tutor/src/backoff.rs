//! How long to wait before the next try.

use std::time::Duration;

/// The first wait, before jitter.
const FIRST: Duration = Duration::from_millis(250);
/// The longest wait, before jitter.
const LONGEST: Duration = Duration::from_secs(15);

/// Doubling waits with jitter. Deterministic for a seed.
#[derive(Debug)]
pub(crate) struct Backoff {
    tries: u32,
    state: u64,
}

impl Backoff {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            tries: 0,
            state: seed,
        }
    }

    /// Returns the next wait: between a half and the whole of a doubling span, so that many who failed together do not come back together.
    pub(crate) fn next(&mut self) -> Duration {
        let span = FIRST.saturating_mul(1 << self.tries.min(10)).min(LONGEST);
        self.tries = self.tries.saturating_add(1);
        span / 2 + (span / 2).mul_f64(self.fraction())
    }

    pub(crate) fn reset(&mut self) {
        self.tries = 0;
    }

    /// The next number of splitmix64, in [0, 1).
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    fn fraction(&mut self) -> f64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^= z >> 31;
        (z >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_limit_and_never_vanish() {
        let mut backoff = Backoff::new(7);
        for n in 0..40 {
            let wait = backoff.next();
            let span = FIRST.saturating_mul(1 << n.min(10)).min(LONGEST);
            assert!(wait >= span / 2 && wait <= span, "{n}: {wait:?}");
        }
    }

    #[test]
    fn two_seeds_wait_differently() {
        assert_ne!(Backoff::new(1).next(), Backoff::new(2).next());
    }
}
