//! A whole Avaaz on free ports: livekit-server, the simulator in this process, and `avaaz dev` with a Postgres of its own.

use std::net::{TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::process::{Child, Command};

/// A key of the throw-away livekit-server; it listens on loopback only.
pub const LIVEKIT_KEY: &str = "bench";
/// Its secret.
pub const LIVEKIT_SECRET: &str = "a-secret-of-a-throw-away-server-on-loopback";

/// How long everything may take to be ready.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// What runs; ended when dropped.
pub struct Stack {
    /// The API, `http://localhost:port`.
    pub api_url: String,
    /// LiveKit, `ws://localhost:port`.
    pub livekit_url: String,
    /// From the server's start to its first ready answer.
    pub ready_after: Duration,
    avaaz: Child,
    _livekit: Child,
    _data: tempfile::TempDir,
}

impl Stack {
    /// Starts everything and waits until it is ready.
    ///
    /// # Errors
    /// When a part is missing or does not come up.
    pub async fn start(avaaz: &Path, openai_base_url: &str) -> anyhow::Result<Self> {
        let data = tempfile::Builder::new().prefix("avaaz-bench-").tempdir()?;
        // Postgres may have to run as another user, who must reach its folder.
        std::fs::set_permissions(
            data.path(),
            std::os::unix::fs::PermissionsExt::from_mode(0o755),
        )?;
        let livekit_port = free_port()?;
        let livekit = start_livekit(data.path(), livekit_port)?;
        let livekit_url = format!("ws://localhost:{livekit_port}");
        let (api_port, web_port, postgres_port) = (free_port()?, free_port()?, free_port()?);
        let log = std::fs::File::create(data.path().join("avaaz.log"))?;
        let begun = Instant::now();
        let child = Command::new(avaaz)
            .arg("dev")
            .env("AVAAZ_DATA_DIR", data.path().join("data"))
            .env("AVAAZ_HTTP_ADDR", format!("127.0.0.1:{api_port}"))
            .env("AVAAZ_WEB_ADDR", format!("127.0.0.1:{web_port}"))
            .env(
                "AVAAZ_PUBLIC_API_URL",
                format!("http://localhost:{api_port}"),
            )
            .env(
                "AVAAZ_PUBLIC_WEB_URL",
                format!("http://localhost:{web_port}"),
            )
            .env("AVAAZ_POSTGRES_PORT", postgres_port.to_string())
            .env("LIVEKIT_URL", &livekit_url)
            .env("LIVEKIT_API_KEY", LIVEKIT_KEY)
            .env("LIVEKIT_API_SECRET", LIVEKIT_SECRET)
            .env("OPENAI_BASE_URL", openai_base_url)
            .env("OPENAI_API_KEY", "sk-bench")
            .env("GEMINI_BASE_URL", openai_base_url.trim_end_matches("/v1"))
            .env("GEMINI_API_KEY", "bench")
            .env("RUST_LOG", "warn")
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| {
                format!(
                    "{} cannot be started: build it with `cargo build --release -p avaaz-backend`",
                    avaaz.display()
                )
            })?;
        let mut stack = Self {
            api_url: format!("http://localhost:{api_port}"),
            livekit_url,
            ready_after: Duration::ZERO,
            avaaz: child,
            _livekit: livekit,
            _data: data,
        };
        stack.wait_until_ready(begun).await?;
        Ok(stack)
    }

    /// Returns the server's process id.
    ///
    /// # Errors
    /// When it has ended.
    pub fn avaaz_pid(&self) -> anyhow::Result<i32> {
        let pid = self.avaaz.id().context("the server has ended")?;
        Ok(i32::try_from(pid)?)
    }

    /// Ends everything in order.
    pub async fn stop(mut self) {
        if let Ok(pid) = self.avaaz_pid() {
            let _ = kill(Pid::from_raw(pid), Signal::SIGINT);
            let _ = tokio::time::timeout(Duration::from_secs(40), self.avaaz.wait()).await;
        }
    }

    async fn wait_until_ready(&mut self, begun: Instant) -> anyhow::Result<()> {
        let url = format!("{}/health/ready", self.api_url);
        while begun.elapsed() < READY_WITHIN {
            if let Some(status) = self.avaaz.try_wait()? {
                let log = std::fs::read_to_string(self._data.path().join("avaaz.log"))
                    .unwrap_or_default();
                bail!("the server ended with {status}:\n{log}");
            }
            if reqwest::get(&url)
                .await
                .is_ok_and(|answer| answer.status().is_success())
            {
                self.ready_after = begun.elapsed();
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        bail!(
            "the server was not ready within {} s",
            READY_WITHIN.as_secs()
        );
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        if let Ok(pid) = self.avaaz_pid() {
            // It ends its own children on the way out.
            let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
        }
    }
}

fn start_livekit(folder: &Path, port: u16) -> anyhow::Result<Child> {
    let binary = std::env::var_os("AVAAZ_LIVEKIT_SERVER")
        .map_or_else(|| PathBuf::from("livekit-server"), PathBuf::from);
    let (tcp, udp) = (free_port()?, free_udp_port()?);
    let configuration = format!(
        "port: {port}\nbind_addresses: [\"127.0.0.1\"]\nlogging: {{ level: warn }}\nrtc: {{ tcp_port: {tcp}, udp_port: {udp}, node_ip: 127.0.0.1, \
         use_external_ip: false, enable_loopback_candidate: true, interfaces: {{ includes: [lo] }} }}\nkeys: {{ {LIVEKIT_KEY}: {LIVEKIT_SECRET} }}\n"
    );
    let path = folder.join("livekit.yaml");
    std::fs::write(&path, configuration)?;
    Command::new(&binary)
        .arg("--config")
        .arg(&path)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .with_context(|| {
            format!(
                "{} cannot be started: `make run` brings it",
                binary.display()
            )
        })
}

fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

fn free_udp_port() -> anyhow::Result<u16> {
    Ok(UdpSocket::bind("127.0.0.1:0")?.local_addr()?.port())
}
