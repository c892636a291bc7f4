//! What goes wrong in a reply, because a script says so.

use std::time::Duration;

use axum::extract::ws::Message;
use serde_json::{Value, json};

use super::connection::{Connection, End, Later};
use super::error::WireError;
use super::response::Ending;
use crate::fault_plan::{half, on_frame};
use crate::partner;
use crate::script::{PlannedFault, PlannedFaultKind, ReplyFault, ReplyFaultKind};

impl Connection {
    /// Lets faults happen: those of a frame with the next one, the others in their turn.
    pub(super) fn plan(&mut self, due: Vec<PlannedFault>) {
        for fault in self.progress.take_up(due) {
            self.schedule(Duration::ZERO, Later::Fault(Box::new(fault)));
        }
    }

    /// Lets a fault happen to an event and to how many times it is sent.
    pub(super) async fn on_frame_fault(
        &mut self,
        fault: PlannedFault,
        event: &mut Value,
        times: &mut usize,
    ) -> Result<(), End> {
        let Some(fault) = on_frame(fault, event, times, &self.wire) else {
            return Ok(());
        };
        match fault.kind {
            PlannedFaultKind::Malformed => self.send_message(Message::text(half(event))).await,
            PlannedFaultKind::Late => {
                let late = Later::SendLate(event.clone());
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
            PlannedFaultKind::Close => Err(End::Close {
                code: fault.code,
                reason: fault.reason.clone(),
            }),
            PlannedFaultKind::Drop => Err(End::Drop),
            PlannedFaultKind::UnknownEvent => {
                self.send_json(&unknown_event()).await?;
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
            // There is no notice in this protocol: the session just gets too old.
            PlannedFaultKind::GoAway => {
                let reason = self.expiry_message();
                let close = Later::Close { code: 1001, reason };
                self.schedule(Duration::from_millis(fault.time_left_ms), close);
                Ok(())
            }
            PlannedFaultKind::RateLimit => match self.conversation_response() {
                Some(position) => {
                    let code = "inference_rate_limit_exceeded";
                    self.end_response(position, Ending::Failed { code }).await
                }
                None => {
                    let message = "Rate limit reached. This one comes from a plan of faults.";
                    let error = WireError::request("rate_limit_exceeded", message);
                    self.send(error.event(None)).await
                }
            },
            PlannedFaultKind::Error => {
                let message = "The server had an error. This one comes from a plan of faults.";
                let error = WireError::server("server_error", message);
                self.send(error.event(None)).await
            }
            PlannedFaultKind::ToolStorm => self.storm(fault.count).await,
            // The others happen to frames, or to sessions that can be gone on with.
            _ => Ok(()),
        }
    }

    /// Calls the offered tools many times in one response, partly with nonsense.
    async fn storm(&mut self, count: usize) -> Result<(), End> {
        if self.conversation_response().is_none()
            && let Err(error) = self.start_response(&Value::Null).await?
        {
            return self.send(error.event(None)).await;
        }
        let Some(position) = self.conversation_response() else {
            return Ok(());
        };
        self.responses[position].delivery = None;
        self.close_message(position, "incomplete").await?;
        for call in partner::storm(self.session.tools(), count) {
            self.on_call(position, call).await?;
        }
        self.end_response(position, Ending::Completed).await
    }

    /// Lets a fault happen to a response.
    pub(super) async fn on_fault(&mut self, position: usize, fault: ReplyFault) -> Result<(), End> {
        let code = fault.error_code.as_deref().unwrap_or("server_error");
        match fault.kind {
            ReplyFaultKind::Close => Err(End::Close {
                code: fault.code,
                reason: fault.reason,
            }),
            ReplyFaultKind::Drop => Err(End::Drop),
            ReplyFaultKind::Stall => {
                self.responses[position].delivery = None;
                Ok(())
            }
            ReplyFaultKind::Hang => {
                self.mute();
                Ok(())
            }
            ReplyFaultKind::Rubbish => {
                self.send_message(Message::text(
                    r#"{"type": "response.output_audio.delta", "delta": "#,
                ))
                .await?;
                self.send_message(Message::text("rubbish")).await?;
                self.send_message(Message::text("[1, 2, 3]")).await?;
                self.send_message(Message::text(r#"{"type": 7}"#)).await?;
                self.send_message(Message::text(
                    r#"{"type": "response.output_audio.delta", "delta": "%%%"}"#,
                ))
                .await?;
                self.send_message(Message::binary(vec![0_u8, 159, 146, 150]))
                    .await?;
                self.send(unknown_event()).await
            }
            ReplyFaultKind::Error => {
                self.send(
                    WireError::server(
                        code,
                        "The server had an error. This one comes from a script.",
                    )
                    .event(None),
                )
                .await
            }
            ReplyFaultKind::Failed => self.end_response(position, Ending::Failed { code }).await,
            ReplyFaultKind::RateLimit => {
                self.end_response(
                    position,
                    Ending::Failed {
                        code: "inference_rate_limit_exceeded",
                    },
                )
                .await
            }
        }
    }
}

/// An event that no client can know.
pub(super) fn unknown_event() -> Value {
    json!({"type": "simulator.something_new", "details": {"note": "Events that a client does not know are to be ignored."}})
}
