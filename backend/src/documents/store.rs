//! Documents in Postgres.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::domain::{DocumentId, Failure, Kind, Status};
use super::vault::{MaterialKey, Sealed};
use crate::content::{ContentKeys, OpenWordsError, SealedWords};
use crate::jobs;
use crate::sessions::store::known;

/// A document as it is listed.
#[derive(Debug)]
pub struct Document {
    /// Its id.
    pub id: DocumentId,
    /// Whose it is.
    pub learner: Uuid,
    /// What it is.
    pub kind: Kind,
    /// What it is called; none when that cannot be decrypted.
    pub names: Option<Names>,
    /// How large the file is.
    pub size_bytes: i64,
    /// How far it has come.
    pub status: Status,
    /// Why it cannot be read.
    pub failure: Option<Failure>,
    /// The language of most of it (ISO 639-3).
    pub language: Option<String>,
    /// How many passages it has.
    pub passage_count: i32,
    /// How many of them are found by their meaning.
    pub embedded_count: i32,
    /// Whether it went on after the last passage.
    pub is_cut: bool,
    /// When it was uploaded.
    pub created_at: DateTime<Utc>,
}

/// What a document is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Names {
    /// The name of its file.
    pub file: String,
    /// What it calls itself.
    pub title: Option<String>,
}

/// A document that was just uploaded.
#[derive(Debug)]
pub struct NewDocument {
    /// Its id, which names its file, too.
    pub id: DocumentId,
    /// Whose it is.
    pub learner: Uuid,
    /// What it is.
    pub kind: Kind,
    /// The name of its file.
    pub file_name: String,
    /// How large it is.
    pub size_bytes: i64,
}

/// How much a learner keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// How many documents.
    pub documents: i64,
    /// How large they are together.
    pub bytes: i64,
    /// How many passages they have together.
    pub passages: i64,
}

/// Returns the learner's key, if they ever uploaded anything.
///
/// # Errors
/// When the database fails, or the key cannot be decrypted.
pub async fn find_key(
    pool: &PgPool,
    keys: &ContentKeys,
    learner: Uuid,
) -> sqlx::Result<Option<MaterialKey>> {
    let row = sqlx::query!(
        "SELECT words_ciphertext, words_nonce, words_key_id FROM material_keys WHERE user_id = $1",
        learner
    )
    .fetch_optional(pool)
    .await?;
    let key = row.map(|row| {
        let sealed = SealedWords {
            ciphertext: row.words_ciphertext,
            nonce: row.words_nonce,
            key_id: row.words_key_id,
        };
        MaterialKey::open_itself(learner, &sealed, keys)
    });
    key.transpose().map_err(unreadable)
}

/// Returns the learner's key and makes it at the first call. Parallel first calls get the same one.
///
/// # Errors
/// When the database fails, or the key cannot be decrypted.
pub async fn get_or_create_key(
    pool: &PgPool,
    keys: &ContentKeys,
    learner: Uuid,
) -> sqlx::Result<MaterialKey> {
    if let Some(key) = find_key(pool, keys, learner).await? {
        return Ok(key);
    }
    let sealed = MaterialKey::generate().seal_itself(learner, keys);
    sqlx::query!(
        "INSERT INTO material_keys (user_id, words_ciphertext, words_nonce, words_key_id) VALUES ($1, $2, $3, $4)
         ON CONFLICT (user_id) DO NOTHING",
        learner,
        sealed.ciphertext,
        sealed.nonce,
        sealed.key_id
    )
    .execute(pool)
    .await?;
    find_key(pool, keys, learner)
        .await?
        .ok_or(sqlx::Error::RowNotFound)
}

fn unreadable(error: OpenWordsError) -> sqlx::Error {
    sqlx::Error::ColumnDecode {
        index: "material_keys.words_ciphertext".to_owned(),
        source: error.into(),
    }
}

/// Returns how much the learner keeps.
///
/// # Errors
/// When the database fails.
pub async fn kept<'c>(executor: impl sqlx::PgExecutor<'c>, learner: Uuid) -> sqlx::Result<Kept> {
    sqlx::query_as!(
        Kept,
        r#"SELECT count(*) AS "documents!", coalesce(sum(size_bytes), 0)::bigint AS "bytes!",
                  coalesce(sum(passage_count), 0)::bigint AS "passages!"
           FROM documents WHERE user_id = $1"#,
        learner
    )
    .fetch_one(executor)
    .await
}

