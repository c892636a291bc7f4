//! Registering, signing in, staying signed in, signing out.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use sqlx::PgConnection;
use utoipa::ToSchema;
use uuid::Uuid;

use super::answers::SignedIn;
use super::domain::{DisplayName, EmailAddress, Password, User, Verdict};
use super::keys::Bearer;
use super::{Learner, cookie, refresh_tokens, store};
use crate::app::AppState;
use crate::error::{ApiError, FieldError};
use crate::extract::{ApiJson, ClientAddr, OptionalJson};

/// A new account.
#[derive(Deserialize, ToSchema)]
pub(super) struct Registration {
    #[serde(default)]
    #[schema(required, format = "email", max_length = 254)]
    email: String,
    #[serde(default)]
    #[schema(required, value_type = String, format = "password", min_length = 8, max_length = 256)]
    password: SecretString,
    #[serde(default)]
    #[schema(required, min_length = 1, max_length = 200)]
    display_name: String,
}

/// Who signs in.
#[derive(Deserialize, ToSchema)]
pub(super) struct Credentials {
    #[serde(default)]
    #[schema(required, format = "email")]
    email: String,
    #[serde(default)]
    #[schema(required, value_type = String, format = "password")]
    password: SecretString,
}

/// A refresh token; browsers send it as a cookie instead.
#[derive(Deserialize, ToSchema)]
pub(super) struct RefreshToken {
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    refresh_token: Option<SecretString>,
}

/// What every sign-in is answered with: the pair of tokens, the second also as a cookie.
type SignedInAnswer = (
    AppendHeaders<[(header::HeaderName, header::HeaderValue); 2]>,
    Json<SignedIn>,
);

/// Makes an account and signs it in.
#[utoipa::path(
    post,
    path = "/auth/register",
    tag = "auth",
    request_body = Registration,
    responses((status = 201, body = SignedIn), (status = 409, description = "`email_taken`", body = crate::error::Problem, content_type = "application/problem+json"))
)]
pub(super) async fn register(
    State(app): State<AppState>,
    ClientAddr(address): ClientAddr,
    ApiJson(body): ApiJson<Registration>,
) -> Result<impl IntoResponse, ApiError> {
    let (email, password, display_name) = body.parse()?;
    app.limits.registration(address, &email)?;
    if store::find_user_by_email(&app.pool, &email)
        .await?
        .is_some()
    {
        return Err(email_taken());
    }
    let hash = app
        .passwords
        .hash(password)
        .await
        .map_err(ApiError::internal)?;
    let mut transaction = app.pool.begin().await?;
    let user = store::insert_user(&mut transaction, &email, &display_name, &hash)
        .await?
        .ok_or_else(email_taken)?;
    let answer = open(&app, &mut transaction, user).await?;
    transaction.commit().await?;
    Ok((StatusCode::CREATED, answer))
}

/// Signs in. An unknown e-mail is answered with the same words and after the same time as a wrong password.
#[utoipa::path(
    post,
    path = "/auth/login",
    tag = "auth",
    request_body = Credentials,
    responses((status = 200, body = SignedIn), (status = 401, description = "`invalid_credentials`", body = crate::error::Problem, content_type = "application/problem+json"))
)]
pub(super) async fn login(
    State(app): State<AppState>,
    ClientAddr(address): ClientAddr,
    ApiJson(body): ApiJson<Credentials>,
) -> Result<impl IntoResponse, ApiError> {
    let (email, password) = body.parse()?;
    app.limits.login(address, &email)?;
    let user = store::find_user_by_email(&app.pool, &email).await?;
    let hash = match &user {
        Some(user) => store::find_password_hash(&app.pool, user.id).await?,
        None => None,
    };
    let is_right = app
        .passwords
        .verify(password, hash)
        .await
        .map_err(ApiError::internal)?;
    let user = user.filter(|_| is_right).ok_or_else(invalid_credentials)?;
    let mut transaction = app.pool.begin().await?;
    let answer = open(&app, &mut transaction, user).await?;
    transaction.commit().await?;
    Ok(answer)
}

/// Gives a new pair of tokens for a refresh token, once. A token that comes twice ends the whole sign-in.
#[utoipa::path(
    post,
    path = "/auth/refresh",
    tag = "auth",
    request_body(content = Option<RefreshToken>, description = "Left out by browsers, which send the cookie"),
    responses(
        (status = 200, body = SignedIn),
        (status = 401, description = "`unauthorized`, `token_expired` or `refresh_reused`", body = crate::error::Problem, content_type = "application/problem+json")
    )
)]
pub(super) async fn refresh(
    State(app): State<AppState>,
    headers: HeaderMap,
    OptionalJson(body): OptionalJson<RefreshToken>,
) -> Result<impl IntoResponse, ApiError> {
    let token = body
        .or_cookie(&app, &headers)
        .ok_or_else(|| ApiError::unauthorized("Send a refresh token, or the cookie."))?;
    let now = app.clock.now();
    let mut transaction = app.pool.begin().await?;
    let turned_in = store::turn_in(&mut transaction, &refresh_tokens::hash(&token), now).await?;
    let turned_in =
        turned_in.ok_or_else(|| ApiError::unauthorized("The refresh token is not valid."))?;
    match turned_in.verdict {
        Verdict::Rotate => {}
        Verdict::Reused => {
            transaction.commit().await?;
            tracing::warn!(user.id = %turned_in.user, "a refresh token came twice; its family is revoked");
            return Err(refresh_reused());
        }
        Verdict::RevokedByReuse => return Err(refresh_reused()),
        Verdict::Revoked => return Err(ApiError::unauthorized("The refresh token was revoked.")),
        Verdict::Expired => return Err(ApiError::token_expired()),
    }
    let user = store::find_user_in(&mut transaction, turned_in.user).await?;
    let user = user.ok_or_else(|| ApiError::unauthorized("The account is gone."))?;
    let answer = hand_out(&app, &mut transaction, user, turned_in.family).await?;
    transaction.commit().await?;
    Ok(answer)
}

