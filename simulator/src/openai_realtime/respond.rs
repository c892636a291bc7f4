//! Responses from `response.created` to `rate_limits.updated`.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio_util::task::AbortOnDropHandle;

use super::choose::choose;
use super::connection::{Connection, End, Later};
use super::conversation::Item;
use super::error::WireError;
use super::faults::unknown_event;
use super::handle_events::{Handled, check_contents};
use super::response::{Ending, Response};
use super::session::check_modalities;
use super::usage::Usage;
use crate::choice::Choice;
use crate::delivery::{Delivery, Plan, Step, pieces_of};
use crate::ids::new_id;
use crate::language::language_asked_for;
use crate::script::ToolCall;
use crate::timeline::{MomentKind, Stretch, peak};

const RATE_LIMITS_AFTER: Duration = Duration::from_millis(40);
const MAX_METADATA: usize = 16;
/// So many responses outside the conversation may run beside the one inside.
const MAX_RESPONSES: usize = 8;
/// Every so many responses an event of an unknown type comes along.
const UNKNOWN_EVENT_EVERY: usize = 3;

impl Connection {
    /// Returns where the response of the conversation itself stands in the list.
    pub(super) fn conversation_response(&self) -> Option<usize> {
        self.responses
            .iter()
            .position(|response| response.conversation_id.is_some())
    }

    /// Begins a response; `params` is what `response.create` held.
    pub(super) async fn start_response(&mut self, params: &Value) -> Handled {
        let context = match self.check_response(params) {
            Ok(context) => context,
            Err(error) => return Ok(Err(error)),
        };
        if let (None, Some((limit, kept))) = (&context, self.session.retention()) {
            self.conversation.forget(limit, kept);
        }
        let items: Vec<_> = match &context {
            Some(items) => items.iter().collect(),
            None => self.conversation.items().iter().collect(),
        };
        let Choice {
            reply,
            fault,
            is_scripted,
        } = choose(&self.shared, self.number, &self.session, params, &items);
        let instructions = params["instructions"]
            .as_str()
            .unwrap_or_else(|| self.session.instructions());
        let usage = Usage::of_input(instructions, items.into_iter(), self.tokens_read);
        let guessed = if is_scripted {
            language_asked_for(instructions)
        } else {
            None
        };
        let conversation_id =
            (params["conversation"] != "none").then(|| self.conversation.id.clone());
        let mut response = Response::new(params, &self.session, conversation_id, usage);
        let plan = Plan {
            language: reply
                .language
                .clone()
                .unwrap_or_else(|| guessed.unwrap_or("en").to_owned()),
            reply,
            spoken: response.spoken,
            voice: response.voice(),
            speed_percent: self.session.speed_percent(),
            fault,
        };

        self.tokens_read = usage.input_tokens();
        self.responses_given += 1;
        self.note(MomentKind::ResponseCreated, Stretch::default());
        self.send(response.created()).await?;
        let delivery = Delivery {
            response_id: response.id.clone(),
            steps: self.steps.clone(),
            voice: Arc::clone(&self.shared.voice),
        };
        response.delivery = Some(AbortOnDropHandle::new(tokio::spawn(delivery.run(plan))));
        self.responses.push(response);
        Ok(Ok(()))
    }

