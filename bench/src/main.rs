//! `make bench`: measures a whole Avaaz on this machine and prints the figures beside their budgets.
//!
//! Learners are clients of our own in this process, the simulator runs in this process too, and the server is measured from outside:
//! what it adds between the room and the provider, and what it uses. The floor (learner to a bystander through LiveKit) is taken off.
//! Embeddings are computed in this process, before that.

mod clock;
mod embedding;
mod histogram;
mod latency;
mod learner;
mod measure;
mod scenario;
mod stack;
mod timeline;

use std::path::PathBuf;

use clap::Parser;

/// Measures Avaaz.
#[derive(Parser)]
struct Arguments {
    /// The server to measure; a release build, or the figures mean little.
    #[arg(long, env = "AVAAZ_BIN", default_value = "target/release/avaaz")]
    avaaz: PathBuf,
    /// How many conversations at once, one run after the other.
    #[arg(long, value_delimiter = ',', default_value = "1,10")]
    conversations: Vec<usize>,
    /// The voices behind the tutor, one run after the other; the simulator stands in for each.
    #[arg(long, value_delimiter = ',', default_value = "openai,gemini")]
    providers: Vec<String>,
    /// The folder of the built-in embedding model.
    #[arg(long, env = "AVAAZ_EMBEDDING_DIR", default_value = ".avaaz/embedding")]
    embedding: PathBuf,
    /// How often each learner speaks.
    #[arg(long, default_value_t = 8)]
    exchanges: usize,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let _ = rustls::crypto::ring::default_provider().install_default();
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_max_level(tracing_subscriber::filter::LevelFilter::ERROR)
        .init();
    // Before anything else: it is not to be measured beside the talking.
    embedding::run(&arguments.embedding).await?.print();
    for provider in &arguments.providers {
        for &at_once in &arguments.conversations {
            latency::run(&arguments.avaaz, provider, at_once, arguments.exchanges)
                .await?
                .print();
        }
    }
    Ok(())
}
