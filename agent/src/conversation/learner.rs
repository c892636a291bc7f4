//! Who the learner is in the room, whether they are there, and what they type.

use std::collections::VecDeque;

/// The topic of typed text.
const CHAT: &str = "lk.chat";
/// Longer texts are cut: they are part of every later request.
const TYPED_CHARACTERS: usize = 4000;
/// Ids of streams that were seen, so that an edit is not said twice.
const SEEN: usize = 32;

/// The learner, as the room shows them.
pub(super) struct Learner {
    identity: String,
    /// The stay that counts: a second join of the same identity replaces the first, and the first one's leave comes later.
    stay: Option<String>,
    typed: VecDeque<String>,
}

impl Learner {
    pub(super) fn new(identity: String) -> Self {
        Self {
            identity,
            stay: None,
            typed: VecDeque::new(),
        }
    }

    pub(super) fn identity(&self) -> &str {
        &self.identity
    }

    pub(super) fn is(&self, identity: &str) -> bool {
        self.identity == identity
    }

    pub(super) fn is_here(&self) -> bool {
        self.stay.is_some()
    }

    /// Notes a join. Returns whether it is another stay than the one that is known.
    pub(super) fn came(&mut self, sid: String) -> bool {
        let is_new = self.stay.as_deref() != Some(&*sid);
        self.stay = Some(sid);
        is_new
    }

    /// Notes the end of a stay. Returns whether it was the one that counts.
    pub(super) fn left(&mut self, sid: &str) -> bool {
        let counts = self.stay.as_deref() == Some(sid);
        if counts {
            self.stay = None;
        }
        counts
    }

    /// Notes that nobody is there any more. Returns whether someone was.
    pub(super) fn gone(&mut self) -> bool {
        self.stay.take().is_some()
    }

    /// Returns what was typed, if this is something new that was typed.
    pub(super) fn typed(&mut self, topic: &str, stream_id: &str, text: &str) -> Option<String> {
        if topic != CHAT || text.trim().is_empty() {
            return None;
        }
        if !stream_id.is_empty() {
            if self.typed.iter().any(|seen| seen == stream_id) {
                return None;
            }
            if self.typed.len() == SEEN {
                self.typed.pop_front();
            }
            self.typed.push_back(stream_id.to_owned());
        }
        Some(text.trim().chars().take(TYPED_CHARACTERS).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_stay_outlives_the_leave_of_the_first() {
        let mut learner = Learner::new("ada".to_owned());
        assert!(learner.came("first".to_owned()));
        assert!(learner.came("second".to_owned()));
        assert!(!learner.left("first"));
        assert!(learner.is_here());
        assert!(learner.left("second"));
        assert!(!learner.is_here());
    }

    #[test]
    fn typed_text_is_cut_and_an_edit_is_not_said_twice() {
        let mut learner = Learner::new("ada".to_owned());
        let long = "ä".repeat(5000);
        let typed = learner.typed("lk.chat", "one", &long).unwrap();
        assert_eq!(typed.chars().count(), 4000);
        assert_eq!(learner.typed("lk.chat", "one", "edited"), None);
        assert_eq!(learner.typed("lk.chat", "two", "  \n"), None);
        assert_eq!(learner.typed("other", "three", "hello"), None);
        assert_eq!(
            learner.typed("lk.chat", "", "hello"),
            Some("hello".to_owned())
        );
        assert_eq!(
            learner.typed("lk.chat", "", "hello"),
            Some("hello".to_owned())
        );
    }
}
