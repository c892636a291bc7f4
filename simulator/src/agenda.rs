//! What is to happen later.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// What does not fit in does not wait.
const MAX_ENTRIES: usize = 4_096;

/// Things that wait for their time, the first one first.
#[derive(Debug)]
pub(crate) struct Agenda<T> {
    entries: VecDeque<(Instant, T)>,
}

impl<T> Agenda<T> {
    pub(crate) const fn new() -> Self {
        Self {
            entries: VecDeque::new(),
        }
    }

    /// Lets something happen after a while. What happens at the same time keeps its order.
    pub(crate) fn add(&mut self, after: Duration, entry: T) {
        let at = if self.entries.len() < MAX_ENTRIES {
            Instant::now() + after
        } else {
            Instant::now()
        };
        let behind = self.entries.partition_point(|(other, _)| *other <= at);
        self.entries.insert(behind, (at, entry));
    }

    /// Returns when the first thing is to happen.
    pub(crate) fn next_time(&self) -> Option<Instant> {
        self.entries.front().map(|(at, _)| *at)
    }

    /// Takes the first thing, whether or not its time has come.
    pub(crate) fn take_first(&mut self) -> Option<T> {
        self.entries.pop_front().map(|(_, entry)| entry)
    }
}

/// Sleeps until then, or for ever.
pub(crate) async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_millis(10);
    const LATER: Duration = Duration::from_millis(20);

    #[tokio::test(start_paused = true)]
    async fn what_is_due_first_comes_first_and_at_the_same_time_the_order_is_kept() {
        let mut agenda = Agenda::new();
        for (after, entry) in [(LATER, "c"), (SOON, "a"), (LATER, "d"), (SOON, "b")] {
            agenda.add(after, entry);
        }
        assert_eq!(agenda.next_time(), Some(Instant::now() + SOON));
        let entries: Vec<_> = std::iter::from_fn(|| agenda.take_first()).collect();
        assert_eq!(entries, ["a", "b", "c", "d"]);
        assert_eq!(agenda.next_time(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn what_does_not_fit_in_is_due_at_once() {
        let mut agenda = Agenda::new();
        for entry in 0..=MAX_ENTRIES {
            agenda.add(LATER, entry);
        }
        assert_eq!(agenda.next_time(), Some(Instant::now()));
        assert_eq!(agenda.take_first(), Some(MAX_ENTRIES));
    }
}
