//! The words that everything else is said in.

use std::time::Duration;

/// How long after the start of the conversation on this runtime something happens. Never goes back.
pub type Moment = Duration;

/// One side of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Speaker {
    /// The person who learns.
    Learner,
    /// Us.
    Tutor,
}

/// A turn within one runtime's stay in a conversation; the shell gives it its lasting id and `seq`.
///
/// Equals the turn's `seq` in the conversation: the core hands them out from `next_seq` on, in the order in which turns **begin**,
/// and every turn that was handed out is ended by exactly one [`crate::Output::TurnEnded`], in order, without gaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TurnId(pub u32);

/// A turn of the past, as the provider is told of it after a take-over or a reconnect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastTurn {
    /// Its `seq`.
    pub seq: u32,
    /// Who spoke.
    pub speaker: Speaker,
    /// What was said (of a reply: what was heard).
    pub text: String,
    /// Whether it was cut short.
    pub interrupted: bool,
}

/// Why a conversation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EndReason {
    /// The learner said so.
    LearnerEnded,
    /// The learner has been away for too long.
    LearnerGone,
    /// The tutor closed the lesson.
    TutorEnded,
    /// The limit on minutes was reached.
    TimeLimit,
    /// No provider could be had.
    ProviderFailed,
}

impl EndReason {
    /// Returns the word for it in the HTTP contract and the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LearnerEnded => "learner_ended",
            Self::LearnerGone => "learner_gone",
            Self::TutorEnded => "tutor_ended",
            Self::TimeLimit => "time_limit",
            Self::ProviderFailed => "provider_failed",
        }
    }
}
