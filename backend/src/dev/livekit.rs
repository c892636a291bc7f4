use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};
use nix::sys::signal::Signal;
use serde::Serialize;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::family::Family;
use super::folder::{DataFolder, write_private};
use super::program::Program;
use crate::config::Env;

/// The name of our key; its secret is drawn at the first start.
pub const API_KEY: &str = "avaaz";

/// A LiveKit of our own, that nobody outside this machine can reach.
pub struct LiveKitServer {
    program: PathBuf,
    ports: LiveKitPorts,
    secret: String,
}

/// Where it listens.
#[derive(Debug, Clone, Copy)]
pub struct LiveKitPorts {
    /// Signalling, and its own API.
    pub signal: u16,
    /// Media for those whose network lets no UDP through.
    pub tcp: u16,
    /// Media.
    pub udp: u16,
}

/// livekit-server reads YAML, of which JSON is a part.
#[derive(Serialize)]
struct Configuration<'a> {
    port: u16,
    bind_addresses: [&'a str; 1],
    rtc: Rtc<'a>,
    keys: std::collections::BTreeMap<&'a str, &'a str>,
    webhook: Webhook<'a>,
    logging: Logging<'a>,
}

#[derive(Serialize)]
struct Rtc<'a> {
    tcp_port: u16,
    udp_port: u16,
    node_ip: &'a str,
    use_external_ip: bool,
    enable_loopback_candidate: bool,
    interfaces: Interfaces<'a>,
}

#[derive(Serialize)]
struct Interfaces<'a> {
    includes: [&'a str; 1],
}

#[derive(Serialize)]
struct Webhook<'a> {
    api_key: &'a str,
    urls: [String; 1],
}

#[derive(Serialize)]
struct Logging<'a> {
    level: &'a str,
}

impl LiveKitServer {
    /// Finds the program and draws a secret the first time.
    ///
    /// # Errors
    /// When the secret cannot be kept.
    pub fn plan(env: &Env, folder: &DataFolder, ports: LiveKitPorts) -> Result<Self> {
        let built = folder.path().join("bin/livekit-server");
        let program = match env.get("AVAAZ_LIVEKIT_SERVER") {
            Some(given) => PathBuf::from(given),
            None if built.exists() => built,
            None => on_path(env, "livekit-server").context(
                "There is no livekit-server. `make run` builds one; or give the address of yours in LIVEKIT_URL.",
            )?,
        };
        Ok(Self {
            program,
            ports,
            secret: folder.secret("livekit-secret")?,
        })
    }

    /// The secret of [`API_KEY`].
    #[must_use]
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// How browsers and we reach it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("ws://localhost:{}", self.ports.signal)
    }

    /// Writes its configuration and starts it.
    ///
    /// # Errors
    /// When it does not come up: with what it said.
    pub async fn start(
        &self,
        family: &mut Family,
        folder: &DataFolder,
        api_port: u16,
    ) -> Result<()> {
        let configuration = folder.path().join("livekit.yaml");
        write_private(&configuration, &self.configuration(api_port)?)?;
        let program = Program {
            name: "livekit-server",
            path: self.program.clone(),
            args: vec!["--config".into(), configuration.into()],
            log: folder.log("livekit"),
            // The first asks it to let calls end, the second to end them.
            stop_signal: Signal::SIGTERM,
            grace: Duration::from_secs(4),
            orphan_signal: "KILL",
            unprivileged: false,
        };
        family.start(program, || answers(self.ports.signal)).await
    }

    fn configuration(&self, api_port: u16) -> Result<String> {
        let configuration = Configuration {
            port: self.ports.signal,
            bind_addresses: ["127.0.0.1"],
            rtc: Rtc {
                tcp_port: self.ports.tcp,
                udp_port: self.ports.udp,
                node_ip: "127.0.0.1",
                use_external_ip: false,
                enable_loopback_candidate: true,
                interfaces: Interfaces { includes: ["lo"] },
            },
            keys: [(API_KEY, self.secret.as_str())].into(),
            webhook: Webhook {
                api_key: API_KEY,
                urls: [format!("http://127.0.0.1:{api_port}/livekit/webhook")],
            },
            logging: Logging { level: "info" },
        };
        Ok(serde_json::to_string_pretty(&configuration)?)
    }
}

/// Finds a program as a shell would.
pub(super) fn on_path(env: &Env, name: &str) -> Option<PathBuf> {
    std::env::split_paths(env.get("PATH")?)
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
}

/// `GET /` is answered with OK; a mere connection could be anybody's.
async fn answers(port: u16) -> bool {
    let asked = async {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream
            .write_all(b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n")
            .await?;
        let mut start = [0; 12];
        stream.read_exact(&mut start).await?;
        std::io::Result::Ok(start.ends_with(b" 200"))
    };
    tokio::time::timeout(Duration::from_secs(1), asked)
        .await
        .is_ok_and(|answer| answer.unwrap_or(false))
}
