//! Conversations in Postgres. Every change of state locks the row, asks `domain.rs`, and writes what it answers.

mod turns;

use avaaz_tutor::EndReason;
use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::domain::{self, ConversationId, ConversationState, Learner};
use crate::content::SealedWords;
use crate::memory::jobs::Remember;
use crate::sessions::domain::{Provider, Session, SessionId};
use crate::sessions::store::known;
use crate::{jobs, memory};

pub use turns::{Place, StoredTurn, owned_turns, settle_forgotten, settle_words, turns};

/// Something outside the runtime changed a conversation: whoever serves it reads it again.
pub struct ConversationChanged(pub Uuid);

impl ConversationChanged {
    /// The channel it is told on.
    pub const CHANNEL: &str = "avaaz_conversation";

    /// Tells it, when the transaction commits.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn notify(self, connection: &mut PgConnection) -> sqlx::Result<()> {
        sqlx::query!(
            "SELECT pg_notify($1, $2)",
            Self::CHANNEL,
            self.0.to_string()
        )
        .fetch_one(connection)
        .await?;
        Ok(())
    }
}

/// A conversation may wait for a runtime.
pub struct WorkMayWait;

impl WorkMayWait {
    /// The channel it is told on.
    pub const CHANNEL: &str = "avaaz_work";

    /// Tells it, when the transaction commits.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn notify(self, connection: &mut PgConnection) -> sqlx::Result<()> {
        sqlx::query!("SELECT pg_notify($1, '')", Self::CHANNEL)
            .fetch_one(connection)
            .await?;
        Ok(())
    }
}

/// An open conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Live {
    /// Which.
    pub id: ConversationId,
    /// When it was opened.
    pub started_at: DateTime<Utc>,
    /// Whether the learner is in the room.
    pub learner_present: bool,
}

/// A conversation that is locked until the transaction ends.
#[derive(Debug, Clone, Copy)]
pub struct Locked {
    /// Which.
    pub id: ConversationId,
    /// Where it is in its life.
    pub state: ConversationState,
    /// Whether a runtime holds it and still renews its lease: then only that runtime's word on the learner counts.
    pub is_served: bool,
    /// The database's clock, which all times of conversations are taken from.
    pub now: DateTime<Utc>,
}

/// A conversation as lists and pages show it.
#[derive(Debug, Clone)]
pub struct Summary {
    /// Its id.
    pub id: Uuid,
    /// Whose thread it belongs to.
    pub session_id: Uuid,
    /// What kind of sitting it is.
    pub mode: String,
    /// When it was opened.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// Why it ended.
    pub end_reason: Option<String>,
    /// The provider that serves or served it.
    pub provider: Option<String>,
    /// Its model.
    pub model: Option<String>,
    /// How many turns it has.
    pub turn_count: i32,
    /// How long it lasted, or has lasted.
    pub duration_ms: i64,
    /// The first turn that has words.
    pub first: Option<(Uuid, SealedWords)>,
    /// The first turn of the learner that has words.
    pub learners_first: Option<(Uuid, SealedWords)>,
}

/// Returns the session's open conversation.
///
/// # Errors
/// When the database fails.
pub async fn find_live(pool: &PgPool, session: SessionId) -> sqlx::Result<Option<Live>> {
    let row = sqlx::query!(
        "SELECT id, started_at, learner_present FROM conversations WHERE session_id = $1 AND ended_at IS NULL",
        session.0
    )
    .fetch_optional(pool)
    .await?;
    Ok(row.map(|row| Live {
        id: ConversationId(row.id),
        started_at: row.started_at,
        learner_present: row.learner_present,
    }))
}

/// The page that asks for a conversation: a device, a tab.
#[derive(Debug, Clone, Copy)]
pub struct Asker<'a> {
    /// The name that it gave itself, if it did.
    pub page: Option<&'a str>,
    /// Whether it wants a conversation only if that has not moved on to another page meanwhile.
    pub comes_back: bool,
}

