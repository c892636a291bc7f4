//! The limits on minutes and on money.

use std::time::Duration;

use crate::Moment;

/// So long before the limit the tutor begins to say goodbye.
const NOTICE: Duration = Duration::from_secs(60);

/// Once the money is spent, a goodbye that does not come is not waited for any longer.
const GOODBYE_TAKES_AT_MOST: Duration = Duration::from_secs(30);

/// How much is spent of what a conversation may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spending {
    /// Not much is left: it is time to come to an end.
    NearlyAll,
    /// All of it: one more reply to say goodbye, unless that was said.
    All,
}

/// The one reply that may still be given once all is spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LastReply {
    /// All is not spent yet.
    NotYet,
    Owed,
    Begun,
}

/// How long the conversation may still take, and whether it may still cost something.
#[derive(Debug)]
pub(crate) struct Allowance {
    limit: Moment,
    notice: Moment,
    /// Whether the tutor was told.
    told: bool,
    last_reply: LastReply,
}

impl Allowance {
    pub(crate) fn new(left: Duration, now: Moment) -> Self {
        let limit = now.saturating_add(left);
        // A very short allowance is not all goodbye.
        Self {
            limit,
            notice: limit.saturating_sub(NOTICE.min(left / 2)),
            told: false,
            last_reply: LastReply::NotYet,
        }
    }

    /// Notes that little is left to be spent. Returns whether the tutor has to be told: it is told once, of time or money.
    pub(crate) fn nearly_spent(&mut self) -> bool {
        !std::mem::replace(&mut self.told, true)
    }

    /// Notes that all is spent and one more reply is owed.
    pub(crate) fn spent(&mut self, now: Moment) {
        self.told = true;
        if self.last_reply == LastReply::NotYet {
            self.last_reply = LastReply::Owed;
            self.limit = self.limit.min(now.saturating_add(GOODBYE_TAKES_AT_MOST));
        }
    }

    /// Notes that a reply begins. Returns whether it is the last one.
    pub(crate) fn reply_begins(&mut self) -> bool {
        let last = self.last_reply == LastReply::Owed;
        if last {
            self.last_reply = LastReply::Begun;
        }
        last
    }

    pub(crate) fn last_reply(&self) -> LastReply {
        self.last_reply
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
