//! The life of a conversation: open, with or without the learner, and ended once and for all.

use std::time::Duration;

use avaaz_tutor::{EndReason, Speaker};
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// How long a learner may be away before the conversation ends. A refresh or a lost network takes less.
pub const LEARNER_GONE_AFTER: Duration = Duration::from_secs(60);

/// A conversation's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ConversationId(pub Uuid);

impl ConversationId {
    /// Returns the tutor's identity in the room: a replacement joins under the same one and so removes its predecessor.
    #[must_use]
    pub fn tutor_identity(self) -> String {
        format!("tutor-{}", self.0)
    }
}

/// Returns a learner's identity in the room.
#[must_use]
pub fn learner_identity(user: Uuid) -> String {
    format!("learner-{user}")
}

/// Whether the learner is in the room, as far as we know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Learner {
    /// In the room.
    Present,
    /// Not in the room, since then.
    AwaySince(DateTime<Utc>),
}

/// Where a conversation is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConversationState {
    /// It can be joined and served.
    Open {
        /// Where the learner is.
        learner: Learner,
    },
    /// Over for good.
    Ended {
        /// Why.
        reason: EndReason,
        /// When.
        at: DateTime<Utc>,
    },
}

/// Why a conversation cannot be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the conversation has ended")]
pub struct AlreadyEnded {
    /// The reason that stands.
    pub reason: EndReason,
    /// When it ended.
    pub at: DateTime<Utc>,
}

impl ConversationState {
    /// Ends it. The first end stands.
    ///
    /// # Errors
    /// [`AlreadyEnded`].
    pub fn end(self, reason: EndReason, at: DateTime<Utc>) -> Result<Self, AlreadyEnded> {
        self.open_learner()?;
        Ok(Self::Ended { reason, at })
    }

    /// Notes that the learner is in the room.
    ///
    /// # Errors
    /// [`AlreadyEnded`].
    pub fn learner_joined(self) -> Result<Self, AlreadyEnded> {
        self.open_learner()?;
        Ok(Self::Open {
            learner: Learner::Present,
        })
    }

    /// Notes that the learner is not in the room. A second word of it does not put the time off.
    ///
    /// # Errors
    /// [`AlreadyEnded`].
    pub fn learner_left(self, now: DateTime<Utc>) -> Result<Self, AlreadyEnded> {
        match self.open_learner()? {
            Learner::Present => Ok(Self::Open {
                learner: Learner::AwaySince(now),
            }),
            away @ Learner::AwaySince(_) => Ok(Self::Open { learner: away }),
        }
    }

    /// Notes that the learner is about to join: the time of their absence starts anew.
    ///
    /// # Errors
    /// [`AlreadyEnded`].
    pub fn learner_expected(self, now: DateTime<Utc>) -> Result<Self, AlreadyEnded> {
        match self.open_learner()? {
            present @ Learner::Present => Ok(Self::Open { learner: present }),
            Learner::AwaySince(_) => Ok(Self::Open {
                learner: Learner::AwaySince(now),
            }),
        }
    }

    /// Returns the moment at which it ends because the learner stayed away, if nothing changes.
    #[must_use]
    pub fn gone_at(self) -> Option<DateTime<Utc>> {
        match self {
            Self::Open {
                learner: Learner::AwaySince(since),
            } => Some(since + LEARNER_GONE_AFTER),
            Self::Open {
                learner: Learner::Present,
            }
            | Self::Ended { .. } => None,
        }
    }

    fn open_learner(self) -> Result<Learner, AlreadyEnded> {
        match self {
            Self::Open { learner } => Ok(learner),
            Self::Ended { reason, at } => Err(AlreadyEnded { reason, at }),
        }
    }
}

/// Returns the reason that a word of the contract stands for.
#[must_use]
pub fn end_reason_from_word(word: &str) -> Option<EndReason> {
    [
        EndReason::LearnerEnded,
        EndReason::LearnerGone,
        EndReason::TutorEnded,
        EndReason::TimeLimit,
        EndReason::ProviderFailed,
    ]
    .into_iter()
    .find(|reason| reason.as_str() == word)
}

/// Returns the word of the contract for a speaker.
#[must_use]
pub fn speaker_word(speaker: Speaker) -> &'static str {
    match speaker {
        Speaker::Learner => "learner",
        Speaker::Tutor => "tutor",
    }
}

/// Returns the speaker that a word of the contract stands for.
#[must_use]
pub fn speaker_from_word(word: &str) -> Option<Speaker> {
    [Speaker::Learner, Speaker::Tutor]
        .into_iter()
        .find(|speaker| speaker_word(*speaker) == word)
}

/// Returns the beginning of a turn's words for a list, cut between words where there is one.
#[must_use]
pub fn first_words(text: &str) -> String {
    const CHARS: usize = 120;
    let Some((end, _)) = text.char_indices().nth(CHARS) else {
        return text.to_owned();
    };
    let cut = &text[..end];
    let cut = cut
        .rsplit_once(char::is_whitespace)
        .map_or(cut, |(words, _)| words);
    format!("{}…", cut.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap()
    }

    const HERE: ConversationState = ConversationState::Open {
        learner: Learner::Present,
    };

    #[test]
    fn the_first_end_stands_and_nothing_follows_it() {
        let ended = HERE.end(EndReason::LearnerEnded, at(1)).unwrap();
        let refusal = AlreadyEnded {
            reason: EndReason::LearnerEnded,
            at: at(1),
        };
        assert_eq!(ended.end(EndReason::TimeLimit, at(2)), Err(refusal));
        assert_eq!(ended.learner_joined(), Err(refusal));
        assert_eq!(ended.learner_left(at(2)), Err(refusal));
        assert_eq!(ended.learner_expected(at(2)), Err(refusal));
        assert_eq!(ended.gone_at(), None);
    }

    #[test]
    fn a_learner_is_gone_a_minute_after_the_first_word_of_leaving() {
        let away = HERE
            .learner_left(at(10))
            .unwrap()
            .learner_left(at(50))
            .unwrap();
        assert_eq!(away.gone_at(), Some(at(70)));
        assert_eq!(away.learner_joined().unwrap().gone_at(), None);
    }

    #[test]
    fn a_new_token_gives_the_learner_another_minute() {
        let away = HERE.learner_left(at(10)).unwrap();
        assert_eq!(
            away.learner_expected(at(60)).unwrap().gone_at(),
            Some(at(120))
        );
        assert_eq!(HERE.learner_expected(at(60)).unwrap(), HERE);
    }

    #[test]
    fn first_words_are_cut_between_words_and_never_inside_a_letter() {
        assert_eq!(first_words("Olá!"), "Olá!");
        let long = "maçã ".repeat(40);
        let cut = first_words(&long);
        assert!(
            cut.ends_with("maçã…") && cut.chars().count() <= 121,
            "{cut}"
        );
        assert_eq!(first_words(&"ã".repeat(300)).chars().count(), 121);
    }
}
