//! Whether a service is worth a try: shared by all who use it in a process, so that they do not each find out for themselves.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// So many failures in a row open the circuit.
const FAILURES: u32 = 5;
/// How long nobody tries then, doubled after each probe that fails.
const FIRST_REST: Duration = Duration::from_secs(5);
const LONGEST_REST: Duration = Duration::from_secs(60);
/// A probe that says nothing for so long was given up.
const PROBE_TAKES_AT_MOST: Duration = Duration::from_secs(15);

/// The circuit of one service.
#[derive(Debug, Default)]
pub struct Circuit(Mutex<State>);

#[derive(Debug, Clone, Copy)]
enum State {
    /// Everybody may try.
    Closed { failures: u32 },
    /// Nobody may, until then.
    Open { until: Instant, rest: Duration },
    /// One of us tries.
    HalfOpen { since: Instant, rest: Duration },
}

impl Default for State {
    fn default() -> Self {
        Self::Closed { failures: 0 }
    }
}

impl Circuit {
    /// Returns whether one may try now; whoever may says how it went.
    pub fn lets_through(&self) -> bool {
        let now = Instant::now();
        let mut state = self.state();
        let rest = match *state {
            State::Closed { .. } => return true,
            State::Open { until, rest } if now >= until => rest,
            State::HalfOpen { since, rest } if now >= since + PROBE_TAKES_AT_MOST => rest,
            State::Open { .. } | State::HalfOpen { .. } => return false,
        };
        *state = State::HalfOpen { since: now, rest };
        true
    }

    /// It works.
    pub fn succeeded(&self) {
        *self.state() = State::default();
    }

    /// It does not.
    pub fn failed(&self) {
        let now = Instant::now();
        let mut state = self.state();
        *state = match *state {
            State::Closed { failures } if failures + 1 < FAILURES => State::Closed {
                failures: failures + 1,
            },
            State::Closed { .. } => State::Open {
                until: now + FIRST_REST,
                rest: FIRST_REST,
            },
            State::HalfOpen { rest, .. } => {
                let rest = (rest * 2).min(LONGEST_REST);
                State::Open {
                    until: now + rest,
                    rest,
                }
            }
            // Begun before it opened.
            open @ State::Open { .. } => open,
        };
    }

    /// Returns how much longer nobody tries; nothing while somebody may or does.
    pub fn rests_for(&self) -> Option<Duration> {
        match *self.state() {
            State::Open { until, .. } => until.checked_duration_since(Instant::now()),
            State::Closed { .. } | State::HalfOpen { .. } => None,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn open() -> Circuit {
        let circuit = Circuit::default();
        for _ in 0..FAILURES {
            assert!(circuit.lets_through());
            circuit.failed();
        }
        circuit
    }

    #[tokio::test(start_paused = true)]
    async fn it_opens_after_failures_in_a_row_and_rests() {
        let circuit = open().await;
        assert!(!circuit.lets_through());
        assert_eq!(circuit.rests_for(), Some(FIRST_REST));
        tokio::time::advance(FIRST_REST).await;
        assert!(circuit.lets_through(), "one may try");
        assert_eq!(circuit.rests_for(), None);
        assert!(!circuit.lets_through(), "only one");
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_that_fails_makes_the_rest_longer_and_one_that_succeeds_ends_it() {
        let circuit = open().await;
        tokio::time::advance(FIRST_REST).await;
        assert!(circuit.lets_through());
        circuit.failed();
        tokio::time::advance(FIRST_REST).await;
        assert!(!circuit.lets_through());
        tokio::time::advance(FIRST_REST).await;
        assert!(circuit.lets_through());
        circuit.succeeded();
        assert!(circuit.lets_through() && circuit.lets_through());
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_that_was_given_up_does_not_close_the_way_for_ever() {
        let circuit = open().await;
        tokio::time::advance(FIRST_REST).await;
        assert!(circuit.lets_through());
        tokio::time::advance(PROBE_TAKES_AT_MOST).await;
        assert!(circuit.lets_through());
    }

    #[tokio::test(start_paused = true)]
    async fn a_success_between_failures_keeps_it_closed() {
        let circuit = Circuit::default();
        for _ in 0..3 {
            (1..FAILURES).for_each(|_| circuit.failed());
            circuit.succeeded();
        }
        assert!(circuit.lets_through());
    }
}
