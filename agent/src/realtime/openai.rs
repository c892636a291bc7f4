//! OpenAI Realtime, and whatever speaks its protocol: our simulator, and servers of one's own.

pub mod beta;
mod errors;
pub mod manners;
mod session;
pub mod translate;
mod usage;
pub mod wire;

use std::time::Duration;

use async_trait::async_trait;
use avaaz_tutor::{Fault, SessionSetup};
use secrecy::{ExposeSecret as _, SecretString};
use tokio_tungstenite::tungstenite::http::{HeaderMap, HeaderValue, header};
use url::Url;

use super::socket::{self, Watch};
use super::{Provider, ProviderSession, UnusableUrl, endpoint};
use manners::{Dialect, Manners};
use translate::{RATE_HZ, Translator};

/// The model unless another one is configured.
pub const DEFAULT_MODEL: &str = "gpt-realtime-2.1";
/// The model that writes down what the learner says, unless another one is configured.
pub const DEFAULT_TRANSCRIPTION_MODEL: &str = "gpt-transcribe";
/// The voice unless another one is configured.
pub const DEFAULT_VOICE: &str = "marin";

/// The service answers pings within one round trip.
const WATCH: Watch = Watch {
    ping_every: Duration::from_secs(5),
    hangs_after: Duration::from_secs(15),
};

/// Where the service is and how to use it.
#[derive(Debug, Clone)]
pub struct OpenAiConfig {
    /// Its name in the HTTP contract: `openai` or `simulator`.
    pub name: String,
    /// Ends in `/v1`; http and https become ws and wss.
    pub base_url: Url,
    /// Servers of one's own may want none.
    pub api_key: Option<SecretString>,
    /// The model that talks.
    pub model: String,
    /// The model that writes down what the learner says.
    pub transcription_model: String,
    /// The voice when the learner has chosen none; `None` is the server's own choice.
    pub default_voice: Option<String>,
}

/// OpenAI Realtime as a [`Provider`].
#[derive(Debug)]
pub struct OpenAiProvider {
    config: OpenAiConfig,
    manners: Manners,
    url: Url,
}

impl OpenAiProvider {
    /// Makes a provider; opens nothing.
    ///
    /// # Errors
    /// [`UnusableUrl`].
    pub fn new(config: OpenAiConfig) -> Result<Self, UnusableUrl> {
        let url = session_url(&config.base_url, &config.model)?;
        Ok(Self {
            config,
            manners: Manners::default(),
            url,
        })
    }

    /// Speaks to the server in its own way.
    #[must_use]
    pub fn with_manners(mut self, manners: Manners) -> Self {
        self.manners = manners;
        self
    }
}

#[async_trait]
impl Provider for OpenAiProvider {
    fn name(&self) -> &str {
        &self.config.name
    }

    fn input_rate_hz(&self) -> u32 {
        RATE_HZ
    }

    async fn open(&self, setup: &SessionSetup) -> Result<ProviderSession, Fault> {
        let mut headers = HeaderMap::new();
        if let Some(key) = &self.config.api_key {
            let bearer = endpoint::key_header(&format!("Bearer {}", key.expose_secret()))?;
            headers.insert(header::AUTHORIZATION, bearer);
        }
        if self.manners.dialect == Dialect::Beta {
            // OpenAI itself refuses it by now; older servers look for it.
            headers.insert("openai-beta", HeaderValue::from_static("realtime=v1"));
        }
        let socket = socket::connect(&self.url, headers).await?;
        let OpenAiConfig {
            model,
            transcription_model,
            default_voice,
            ..
        } = self.config.clone();
        let translator = Translator::new(model, transcription_model, default_voice, setup.clone())
            .with_manners(self.manners);
        Ok(socket::run(socket, translator, WATCH))
    }
}

fn session_url(base: &Url, model: &str) -> Result<Url, UnusableUrl> {
    let mut url = endpoint::socket_url(base, &["realtime"])?;
    url.query_pairs_mut().append_pair("model", model);
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(base: &str) -> String {
        session_url(&base.parse().unwrap(), "gpt-realtime-2.1")
            .unwrap()
            .into()
    }

    #[test]
    fn the_address_of_a_session_comes_from_the_base_url() {
        assert_eq!(
            url("https://api.openai.com/v1"),
            "wss://api.openai.com/v1/realtime?model=gpt-realtime-2.1"
        );
        assert_eq!(
            url("http://127.0.0.1:4000/v1/"),
            "ws://127.0.0.1:4000/v1/realtime?model=gpt-realtime-2.1"
        );
        assert_eq!(
            url("wss://host/x?a=b"),
            "wss://host/x/realtime?a=b&model=gpt-realtime-2.1"
        );
    }

    #[test]
    fn the_key_is_not_in_what_is_printed() {
        let config = OpenAiConfig {
            name: "openai".to_owned(),
            base_url: "https://api.openai.com/v1".parse().unwrap(),
            api_key: Some("sk-secret".to_owned().into()),
            model: DEFAULT_MODEL.to_owned(),
            transcription_model: DEFAULT_TRANSCRIPTION_MODEL.to_owned(),
            default_voice: None,
        };
        assert!(!format!("{:?}", OpenAiProvider::new(config).unwrap()).contains("secret"));
    }
}
