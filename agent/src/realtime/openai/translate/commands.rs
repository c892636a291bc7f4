//! What the tutor asks for, as the frames that ask the server for it.

use super::*;
use crate::realtime::openai::wire::ResponseOptions;
use crate::realtime::samples::bytes_of;

impl Translator {
    pub(super) fn carry_out(&mut self, command: ProviderCommand, step: &mut Step) {
        match command {
            ProviderCommand::Audio(pcm) => self.append(&pcm, step),
            ProviderCommand::Text(text) => {
                let content = [NewContent::InputText { text }];
                let role = "user";
                let item = NewItem::Message { role, content };
                send(step, &ClientEvent::CreateItem { item });
                // Whatever is being answered now is not answered any more.
                self.cancel(step);
                self.ask_for_reply(None, step);
            }
            ProviderCommand::Reply { instructions } => self.ask_for_reply(instructions, step),
            ProviderCommand::BeginTurn => self.begin_turn(step),
            ProviderCommand::Commit => {
                self.in_turn = false;
                self.buffered = false;
                send(step, &ClientEvent::CommitAudio {});
            }
            ProviderCommand::Cancel { reply } => self.cancel_reply(&reply, step),
            ProviderCommand::Truncate {
                reply,
                heard,
                heard_text: _,
            } => self.truncate(&reply, heard, step),
            ProviderCommand::Change(setup) => self.change(*setup, step),
            ProviderCommand::ToolResult {
                call,
                name: _,
                output,
            } => self.tool_result(&call, output, step),
        }
    }

    fn append(&mut self, pcm: &Pcm, step: &mut Step) {
        self.buffered = true;
        let audio = STANDARD.encode(bytes_of(&pcm.samples));
        send(step, &ClientEvent::AppendAudio { audio });
    }

    /// Whatever is in the server's buffer until the commit is the turn: what came before it is thrown away.
    fn begin_turn(&mut self, step: &mut Step) {
        if self.setup.turn_detection != TurnDetection::Manual || self.in_turn {
            return;
        }
        self.in_turn = true;
        if std::mem::take(&mut self.buffered) {
            send(step, &ClientEvent::ClearAudio {});
        }
    }

    /// Asks for a response, now or as soon as the one that is under way is done.
    pub(super) fn ask_for_reply(&mut self, instructions: Option<String>, step: &mut Step) {
        if self.active.is_some() && self.wanted.is_none() {
            self.wanted = Some(instructions);
            return;
        }
        self.wanted = None;
        let response = instructions.map(|instructions| ResponseOptions {
            // The service takes these instead of the session's own.
            instructions: format!("{}\n\n# Now\n{instructions}", self.setup.instructions),
        });
        send(step, &ClientEvent::CreateResponse { response });
    }

    fn cancel_reply(&mut self, reply: &ReplyId, step: &mut Step) {
        let Some(spoken) = self.spoken.get_mut(&reply.0).filter(|spoken| !spoken.over) else {
            return;
        };
        spoken.cut = true;
        let is_active = self.active.as_ref() == Some(&spoken.response);
        if spoken.response.is_empty() || is_active {
            // What was to follow it is not wanted any more either.
            self.wanted = None;
            self.cancel(step);
        }
    }

    fn cancel(&mut self, step: &mut Step) {
        if let Some(active) = self.active.clone().filter(|_| !self.cancelled) {
            self.cancelled = true;
            let response_id = Some(active).filter(|id| !id.is_empty());
            send(step, &ClientEvent::CancelResponse { response_id });
        }
    }

    fn truncate(&mut self, reply: &ReplyId, heard: Duration, step: &mut Step) {
        let Some(spoken) = self.spoken.get_mut(&reply.0) else {
            return;
        };
        spoken.cut = true;
        let received_ms = spoken.samples * 1000 / u64::from(self.rates.1);
        let heard_ms = u64::try_from(heard.as_millis())
            .unwrap_or(u64::MAX)
            .min(received_ms);
        let item_id = reply.0.to_string();
        send(
            step,
            &if heard_ms == 0 {
                // Of what nobody heard nothing shall remain.
                ClientEvent::DeleteItem { item_id }
            } else {
                ClientEvent::TruncateItem {
                    item_id,
                    content_index: spoken.content_index,
                    audio_end_ms: heard_ms,
                }
            },
        );
    }

    fn change(&mut self, setup: SessionSetup, step: &mut Step) {
        if let Some(session) = self.terms.changed(&self.setup, &setup) {
            let session = Box::new(session);
            let event_id = CHANGE;
            send(step, &ClientEvent::SessionUpdate { event_id, session });
        }
        if setup.turn_detection != TurnDetection::Manual {
            self.in_turn = false;
        }
        // The history was given when the session began.
        self.setup = SessionSetup {
            history: Vec::new(),
            ..setup
        };
    }

    /// The model goes on when it has the results of all that it called.
    fn tool_result(&mut self, call: &str, output: String, step: &mut Step) {
        let item = NewItem::FunctionCallOutput {
            call_id: call.to_owned(),
            output,
        };
        send(step, &ClientEvent::CreateItem { item });
        let answered = self.open_calls.remove(call);
        if answered && !self.open_calls.is_empty() {
            return;
        }
        if self.active.is_none() {
            self.ask_for_reply(None, step);
        } else if self.wanted.is_none() {
            self.wanted = Some(None);
        }
    }
}
