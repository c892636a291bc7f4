//! `avaaz dev`

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use tokio::time::{Instant, sleep};

use super::serve;
use super::signals;
use crate::auth::demo;
use crate::config::{Config, DatabaseConfig, Env};
use crate::content::ContentKeys;
use crate::dev::{DataFolder, Family, Provided, provide};
use crate::{auth, database};
use avaaz_agent::shutdown::Shutdown;

const READY_WITHIN: Duration = Duration::from_secs(20);

/// Starts whatever was not given, serves, and ends all of it in the end.
///
/// It must be awaited on the main thread, because the programs it starts end with the thread that started them.
///
/// # Errors
/// A sentence about what is missing, taken or broken.
pub async fn main(env: &Env) -> Result<()> {
    let folder = DataFolder::open(Path::new(env.get("AVAAZ_DATA_DIR").unwrap_or(".avaaz")))?;
    let shutdown = signals::shutdown()?;
    let mut family = Family::default();
    let done = live(env.clone(), &mut family, &folder, &shutdown).await;
    family.stop(&shutdown.cut_token()).await;
    done
}

async fn live(
    mut env: Env,
    family: &mut Family,
    folder: &DataFolder,
    shutdown: &Shutdown,
) -> Result<()> {
    let (config, provided) = tokio::select! {
        biased;
        () = shutdown.begun() => return Ok(()),
        prepared = prepare(&mut env, family, folder) => prepared?,
    };
    let announced = announce(&config, &provided, folder);
    // Boxed: between them they hold the whole server.
    let served = Box::pin(serve::run(config.clone(), shutdown.clone()));
    let watched = async {
        tokio::join!(announced, family.keep_running());
    };
    tokio::select! {
        served = served => served,
        () = watched => Ok(()),
    }
}

/// Everything that the server needs before it can serve.
async fn prepare(
    env: &mut Env,
    family: &mut Family,
    folder: &DataFolder,
) -> Result<(Config, Provided)> {
    let provided = provide(env, family, folder).await?;
    let config = Config::read(env)?;
    if !config.auth.jwt_key_file.exists() {
        auth::generate_key_file(&config.auth.jwt_key_file)?;
    }
    if !config.content.key_file.exists() {
        ContentKeys::generate_file(&config.content.key_file)?;
    }
    let pool = database::pool(&DatabaseConfig::read_alone(env)?)?;
    let migrated = database::migrate(&pool).await;
    pool.close().await;
    migrated?;
    Ok((config, provided))
}

/// Waits until all is well and says so, or says what is not.
async fn announce(config: &Config, provided: &Provided, folder: &DataFolder) {
    let address = format!("http://127.0.0.1:{}/health/ready", config.http.addr.port());
    let patience = Instant::now() + READY_WITHIN;
    let mut troubles = Vec::new();
    loop {
        match ask(&address).await {
            Ok(found) if found.is_empty() => break troubles.clear(),
            Ok(found) => troubles = found,
            Err(error) => troubles = vec![format!("the API does not answer: {error}")],
        }
        if Instant::now() >= patience {
            break;
        }
        sleep(Duration::from_millis(100)).await;
    }
    println!("{}", words(config, provided, folder, &troubles));
}

/// Returns what is not well.
async fn ask(address: &str) -> reqwest::Result<Vec<String>> {
    let answer: serde_json::Value = reqwest::get(address).await?.json().await?;
    let checks = answer["checks"].as_object().into_iter().flatten();
    Ok(checks
        .filter(|(_, check)| check["status"] != "ok")
        .map(|(name, check)| {
            format!(
                "{name}: {}",
                check["detail"].as_str().unwrap_or("no reason given")
            )
        })
        .collect())
}

fn words(config: &Config, provided: &Provided, folder: &DataFolder, troubles: &[String]) -> String {
    let plain = |url: &url::Url| url.as_str().trim_end_matches('/').to_owned();
    let (web, api) = (
        plain(&config.http.public_web_url),
        plain(&config.http.public_api_url),
    );
    let mut lines = vec![String::new()];
    if troubles.is_empty() {
        lines.push("Avaaz is ready.".into());
    } else {
        lines.push("Avaaz runs, but not all is well:".into());
        lines.extend(troubles.iter().map(|trouble| format!("  {trouble}")));
    }
    lines.push(String::new());
    lines.push(format!("  web app   {web}"));
    lines.push(format!("  API       {api}  (described at {api}/docs)"));
    lines.push(format!("  LiveKit   {}", config.livekit.public_url));
    if config.demo {
        lines.push(format!(
            "  sign in   {}  with the password  {}",
            demo::EMAIL,
            demo::PASSWORD
        ));
    }
    lines.push(String::new());
    for (part, variable) in &provided.stand_ins {
        lines.push(format!(
            "A stand-in plays {part}. For the real one, set {variable}."
        ));
    }
    for (part, variable) in &provided.own {
        lines.push(format!(
            "{part}: one of our own, only for this machine. To use another, set {variable}."
        ));
    }
    lines.push(format!(
        "Data and logs are in {}. Ctrl-C stops everything.",
        folder.path().display()
    ));
    lines.join("\n")
}
