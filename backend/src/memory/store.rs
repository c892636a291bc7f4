//! Memories in Postgres. Words come and go encrypted; vectors are kept beside them, for each embedding model its own.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgExecutor, PgPool};
use uuid::Uuid;

use crate::content::SealedWords;

pub use nearness::{
    VECTORS, answering_space, drop_superseded_vectors, nearest, nearest_statement, save_vector,
    vector, vectors_of, without_vector,
};
pub use reading::{Behind, Origin, Said, behind, origin, pass_over, turns_after};

/// A memory as it is stored.
#[derive(Debug, Clone)]
pub struct StoredMemory {
    /// Its id.
    pub id: Uuid,
    /// `summary`, or a fact's kind.
    pub kind: String,
    /// The words.
    pub words: SealedWords,
    /// When it was written first.
    pub created_at: DateTime<Utc>,
    /// When a conversation last bore it out.
    pub confirmed_at: DateTime<Utc>,
}

/// The summary of a conversation as it is stored.
#[derive(Debug, Clone)]
pub struct StoredSummary {
    /// Its id.
    pub id: Uuid,
    /// Of this conversation.
    pub conversation: Uuid,
    /// When that began.
    pub started_at: DateTime<Utc>,
    /// The words.
    pub words: SealedWords,
    /// The last turn that is in it.
    pub up_to_seq: i32,
    /// The model that wrote it.
    pub text_model: String,
    /// When it was written last.
    pub updated_at: DateTime<Utc>,
}

macro_rules! stored {
    ($row:expr) => {{
        let row = $row;
        StoredMemory {
            id: row.id,
            kind: row.kind,
            words: SealedWords {
                ciphertext: row.words_ciphertext,
                nonce: row.words_nonce,
                key_id: row.words_key_id,
            },
            created_at: row.created_at,
            confirmed_at: row.confirmed_at,
        }
    }};
}

macro_rules! stored_summary {
    ($row:expr) => {{
        let row = $row;
        StoredSummary {
            id: row.id,
            conversation: row.conversation,
            started_at: row.started_at,
            words: SealedWords {
                ciphertext: row.words_ciphertext,
                nonce: row.words_nonce,
                key_id: row.words_key_id,
            },
            up_to_seq: row.up_to_seq,
            text_model: row.text_model,
            updated_at: row.confirmed_at,
        }
    }};
}

// They use the macros.
mod nearness;
mod reading;

/// Returns the summary of a conversation.
///
/// # Errors
/// When the database fails.
pub async fn summary(
    executor: impl PgExecutor<'_>,
    conversation: Uuid,
) -> sqlx::Result<Option<StoredSummary>> {
    let row = sqlx::query!(
        r#"SELECT m.id, m.words_ciphertext, m.words_nonce, m.words_key_id, m.up_to_seq AS "up_to_seq!", m.text_model, m.confirmed_at,
                  c.id AS conversation, c.started_at
           FROM memories m JOIN conversations c ON c.id = m.conversation_id WHERE c.id = $1"#,
        conversation
    )
    .fetch_optional(executor)
    .await?;
    Ok(row.map(|row| stored_summary!(row)))
}

/// Returns the summaries of a learner's last conversations but one, the newest first.
///
/// # Errors
/// When the database fails.
pub async fn latest_summaries(
    pool: &PgPool,
    user: Uuid,
    but: Option<Uuid>,
    limit: i64,
) -> sqlx::Result<Vec<StoredSummary>> {
    let rows = sqlx::query!(
        r#"SELECT m.id, m.words_ciphertext, m.words_nonce, m.words_key_id, m.up_to_seq AS "up_to_seq!", m.text_model, m.confirmed_at,
                  c.id AS conversation, c.started_at
           FROM memories m JOIN conversations c ON c.id = m.conversation_id
           WHERE m.user_id = $1 AND m.kind = 'summary' AND m.retired_at IS NULL AND c.id IS DISTINCT FROM $2
           ORDER BY c.id DESC LIMIT $3"#,
        user,
        but,
        limit
    )
    .fetch_all(pool)
    .await?;
    let summaries = rows.into_iter().map(|row| stored_summary!(row));
    Ok(summaries.collect())
}

