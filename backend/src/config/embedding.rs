use std::path::{Path, PathBuf};

use secrecy::SecretString;
use url::Url;

use super::env::Reader;
use super::realtime::http_url;

/// What turns texts into vectors.
#[derive(Debug, Clone)]
pub enum EmbeddingConfig {
    /// A small model in our own process.
    BuiltIn {
        /// `AVAAZ_EMBEDDING_DIR`: the folder of `model.safetensors`, `config.json` and `tokenizer.json`.
        folder: PathBuf,
    },
    /// OpenAI's `/embeddings`, whoever serves it.
    Server {
        /// `EMBEDDING_BASE_URL`
        base_url: Url,
        /// `EMBEDDING_API_KEY`; servers of one's own often want none.
        api_key: Option<SecretString>,
        /// `EMBEDDING_MODEL`
        model: String,
    },
}

impl EmbeddingConfig {
    pub(super) fn read(reader: &Reader<'_>, data_dir: &Path) -> Self {
        let base_url = reader.text("EMBEDDING_BASE_URL");
        let base_url = base_url.and_then(|url| http_url(reader, "EMBEDDING_BASE_URL", &url));
        if let Some(base_url) = base_url {
            return Self::Server {
                base_url,
                api_key: reader.secret("EMBEDDING_API_KEY"),
                model: reader.required(
                    "EMBEDDING_MODEL",
                    "the server at EMBEDDING_BASE_URL must know which of its models to use",
                ),
            };
        }
        for name in ["EMBEDDING_MODEL", "EMBEDDING_API_KEY"] {
            if reader.text(name).is_some() {
                reader.refuse(format!(
                    "{name} is set without EMBEDDING_BASE_URL: the built-in model is always the same one."
                ));
            }
        }
        Self::BuiltIn {
            folder: reader
                .text("AVAAZ_EMBEDDING_DIR")
                .map_or_else(|| data_dir.join("embedding"), PathBuf::from),
        }
    }
}
