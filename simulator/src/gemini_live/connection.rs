//! One connection: the loop that waits for frames, steps of a reply and the clock, and the sending of frames.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket};
use bytes::Bytes;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior};

use super::context::Entry;
use super::generation::Generation;
use super::handshake;
use super::hearing::Hearing;
use super::refusal::Refusal;
use super::setup::Setup;
use super::tools::PendingCall;
use crate::agenda::{Agenda, sleep_until};
use crate::delivery::Step;
use crate::fault_plan::Progress;
use crate::faulty_stream::Wire;
use crate::record::Recorder;
use crate::script::{ConnectionFault, PlannedFault, Protocol};
use crate::server::Shared;
use crate::timeline::{MomentKind, Stretch};

const SEND_LIMIT: Duration = Duration::from_secs(10);
const QUEUED_STEPS: usize = 8;
/// A connection lives so long at most.
const CONNECTION_LIMIT: Duration = Duration::from_secs(10 * 60);
/// So long before its end the client is told.
const NOTICE: Duration = Duration::from_secs(50);

/// Everything that one connection holds.
pub(super) struct Connection {
    pub(super) shared: Arc<Shared>,
    pub(super) number: usize,
    /// The version in the path.
    pub(super) version: String,
    socket: WebSocket,
    pub(super) wire: Wire,
    pub(super) progress: Progress,
    recorder: Option<Recorder>,
    /// `None` until the client has sent it.
    pub(super) setup: Option<Setup>,
    /// The name under which the session can be gone on with.
    pub(super) session: Option<String>,
    pub(super) context: Vec<Entry>,
    pub(super) hearing: Hearing,
    pub(super) generation: Option<Generation>,
    pub(super) generations_begun: usize,
    pub(super) calls: Vec<PendingCall>,
    /// Whether functions gave something back that nobody has spoken about.
    pub(super) has_news: bool,
    pub(super) steps: mpsc::Sender<(String, Step)>,
    pub(super) fault: Option<ConnectionFault>,
    later: Agenda<Later>,
    is_mute: bool,
}

/// What comes in its own time.
pub(super) enum Later {
    Send(Value),
    /// A frame that counted when it was due.
    SendLate(Value),
    Fault(Box<PlannedFault>),
    /// What was said has been played, as far as the server can know.
    Played {
        generation: String,
    },
    Close(Refusal),
}

/// Why a connection ends.
#[derive(Debug)]
pub(super) enum End {
    /// The client has gone.
    Gone,
    /// We go without a word.
    Drop,
    /// We say why.
    Close(Refusal),
}

impl From<Refusal> for End {
    fn from(refusal: Refusal) -> Self {
        Self::Close(refusal)
    }
}

/// Serves one connection until it ends.
pub(super) async fn run(
    shared: Arc<Shared>,
    socket: WebSocket,
    wire: Wire,
    number: usize,
    version: String,
    fault: Option<ConnectionFault>,
) {
    let (steps, mut queued_steps) = mpsc::channel(QUEUED_STEPS);
    let mut connection = Connection {
        number,
        version,
        socket,
        wire,
        progress: Progress::new(number, Protocol::Gemini),
        recorder: shared.recorder(),
        setup: None,
        session: None,
        context: Vec::new(),
        hearing: Hearing::new(),
        generation: None,
        generations_begun: 0,
        calls: Vec::new(),
        has_news: false,
        steps,
        fault,
        later: Agenda::new(),
        is_mute: false,
        shared,
    };
    connection.shared.counters.on_connected();
    connection.note(MomentKind::Connected, Stretch::default());
    let end = connection
        .serve(&mut queued_steps)
        .await
        .err()
        .unwrap_or(End::Gone);
    tracing::debug!(connection = number, ?end, "a connection ends");
    connection.generation = None;
    if let Some(session) = connection.session.take() {
        connection.shared.gemini_sessions.close(&session);
    }
    connection.note(MomentKind::Disconnected, Stretch::default());
    connection.shared.counters.on_disconnected();
    if let End::Close(refusal) = end {
        handshake::close(&mut connection.socket, refusal).await;
    }
}

