//! What the providers' accounts say of a learner's conversations.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgPool;
use uuid::Uuid;

use super::archive::{Archive, ExportError};
use super::{Domain, Kept, Kind, Owner};
use crate::app::AppState;

const ENTRIES: i64 = 500;

/// See the module.
pub(super) struct Usage;

#[derive(Serialize)]
struct Entry {
    id: Uuid,
    conversation_id: Option<Uuid>,
    turn_id: Option<Uuid>,
    provider: String,
    model: String,
    input_text_tokens: i64,
    input_audio_tokens: i64,
    cached_tokens: i64,
    output_text_tokens: i64,
    output_audio_tokens: i64,
    cost_micros: Option<i64>,
    happened_at: DateTime<Utc>,
}

#[async_trait]
impl Domain for Usage {
    fn tables(&self) -> &'static [&'static str] {
        &["usage_entries"]
    }

    async fn kept(&self, app: &AppState, learner: Uuid) -> sqlx::Result<Vec<Kept>> {
        let row = sqlx::query!(
            r#"SELECT count(*) AS "count!", min(happened_at) AS oldest_at FROM usage_entries WHERE user_id = $1"#,
            learner
        )
        .fetch_one(&app.pool)
        .await?;
        Ok(vec![Kept {
            kind: Kind::Usage,
            count: row.count,
            bytes: None,
            oldest_at: row.oldest_at,
        }])
    }

    async fn export(
        &self,
        app: &AppState,
        owner: Owner,
        archive: &mut Archive,
    ) -> Result<(), ExportError> {
        let mut pages = Pages::of(owner.id);
        archive.begin_list("usage.json").await?;
        while let Some(entries) = pages.next(&app.pool).await? {
            for entry in &entries {
                archive.item(entry).await?;
            }
        }
        archive.end_list().await?;

        let currency = app.config.spending.prices.currency();
        let mut pages = Pages::of(owner.id);
        let mut cost_micros = 0;
        archive.begin("usage.txt").await?;
        while let Some(entries) = pages.next(&app.pool).await? {
            for entry in &entries {
                cost_micros += entry.cost_micros.unwrap_or_default();
                archive.write(entry.line(owner, currency)).await?;
            }
        }
        let total = format!("\nIn all: {}\n", money(cost_micros, currency));
        archive.write(total).await
    }
}

impl Entry {
    fn line(&self, owner: Owner, currency: &str) -> String {
        let at = owner.local(self.happened_at).format("%Y-%m-%d %H:%M:%S");
        let cost = self
            .cost_micros
            .map_or_else(|| "no price".to_owned(), |cost| money(cost, currency));
        format!(
            "{at}  {} {}  in: {} text, {} audio ({} of them cached)  out: {} text, {} audio  {cost}\n",
            self.provider,
            self.model,
            self.input_text_tokens,
            self.input_audio_tokens,
            self.cached_tokens,
            self.output_text_tokens,
            self.output_audio_tokens
        )
    }
}

fn money(micros: i64, currency: &str) -> String {
    format!(
        "{}.{:06} {currency}",
        micros / 1_000_000,
        micros % 1_000_000
    )
}

/// A learner's entries in the order in which they happened.
struct Pages {
    learner: Uuid,
    after: (DateTime<Utc>, Uuid),
}

impl Pages {
    fn of(learner: Uuid) -> Self {
        Self {
            learner,
            after: (DateTime::UNIX_EPOCH, Uuid::nil()),
        }
    }

    async fn next(&mut self, pool: &PgPool) -> sqlx::Result<Option<Vec<Entry>>> {
        let entries = sqlx::query_as!(
            Entry,
            "SELECT id, conversation_id, turn_id, provider, model, input_text_tokens, input_audio_tokens, cached_tokens,
                    output_text_tokens, output_audio_tokens, cost_micros, happened_at
             FROM usage_entries WHERE user_id = $1 AND (happened_at, id) > ($2, $3) ORDER BY happened_at, id LIMIT $4",
            self.learner,
            self.after.0,
            self.after.1,
            ENTRIES
        )
        .fetch_all(pool)
        .await?;
        Ok(entries
            .last()
            .map(|last| (last.happened_at, last.id))
            .map(|after| {
                self.after = after;
                entries
            }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_written_to_the_millionth() {
        assert_eq!(money(1_500_000, "USD"), "1.500000 USD");
        assert_eq!(money(7, "EUR"), "0.000007 EUR");
    }
}
