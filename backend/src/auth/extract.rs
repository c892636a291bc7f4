//! The extractor is the permission: a handler with a [`Learner`] has one who proved who they are.

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use uuid::Uuid;

use super::keys::CheckTokenError;
use super::store;
use crate::app::AppState;
use crate::error::ApiError;

/// The learner who asks.
#[derive(Clone)]
pub struct Learner {
    /// The account.
    pub id: Uuid,
    /// The sign-in that the token came from.
    pub family: Uuid,
    /// What they are called.
    pub display_name: String,
    /// The name of their time zone.
    pub time_zone: String,
}

impl std::fmt::Debug for Learner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Learner")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl FromRequestParts<AppState> for Learner {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, ApiError> {
        let header = parts
            .headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok());
        let token = header
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let (_, token) = token.ok_or_else(|| {
            ApiError::unauthorized("Send an access token: Authorization: Bearer ...")
        })?;
        let bearer = app
            .access_keys
            .check(token.trim(), app.clock.now())
            .map_err(|error| match error {
                CheckTokenError::Expired => ApiError::token_expired(),
                CheckTokenError::Forged => ApiError::unauthorized("The access token is not valid."),
            })?;
        let user = store::find_user(&app.pool, bearer.user).await?;
        let user = user.ok_or_else(|| ApiError::unauthorized("The account is gone."))?;
        Ok(Self {
            id: user.id,
            family: bearer.family,
            display_name: user.display_name,
            time_zone: user.time_zone,
        })
    }
}
