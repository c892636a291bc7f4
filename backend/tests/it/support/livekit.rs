//! A real livekit-server on loopback, for one test.

use std::net::{TcpListener, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::time::sleep;

/// The key that every server started here knows.
pub const KEY: &str = "testkey";
/// Its secret.
pub const SECRET: &str = "a-secret-for-tests-of-32-characters-or-more";

/// A running server; it ends with this value.
pub struct LiveKitServer {
    child: Child,
    port: u16,
    url: String,
    _folder: TempDir,
}

impl LiveKitServer {
    /// Starts a server on free ports; its webhooks go to `webhook_url`.
    pub async fn start(webhook_url: Option<&str>) -> Self {
        // Another program may take a port between its being found free and its being used.
        for _ in 0..5 {
            let mut server = Self::spawn(webhook_url);
            if server.is_ready().await {
                return server;
            }
        }
        panic!("livekit-server did not come up");
    }

    fn spawn(webhook_url: Option<&str>) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the configuration");
        let [port, tcp_port] = free_tcp_ports();
        let udp_port = free_udp_port();
        let webhook = webhook_url
            .map(|url| format!("webhook: {{ api_key: {KEY}, urls: [\"{url}\"] }}\n"))
            .unwrap_or_default();
        let config = format!(
            "port: {port}\nbind_addresses: [\"127.0.0.1\"]\n\
             rtc: {{ tcp_port: {tcp_port}, udp_port: {udp_port}, node_ip: 127.0.0.1, use_external_ip: false, \
             enable_loopback_candidate: true, interfaces: {{ includes: [lo] }} }}\n\
             keys: {{ {KEY}: {SECRET} }}\n{webhook}"
        );
        let path = folder.path().join("livekit.yaml");
        std::fs::write(&path, config).expect("the configuration is written");
        let binary =
            std::env::var("AVAAZ_LIVEKIT_SERVER").unwrap_or_else(|_| "livekit-server".into());
        let child = Command::new(&binary)
            .arg("--config")
            .arg(&path)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| {
                panic!("{binary} cannot be started ({error}); `make test` brings it")
            });
        Self {
            child,
            port,
            url: format!("ws://127.0.0.1:{port}"),
            _folder: folder,
        }
    }

    /// Where it is reached.
    pub fn url(&self) -> &str {
        &self.url
    }

    async fn is_ready(&mut self) -> bool {
        for _ in 0..400 {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return false;
            }
            if TcpStream::connect(("127.0.0.1", self.port)).await.is_ok() {
                return true;
            }
            sleep(Duration::from_millis(50)).await;
        }
        false
    }
}

impl Drop for LiveKitServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port on which nobody listens.
pub fn closed_port() -> u16 {
    free_tcp_ports::<1>()[0]
}

fn free_tcp_ports<const N: usize>() -> [u16; N] {
    let held: [TcpListener; N] =
        std::array::from_fn(|_| TcpListener::bind("127.0.0.1:0").expect("a free port"));
    held.map(|listener| listener.local_addr().expect("it is bound").port())
}

fn free_udp_port() -> u16 {
    UdpSocket::bind("127.0.0.1:0")
        .expect("a free port")
        .local_addr()
        .expect("it is bound")
        .port()
}