/// Stores a document, and returns how much the learner keeps with it. Two uploads of one learner follow each other from here
/// to the end of the transaction.
///
/// # Errors
/// When the database fails.
pub async fn insert(
    connection: &mut PgConnection,
    key: &MaterialKey,
    document: &NewDocument,
) -> sqlx::Result<Kept> {
    sqlx::query!(
        "SELECT FROM material_keys WHERE user_id = $1 FOR UPDATE",
        document.learner
    )
    .fetch_one(&mut *connection)
    .await?;
    let names = Names {
        file: document.file_name.clone(),
        title: None,
    };
    sqlx::query!(
        "INSERT INTO documents (id, user_id, kind, sealed_names, size_bytes) VALUES ($1, $2, $3, $4, $5)",
        document.id.0,
        document.learner,
        document.kind.as_str(),
        names.seal(key, document.id),
        document.size_bytes
    )
    .execute(&mut *connection)
    .await?;
    kept(connection, document.learner).await
}

/// Returns one of the learner's documents. Another learner's is none.
///
/// # Errors
/// When the database fails.
pub async fn find_owned(
    pool: &PgPool,
    key: Option<&MaterialKey>,
    id: DocumentId,
    learner: Uuid,
) -> sqlx::Result<Option<Document>> {
    let row = sqlx::query_as!(
        DocumentRow,
        "SELECT id, user_id, kind, sealed_names, size_bytes, status, failure, language, passage_count, embedded_count, is_cut, created_at
         FROM documents WHERE id = $1 AND user_id = $2",
        id.0,
        learner
    )
    .fetch_optional(pool)
    .await?;
    row.map(|row| row.open(key)).transpose()
}

/// Returns a page of the learner's documents, newest first, from below `before`.
///
/// # Errors
/// When the database fails.
pub async fn list(
    pool: &PgPool,
    key: Option<&MaterialKey>,
    learner: Uuid,
    before: Option<Uuid>,
    limit: i64,
) -> sqlx::Result<Vec<Document>> {
    let rows = sqlx::query_as!(
        DocumentRow,
        "SELECT id, user_id, kind, sealed_names, size_bytes, status, failure, language, passage_count, embedded_count, is_cut, created_at
         FROM documents WHERE user_id = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3",
        learner,
        before,
        limit
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter().map(|row| row.open(key)).collect()
}

/// Returns whose document it is; none when it was deleted.
///
/// # Errors
/// When the database fails.
pub async fn find_learner(pool: &PgPool, id: DocumentId) -> sqlx::Result<Option<Uuid>> {
    sqlx::query_scalar!("SELECT user_id FROM documents WHERE id = $1", id.0)
        .fetch_optional(pool)
        .await
}

/// Deletes a document with all its passages, and what was still to be done for it. Returns whether it was there and the learner's.
///
/// # Errors
/// When the database fails.
pub async fn delete(pool: &PgPool, id: DocumentId, learner: Uuid) -> sqlx::Result<bool> {
    let mut transaction = pool.begin().await?;
    let deleted = sqlx::query!(
        "DELETE FROM documents WHERE id = $1 AND user_id = $2",
        id.0,
        learner
    )
    .execute(&mut *transaction)
    .await?;
    let was_there = deleted.rows_affected() > 0;
    if was_there {
        jobs::forget(&mut transaction, "document", id.0).await?;
    }
    transaction.commit().await?;
    Ok(was_there)
}

/// Deletes all of a learner's documents, and the key without which nothing that is left somewhere can be read.
///
/// # Errors
/// When the database fails.
pub async fn delete_all(connection: &mut PgConnection, learner: Uuid) -> sqlx::Result<()> {
    sqlx::query!("DELETE FROM documents WHERE user_id = $1", learner)
        .execute(&mut *connection)
        .await?;
    sqlx::query!("DELETE FROM material_keys WHERE user_id = $1", learner)
        .execute(connection)
        .await?;
    Ok(())
}

/// Notes that a document is being read, and returns for which time; none when there is nothing to read any more.
///
/// # Errors
/// When the database fails.
pub async fn begin_reading(pool: &PgPool, id: DocumentId) -> sqlx::Result<Option<i16>> {
    sqlx::query_scalar!(
        "UPDATE documents SET status = 'reading', attempts = least(attempts, 1000) + 1, updated_at = now()
         WHERE id = $1 AND status IN ('waiting', 'reading') RETURNING attempts",
        id.0
    )
    .fetch_optional(pool)
    .await
}

/// Returns documents that nobody has tried to read for a day, with their learners.
///
/// # Errors
/// When the database fails.
pub async fn forgotten(pool: &PgPool) -> sqlx::Result<Vec<(Uuid, Uuid)>> {
    let rows = sqlx::query!(
        "SELECT id, user_id FROM documents
         WHERE status IN ('waiting', 'reading') AND updated_at < now() - interval '1 day' ORDER BY id"
    )
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.user_id)).collect())
}

