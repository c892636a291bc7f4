//! Everything that is kept of a learner, erased with their account.

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable as _};
use sqlx::PgPool;
use uuid::Uuid;

use super::DOMAINS;
use crate::app::AppState;
use crate::conversations::store::ConversationChanged;
use crate::error::ApiError;
use crate::jobs;
use crate::sessions::domain::SessionId;

/// What jobs call the learner that they are about.
const NAMES_OF_LEARNERS: [&str; 2] = ["user", "learner"];

/// Erases the learner: all rows at once, then files, then the room, for whoever is still in it.
///
/// # Errors
/// When the database fails; then all of it is still there.
pub(super) async fn everything(app: &AppState, learner: Uuid) -> Result<(), ApiError> {
    let patience = ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(50))
        .with_max_times(5)
        .with_jitter();
    let sessions = (|| rows(&app.pool, learner))
        .retry(patience)
        .when(is_deadlock)
        .await?;
    for domain in DOMAINS {
        if let Err(error) = domain.erase_files(app, learner).await {
            // Their key went with the rows: nobody can read them, and the hourly job tries again.
            tracing::warn!(user.id = %learner, error = %error.kind(), "files of an erased learner stay for now");
        }
    }
    for session in sessions {
        if let Err(error) = app.livekit.delete_room(&session.room()).await {
            // Its conversation is gone, so the tutor leaves; whoever is alone in it can stay until they close the page.
            tracing::debug!(%error, "the room of an erased learner stays for now");
        }
    }
    Ok(())
}

/// Locks what others lock, in their order, before the account's row takes everything with it.
async fn rows(pool: &PgPool, learner: Uuid) -> sqlx::Result<Vec<SessionId>> {
    let mut transaction = pool.begin().await?;
    let sessions = sqlx::query_scalar!(
        "SELECT id FROM sessions WHERE user_id = $1 ORDER BY id FOR UPDATE",
        learner
    )
    .fetch_all(&mut *transaction)
    .await?;
    let conversations = sqlx::query!(
        r#"SELECT id, ended_at IS NULL AS "is_open!" FROM conversations WHERE session_id = ANY($1) ORDER BY id FOR UPDATE"#,
        &sessions
    )
    .fetch_all(&mut *transaction)
    .await?;
    for domain in DOMAINS {
        domain.erase_rows(&mut transaction, learner).await?;
    }
    for field in NAMES_OF_LEARNERS {
        jobs::forget(&mut transaction, field, learner).await?;
    }
    sqlx::query!("DELETE FROM users WHERE id = $1", learner)
        .execute(&mut *transaction)
        .await?;
    for conversation in conversations.iter().filter(|found| found.is_open) {
        ConversationChanged(conversation.id)
            .notify(&mut transaction)
            .await?;
    }
    transaction.commit().await?;
    Ok(sessions.into_iter().map(SessionId).collect())
}

/// A runtime or a job may write for the learner at the same moment; one of the two has to begin again.
fn is_deadlock(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| code == "40P01")
}
