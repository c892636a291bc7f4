//! `/api/v1/my-data`

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse};
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;

use super::answers::{ExportFile, KeptAnswer, MyDataAnswer};
use super::{DOMAINS, Owner, erase as erasure, export as exporting};
use crate::app::AppState;
use crate::auth::domain::Password;
use crate::auth::{self, Learner};
use crate::error::{ApiError, FieldError};
use crate::extract::{ApiJson, ClientAddr};
use crate::usage::domain::zone_of;

/// Shows that it is the learner who wants everything to be erased.
#[derive(Deserialize, ToSchema)]
pub struct Erasure {
    #[serde(default)]
    #[schema(required, value_type = String, format = "password")]
    current_password: SecretString,
}

/// Returns what is kept of the learner, and for how long.
///
/// # Errors
/// See [`ApiError`].
#[utoipa::path(get, path = "/api/v1/my-data", tag = "my data", responses((status = 200, body = MyDataAnswer)))]
pub async fn show(
    State(app): State<AppState>,
    learner: Learner,
) -> Result<Json<MyDataAnswer>, ApiError> {
    let retention = &app.config.retention;
    let mut items = Vec::new();
    for domain in DOMAINS {
        let kept = domain.kept(&app, learner.id).await?;
        let kept = kept.into_iter();
        items.extend(kept.map(|kept| KeptAnswer::new(kept, retention.days_of(kept.kind))));
    }
    Ok(Json(MyDataAnswer { items }))
}

/// Returns everything that is kept of the learner, as one ZIP of JSON and of texts to read. It is written while it is read.
///
/// # Errors
/// `rate_limited`.
#[utoipa::path(
    get,
    path = "/api/v1/my-data/export",
    tag = "my data",
    responses((status = 200, body = ExportFile, content_type = "application/zip"))
)]
pub async fn export(
    State(app): State<AppState>,
    learner: Learner,
) -> Result<impl IntoResponse, ApiError> {
    app.limits.export(learner.id)?;
    let owner = Owner {
        id: learner.id,
        zone: zone_of(&learner.time_zone),
    };
    let now = app.clock.now();
    let day = owner.local(now).format("%Y-%m-%d");
    let headers = AppendHeaders([
        (header::CONTENT_TYPE, "application/zip".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"avaaz-{day}.zip\""),
        ),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ]);
    Ok((headers, exporting::body(app, owner, now)))
}

/// Erases everything that is kept of the learner, with the account. A live conversation ends by it. There is no way back.
///
/// # Errors
/// `invalid_credentials` when the password is wrong.
#[utoipa::path(
    post,
    path = "/api/v1/my-data/erase",
    tag = "my data",
    request_body = Erasure,
    responses((status = 204), (status = 401, description = "`invalid_credentials`", body = crate::error::Problem, content_type = "application/problem+json"))
)]
pub async fn erase(
    State(app): State<AppState>,
    learner: Learner,
    ClientAddr(address): ClientAddr,
    ApiJson(body): ApiJson<Erasure>,
) -> Result<impl IntoResponse, ApiError> {
    let password = body.parse()?;
    auth::prove_password(&app, learner.id, address, password).await?;
    erasure::everything(&app, learner.id).await?;
    tracing::info!(user.id = %learner.id, "a learner erased everything");
    Ok((
        StatusCode::NO_CONTENT,
        AppendHeaders([(header::SET_COOKIE, auth::clear_cookie(&app.config))]),
    ))
}

impl Erasure {
    fn parse(self) -> Result<Password, ApiError> {
        Password::parse_offered(self.current_password).map_err(|refused| {
            ApiError::invalid(
                FieldError::of(("current_password", Some(refused)))
                    .into_iter()
                    .collect(),
            )
        })
    }
}
