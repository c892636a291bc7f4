//! One connection: the loop that waits for frames, steps of responses and the clock, and the sending of frames.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use bytes::Bytes;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior};

use super::conversation::Conversation;
use super::error::WireError;
use super::response::Response;
use super::session::Session;
use super::{Dialect, beta};
use crate::agenda::{Agenda, sleep_until};
use crate::delivery::Step;
use crate::fault_plan::Progress;
use crate::faulty_stream::Wire;
use crate::ids::new_id;
use crate::input_audio::{InputAudio, InputRate};
use crate::record::Recorder;
use crate::script::{ConnectionFault, PlannedFault, Protocol};
use crate::server::Shared;
use crate::timeline::{MomentKind, Stretch, now_us};

const SEND_LIMIT: Duration = Duration::from_secs(10);
const CLOSE_LIMIT: Duration = Duration::from_secs(2);
const QUEUED_STEPS: usize = 8;

/// Everything that one connection holds.
pub(super) struct Connection {
    pub(super) shared: Arc<Shared>,
    pub(super) number: usize,
    dialect: Dialect,
    socket: WebSocket,
    pub(super) wire: Wire,
    pub(super) progress: Progress,
    recorder: Option<Recorder>,
    pub(super) session: Session,
    pub(super) conversation: Conversation,
    pub(super) input: InputAudio,
    /// The item that the speech which is being heard will become.
    pub(super) speech_item: Option<String>,
    pub(super) responses: Vec<Response>,
    pub(super) responses_given: usize,
    pub(super) steps: mpsc::Sender<(String, Step)>,
    pub(super) has_spoken: bool,
    pub(super) tokens_read: u64,
    later: Agenda<Later>,
    is_mute: bool,
}

/// An event that comes in its own time.
pub(super) enum Later {
    Send(Value),
    /// A frame that counted when it was due.
    SendLate(Value),
    Fault(Box<PlannedFault>),
    Close {
        code: u16,
        reason: String,
    },
    Transcribed {
        item_id: String,
        transcript: String,
        event: Value,
    },
}

/// Why a connection ends.
#[derive(Debug)]
pub(super) enum End {
    /// The client has gone.
    Gone,
    /// We go without a word.
    Drop,
    /// We say why.
    Close { code: u16, reason: String },
}

/// Serves one connection until it ends.
pub(super) async fn run(
    shared: Arc<Shared>,
    socket: WebSocket,
    wire: Wire,
    number: usize,
    model: &str,
    dialect: Dialect,
    fault: Option<ConnectionFault>,
) {
    let expires_at = now_us() / 1_000_000 + shared.session_limit.as_secs();
    let (steps, mut queued_steps) = mpsc::channel(QUEUED_STEPS);
    let mut connection = Connection {
        number,
        dialect,
        socket,
        wire,
        progress: Progress::new(number, Protocol::Openai),
        recorder: shared.recorder(),
        session: Session::new(&new_id("sess"), model, expires_at),
        conversation: Conversation::new(),
        input: InputAudio::new(InputRate::Hz24000),
        speech_item: None,
        responses: Vec::new(),
        responses_given: 0,
        steps,
        has_spoken: false,
        tokens_read: 0,
        later: Agenda::new(),
        is_mute: false,
        shared,
    };
    connection.shared.counters.on_connected();
    connection.note(MomentKind::Connected, Stretch::default());
    let end = connection
        .serve(&mut queued_steps, fault)
        .await
        .err()
        .unwrap_or(End::Gone);
    tracing::debug!(connection = number, ?end, "a connection ends");
    connection.responses.clear();
    connection.note(MomentKind::Disconnected, Stretch::default());
    connection.shared.counters.on_disconnected();
    if let End::Close { code, reason } = end {
        let close = Message::Close(Some(CloseFrame {
            code,
            reason: reason.into(),
        }));
        // A client that has already left needs no reason.
        let _ = tokio::time::timeout(CLOSE_LIMIT, connection.socket.send(close)).await;
        wait_for_close(&mut connection.socket).await;
    }
}

/// Reads on until the client has closed too, so that it gets to see our close frame.
pub(super) async fn wait_for_close(socket: &mut WebSocket) {
    let closed = async { while let Some(Ok(_)) = socket.recv().await {} };
    // A client that does not close is left.
    let _ = tokio::time::timeout(CLOSE_LIMIT, closed).await;
}

impl Connection {
    async fn serve(
        &mut self,
        steps: &mut mpsc::Receiver<(String, Step)>,
        fault: Option<ConnectionFault>,
    ) -> Result<(), End> {
        let opened_at = Instant::now();
        let (fault_at, fault_end) = match fault {
            Some(ConnectionFault::Close {
                after_ms,
                code,
                reason,
            }) => (Some(after_ms), End::Close { code, reason }),
            Some(ConnectionFault::Drop { after_ms }) => (Some(after_ms), End::Drop),
            // There is no notice in this protocol: the session just gets too old.
            Some(ConnectionFault::GoAway {
                after_ms,
                time_left_ms,
            }) => (
                Some(after_ms + time_left_ms),
                End::Close {
                    code: 1001,
                    reason: self.expiry_message(),
                },
            ),
            Some(ConnectionFault::Slow { delay_ms }) => {
                tokio::time::sleep(Duration::from_millis(delay_ms)).await;
                (None, End::Drop)
            }
            Some(ConnectionFault::Silent) => {
                self.mute();
                (None, End::Drop)
            }
            _ => (None, End::Drop),
        };
        let fault_at = fault_at.map(|after_ms| opened_at + Duration::from_millis(after_ms));
        let expires_at = opened_at + self.shared.session_limit;
        let stop = self.shared.stop.clone();
        let ping_every = self.shared.ping_every;
        let mut pings = tokio::time::interval_at(opened_at + ping_every, ping_every);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);

