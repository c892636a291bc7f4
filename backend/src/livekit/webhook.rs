//! What LiveKit tells us of its rooms: a hint, never the only truth.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use livekit_api::webhooks::WebhookError;
use livekit_protocol::WebhookEvent;

use crate::app::AppState;
use crate::conversations::domain::learner_identity;
use crate::conversations::{presence, store as conversations};
use crate::error::ApiError;
use crate::sessions::domain::SessionId;
use crate::sessions::store as sessions;

/// Takes one of LiveKit's signed events. Events that mean nothing to us are fine.
///
/// # Errors
/// 401 when LiveKit did not sign it with our keys; 503 when the database is away, so that LiveKit sends it again.
#[utoipa::path(
    post,
    path = "/livekit/webhook",
    tag = "livekit",
    request_body(content = String, content_type = "application/webhook+json", description = "An event as LiveKit signs it"),
    responses((status = 200, description = "Taken"), (status = 401, description = "The signature is wrong"))
)]
pub async fn receive(
    State(app): State<AppState>,
    headers: HeaderMap,
    body: String,
) -> Result<StatusCode, ApiError> {
    let signature = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let signature = signature.strip_prefix("Bearer ").unwrap_or(signature);
    match app.livekit.receive_webhook(&body, signature) {
        Ok(event) => {
            Box::pin(take(&app, &event)).await?;
            Ok(StatusCode::OK)
        }
        // Signed, but of a newer LiveKit than we know.
        Err(WebhookError::InvalidData(_)) => Ok(StatusCode::OK),
        Err(error) => {
            tracing::warn!(%error, "a webhook was not signed by our LiveKit");
            Err(ApiError::unauthorized("the signature is wrong"))
        }
    }
}

async fn take(app: &AppState, event: &WebhookEvent) -> Result<(), ApiError> {
    let Some(session) = event
        .room
        .as_ref()
        .and_then(|room| SessionId::of_room(&room.name))
    else {
        return Ok(());
    };
    match event.event.as_str() {
        "participant_joined" => {
            if let Some(user) = event
                .participant
                .as_ref()
                .and_then(|participant| learner(&participant.identity))
            {
                joined(app, session, user).await?;
            }
        }
        "participant_left" | "participant_connection_aborted" => {
            if let Some(user) = event
                .participant
                .as_ref()
                .and_then(|participant| learner(&participant.identity))
            {
                left(app, session, user).await?;
            }
        }
        "room_finished" => {
            if let Some(live) = conversations::find_live(&app.pool, session).await? {
                presence::note(&app.pool, live.id, false).await?;
            }
        }
        _ => {}
    }
    Ok(())
}

/// LiveKit's own token sources keep a token until a minute before it expires: a learner can join again without asking us,
/// and then finds the last conversation ended. Their coming opens a new one.
async fn joined(app: &AppState, session: SessionId, user: uuid::Uuid) -> Result<(), ApiError> {
    let Some(session) = sessions::find_owned(&app.pool, session, user).await? else {
        return Ok(());
    };
    let live = match conversations::find_live(&app.pool, session.id).await? {
        Some(live) => live.id,
        // Webhooks can come late: only somebody who still is there gets a conversation.
        None if presence::is_in_room(&app.livekit, session.id, user).await == Some(true) => {
            conversations::ensure_open(&app.pool, &session).await?
        }
        None => return Ok(()),
    };
    presence::note(&app.pool, live, true).await?;
    Ok(())
}

/// After a refresh the old participant's leave comes after the new one's join, under the same identity: LiveKit is asked.
async fn left(app: &AppState, session: SessionId, user: uuid::Uuid) -> Result<(), ApiError> {
    let Some(session) = sessions::find_owned(&app.pool, session, user).await? else {
        return Ok(());
    };
    let Some(live) = conversations::find_live(&app.pool, session.id).await? else {
        return Ok(());
    };
    let is_present = presence::is_in_room(&app.livekit, session.id, user)
        .await
        .unwrap_or(false);
    presence::note(&app.pool, live.id, is_present).await?;
    Ok(())
}

fn learner(identity: &str) -> Option<uuid::Uuid> {
    let user = identity.strip_prefix("learner-")?.parse().ok()?;
    (learner_identity(user) == identity).then_some(user)
}
