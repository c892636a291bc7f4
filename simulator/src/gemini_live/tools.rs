//! Calls of functions, their answers, and their withdrawal.

use serde_json::{Value, json};

use super::connection::{Connection, End};
use super::context::Entry;
use super::refusal::Refusal;
use crate::ids::new_id;
use crate::partner;
use crate::script::ToolCall;

/// A call that is not answered.
#[derive(Debug)]
pub(super) struct PendingCall {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) is_blocking: bool,
    is_cancelled: bool,
}

impl Connection {
    pub(super) async fn on_call(&mut self, call: ToolCall) -> Result<(), End> {
        let id = new_id("function-call");
        let is_blocking = self.setup().is_blocking(&call.name);
        self.calls.push(PendingCall {
            id: id.clone(),
            name: call.name.clone(),
            is_blocking,
            is_cancelled: false,
        });
        if let Some(generation) = &mut self.generation {
            generation.waits_for_tools |= is_blocking;
        }
        let mut function_call = json!({"id": id, "name": call.name});
        if !call.arguments.is_empty() {
            function_call["args"] = call.arguments.into();
        }
        self.send(json!({"toolCall": {"functionCalls": [function_call]}}))
            .await
    }

    /// Calls the offered functions many times, partly with nonsense.
    pub(super) async fn storm(&mut self, count: usize) -> Result<(), End> {
        let Some(setup) = &self.setup else {
            return Ok(());
        };
        for call in partner::storm(&setup.tools(), count) {
            self.on_call(call).await?;
        }
        Ok(())
    }

    /// Whether a call is neither answered nor taken back.
    pub(super) fn is_waiting_for_tools(&self) -> bool {
        self.calls.iter().any(|call| !call.is_cancelled)
    }

    /// Takes back all calls that are not answered.
    pub(super) async fn cancel_calls(&mut self) -> Result<(), End> {
        let open = self.calls.iter_mut().filter(|call| !call.is_cancelled);
        let ids: Vec<_> = open
            .map(|call| {
                call.is_cancelled = true;
                call.id.clone()
            })
            .collect();
        if ids.is_empty() {
            return Ok(());
        }
        self.send(json!({"toolCallCancellation": {"ids": ids}}))
            .await
    }

    pub(super) async fn handle_tool_response(&mut self, content: &Value) -> Result<(), End> {
        let responses = content["functionResponses"]
            .as_array()
            .filter(|responses| !responses.is_empty())
            .ok_or_else(Refusal::invalid_argument)?;
        let mut is_silent = true;
        let mut interrupts = false;
        for response in responses {
            let (Some(id), true) = (response["id"].as_str(), response["response"].is_object())
            else {
                return Err(Refusal::invalid_argument().into());
            };
            let position = self.calls.iter().position(|call| call.id == id);
            let position = position.ok_or_else(Refusal::not_found)?;
            let will_continue = response["willContinue"] == true;
            if self.calls[position].is_cancelled {
                // It crossed our withdrawal on the way.
                self.calls.remove(position);
                continue;
            }
            self.context.push(Entry::output(
                &self.calls[position].name,
                response["response"].clone(),
            ));
            let is_blocking = self.calls[position].is_blocking;
            if !will_continue {
                self.calls.remove(position);
            }
            is_silent &= !is_blocking && response["scheduling"] == "SILENT";
            interrupts |= !is_blocking && response["scheduling"] == "INTERRUPT";
        }
        if is_silent {
            return Ok(());
        }
        if interrupts {
            self.interrupt().await?;
        }
        self.has_news |= true;
        self.go_on_with_responses().await
    }

    /// Speaks about what the functions gave back, once there is room for it.
    pub(super) async fn go_on_with_responses(&mut self) -> Result<(), End> {
        let waits = self
            .generation
            .as_ref()
            .is_some_and(|generation| !generation.waits_for_tools);
        let is_blocked = self
            .calls
            .iter()
            .any(|call| call.is_blocking && !call.is_cancelled);
        if waits || is_blocked || !self.has_news {
            return Ok(());
        }
        self.has_news = false;
        Box::pin(self.begin_generation()).await
    }
}
