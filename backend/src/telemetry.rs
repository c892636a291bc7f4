//! Logs: for people in development, JSON for machines in production. `RUST_LOG` chooses what is said.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::{self, Env};

/// What is said by default: our own milestones, other people's warnings. WebRTC's crates warn of every packet that a server sends to
/// probe the network, and of every pair of addresses that leads nowhere: only their errors are worth a line.
const DEFAULT_FILTER: &str = "warn,rtc=error,webrtc=error,rtc_ice=error,rtc_srtp=error,rtc_dtls=error,rtc_sctp=error,avaaz_backend=info,avaaz_agent=info,avaaz=info";

/// Starts to log to standard error. Safe to call again.
pub fn start(env: &Env) {
    let given = env.get("RUST_LOG").unwrap_or(DEFAULT_FILTER);
    let filter = EnvFilter::try_new(given).unwrap_or_else(|_| EnvFilter::new(DEFAULT_FILTER));
    let registry = tracing_subscriber::registry().with(filter);
    // An error says that somebody logs already.
    let _ = if config::is_production(env) {
        registry
            .with(
                fmt::layer()
                    .json()
                    .flatten_event(true)
                    .with_writer(std::io::stderr),
            )
            .try_init()
    } else {
        registry
            .with(
                fmt::layer()
                    .with_target(false)
                    .with_ansi(std::io::stderr().is_terminal())
                    .with_writer(std::io::stderr),
            )
            .try_init()
    };
}
