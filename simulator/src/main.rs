//! `avaaz-simulator`: the simulator as a program of its own.

use std::io::Write;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use avaaz_simulator::script::Script;
use avaaz_simulator::{Options, Simulator};
use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// Stands in for the realtime model services, on the wire.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// The port to listen on; 0 picks a free one, which the first line of output tells.
    #[arg(long)]
    port: u16,
    /// The address to listen on.
    #[arg(long, default_value = "127.0.0.1")]
    host: IpAddr,
    /// What the tutor and the learner say (JSON, see docs/simulator.md).
    #[arg(long)]
    script: Option<PathBuf>,
    /// Appends every frame from clients to this file, without audio.
    #[arg(long)]
    record: Option<PathBuf>,
    /// The only key that is accepted.
    #[arg(long)]
    api_key: Option<String>,
    /// How long a session lives, in milliseconds.
    #[arg(long, default_value_t = 3_600_000)]
    session_limit_ms: u64,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();

    let arguments = Arguments::parse();
    let script = match &arguments.script {
        Some(path) => Script::read(path)?,
        None => Script::default(),
    };
    let running = Simulator::start(Options {
        addr: SocketAddr::new(arguments.host, arguments.port),
        script,
        api_key: arguments.api_key,
        session_limit: Duration::from_millis(arguments.session_limit_ms),
        record: arguments.record,
        ..Options::default()
    })
    .await?;
    let mut stdout = std::io::stdout();
    writeln!(
        stdout,
        "avaaz-simulator listening on {}",
        running.base_url()
    )?;
    stdout.flush()?;

    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        _ = terminate.recv() => {}
    }
    running.shutdown().await;
    Ok(())
}
