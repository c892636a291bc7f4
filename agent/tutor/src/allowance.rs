//! The limit on minutes.

use std::time::Duration;

use crate::Moment;

/// So long before the limit the tutor begins to say goodbye.
const NOTICE: Duration = Duration::from_secs(60);

/// How long the conversation may still take.
#[derive(Debug)]
pub(crate) struct Allowance {
    limit: Moment,
    notice: Moment,
    /// Whether the tutor was told.
    told: bool,
}

impl Allowance {
    pub(crate) fn new(left: Duration, now: Moment) -> Self {
        let limit = now.saturating_add(left);
        // A very short allowance is not all goodbye.
        Self {
            limit,
            notice: limit.saturating_sub(NOTICE.min(left / 2)),
            told: false,
        }
    }

    /// Returns when the time is up.
    pub(crate) fn limit(&self) -> Moment {
        self.limit
    }

    /// Returns when the tutor has to be told; `None` once it was.
    pub(crate) fn notice(&self) -> Option<Moment> {
        (!self.told).then_some(self.notice)
    }

    /// Returns true once, when it is time to tell the tutor.
    pub(crate) fn take_notice(&mut self, now: Moment) -> bool {
        let due = !self.told && now >= self.notice && now < self.limit;
        self.told |= due;
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notice_is_given_once_a_minute_before_the_end() {
        let mut allowance = Allowance::new(Duration::from_secs(600), Duration::from_secs(100));
        assert!(!allowance.take_notice(Duration::from_secs(639)));
        assert!(allowance.take_notice(Duration::from_secs(640)));
        assert!(!allowance.take_notice(Duration::from_secs(641)));
        assert_eq!(allowance.limit(), Duration::from_secs(700));
    }

    #[test]
    fn a_short_allowance_is_not_all_goodbye() {
        let allowance = Allowance::new(Duration::from_secs(30), Duration::ZERO);
        assert_eq!(allowance.notice(), Some(Duration::from_secs(15)));
    }

    #[test]
    fn an_endless_allowance_does_not_overflow() {
        let allowance = Allowance::new(Duration::MAX, Duration::from_secs(5));
        assert_eq!(allowance.limit(), Duration::MAX);
    }
}
