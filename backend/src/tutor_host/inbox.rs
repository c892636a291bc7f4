//! Notices on their way to the runtime. Bounded by what it holds: one of each kind per conversation, the newest counts.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use avaaz_agent::host::Notice;
use tokio::sync::Notify;
use uuid::Uuid;

#[derive(Default)]
pub(super) struct Inbox {
    waiting: Mutex<VecDeque<Notice>>,
    arrived: Notify,
}

impl Inbox {
    /// Puts a notice in; one of the same kind for the same conversation that still waits is replaced.
    pub(super) fn put(&self, notice: Notice) {
        let mut waiting = self.waiting();
        match waiting
            .iter_mut()
            .find(|other| kind(other) == kind(&notice))
        {
            Some(other) => *other = notice,
            None => waiting.push_back(notice),
        }
        drop(waiting);
        self.arrived.notify_one();
    }

    /// Takes out what is said about a conversation that the runtime does not hold any more.
    pub(super) fn forget(&self, conversation: Uuid) {
        self.waiting()
            .retain(|notice| kind(notice).1 != Some(conversation));
    }

    /// Waits for the next notice. Dropping the future loses nothing.
    pub(super) async fn next(&self) -> Notice {
        loop {
            if let Some(notice) = self.waiting().pop_front() {
                return notice;
            }
            self.arrived.notified().await;
        }
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<Notice>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn kind(notice: &Notice) -> (u8, Option<Uuid>) {
    match notice {
        Notice::BriefChanged { conversation, .. } => (0, Some(*conversation)),
        Notice::EndRequested { conversation, .. } => (1, Some(*conversation)),
        Notice::LeaseLost { conversation } => (2, Some(*conversation)),
        Notice::WorkMayWait => (3, None),
        Notice::Spent { conversation, .. } => (4, Some(*conversation)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use avaaz_tutor::EndReason;

    #[tokio::test]
    async fn many_words_of_waiting_work_are_one() {
        let inbox = Inbox::default();
        for _ in 0..1000 {
            inbox.put(Notice::WorkMayWait);
        }
        assert!(matches!(inbox.next().await, Notice::WorkMayWait));
        assert!(inbox.waiting().is_empty());
    }

    #[tokio::test]
    async fn a_forgotten_conversation_is_not_spoken_of() {
        let inbox = Inbox::default();
        let (kept, forgotten) = (Uuid::now_v7(), Uuid::now_v7());
        for conversation in [forgotten, kept] {
            inbox.put(Notice::EndRequested {
                conversation,
                reason: EndReason::LearnerEnded,
            });
        }
        inbox.forget(forgotten);
        assert!(
            matches!(inbox.next().await, Notice::EndRequested { conversation, .. } if conversation == kept)
        );
    }
}
