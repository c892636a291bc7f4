//! What goes wrong in a reply, because a script says so.

use axum::extract::ws::Message;
use serde_json::{Value, json};

use super::connection::{Connection, End};
use super::error::WireError;
use super::response::Ending;
use crate::script::{ReplyFault, ReplyFaultKind};

impl Connection {
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