        let created =
            serde_json::json!({"type": "session.created", "session": self.session.settings()});
        self.send(created).await?;
        let mut plan_changes = self.shared.faults.changes();
        loop {
            let next_fault = self.shared.faults.next_time(&self.progress);
            let next_later = self.later.next_time();
            tokio::select! {
                () = stop.cancelled() => {
                    return Err(End::Close { code: 1001, reason: "The simulator stops.".into() });
                }
                frame = self.socket.recv() => self.on_frame(frame).await?,
                Some((response_id, step)) = steps.recv() => self.on_step(&response_id, step).await?,
                () = sleep_until(next_fault) => {
                    let due = self.shared.faults.on_time(&mut self.progress);
                    self.plan(due);
                }
                Ok(()) = plan_changes.changed() => {}
                () = sleep_until(next_later) => self.on_later().await?,
                _ = pings.tick(), if !self.is_mute => self.send_message(Message::Ping(Bytes::new())).await?,
                () = tokio::time::sleep_until(expires_at) => return Err(self.on_expired().await?),
                () = sleep_until(fault_at) => return Err(fault_end),
            }
        }
    }

    async fn on_frame(&mut self, frame: Option<Result<Message, axum::Error>>) -> Result<(), End> {
        let at_us = now_us();
        match frame {
            Some(Ok(Message::Text(text))) => self.on_text(&text, at_us).await,
            Some(Ok(Message::Binary(_))) => {
                self.shared.counters.on_received("(binary)");
                let error = WireError::request(
                    "invalid_event",
                    "Binary frames are not supported. Send JSON text frames.",
                );
                self.send(error.event(None)).await
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(()),
            Some(Ok(Message::Close(_)) | Err(_)) | None => Err(End::Gone),
        }
    }

    async fn on_text(&mut self, text: &str, at_us: u64) -> Result<(), End> {
        let Ok(event) = serde_json::from_str::<Value>(text) else {
            self.shared.counters.on_received("(malformed)");
            let error = WireError::request("invalid_json", "The event is not valid JSON.");
            return self.send(error.event(None)).await;
        };
        if let Some(recorder) = &self.recorder {
            recorder.write(&event).await;
        }
        self.shared
            .counters
            .on_received(event["type"].as_str().unwrap_or("(untyped)"));
        let due = self.shared.faults.on_received(&mut self.progress);
        self.plan(due);
        let event_id = event["event_id"].as_str().map(str::to_owned);
        let event = match self.dialect {
            Dialect::Ga => event,
            Dialect::Beta => beta::from_client(event),
        };
        match self.handle_event(event, at_us).await? {
            Ok(()) => Ok(()),
            Err(error) => self.send(error.event(event_id.as_deref())).await,
        }
    }

    async fn on_expired(&mut self) -> Result<End, End> {
        let message = self.expiry_message();
        self.send(WireError::request("session_expired", message.clone()).event(None))
            .await?;
        Ok(End::Close {
            code: 1001,
            reason: message,
        })
    }

    pub(super) fn expiry_message(&self) -> String {
        let minutes = (self.shared.session_limit.as_secs() / 60).max(1);
        format!("Your session hit the maximum duration of {minutes} minutes.")
    }

    async fn on_later(&mut self) -> Result<(), End> {
        match self.later.take_first() {
            Some(Later::Send(event)) => self.send(event).await,
            Some(Later::SendLate(event)) => self.send_json(&event).await,
            Some(Later::Fault(fault)) => self.on_planned_fault(&fault).await,
            Some(Later::Close { code, reason }) => Err(End::Close { code, reason }),
            Some(Later::Transcribed {
                item_id,
                transcript,
                event,
            }) => {
                self.conversation.set_transcript(&item_id, &transcript);
                self.send(event).await
            }
            None => Ok(()),
        }
    }

    /// Lets an event happen after a while. Events of the same time keep their order.
    pub(super) fn schedule(&mut self, after: Duration, later: Later) {
        self.later.add(after, later);
    }

    /// Sends an event, giving it its id, unless a fault happens to it.
    pub(super) async fn send(&mut self, mut event: Value) -> Result<(), End> {
        if self.is_mute {
            return Ok(());
        }
        event["event_id"] = new_id("event").into();
        let kind = event["type"].as_str().unwrap_or_default().to_owned();
        let mut times = 1;
        for fault in self.shared.faults.on_sending(&mut self.progress, &kind) {
            self.on_frame_fault(fault, &mut event, &mut times).await?;
        }
        for _ in 0..times {
            self.send_json(&event).await?;
        }
        Ok(())
    }

    pub(super) async fn send_json(&mut self, event: &Value) -> Result<(), End> {
        if self.is_mute {
            return Ok(());
        }
        let older;
        let event = match self.dialect {
            Dialect::Ga => event,
            Dialect::Beta => {
                let Some(told) = beta::to_client(event.clone()) else {
                    return Ok(());
                };
                older = told;
                &older
            }
        };
        self.shared
            .counters
            .on_sent(event["type"].as_str().unwrap_or_default());
        self.send_message(Message::text(event.to_string())).await
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