/// Makes sure that the session has an open conversation, and only one, that the learner is about to join; wakes the runtimes.
///
/// One that nobody serves and that the learner left long ago is ended first: they come for a new one.
///
/// # Errors
/// When the database fails.
pub async fn ensure_open(pool: &PgPool, session: &Session) -> sqlx::Result<ConversationId> {
    let mut transaction = pool.begin().await?;
    let (session, open) = find_open(&mut transaction, session.id).await?;
    let id = expect_learner(&mut transaction, &session, open).await?;
    transaction.commit().await?;
    Ok(id)
}

/// Does the same for a page, which has the conversation from then on. Returns nothing, and changes nothing, when a page comes back
/// to a conversation that another one has now.
///
/// # Errors
/// When the database fails.
pub async fn ensure_open_for(
    pool: &PgPool,
    session: &Session,
    asker: Asker<'_>,
) -> sqlx::Result<Option<ConversationId>> {
    let mut transaction = pool.begin().await?;
    let (session, open) = find_open(&mut transaction, session.id).await?;
    if let Some(found) = open
        && asker.comes_back
        && (asker.page.is_none()
            || page_of(&mut transaction, found.id).await?.as_deref() != asker.page)
    {
        return Ok(None);
    }
    let id = expect_learner(&mut transaction, &session, open).await?;
    sqlx::query!(
        "UPDATE conversations SET learner_page = $2 WHERE id = $1 AND learner_page IS DISTINCT FROM $2",
        id.0,
        asker.page
    )
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(Some(id))
}

/// Locks the session and its open conversation; one that was left for good is ended, and counts as none.
async fn find_open(
    connection: &mut PgConnection,
    session: SessionId,
) -> sqlx::Result<(Session, Option<Locked>)> {
    // Two calls at once would both find none; the session's row makes them follow each other.
    let session = crate::sessions::store::lock(connection, session).await?;
    let open = lock_open(connection, session.id).await?;
    if let Some(found) = open
        && let Some(gone_at) = found
            .state
            .gone_at()
            .filter(|gone_at| !found.is_served && *gone_at <= found.now)
    {
        if let Ok(ended) = found.state.end(EndReason::LearnerGone, gone_at) {
            save_state(connection, found.id, ended).await?;
        }
        return Ok((session, None));
    }
    Ok((session, open))
}

async fn expect_learner(
    connection: &mut PgConnection,
    session: &Session,
    open: Option<Locked>,
) -> sqlx::Result<ConversationId> {
    let id = match open {
        Some(found) => {
            if let Ok(expected) = found.state.learner_expected(found.now) {
                save_state(connection, found.id, expected).await?;
            }
            found.id
        }
        None => insert(connection, session).await?,
    };
    WorkMayWait.notify(connection).await?;
    Ok(id)
}

async fn page_of(
    connection: &mut PgConnection,
    id: ConversationId,
) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!("SELECT learner_page FROM conversations WHERE id = $1", id.0)
        .fetch_one(connection)
        .await
}

/// Locks the session's open conversation.
///
/// # Errors
/// When the database fails.
pub async fn lock_open(
    connection: &mut PgConnection,
    session: SessionId,
) -> sqlx::Result<Option<Locked>> {
    let id = sqlx::query_scalar!(
        "SELECT id FROM conversations WHERE session_id = $1 AND ended_at IS NULL FOR UPDATE",
        session.0
    )
    .fetch_optional(&mut *connection)
    .await?;
    match id {
        Some(id) => lock(connection, ConversationId(id)).await,
        None => Ok(None),
    }
}

