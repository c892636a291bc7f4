//! Between OpenAI Realtime's events and the tutor's vocabulary. Pure: frames and commands in, frames and events out.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use avaaz_tutor::{
    Capabilities, Fault, FaultKind, ItemId, Pcm, ProviderCommand, ProviderEvent, ReplyEnd, ReplyId,
    SessionSetup, Speaker, ToolCall, TurnDetection, Usage,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::wire::{
    ClientEvent, ErrorInfo, ItemKind, Kind, NewContent, NewItem, Response, ResponseOptions,
    ServerEvent, SessionInfo, Status,
};
use super::{errors, session};
use crate::realtime::socket::{Close, Step, Translate};

/// The rate that we ask for, both ways: Opus decodes to it and encodes from it.
pub const RATE_HZ: u32 = 24_000;
/// The age that no session outlives.
const SESSION_LIMIT: Duration = Duration::from_secs(60 * 60);
/// Marks the update that a session begins with, so that its refusal is known.
const SETUP: &str = "setup";
/// Marks later updates.
const CHANGE: &str = "change";

/// How far the session is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Connected,
    SettingUp,
    Ready,
}

/// A reply that the server speaks, or spoke in this session.
#[derive(Debug, Default)]
struct Spoken {
    response: String,
    content_index: u32,
    /// How many samples were received.
    samples: u64,
    /// Half a sample at the end of the last delta.
    half: Option<u8>,
    has_words: bool,
    over: bool,
}

/// Translates one session.
#[derive(Debug)]
pub struct Translator {
    model: String,
    transcription_model: String,
    default_voice: Option<String>,
    setup: SessionSetup,
    stage: Stage,
    rates: (u32, u32),
    spoken: HashMap<Arc<str>, Spoken>,
    /// In the order of their beginning.
    order: Vec<Arc<str>>,
    /// The response that the server generates now.
    active: Option<String>,
    /// Whether it was asked to stop.
    cancelled: bool,
    /// A response to be asked for as soon as the server is free.
    wanted: Option<Option<String>>,
    /// An error that says why the server will close.
    last_error: Option<Fault>,
    unknown: HashSet<String>,
}

impl Translator {
    /// Makes a translator for one session.
    #[must_use]
    pub fn new(
        model: String,
        transcription_model: String,
        default_voice: Option<String>,
        setup: SessionSetup,
    ) -> Self {
        Self {
            model,
            transcription_model,
            default_voice,
            setup,
            stage: Stage::Connected,
            rates: (RATE_HZ, RATE_HZ),
            spoken: HashMap::new(),
            order: Vec::new(),
            active: None,
            cancelled: false,
            wanted: None,
            last_error: None,
            unknown: HashSet::new(),
        }
    }

    fn session_created(&mut self, step: &mut Step) {
        if self.stage == Stage::Connected {
            self.stage = Stage::SettingUp;
            send(
                step,
                &ClientEvent::SessionUpdate {
                    event_id: SETUP,
                    session: Box::new(session::whole(
                        &self.setup,
                        &self.transcription_model,
                        self.default_voice.as_ref(),
                    )),
                },
            );
        }
    }

    fn session_updated(&mut self, session: Option<SessionInfo>, step: &mut Step) {
        if self.stage != Stage::SettingUp {
            return;
        }
        self.stage = Stage::Ready;
        let session = session.unwrap_or_default();
        let audio = session.audio.unwrap_or_default();
        let rate = |direction: Option<super::wire::DirectionInfo>| {
            direction
                .and_then(|direction| direction.format?.rate)
                .filter(|rate| *rate > 0)
                .unwrap_or(RATE_HZ)
        };
        self.rates = (rate(audio.input), rate(audio.output));
        for turn in std::mem::take(&mut self.setup.history) {
            let (role, content) = match turn.speaker {
                Speaker::Learner => ("user", NewContent::InputText { text: turn.text }),
                Speaker::Tutor => ("assistant", NewContent::OutputText { text: turn.text }),
            };
            send(
                step,
                &ClientEvent::CreateItem {
                    item: NewItem::Message {
                        role,
                        content: [content],
                    },
                },
            );
        }
        step.events.push(ProviderEvent::Ready {
            capabilities: Capabilities {
                input_rate_hz: self.rates.0,
                output_rate_hz: self.rates.1,
                truncate_replies: true,
                change_setup_midway: true,
                seed_history: true,
                interrupts_by_itself: self.setup.turn_detection != TurnDetection::Manual,
                finds_turns: self.setup.turn_detection != TurnDetection::Manual,
                overlaps: true,
                session_limit: Some(SESSION_LIMIT),
            },
            model: session.model.unwrap_or_else(|| self.model.clone()),
        });
    }