impl Connection {
    async fn serve(&mut self, steps: &mut mpsc::Receiver<(String, Step)>) -> Result<(), End> {
        let opened_at = Instant::now();
        let dropped_at = self.begin_fault();
        let limit = self.shared.session_limit.min(CONNECTION_LIMIT);
        let notice = NOTICE.min(limit / 2);
        self.schedule_end(limit - notice, notice, Refusal::deadline());
        let stop = self.shared.stop.clone();
        let ping_every = self.shared.ping_every;
        let mut pings = tokio::time::interval_at(opened_at + ping_every, ping_every);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut plan_changes = self.shared.faults.changes();
        loop {
            let next_fault = self.shared.faults.next_time(&self.progress);
            let next_later = self.later.next_time();
            tokio::select! {
                () = stop.cancelled() => {
                    return Err(Refusal::new(1001, "The simulator stops.").into());
                }
                frame = self.socket.recv() => self.on_frame(frame).await?,
                Some((generation, step)) = steps.recv() => self.on_step(&generation, step).await?,
                () = sleep_until(next_fault) => {
                    let due = self.shared.faults.on_time(&mut self.progress);
                    self.plan(due);
                }
                Ok(()) = plan_changes.changed() => {}
                () = sleep_until(next_later) => self.on_later().await?,
                _ = pings.tick(), if !self.is_mute => self.send_message(Message::Ping(Bytes::new())).await?,
                () = sleep_until(dropped_at) => return Err(End::Drop),
            }
        }
    }

    /// Lets the client know that the connection ends soon, and ends it.
    pub(super) fn schedule_end(&mut self, after: Duration, notice: Duration, refusal: Refusal) {
        let time_left = format!("{:.3}s", notice.as_secs_f64());
        self.schedule(
            after,
            Later::Send(json!({"goAway": {"timeLeft": time_left}})),
        );
        self.schedule(after + notice, Later::Close(refusal));
    }

    async fn on_frame(&mut self, frame: Option<Result<Message, axum::Error>>) -> Result<(), End> {
        match frame {
            Some(Ok(Message::Text(text))) => self.on_json(text.as_bytes()).await,
            Some(Ok(Message::Binary(bytes))) => self.on_json(&bytes).await,
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(()),
            Some(Ok(Message::Close(_)) | Err(_)) | None => Err(End::Gone),
        }
    }

    async fn on_json(&mut self, bytes: &[u8]) -> Result<(), End> {
        let Ok(message) = serde_json::from_slice::<Value>(bytes) else {
            self.shared.counters.on_received("(malformed)");
            return Err(Refusal::new(1007, "Invalid JSON payload received.").into());
        };
        if let Some(recorder) = &self.recorder {
            recorder.write(&message).await;
        }
        let due = self.shared.faults.on_received(&mut self.progress);
        self.plan(due);
        self.handle_message(&message).await
    }

    async fn on_later(&mut self) -> Result<(), End> {
        match self.later.take_first() {
            Some(Later::Send(message)) => self.send(message).await,
            Some(Later::SendLate(message)) => self.send_json(&message).await,
            Some(Later::Fault(fault)) => self.on_planned_fault(&fault).await,
            Some(Later::Played { generation }) => self.on_played(&generation).await,
            Some(Later::Close(refusal)) => Err(refusal.into()),
            None => Ok(()),
        }
    }

    /// Lets something happen after a while. What happens at the same time keeps its order.
    pub(super) fn schedule(&mut self, after: Duration, later: Later) {
        self.later.add(after, later);
    }

    /// Sends a message, unless a fault happens to it.
    pub(super) async fn send(&mut self, mut message: Value) -> Result<(), End> {
        if self.is_mute {
            return Ok(());
        }
        let kind = kind_of(&message);
        let mut times = 1;
        for fault in self.shared.faults.on_sending(&mut self.progress, &kind) {
            self.on_frame_fault(fault, &mut message, &mut times).await?;
        }
        for _ in 0..times {
            self.send_json(&message).await?;
        }
        Ok(())
    }

    /// Sends a message, in a binary frame as the real service does.
    pub(super) async fn send_json(&mut self, message: &Value) -> Result<(), End> {
        if self.is_mute {
            return Ok(());
        }
        self.shared.counters.on_sent(&kind_of(message));
        self.send_message(Message::binary(message.to_string()))
            .await
    }

    /// Sends a frame as it is.
    pub(super) async fn send_message(&mut self, message: Message) -> Result<(), End> {
        match tokio::time::timeout(SEND_LIMIT, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(End::Gone),
        }
    }

    /// Sends nothing any more, not even pings.
    pub(super) fn mute(&mut self) {
        self.is_mute = true;
    }

    pub(super) fn note(&self, kind: MomentKind, stretch: Stretch) {
        self.shared.timeline.note(self.number, kind, stretch);
    }
}

/// What the counters call a message: its first key, and the one inside where that says more.
pub(super) fn kind_of(message: &Value) -> String {
    let first = |value: &Value| {
        value
            .as_object()
            .and_then(|object| object.keys().find(|key| *key != "usageMetadata").cloned())
    };
    let Some(key) = first(message) else {
        return "(empty)".to_owned();
    };
    match first(&message[&key]) {
        Some(inner) if ["serverContent", "realtimeInput"].contains(&key.as_str()) => {
            format!("{key}.{inner}")
        }
        _ => key,
    }
}