/// Locks a conversation.
///
/// # Errors
/// When the database fails.
pub async fn lock(
    connection: &mut PgConnection,
    id: ConversationId,
) -> sqlx::Result<Option<Locked>> {
    let row = sqlx::query!(
        r#"SELECT ended_at, end_reason, learner_away_since, clock_timestamp() AS "now!",
                  coalesce(lease_expires_at > clock_timestamp(), false) AS "is_served!"
           FROM conversations WHERE id = $1 FOR UPDATE"#,
        id.0
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let state = state(
        row.ended_at,
        row.end_reason.as_deref(),
        row.learner_away_since,
    )?;
    Ok(Some(Locked {
        id,
        state,
        is_served: row.is_served,
        now: row.now,
    }))
}

/// Writes a conversation's state.
///
/// # Errors
/// When the database fails.
pub async fn save_state(
    connection: &mut PgConnection,
    id: ConversationId,
    state: ConversationState,
) -> sqlx::Result<()> {
    match state {
        ConversationState::Open { learner } => {
            let away_since = match learner {
                Learner::Present => None,
                Learner::AwaySince(since) => Some(since),
            };
            sqlx::query!(
                "UPDATE conversations SET learner_present = $2, learner_away_since = $3 WHERE id = $1",
                id.0,
                away_since.is_none(),
                away_since
            )
            .execute(connection)
            .await?;
        }
        ConversationState::Ended { reason, at } => {
            // The learner is nowhere any more; a clock of another machine must not end it before it began.
            sqlx::query!(
                "UPDATE conversations SET ended_at = greatest($2, started_at), end_reason = $3, learner_present = false,
                        learner_away_since = coalesce(learner_away_since, now())
                 WHERE id = $1",
                id.0,
                at,
                reason.as_str()
            )
            .execute(&mut *connection)
            .await?;
            Remember::enqueue(connection, id.0).await?;
        }
    }
    Ok(())
}

/// Ends a conversation by the learner's word, and tells whoever serves it. Ending twice is fine.
///
/// # Errors
/// When the database fails.
pub async fn end_by_learner(pool: &PgPool, id: ConversationId) -> sqlx::Result<()> {
    let mut transaction = pool.begin().await?;
    if let Some(found) = lock(&mut transaction, id).await?
        && let Ok(ended) = found.state.end(EndReason::LearnerEnded, found.now)
    {
        save_state(&mut transaction, id, ended).await?;
        ConversationChanged(id.0).notify(&mut transaction).await?;
    }
    transaction.commit().await
}

/// Deletes a conversation, all its turns and what was learnt only there; a live one is ended by it, and whoever serves it is told.
///
/// # Errors
/// When the database fails.
pub async fn delete(pool: &PgPool, id: ConversationId) -> sqlx::Result<()> {
    let mut transaction = pool.begin().await?;
    memory::store::forget_conversation(&mut transaction, id.0).await?;
    jobs::forget(&mut transaction, "conversation", id.0).await?;
    sqlx::query!("DELETE FROM conversations WHERE id = $1", id.0)
        .execute(&mut *transaction)
        .await?;
    ConversationChanged(id.0).notify(&mut transaction).await?;
    transaction.commit().await
}

/// Selects summaries; which ones, in what order and how many is the caller's word, over `c` (conversations) and `s` (sessions).
macro_rules! select_summaries {
    ($which:tt, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            SummaryRow,
            r#"SELECT c.id, c.session_id, c.mode, c.started_at, c.ended_at, c.end_reason, c.provider, c.model,
                      c.last_turn_seq AS turn_count,
                      (extract(epoch FROM coalesce(c.ended_at, greatest(now(), c.started_at)) - c.started_at) * 1000)::bigint AS "duration_ms!",
                      first.id AS "first_id?", first.words_ciphertext, first.words_nonce, first.words_key_id,
                      learners.id AS "learners_id?", learners.words_ciphertext AS learners_ciphertext,
                      learners.words_nonce AS learners_nonce, learners.words_key_id AS learners_key_id
               FROM conversations c
               JOIN sessions s ON s.id = c.session_id
               LEFT JOIN LATERAL (
                   -- 16 bytes are the tag alone: a turn without words.
                   SELECT t.id, t.words_ciphertext, t.words_nonce, t.words_key_id FROM turns t
                   WHERE t.conversation_id = c.id AND octet_length(t.words_ciphertext) > 16 ORDER BY t.seq LIMIT 1
               ) first ON true
               LEFT JOIN LATERAL (
                   SELECT t.id, t.words_ciphertext, t.words_nonce, t.words_key_id FROM turns t
                   WHERE t.conversation_id = c.id AND t.speaker = 'learner' AND octet_length(t.words_ciphertext) > 16
                   ORDER BY t.seq LIMIT 1
               ) learners ON true "#
                + $which,
            $($argument),+
        )
    };
}

