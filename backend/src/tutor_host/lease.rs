//! Claiming, keeping and giving back conversations.

use std::time::Duration;

use avaaz_agent::host::{Claimed, Lease};
use avaaz_tutor::{EndReason, PastTurn};
use chrono::{DateTime, Utc};
use sqlx::postgres::types::PgInterval;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::{Shared, Take, Written, spending};
use crate::content::ContentKeys;
use crate::conversations::domain::{self, ConversationId, learner_identity};
use crate::conversations::store::{self, StoredTurn, WorkMayWait};
use crate::sessions::domain::{Mode, SessionId};
use crate::sessions::store::{SessionRow, known};

/// How much of the past a take-over is told: the whole of a usual lesson, and bounded.
const HISTORY_TURNS: i64 = 200;

/// The first half of the advisory locks that living runtimes hold; the second half is made from their ids.
const LIFE: i32 = 0x61_7661;

/// A lease that still is ours, and what may have changed under it.
pub(super) struct Kept {
    pub(super) lease: Lease,
    pub(super) settings_at: DateTime<Utc>,
    pub(super) end_reason: Option<EndReason>,
}

/// Claims what nobody serves, this host's own runtime (`served`) included: present learners first, then whoever has waited
/// longest. Each with the time of its settings.
///
/// A living runtime holds an advisory lock under its id (see `listener`). The lock alone says nothing: its connection may be
/// made anew at this moment. Without it, half a lease without a renewal is enough.
pub(super) async fn claim(
    shared: &Shared,
    runtime: Uuid,
    room_for: usize,
    take: Take,
    served: &[Uuid],
) -> sqlx::Result<Vec<(Claimed, DateTime<Utc>)>> {
    let period = interval(shared.terms.period);
    let mut transaction = shared.pool.begin().await?;
    let rows = sqlx::query!(
        r#"WITH candidates AS (
               SELECT id FROM conversations
               WHERE ended_at IS NULL
                 AND (lease_runtime IS NULL
                      OR (id <> ALL($5)
                          -- A database that has just started gives the holders one period to renew.
                          AND pg_postmaster_start_time() < now() - $3::interval
                          AND (($4 AND lease_expires_at < now())
                               OR ($6 AND lease_expires_at < now() + $3::interval / 2
                                   AND NOT EXISTS (SELECT FROM pg_locks
                                                   WHERE locktype = 'advisory' AND granted AND classid::bigint = $7
                                                     AND objid = hashtext(lease_runtime::text)::oid)))))
               ORDER BY learner_present DESC, waiting_since, id
               LIMIT $2
               FOR UPDATE SKIP LOCKED
           )
           UPDATE conversations c
           SET lease_runtime = $1, lease_epoch = c.lease_epoch + 1, lease_expires_at = now() + $3::interval
           FROM candidates WHERE c.id = candidates.id
           RETURNING c.id, c.session_id, c.lease_epoch, c.mode, c.wanted_voice, c.wanted_provider, c.provider, c.started_at,
                     c.last_turn_seq"#,
        runtime,
        i64::try_from(room_for).unwrap_or(i64::MAX),
        period,
        take.expired,
        served,
        take.orphaned,
        i64::from(LIFE)
    )
    .fetch_all(&mut *transaction)
    .await?;
    let mut claimed = Vec::with_capacity(rows.len());
    for row in rows {
        let id = ConversationId(row.id);
        let (session, learner_name) =
            read_session(&mut transaction, SessionId(row.session_id)).await?;
        // Whoever knew the words that are still missing is not the holder any more.
        store::settle_words(&mut transaction, &shared.keys, id).await?;
        let past = store::turns(&mut *transaction, id, HISTORY_TURNS).await?;
        let mode = known("mode", &row.mode, Mode::from_word)?;
        let time_limit = spending::time_limit(shared, &mut transaction, row.id).await?;
        let spending = spending::spent(shared, &mut transaction, row.id).await?;
        let one = Claimed {
            lease: Lease {
                conversation: row.id,
                runtime,
                epoch: row.lease_epoch,
            },
            session: row.session_id,
            room: SessionId(row.session_id).room(),
            learner_identity: learner_identity(session.user_id),
            tutor_identity: id.tutor_identity(),
            started_at: row.started_at.into(),
            brief: session
                .settings
                .brief(learner_name, mode, session.settings.voice.clone()),
            history: past
                .into_iter()
                .filter_map(|turn| past_turn(&shared.keys, turn))
                .collect(),
            greeted: row.provider.is_some(),
            next_seq: u32::try_from(row.last_turn_seq).unwrap_or(0) + 1,
            // What was chosen while live counts; without a choice whoever served goes on.
            provider: session
                .settings
                .provider
                .map(|provider| provider.as_str().to_owned())
                .or(row.provider),
            time_limit,
            spending,
        };
        claimed.push((one, session.updated_at));
    }
    transaction.commit().await?;
    Ok(claimed)
}

