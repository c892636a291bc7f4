//! Servers as they are met: our simulator, and ones that send exactly what a test says.

#![allow(clippy::unwrap_used)] // Everything here is test code, the helpers outside of test functions too.

mod chat;
mod chat_from_anybody;
mod embeddings;
mod raw;

use avaaz_models::openai::ServerConfig;
use avaaz_simulator::{Options, Running, Simulator};
use serde_json::{Value, json};

/// Starts a simulator whose script says this about text.
pub async fn simulator(writing: Value) -> Running {
    let script = serde_json::from_value(json!({"writing": writing})).unwrap();
    let options = Options {
        script,
        ..Options::default()
    };
    Simulator::start(options).await.unwrap()
}

/// The way to a server.
pub fn at(base_url: &str) -> ServerConfig {
    ServerConfig {
        base_url: base_url.parse().unwrap(),
        api_key: Some("sk-good".to_owned().into()),
        model: "simulator".into(),
    }
}