    /// Checks the parameters and returns the context that they bring, if they do.
    fn check_response(&self, params: &Value) -> Result<Option<Vec<Item>>, WireError> {
        check_modalities(params, "response.output_modalities")?;
        if params["metadata"]
            .as_object()
            .is_some_and(|metadata| metadata.len() > MAX_METADATA)
        {
            let message = format!(
                "Invalid 'response.metadata': too many properties. Expected at most {MAX_METADATA}."
            );
            return Err(WireError::request("object_above_max_properties", message)
                .about("response.metadata"));
        }
        let active = self
            .conversation_response()
            .map(|position| &self.responses[position]);
        if let Some(active) = active.filter(|_| params["conversation"] != "none") {
            let message = format!(
                "Conversation already has an active response in progress: {}. Wait until the response is finished before creating a new one.",
                active.id
            );
            return Err(WireError::request(
                "conversation_already_has_active_response",
                message,
            ));
        }
        if self.responses.len() >= MAX_RESPONSES {
            return Err(WireError::request(
                "rate_limit_exceeded",
                "Too many responses at once.",
            ));
        }
        let Some(input) = params["input"].as_array() else {
            return Ok(None);
        };
        let items = input.iter().map(|item| {
            check_contents(item)?;
            match item["type"].as_str() {
                Some("item_reference") => {
                    let id = item["id"].as_str().unwrap_or_default();
                    self.conversation
                        .get(id, "reference", "referencing")
                        .cloned()
                }
                _ => Ok(Item::from_client(item.clone())),
            }
        });
        items.collect::<Result<_, _>>().map(Some)
    }

    /// Tells the client about one step of a response.
    pub(super) async fn on_step(&mut self, response_id: &str, step: Step) -> Result<(), End> {
        // A step of a response that was cancelled or stalled meanwhile is nobody's.
        let due = |response: &Response| response.id == response_id && response.delivery.is_some();
        let Some(position) = self.responses.iter().position(due) else {
            return Ok(());
        };
        match step {
            Step::MessageStarted => self.on_message_started(position).await,
            Step::Text(words) => {
                let delta = self.responses[position].text_delta(&words);
                self.send(delta).await?;
                self.keep_limit(position).await
            }
            Step::Audio(samples) => {
                self.on_audio(position, &samples).await?;
                self.keep_limit(position).await
            }
            Step::MessageDone => self.close_message(position, "completed").await,
            Step::Call(call) => self.on_call(position, call).await,
            Step::Fault(fault) => self.on_fault(position, fault).await,
            Step::Finished => self.end_response(position, Ending::Completed).await,
        }
    }

    async fn on_message_started(&mut self, position: usize) -> Result<(), End> {
        let response = &mut self.responses[position];
        let item = response.open_message();
        let added = response.item_event("added", &item);
        let part = response.part_event("added");
        self.send(added).await?;
        self.add_to_conversation(position, &item).await?;
        self.send(part).await
    }

    async fn add_to_conversation(&mut self, position: usize, item: &Value) -> Result<(), End> {
        if self.responses[position].conversation_id.is_none() {
            return Ok(());
        }
        let previous = self.conversation.append(Item::tutors(item.clone()));
        self.send_item("added", item, previous.as_deref()).await
    }

    async fn on_audio(&mut self, position: usize, samples: &[i16]) -> Result<(), End> {
        let response = &mut self.responses[position];
        let Some(open) = &mut response.open else {
            return Ok(());
        };
        let is_first = open.samples == 0;
        open.samples += samples.len() as u64;
        let audio_ms = open.samples / 24;
        let stretch = Stretch {
            audio_ms,
            duration_ms: samples.len() as u64 / 24,
            peak: peak(samples),
        };
        response.usage.add_audio(stretch.duration_ms);
        let bytes = response.format.encode(samples);
        let mut delta = response.content_event("output_audio.delta");
        delta["delta"] = STANDARD.encode(&bytes).into();
        if response.conversation_id.is_some() {
            let item = response.open_message_item("in_progress");
            self.conversation.replace(item, audio_ms);
        }
        self.has_spoken = true;
        if is_first
            && self.shared.script.unknown_events.unwrap_or(true)
            && self.responses_given % UNKNOWN_EVENT_EVERY == 1
        {
            self.send(unknown_event()).await?;
        }
        self.shared.counters.on_audio_sent(bytes.len());
        if is_first {
            self.note(MomentKind::FirstAudioSent, stretch);
        }
        self.note(MomentKind::AudioSent, stretch);
        self.send(delta).await
    }

