use secrecy::SecretString;
use url::Url;

use super::env::Reader;
use super::realtime::{ProviderConfig, RealtimeConfig, http_url};

/// What reads and writes text: summaries, facts, briefs, and a tutor that cannot talk. OpenAI's `/chat/completions`, whoever serves it.
#[derive(Debug, Clone)]
pub struct TextModelConfig {
    /// `CHAT_BASE_URL`, else where the voice's key is used.
    pub base_url: Url,
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
        if let Some(base_url) = reader.text("CHAT_BASE_URL") {
            return Some(Self {
                base_url: http_url(reader, "CHAT_BASE_URL", &base_url)?,
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
        let (name, voice) = voices.providers().next()?;
        let ProviderConfig {
            base_url, api_key, ..
        } = voice;
        let (variable, path, default_model) = match name {
            "openai" => ("OPENAI_BASE_URL", "", "gpt-5.4-mini"),
            "gemini" => ("GEMINI_BASE_URL", "/v1beta/openai", "gemini-3.5-flash"),
            _ => ("AVAAZ_SIMULATOR_URL", "", "simulator"),
        };
        Some(Self {
            base_url: http_url(reader, variable, &format!("{base_url}{path}"))?,
            api_key: Some(api_key.clone()),
            model: model.unwrap_or_else(|| default_model.to_owned()),
        })
    }
}
