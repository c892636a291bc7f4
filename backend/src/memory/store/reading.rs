//! Conversations as they are read for what is to be remembered of them: how far they go, how far they were read, what was said.

use chrono::{DateTime, Utc};
use sqlx::PgPool;
use uuid::Uuid;

use crate::content::SealedWords;

/// A conversation, as far as it matters for what is remembered of it.
#[derive(Debug, Clone)]
pub struct Origin {
    /// Whose it is.
    pub user: Uuid,
    /// The language that is learnt.
    pub target_language: String,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// The last turn.
    pub last_turn_seq: i32,
    /// Up to which turn there was nothing to keep.
    pub passed_over_to: i32,
    /// Whether a later conversation is summed up already.
    pub is_overtaken: bool,
    /// The database's clock.
    pub now: DateTime<Utc>,
}

/// A turn, as far as it matters.
#[derive(Debug, Clone)]
pub struct Said {
    /// Its id.
    pub id: Uuid,
    /// Its place.
    pub seq: i32,
    /// Whether the learner spoke.
    pub by_learner: bool,
    /// The words; none while they are pending.
    pub words: Option<SealedWords>,
    /// When it ended.
    pub ended_at: DateTime<Utc>,
}

/// Returns whose conversation it is and how far it has come.
///
/// # Errors
/// When the database fails.
pub async fn origin(pool: &PgPool, conversation: Uuid) -> sqlx::Result<Option<Origin>> {
    sqlx::query_as!(
        Origin,
        r#"SELECT s.user_id AS user, s.target_language, c.ended_at, c.last_turn_seq,
                  coalesce(c.passed_over_to, 0) AS "passed_over_to!",
                  EXISTS (SELECT FROM memories m WHERE m.user_id = s.user_id AND m.kind = 'summary' AND m.retired_at IS NULL
                          AND m.conversation_id > c.id) AS "is_overtaken!",
                  now() AS "now!"
           FROM conversations c JOIN sessions s ON s.id = c.session_id WHERE c.id = $1"#,
        conversation
    )
    .fetch_optional(pool)
    .await
}

/// Returns the turns behind one, in order.
///
/// # Errors
/// When the database fails.
pub async fn turns_after(
    pool: &PgPool,
    conversation: Uuid,
    seq: i32,
    limit: i64,
) -> sqlx::Result<Vec<Said>> {
    let rows = sqlx::query!(
        "SELECT id, seq, speaker, words_ciphertext, words_nonce, words_key_id, ended_at
         FROM turns WHERE conversation_id = $1 AND seq > $2 ORDER BY seq LIMIT $3",
        conversation,
        seq,
        limit
    )
    .fetch_all(pool)
    .await?;
    let turns = rows.into_iter().map(|row| Said {
        id: row.id,
        seq: row.seq,
        by_learner: row.speaker == "learner",
        words: SealedWords::of_columns(row.words_ciphertext, row.words_nonce, row.words_key_id),
        ended_at: row.ended_at,
    });
    Ok(turns.collect())
}

/// Notes that the turns up to one tell nothing that can be kept: the learner said nothing, or the model declines them. A summary that
/// is there stands as it is.
///
/// # Errors
/// When the database fails.
pub async fn pass_over(pool: &PgPool, conversation: Uuid, up_to_seq: i32) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE conversations SET passed_over_to = $2 WHERE id = $1 AND coalesce(passed_over_to, 0) < $2",
        conversation,
        up_to_seq
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// A conversation that was not read to its end.
#[derive(Debug, Clone, Copy)]
pub struct Behind {
    /// Its id.
    pub conversation: Uuid,
    /// Whose it is.
    pub user: Uuid,
}

/// Returns conversations that have ended and are not summed up to their end, the newest first, from below `before`.
///
/// # Errors
/// When the database fails.
pub async fn behind(pool: &PgPool, before: Option<Uuid>, limit: i64) -> sqlx::Result<Vec<Behind>> {
    sqlx::query_as!(
        Behind,
        "SELECT c.id AS conversation, s.user_id AS user
         FROM conversations c JOIN sessions s ON s.id = c.session_id LEFT JOIN memories m ON m.conversation_id = c.id
         WHERE c.ended_at IS NOT NULL AND c.last_turn_seq > greatest(coalesce(m.up_to_seq, 0), coalesce(c.passed_over_to, 0))
           AND ($1::uuid IS NULL OR c.id < $1)
         ORDER BY c.id DESC LIMIT $2",
        before,
        limit
    )
    .fetch_all(pool)
    .await
}