    /// Asks for a response, now or as soon as the one that is being cancelled is done.
    fn ask_for_reply(&mut self, instructions: Option<String>, step: &mut Step) {
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

    fn cancel(&mut self, step: &mut Step) {
        if let Some(active) = self.active.clone().filter(|_| !self.cancelled) {
            self.cancelled = true;
            send(
                step,
                &ClientEvent::CancelResponse {
                    response_id: Some(active).filter(|id| !id.is_empty()),
                },
            );
        }
    }

    fn truncate(&mut self, reply: &ReplyId, heard: Duration, step: &mut Step) {
        let Some(spoken) = self.spoken.get(&reply.0) else {
            return;
        };
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

    /// Finds the reply that an event belongs to; begins it if it is new, forgets it if it has no name.
    fn spoken(
        &mut self,
        event: &ServerEvent<'_>,
        step: &mut Step,
    ) -> Option<(ReplyId, &mut Spoken)> {
        if event.item_id.is_empty() {
            return None;
        }
        let id = self.begin(&event.item_id, &event.response_id, step);
        let spoken = self.spoken.get_mut(&id)?;
        if let Some(index) = event.content_index {
            spoken.content_index = index;
        }
        (!spoken.over).then_some((ReplyId(id), spoken))
    }

    fn begin(&mut self, item: &str, response: &str, step: &mut Step) -> Arc<str> {
        if let Some((id, _)) = self.spoken.get_key_value(item) {
            return id.clone();
        }
        let id: Arc<str> = Arc::from(item);
        self.spoken.insert(
            id.clone(),
            Spoken {
                response: response.to_owned(),
                ..Spoken::default()
            },
        );
        self.order.push(id.clone());
        step.events.push(ProviderEvent::ReplyStarted {
            reply: ReplyId(id.clone()),
        });
        id
    }

    fn audio(&mut self, event: &ServerEvent<'_>, step: &mut Step) {
        let rate_hz = self.rates.1;
        let Some((reply, spoken)) = self.spoken(event, step) else {
            return;
        };
        let Ok(bytes) = STANDARD.decode(event.delta.as_bytes()) else {
            step.events.push(nonsense("audio that is not base64"));
            return;
        };
        let mut bytes = spoken.half.take().into_iter().chain(bytes);
        let mut samples = Vec::with_capacity(bytes.size_hint().0 / 2);
        while let Some(low) = bytes.next() {
            match bytes.next() {
                Some(high) => samples.push(i16::from_le_bytes([low, high])),
                None => spoken.half = Some(low),
            }
        }
        if samples.is_empty() {
            return;
        }
        spoken.samples += samples.len() as u64;
        step.events.push(ProviderEvent::ReplyAudio {
            reply,
            pcm: Pcm {
                samples: samples.into(),
                rate_hz,
            },
        });
    }

    fn words(&mut self, event: &ServerEvent<'_>, step: &mut Step) {
        if let Some((reply, spoken)) = self.spoken(event, step) {
            spoken.has_words = true;
            step.events.push(ProviderEvent::ReplyWords {
                reply,
                delta: event.delta.to_string(),
            });
        }
    }

    /// Some servers send the words only as a whole.
    fn words_done(&mut self, event: &ServerEvent<'_>, whole: &str, step: &mut Step) {
        if let Some((reply, spoken)) = self.spoken(event, step)
            && !spoken.has_words
            && !whole.is_empty()
        {
            spoken.has_words = true;
            step.events.push(ProviderEvent::ReplyWords {
                reply,
                delta: whole.to_owned(),
            });
        }
    }

    fn response_done(&mut self, response: Option<Response>, step: &mut Step) {
        let response = response.unwrap_or_default();
        let id = response.id.unwrap_or_default();
        if self
            .active
            .as_ref()
            .is_none_or(|active| *active == id || active.is_empty() || id.is_empty())
        {
            self.active = None;
            self.cancelled = false;
        }
        let how = match response.status {
            Some(Status::Cancelled) => ReplyEnd::Cancelled,
            Some(Status::Incomplete) => ReplyEnd::Incomplete,
            Some(Status::Failed) => ReplyEnd::Failed(errors::of_response(
                response.status_details.and_then(|details| details.error),
            )),
            _ => ReplyEnd::Complete,
        };
        let usage = response.usage.map(|usage| {
            let input = usage.input_token_details.unwrap_or_default();
            let output = usage.output_token_details.unwrap_or_default();
            Usage {
                input_text_tokens: input.text_tokens.unwrap_or(0),
                input_audio_tokens: input.audio_tokens.unwrap_or(0),
                cached_tokens: input.cached_tokens.unwrap_or(0),
                output_text_tokens: output.text_tokens.unwrap_or(0),
                output_audio_tokens: output.audio_tokens.unwrap_or(0),
            }
        });
        let mut ended: Vec<ReplyId> = Vec::new();
        for item in &self.order {
            if let Some(spoken) = self.spoken.get_mut(item)
                && !spoken.over
                && (spoken.response == id || spoken.response.is_empty() || id.is_empty())
            {
                spoken.over = true;
                ended.push(ReplyId(item.clone()));
            }
        }
        if ended.is_empty() && how != ReplyEnd::Cancelled {
            // It ended before it had an item.
            ended.push(ReplyId(Arc::from(id.as_str())));
        }
        let last = ended.len().saturating_sub(1);
        for (index, reply) in ended.into_iter().enumerate() {
            let usage = if index == last { usage.clone() } else { None };
            step.events.push(ProviderEvent::ReplyEnded {
                reply,
                how: how.clone(),
                usage,
            });
        }
        if self.active.is_none()
            && let Some(instructions) = self.wanted.take()
        {
            self.ask_for_reply(instructions, step);
        }
    }

    fn item_done(&self, event: ServerEvent<'_>, step: &mut Step) {
        let Some(item) = event
            .item
            .filter(|item| item.kind == Some(ItemKind::FunctionCall))
        else {
            return;
        };
        if let (Some(call), Some(name)) = (item.call_id, item.name) {
            let arguments = item.arguments.unwrap_or_default();
            step.events.push(ProviderEvent::ToolCalled(ToolCall {
                id: call.into(),
                name,
                arguments,
            }));
        }
    }

    fn error(&mut self, error: ErrorInfo, step: &mut Step) {
        let fault = errors::of_event(&error);
        let refused_setup = self.stage != Stage::Ready && error.event_id.as_deref() == Some(SETUP);
        if refused_setup {
            step.close = Some(Fault {
                kind: FaultKind::Refused,
                ..fault
            });
        } else if matches!(fault.kind, FaultKind::Refused | FaultKind::Expired) {
            // The server closes next, or should.
            self.last_error = Some(fault.clone());
            step.close = Some(fault);
        } else {
            self.last_error = (self.stage != Stage::Ready).then(|| fault.clone());
            step.events.push(ProviderEvent::Complained(fault));
        }
    }
}

impl Translate for Translator {
    fn opened(&mut self) -> Step {
        // The server speaks first.
        Step::default()
    }

    fn received(&mut self, frame: &str) -> Step {
        let mut step = Step::default();
        let Some(event) = ServerEvent::read(frame) else {
            step.events.push(nonsense("a frame that is not an event"));
            return step;
        };
        let item = || ItemId(Arc::from(event.item_id.as_ref()));
        match event.kind() {
            Kind::SessionCreated => self.session_created(&mut step),
            Kind::SessionUpdated => self.session_updated(event.session, &mut step),
            Kind::Error => self.error(event.error.unwrap_or_default(), &mut step),
            Kind::SpeechStarted => {
                self.wanted = None;
                step.events
                    .push(ProviderEvent::SpeechStarted { item: item() });
            }
            Kind::SpeechStopped => step
                .events
                .push(ProviderEvent::SpeechStopped { item: item() }),
            Kind::TranscriptionDelta => {
                let delta = event.delta.to_string();
                step.events.push(ProviderEvent::LearnerWordsDelta {
                    item: item(),
                    delta,
                });
            }
            Kind::TranscriptionCompleted => {
                let text = event.transcript.to_string();
                step.events
                    .push(ProviderEvent::LearnerWords { item: item(), text });
            }
            Kind::TranscriptionFailed => {
                let text = String::new();
                step.events
                    .push(ProviderEvent::LearnerWords { item: item(), text });
            }
            Kind::ResponseCreated => {
                self.active = Some(
                    event
                        .response
                        .and_then(|response| response.id)
                        .unwrap_or_default(),
                );
                self.cancelled = false;
            }
            Kind::OutputItemAdded => {
                if let Some(added) = event.item
                    && added.kind == Some(ItemKind::Message)
                    && let Some(id) = added.id
                {
                    self.begin(&id, &event.response_id, &mut step);
                }
            }
            Kind::AudioDelta => self.audio(&event, &mut step),
            Kind::WordsDelta => self.words(&event, &mut step),
            Kind::TranscriptDone => self.words_done(&event, &event.transcript, &mut step),
            Kind::TextDone => self.words_done(&event, &event.text, &mut step),
            Kind::OutputItemDone => self.item_done(event, &mut step),
            Kind::ResponseDone => self.response_done(event.response, &mut step),
            Kind::Other => {}
            Kind::Unknown => {
                let name: String = event.type_name.chars().take(80).collect();
                // Bounded: a server that invents names must not fill our memory.
                if self.unknown.len() < 64 && !self.unknown.contains(&name) {
                    let event = errors::plain(&name);
                    tracing::debug!(event, "the provider sends events of an unknown type");
                    self.unknown.insert(name);
                }
            }
        }
        step
    }

    fn command(&mut self, command: ProviderCommand) -> Step {
        let mut step = Step::default();
        match command {
            ProviderCommand::Audio(pcm) => {
                let mut bytes = Vec::with_capacity(pcm.samples.len() * 2);
                pcm.samples
                    .iter()
                    .for_each(|sample| bytes.extend_from_slice(&sample.to_le_bytes()));
                send(
                    &mut step,
                    &ClientEvent::AppendAudio {
                        audio: STANDARD.encode(bytes),
                    },
                );
            }
            ProviderCommand::Text(text) => {
                let content = [NewContent::InputText { text }];
                send(
                    &mut step,
                    &ClientEvent::CreateItem {
                        item: NewItem::Message {
                            role: "user",
                            content,
                        },
                    },
                );
                // Whatever is being answered now is not answered any more.
                self.cancel(&mut step);
                self.ask_for_reply(None, &mut step);
            }
            ProviderCommand::Reply { instructions } => self.ask_for_reply(instructions, &mut step),
            ProviderCommand::Commit => send(&mut step, &ClientEvent::CommitAudio {}),
            ProviderCommand::Cancel { reply } => {
                let ours = self.spoken.get(&reply.0).filter(|spoken| !spoken.over);
                if ours.is_some_and(|spoken| {
                    spoken.response.is_empty()
                        || self
                            .active
                            .as_ref()
                            .is_some_and(|active| *active == spoken.response)
                }) {
                    self.cancel(&mut step);
                }
            }
            ProviderCommand::Truncate {
                reply,
                heard,
                heard_text: _,
            } => self.truncate(&reply, heard, &mut step),
            ProviderCommand::Change(setup) => {
                // History and tools were given when the session began.
                self.setup = SessionSetup {
                    history: Vec::new(),
                    ..*setup
                };
                send(
                    &mut step,
                    &ClientEvent::SessionUpdate {
                        event_id: CHANGE,
                        session: Box::new(session::changed(&self.setup, &self.transcription_model)),
                    },
                );
            }
            // Whatever is in its buffer until the commit is the turn.
            ProviderCommand::BeginTurn => {}
            ProviderCommand::ToolResult {
                call,
                name: _,
                output,
            } => {
                let item = NewItem::FunctionCallOutput {
                    call_id: call.to_string(),
                    output,
                };
                send(&mut step, &ClientEvent::CreateItem { item });
                self.ask_for_reply(None, &mut step);
            }
        }
        step
    }

    fn closed(&mut self, close: Close<'_>) -> Fault {
        self.last_error
            .take()
            .unwrap_or_else(|| errors::of_close(close))
    }
}

fn send(step: &mut Step, event: &ClientEvent) {
    step.frames.push(event.frame());
}

fn nonsense(what: &str) -> ProviderEvent {
    ProviderEvent::Complained(Fault {
        kind: FaultKind::Nonsense,
        detail: what.to_owned(),
    })
}

#[cfg(test)]
mod tests;
