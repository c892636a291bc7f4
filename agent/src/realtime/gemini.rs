//! Gemini Live, and whatever speaks its protocol: our simulator.

mod errors;
mod session;
pub mod translate;
pub mod wire;

use std::time::Duration;

use async_trait::async_trait;
use avaaz_tutor::{Fault, SessionSetup};
use secrecy::{ExposeSecret as _, SecretString};
use tokio_tungstenite::tungstenite::http::{HeaderMap, HeaderName};
use url::Url;
use uuid::Uuid;

use super::socket::{self, Watch};
use super::{Provider, ProviderSession, UnusableUrl, Voices, endpoint};
use translate::{INPUT_RATE_HZ, Translator};

/// The model unless another one is configured.
pub const DEFAULT_MODEL: &str = "gemini-3.8-live";

/// Below the base address.
const PATH: [&str; 2] = [
    "ws",
    "google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent",
];
const KEY: HeaderName = HeaderName::from_static("x-goog-api-key");

/// The service's pongs may take half a minute; a shorter patience would end good sessions.
const WATCH: Watch = Watch {
    ping_every: Duration::from_secs(20),
    hangs_after: Duration::from_secs(75),
};

/// Where the service is and how to use it.
#[derive(Debug, Clone)]
pub struct GeminiConfig {
    /// Its name in the HTTP contract.
    pub name: String,
    /// What stands before `/ws`; http and https become ws and wss.
    pub base_url: Url,
    /// The key.
    pub api_key: SecretString,
    /// The model that talks, without `models/`.
    pub model: String,
}

/// Gemini Live as a [`Provider`].
#[derive(Debug)]
pub struct GeminiProvider {
    config: GeminiConfig,
    url: Url,
}

impl GeminiProvider {
    /// Makes a provider; opens nothing.
    ///
    /// # Errors
    /// [`UnusableUrl`].
    pub fn new(mut config: GeminiConfig) -> Result<Self, UnusableUrl> {
        let url = endpoint::socket_url(&config.base_url, &PATH)?;
        if let Some(bare) = config.model.strip_prefix("models/") {
            config.model = bare.to_owned();
        }
        Ok(Self { config, url })
    }
}

#[async_trait]
impl Provider for GeminiProvider {
    fn name(&self) -> &str {
        &self.config.name
    }

    fn input_rate_hz(&self) -> u32 {
        INPUT_RATE_HZ
    }

    fn voices(&self) -> Voices {
        Voices {
            names: session::VOICES.map(str::to_owned).to_vec(),
            default: Some(session::DEFAULT_VOICE.to_owned()),
            takes_others: false,
        }
    }

    fn finds_turns(&self) -> bool {
        false
    }

    async fn open(&self, setup: &SessionSetup) -> Result<ProviderSession, Fault> {
        let mut headers = HeaderMap::new();
        let key = endpoint::key_header(self.config.api_key.expose_secret())?;
        headers.insert(KEY, key);
        let socket = socket::connect(&self.url, headers).await?;
        // The service names neither replies nor stretches of speech. The names that we give must differ between sessions.
        let names = Uuid::new_v4().simple().to_string();
        let translator = Translator::new(self.config.model.clone(), names, setup.clone());
        Ok(socket::run(socket, translator, WATCH))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const METHOD: &str =
        "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent";

    fn url(base: &str) -> String {
        let base_url = base.parse().unwrap();
        let config = GeminiConfig {
            base_url,
            ..config()
        };
        GeminiProvider::new(config).unwrap().url.into()
    }

    fn config() -> GeminiConfig {
        GeminiConfig {
            name: "gemini".to_owned(),
            base_url: "https://generativelanguage.googleapis.com".parse().unwrap(),
            api_key: "AIzaHidden".to_owned().into(),
            model: format!("models/{DEFAULT_MODEL}"),
        }
    }

    #[test]
    fn the_address_of_a_session_comes_from_the_base_url() {
        assert_eq!(
            url("https://generativelanguage.googleapis.com"),
            format!("wss://generativelanguage.googleapis.com{METHOD}")
        );
        assert_eq!(
            url("http://127.0.0.1:4000/"),
            format!("ws://127.0.0.1:4000{METHOD}")
        );
    }

    #[test]
    fn a_model_may_be_given_with_its_prefix() {
        assert_eq!(
            GeminiProvider::new(config()).unwrap().config.model,
            DEFAULT_MODEL
        );
    }

    #[test]
    fn the_key_is_not_in_what_is_printed() {
        assert!(!format!("{:?}", GeminiProvider::new(config()).unwrap()).contains("Hidden"));
    }
}
