//! The agent runtime with what this server is configured with: rooms at LiveKit, voices, conversations from Postgres.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use avaaz_agent::metrics::Metrics;
use avaaz_agent::realtime::Provider;
use avaaz_agent::realtime::gemini::{GeminiConfig, GeminiProvider};
use avaaz_agent::realtime::openai::{OpenAiConfig, OpenAiProvider};
use avaaz_agent::room::livekit::{LiveKitConfig, LiveKitConnector};
use avaaz_agent::runtime::{Providers, Runtime, RuntimeConfig, RuntimeHandle};
use sqlx::PgPool;
use url::Url;

use crate::config::{Config, OpenAiSettings, ProviderConfig, RealtimeConfig};
use crate::content::ContentKeys;
use crate::livekit::LiveKit;
use crate::models::Models;
use crate::tutor_host::{LeaseTerms, PgTutorHost};
use avaaz_agent::shutdown::Shutdown;

/// A running runtime.
pub struct AgentRuntime(RuntimeHandle);

/// Starts to claim and serve conversations.
///
/// # Errors
/// When no provider is configured, or one's address cannot be used.
pub fn start(
    config: &Config,
    pool: PgPool,
    keys: Arc<ContentKeys>,
    livekit: Arc<LiveKit>,
    models: &Models,
) -> anyhow::Result<AgentRuntime> {
    let mut voices = providers(&config.realtime)?.into_iter();
    let (default, _) = voices
        .next()
        .context("no voice: set OPENAI_API_KEY or GEMINI_API_KEY, or use `avaaz dev`, which brings a stand-in")?;
    let providers = voices.fold(Providers::new(default), |all, (next, _)| all.with(next));
    let terms = LeaseTerms {
        time_limit: Duration::from_secs(60 * u64::from(config.realtime.conversation_limit_min)),
        ..LeaseTerms::default()
    };
    let host = PgTutorHost::start(pool, keys, livekit, terms, config.spending.clone());
    let host = Arc::new(host.with_models(models.clone()));
    let rooms = LiveKitConnector::new(LiveKitConfig::new(
        config.livekit.url.clone(),
        config.livekit.api_key.clone(),
        config.livekit.api_secret.clone(),
    ));
    let runtime = RuntimeConfig {
        capacity: config.realtime.max_conversations,
        ..RuntimeConfig::default()
    };
    Ok(AgentRuntime(Runtime::start(
        runtime,
        host,
        Arc::new(rooms),
        providers,
    )))
}

impl AgentRuntime {
    /// Returns what the runtime counts.
    #[must_use]
    pub fn metrics(&self) -> Arc<Metrics> {
        self.0.metrics()
    }

    /// Serves until the shutdown; its first step finishes what is being said, the second one cuts.
    pub async fn run(self, shutdown: Shutdown) {
        let steps = self.0.shutdown();
        let ended = self.0.ended();
        tokio::pin!(ended);
        tokio::select! {
            () = &mut ended => return,
            () = shutdown.begun() => steps.begin(),
        }
        tokio::select! {
            () = &mut ended => return,
            () = shutdown.is_cut() => steps.cut(),
        }
        ended.await;
    }
}

/// Returns the providers that are set up and their models; the first one serves whoever has no wish.
///
/// # Errors
/// When one's address cannot be used.
pub(crate) fn providers(
    realtime: &RealtimeConfig,
) -> anyhow::Result<Vec<(Arc<dyn Provider>, String)>> {
    let set_up = realtime.providers().map(|(name, provider)| {
        let made = match name {
            "gemini" => gemini(name, provider)?,
            // Our stand-in speaks OpenAI's protocol.
            _ => openai(name, provider, &realtime.openai_settings)?,
        };
        Ok((made, provider.model.clone()))
    });
    set_up.collect()
}

fn gemini(name: &str, provider: &ProviderConfig) -> anyhow::Result<Arc<dyn Provider>> {
    let provider = GeminiProvider::new(GeminiConfig {
        name: name.to_owned(),
        base_url: Url::parse(&provider.base_url)?,
        api_key: provider.api_key.clone(),
        model: provider.model.clone(),
    })?;
    Ok(Arc::new(provider))
}

fn openai(
    name: &str,
    provider: &ProviderConfig,
    settings: &OpenAiSettings,
) -> anyhow::Result<Arc<dyn Provider>> {
    let provider = OpenAiProvider::new(OpenAiConfig {
        name: name.to_owned(),
        base_url: Url::parse(&provider.base_url)?,
        api_key: Some(provider.api_key.clone()),
        model: provider.model.clone(),
        transcription_model: settings.transcription_model.clone(),
        default_voice: settings.voice.clone().filter(|_| name == "openai"),
    })?
    .with_manners(settings.manners);
    let is_known = name != "openai" || settings.is_openai_itself;
    Ok(Arc::new(if is_known {
        provider
    } else {
        provider.taking_other_voices()
    }))
}
