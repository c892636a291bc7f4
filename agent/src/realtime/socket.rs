//! Keeps one provider's socket: frames in, events out; commands in, frames out. Knows no provider.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use avaaz_tutor::{Fault, FaultKind, ProviderCommand, ProviderEvent};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::{HeaderMap, HeaderValue, header};
use tokio_tungstenite::tungstenite::protocol::{
    CloseFrame, WebSocketConfig, frame::coding::CloseCode,
};
use tokio_tungstenite::tungstenite::{Error as WsError, Message};
use tokio_tungstenite::{
    Connector, MaybeTlsStream, WebSocketStream, connect_async_tls_with_config,
};
use url::Url;

use super::ProviderSession;

/// How long the TCP, TLS and WebSocket handshakes may take together.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// The largest frame that is taken.
const LARGEST_FRAME: usize = 16 << 20;
/// Commands that may wait: five seconds of audio.
const COMMANDS: usize = 256;
/// Events that may wait for the conversation.
const EVENTS: usize = 1024;
/// Frames that may wait for the network.
const FRAMES: usize = 512;
/// A conversation that takes no event for so long is stuck.
const EVENT_TAKEN_WITHIN: Duration = Duration::from_secs(10);
/// How long saying goodbye may take.
const CLOSES_WITHIN: Duration = Duration::from_secs(2);

/// How a provider that hangs is found: it says nothing any more, not even a pong. Services differ in how long their pongs take.
#[derive(Debug, Clone, Copy)]
pub struct Watch {
    /// How often we ping.
    pub ping_every: Duration,
    /// How long it may say nothing.
    pub hangs_after: Duration,
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Translates between a provider's frames and our vocabulary, for one session. Pure.
pub trait Translate: Send + 'static {
    /// The socket is open.
    fn opened(&mut self) -> Step;
    /// The provider sent a frame of JSON, as text or as bytes.
    fn received(&mut self, frame: &str) -> Step;
    /// The tutor wants something.
    fn command(&mut self, command: ProviderCommand) -> Step;
    /// The socket ended without our doing.
    fn closed(&mut self, close: Close<'_>) -> Fault;
}

/// What follows from a frame or a command.
#[derive(Debug, Default)]
pub struct Step {
    /// Told to the tutor, in order.
    pub events: Vec<ProviderEvent>,
    /// Sent to the provider, in order.
    pub frames: Vec<String>,
    /// The session is over, and why.
    pub close: Option<Fault>,
}

/// How a socket ended.
#[derive(Debug, Clone, Copy)]
pub enum Close<'a> {
    /// By a close frame.
    Frame {
        /// Its code.
        code: u16,
        /// Its reason.
        reason: &'a str,
    },
    /// Without one.
    Lost,
}

/// Opens a socket.
///
/// # Errors
/// A [`Fault`] that says whether another try can help.
pub async fn connect(url: &Url, headers: HeaderMap) -> Result<Socket, Fault> {
    let broken = |detail: &str| Fault {
        kind: FaultKind::Broken,
        detail: detail.to_owned(),
    };
    let mut request = url.as_str().into_client_request().map_err(|_| Fault {
        kind: FaultKind::Refused,
        detail: "the provider's address is not a URL".to_owned(),
    })?;
    request.headers_mut().extend(headers);
    request.headers_mut().insert(
        header::USER_AGENT,
        HeaderValue::from_static(concat!("avaaz/", env!("CARGO_PKG_VERSION"))),
    );
    let limits = WebSocketConfig::default()
        .max_frame_size(Some(LARGEST_FRAME))
        .max_message_size(Some(4 * LARGEST_FRAME));
    let connecting =
        connect_async_tls_with_config(request, Some(limits), true, Some(Connector::Rustls(tls())));
    match timeout(CONNECT_WITHIN, connecting).await {
        Err(_) => Err(broken("not connected in time")),
        Ok(Ok((socket, _))) => Ok(socket),
        Ok(Err(WsError::Http(response))) => {
            let status = response.status();
            let kind = match status.as_u16() {
                408 | 425 | 429 | 503 => FaultKind::Busy,
                400..500 => FaultKind::Refused,
                _ => FaultKind::Broken,
            };
            Err(Fault {
                kind,
                detail: format!("the provider answered HTTP {}", status.as_u16()),
            })
        }
        Ok(Err(WsError::Io(error))) => Err(broken(&format!("cannot connect: {}", error.kind()))),
        Ok(Err(WsError::Tls(_))) => Err(broken("TLS failed")),
        Ok(Err(_)) => Err(broken("the WebSocket handshake failed")),
    }
}

fn tls() -> Arc<rustls::ClientConfig> {
    let roots = rustls::RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    let config = rustls::ClientConfig::builder_with_provider(Arc::new(
        rustls::crypto::ring::default_provider(),
    ))
    .with_safe_default_protocol_versions()
    .expect("ring knows the default versions of TLS")
    .with_root_certificates(roots)
    .with_no_client_auth();
    Arc::new(config)
}

