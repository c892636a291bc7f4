//! How long a provider may be silent while something is due of it, learned from how long it took so far.
//!
//! As TCP finds its retransmission timeout (RFC 6298): the smoothed time of past answers and four times their variation, and a
//! doubling after each time that it was wrong. So a fast provider that hangs is noticed soon, and a slow one is left to think.

use std::time::Duration;

/// Before anything is known of a provider.
const AT_FIRST: Duration = Duration::from_secs(6);
/// However fast it was: a model may think, and another session costs a connection.
const LEAST: Duration = Duration::from_millis(3_500);
/// However slow it was.
const MOST: Duration = Duration::from_secs(15);
/// What is noticed late is noticed by other means, too.
const MOST_FOR_A_NOTICE: Duration = Duration::from_secs(60);

/// Learns how soon a provider answers, and how soon it notices speech. One for a conversation.
#[derive(Debug, Default)]
pub(crate) struct ReplyTimer {
    /// The smoothed time and the smoothed variation, once there was an answer.
    known: Option<(Duration, Duration)>,
    /// How often in a row it was given up too soon, or rightly.
    given_up: u32,
    /// How often it was thought not to notice speech.
    unnoticed: u32,
}

impl ReplyTimer {
    /// An answer began so long after it was due.
    pub(crate) fn answered(&mut self, took: Duration) {
        let took = took.min(MOST);
        self.given_up = 0;
        self.known = Some(match self.known {
            None => (took, took / 2),
            Some((smoothed, variation)) => (
                smoothed * 7 / 8 + took / 8,
                variation * 3 / 4 + smoothed.abs_diff(took) / 4,
            ),
        });
    }

    /// Returns after how long a silence a provider that owes an answer is thought to hang.
    pub(crate) fn answers_within(&self) -> Duration {
        let within = self.known.map_or(AT_FIRST, |(smoothed, variation)| {
            (smoothed + variation * 4).clamp(LEAST, MOST)
        });
        within.saturating_mul(1 << self.given_up.min(8)).min(MOST)
    }

    /// It was thought to hang.
    pub(crate) fn gave_up(&mut self) {
        self.given_up = self.given_up.saturating_add(1);
    }

    /// Returns after how long a silence a provider that ought to notice something within this time is thought to hang.
    pub(crate) fn notices_within(&self, at_first: Duration) -> Duration {
        at_first
            .saturating_mul(1 << self.unnoticed.min(8))
            .min(MOST_FOR_A_NOTICE)
    }

    /// It was thought not to notice speech; what our ear took for speech may be none.
    pub(crate) fn did_not_notice(&mut self) {
        self.unnoticed = self.unnoticed.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_provider_that_answers_at_once_is_soon_missed() {
        let mut timer = ReplyTimer::default();
        assert_eq!(timer.answers_within(), AT_FIRST);
        for took in [700, 500, 600, 550] {
            timer.answered(ms(took));
        }
        assert_eq!(timer.answers_within(), LEAST);
    }

    #[test]
    fn a_provider_that_takes_its_time_is_given_it() {
        let mut timer = ReplyTimer::default();
        for took in [4_000, 7_000, 5_000, 8_000] {
            timer.answered(ms(took));
        }
        assert!(timer.answers_within() > ms(9_000), "{timer:?}");
        timer.answered(Duration::MAX);
        assert!(timer.answers_within() <= MOST);
    }

    #[test]
    fn who_was_given_up_is_given_twice_the_time_until_it_answers() {
        let mut timer = ReplyTimer::default();
        timer.answered(ms(500));
        timer.gave_up();
        assert_eq!(timer.answers_within(), LEAST * 2);
        assert_eq!(timer.notices_within(ms(2_000)), ms(2_000));
        for _ in 0..40 {
            timer.gave_up();
            timer.did_not_notice();
        }
        assert_eq!(timer.answers_within(), MOST);
        assert_eq!(timer.notices_within(ms(2_000)), MOST_FOR_A_NOTICE);
        timer.answered(ms(500));
        assert_eq!(timer.answers_within(), LEAST);
    }
}
