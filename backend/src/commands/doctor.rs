//! `avaaz doctor`: checks a deployment from outside and says what to do.

use std::time::Duration;

use anyhow::ensure;
use avaaz_models::{Message, ModelError, TextRequest};
use chrono::{DateTime, Utc};
use sqlx::PgPool;
use tokio::time::timeout;

use crate::clock::{Clock as _, SystemClock};
use crate::config::{Config, Env};
use crate::database;
use crate::documents::DocumentReader;
use crate::health::CheckStatus;
use crate::livekit::LiveKit;
use crate::models::Models;
use crate::provider_check::ProviderCheck;

const PATIENCE: Duration = Duration::from_secs(5);
/// A local text model is read from disk when it is first asked.
const PATIENCE_WITH_MODELS: Duration = Duration::from_secs(60);
/// Tokens are good for ten minutes; a clock that is further off makes short work of them.
const SKEW_MAX_S: i64 = 30;
const PGVECTOR_OLDEST: (u32, u32) = (0, 8);

/// One thing that was looked at.
struct Finding {
    what: &'static str,
    is_well: bool,
    says: String,
}

/// Checks everything and prints a line for each.
///
/// # Errors
/// When something is wrong; the lines say what.
pub async fn main(env: &Env) -> anyhow::Result<()> {
    let config = Config::read(env)?;
    let mut findings = database(&config).await;
    findings.push(livekit(&config).await);
    findings.extend(providers(&config).await);
    let models = Models::of(&config);
    findings.push(text_model(&models).await);
    findings.push(embeddings(&models).await);
    findings.push(documents(&config).await);
    for finding in &findings {
        println!(
            "{} {}: {}",
            if finding.is_well { "ok  " } else { "BAD " },
            finding.what,
            finding.says
        );
    }
    ensure!(
        findings.iter().all(|finding| finding.is_well),
        "something is wrong; see above"
    );
    Ok(())
}

fn well(what: &'static str, says: impl Into<String>) -> Finding {
    Finding {
        what,
        is_well: true,
        says: says.into(),
    }
}

fn unwell(what: &'static str, says: impl Into<String>) -> Finding {
    Finding {
        what,
        is_well: false,
        says: says.into(),
    }
}

