use std::path::Path;

use anyhow::Result;

use super::family::Family;
use super::folder::DataFolder;
use super::livekit::{API_KEY, LiveKitPorts, LiveKitServer};
use super::ports::{self, Kind, Wish};
use super::postgres::Postgres;
use super::simulator;
use crate::config::Env;

/// What was not given and is provided here, for the person who started it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Provided {
    /// Parts that are real, but ours: a name, and how to give another.
    pub own: Vec<(&'static str, &'static str)>,
    /// Parts that only stand in for real ones: a name, and how to give the real one.
    pub stand_ins: Vec<(&'static str, &'static str)>,
}

/// Decides on ports, starts what is missing, and notes all of it in `env` as if it had been given.
///
/// # Errors
/// A sentence about the part that is missing, taken or broken.
pub async fn provide(env: &mut Env, family: &mut Family, folder: &DataFolder) -> Result<Provided> {
    let mut provided = Provided::default();
    // All ports first: a taken one should be known before anything runs.
    let api_port = address(env, "AVAAZ_HTTP_ADDR", 8000, "the API")?;
    address(env, "AVAAZ_WEB_ADDR", 3000, "the web app")?;
    let livekit = match env.get("LIVEKIT_URL") {
        Some(_) => None,
        None => Some(LiveKitServer::plan(env, folder, livekit_ports(env)?)?),
    };
    let postgres = match env.get("DATABASE_URL") {
        Some(_) => None,
        None => {
            let wish = ports::wish(env, "AVAAZ_POSTGRES_PORT", Wish::From(5432))?;
            let port = ports::find(wish, Kind::Tcp, "Postgres", "AVAAZ_POSTGRES_PORT")?;
            Some(Postgres::plan(env, folder, port)?)
        }
    };
    if let Some(postgres) = postgres {
        postgres.start(family, folder).await?;
        env.set("DATABASE_URL", postgres.url());
        provided
            .own
            .push(("Postgres with pgvector", "DATABASE_URL"));
    }
    if let Some(livekit) = livekit {
        livekit.start(family, folder, api_port).await?;
        env.set("LIVEKIT_URL", livekit.url());
        env.set("LIVEKIT_API_KEY", API_KEY);
        env.set("LIVEKIT_API_SECRET", livekit.secret());
        provided.own.push((
            "LiveKit",
            "LIVEKIT_URL, LIVEKIT_API_KEY, LIVEKIT_API_SECRET",
        ));
    }
    let has_real_voice = env
        .get("OPENAI_API_KEY")
        .or(env.get("GEMINI_API_KEY"))
        .is_some();
    if !has_real_voice && env.get("AVAAZ_SIMULATOR_URL").is_none() {
        let wish = ports::wish(env, "AVAAZ_SIMULATOR_PORT", Wish::From(8090))?;
        let port = ports::find(wish, Kind::Tcp, "the simulator", "AVAAZ_SIMULATOR_PORT")?;
        env.set(
            "AVAAZ_SIMULATOR_URL",
            simulator::start(env, family, folder, port).await?,
        );
    }
    if !has_real_voice {
        provided.stand_ins.push((
            "the tutor's voice and wit",
            "OPENAI_API_KEY or GEMINI_API_KEY",
        ));
    }
    set_web_folder(env);
    set_embedding_folder(env, folder);
    env.set_default("AVAAZ_DEMO", "on");
    env.set("AVAAZ_DATA_DIR", folder.path().display().to_string());
    set_key_file(
        env,
        "AVAAZ_JWT_KEY_FILE",
        &folder.path().join("jwt-key.pem"),
    );
    set_key_file(
        env,
        "AVAAZ_CONTENT_KEY_FILE",
        &folder.path().join("content-keys.json"),
    );
    Ok(provided)
}

fn set_key_file(env: &mut Env, variable: &str, path: &Path) {
    env.set_default(variable, path.display().to_string());
}

/// Started elsewhere than in the checkout, the web app is found from where we were built: `target/debug/avaaz`.
fn set_web_folder(env: &mut Env) {
    let built = Path::new("frontend/dist");
    if env.get("AVAAZ_WEB_DIR").is_some() || built.exists() {
        return;
    }
    let us = std::env::current_exe().unwrap_or_default();
    if let Some(found) = us
        .ancestors()
        .map(|folder| folder.join(built))
        .find(|path| path.exists())
    {
        env.set("AVAAZ_WEB_DIR", found.display().to_string());
    }
}

/// The model is brought once for a checkout, whatever the data folder.
fn set_embedding_folder(env: &mut Env, folder: &DataFolder) {
    let weights = Path::new("embedding/model.safetensors");
    if env.get("AVAAZ_EMBEDDING_DIR").is_some() || folder.path().join(weights).exists() {
        return;
    }
    let us = std::env::current_exe().unwrap_or_default();
    let checkouts = us.ancestors().map(|place| place.join(".avaaz"));
    if let Some(found) = checkouts
        .into_iter()
        .find(|state| state.join(weights).exists())
    {
        env.set(
            "AVAAZ_EMBEDDING_DIR",
            found.join("embedding").display().to_string(),
        );
    }
}

/// Replaces a wish such as `127.0.0.1:free` by the address that it comes to.
fn address(env: &mut Env, variable: &str, default: u16, what: &str) -> Result<u16> {
    let (host, wish) = ports::address_wish(env, variable, default)?;
    let port = ports::find(wish, Kind::Tcp, what, variable)?;
    env.set(variable, format!("{host}:{port}"));
    Ok(port)
}

fn livekit_ports(env: &Env) -> Result<LiveKitPorts> {
    let signal = ports::wish(env, "AVAAZ_LIVEKIT_PORT", Wish::Exactly(7880))?;
    // Beside the first one, as LiveKit's own defaults are, unless said otherwise.
    let beside = |distance: u16| match signal {
        Wish::Exactly(port) => Wish::Exactly(port.saturating_add(distance)),
        other => other,
    };
    let tcp = ports::wish(env, "AVAAZ_LIVEKIT_TCP_PORT", beside(1))?;
    let udp = ports::wish(env, "AVAAZ_LIVEKIT_UDP_PORT", beside(2))?;
    Ok(LiveKitPorts {
        signal: ports::find(signal, Kind::Tcp, "LiveKit", "AVAAZ_LIVEKIT_PORT")?,
        tcp: ports::find(
            tcp,
            Kind::Tcp,
            "LiveKit's media over TCP",
            "AVAAZ_LIVEKIT_TCP_PORT",
        )?,
        udp: ports::find(
            udp,
            Kind::Udp,
            "LiveKit's media over UDP",
            "AVAAZ_LIVEKIT_UDP_PORT",
        )?,
    })
}
