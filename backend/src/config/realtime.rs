use secrecy::SecretString;
use url::Url;

use super::Environment;
use super::env::Reader;
use super::openai::OpenAiSettings;

/// The voices.
#[derive(Debug, Clone)]
pub struct RealtimeConfig {
    /// OpenAI Realtime, when `OPENAI_API_KEY` is set.
    pub openai: Option<ProviderConfig>,
    /// How OpenAI Realtime, or a server that speaks its protocol, is spoken to.
    pub openai_settings: OpenAiSettings,
    /// Gemini Live, when `GEMINI_API_KEY` is set.
    pub gemini: Option<ProviderConfig>,
    /// Our stand-in, when `AVAAZ_SIMULATOR_URL` is set: it speaks OpenAI's protocol.
    pub simulator: Option<ProviderConfig>,
    /// `AVAAZ_MAX_CONVERSATIONS`: how many conversations the runtime of this process serves at once.
    pub max_conversations: usize,
    /// `AVAAZ_CONVERSATION_LIMIT_MIN`: how long one conversation may take.
    pub conversation_limit_min: u32,
}

/// Where a provider is, and how it is asked.
#[derive(Debug, Clone)]
pub struct ProviderConfig {
    /// Ends in `/v1` for OpenAI, and has no path for Gemini; `http` becomes `ws` for the socket.
    pub base_url: String,
    /// Its key.
    pub api_key: SecretString,
    /// Its model.
    pub model: String,
}

impl RealtimeConfig {
    pub(super) fn read(reader: &Reader<'_>, environment: Environment) -> Self {
        let openai = reader
            .secret("OPENAI_API_KEY")
            .map(|api_key| ProviderConfig {
                base_url: base_url(reader, "OPENAI_BASE_URL", "https://api.openai.com/v1"),
                api_key,
                model: openai_model(reader),
            });
        let openai_settings = OpenAiSettings::read(
            reader,
            openai.as_ref().map(|provider| provider.base_url.as_str()),
        );
        let gemini = reader
            .secret("GEMINI_API_KEY")
            .map(|api_key| ProviderConfig {
                base_url: base_url(
                    reader,
                    "GEMINI_BASE_URL",
                    "https://generativelanguage.googleapis.com",
                ),
                api_key,
                model: reader
                    .text("GEMINI_LIVE_MODEL")
                    .unwrap_or_else(|| "gemini-3.8-live".into()),
            });
        let simulator = reader.text("AVAAZ_SIMULATOR_URL").map(|_| ProviderConfig {
            base_url: base_url(reader, "AVAAZ_SIMULATOR_URL", "http://localhost:8090/v1"),
            api_key: "sk-simulator".to_owned().into(),
            model: openai_model(reader),
        });
        if environment.is_production() {
            if simulator.is_some() {
                reader.refuse("AVAAZ_SIMULATOR_URL is set, but AVAAZ_ENV is production: a stand-in understands nobody.");
            } else if openai.is_none() && gemini.is_none() {
                reader.refuse(
                    "Neither OPENAI_API_KEY nor GEMINI_API_KEY is set: the tutor has no voice.",
                );
            }
        }
        Self {
            openai,
            openai_settings,
            gemini,
            simulator,
            max_conversations: reader.parsed("AVAAZ_MAX_CONVERSATIONS", 50),
            conversation_limit_min: reader.parsed("AVAAZ_CONVERSATION_LIMIT_MIN", 60),
        }
    }

    /// Returns the providers that are there, with their names in the HTTP contract. The first one serves whoever has no wish.
    pub fn providers(&self) -> impl Iterator<Item = (&'static str, &ProviderConfig)> {
        let known = [
            ("openai", &self.openai),
            ("gemini", &self.gemini),
            ("simulator", &self.simulator),
        ];
        known
            .into_iter()
            .filter_map(|(name, provider)| provider.as_ref().map(|provider| (name, provider)))
    }
}

fn openai_model(reader: &Reader<'_>) -> String {
    reader
        .text("OPENAI_REALTIME_MODEL")
        .unwrap_or_else(|| "gpt-realtime-2.1".into())
}

fn base_url(reader: &Reader<'_>, name: &str, default: &str) -> String {
    let given = reader.text(name).unwrap_or_else(|| default.to_owned());
    if !Url::parse(&given).is_ok_and(|url| matches!(url.scheme(), "http" | "https" | "ws" | "wss"))
    {
        reader.refuse(format!(
            "{name} is {given:?}; it must be an address such as {default}."
        ));
    }
    given.trim_end_matches('/').to_owned()
}

/// Reads an address that is asked over HTTP; a socket's stands for the server that has it.
pub(super) fn http_url(reader: &Reader<'_>, name: &str, given: &str) -> Option<Url> {
    let url = match given.strip_prefix("ws") {
        Some(rest) => format!("http{rest}"),
        None => given.to_owned(),
    };
    let url = Url::parse(url.trim_end_matches('/'));
    let url = url
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"));
    if url.is_none() {
        reader.refuse(format!(
            "{name} is {given:?}; it must be an address such as http://localhost:11434/v1."
        ));
    }
    url
}