async fn database(config: &Config) -> Vec<Finding> {
    let pool = match database::pool(&config.database) {
        Ok(pool) => pool,
        Err(error) => return vec![unwell("database", format!("{error:#}."))],
    };
    match timeout(
        PATIENCE,
        sqlx::query_scalar!(r#"SELECT now() AS "now!""#).fetch_one(&pool),
    )
    .await
    {
        Ok(Ok(now)) => vec![
            well("database", "answers."),
            clock(now),
            pgvector(&pool).await,
            schema(&pool).await,
        ],
        Ok(Err(sqlx::Error::Database(error))) => {
            vec![unwell(
                "database",
                format!(
                    "refuses us ({}). Check user, password and name in DATABASE_URL.",
                    error.message()
                ),
            )]
        }
        _ => vec![unwell(
            "database",
            "cannot be reached. Is it running, and is DATABASE_URL right?",
        )],
    }
}

fn clock(database: DateTime<Utc>) -> Finding {
    let skew_s = (SystemClock.now() - database).num_seconds();
    if skew_s.abs() <= SKEW_MAX_S {
        well("clocks", "this machine's and the database's agree.")
    } else {
        unwell(
            "clocks",
            format!(
                "this machine's is {skew_s} s ahead of the database's. Set both by NTP, or tokens fail."
            ),
        )
    }
}

async fn pgvector(pool: &PgPool) -> Finding {
    let installed =
        sqlx::query_scalar!("SELECT extversion FROM pg_extension WHERE extname = 'vector'");
    match installed.fetch_optional(pool).await {
        Ok(Some(version)) if is_at_least(&version, PGVECTOR_OLDEST) => {
            well("pgvector", format!("{version}."))
        }
        Ok(Some(version)) => unwell(
            "pgvector",
            format!(
                "{version} is too old. Install 0.8 or newer, then run ALTER EXTENSION vector UPDATE."
            ),
        ),
        Ok(None) => unwell(
            "pgvector",
            "is not there. Install it on the database's machine, then run `avaaz migrate`.",
        ),
        Err(_) => unwell("pgvector", "the database cannot be asked."),
    }
}

fn is_at_least(version: &str, oldest: (u32, u32)) -> bool {
    let mut parts = version
        .split('.')
        .map(|part| part.parse::<u32>().unwrap_or_default());
    (
        parts.next().unwrap_or_default(),
        parts.next().unwrap_or_default(),
    ) >= oldest
}

async fn schema(pool: &PgPool) -> Finding {
    // The table is made by the first migration, so the query is not checked against it when we compile.
    let applied =
        sqlx::query_scalar::<_, i64>("SELECT version FROM _sqlx_migrations WHERE success")
            .fetch_all(pool)
            .await;
    let applied = applied.unwrap_or_default();
    let missing = database::MIGRATIONS
        .iter()
        .filter(|migration| !applied.contains(&migration.version))
        .count();
    let unknown = applied
        .iter()
        .filter(|version| !database::MIGRATIONS.version_exists(**version))
        .count();
    match (missing, unknown) {
        (0, 0) => well("schema", "is that of this release."),
        (0, _) => unwell(
            "schema",
            "is newer than this release. Start the newer release again.",
        ),
        _ => unwell(
            "schema",
            format!("lacks {missing} migrations. Run `avaaz migrate`."),
        ),
    }
}

async fn livekit(config: &Config) -> Finding {
    let server = LiveKit::of(&config.livekit);
    match Box::pin(server.check()).await {
        Ok(()) => well("LiveKit", "answers and takes our keys."),
        Err(error) => unwell(
            "LiveKit",
            format!(
                "{error}. Is it running at LIVEKIT_URL, and do LIVEKIT_API_KEY and LIVEKIT_API_SECRET stand in its `keys`?"
            ),
        ),
    }
}

async fn providers(config: &Config) -> Vec<Finding> {
    let found = ProviderCheck::new(&config.realtime).check_each().await;
    if found.is_empty() {
        let says = "none is configured. Set OPENAI_API_KEY or GEMINI_API_KEY.";
        return vec![unwell("provider", says)];
    }
    let findings = found.into_iter().map(|check| match check.status {
        CheckStatus::Ok => well("provider", format!("{}.", check.detail)),
        CheckStatus::Failed => unwell(
            "provider",
            format!("{}. Check the key and the base URL.", check.detail),
        ),
    });
    findings.collect()
}

/// Asks for a word: only that shows that the model is there and takes the key. It costs next to nothing.
async fn text_model(models: &Models) -> Finding {
    let request = TextRequest::new([Message::user("Say: yes")])
        .max_tokens(16)
        .within(PATIENCE_WITH_MODELS);
    match models.text.complete(request).await {
        Ok(_) => well("text model", format!("{} answers.", models.text.model())),
        Err(error) => unwell(
            "text model",
            advice(&error, "CHAT_BASE_URL, CHAT_API_KEY and CHAT_MODEL"),
        ),
    }
}

async fn embeddings(models: &Models) -> Finding {
    let embedder = &models.embedder;
    match timeout(PATIENCE_WITH_MODELS, embedder.embed_one("yes")).await {
        Ok(Ok(vector)) => well(
            "embeddings",
            format!("{} gives {} dimensions.", embedder.model(), vector.len()),
        ),
        Ok(Err(error)) => unwell(
            "embeddings",
            advice(
                &error,
                "EMBEDDING_BASE_URL, EMBEDDING_API_KEY and EMBEDDING_MODEL",
            ),
        ),
        Err(_) => unwell("embeddings", "do not come in a minute."),
    }
}

/// Has a line of text read by the process that reads what learners upload.
async fn documents(config: &Config) -> Finding {
    match DocumentReader::new(&config.documents).check().await {
        Ok(()) => well("documents", "are read by a confined process."),
        Err(error) => unwell(
            "documents",
            format!(
                "{error}. It needs to start itself anew and to limit what it may (prctl, setrlimit); does this machine's container forbid that?"
            ),
        ),
    }
}

fn advice(error: &ModelError, variables: &str) -> String {
    match error {
        ModelError::NotConfigured(_) | ModelError::BuiltIn(_) => format!("{error}."),
        _ => format!("{error}. Check {variables}."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(is_at_least("0.8.5", (0, 8)));
        assert!(is_at_least("0.10.0", (0, 8)));
        assert!(is_at_least("1.0", (0, 8)));
        assert!(!is_at_least("0.7.4", (0, 8)));
    }
}
