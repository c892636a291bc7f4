//! `/sessions/default` and the token that opens its room.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Map, Value};

use super::answers::{SessionAnswer, SessionChange, TokenAnswer, TokenWish};
use super::store;
use crate::app::AppState;
use crate::auth::Learner;
use crate::conversations::domain::learner_identity;
use crate::conversations::store::{self as conversations, Asker};
use crate::error::ApiError;
use crate::extract::ApiJson;
use crate::livekit::TOKEN_TTL;

/// Returns the learner's session; it is made at the first call.
///
/// # Errors
/// See [`ApiError`].
#[utoipa::path(get, path = "/sessions/default", tag = "sessions", responses((status = 200, body = SessionAnswer)))]
pub async fn show(
    State(app): State<AppState>,
    learner: Learner,
) -> Result<Json<SessionAnswer>, ApiError> {
    let session = store::get_or_create_default(&app.pool, learner.id).await?;
    let live = conversations::find_live(&app.pool, session.id).await?;
    Ok(Json(SessionAnswer::new(session, live)))
}

/// Changes the learner's session. While a conversation is live, the tutor hears of it at once. A voice that the chosen provider does
/// not have (`GET /api/v1/voices`) is refused; another choice of a provider lets go a voice that it does not have.
///
/// # Errors
/// 422 with every field that cannot be taken.
#[utoipa::path(
    patch,
    path = "/sessions/default",
    tag = "sessions",
    request_body = SessionChange,
    responses((status = 200, body = SessionAnswer))
)]
pub async fn change(
    State(app): State<AppState>,
    learner: Learner,
    ApiJson(patch): ApiJson<Map<String, Value>>,
) -> Result<Json<SessionAnswer>, ApiError> {
    let session = store::get_or_create_default(&app.pool, learner.id).await?;
    let mut transaction = app.pool.begin().await?;
    let session = store::lock(&mut transaction, session.id).await?;
    let mut settings = session.settings.changed_by(&patch)?;
    let asks_for = |field| patch.contains_key(field);
    if (asks_for("voice") || asks_for("provider"))
        && let Some(voices) = app.voices.of_choice(settings.provider)
    {
        settings = settings.with_a_voice_of(&voices, asks_for("voice"))?;
    }
    if settings != session.settings {
        store::save_settings(&mut transaction, session.id, &settings).await?;
    }
    let session = store::lock(&mut transaction, session.id).await?;
    transaction.commit().await?;
    let live = conversations::find_live(&app.pool, session.id).await?;
    Ok(Json(SessionAnswer::new(session, live)))
}

/// Makes sure that a conversation is open, wakes a tutor, and gives the learner what opens the room.
///
/// Takes what LiveKit's `TokenSource.endpoint` sends, `{}`, or nothing; whatever it says, it opens this learner's own room. A page
/// that comes back after a while can say so, and is refused when another page has taken up the conversation meanwhile.
///
/// # Errors
/// 409 `conversation_moved` as said above; 503 `livekit_unavailable` when the room cannot be made.
#[utoipa::path(
    post,
    path = "/sessions/default/token",
    tag = "sessions",
    request_body(content = Option<TokenWish>, description = "Other fields are accepted and ignored"),
    responses(
        (status = 201, body = TokenAnswer),
        (status = 409, description = "`conversation_moved`", body = crate::error::Problem, content_type = "application/problem+json")
    )
)]
pub async fn token(
    State(app): State<AppState>,
    learner: Learner,
    body: Bytes,
) -> Result<(StatusCode, Json<TokenAnswer>), ApiError> {
    app.limits.token(learner.id)?;
    let session = store::get_or_create_default(&app.pool, learner.id).await?;
    let room_name = session.id.room();
    // First the room: LiveKit would make it by itself for whoever joins, but close it 20 s after the learner left.
    Box::pin(app.livekit.create_room(&room_name)).await?;
    let wish = TokenWish::read(&body);
    let asker = Asker {
        page: wish.page.as_deref(),
        comes_back: wish.coming_back,
    };
    let conversation = conversations::ensure_open_for(&app.pool, &session, asker)
        .await?
        .ok_or_else(moved)?;
    let identity = learner_identity(learner.id);
    let expires_at = app.clock.now() + TOKEN_TTL;
    let participant_token =
        app.livekit
            .learner_token(&room_name, &identity, &learner.display_name)?;
    let answer = TokenAnswer {
        server_url: app.livekit.public_url().to_owned(),
        participant_token,
        room_name,
        participant_identity: identity,
        conversation_id: conversation.0,
        expires_at,
    };
    Ok((StatusCode::CREATED, Json(answer)))
}

fn moved() -> ApiError {
    ApiError::refuse(
        StatusCode::CONFLICT,
        "conversation_moved",
        "Your conversation goes on in another place. Ask for it without `coming_back` to move it here.",
    )
}