/// Runs a session on an open socket until either side ends it.
pub fn run(socket: Socket, translator: impl Translate, watch: Watch) -> ProviderSession {
    let (command_tx, command_rx) = mpsc::channel(COMMANDS);
    let (event_tx, event_rx) = mpsc::channel(EVENTS);
    let (sink, stream) = socket.split();
    let (frame_tx, frame_rx) = mpsc::channel(FRAMES);
    let pump = Pump {
        translator,
        stream,
        commands: command_rx,
        events: event_tx,
        frames: frame_tx,
        watch,
    };
    tokio::spawn(async move {
        // The writer lives no longer than the pump.
        let mut writer = JoinSet::new();
        writer.spawn(write(sink, frame_rx));
        pump.run(&mut writer).await;
    });
    ProviderSession {
        commands: command_tx,
        events: event_rx,
    }
}

/// Sends each frame as it comes; ends when nobody can send another one.
async fn write(mut sink: SplitSink<Socket, Message>, mut frames: mpsc::Receiver<Message>) {
    while let Some(frame) = frames.recv().await {
        if sink.send(frame).await.is_err() {
            return;
        }
    }
    let goodbye = CloseFrame {
        code: CloseCode::Normal,
        reason: "".into(),
    };
    let _ = sink.send(Message::Close(Some(goodbye))).await;
}

struct Pump<T> {
    translator: T,
    stream: SplitStream<Socket>,
    commands: mpsc::Receiver<ProviderCommand>,
    events: mpsc::Sender<ProviderEvent>,
    frames: mpsc::Sender<Message>,
    watch: Watch,
}

impl<T: Translate> Pump<T> {
    async fn run(mut self, writer: &mut JoinSet<()>) {
        let fault = self.until_over(writer).await;
        // Its end makes the writer say goodbye.
        drop(self.frames);
        let _ = timeout(
            EVENT_TAKEN_WITHIN,
            self.events.send(ProviderEvent::Closed(fault)),
        )
        .await;
        drop(self.events);
        let _ = timeout(CLOSES_WITHIN, async {
            while writer.join_next().await.is_some() {}
            while let Some(Ok(_)) = self.stream.next().await {}
        })
        .await;
    }

    async fn until_over(&mut self, writer: &mut JoinSet<()>) -> Fault {
        let mut ping = interval(self.watch.ping_every);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut last_sign_of_life = Instant::now();
        let step = self.translator.opened();
        if let ControlFlow::Break(fault) = self.carry_out(step).await {
            return fault;
        }
        loop {
            let step = tokio::select! {
                // What the provider says first: an interruption must not wait behind audio.
                biased;
                frame = self.stream.next() => {
                    last_sign_of_life = Instant::now();
                    match frame {
                        Some(Ok(Message::Text(text))) => self.translator.received(text.as_str()),
                        Some(Ok(Message::Binary(bytes))) => match std::str::from_utf8(&bytes) {
                            Ok(text) => self.translator.received(text),
                            Err(_) => self.translator.received(""),
                        },
                        Some(Ok(Message::Close(Some(close)))) => {
                            return self.translator.closed(Close::Frame { code: close.code.into(), reason: close.reason.as_str() });
                        }
                        Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => continue,
                        Some(Ok(Message::Close(None)) | Err(_)) | None => return self.translator.closed(Close::Lost),
                    }
                }
                command = self.commands.recv() => match command {
                    Some(command) => self.translator.command(command),
                    None => return Fault { kind: FaultKind::ClosedByUs, detail: String::new() },
                },
                _ = writer.join_next() => return self.translator.closed(Close::Lost),
                _ = ping.tick() => {
                    if last_sign_of_life.elapsed() > self.watch.hangs_after {
                        return broken("the provider hangs");
                    }
                    if self.frames.try_send(Message::Ping(Vec::new().into())).is_err() {
                        return broken("the network does not keep up");
                    }
                    continue;
                }
                () = self.events.closed() => return Fault { kind: FaultKind::ClosedByUs, detail: String::new() },
            };
            if let ControlFlow::Break(fault) = self.carry_out(step).await {
                return fault;
            }
        }
    }

    async fn carry_out(&mut self, step: Step) -> ControlFlow<Fault> {
        for frame in step.frames {
            if self.frames.try_send(Message::text(frame)).is_err() {
                return ControlFlow::Break(broken("the network does not keep up"));
            }
        }
        for event in step.events {
            if timeout(EVENT_TAKEN_WITHIN, self.events.send(event))
                .await
                .is_err()
            {
                return ControlFlow::Break(broken("the conversation takes no events"));
            }
        }
        match step.close {
            Some(fault) => ControlFlow::Break(fault),
            None => ControlFlow::Continue(()),
        }
    }
}

fn broken(detail: &str) -> Fault {
    Fault {
        kind: FaultKind::Broken,
        detail: detail.to_owned(),
    }
}