/// Returns the facts that hold, the latest confirmed first.
///
/// # Errors
/// When the database fails.
pub async fn facts(pool: &PgPool, user: Uuid, limit: i64) -> sqlx::Result<Vec<StoredMemory>> {
    let rows = sqlx::query!(
        "SELECT id, kind, words_ciphertext, words_nonce, words_key_id, created_at, confirmed_at
         FROM memories WHERE user_id = $1 AND kind <> 'summary' AND retired_at IS NULL
         ORDER BY confirmed_at DESC, id DESC LIMIT $2",
        user,
        limit
    )
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(|row| stored!(row)).collect())
}

/// Returns a page of the facts that hold, the newest first, from below `before`.
///
/// # Errors
/// When the database fails.
pub async fn list(
    pool: &PgPool,
    user: Uuid,
    before: Option<Uuid>,
    limit: i64,
) -> sqlx::Result<Vec<StoredMemory>> {
    let rows = sqlx::query!(
        "SELECT id, kind, words_ciphertext, words_nonce, words_key_id, created_at, confirmed_at
         FROM memories
         WHERE user_id = $1 AND kind <> 'summary' AND retired_at IS NULL AND ($2::uuid IS NULL OR id < $2)
         ORDER BY id DESC LIMIT $3",
        user,
        before,
        limit
    )
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(|row| stored!(row)).collect())
}

/// Forgets one of the learner's facts for good, and the facts whose place it took. Returns whether there was one.
///
/// # Errors
/// When the database fails.
pub async fn forget(pool: &PgPool, user: Uuid, id: Uuid) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "DELETE FROM memories WHERE id = $1 AND user_id = $2 AND kind <> 'summary'",
        id,
        user
    )
    .execute(pool)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Forgets what was learnt from a conversation that is about to be deleted: its summary goes with it, and every fact that may say what
/// was said only there.
///
/// # Errors
/// When the database fails.
pub async fn forget_conversation(
    connection: &mut PgConnection,
    conversation: Uuid,
) -> sqlx::Result<()> {
    sqlx::query!(
        "DELETE FROM memories m USING memory_sources s
         WHERE s.memory_id = m.id AND s.conversation_id = $1
           AND (s.is_needed OR NOT EXISTS (
               SELECT FROM memory_sources o WHERE o.memory_id = m.id AND o.conversation_id <> $1))",
        conversation
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What is written of a memory.
pub struct NewMemory<'a> {
    /// Its id.
    pub id: Uuid,
    /// Whose it is.
    pub user: Uuid,
    /// The conversation that it was taken from.
    pub conversation: Uuid,
    /// The words.
    pub words: &'a SealedWords,
    /// The model that wrote them.
    pub text_model: &'a str,
}

/// Writes a conversation's summary up to a turn, and returns its id; none when one that goes as far is there already. Its vectors are
/// forgotten: they are of other words.
///
/// # Errors
/// When the database fails.
pub async fn save_summary(
    connection: &mut PgConnection,
    memory: &NewMemory<'_>,
    up_to_seq: i32,
) -> sqlx::Result<Option<Uuid>> {
    let id = sqlx::query_scalar!(
        "INSERT INTO memories (id, user_id, kind, conversation_id, up_to_seq, words_ciphertext, words_nonce, words_key_id, text_model)
         VALUES ($1, $2, 'summary', $3, $4, $5, $6, $7, $8)
         ON CONFLICT ON CONSTRAINT memories_conversation_key DO UPDATE
         SET up_to_seq = excluded.up_to_seq, words_ciphertext = excluded.words_ciphertext, words_nonce = excluded.words_nonce,
             words_key_id = excluded.words_key_id, text_model = excluded.text_model, confirmed_at = now()
         WHERE memories.up_to_seq < excluded.up_to_seq AND memories.id = excluded.id
         RETURNING id",
        memory.id,
        memory.user,
        memory.conversation,
        up_to_seq,
        memory.words.ciphertext,
        memory.words.nonce,
        memory.words.key_id,
        memory.text_model
    )
    .fetch_optional(&mut *connection)
    .await?;
    if let Some(id) = id {
        sqlx::query!("DELETE FROM memory_vectors WHERE memory_id = $1", id)
            .execute(connection)
            .await?;
    }
    Ok(id)
}

/// Writes a fact that takes the place of others. What those were taken from, it may say, too.
///
/// # Errors
/// When the database fails.
pub async fn add_fact(
    connection: &mut PgConnection,
    memory: &NewMemory<'_>,
    kind: &str,
    replaced: &[Uuid],
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO memories (id, user_id, kind, words_ciphertext, words_nonce, words_key_id, text_model)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        memory.id,
        memory.user,
        kind,
        memory.words.ciphertext,
        memory.words.nonce,
        memory.words.key_id,
        memory.text_model
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "INSERT INTO memory_sources (memory_id, conversation_id, is_needed)
         SELECT $1::uuid, $2::uuid, true
         UNION
         SELECT $1::uuid, s.conversation_id, true FROM memory_sources s WHERE s.memory_id = ANY($3)",
        memory.id,
        memory.conversation,
        replaced
    )
    .execute(&mut *connection)
    .await?;
    retire(connection, replaced, Some(memory.id)).await
}