/// Notes that a document cannot be read.
///
/// # Errors
/// When the database fails.
pub async fn fail(pool: &PgPool, id: DocumentId, failure: Failure) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE documents SET status = 'failed', failure = $2, updated_at = now() WHERE id = $1",
        id.0,
        failure.as_str()
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Locks a document until the transaction ends. Returns whether it is still there.
///
/// # Errors
/// When the database fails.
pub async fn lock(connection: &mut PgConnection, id: DocumentId) -> sqlx::Result<bool> {
    let found = sqlx::query!("SELECT FROM documents WHERE id = $1 FOR UPDATE", id.0)
        .fetch_optional(connection)
        .await?;
    Ok(found.is_some())
}

/// Notes what reading a document came to.
///
/// # Errors
/// When the database fails.
pub async fn finish_reading(
    connection: &mut PgConnection,
    key: &MaterialKey,
    id: DocumentId,
    names: &Names,
    reading: &avaaz_reader::Reading,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE documents SET status = 'embedding', failure = NULL, sealed_names = $2, language = $3, passage_count = $4,
                embedded_count = 0, is_cut = $5, updated_at = now()
         WHERE id = $1",
        id.0,
        names.seal(key, id),
        reading.language,
        i32::try_from(reading.passages.len()).unwrap_or(i32::MAX),
        reading.is_cut
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes how many passages have a vector; with the last one the document is ready.
///
/// # Errors
/// When the database fails.
pub async fn note_embedded(pool: &PgPool, id: DocumentId, model: i16) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE documents SET embedded_count = done.count, updated_at = now(),
                status = CASE WHEN done.count >= passage_count THEN 'ready' ELSE 'embedding' END
         FROM (SELECT count(*)::integer AS count FROM passages p JOIN passage_vectors v ON v.passage_id = p.id
               WHERE p.document_id = $1 AND v.model_id = $2) AS done
         WHERE id = $1 AND status IN ('embedding', 'ready')",
        id.0,
        model
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Returns documents with passages that this model has not seen.
///
/// # Errors
/// When the database fails.
pub async fn without_vectors(pool: &PgPool, model: i16) -> sqlx::Result<Vec<(Uuid, Uuid)>> {
    let rows = sqlx::query!(
        "SELECT d.id, d.user_id FROM documents d WHERE d.status IN ('embedding', 'ready') AND EXISTS (
             SELECT FROM passages p LEFT JOIN passage_vectors v ON v.passage_id = p.id AND v.model_id = $1
             WHERE p.document_id = d.id AND v.passage_id IS NULL
         ) ORDER BY d.id",
        model
    )
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.user_id)).collect())
}

/// Returns which of these documents there are.
///
/// # Errors
/// When the database fails.
pub async fn existing(pool: &PgPool, ids: &[Uuid]) -> sqlx::Result<Vec<Uuid>> {
    sqlx::query_scalar!("SELECT id FROM documents WHERE id = ANY($1)", ids)
        .fetch_all(pool)
        .await
}

impl Names {
    /// Returns what to call it to a person: its file's name, which is the one that they gave it.
    #[must_use]
    pub fn shown(&self) -> &str {
        &self.file
    }

    fn seal(&self, key: &MaterialKey, id: DocumentId) -> Vec<u8> {
        let text = serde_json::to_vec(self).expect("two texts can be written as JSON");
        key.seal(Sealed::Names, id.0, &text)
    }

    fn open(key: &MaterialKey, id: DocumentId, sealed: &[u8]) -> Option<Self> {
        let text = key.open(Sealed::Names, id.0, sealed);
        let names = text
            .ok()
            .and_then(|text| serde_json::from_slice(&text).ok());
        if names.is_none() {
            tracing::warn!(document.id = %id.0, "a document's name cannot be read");
        }
        names
    }
}

struct DocumentRow {
    id: Uuid,
    user_id: Uuid,
    kind: String,
    sealed_names: Vec<u8>,
    size_bytes: i64,
    status: String,
    failure: Option<String>,
    language: Option<String>,
    passage_count: i32,
    embedded_count: i32,
    is_cut: bool,
    created_at: DateTime<Utc>,
}

impl DocumentRow {
    fn open(self, key: Option<&MaterialKey>) -> sqlx::Result<Document> {
        let id = DocumentId(self.id);
        Ok(Document {
            id,
            learner: self.user_id,
            kind: known("kind", &self.kind, Kind::from_word)?,
            names: key.and_then(|key| Names::open(key, id, &self.sealed_names)),
            size_bytes: self.size_bytes,
            status: known("status", &self.status, Status::from_word)?,
            failure: self
                .failure
                .map(|word| known("failure", &word, Failure::from_word))
                .transpose()?,
            language: self.language,
            passage_count: self.passage_count,
            embedded_count: self.embedded_count,
            is_cut: self.is_cut,
            created_at: self.created_at,
        })
    }
}
