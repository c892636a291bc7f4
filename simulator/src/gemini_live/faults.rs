//! What goes wrong, because a script says so.

use std::time::Duration;

use axum::extract::ws::Message;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::connection::{Connection, End, Later};
use super::generation::unknown_messages;
use super::refusal::Refusal;
use crate::fault_plan::{half, on_frame};
use crate::script::{ConnectionFault, PlannedFault, PlannedFaultKind, ReplyFault, ReplyFaultKind};

impl Connection {
    /// Sets a fault of the whole connection going; returns when the socket is to be dropped.
    pub(super) fn begin_fault(&mut self) -> Option<Instant> {
        match self.fault.clone() {
            Some(ConnectionFault::Close {
                after_ms,
                code,
                reason,
            }) => {
                let refusal = Refusal::new(code, reason);
                self.schedule(Duration::from_millis(after_ms), Later::Close(refusal));
                None
            }
            Some(ConnectionFault::Drop { after_ms }) => {
                Some(Instant::now() + Duration::from_millis(after_ms))
            }
            Some(ConnectionFault::GoAway {
                after_ms,
                time_left_ms,
            }) => {
                let aborted = Refusal::new(1008, "The operation was aborted.");
                self.schedule_end(
                    Duration::from_millis(after_ms),
                    Duration::from_millis(time_left_ms),
                    aborted,
                );
                None
            }
            Some(ConnectionFault::Silent) => {
                self.mute();
                None
            }
            _ => None,
        }
    }

    pub(super) async fn slow_setup(&mut self) {
        if let Some(ConnectionFault::Slow { delay_ms }) = self.fault {
            tokio::time::sleep(Duration::from_millis(delay_ms)).await;
        }
    }

    /// Refuses to go on with a session where the script wants that.
    pub(super) fn refuse_resumption(&self) -> Result<(), Refusal> {
        match &self.fault {
            Some(ConnectionFault::RefuseResumption { code, reason }) => {
                Err(Refusal::new(*code, reason.as_str()))
            }
            _ => Ok(()),
        }
    }

    /// Lets faults happen: those of a frame with the next one, the others in their turn.
    pub(super) fn plan(&mut self, due: Vec<PlannedFault>) {
        for fault in self.progress.take_up(due) {
            self.schedule(Duration::ZERO, Later::Fault(Box::new(fault)));
        }
    }

    /// Lets a fault happen to a message and to how many times it is sent.
    pub(super) async fn on_frame_fault(
        &mut self,
        fault: PlannedFault,
        message: &mut Value,
        times: &mut usize,
    ) -> Result<(), End> {
        let Some(fault) = on_frame(fault, message, times, &self.wire) else {
            return Ok(());
        };
        match fault.kind {
            PlannedFaultKind::Malformed => self.send_message(Message::binary(half(message))).await,
            PlannedFaultKind::Late => {
                let late = Later::SendLate(message.clone());
                self.schedule(Duration::from_millis(fault.delay_ms), late);
                *times = 0;
                Ok(())
            }
            _ => {
                if !self.on_fault_at_once(&fault).await? {
                    self.plan(vec![fault]);
                }
                Ok(())
            }
        }
    }

    /// Lets a fault happen that is the same before a frame and without one; returns whether it is such a fault.
    async fn on_fault_at_once(&mut self, fault: &PlannedFault) -> Result<bool, End> {
        match fault.kind {
            PlannedFaultKind::Close => Err(Refusal::new(fault.code, fault.reason.as_str()).into()),
            PlannedFaultKind::Drop => Err(End::Drop),
            PlannedFaultKind::UnknownEvent => {
                for unknown in unknown_messages() {
                    self.send_json(&unknown).await?;
                }
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// Lets a fault happen to the connection.
    pub(super) async fn on_planned_fault(&mut self, fault: &PlannedFault) -> Result<(), End> {
        if self.on_fault_at_once(fault).await? {
            return Ok(());
        }
        match fault.kind {
            PlannedFaultKind::Hang => {
                self.mute();
                self.wire.silence();
                Ok(())
            }
            PlannedFaultKind::SlowPongs => {
                self.wire.delay_pongs(fault.delay_ms);
                Ok(())
            }
            PlannedFaultKind::GoAway => {
                let time_left = Duration::from_millis(fault.time_left_ms);
                let aborted = Refusal::new(1008, "The operation was aborted.");
                self.schedule_end(Duration::ZERO, time_left, aborted);
                Ok(())
            }
            PlannedFaultKind::RateLimit => Err(Refusal::quota().into()),
            PlannedFaultKind::Error => Err(Refusal::internal().into()),
            PlannedFaultKind::ToolStorm => self.storm(fault.count).await,
            PlannedFaultKind::ForgetSessions => {
                self.shared.gemini_sessions.forget();
                Ok(())
            }
            // The others happen to frames.
            _ => Ok(()),
        }
    }

    /// Lets a fault happen in a turn.
    pub(super) async fn on_fault(&mut self, fault: ReplyFault) -> Result<(), End> {
        match fault.kind {
            ReplyFaultKind::Close => Err(Refusal::new(fault.code, fault.reason).into()),
            ReplyFaultKind::Drop => Err(End::Drop),
            ReplyFaultKind::Stall => {
                if let Some(generation) = &mut self.generation {
                    generation.delivery = None;
                }
                Ok(())
            }
            ReplyFaultKind::Hang => {
                self.mute();
                Ok(())
            }
            ReplyFaultKind::Rubbish => {
                for rubbish in [
                    r#"{"serverContent": {"modelTurn": "#,
                    "rubbish",
                    "[1, 2, 3]",
                    r#"{"serverContent": 7}"#,
                    r#"{"serverContent": {"modelTurn": {"parts": [{"inlineData": {"mimeType": "audio/pcm;rate=24000", "data": "%%%"}}]}}}"#,
                ] {
                    self.send_message(Message::binary(rubbish)).await?;
                }
                self.send_message(Message::binary(vec![0_u8, 159, 146, 150]))
                    .await?;
                for message in unknown_messages() {
                    self.send(message).await?;
                }
                Ok(())
            }
            // There are no error messages here: what goes wrong ends the connection, or the turn before its time.
            ReplyFaultKind::Error => Err(Refusal::internal().into()),
            ReplyFaultKind::RateLimit => Err(Refusal::quota().into()),
            ReplyFaultKind::Failed => {
                let Some(generation) = self.generation.take() else {
                    return Ok(());
                };
                drop(generation);
                self.send(json!({"serverContent": {"turnComplete": true, "turnCompleteReason": "RESPONSE_REJECTED"}}))
                    .await
            }
        }
    }
}