/// Returns one of the learner's conversations. Another learner's is none.
///
/// # Errors
/// When the database fails.
pub async fn find_owned(
    pool: &PgPool,
    id: ConversationId,
    user: Uuid,
) -> sqlx::Result<Option<Summary>> {
    let row = select_summaries!("WHERE c.id = $1 AND s.user_id = $2", id.0, user)
        .fetch_optional(pool)
        .await?;
    Ok(row.map(Summary::from))
}

/// Returns a page of the session's conversations, newest first, from below `before`.
///
/// # Errors
/// When the database fails.
pub async fn list(
    pool: &PgPool,
    session: SessionId,
    before: Option<Uuid>,
    limit: i64,
) -> sqlx::Result<Vec<Summary>> {
    let rows = select_summaries!(
        "WHERE c.session_id = $1 AND ($2::uuid IS NULL OR c.id < $2) ORDER BY c.id DESC LIMIT $3",
        session.0,
        before,
        limit
    )
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(Summary::from).collect())
}

async fn insert(connection: &mut PgConnection, session: &Session) -> sqlx::Result<ConversationId> {
    let id = Uuid::now_v7();
    sqlx::query!(
        "INSERT INTO conversations (id, session_id, mode, wanted_voice, wanted_provider) VALUES ($1, $2, $3, $4, $5)",
        id,
        session.id.0,
        session.settings.mode.as_str(),
        session.settings.voice,
        session.settings.provider.map(Provider::as_str)
    )
    .execute(connection)
    .await?;
    Ok(ConversationId(id))
}

fn state(
    ended_at: Option<DateTime<Utc>>,
    end_reason: Option<&str>,
    away_since: Option<DateTime<Utc>>,
) -> sqlx::Result<ConversationState> {
    match (ended_at, end_reason) {
        (Some(at), Some(word)) => Ok(ConversationState::Ended {
            reason: known("end_reason", word, domain::end_reason_from_word)?,
            at,
        }),
        _ => Ok(ConversationState::Open {
            learner: away_since.map_or(Learner::Present, Learner::AwaySince),
        }),
    }
}

struct SummaryRow {
    id: Uuid,
    session_id: Uuid,
    mode: String,
    started_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
    end_reason: Option<String>,
    provider: Option<String>,
    model: Option<String>,
    turn_count: i32,
    duration_ms: i64,
    first_id: Option<Uuid>,
    words_ciphertext: Option<Vec<u8>>,
    words_nonce: Option<Vec<u8>>,
    words_key_id: Option<String>,
    learners_id: Option<Uuid>,
    learners_ciphertext: Option<Vec<u8>>,
    learners_nonce: Option<Vec<u8>>,
    learners_key_id: Option<String>,
}

impl From<SummaryRow> for Summary {
    fn from(row: SummaryRow) -> Self {
        Self {
            id: row.id,
            session_id: row.session_id,
            mode: row.mode,
            started_at: row.started_at,
            ended_at: row.ended_at,
            end_reason: row.end_reason,
            provider: row.provider,
            model: row.model,
            turn_count: row.turn_count,
            duration_ms: row.duration_ms,
            first: row.first_id.zip(SealedWords::of_columns(
                row.words_ciphertext,
                row.words_nonce,
                row.words_key_id,
            )),
            learners_first: row.learners_id.zip(SealedWords::of_columns(
                row.learners_ciphertext,
                row.learners_nonce,
                row.learners_key_id,
            )),
        }
    }
}
