//! A real livekit-server on free ports, ended with the test.

use std::net::{TcpListener, TcpStream, UdpSocket};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use avaaz_agent::room::ParticipantKind;
use avaaz_agent::room::livekit::{LiveKitConfig, LiveKitConnector};
use secrecy::SecretString;

/// The key that every server knows.
pub const KEY: &str = "testkey";
/// Its secret.
pub const SECRET: &str = "a-secret-of-at-least-32-characters";
const STARTS_WITHIN: Duration = Duration::from_secs(20);

/// A running server.
pub struct Server {
    child: Child,
    config: PathBuf,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Server {
    /// Starts a server of its own for one test.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("livekit.yaml");
        // Someone else may take a port between our look and the server's.
        for _ in 0..5 {
            let (port, tcp, udp) = free_ports();
            std::fs::write(&config, configuration(port, tcp, udp)).unwrap();
            let mut child = spawn(&config);
            if answers(&mut child, port) {
                return Self {
                    child,
                    config,
                    port,
                    _folder: folder,
                };
            }
            let _ = child.kill();
            let _ = child.wait();
        }
        panic!("livekit-server does not start");
    }

    /// Kills it and starts it again on the same ports: it has forgotten everything.
    pub fn restart(&mut self) {
        self.kill();
        self.child = spawn(&self.config);
        assert!(
            answers(&mut self.child, self.port),
            "livekit-server does not start again"
        );
    }

    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Stops it in its tracks, or lets it go on: to us, the network is dead meanwhile.
    pub fn freeze(&self, frozen: bool) {
        let signal = if frozen { "-STOP" } else { "-CONT" };
        let status = Command::new("kill")
            .args([signal, &self.child.id().to_string()])
            .status();
        assert!(status.unwrap().success());
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// A connector that joins as an agent.
    pub fn agents(&self) -> LiveKitConnector {
        connector(self.port, ParticipantKind::Agent, SECRET)
    }

    /// A connector that joins as a person's client.
    pub fn people(&self) -> LiveKitConnector {
        connector(self.port, ParticipantKind::Standard, SECRET)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A connector to whatever listens on a port.
pub fn agents_at(port: u16) -> LiveKitConnector {
    connector(port, ParticipantKind::Agent, SECRET)
}

/// A connector whose tokens the server does not accept.
pub fn strangers_at(port: u16) -> LiveKitConnector {
    connector(
        port,
        ParticipantKind::Agent,
        "another-secret-of-32-characters-or-more",
    )
}

fn connector(port: u16, kind: ParticipantKind, secret: &str) -> LiveKitConnector {
    let mut config = LiveKitConfig::new(
        format!("ws://127.0.0.1:{port}"),
        KEY,
        SecretString::from(secret),
    );
    config.kind = kind;
    LiveKitConnector::new(config)
}

fn spawn(config: &PathBuf) -> Child {
    let binary =
        std::env::var_os("AVAAZ_LIVEKIT_SERVER").unwrap_or_else(|| "livekit-server".into());
    let output = || {
        if std::env::var_os("AVAAZ_LIVEKIT_LOG").is_some() {
            Stdio::inherit()
        } else {
            Stdio::null()
        }
    };
    Command::new(&binary)
        .arg("--config")
        .arg(config)
        .stdin(Stdio::null())
        .stdout(output())
        .stderr(output())
        .spawn()
        .unwrap_or_else(|error| {
            panic!(
                "{} cannot be started ({error}): set AVAAZ_LIVEKIT_SERVER",
                binary.display()
            )
        })
}

fn answers(child: &mut Child, port: u16) -> bool {
    let deadline = Instant::now() + STARTS_WITHIN;
    while Instant::now() < deadline {
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    false
}

fn free_ports() -> (u16, u16, u16) {
    let http = TcpListener::bind("127.0.0.1:0").unwrap();
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    (
        http.local_addr().unwrap().port(),
        tcp.local_addr().unwrap().port(),
        udp.local_addr().unwrap().port(),
    )
}

/// Returns a port on which nothing listens.
pub fn silent_port() -> u16 {
    free_ports().0
}

fn configuration(port: u16, tcp: u16, udp: u16) -> String {
    format!(
        "port: {port}\nbind_addresses: [\"127.0.0.1\"]\nrtc:\n  tcp_port: {tcp}\n  udp_port: {udp}\n  node_ip: 127.0.0.1\n  \
         use_external_ip: false\n  enable_loopback_candidate: true\n  interfaces: {{ includes: [lo] }}\nkeys:\n  {KEY}: {SECRET}\n"
    )
}
