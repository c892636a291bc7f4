//! Calls of tools, and their results.

use std::sync::Arc;

use avaaz_tutor::{ProviderEvent, ReplyEnd, ToolCall, Usage};

use super::{Due, Stage, Translator, send};
use crate::realtime::gemini::wire::{ClientMessage, FunctionResponse, ToolCallInfo};
use crate::realtime::nonsense;
use crate::realtime::socket::Step;

/// Calls that are remembered, so that one that is told twice runs once.
const MOST_CALLS: usize = 256;

/// A call of a tool.
#[derive(Debug)]
pub(super) struct Call {
    id: Arc<str>,
    /// Its result is wanted.
    pending: bool,
}

impl Translator {
    pub(super) fn tools_called(
        &mut self,
        called: ToolCallInfo,
        usage: &mut Option<Usage>,
        step: &mut Step,
    ) {
        // The generation ends here; what follows the result is another reply.
        self.end_reply(ReplyEnd::Complete, usage, step);
        if self
            .spoken
            .as_ref()
            .is_none_or(|spoken| spoken.stage != Stage::Cut)
        {
            self.spoken = None;
            self.due = Due::AfterTool;
        }
        for call in called.function_calls {
            let arguments = call.arguments();
            let Some(name) = call.name.filter(|name| !name.is_empty()) else {
                step.events
                    .push(nonsense("a call of a tool without a name"));
                continue;
            };
            let id: Arc<str> = match call.id {
                Some(id) => id.into(),
                None => self.name("call"),
            };
            if self.calls.iter().any(|known| known.id == id) {
                continue;
            }
            self.calls.push_back(Call {
                id: id.clone(),
                pending: true,
            });
            if self.calls.len() > MOST_CALLS {
                self.calls.pop_front();
            }
            step.events.push(ProviderEvent::ToolCalled(ToolCall {
                id,
                name,
                arguments,
            }));
        }
    }

    /// Notes that nobody wants the result of a call any more; returns whether somebody did.
    pub(super) fn settle_call(&mut self, id: &str) -> bool {
        self.calls
            .iter_mut()
            .find(|call| *call.id == *id)
            .is_some_and(|call| std::mem::take(&mut call.pending))
    }

    pub(super) fn tool_result(
        &mut self,
        call: &str,
        name: String,
        output: String,
        step: &mut Step,
    ) {
        // The service closes when it gets a result that it does not wait for.
        if self.settle_call(call) {
            let response = FunctionResponse::new(call.to_owned(), name, output);
            let message = ClientMessage::ToolResponse {
                function_responses: [response],
            };
            send(step, &message);
            if self.due == Due::Nothing {
                self.due = Due::AfterTool;
            }
        }
    }
}
