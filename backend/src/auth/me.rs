//! A learner's own account.

use std::net::IpAddr;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Learner;
use super::answers::UserAnswer;
use super::domain::{self, DisplayName, EmailAddress, Password};
use super::sign_in::invalid_credentials;
use super::store::{self, UserChange};
use crate::app::AppState;
use crate::error::{ApiError, FieldError};
use crate::extract::{ApiJson, ClientAddr};

/// Any of these.
#[derive(Deserialize, ToSchema)]
pub(super) struct MeChange {
    #[schema(min_length = 1, max_length = 200)]
    display_name: Option<String>,
    /// Such as `Europe/Lisbon`.
    time_zone: Option<String>,
    /// BCP 47.
    ui_language: Option<String>,
}

/// Both passwords.
#[derive(Deserialize, ToSchema)]
pub(super) struct PasswordChange {
    #[serde(default)]
    #[schema(required, value_type = String, format = "password")]
    current_password: SecretString,
    #[serde(default)]
    #[schema(required, value_type = String, format = "password", min_length = 8, max_length = 256)]
    new_password: SecretString,
}

/// Returns the learner's account.
#[utoipa::path(get, path = "/auth/me", tag = "auth", responses((status = 200, body = UserAnswer)))]
pub(super) async fn show(
    State(app): State<AppState>,
    learner: Learner,
) -> Result<Json<UserAnswer>, ApiError> {
    let user = store::find_user(&app.pool, learner.id)
        .await?
        .ok_or_else(gone)?;
    Ok(Json(user.into()))
}

/// Changes the learner's account.
#[utoipa::path(patch, path = "/auth/me", tag = "auth", request_body = MeChange, responses((status = 200, body = UserAnswer)))]
pub(super) async fn change(
    State(app): State<AppState>,
    learner: Learner,
    ApiJson(body): ApiJson<MeChange>,
) -> Result<Json<UserAnswer>, ApiError> {
    let change = body.parse()?;
    let user = store::change_user(&app.pool, learner.id, &change)
        .await?
        .ok_or_else(gone)?;
    Ok(Json(user.into()))
}

/// Changes the password. Every other sign-in ends.
#[utoipa::path(
    post,
    path = "/auth/password",
    tag = "auth",
    request_body = PasswordChange,
    responses((status = 204), (status = 401, description = "`invalid_credentials`", body = crate::error::Problem, content_type = "application/problem+json"))
)]
pub(super) async fn change_password(
    State(app): State<AppState>,
    learner: Learner,
    ClientAddr(address): ClientAddr,
    ApiJson(body): ApiJson<PasswordChange>,
) -> Result<StatusCode, ApiError> {
    let (current, new) = body.parse()?;
    let old_hash = prove_password(&app, learner.id, address, current).await?;
    let new_hash = app.passwords.hash(new).await.map_err(ApiError::internal)?;
    let mut transaction = app.pool.begin().await?;
    let now = app.clock.now();
    // Somebody else changed it in between: then the current one is no longer what was offered.
    if !store::change_password(
        &mut transaction,
        learner.id,
        &old_hash,
        &new_hash,
        learner.family,
        now,
    )
    .await?
    {
        return Err(invalid_credentials());
    }
    transaction.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes sure that a learner knows their password, and returns its hash. Each try counts as one to sign in.
///
/// # Errors
/// `invalid_credentials` when it is wrong.
pub(crate) async fn prove_password(
    app: &AppState,
    learner: Uuid,
    address: IpAddr,
    password: Password,
) -> Result<String, ApiError> {
    let user = store::find_user(&app.pool, learner)
        .await?
        .ok_or_else(gone)?;
    let account = EmailAddress::parse(&user.email)
        .map_err(|_| ApiError::internal("a stored address is none"))?;
    app.limits.login(address, &account)?;
    let hash = store::find_password_hash(&app.pool, learner)
        .await?
        .ok_or_else(gone)?;
    let is_right = app.passwords.verify(password, Some(hash.clone())).await;
    if is_right.map_err(ApiError::internal)? {
        Ok(hash)
    } else {
        Err(invalid_credentials())
    }
}

impl MeChange {
    fn parse(self) -> Result<UserChange, ApiError> {
        let display_name = self
            .display_name
            .as_deref()
            .map(DisplayName::parse)
            .transpose();
        let time_zone = self
            .time_zone
            .as_deref()
            .map(domain::parse_time_zone)
            .transpose();
        let ui_language = self
            .ui_language
            .as_deref()
            .map(domain::parse_language)
            .transpose();
        match (display_name, time_zone, ui_language) {
            (Ok(display_name), Ok(time_zone), Ok(ui_language)) => Ok(UserChange {
                display_name,
                time_zone,
                ui_language,
            }),
            (display_name, time_zone, ui_language) => {
                let refused = [
                    ("display_name", display_name.err()),
                    ("time_zone", time_zone.err()),
                    ("ui_language", ui_language.err()),
                ];
                Err(ApiError::invalid(
                    refused.into_iter().filter_map(FieldError::of).collect(),
                ))
            }
        }
    }
}

impl PasswordChange {
    fn parse(self) -> Result<(Password, Password), ApiError> {
        match (
            Password::parse_offered(self.current_password),
            Password::parse(self.new_password),
        ) {
            (Ok(current), Ok(new)) => Ok((current, new)),
            (current, new) => {
                let refused = [
                    ("current_password", current.err()),
                    ("new_password", new.err()),
                ];
                Err(ApiError::invalid(
                    refused.into_iter().filter_map(FieldError::of).collect(),
                ))
            }
        }
    }
}

fn gone() -> ApiError {
    ApiError::unauthorized("The account is gone.")
}
