//! The text model and the embedder that this server is configured with.

mod measured;

use std::sync::Arc;

use avaaz_models::built_in::BuiltInEmbedder;
use avaaz_models::openai::{ChatModel, EmbeddingServer, ServerConfig};
use avaaz_models::{Embedder, Missing, TextModel};

use crate::config::{Config, EmbeddingConfig, TextModelConfig};
use measured::Measured;

/// Both of them; cheap to clone. Tests put [`avaaz_models::fake`] in their place.
#[derive(Debug, Clone)]
pub struct Models {
    /// Reads and writes text.
    pub text: Arc<dyn TextModel>,
    /// Turns texts into vectors.
    pub embedder: Arc<dyn Embedder>,
}

impl Models {
    /// Puts together what is configured. Nothing is asked and no file is read yet: what is missing says so when it is used (files of the
    /// built-in model also in the log, at once).
    #[must_use]
    pub fn of(config: &Config) -> Self {
        Self {
            text: Arc::new(Measured(text_model(config.text_model.as_ref()))),
            embedder: Arc::new(Measured(embedder(&config.embedding))),
        }
    }
}

fn text_model(config: Option<&TextModelConfig>) -> Arc<dyn TextModel> {
    match config {
        Some(config) => Arc::new(ChatModel::new(&ServerConfig {
            base_url: config.base_url.clone(),
            api_key: config.api_key.clone(),
            model: config.model.clone(),
        })),
        None => Arc::new(Missing::new(
            "set OPENAI_API_KEY or GEMINI_API_KEY, or CHAT_BASE_URL and CHAT_MODEL",
        )),
    }
}

fn embedder(config: &EmbeddingConfig) -> Arc<dyn Embedder> {
    match config {
        EmbeddingConfig::BuiltIn { folder } => {
            let embedder = BuiltInEmbedder::in_folder(folder);
            if let Err(error) = embedder.check() {
                tracing::warn!(%error, "memories and documents wait until they can be embedded");
            }
            Arc::new(embedder)
        }
        EmbeddingConfig::Server {
            base_url,
            api_key,
            model,
        } => Arc::new(EmbeddingServer::new(&ServerConfig {
            base_url: base_url.clone(),
            api_key: api_key.clone(),
            model: model.clone(),
        })),
    }
}