    async fn keep_limit(&mut self, position: usize) -> Result<(), End> {
        if !self.responses[position].is_past_its_limit() {
            return Ok(());
        }
        self.end_response(
            position,
            Ending::Incomplete {
                reason: "max_output_tokens",
            },
        )
        .await
    }

    pub(super) async fn close_message(&mut self, position: usize, status: &str) -> Result<(), End> {
        let response = &mut self.responses[position];
        let Some(open) = &response.open else {
            return Ok(());
        };
        let audio_ms = open.samples / 24;
        let events = response.closing_events();
        let item = response.open_message_item(status);
        let done = response.item_event("done", &item);
        for event in events {
            self.send(event).await?;
        }
        self.finish_item(position, item, audio_ms, done).await
    }

    async fn finish_item(
        &mut self,
        position: usize,
        item: Value,
        audio_ms: u64,
        done: Value,
    ) -> Result<(), End> {
        if self.responses[position].conversation_id.is_some() {
            let id = item["id"].as_str().unwrap_or_default();
            let before = self
                .conversation
                .items()
                .iter()
                .take_while(|item| item.id() != id)
                .last();
            let previous = before.map(|item| item.id().to_owned());
            self.conversation.replace(item.clone(), audio_ms);
            self.send_item("done", &item, previous.as_deref()).await?;
        }
        self.responses[position].finish_item(item);
        self.send(done).await
    }

    pub(super) async fn on_call(&mut self, position: usize, call: ToolCall) -> Result<(), End> {
        let (id, call_id) = (new_id("item"), new_id("call"));
        let arguments = Value::Object(call.arguments).to_string();
        let item = |status: &str, arguments: &str| {
            json!({
                "id": id,
                "type": "function_call",
                "status": status,
                "name": call.name,
                "call_id": call_id,
                "arguments": arguments,
            })
        };
        let started = item("in_progress", "");
        let added = self.responses[position].item_event("added", &started);
        self.send(added).await?;
        self.add_to_conversation(position, &started).await?;

        let output_index = self.responses[position].output_index();
        let response_id = self.responses[position].id.clone();
        let event = |kind: &str| {
            json!({
                "type": format!("response.function_call_arguments.{kind}"),
                "response_id": response_id,
                "item_id": id,
                "output_index": output_index,
                "call_id": call_id,
            })
        };
        for piece in pieces_of(&arguments) {
            let mut delta = event("delta");
            delta["obfuscation"] = new_id("pad").split_off(8).into();
            delta["delta"] = piece.into();
            self.send(delta).await?;
        }
        self.responses[position].usage.add_words(&arguments);
        let mut done = event("done");
        done["name"] = call.name.clone().into();
        done["arguments"] = arguments.clone().into();
        self.send(done).await?;
        let finished = item("completed", &arguments);
        let done = self.responses[position].item_event("done", &finished);
        self.finish_item(position, finished, 0, done).await
    }

    /// Ends a response: closes what is open, tells that it is done, and forgets it.
    pub(super) async fn end_response(
        &mut self,
        position: usize,
        ending: Ending<'_>,
    ) -> Result<(), End> {
        self.responses[position].delivery = None;
        self.close_message(position, "incomplete").await?;
        let response = self.responses.remove(position);
        self.note(MomentKind::ResponseDone, Stretch::default());
        if response.conversation_id.is_some() {
            self.input.start_idle_clock();
        }
        self.send(response.done(ending)).await?;
        self.schedule(RATE_LIMITS_AFTER, Later::Send(rate_limits(response.usage)));
        Ok(())
    }
}

fn rate_limits(usage: Usage) -> Value {
    const LIMIT: u64 = 40_000;
    let used = usage.input_tokens() + usage.output_tokens();
    json!({
        "type": "rate_limits.updated",
        "rate_limits": [{
            "name": "tokens",
            "limit": LIMIT,
            "remaining": LIMIT.saturating_sub(used),
            "reset_seconds": used as f64 * 60.0 / LIMIT as f64,
        }],
    })
}
