//! Accounts as the API shows them.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::domain::User;

/// A learner's account.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = User)]
pub struct UserAnswer {
    /// Its id.
    pub id: Uuid,
    /// In lower case.
    pub email: String,
    /// What the learner is called.
    pub display_name: String,
    /// Where days begin and end for them, such as `Europe/Lisbon`.
    pub time_zone: String,
    /// The language of the web app, BCP 47.
    pub ui_language: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

impl From<User> for UserAnswer {
    fn from(user: User) -> Self {
        Self {
            id: user.id,
            email: user.email,
            display_name: user.display_name,
            time_zone: user.time_zone,
            ui_language: user.ui_language,
            created_at: user.created_at,
        }
    }
}

/// What signing in gives. It comes with the refresh cookie too.
#[derive(Serialize, ToSchema)]
pub struct SignedIn {
    /// Opens everything for `expires_in` seconds.
    pub access_token: String,
    /// `Bearer`
    pub token_type: &'static str,
    /// How long the access token is good for, in seconds.
    pub expires_in: u64,
    /// Gives the next pair, once.
    pub refresh_token: String,
    /// Who signed in.
    pub user: UserAnswer,
}
