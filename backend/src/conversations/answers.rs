//! Conversations as the API shows them.

use avaaz_tutor::EndReason;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::domain::first_words;
use super::search::Hit;
use super::store::{StoredTurn, Summary};
use crate::content::{ContentKeys, OpenWordsError, SealedWords};
use crate::usage::answers::UsageAnswer;

/// A conversation without its turns.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConversationAnswer {
    /// Its id.
    pub id: Uuid,
    /// The session it belongs to.
    pub session_id: Uuid,
    /// What kind of sitting it is.
    #[schema(value_type = crate::sessions::domain::Mode)]
    pub mode: String,
    /// When it was opened.
    pub started_at: DateTime<Utc>,
    /// When it ended; null while it is open.
    #[schema(required)]
    pub ended_at: Option<DateTime<Utc>>,
    /// Why it ended; null while it is open.
    #[schema(required, value_type = Option<EndReasonAnswer>)]
    pub end_reason: Option<String>,
    /// The provider that serves or served it; null before the first.
    #[schema(required)]
    pub provider: Option<String>,
    /// Its model.
    #[schema(required)]
    pub model: Option<String>,
    /// How many turns it has.
    pub turn_count: i32,
    /// How long it lasted, or has lasted so far.
    pub duration_ms: i64,
    /// The beginning of what was said first; null while nothing was.
    #[schema(required)]
    pub first_words: Option<String>,
    /// The beginning of what the learner said first; null while they said nothing.
    #[schema(required)]
    pub first_learner_words: Option<String>,
}

/// A conversation with all that was said in it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConversationWithTurns {
    /// The conversation.
    #[serde(flatten)]
    pub conversation: ConversationAnswer,
    /// What it cost so far.
    pub usage: UsageAnswer,
    /// Its turns, in order.
    pub turns: Vec<TurnAnswer>,
}

/// One page of a learner's conversations.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConversationPage {
    /// Newest first.
    pub items: Vec<ConversationAnswer>,
    /// Give it back as `cursor` for the next page; null on the last.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

/// One page of turns that were looked for.
#[derive(Debug, Serialize, ToSchema)]
pub struct FoundTurns {
    /// Newest first.
    pub items: Vec<FoundTurn>,
    /// Give it back as `cursor` to look on; null when all was looked through.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

/// A turn, and where it was said.
#[derive(Debug, Serialize, ToSchema)]
pub struct FoundTurn {
    /// The conversation.
    pub conversation_id: Uuid,
    /// The turn.
    #[serde(flatten)]
    pub turn: TurnAnswer,
}

/// One speaker holding the floor.
#[derive(Debug, Serialize, ToSchema)]
pub struct TurnAnswer {
    /// Its id.
    pub id: Uuid,
    /// From 1, without gaps.
    pub seq: i32,
    /// Who spoke.
    #[schema(value_type = SpeakerAnswer)]
    pub speaker: String,
    /// What was said; of an interrupted reply what was heard of it.
    pub text: String,
    /// Whether the words are still to come; `text` is empty until then.
    pub text_pending: bool,
    /// Why stored words cannot be shown; null when they can.
    #[schema(required)]
    pub text_error: Option<TextError>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub ended_at: DateTime<Utc>,
    /// Whether it was cut short.
    pub interrupted: bool,
    /// How much of a reply was heard.
    #[schema(required)]
    pub heard_ms: Option<i32>,
    /// From the end of the learner's speech to the provider's first sound of the reply.
    #[schema(required)]
    pub first_audio_ms: Option<i32>,
    /// From the end of the learner's speech to the first packet of the reply.
    #[schema(required)]
    pub latency_ms: Option<i32>,
    /// From the end of the learner's speech to the first sound of the reply that the learner heard, by our best estimate.
    #[schema(required)]
    pub first_heard_ms: Option<i32>,
}

/// Why stored words cannot be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TextError {
    /// The key that encrypted them is not in the server's key file.
    UnknownKey,
    /// They were changed in the database.
    Damaged,
}

/// Why a conversation ended.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EndReasonAnswer {
    /// The learner said so.
    LearnerEnded,
    /// The learner was away for too long.
    LearnerGone,
    /// The tutor closed the lesson.
    TutorEnded,
    /// The limit on minutes was reached.
    TimeLimit,
    /// No provider could be had.
    ProviderFailed,
}

/// Who spoke.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SpeakerAnswer {
    /// The person who learns.
    Learner,
    /// The tutor.
    Tutor,
}

impl ConversationAnswer {
    /// Returns the answer, with the first words decrypted. Words that cannot be read are left out.
    #[must_use]
    pub fn new(summary: Summary, keys: &ContentKeys) -> Self {
        let begin = |sealed: Option<(Uuid, SealedWords)>| {
            let (turn, sealed) = sealed?;
            let text = keys.open(turn, &sealed).ok()?;
            Some(first_words(&text))
        };
        Self {
            id: summary.id,
            session_id: summary.session_id,
            mode: summary.mode,
            started_at: summary.started_at,
            ended_at: summary.ended_at,
            end_reason: summary.end_reason,
            provider: summary.provider,
            model: summary.model,
            turn_count: summary.turn_count,
            duration_ms: summary.duration_ms,
            first_words: begin(summary.first),
            first_learner_words: begin(summary.learners_first),
        }
    }
}

impl From<Hit> for FoundTurn {
    fn from(hit: Hit) -> Self {
        Self {
            conversation_id: hit.conversation,
            turn: hit.turn,
        }
    }
}

impl TurnAnswer {
    /// Returns the answer, with the words decrypted or the reason why they cannot be.
    #[must_use]
    pub fn new(turn: StoredTurn, keys: &ContentKeys) -> Self {
        let opened = turn.words.as_ref().map(|sealed| keys.open(turn.id, sealed));
        let text_pending = opened.is_none();
        let (text, text_error) = match opened.transpose() {
            Ok(text) => (text.unwrap_or_default(), None),
            Err(error) => {
                tracing::warn!(turn.id = %turn.id, %error, "a turn cannot be read");
                let shown = match error {
                    OpenWordsError::UnknownKey(_) => TextError::UnknownKey,
                    OpenWordsError::Damaged => TextError::Damaged,
                };
                (String::new(), Some(shown))
            }
        };
        Self {
            id: turn.id,
            seq: turn.seq,
            speaker: turn.speaker,
            text,
            text_pending,
            text_error,
            started_at: turn.started_at,
            ended_at: turn.ended_at,
            interrupted: turn.interrupted,
            heard_ms: turn.heard_ms,
            first_audio_ms: turn.first_audio_ms,
            latency_ms: turn.latency_ms,
            first_heard_ms: turn.first_heard_ms,
        }
    }
}

impl From<EndReason> for EndReasonAnswer {
    fn from(reason: EndReason) -> Self {
        match reason {
            EndReason::LearnerEnded => Self::LearnerEnded,
            EndReason::LearnerGone => Self::LearnerGone,
            EndReason::TutorEnded => Self::TutorEnded,
            EndReason::TimeLimit => Self::TimeLimit,
            EndReason::ProviderFailed => Self::ProviderFailed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_for_ends_in_the_documentation_are_those_of_the_database() {
        for reason in [
            EndReason::LearnerEnded,
            EndReason::LearnerGone,
            EndReason::TutorEnded,
            EndReason::TimeLimit,
            EndReason::ProviderFailed,
        ] {
            let shown = serde_json::to_value(EndReasonAnswer::from(reason)).unwrap();
            assert_eq!(shown, reason.as_str());
        }
    }
}
