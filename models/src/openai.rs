//! OpenAI's `/chat/completions` and `/embeddings`, whoever serves them: OpenAI, Gemini, Ollama, LocalAI, vLLM, our simulator.
//!
//! - `endpoint` sends one request: the key, what is too much at once, the circuit. `errors` reads refusals.
//! - `wire` is the JSON. Everything in it may be missing.
//! - `chat` asks and tries again; `manners` is what a server turned out to take; `answer` puts the pieces in order.
//! - `embeddings` asks for vectors in batches.

mod answer;
mod chat;
mod embeddings;
mod endpoint;
mod errors;
mod manners;
mod thoughts;
mod wire;

use secrecy::SecretString;
use url::Url;

pub use chat::ChatModel;
pub use embeddings::EmbeddingServer;

/// Where a model is served, and under which name.
#[derive(Debug, Clone)]
pub struct ServerConfig {
    /// What the paths are appended to; for most servers it ends in `/v1`.
    pub base_url: Url,
    /// The key, where one is wanted.
    pub api_key: Option<SecretString>,
    /// The model.
    pub model: String,
}

impl ServerConfig {
    /// Returns whether OpenAI's own rules hold, which are stricter than anybody else's.
    fn is_openai_itself(&self) -> bool {
        let host = self.base_url.host_str().unwrap_or_default();
        host == "api.openai.com" || host.ends_with(".openai.azure.com")
    }
}
