//! Sessions as the API shows them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::domain::{Level, Mode, Patience, Provider, Session};
use crate::conversations::store::Live;

/// A learner's durable thread with the tutor.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionAnswer {
    /// Its id.
    pub id: Uuid,
    /// What kind of sitting the learner wants.
    pub mode: Mode,
    /// The language that is learnt, BCP 47.
    pub target_language: String,
    /// The learner's own language, BCP 47.
    pub native_language: String,
    /// How far the learner is; null when it is not known.
    #[schema(required)]
    pub level: Option<Level>,
    /// The voice, in the provider's own name; null is the provider's default.
    #[schema(required)]
    pub voice: Option<String>,
    /// Null is the server's choice.
    #[schema(required)]
    pub provider: Option<Provider>,
    /// How long a pause the learner may make.
    pub patience: Patience,
    /// Whether the learner presses a key to speak.
    pub push_to_talk: bool,
    /// What the learner wants, in their words.
    #[schema(required)]
    pub goal: Option<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was changed last.
    pub updated_at: DateTime<Utc>,
    /// The open conversation, if there is one.
    #[schema(required)]
    pub live: Option<LiveAnswer>,
}

/// A session's open conversation.
#[derive(Debug, Serialize, ToSchema)]
pub struct LiveAnswer {
    /// Which.
    pub conversation_id: Uuid,
    /// When it was opened.
    pub started_at: DateTime<Utc>,
    /// Whether the learner is in the room.
    pub learner_present: bool,
}

/// What may be changed about a session; what is left out stays. Read by `Settings::changed_by`, which names every wrong field.
#[derive(Debug, Deserialize, ToSchema)]
pub struct SessionChange {
    /// What kind of sitting the learner wants.
    pub mode: Option<Mode>,
    /// BCP 47.
    pub target_language: Option<String>,
    /// BCP 47.
    pub native_language: Option<String>,
    /// Null when it is not known.
    pub level: Option<Level>,
    /// Null is the provider's default.
    pub voice: Option<String>,
    /// Null is the server's choice.
    pub provider: Option<Provider>,
    /// How long a pause the learner may make.
    pub patience: Option<Patience>,
    /// Whether the learner presses a key to speak.
    pub push_to_talk: Option<bool>,
    /// At most 500 characters; null takes it away.
    pub goal: Option<String>,
}

/// What opens the session's room to the learner, in the shape that LiveKit's own token sources read.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenAnswer {
    /// Where the browser finds LiveKit.
    pub server_url: String,
    /// What opens the room.
    pub participant_token: String,
    /// The room.
    pub room_name: String,
    /// Who the learner is in it.
    pub participant_identity: String,
    /// The conversation that is open there.
    pub conversation_id: Uuid,
    /// When the token stops opening the room; who is in stays in.
    pub expires_at: DateTime<Utc>,
}

impl SessionAnswer {
    /// Returns the answer.
    #[must_use]
    pub fn new(session: Session, live: Option<Live>) -> Self {
        let settings = session.settings;
        Self {
            id: session.id.0,
            mode: settings.mode,
            target_language: settings.target_language,
            native_language: settings.native_language,
            level: settings.level,
            voice: settings.voice,
            provider: settings.provider,
            patience: settings.patience,
            push_to_talk: settings.push_to_talk,
            goal: settings.goal,
            created_at: session.created_at,
            updated_at: session.updated_at,
            live: live.map(|live| LiveAnswer {
                conversation_id: live.id.0,
                started_at: live.started_at,
                learner_present: live.learner_present,
            }),
        }
    }
}
