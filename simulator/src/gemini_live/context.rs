//! What the model remembers of a conversation.

use serde_json::Value;

use crate::script::is_not_understood;

/// One turn, or a piece of one.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) kind: EntryKind,
    /// The words, as far as they are known.
    pub(super) words: String,
    /// Which entry of the script's `learner_says` they are.
    pub(super) said: Option<usize>,
    /// How much audio it holds.
    pub(super) audio_ms: u64,
}

/// Whose an entry is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum EntryKind {
    /// The learner's words.
    Learner,
    /// A remark of the client in the learner's place, which begins with a bracket: an instruction rather than words.
    Direction,
    /// The tutor's words.
    Tutor,
    /// What a function gave back.
    Output { name: String, response: Value },
}

impl Entry {
    /// Typed words in the learner's place.
    pub(super) fn typed(words: &str) -> Self {
        let kind = if is_direction(words) {
            EntryKind::Direction
        } else {
            EntryKind::Learner
        };
        Self::new(kind, words)
    }

    /// A spoken turn.
    pub(super) fn spoken(words: &str, said: usize, audio_ms: u64) -> Self {
        Self {
            said: Some(said),
            audio_ms,
            ..Self::new(EntryKind::Learner, words)
        }
    }

    pub(super) fn tutors(words: &str) -> Self {
        Self::new(EntryKind::Tutor, words)
    }

    pub(super) fn output(name: &str, response: Value) -> Self {
        let kind = EntryKind::Output {
            name: name.to_owned(),
            response,
        };
        Self::new(kind, "")
    }

    fn new(kind: EntryKind, words: &str) -> Self {
        Self {
            kind,
            words: words.to_owned(),
            said: None,
            audio_ms: 0,
        }
    }

    /// Whether it is a turn of the learner.
    pub(super) fn is_learners(&self) -> bool {
        self.kind == EntryKind::Learner
    }

    /// Reads one of `clientContent.turns`; `None` where the role is none that exists.
    pub(super) fn from_client(content: &Value) -> Option<Self> {
        let parts = content["parts"].as_array().into_iter().flatten();
        let texts: Vec<_> = parts.filter_map(|part| part["text"].as_str()).collect();
        let words = texts.join(" ");
        match content["role"].as_str() {
            Some("user") | None => Some(Self::typed(&words)),
            Some("model") => Some(Self::tutors(&words)),
            Some(_) => None,
        }
    }
}

/// Whether a text is a remark to the tutor: it begins with a bracket, and does not stand for speech.
fn is_direction(words: &str) -> bool {
    words.trim_start().starts_with('[') && !is_not_understood(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remark_that_begins_with_a_bracket_is_not_the_learners() {
        assert_eq!(
            Entry::typed("[Not the learner's words.] Greet them.").kind,
            EntryKind::Direction
        );
        assert_eq!(Entry::typed("[speech, 2.4 s]").kind, EntryKind::Learner);
        assert_eq!(Entry::typed("I like tea").kind, EntryKind::Learner);
    }
}