/// Notes that a conversation bore a fact out: it stands without the others, too.
///
/// # Errors
/// When the database fails.
pub async fn confirm(
    connection: &mut PgConnection,
    fact: Uuid,
    conversation: Uuid,
) -> sqlx::Result<()> {
    let done = sqlx::query!(
        "UPDATE memories SET confirmed_at = now() WHERE id = $1 AND retired_at IS NULL",
        fact
    )
    .execute(&mut *connection)
    .await?;
    // The learner may have forgotten it meanwhile.
    if done.rows_affected() == 0 {
        return Ok(());
    }
    // A later part of the same conversation bears nothing out that the conversation said itself.
    sqlx::query!(
        "UPDATE memory_sources SET is_needed = false
         WHERE memory_id = $1 AND NOT EXISTS (
             SELECT FROM memory_sources s WHERE s.memory_id = $1 AND s.conversation_id = $2)",
        fact,
        conversation
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "INSERT INTO memory_sources (memory_id, conversation_id, is_needed) VALUES ($1, $2, false)
         ON CONFLICT (memory_id, conversation_id) DO NOTHING",
        fact,
        conversation
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Retires facts: they are told to nobody, and found by nobody. What took their place, if something did, takes them with it when it is
/// forgotten.
///
/// # Errors
/// When the database fails.
pub async fn retire(
    connection: &mut PgConnection,
    facts: &[Uuid],
    replaced_by: Option<Uuid>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "WITH retired AS (
             UPDATE memories SET retired_at = now(), replaced_by = $2 WHERE id = ANY($1) AND retired_at IS NULL RETURNING id
         )
         DELETE FROM memory_vectors v USING retired WHERE v.memory_id = retired.id",
        facts,
        replaced_by
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Retires the facts beyond the most that are kept.
///
/// # Errors
/// When the database fails.
pub async fn make_room(connection: &mut PgConnection, user: Uuid, keep: i64) -> sqlx::Result<()> {
    let beyond = sqlx::query_scalar!(
        "SELECT id FROM memories WHERE user_id = $1 AND kind <> 'summary' AND retired_at IS NULL
         ORDER BY confirmed_at DESC, id DESC OFFSET $2",
        user,
        keep
    )
    .fetch_all(&mut *connection)
    .await?;
    if beyond.is_empty() {
        return Ok(());
    }
    retire(connection, &beyond, None).await
}
