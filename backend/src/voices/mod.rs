//! The voices that a learner may choose from, and how they sound.

mod answers;
mod handlers;
mod samples;

use std::sync::Arc;

use avaaz_agent::realtime::{self, Provider};
use avaaz_circuit::Circuit;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::agent_runtime;
use crate::app::AppState;
use crate::config::Config;
use crate::sessions::domain;
use samples::Samples;

/// The providers' voices.
#[derive(Debug)]
pub struct Voices {
    /// The first one serves whoever has no wish.
    speakers: Vec<Arc<Speaker>>,
    samples: Samples,
}

/// A provider that is set up.
struct Speaker {
    provider: Arc<dyn Provider>,
    model: String,
    circuit: Circuit,
}

impl Voices {
    /// Puts together what is configured. Nobody is asked yet.
    ///
    /// # Errors
    /// When a provider's address cannot be used.
    pub fn of(config: &Config) -> anyhow::Result<Self> {
        let speakers = agent_runtime::providers(&config.realtime)?;
        let speakers = speakers.into_iter().map(|(provider, model)| {
            Arc::new(Speaker {
                provider,
                model,
                circuit: Circuit::default(),
            })
        });
        Ok(Self {
            speakers: speakers.collect(),
            samples: Samples::default(),
        })
    }

    /// Returns the voices that a choice of a provider leaves, unless that provider is not set up.
    #[must_use]
    pub fn of_choice(&self, wanted: Option<domain::Provider>) -> Option<realtime::Voices> {
        let speaker = match wanted {
            Some(wanted) => self.set_up(wanted),
            None => self.speakers.first(),
        };
        speaker.map(|speaker| speaker.provider.voices())
    }

    /// Waits for samples that are being made, so that what they cost is written down.
    pub async fn close(&self) {
        self.samples.close().await;
    }

    /// Returns who serves the next conversation of a learner with this wish: somebody else where that is not set up.
    fn serving(&self, wanted: Option<domain::Provider>) -> Option<&Arc<Speaker>> {
        wanted
            .and_then(|wanted| self.set_up(wanted))
            .or(self.speakers.first())
    }

    fn set_up(&self, wanted: domain::Provider) -> Option<&Arc<Speaker>> {
        self.speakers
            .iter()
            .find(|speaker| speaker.provider.name() == wanted.as_str())
    }
}

impl std::fmt::Debug for Speaker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Speaker")
            .field(&self.provider.name())
            .finish()
    }
}

/// Returns `/api/v1/voices` and what is under it.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(handlers::list))
        .routes(routes!(handlers::sample))
}
