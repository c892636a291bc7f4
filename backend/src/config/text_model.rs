use secrecy::SecretString;

use super::env::Reader;
use super::realtime::{ProviderConfig, RealtimeConfig, base_url};

/// What reads and writes text: summaries, facts, briefs, and a tutor that cannot talk. OpenAI's `/chat/completions`, whoever serves it.
#[derive(Debug, Clone)]
pub struct TextModelConfig {
    /// `CHAT_BASE_URL`, else where the voice's key is used.
    pub base_url: String,
    /// `CHAT_API_KEY`, else the voice's key. Servers of one's own often want none.
    pub api_key: Option<SecretString>,
    /// `CHAT_MODEL`
    pub model: String,
}

impl TextModelConfig {
    /// Without a word of its own, text is written by whoever is the first voice.
    pub(super) fn read(reader: &Reader<'_>, voices: &RealtimeConfig) -> Option<Self> {
        let model = reader.text("CHAT_MODEL");
        let api_key = reader.secret("CHAT_API_KEY");
        if reader.text("CHAT_BASE_URL").is_some() {
            return Some(Self {
                base_url: base_url(reader, "CHAT_BASE_URL", "http://localhost:11434/v1"),
                api_key,
                model: reader.required(
                    "CHAT_MODEL",
                    "the server at CHAT_BASE_URL must know which of its models to use",
                ),
            });
        }
        if api_key.is_some() {
            reader.refuse("CHAT_API_KEY is set without CHAT_BASE_URL: where is it used?");
        }
        let (
            name,
            ProviderConfig {
                base_url, api_key, ..
            },
        ) = voices.providers().next()?;
        let (base_url, default_model) = match name {
            "openai" => (http(base_url), "gpt-5.4-mini"),
            "gemini" => (
                format!("{}/v1beta/openai", http(base_url)),
                "gemini-3.5-flash",
            ),
            _ => (http(base_url), "simulator"),
        };
        Some(Self {
            base_url,
            api_key: Some(api_key.clone()),
            model: model.unwrap_or_else(|| default_model.to_owned()),
        })
    }
}

fn http(url: &str) -> String {
    match url.strip_prefix("ws") {
        Some(rest) => format!("http{rest}"),
        None => url.to_owned(),
    }
}
