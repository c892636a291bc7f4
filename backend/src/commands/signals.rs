//! The two steps of going away: the first signal finishes what is being said, the second one cuts.

use std::time::Duration;

use avaaz_agent::shutdown::Shutdown;
use tokio::signal::unix::{SignalKind, signal};

/// How long finishing may take before it is cut.
const FINISH_FOR: Duration = Duration::from_secs(30);

/// Returns a shutdown that takes its first step at the first SIGINT or SIGTERM, the second at another one, or after half a minute.
///
/// # Errors
/// When signals cannot be heard.
pub fn shutdown() -> anyhow::Result<Shutdown> {
    let shutdown = Shutdown::default();
    let (mut interrupts, mut terminations) = (
        signal(SignalKind::interrupt())?,
        signal(SignalKind::terminate())?,
    );
    let told = shutdown.clone();
    // It ends with the process: whoever is going away must still hear the second signal.
    tokio::spawn(async move {
        tokio::select! { _ = interrupts.recv() => {}, _ = terminations.recv() => {}, () = told.begun() => {} }
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
