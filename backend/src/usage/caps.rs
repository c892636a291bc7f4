//! How much may be spent, and how much of it is.

use std::time::Duration;

use avaaz_tutor::Spending;

/// From this part of a cap on, the tutor is told that little is left.
const NEARLY_ALL_PERCENT: i64 = 80;

/// What may be spent on something; none is as much as one likes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cap {
    /// In millionths of the currency of the price table.
    pub cost_micros: Option<i64>,
    /// How long to talk.
    pub time: Option<Duration>,
}

/// What may be spent in all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Caps {
    /// By one conversation.
    pub conversation: Cap,
    /// By one learner in one of their days.
    pub learner_day: Cap,
    /// By everybody in one day (UTC).
    pub day: Cap,
}

/// What was spent, under each of the caps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spent<T> {
    /// By this conversation.
    pub conversation: T,
    /// By its learner today.
    pub learner_day: T,
    /// By everybody today.
    pub day: T,
}

impl Caps {
    /// Returns whether money is capped at all.
    #[must_use]
    pub fn limit_money(&self) -> bool {
        self.each(|cap| cap.cost_micros)
            .into_iter()
            .any(|cap| cap.is_some())
    }

    /// Returns whether time is capped at all.
    #[must_use]
    pub fn limit_time(&self) -> bool {
        self.each(|cap| cap.time)
            .into_iter()
            .any(|cap| cap.is_some())
    }

    /// Returns what the tutor has to be told of the money that was spent.
    #[must_use]
    pub fn spending(&self, spent: Spent<i64>) -> Option<Spending> {
        let caps = self.each(|cap| cap.cost_micros);
        let spent = [spent.conversation, spent.learner_day, spent.day];
        let reaches = |percent: i64| {
            caps.iter().zip(spent).any(|(cap, spent)| {
                cap.is_some_and(|cap| {
                    i128::from(spent) * 100 >= i128::from(cap) * i128::from(percent)
                })
            })
        };
        if reaches(100) {
            Some(Spending::All)
        } else {
            reaches(NEARLY_ALL_PERCENT).then_some(Spending::NearlyAll)
        }
    }

    /// Returns how long a conversation may still take; none when no cap says so.
    #[must_use]
    pub fn time_left(&self, spent: Spent<Duration>) -> Option<Duration> {
        let spent = [spent.conversation, spent.learner_day, spent.day];
        let caps = self.each(|cap| cap.time);
        let left = caps.iter().zip(spent);
        left.filter_map(|(cap, spent)| Some(cap.as_ref()?.saturating_sub(spent)))
            .min()
    }

    fn each<T>(&self, part: impl Fn(&Cap) -> Option<T>) -> [Option<T>; 3] {
        [
            part(&self.conversation),
            part(&self.learner_day),
            part(&self.day),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caps() -> Caps {
        Caps {
            conversation: Cap {
                cost_micros: Some(1_000),
                time: None,
            },
            learner_day: Cap {
                cost_micros: Some(5_000),
                time: Some(Duration::from_secs(600)),
            },
            day: Cap::default(),
        }
    }

    fn spent(conversation: i64, learner_day: i64) -> Spent<i64> {
        Spent {
            conversation,
            learner_day,
            day: 1_000_000,
        }
    }

    #[test]
    fn the_narrowest_cap_decides() {
        let caps = caps();
        assert_eq!(caps.spending(spent(799, 3_999)), None);
        assert_eq!(caps.spending(spent(800, 0)), Some(Spending::NearlyAll));
        assert_eq!(caps.spending(spent(0, 4_000)), Some(Spending::NearlyAll));
        assert_eq!(caps.spending(spent(1_000, 0)), Some(Spending::All));
        assert_eq!(caps.spending(spent(0, 7_000)), Some(Spending::All));
    }

    #[test]
    fn without_caps_everything_goes() {
        let none = Caps::default();
        assert!(!none.limit_money() && !none.limit_time());
        assert_eq!(none.spending(spent(i64::MAX, i64::MAX)), None);
        assert_eq!(none.time_left(Spent::default()), None);
        assert!(caps().limit_money() && caps().limit_time());
    }

    #[test]
    fn time_is_what_is_left_of_the_day_and_never_less_than_none() {
        let spent = |seconds| Spent {
            learner_day: Duration::from_secs(seconds),
            ..Spent::default()
        };
        assert_eq!(caps().time_left(spent(400)), Some(Duration::from_secs(200)));
        assert_eq!(caps().time_left(spent(4_000)), Some(Duration::ZERO));
    }
}
