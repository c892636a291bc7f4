//! Whether the learner is in the room, as long as no runtime says so.
//!
//! A runtime that holds a conversation sees the room itself. Without one (none is free, or it died) LiveKit is asked, and its
//! webhooks are hints. A learner who stays away ends the conversation also when nobody serves it.

use avaaz_tutor::EndReason;
use sqlx::PgPool;
use uuid::Uuid;

use super::domain::{ConversationId, learner_identity};
use super::store::{self, ConversationChanged};
use crate::livekit::LiveKit;
use crate::sessions::domain::SessionId;

/// How many conversations one sweep looks at; the next sweep takes the others.
const SWEEP: i64 = 50;

/// Notes what was seen of the learner, unless a runtime serves the conversation and knows better.
///
/// # Errors
/// When the database fails.
pub async fn note(pool: &PgPool, id: ConversationId, is_present: bool) -> sqlx::Result<()> {
    let mut transaction = pool.begin().await?;
    if let Some(found) = store::lock(&mut transaction, id)
        .await?
        .filter(|found| !found.is_served)
    {
        let next = if is_present {
            found.state.learner_joined()
        } else {
            found.state.learner_left(found.now)
        };
        if let Ok(next) = next {
            store::save_state(&mut transaction, id, next).await?;
        }
    }
    transaction.commit().await
}

/// Looks after open conversations that nobody serves: asks LiveKit for the learner, and ends what the learner left for good.
/// Returns how many were ended. Any process may do it, also several at once.
///
/// # Errors
/// When the database fails.
pub async fn sweep(pool: &PgPool, livekit: &LiveKit) -> sqlx::Result<usize> {
    let unserved = sqlx::query!(
        "SELECT c.id, c.session_id, s.user_id FROM conversations c JOIN sessions s ON s.id = c.session_id
         WHERE c.ended_at IS NULL AND (c.lease_expires_at IS NULL OR c.lease_expires_at < now())
         ORDER BY c.waiting_since LIMIT $1",
        SWEEP
    )
    .fetch_all(pool)
    .await?;
    let mut ended = 0;
    for row in unserved {
        let id = ConversationId(row.id);
        // When LiveKit does not answer, whoever is noted as present stays so.
        if let Some(is_present) = is_in_room(livekit, SessionId(row.session_id), row.user_id).await
        {
            note(pool, id, is_present).await?;
        }
        ended += usize::from(end_if_gone(pool, id).await?);
    }
    Ok(ended)
}

/// Returns whether the learner is in the session's room, as far as LiveKit answers.
pub async fn is_in_room(livekit: &LiveKit, session: SessionId, user: Uuid) -> Option<bool> {
    match livekit
        .is_in_room(&session.room(), &learner_identity(user))
        .await
    {
        Ok(is_present) => Some(is_present),
        Err(error) => {
            tracing::debug!(%error, "LiveKit cannot say who is in a room");
            None
        }
    }
}

async fn end_if_gone(pool: &PgPool, id: ConversationId) -> sqlx::Result<bool> {
    let mut transaction = pool.begin().await?;
    let Some(found) = store::lock(&mut transaction, id).await? else {
        return Ok(false);
    };
    let Some(gone_at) = found
        .state
        .gone_at()
        .filter(|gone_at| !found.is_served && *gone_at <= found.now)
    else {
        return Ok(false);
    };
    let Ok(ended) = found.state.end(EndReason::LearnerGone, gone_at) else {
        return Ok(false);
    };
    store::save_state(&mut transaction, id, ended).await?;
    ConversationChanged(id.0).notify(&mut transaction).await?;
    transaction.commit().await?;
    Ok(true)
}
