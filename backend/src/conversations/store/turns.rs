//! Turns as they are stored.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::content::{ContentKeys, SealedWords};
use crate::conversations::domain::ConversationId;

/// A turn as it is stored.
#[derive(Debug, Clone)]
pub struct StoredTurn {
    /// Its id.
    pub id: Uuid,
    /// From 1, without gaps.
    pub seq: i32,
    /// Who spoke.
    pub speaker: String,
    /// The words; none while they are pending.
    pub words: Option<SealedWords>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub ended_at: DateTime<Utc>,
    /// Whether it was cut short.
    pub interrupted: bool,
    /// How much of a reply was heard.
    pub heard_ms: Option<i32>,
    /// From the end of the learner's speech to the provider's first sound of the reply.
    pub first_audio_ms: Option<i32>,
    /// From there to the first packet of the reply.
    pub latency_ms: Option<i32>,
    /// From there to the first sound that was heard of the reply.
    pub first_heard_ms: Option<i32>,
}

/// Returns the last turns of a conversation, in order.
///
/// # Errors
/// When the database fails.
pub async fn turns<'c>(
    executor: impl sqlx::PgExecutor<'c>,
    id: ConversationId,
    last: i64,
) -> sqlx::Result<Vec<StoredTurn>> {
    let mut rows = sqlx::query_as!(
        TurnRow,
        "SELECT id, seq, speaker, words_ciphertext, words_nonce, words_key_id, started_at, ended_at, interrupted, heard_ms, latency_ms,
                first_audio_ms, first_heard_ms
         FROM turns WHERE conversation_id = $1 ORDER BY seq DESC LIMIT $2",
        id.0,
        last
    )
    .fetch_all(executor)
    .await?;
    rows.reverse();
    Ok(rows.into_iter().map(StoredTurn::from).collect())
}

/// Where a turn stands among all turns of a learner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Its conversation.
    pub conversation: Uuid,
    /// Its number there.
    pub seq: i32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.conversation, self.seq)
    }
}

impl FromStr for Place {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (conversation, seq) = text.split_once('.').ok_or(())?;
        Ok(Self {
            conversation: conversation.parse().map_err(|_| ())?,
            seq: seq.parse().map_err(|_| ())?,
        })
    }
}

/// Returns turns with words of all conversations of a learner, newest first, from below `before`.
///
/// # Errors
/// When the database fails.
pub async fn owned_turns(
    pool: &PgPool,
    user: Uuid,
    before: Option<Place>,
    limit: i64,
) -> sqlx::Result<Vec<(Place, StoredTurn)>> {
    // Both conditions name the place, each on one table, so that each can use that table's index. Without a place, one that comes
    // after all others stands in.
    let below = before.unwrap_or(Place {
        conversation: Uuid::max(),
        seq: 0,
    });
    let rows = sqlx::query!(
        "SELECT t.id, t.conversation_id, t.seq, t.speaker, t.words_ciphertext, t.words_nonce, t.words_key_id, t.started_at,
                t.ended_at, t.interrupted, t.heard_ms, t.latency_ms, t.first_audio_ms, t.first_heard_ms
         FROM sessions s
         JOIN conversations c ON c.session_id = s.id
         JOIN turns t ON t.conversation_id = c.id
         WHERE s.user_id = $1 AND c.id <= $2 AND (t.conversation_id, t.seq) < ($2, $3) AND octet_length(t.words_ciphertext) > 16
         ORDER BY c.id DESC, t.seq DESC LIMIT $4",
        user,
        below.conversation,
        below.seq,
        limit
    )
    .fetch_all(pool)
    .await?;
    let turns = rows.into_iter().map(|row| {
        let place = Place {
            conversation: row.conversation_id,
            seq: row.seq,
        };
        let turn = StoredTurn {
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
        (place, turn)
    });
    Ok(turns.collect())
}

/// Settles turns whose words can never come: whoever could have filled them in serves the conversation no more.
///
/// # Errors
/// When the database fails.
pub async fn settle_words(
    connection: &mut PgConnection,
    keys: &ContentKeys,
    id: ConversationId,
) -> sqlx::Result<()> {
    let pending = sqlx::query_scalar!(
        "SELECT id FROM turns WHERE conversation_id = $1 AND text_pending",
        id.0
    )
    .fetch_all(&mut *connection)
    .await?;
    settle(connection, keys, pending).await
}

/// Settles turns whose words should have come long ago: nobody serves their conversations any more, whatever became of them.
/// Returns how many.
///
/// # Errors
/// When the database fails.
pub async fn settle_forgotten(pool: &PgPool, keys: &ContentKeys) -> sqlx::Result<usize> {
    let mut connection = pool.acquire().await?;
    // A runtime that lost the database keeps its last turns for ten minutes.
    let pending = sqlx::query_scalar!(
        "SELECT t.id FROM turns t JOIN conversations c ON c.id = t.conversation_id
         WHERE t.text_pending AND (c.lease_expires_at IS NULL OR c.lease_expires_at < now() - interval '15 minutes')
         ORDER BY t.id LIMIT 100"
    )
    .fetch_all(&mut *connection)
    .await?;
    let count = pending.len();
    settle(&mut connection, keys, pending).await?;
    Ok(count)
}

async fn settle(
    connection: &mut PgConnection,
    keys: &ContentKeys,
    pending: Vec<Uuid>,
) -> sqlx::Result<()> {
    for turn in pending {
        let nothing = keys.seal(turn, "");
        sqlx::query!(
            "UPDATE turns SET words_ciphertext = $2, words_nonce = $3, words_key_id = $4, text_pending = false
             WHERE id = $1 AND text_pending",
            turn,
            nothing.ciphertext,
            nothing.nonce,
            nothing.key_id
        )
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

struct TurnRow {
    id: Uuid,
    seq: i32,
    speaker: String,
    words_ciphertext: Option<Vec<u8>>,
    words_nonce: Option<Vec<u8>>,
    words_key_id: Option<String>,
    started_at: DateTime<Utc>,
    ended_at: DateTime<Utc>,
    interrupted: bool,
    heard_ms: Option<i32>,
    latency_ms: Option<i32>,
    first_audio_ms: Option<i32>,
    first_heard_ms: Option<i32>,
}

impl From<TurnRow> for StoredTurn {
    fn from(row: TurnRow) -> Self {
        Self {
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
        }
    }
}
