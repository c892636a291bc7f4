//! Accounts in Postgres.

use std::collections::BTreeSet;
use std::time::Duration;

use avaaz_agent::host::UsageRecord;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::caps::Spent;
use super::domain::{Quarter, Sum, beginning_of};

/// Writes an account of a conversation. The same one again changes nothing.
///
/// # Errors
/// When the database fails.
pub async fn insert(
    connection: &mut PgConnection,
    conversation: Uuid,
    record: &UsageRecord,
    cost_micros: Option<i64>,
) -> sqlx::Result<()> {
    let usage = &record.usage;
    sqlx::query!(
        "INSERT INTO usage_entries (id, user_id, conversation_id, turn_id, provider, model, input_text_tokens, input_audio_tokens,
                                    cached_tokens, output_text_tokens, output_audio_tokens, cost_micros, happened_at)
         SELECT $1, s.user_id, c.id, (SELECT t.id FROM turns t WHERE t.id = $3 AND t.conversation_id = c.id), $4, $5, $6, $7, $8, $9, $10,
                $11, $12
         FROM conversations c JOIN sessions s ON s.id = c.session_id WHERE c.id = $2
         ON CONFLICT (id) DO NOTHING",
        record.id,
        conversation,
        record.turn,
        record.provider,
        record.model,
        count(usage.input_text_tokens),
        count(usage.input_audio_tokens),
        count(usage.cached_tokens),
        count(usage.output_text_tokens),
        count(usage.output_audio_tokens),
        cost_micros,
        DateTime::<Utc>::from(record.at)
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Writes an account of a learner's that belongs to no conversation.
///
/// # Errors
/// When the database fails.
pub async fn insert_without_conversation(
    connection: &mut PgConnection,
    learner: Uuid,
    record: &UsageRecord,
    cost_micros: Option<i64>,
) -> sqlx::Result<()> {
    let usage = &record.usage;
    // Whoever was erased meanwhile leaves no account.
    sqlx::query!(
        "INSERT INTO usage_entries (id, user_id, provider, model, input_text_tokens, input_audio_tokens, cached_tokens,
                                    output_text_tokens, output_audio_tokens, cost_micros, happened_at)
         SELECT $1, u.id, $3, $4, $5, $6, $7, $8, $9, $10, $11 FROM users u WHERE u.id = $2
         ON CONFLICT (id) DO NOTHING",
        record.id,
        learner,
        record.provider,
        record.model,
        count(usage.input_text_tokens),
        count(usage.input_audio_tokens),
        count(usage.cached_tokens),
        count(usage.output_text_tokens),
        count(usage.output_audio_tokens),
        cost_micros,
        DateTime::<Utc>::from(record.at)
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Returns who learns in a conversation, and the name of their time zone.
///
/// # Errors
/// When the database fails.
pub async fn learner_of(
    connection: &mut PgConnection,
    conversation: Uuid,
) -> sqlx::Result<Option<(Uuid, String)>> {
    let row = sqlx::query!(
        "SELECT u.id, u.time_zone FROM conversations c JOIN sessions s ON s.id = c.session_id JOIN users u ON u.id = s.user_id
         WHERE c.id = $1",
        conversation
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| (row.id, row.time_zone)))
}

/// Returns the money that was spent.
///
/// # Errors
/// When the database fails.
pub async fn money_spent(
    connection: &mut PgConnection,
    conversation: Uuid,
    learner: Uuid,
    since: Since,
) -> sqlx::Result<Spent<i64>> {
    let row = sqlx::query!(
        r#"SELECT
               (SELECT coalesce(sum(cost_micros), 0)::bigint FROM usage_entries WHERE conversation_id = $1) AS "conversation!",
               (SELECT coalesce(sum(cost_micros), 0)::bigint FROM usage_entries WHERE user_id = $2 AND happened_at >= $3) AS "learner_day!",
               (SELECT coalesce(sum(cost_micros), 0)::bigint FROM usage_entries WHERE happened_at >= $4) AS "day!""#,
        conversation,
        learner,
        since.learner_day,
        since.day
    )
    .fetch_one(connection)
    .await?;
    Ok(Spent {
        conversation: row.conversation,
        learner_day: row.learner_day,
        day: row.day,
    })
}

/// Returns the time that was spent: from the beginning of each conversation to its end, or to now.
///
/// # Errors
/// When the database fails.
pub async fn time_spent(
    connection: &mut PgConnection,
    conversation: Uuid,
    learner: Uuid,
    since: Since,
) -> sqlx::Result<Spent<Duration>> {
    let row = sqlx::query!(
        r#"SELECT
               (SELECT extract(epoch FROM now() - started_at)::float8 FROM conversations WHERE id = $1) AS conversation,
               (SELECT coalesce(sum(extract(epoch FROM coalesce(c.ended_at, now()) - greatest(c.started_at, $3))), 0)::float8
                FROM conversations c JOIN sessions s ON s.id = c.session_id
                WHERE s.user_id = $2 AND coalesce(c.ended_at, now()) > $3) AS "learner_day!",
               (SELECT coalesce(sum(extract(epoch FROM coalesce(c.ended_at, now()) - greatest(c.started_at, $4))), 0)::float8
                FROM conversations c WHERE coalesce(c.ended_at, now()) > $4) AS "day!""#,
        conversation,
        learner,
        since.learner_day,
        since.day
    )
    .fetch_one(connection)
    .await?;
    let seconds = |seconds: f64| Duration::try_from_secs_f64(seconds).unwrap_or_default();
    Ok(Spent {
        conversation: seconds(row.conversation.unwrap_or_default()),
        learner_day: seconds(row.learner_day),
        day: seconds(row.day),
    })
}

/// When today began.
#[derive(Debug, Clone, Copy)]
pub struct Since {
    /// For the learner.
    pub learner_day: DateTime<Utc>,
    /// For the server.
    pub day: DateTime<Utc>,
}

impl Since {
    /// Returns when today began where the learner lives, and where the server counts (UTC).
    #[must_use]
    pub fn today(now: DateTime<Utc>, zone: Tz) -> Self {
        Self {
            learner_day: beginning_of(now.with_timezone(&zone).date_naive(), zone),
            day: beginning_of(now.date_naive(), Tz::UTC),
        }
    }
}

/// Returns what a learner used, from `from` on and before `until`, added up by quarters of an hour.
///
/// # Errors
/// When the database fails.
pub async fn quarters(
    pool: &PgPool,
    learner: Uuid,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> sqlx::Result<Vec<Quarter>> {
    let rows = sqlx::query!(
        r#"SELECT date_bin('15 minutes', happened_at, 'epoch'::timestamptz) AS "began_at!", conversation_id, model,
                  sum(input_text_tokens)::bigint AS "input_text!", sum(input_audio_tokens)::bigint AS "input_audio!",
                  sum(cached_tokens)::bigint AS "cached!", sum(output_text_tokens)::bigint AS "output_text!",
                  sum(output_audio_tokens)::bigint AS "output_audio!", sum(cost_micros)::bigint AS cost,
                  bool_or(cost_micros IS NULL) AS "has_unpriced!"
           FROM usage_entries WHERE user_id = $1 AND happened_at >= $2 AND happened_at < $3
           GROUP BY 1, 2, 3 ORDER BY 1"#,
        learner,
        from,
        until
    )
    .fetch_all(pool)
    .await?;
    let quarters = rows.into_iter().map(|row| Quarter {
        began_at: row.began_at,
        conversation: row.conversation_id,
        sum: Sum {
            input_text_tokens: row.input_text,
            input_audio_tokens: row.input_audio,
            cached_tokens: row.cached,
            output_text_tokens: row.output_text,
            output_audio_tokens: row.output_audio,
            cost_micros: row.cost,
            unpriced_models: unpriced(row.has_unpriced, &row.model),
        },
        model: row.model,
    });
    Ok(quarters.collect())
}

/// Returns what a conversation used.
///
/// # Errors
/// When the database fails.
pub async fn of_conversation(pool: &PgPool, conversation: Uuid) -> sqlx::Result<Sum> {
    let rows = sqlx::query!(
        r#"SELECT model, sum(input_text_tokens)::bigint AS "input_text!", sum(input_audio_tokens)::bigint AS "input_audio!",
                  sum(cached_tokens)::bigint AS "cached!", sum(output_text_tokens)::bigint AS "output_text!",
                  sum(output_audio_tokens)::bigint AS "output_audio!", sum(cost_micros)::bigint AS cost,
                  bool_or(cost_micros IS NULL) AS "has_unpriced!"
           FROM usage_entries WHERE conversation_id = $1 GROUP BY model"#,
        conversation
    )
    .fetch_all(pool)
    .await?;
    let mut sum = Sum::default();
    for row in rows {
        sum.add(&Sum {
            input_text_tokens: row.input_text,
            input_audio_tokens: row.input_audio,
            cached_tokens: row.cached,
            output_text_tokens: row.output_text,
            output_audio_tokens: row.output_audio,
            cost_micros: row.cost,
            unpriced_models: unpriced(row.has_unpriced, &row.model),
        });
    }
    Ok(sum)
}

fn unpriced(has_unpriced: bool, model: &str) -> BTreeSet<String> {
    has_unpriced.then(|| model.to_owned()).into_iter().collect()
}

/// Sums must not overflow whatever an account says: a trillion tokens are more than anybody uses.
fn count(tokens: u64) -> i64 {
    i64::try_from(tokens.min(1_000_000_000_000)).unwrap_or(i64::MAX)
}
