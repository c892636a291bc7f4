use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};
use nix::sys::signal::Signal;
use tokio::net::TcpStream;

use super::family::Family;
use super::folder::DataFolder;
use super::livekit::on_path;
use super::program::Program;
use crate::config::Env;

/// Starts the stand-in for the realtime providers; returns its address.
///
/// # Errors
/// When it is missing or does not come up.
pub async fn start(
    env: &Env,
    family: &mut Family,
    folder: &DataFolder,
    port: u16,
) -> Result<String> {
    let mut args = vec!["--port".into(), port.to_string().into()];
    if let Some(script) = env.get("AVAAZ_SIMULATOR_SCRIPT") {
        let script = std::path::absolute(script)?;
        args.extend(["--script".into(), script.into_os_string()]);
    }
    let program = Program {
        name: "avaaz-simulator",
        path: find(env)?,
        args,
        log: folder.log("simulator"),
        stop_signal: Signal::SIGTERM,
        grace: Duration::from_secs(4),
        orphan_signal: "KILL",
        unprivileged: false,
    };
    family
        .start(program, || async move {
            TcpStream::connect(("127.0.0.1", port)).await.is_ok()
        })
        .await?;
    Ok(format!("http://127.0.0.1:{port}/v1"))
}

/// Where it is named, else beside us, else on PATH.
fn find(env: &Env) -> Result<PathBuf> {
    let beside = std::env::current_exe()
        .ok()
        .map(|us| us.with_file_name("avaaz-simulator"));
    env.get("AVAAZ_SIMULATOR_BIN")
        .map(PathBuf::from)
        .or_else(|| beside.filter(|path| path.is_file()))
        .or_else(|| on_path(env, "avaaz-simulator"))
        .context("There is no avaaz-simulator. `make run` builds it; or give OPENAI_API_KEY or GEMINI_API_KEY.")
}
