//! The two steps of going away: the first signal finishes what is being said, the second one cuts.

use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// How long finishing may take before it is cut.
const FINISH_FOR: Duration = Duration::from_secs(30);

/// How far a shutdown has come.
#[derive(Debug, Clone, Default)]
pub struct Shutdown {
    /// Cancelled by the first step: take nothing new, finish what was begun.
    pub begun: CancellationToken,
    /// Cancelled by the second step: stop now.
    pub cut: CancellationToken,
}

impl Shutdown {
    /// Takes the first step.
    pub fn begin(&self) {
        self.begun.cancel();
    }

    /// Takes both steps.
    pub fn cut(&self) {
        self.begun.cancel();
        self.cut.cancel();
    }

    /// Takes the first step at the first SIGINT or SIGTERM, the second at another one, or after half a minute.
    ///
    /// # Errors
    /// When signals cannot be heard.
    pub fn on_signals() -> anyhow::Result<Self> {
        let shutdown = Self::default();
        let (mut interrupts, mut terminations) = (
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
        );
        let told = shutdown.clone();
        // It ends with the process: whoever is going away must still hear the second signal.
        tokio::spawn(async move {
            tokio::select! { _ = interrupts.recv() => {}, _ = terminations.recv() => {}, () = told.begun.cancelled() => {} }
            tracing::info!("going away: finishing what is being said; a second signal cuts it");
            told.begin();
            tokio::select! {
                _ = interrupts.recv() => {}
                _ = terminations.recv() => {}
                () = tokio::time::sleep(FINISH_FOR) => {}
            }
            told.cut();
        });
        Ok(shutdown)
    }
}
