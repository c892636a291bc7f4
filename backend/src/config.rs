//! What the environment says, in sections. Only this module reads it; contradictions stop the start with a sentence.

mod auth;
mod content;
mod database;
mod documents;
mod embedding;
mod env;
mod http;
mod limits;
mod livekit;
mod openai;
mod realtime;
mod retention;
mod spending;
mod text_model;

use std::path::PathBuf;

pub use auth::AuthConfig;
pub use content::ContentConfig;
pub use database::DatabaseConfig;
pub use documents::DocumentsConfig;
pub use embedding::EmbeddingConfig;
pub use env::Env;
pub use http::HttpConfig;
pub use limits::{LimitsConfig, RatePerMinute};
pub use livekit::LiveKitConfig;
pub use openai::OpenAiSettings;
pub use realtime::{ProviderConfig, RealtimeConfig};
pub use retention::RetentionConfig;
pub use spending::SpendingConfig;
pub use text_model::TextModelConfig;

/// How strict the server is with its surroundings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// A developer's machine.
    Dev,
    /// A server that strangers can reach: no demo learner, no default secret, no missing key.
    Production,
}

impl Environment {
    /// Returns whether strangers can reach the server.
    #[must_use]
    pub fn is_production(self) -> bool {
        self == Self::Production
    }
}

/// Everything that is configured.
#[derive(Debug, Clone)]
pub struct Config {
    /// `AVAAZ_ENV`
    pub environment: Environment,
    /// `AVAAZ_DATA_DIR`
    pub data_dir: PathBuf,
    /// `AVAAZ_DEMO`: there is a demo learner. Refused in production.
    pub demo: bool,
    /// Postgres.
    pub database: DatabaseConfig,
    /// Addresses, origins, proxies, body and time limits.
    pub http: HttpConfig,
    /// Keys and lifetimes of tokens.
    pub auth: AuthConfig,
    /// LiveKit.
    pub livekit: LiveKitConfig,
    /// The voices.
    pub realtime: RealtimeConfig,
    /// What reads and writes text, if anything does.
    pub text_model: Option<TextModelConfig>,
    /// What turns texts into vectors.
    pub embedding: EmbeddingConfig,
    /// What learners may upload.
    pub documents: DocumentsConfig,
    /// Encryption of words at rest.
    pub content: ContentConfig,
    /// What tokens cost, and how much may be spent.
    pub spending: SpendingConfig,
    /// How much one address, account or learner may ask for.
    pub limits: LimitsConfig,
    /// How long what learners leave behind is kept.
    pub retention: RetentionConfig,
}

/// What is wrong with the configuration: every problem at once, a sentence each.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the configuration cannot be used:\n  - {}", .0.join("\n  - "))]
pub struct ConfigError(pub Vec<String>);

impl Config {
    /// Reads every section.
    ///
    /// # Errors
    /// Every problem that was found, not only the first.
    pub fn read(env: &Env) -> Result<Self, ConfigError> {
        let reader = env.reader();
        let environment = read_environment(&reader);
        let data_dir = read_data_dir(&reader);
        let demo = reader.flag("AVAAZ_DEMO", false);
        if demo && environment.is_production() {
            reader.refuse("AVAAZ_DEMO is on, but AVAAZ_ENV is production: everybody knows the demo learner's password.");
        }
        let http = HttpConfig::read(&reader, environment);
        let realtime = RealtimeConfig::read(&reader, environment);
        let config = Self {
            environment,
            demo,
            database: DatabaseConfig::read(&reader),
            auth: AuthConfig::read(&reader, environment, &data_dir, &http),
            livekit: LiveKitConfig::read(&reader, environment),
            text_model: TextModelConfig::read(&reader, &realtime),
            embedding: EmbeddingConfig::read(&reader, &data_dir),
            realtime,
            documents: DocumentsConfig::read(&reader, &data_dir),
            content: ContentConfig::read(&reader, environment, &data_dir),
            spending: SpendingConfig::read(&reader),
            limits: LimitsConfig::read(&reader),
            retention: RetentionConfig::read(&reader),
            http,
            data_dir,
        };
        reader.finish(config)
    }
}

/// Returns whether logs are for machines: `AVAAZ_ENV` is production. Never fails, so that failures can be logged.
#[must_use]
pub fn is_production(env: &Env) -> bool {
    env.reader().text("AVAAZ_ENV").as_deref() == Some("production")
}

fn read_data_dir(reader: &env::Reader<'_>) -> PathBuf {
    let folder = reader.text("AVAAZ_DATA_DIR");
    folder.map_or_else(|| ".avaaz".into(), PathBuf::from)
}

fn read_environment(reader: &env::Reader<'_>) -> Environment {
    match reader.text("AVAAZ_ENV").as_deref() {
        None | Some("dev") => Environment::Dev,
        Some("production") => Environment::Production,
        Some(other) => {
            reader.refuse(format!(
                "AVAAZ_ENV is {other:?}; it must be dev or production."
            ));
            Environment::Production
        }
    }
}

#[cfg(test)]
mod tests;