/// Signs out: revokes every token of this sign-in. Signing out twice is fine.
#[utoipa::path(
    post,
    path = "/auth/logout",
    tag = "auth",
    request_body(content = Option<RefreshToken>, description = "Left out by browsers, which send the cookie"),
    responses((status = 204))
)]
pub(super) async fn logout(
    State(app): State<AppState>,
    headers: HeaderMap,
    OptionalJson(body): OptionalJson<RefreshToken>,
) -> Result<impl IntoResponse, ApiError> {
    if let Some(token) = body.or_cookie(&app, &headers) {
        let mut transaction = app.pool.begin().await?;
        store::sign_out(
            &mut transaction,
            &refresh_tokens::hash(&token),
            app.clock.now(),
        )
        .await?;
        transaction.commit().await?;
    }
    Ok((
        StatusCode::NO_CONTENT,
        AppendHeaders([(header::SET_COOKIE, cookie::clear(&app.config))]),
    ))
}

/// Signs out everywhere: revokes every sign-in of the learner, this one too. Access tokens that are out are good for the rest of
/// their minutes (`expires_in` of the sign-in) and cannot be renewed; whoever talks at this moment goes on talking.
#[utoipa::path(
    post,
    path = "/api/v1/sign-out-everywhere",
    tag = "auth",
    responses((status = 204))
)]
pub(super) async fn sign_out_everywhere(
    State(app): State<AppState>,
    learner: Learner,
) -> Result<impl IntoResponse, ApiError> {
    let mut connection = app.pool.acquire().await?;
    let sign_ins = store::sign_out_everywhere(&mut connection, learner.id, app.clock.now()).await?;
    tracing::info!(user.id = %learner.id, sign_ins, "a learner signed out everywhere");
    Ok((
        StatusCode::NO_CONTENT,
        AppendHeaders([(header::SET_COOKIE, cookie::clear(&app.config))]),
    ))
}

impl Registration {
    fn parse(self) -> Result<(EmailAddress, Password, DisplayName), ApiError> {
        let email = EmailAddress::parse(&self.email);
        let password = Password::parse(self.password);
        let display_name = DisplayName::parse(&self.display_name);
        match (email, password, display_name) {
            (Ok(email), Ok(password), Ok(display_name)) => Ok((email, password, display_name)),
            (email, password, display_name) => {
                let refused = [
                    ("email", email.err()),
                    ("password", password.err()),
                    ("display_name", display_name.err()),
                ];
                Err(ApiError::invalid(
                    refused.into_iter().filter_map(FieldError::of).collect(),
                ))
            }
        }
    }
}

impl Credentials {
    fn parse(self) -> Result<(EmailAddress, Password), ApiError> {
        match (
            EmailAddress::parse(&self.email),
            Password::parse_offered(self.password),
        ) {
            (Ok(email), Ok(password)) => Ok((email, password)),
            (email, password) => {
                let refused = [("email", email.err()), ("password", password.err())];
                Err(ApiError::invalid(
                    refused.into_iter().filter_map(FieldError::of).collect(),
                ))
            }
        }
    }
}

impl RefreshToken {
    fn or_cookie(self, app: &AppState, headers: &HeaderMap) -> Option<SecretString> {
        self.refresh_token
            .or_else(|| cookie::get(&app.config, headers))
            .filter(refresh_tokens::is_plausible)
    }
}

async fn open(
    app: &AppState,
    connection: &mut PgConnection,
    user: User,
) -> Result<SignedInAnswer, ApiError> {
    let family = store::open_family(connection, user.id).await?;
    hand_out(app, connection, user, family).await
}

/// Signs an access token and stores a refresh token of a family.
async fn hand_out(
    app: &AppState,
    connection: &mut PgConnection,
    user: User,
    family: Uuid,
) -> Result<SignedInAnswer, ApiError> {
    let now = app.clock.now();
    let refresh_token = refresh_tokens::draw();
    let expires_at = now + app.config.auth.refresh_ttl;
    store::insert_token(
        connection,
        family,
        &refresh_tokens::hash(&refresh_token),
        expires_at,
    )
    .await?;
    let access_token = app
        .access_keys
        .sign(
            Bearer {
                user: user.id,
                family,
            },
            now,
        )
        .map_err(ApiError::internal)?;
    let headers = AppendHeaders([
        (header::SET_COOKIE, cookie::set(&app.config, &refresh_token)),
        (
            header::CACHE_CONTROL,
            header::HeaderValue::from_static("no-store"),
        ),
    ]);
    let answer = SignedIn {
        access_token,
        token_type: "Bearer",
        expires_in: app.access_keys.ttl().as_secs(),
        refresh_token: refresh_token.expose_secret().to_owned(),
        user: user.into(),
    };
    Ok((headers, Json(answer)))
}

fn email_taken() -> ApiError {
    ApiError::refuse(
        StatusCode::CONFLICT,
        "email_taken",
        "This e-mail address has an account already.",
    )
}

pub(super) fn invalid_credentials() -> ApiError {
    ApiError::refuse(
        StatusCode::UNAUTHORIZED,
        "invalid_credentials",
        "The e-mail address or the password is wrong.",
    )
}

fn refresh_reused() -> ApiError {
    ApiError::refuse(
        StatusCode::UNAUTHORIZED,
        "refresh_reused",
        "This refresh token was used before. For safety this sign-in has ended; sign in again.",
    )
}
