//! The seam to the providers: opens a session by name and carries commands and events of the tutor's own vocabulary.
//!
//! A provider's JSON is known to its `wire.rs` alone; `translate.rs` turns it into [`avaaz_tutor::ProviderEvent`] and back.

mod endpoint;
pub mod gemini;
pub mod openai;
mod samples;
pub mod say;
pub mod socket;
mod voices;

use async_trait::async_trait;
use avaaz_tutor::{Fault, FaultKind, ProviderCommand, ProviderEvent, SessionSetup};
use tokio::sync::mpsc;

pub use endpoint::UnusableUrl;
pub use voices::Voices;

/// A realtime model service.
#[async_trait]
pub trait Provider: Send + Sync + 'static {
    /// Returns its name in the HTTP contract: `openai`, `gemini` or `simulator`.
    fn name(&self) -> &str;

    /// Returns the rate that learner audio must come at before a session says otherwise, in Hz.
    fn input_rate_hz(&self) -> u32;

    /// Returns its voices, as far as they are known.
    fn voices(&self) -> Voices {
        Voices {
            takes_others: true,
            ..Voices::default()
        }
    }

    /// Returns whether it finds the learner's turns by itself, before a session says so.
    fn finds_turns(&self) -> bool {
        true
    }

    /// Opens a session. [`ProviderEvent::Ready`] follows as an event once it is set up.
    ///
    /// # Errors
    /// A [`Fault`], when the socket cannot be opened in time.
    async fn open(&self, setup: &SessionSetup) -> Result<ProviderSession, Fault>;
}

/// An open session. Dropping `commands` closes it; `events` then ends.
pub struct ProviderSession {
    /// Commands, bounded. A full queue means that the provider does not keep up: close it.
    pub commands: mpsc::Sender<ProviderCommand>,
    /// Events. [`ProviderEvent::Closed`] is the last one.
    pub events: mpsc::Receiver<ProviderEvent>,
}

/// Complains of a provider that sends what means nothing.
fn nonsense(what: &str) -> ProviderEvent {
    ProviderEvent::Complained(Fault {
        kind: FaultKind::Nonsense,
        detail: what.to_owned(),
    })
}
