//! Sessions in Postgres.

use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::domain::{Level, Mode, Patience, Provider, Session, SessionId, Settings};
use crate::conversations::store::ConversationChanged;

/// A session's row, as every query here reads it.
pub(crate) struct SessionRow {
    pub(crate) id: Uuid,
    pub(crate) user_id: Uuid,
    pub(crate) mode: String,
    pub(crate) target_language: String,
    pub(crate) native_language: String,
    pub(crate) level: Option<String>,
    pub(crate) voice: Option<String>,
    pub(crate) provider: Option<String>,
    pub(crate) patience: String,
    pub(crate) push_to_talk: bool,
    pub(crate) goal: Option<String>,
    pub(crate) created_at: chrono::DateTime<chrono::Utc>,
    pub(crate) updated_at: chrono::DateTime<chrono::Utc>,
}

/// Returns the learner's default session and makes it at the first call. Parallel first calls get the same one.
///
/// # Errors
/// When the database fails.
pub async fn get_or_create_default(pool: &PgPool, user: Uuid) -> sqlx::Result<Session> {
    if let Some(session) = find_default(pool, user).await? {
        return Ok(session);
    }
    sqlx::query!(
        "INSERT INTO sessions (id, user_id, native_language)
         SELECT $1, users.id, users.ui_language FROM users WHERE users.id = $2
         ON CONFLICT ON CONSTRAINT sessions_user_name_key DO NOTHING",
        Uuid::now_v7(),
        user
    )
    .execute(pool)
    .await?;
    find_default(pool, user)
        .await?
        .ok_or(sqlx::Error::RowNotFound)
}

/// Returns the session if the learner owns it.
///
/// # Errors
/// When the database fails.
pub async fn find_owned(
    pool: &PgPool,
    session: SessionId,
    user: Uuid,
) -> sqlx::Result<Option<Session>> {
    let row = sqlx::query_as!(
        SessionRow,
        "SELECT id, user_id, mode, target_language, native_language, level, voice, provider, patience, push_to_talk, goal,
                created_at, updated_at
         FROM sessions WHERE id = $1 AND user_id = $2",
        session.0,
        user
    )
    .fetch_optional(pool)
    .await?;
    row.map(Session::try_from).transpose()
}

/// Locks the session until the transaction ends, so that two changes at once follow each other.
///
/// # Errors
/// When the database fails.
pub async fn lock(connection: &mut PgConnection, session: SessionId) -> sqlx::Result<Session> {
    sqlx::query_as!(
        SessionRow,
        "SELECT id, user_id, mode, target_language, native_language, level, voice, provider, patience, push_to_talk, goal,
                created_at, updated_at
         FROM sessions WHERE id = $1 FOR UPDATE",
        session.0
    )
    .fetch_one(connection)
    .await?
    .try_into()
}

/// Writes changed settings; a live conversation takes up the mode, and whoever serves it hears of the change.
///
/// # Errors
/// When the database fails.
pub async fn save_settings(
    connection: &mut PgConnection,
    session: SessionId,
    settings: &Settings,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE sessions SET mode = $2, target_language = $3, native_language = $4, level = $5, voice = $6, provider = $7,
                patience = $8, push_to_talk = $9, goal = $10, updated_at = now()
         WHERE id = $1",
        session.0,
        settings.mode.as_str(),
        settings.target_language,
        settings.native_language,
        settings.level.map(Level::as_str),
        settings.voice,
        settings.provider.map(Provider::as_str),
        settings.patience.as_str(),
        settings.push_to_talk,
        settings.goal
    )
    .execute(&mut *connection)
    .await?;
    let live = sqlx::query_scalar!(
        "UPDATE conversations SET mode = $2 WHERE session_id = $1 AND ended_at IS NULL RETURNING id",
        session.0,
        settings.mode.as_str()
    )
    .fetch_optional(&mut *connection)
    .await?;
    if let Some(live) = live {
        ConversationChanged(live).notify(connection).await?;
    }
    Ok(())
}

async fn find_default(pool: &PgPool, user: Uuid) -> sqlx::Result<Option<Session>> {
    let row = sqlx::query_as!(
        SessionRow,
        "SELECT id, user_id, mode, target_language, native_language, level, voice, provider, patience, push_to_talk, goal,
                created_at, updated_at
         FROM sessions WHERE user_id = $1 AND name = 'default'",
        user
    )
    .fetch_optional(pool)
    .await?;
    row.map(Session::try_from).transpose()
}

impl TryFrom<SessionRow> for Session {
    type Error = sqlx::Error;

    fn try_from(row: SessionRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: SessionId(row.id),
            user_id: row.user_id,
            settings: Settings {
                mode: known("mode", &row.mode, Mode::from_word)?,
                target_language: row.target_language,
                native_language: row.native_language,
                level: row
                    .level
                    .map(|word| known("level", &word, Level::from_word))
                    .transpose()?,
                voice: row.voice,
                provider: row
                    .provider
                    .map(|word| known("provider", &word, Provider::from_word))
                    .transpose()?,
                patience: known("patience", &row.patience, Patience::from_word)?,
                push_to_talk: row.push_to_talk,
                goal: row.goal,
            },
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

/// Returns what a word in a column stands for. A newer release may have written one that this release does not know.
pub(crate) fn known<T>(
    column: &str,
    word: &str,
    from_word: impl FnOnce(&str) -> Option<T>,
) -> sqlx::Result<T> {
    from_word(word).ok_or_else(|| sqlx::Error::ColumnDecode {
        index: column.to_owned(),
        source: format!("{word:?} is not known to this release").into(),
    })
}
