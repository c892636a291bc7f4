//! What is remembered of a learner: summaries of conversations, and facts.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgPool;
use uuid::Uuid;

use super::archive::{Archive, ExportError};
use super::{Domain, Kept, Kind, Owner};
use crate::app::AppState;
use crate::content::{ContentKeys, Place, SealedWords};

const MEMORIES: i64 = 200;

/// See the module.
pub(super) struct Memories;

#[derive(Serialize)]
struct Memory {
    id: Uuid,
    /// `summary`, or what kind of fact it is.
    kind: String,
    /// Null when it cannot be decrypted any more.
    text: Option<String>,
    /// Of a summary: of which conversation, and up to which turn.
    conversation_id: Option<Uuid>,
    up_to_seq: Option<i32>,
    /// Of a fact: the conversations that it was taken from.
    taken_from: Vec<Uuid>,
    text_model: String,
    /// The models that made vectors of it.
    embedding_models: Vec<String>,
    created_at: DateTime<Utc>,
    confirmed_at: DateTime<Utc>,
    /// Since when it is told to nobody, because something else is true by now.
    retired_at: Option<DateTime<Utc>>,
}

#[async_trait]
impl Domain for Memories {
    fn tables(&self) -> &'static [&'static str] {
        &["memories", "memory_sources", "memory_vectors"]
    }

    async fn kept(&self, app: &AppState, learner: Uuid) -> sqlx::Result<Vec<Kept>> {
        let row = sqlx::query!(
            r#"SELECT count(*) FILTER (WHERE kind = 'summary') AS "summaries!",
                      min(created_at) FILTER (WHERE kind = 'summary') AS oldest_summary,
                      count(*) FILTER (WHERE kind <> 'summary' AND retired_at IS NULL) AS "facts!",
                      min(created_at) FILTER (WHERE kind <> 'summary' AND retired_at IS NULL) AS oldest_fact,
                      count(*) FILTER (WHERE kind <> 'summary' AND retired_at IS NOT NULL) AS "retired!",
                      min(created_at) FILTER (WHERE kind <> 'summary' AND retired_at IS NOT NULL) AS oldest_retired
               FROM memories WHERE user_id = $1"#,
            learner
        )
        .fetch_one(&app.pool)
        .await?;
        let kept = |kind, count, oldest_at| Kept {
            kind,
            count,
            bytes: None,
            oldest_at,
        };
        Ok(vec![
            kept(Kind::Summaries, row.summaries, row.oldest_summary),
            kept(Kind::Memories, row.facts, row.oldest_fact),
            kept(Kind::RetiredMemories, row.retired, row.oldest_retired),
        ])
    }

    async fn export(
        &self,
        app: &AppState,
        owner: Owner,
        archive: &mut Archive,
    ) -> Result<(), ExportError> {
        archive.begin_list("memories.json").await?;
        let mut after = Uuid::nil();
        loop {
            let memories = page(&app.pool, &app.keys, owner.id, after).await?;
            let Some(last) = memories.last() else { break };
            after = last.id;
            for memory in &memories {
                archive.item(memory).await?;
            }
        }
        archive.end_list().await?;
        archive.begin("memories.txt").await?;
        let mut after = Uuid::nil();
        loop {
            let memories = page(&app.pool, &app.keys, owner.id, after).await?;
            let Some(last) = memories.last() else {
                return Ok(());
            };
            after = last.id;
            for memory in &memories {
                archive.write(memory.text(owner)).await?;
            }
        }
    }
}

impl Memory {
    fn text(&self, owner: Owner) -> String {
        let at = owner.local(self.created_at).format("%-d %B %Y, %H:%M");
        let retired = if self.retired_at.is_some() {
            ", not told any more"
        } else {
            ""
        };
        let words = self.text.as_deref().unwrap_or("(cannot be read)");
        format!("{at}, {}{retired}\n{words}\n\n", self.kind)
    }
}

async fn page(
    pool: &PgPool,
    keys: &ContentKeys,
    learner: Uuid,
    after: Uuid,
) -> sqlx::Result<Vec<Memory>> {
    let rows = sqlx::query!(
        r#"SELECT m.id, m.kind, m.conversation_id, m.up_to_seq, m.words_ciphertext, m.words_nonce, m.words_key_id, m.text_model,
                  m.created_at, m.confirmed_at, m.retired_at,
                  ARRAY(SELECT s.conversation_id FROM memory_sources s WHERE s.memory_id = m.id ORDER BY 1) AS "taken_from!",
                  ARRAY(SELECT e.name FROM memory_vectors v JOIN embedding_models e ON e.id = v.model_id
                        WHERE v.memory_id = m.id ORDER BY 1) AS "embedding_models!"
           FROM memories m WHERE m.user_id = $1 AND m.id > $2 ORDER BY m.id LIMIT $3"#,
        learner,
        after,
        MEMORIES
    )
    .fetch_all(pool)
    .await?;
    let memories = rows.into_iter().map(|row| {
        let words = SealedWords {
            ciphertext: row.words_ciphertext,
            nonce: row.words_nonce,
            key_id: row.words_key_id,
        };
        Memory {
            id: row.id,
            kind: row.kind,
            text: keys.open_in(Place::Memory, row.id, &words).ok(),
            conversation_id: row.conversation_id,
            up_to_seq: row.up_to_seq,
            taken_from: row.taken_from,
            text_model: row.text_model,
            embedding_models: row.embedding_models,
            created_at: row.created_at,
            confirmed_at: row.confirmed_at,
            retired_at: row.retired_at,
        }
    });
    Ok(memories.collect())
}
