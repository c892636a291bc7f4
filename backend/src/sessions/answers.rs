//! Sessions as the API shows them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
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

/// Who asks for a token. LiveKit's own token sources send fields of theirs beside these, or nothing; what cannot be read is passed over.
#[derive(Debug, Default, PartialEq, Eq, ToSchema)]
pub struct TokenWish {
    /// The name that the page gave itself, the same through reloads and lost connections: letters, digits and `-`. The page that was
    /// given the last token has the conversation.
    #[schema(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9-]{1,64}$")]
    pub page: Option<String>,
    /// Whether the page was away for a while: it then gets a token only if no other page has taken up the open conversation
    /// meanwhile.
    #[schema(required = false)]
    pub coming_back: bool,
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

impl TokenWish {
    /// The longest name of a page.
    const PAGE_BYTES: usize = 64;

    /// Reads what can be read.
    #[must_use]
    pub fn read(body: &[u8]) -> Self {
        let Ok(Value::Object(fields)) = serde_json::from_slice(body) else {
            return Self::default();
        };
        let is_name = |page: &&str| {
            (1..=Self::PAGE_BYTES).contains(&page.len())
                && page
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        let page = fields.get("page").and_then(Value::as_str);
        Self {
            page: page.filter(is_name).map(str::to_owned),
            coming_back: fields.get("coming_back") == Some(&Value::Bool(true)),
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_gives_its_name_in_plain_letters_or_has_none() {
        let page = |body: &str| TokenWish::read(body.as_bytes()).page;
        assert_eq!(page(r#"{"page": "a-1Z"}"#).as_deref(), Some("a-1Z"));
        let longest = "x".repeat(64);
        assert_eq!(page(&format!(r#"{{"page": "{longest}"}}"#)), Some(longest));
        for nameless in [
            "",
            "{}",
            "nonsense",
            "[]",
            r#"{"page": ""}"#,
            r#"{"page": 7}"#,
            r#"{"page": "a b"}"#,
            r#"{"page": "é"}"#,
            &format!(r#"{{"page": "{}"}}"#, "x".repeat(65)),
        ] {
            assert_eq!(page(nameless), None, "{nameless}");
        }
    }

    #[test]
    fn only_a_plain_yes_is_coming_back() {
        let is_back = |body: &str| TokenWish::read(body.as_bytes()).coming_back;
        assert!(is_back(r#"{"coming_back": true, "room_config": {}}"#));
        for not in ["{}", r#"{"coming_back": "true"}"#, r#"{"coming_back": 1}"#] {
            assert!(!is_back(not), "{not}");
        }
    }
}