/// Says that a runtime lives, as long as the connection does.
pub(super) async fn hold_life(
    connection: impl sqlx::PgExecutor<'_>,
    runtime: Uuid,
) -> sqlx::Result<()> {
    sqlx::query!(
        "SELECT pg_advisory_lock_shared($1, hashtext($2::uuid::text))",
        LIFE,
        runtime
    )
    .fetch_one(connection)
    .await?;
    Ok(())
}

/// Renews what still is ours, also what ran out while nobody else took it.
pub(super) async fn renew(shared: &Shared, leases: &[Lease]) -> sqlx::Result<Vec<Kept>> {
    let (ids, runtimes, epochs) = columns(leases);
    let rows = sqlx::query_as!(
        KeptRow,
        r#"UPDATE conversations c SET lease_expires_at = now() + $4::interval
           FROM unnest($1::uuid[], $2::uuid[], $3::bigint[]) AS held (id, runtime, epoch), sessions s
           WHERE c.id = held.id AND c.lease_runtime = held.runtime AND c.lease_epoch = held.epoch AND s.id = c.session_id
           RETURNING c.id, held.runtime AS "runtime!", c.lease_epoch, c.end_reason, s.updated_at"#,
        &ids,
        &runtimes,
        &epochs,
        interval(shared.terms.period)
    )
    .fetch_all(&shared.pool)
    .await?;
    rows.into_iter().map(Kept::try_from).collect()
}

/// Reads what still is ours, without renewing it.
pub(super) async fn read(pool: &PgPool, leases: &[Lease]) -> sqlx::Result<Vec<Kept>> {
    let (ids, runtimes, epochs) = columns(leases);
    let rows = sqlx::query_as!(
        KeptRow,
        r#"SELECT c.id, held.runtime AS "runtime!", c.lease_epoch, c.end_reason, s.updated_at
           FROM conversations c
           JOIN unnest($1::uuid[], $2::uuid[], $3::bigint[]) AS held (id, runtime, epoch)
                ON c.id = held.id AND c.lease_runtime = held.runtime AND c.lease_epoch = held.epoch
           JOIN sessions s ON s.id = c.session_id"#,
        &ids,
        &runtimes,
        &epochs
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter().map(Kept::try_from).collect()
}

/// Reads the brief as it would be told now, and which provider is wanted.
pub(super) async fn read_brief(
    pool: &PgPool,
    conversation: Uuid,
) -> sqlx::Result<Option<(avaaz_tutor::Brief, Option<String>)>> {
    let mut connection = pool.acquire().await?;
    let Some((session, mode)) = find_session(&mut connection, conversation).await? else {
        return Ok(None);
    };
    let (session, learner_name) = read_session(&mut connection, session).await?;
    let mode = known("mode", &mode, Mode::from_word)?;
    let settings = session.settings;
    let wanted = settings
        .provider
        .map(|provider| provider.as_str().to_owned());
    let voice = settings.voice.clone();
    Ok(Some((settings.brief(learner_name, mode, voice), wanted)))
}

/// Returns the learner of a conversation that this lease holds.
pub(super) async fn find_learner(pool: &PgPool, lease: Lease) -> sqlx::Result<Option<Uuid>> {
    sqlx::query_scalar!(
        "SELECT s.user_id FROM conversations c JOIN sessions s ON s.id = c.session_id
         WHERE c.id = $1 AND c.lease_runtime = $2 AND c.lease_epoch = $3",
        lease.conversation,
        lease.runtime,
        lease.epoch
    )
    .fetch_optional(pool)
    .await
}

/// Returns which session it is a conversation of, and its mode.
pub(super) async fn find_session(
    connection: &mut PgConnection,
    conversation: Uuid,
) -> sqlx::Result<Option<(SessionId, String)>> {
    let row = sqlx::query!(
        "SELECT session_id, mode, wanted_voice FROM conversations WHERE id = $1",
        conversation
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| (SessionId(row.session_id), row.mode)))
}

/// Gives an open conversation back and wakes whoever could take it.
pub(super) async fn release(pool: &PgPool, lease: Lease) -> sqlx::Result<Written> {
    let mut transaction = pool.begin().await?;
    let done = sqlx::query!(
        "UPDATE conversations SET lease_runtime = NULL, lease_expires_at = NULL, waiting_since = now()
         WHERE id = $1 AND lease_runtime = $2 AND lease_epoch = $3 AND ended_at IS NULL",
        lease.conversation,
        lease.runtime,
        lease.epoch
    )
    .execute(&mut *transaction)
    .await?;
    if done.rows_affected() == 0 {
        return Ok(Written::LeaseLost);
    }
    WorkMayWait.notify(&mut transaction).await?;
    transaction.commit().await?;
    Ok(Written::Done)
}

/// Ends a conversation. One that has ended already keeps its reason.
pub(super) async fn end(
    pool: &PgPool,
    lease: Lease,
    reason: EndReason,
    at: DateTime<Utc>,
) -> sqlx::Result<Written> {
    let mut transaction = pool.begin().await?;
    if !lock_held(&mut transaction, lease).await? {
        return Ok(Written::LeaseLost);
    }
    let id = ConversationId(lease.conversation);
    let found = store::lock(&mut transaction, id).await?;
    if let Some(Ok(ended)) = found.map(|found| found.state.end(reason, at)) {
        store::save_state(&mut transaction, id, ended).await?;
    }
    transaction.commit().await?;
    Ok(Written::Done)
}

