//! The vectors of memories, and what lies near to one.

use std::collections::HashMap;

use sqlx::{AssertSqlSafe, PgConnection, PgPool};
use uuid::Uuid;

use super::StoredMemory;
use crate::content::SealedWords;
use crate::vectors::{self, Space};

/// The table of vectors, as [`crate::vectors`] names its indexes.
pub const VECTORS: &str = "memory_vectors";

/// Writes the vector of a memory that holds, unless its words are others by now.
///
/// # Errors
/// When the database fails.
pub async fn save_vector(
    connection: &mut PgConnection,
    memory: Uuid,
    words: &SealedWords,
    space: Space,
    vector: &[f32],
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO memory_vectors (memory_id, model_id, user_id, embedding)
         SELECT m.id, $2, m.user_id, $3::real[]::vector FROM memories m
         WHERE m.id = $1 AND m.words_nonce = $4 AND m.retired_at IS NULL
         ON CONFLICT (memory_id, model_id) DO UPDATE SET embedding = excluded.embedding, created_at = now()",
        memory,
        space.id,
        vector,
        words.nonce
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Returns the vectors of a learner's facts.
///
/// # Errors
/// When the database fails.
pub async fn vectors_of(
    pool: &PgPool,
    user: Uuid,
    space: Space,
) -> sqlx::Result<HashMap<Uuid, Vec<f32>>> {
    let rows = sqlx::query!(
        r#"SELECT memory_id, embedding::real[] AS "embedding!" FROM memory_vectors WHERE user_id = $1 AND model_id = $2"#,
        user,
        space.id
    )
    .fetch_all(pool)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.memory_id, row.embedding))
        .collect())
}

/// Returns memories of all learners that have no vector of a model yet, in the order of their ids, from behind `after`.
///
/// # Errors
/// When the database fails.
pub async fn without_vector(
    pool: &PgPool,
    space: Space,
    after: Uuid,
    limit: i64,
) -> sqlx::Result<Vec<StoredMemory>> {
    let rows = sqlx::query!(
        "SELECT m.id, m.kind, m.words_ciphertext, m.words_nonce, m.words_key_id, m.created_at, m.confirmed_at
         FROM memories m
         WHERE m.retired_at IS NULL AND m.id > $1
           AND NOT EXISTS (SELECT FROM memory_vectors v WHERE v.memory_id = m.id AND v.model_id = $2)
         ORDER BY m.id LIMIT $3",
        after,
        space.id,
        limit
    )
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(|row| stored!(row)).collect())
}

/// Forgets vectors of other models, a day after there was one of this model: until then a server that still has the other one may run.
///
/// # Errors
/// When the database fails.
pub async fn drop_superseded_vectors(pool: &PgPool, space: Space) -> sqlx::Result<u64> {
    space.drop_superseded(pool, VECTORS, "memory_id").await
}

/// Returns the model that can answer for a learner: the one with most of the learner's vectors, the newer one of two. While a new model's
/// vectors are being made, that is the old one.
///
/// # Errors
/// When the database fails.
pub async fn answering_space(pool: &PgPool, user: Uuid) -> sqlx::Result<Option<Space>> {
    sqlx::query_as!(
        Space,
        "SELECT m.id, m.dimensions FROM memory_vectors v JOIN embedding_models m ON m.id = v.model_id
         WHERE v.user_id = $1 GROUP BY m.id ORDER BY count(*) DESC, m.id DESC LIMIT 1",
        user
    )
    .fetch_optional(pool)
    .await
}

/// Returns the vector of a memory.
///
/// # Errors
/// When the database fails.
pub async fn vector(pool: &PgPool, memory: Uuid, space: Space) -> sqlx::Result<Option<Vec<f32>>> {
    sqlx::query_scalar!(
        r#"SELECT embedding::real[] AS "embedding!" FROM memory_vectors WHERE memory_id = $1 AND model_id = $2"#,
        memory,
        space.id
    )
    .fetch_optional(pool)
    .await
}

/// Returns the learner's memories that are nearest to a vector, the nearest first.
///
/// # Errors
/// When the database fails.
pub async fn nearest(
    pool: &PgPool,
    user: Uuid,
    space: Space,
    vector: &[f32],
    limit: i64,
) -> sqlx::Result<Vec<Uuid>> {
    let mut transaction = pool.begin().await?;
    vectors::search_thoroughly(&mut transaction).await?;
    let found = sqlx::query_scalar(AssertSqlSafe(nearest_statement(space)))
        .bind(user)
        .bind(vector)
        .bind(limit)
        .fetch_all(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(found)
}

/// Returns the statement of [`nearest`]: for the learner `$1`, the vector `$2`, and `$3` memories.
#[must_use]
pub fn nearest_statement(space: Space) -> String {
    format!(
        "SELECT memory_id FROM {VECTORS} WHERE {} AND user_id = $1 ORDER BY {} LIMIT $3",
        space.condition(),
        space.distance("$2")
    )
}
