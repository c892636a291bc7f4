//! Conversations and what was said in them.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgPool;
use uuid::Uuid;

use super::archive::{Archive, ExportError};
use super::{Domain, Kept, Kind, Owner};
use crate::app::AppState;
use crate::content::SealedWords;
use crate::conversations::answers::TurnAnswer;
use crate::conversations::store::StoredTurn;

const CONVERSATIONS: i64 = 100;
const TURNS: i64 = 200;

/// See the module.
pub(super) struct Conversations;

#[derive(Serialize)]
struct Conversation {
    id: Uuid,
    session_id: Uuid,
    mode: String,
    wanted_voice: Option<String>,
    wanted_provider: Option<String>,
    provider: Option<String>,
    model: Option<String>,
    started_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
    end_reason: Option<String>,
    turn_count: i32,
}

#[derive(Serialize)]
struct Turn {
    #[serde(flatten)]
    turn: TurnAnswer,
    provider: Option<String>,
    model: Option<String>,
    usage: Option<serde_json::Value>,
}

#[async_trait]
impl Domain for Conversations {
    fn tables(&self) -> &'static [&'static str] {
        &["conversations", "turns"]
    }

    async fn kept(&self, app: &AppState, learner: Uuid) -> sqlx::Result<Vec<Kept>> {
        let conversations = sqlx::query!(
            r#"SELECT count(*) AS "count!", min(c.started_at) AS oldest_at
               FROM conversations c JOIN sessions s ON s.id = c.session_id WHERE s.user_id = $1"#,
            learner
        )
        .fetch_one(&app.pool)
        .await?;
        let turns = sqlx::query!(
            r#"SELECT count(*) AS "count!", min(t.started_at) AS oldest_at
               FROM turns t JOIN conversations c ON c.id = t.conversation_id JOIN sessions s ON s.id = c.session_id WHERE s.user_id = $1"#,
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
            kept(
                Kind::Conversations,
                conversations.count,
                conversations.oldest_at,
            ),
            kept(Kind::Turns, turns.count, turns.oldest_at),
        ])
    }

    async fn export(
        &self,
        app: &AppState,
        owner: Owner,
        archive: &mut Archive,
    ) -> Result<(), ExportError> {
        let mut after = Uuid::nil();
        loop {
            let conversations = page(&app.pool, owner.id, after).await?;
            let Some(last) = conversations.last() else {
                return Ok(());
            };
            after = last.id;
            for conversation in &conversations {
                conversation.write_json(app, owner, archive).await?;
                conversation.write_text(app, owner, archive).await?;
            }
        }
    }
}

impl Conversation {
    fn path(&self, owner: Owner, ending: &str) -> String {
        let began = owner.local(self.started_at).format("%Y-%m-%d_%H-%M");
        format!("conversations/{began}_{}.{ending}", self.id)
    }

    async fn write_json(
        &self,
        app: &AppState,
        owner: Owner,
        archive: &mut Archive,
    ) -> Result<(), ExportError> {
        archive
            .begin_list_in(&self.path(owner, "json"), self, "turns")
            .await?;
        let mut after = 0;
        loop {
            let turns = turns(app, self.id, after).await?;
            let Some(last) = turns.last() else { break };
            after = last.turn.seq;
            for turn in &turns {
                archive.item(turn).await?;
            }
        }
        archive.end_list_in().await
    }

    async fn write_text(
        &self,
        app: &AppState,
        owner: Owner,
        archive: &mut Archive,
    ) -> Result<(), ExportError> {
        archive.begin(&self.path(owner, "txt")).await?;
        archive.write(self.title(owner)).await?;
        let mut after = 0;
        loop {
            let turns = turns(app, self.id, after).await?;
            let Some(last) = turns.last() else {
                return Ok(());
            };
            after = last.turn.seq;
            for turn in &turns {
                archive.write(turn.line(owner)).await?;
            }
        }
    }

    fn title(&self, owner: Owner) -> String {
        let began = owner.local(self.started_at).format("%-d %B %Y, %H:%M");
        let mut title = format!("Conversation of {began} ({})\n{}", owner.zone, self.mode);
        for word in [&self.provider, &self.model].into_iter().flatten() {
            title.push_str(&format!(", {word}"));
        }
        if let (Some(at), Some(reason)) = (self.ended_at, &self.end_reason) {
            let at = owner.local(at).format("%H:%M");
            title.push_str(&format!(", ended {at} ({reason})"));
        }
        title.push_str("\n\n");
        title
    }
}

impl Turn {
    fn line(&self, owner: Owner) -> String {
        let turn = &self.turn;
        let at = owner.local(turn.started_at).format("%H:%M:%S");
        let speaker = if turn.speaker == "learner" {
            "You"
        } else {
            "Tutor"
        };
        let words = match (turn.text_pending, turn.text_error) {
            (true, _) => "(the words have not come)",
            (false, Some(_)) => "(the words cannot be read)",
            (false, None) => &turn.text,
        };
        let cut = if turn.interrupted { " […]" } else { "" };
        format!("{at}  {speaker}: {words}{cut}\n")
    }
}

async fn page(pool: &PgPool, learner: Uuid, after: Uuid) -> sqlx::Result<Vec<Conversation>> {
    sqlx::query_as!(
        Conversation,
        "SELECT c.id, c.session_id, c.mode, c.wanted_voice, c.wanted_provider, c.provider, c.model, c.started_at, c.ended_at, c.end_reason,
                c.last_turn_seq AS turn_count
         FROM conversations c JOIN sessions s ON s.id = c.session_id
         WHERE s.user_id = $1 AND c.id > $2 ORDER BY c.id LIMIT $3",
        learner,
        after,
        CONVERSATIONS
    )
    .fetch_all(pool)
    .await
}

async fn turns(app: &AppState, conversation: Uuid, after: i32) -> sqlx::Result<Vec<Turn>> {
    let rows = sqlx::query!(
        "SELECT id, seq, speaker, words_ciphertext, words_nonce, words_key_id, started_at, ended_at, interrupted, heard_ms, latency_ms,
                first_audio_ms, first_heard_ms, provider, model, usage
         FROM turns WHERE conversation_id = $1 AND seq > $2 ORDER BY seq LIMIT $3",
        conversation,
        after,
        TURNS
    )
    .fetch_all(&app.pool)
    .await?;
    let turns = rows.into_iter().map(|row| {
        let stored = StoredTurn {
            id: row.id,
            seq: row.seq,
            speaker: row.speaker,
            words: SealedWords::of_columns(row.words_ciphertext, row.words_nonce, row.words_key_id),
            started_at: row.started_at,
            ended_at: row.ended_at,
            interrupted: row.interrupted,
            heard_ms: row.heard_ms,
            first_audio_ms: row.first_audio_ms,
            latency_ms: row.latency_ms,
            first_heard_ms: row.first_heard_ms,
        };
        Turn {
            turn: TurnAnswer::new(stored, &app.keys),
            provider: row.provider,
            model: row.model,
            usage: row.usage,
        }
    });
    Ok(turns.collect())
}