/// Notes whether the learner is in the room.
pub(super) async fn record_presence(
    pool: &PgPool,
    lease: Lease,
    learner_present: bool,
) -> sqlx::Result<Written> {
    let mut transaction = pool.begin().await?;
    if !lock_held(&mut transaction, lease).await? {
        return Ok(Written::LeaseLost);
    }
    let id = ConversationId(lease.conversation);
    if let Some(found) = store::lock(&mut transaction, id).await? {
        let next = if learner_present {
            found.state.learner_joined()
        } else {
            found.state.learner_left(found.now)
        };
        if let Ok(next) = next {
            store::save_state(&mut transaction, id, next).await?;
        }
    }
    transaction.commit().await?;
    Ok(Written::Done)
}

/// Notes who serves the conversation.
pub(super) async fn record_provider(
    pool: &PgPool,
    lease: Lease,
    provider: &str,
    model: &str,
) -> sqlx::Result<Written> {
    let done = sqlx::query!(
        "UPDATE conversations SET provider = $4, model = $5 WHERE id = $1 AND lease_runtime = $2 AND lease_epoch = $3",
        lease.conversation,
        lease.runtime,
        lease.epoch,
        provider,
        model
    )
    .execute(pool)
    .await?;
    Ok(if done.rows_affected() == 0 {
        Written::LeaseLost
    } else {
        Written::Done
    })
}

/// Locks the row if the lease is the current one. An ended conversation still belongs to its last holder: the words of its
/// last turns may come late.
pub(super) async fn lock_held(connection: &mut PgConnection, lease: Lease) -> sqlx::Result<bool> {
    let found = sqlx::query_scalar!(
        "SELECT id FROM conversations WHERE id = $1 AND lease_runtime = $2 AND lease_epoch = $3 FOR UPDATE",
        lease.conversation,
        lease.runtime,
        lease.epoch
    )
    .fetch_optional(connection)
    .await?;
    Ok(found.is_some())
}

async fn read_session(
    connection: &mut PgConnection,
    session: SessionId,
) -> sqlx::Result<(crate::sessions::domain::Session, String)> {
    let row = sqlx::query_as!(
        SessionRow,
        "SELECT id, user_id, mode, target_language, native_language, level, voice, provider, patience, push_to_talk, goal,
                created_at, updated_at
         FROM sessions WHERE id = $1",
        session.0
    )
    .fetch_one(&mut *connection)
    .await?;
    let name = sqlx::query_scalar!("SELECT display_name FROM users WHERE id = $1", row.user_id)
        .fetch_one(connection)
        .await?;
    Ok((row.try_into()?, name))
}

/// Returns a turn as the tutor is told of it. Words that cannot be read are left out: the rest still helps. A turn that has none
/// is told of, so that the place that the learner's page keeps for it can be taken away.
fn past_turn(keys: &ContentKeys, turn: StoredTurn) -> Option<PastTurn> {
    let text = match keys.open(turn.id, &turn.words?) {
        Ok(text) => text,
        Err(error) => {
            tracing::warn!(turn.id = %turn.id, %error, "a past turn cannot be read");
            return None;
        }
    };
    let speaker = domain::speaker_from_word(&turn.speaker)?;
    let seq = u32::try_from(turn.seq).ok()?;
    Some(PastTurn {
        seq,
        speaker,
        text,
        interrupted: turn.interrupted,
    })
}

/// A lease as it stands in its row.
struct KeptRow {
    id: Uuid,
    runtime: Uuid,
    lease_epoch: i64,
    end_reason: Option<String>,
    updated_at: DateTime<Utc>,
}

impl TryFrom<KeptRow> for Kept {
    type Error = sqlx::Error;

    fn try_from(row: KeptRow) -> sqlx::Result<Self> {
        let end_reason = row
            .end_reason
            .map(|word| known("end_reason", &word, domain::end_reason_from_word))
            .transpose()?;
        Ok(Self {
            lease: Lease {
                conversation: row.id,
                runtime: row.runtime,
                epoch: row.lease_epoch,
            },
            settings_at: row.updated_at,
            end_reason,
        })
    }
}

fn columns(leases: &[Lease]) -> (Vec<Uuid>, Vec<Uuid>, Vec<i64>) {
    let ids = leases.iter().map(|lease| lease.conversation).collect();
    let runtimes = leases.iter().map(|lease| lease.runtime).collect();
    let epochs = leases.iter().map(|lease| lease.epoch).collect();
    (ids, runtimes, epochs)
}

fn interval(duration: Duration) -> PgInterval {
    PgInterval {
        months: 0,
        days: 0,
        microseconds: i64::try_from(duration.as_micros()).unwrap_or(i64::MAX),
    }
}
