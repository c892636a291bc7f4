//! Turns, written under a lease, their words encrypted.

use avaaz_agent::host::{Lease, TurnRecord};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Shared, Written, lease};
use crate::conversations::domain::speaker_word;
use crate::memory::jobs::{EVERY_TURNS, Remember};

/// Writes a turn. The same turn again changes nothing; another one under the same `seq`, or one that leaves a gap, is refused.
pub(super) async fn record(
    shared: &Shared,
    lease: Lease,
    turn: TurnRecord,
) -> sqlx::Result<Written> {
    let sealed = (!turn.text_pending).then(|| shared.keys.seal(turn.id, &turn.text));
    let seq = i32::try_from(turn.seq).unwrap_or(i32::MAX);
    let started_at = DateTime::<Utc>::from(turn.started_at);

    let mut transaction = shared.pool.begin().await?;
    if !lease::lock_held(&mut transaction, lease).await? {
        return Ok(Written::LeaseLost);
    }
    let written = sqlx::query!(
        "INSERT INTO turns (id, conversation_id, seq, speaker, words_ciphertext, words_nonce, words_key_id, text_pending,
                            started_at, ended_at, interrupted, heard_ms, latency_ms, provider, model, first_audio_ms,
                            first_heard_ms)
         SELECT $1, c.id, $3::integer, $4, $5, $6, $7, $8, $9::timestamptz, greatest($10::timestamptz, $9::timestamptz), $11, $12, $13, $14, $15, $16,
                $17
         FROM conversations c WHERE c.id = $2 AND c.last_turn_seq = $3::integer - 1
         ON CONFLICT (id) DO NOTHING",
        turn.id,
        lease.conversation,
        seq,
        speaker_word(turn.speaker),
        sealed.as_ref().map(|sealed| sealed.ciphertext.as_slice()),
        sealed.as_ref().map(|sealed| sealed.nonce.as_slice()),
        sealed.as_ref().map(|sealed| sealed.key_id.as_str()),
        turn.text_pending,
        started_at,
        DateTime::<Utc>::from(turn.ended_at),
        turn.interrupted,
        turn.heard_ms.map(clamp),
        turn.latency_ms.map(clamp),
        turn.provider,
        turn.model,
        turn.first_audio_ms.map(clamp),
        turn.first_heard_ms.map(clamp)
    )
    .execute(&mut *transaction)
    .await?;
    if written.rows_affected() == 0 {
        let is_retry = sqlx::query_scalar!(
            r#"SELECT EXISTS (SELECT FROM turns WHERE id = $1 AND conversation_id = $2 AND seq = $3) AS "exists!""#,
            turn.id,
            lease.conversation,
            seq
        )
        .fetch_one(&mut *transaction)
        .await?;
        return Ok(if is_retry {
            Written::Done
        } else {
            Written::Refused(format!("turn {seq} does not follow the last one"))
        });
    }
    sqlx::query!(
        "UPDATE conversations SET last_turn_seq = $2 WHERE id = $1",
        lease.conversation,
        seq
    )
    .execute(&mut *transaction)
    .await?;
    if seq % EVERY_TURNS == 0 {
        Remember::enqueue(&mut transaction, lease.conversation).await?;
    }
    transaction.commit().await?;
    Ok(Written::Done)
}

/// Fills in the words of a turn that was written without them. Words that are there stay.
pub(super) async fn fill_in(
    shared: &Shared,
    lease: Lease,
    turn: Uuid,
    text: &str,
) -> sqlx::Result<Written> {
    let sealed = shared.keys.seal(turn, text);
    let mut transaction = shared.pool.begin().await?;
    if !lease::lock_held(&mut transaction, lease).await? {
        return Ok(Written::LeaseLost);
    }
    sqlx::query!(
        "UPDATE turns SET words_ciphertext = $3, words_nonce = $4, words_key_id = $5, text_pending = false
         WHERE id = $1 AND conversation_id = $2 AND text_pending",
        turn,
        lease.conversation,
        sealed.ciphertext,
        sealed.nonce,
        sealed.key_id
    )
    .execute(&mut *transaction)
    .await?;
    let exists = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM turns WHERE id = $1 AND conversation_id = $2) AS "exists!""#,
        turn,
        lease.conversation
    )
    .fetch_one(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(if exists {
        Written::Done
    } else {
        Written::Refused("there is no such turn".into())
    })
}

fn clamp(milliseconds: u32) -> i32 {
    i32::try_from(milliseconds).unwrap_or(i32::MAX)
}
