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
use super::{Provider, ProviderSession, UnusableUrl, Voices, endpoint};
use manners::{Dialect, Manners};
use translate::{RATE_HZ, Translator};

/// The model unless another one is configured.
pub const DEFAULT_MODEL: &str = "gpt-realtime-2.1";
/// The model that writes down what the learner says, unless another one is configured.
pub const DEFAULT_TRANSCRIPTION_MODEL: &str = "gpt-transcribe";
/// The voice unless another one is configured.
pub const DEFAULT_VOICE: &str = "marin";

/// The voice of a server of OpenAI's protocol that is told none.
const SERVERS_VOICE: &str = "alloy";
/// OpenAI's own voices, those that it recommends first.
const VOICES: [&str; 10] = [
    "marin", "cedar", "alloy", "ash", "ballad", "coral", "echo", "sage", "shimmer", "verse",
];

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
    takes_other_voices: bool,
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
            takes_other_voices: false,
            url,
        })
    }

    /// Speaks to the server in its own way.
    #[must_use]
    pub fn with_manners(mut self, manners: Manners) -> Self {
        self.manners = manners;
        self
    }

    /// Lets learners have voices that OpenAI itself has not: a server of one's own may have any.
    #[must_use]
    pub fn taking_other_voices(mut self) -> Self {
        self.takes_other_voices = true;
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

    fn voices(&self) -> Voices {
        let own = self.config.default_voice.clone();
        // Servers of the older shape have voices of their own only, and a choice of their own among them.
        let is_beta = self.manners.dialect == Dialect::Beta;
        let known: &[&str] = if is_beta { &[] } else { &VOICES };
        let mut names: Vec<String> = known.iter().map(|&name| name.to_owned()).collect();
        if let Some(own) = own.as_ref().filter(|own| !names.contains(own)) {
            names.insert(0, own.clone());
        }
        Voices {
            names,
            default: own.or_else(|| (!is_beta).then(|| SERVERS_VOICE.to_owned())),
            takes_others: self.takes_other_voices || is_beta,
        }
    }

    async fn open(&self, setup: &SessionSetup) -> Result<ProviderSession, Fault> {
        let mut setup = setup.clone();
        // One that the service does not have (it was chosen at another provider) would cost the whole session.
        let voices = self.voices();
        setup.voice = setup.voice.filter(|wanted| voices.take(wanted));
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
        let translator = Translator::new(model, transcription_model, default_voice, setup)
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

    fn with_voice(default_voice: Option<&str>) -> OpenAiProvider {
        OpenAiProvider::new(OpenAiConfig {
            name: "openai".to_owned(),
            base_url: "https://api.openai.com/v1".parse().unwrap(),
            api_key: None,
            model: DEFAULT_MODEL.to_owned(),
            transcription_model: DEFAULT_TRANSCRIPTION_MODEL.to_owned(),
            default_voice: default_voice.map(str::to_owned),
        })
        .unwrap()
    }

    #[test]
    fn the_voices_are_openais_and_the_configured_one_is_among_them() {
        let voices = with_voice(Some("cedar")).voices();
        assert_eq!(
            (voices.names.len(), voices.default.as_deref()),
            (10, Some("cedar"))
        );
        assert!(voices.take("shimmer") && !voices.take("Kore"));
        let voices = with_voice(Some("my own")).voices();
        assert!(voices.names.iter().any(|name| name == "my own") && voices.take("my own"));
        assert_eq!(with_voice(None).voices().default.as_deref(), Some("alloy"));
    }

    #[test]
    fn a_server_of_ones_own_may_have_any_voice() {
        assert!(
            with_voice(None)
                .taking_other_voices()
                .voices()
                .take("af_heart")
        );
        let beta = with_voice(None).with_manners(Manners {
            dialect: Dialect::Beta,
            ..Manners::default()
        });
        let voices = beta.voices();
        assert!(voices.names.is_empty() && voices.default.is_none() && voices.take("af_heart"));
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
