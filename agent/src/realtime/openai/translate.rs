//! Between OpenAI Realtime's events and the tutor's vocabulary. Pure: frames and commands in, frames and events out.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use avaaz_tutor::{
    Capabilities, Fault, FaultKind, ItemId, Pcm, ProviderCommand, ProviderEvent, ReplyEnd, ReplyId,
    SessionSetup, Speaker, ToolCall, TurnDetection,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::errors;
use super::manners::Manners;
use super::session::Terms;
use super::usage;
use super::wire::{
    ClientEvent, ErrorInfo, Item, ItemKind, Kind, NewContent, NewItem, RateLimit, Response,
    ServerEvent, SessionInfo, Status,
};
use crate::realtime::nonsense;
use crate::realtime::samples::Samples;
use crate::realtime::socket::{Close, Step, Translate};

mod commands;

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
    sound: Samples,
    has_words: bool,
    over: bool,
    /// We cut it off, and whoever asked for that does not wait for its end.
    cut: bool,
}

/// Translates one session.
#[derive(Debug)]
pub struct Translator {
    model: String,
    terms: Terms,
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
    /// Calls of the last response that have no result yet.
    open_calls: HashSet<Arc<str>>,
    /// Whether the server's buffer holds audio that is in no turn yet.
    buffered: bool,
    /// Whether a turn that we mark ourselves is open.
    in_turn: bool,
    /// The stretch of silence that made the server speak up, which is nobody's speech.
    idle_item: Option<String>,
    /// Whether we have said that the service's limit is reached.
    exhausted: bool,
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
            terms: Terms {
                manners: Manners::default(),
                transcription_model,
                default_voice,
            },
            setup,
            stage: Stage::Connected,
            rates: (RATE_HZ, RATE_HZ),
            spoken: HashMap::new(),
            order: Vec::new(),
            active: None,
            cancelled: false,
            wanted: None,
            open_calls: HashSet::new(),
            buffered: false,
            in_turn: false,
            idle_item: None,
            exhausted: false,
            last_error: None,
            unknown: HashSet::new(),
        }
    }

    /// Speaks to the server in its own way.
    #[must_use]
    pub fn with_manners(mut self, manners: Manners) -> Self {
        self.terms.manners = manners;
        self
    }

    fn session_created(&mut self, step: &mut Step) {
        if self.stage == Stage::Connected {
            self.stage = Stage::SettingUp;
            send(
                step,
                &ClientEvent::SessionUpdate {
                    event_id: SETUP,
                    session: Box::new(self.terms.whole(&self.setup)),
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
                Speaker::Tutor => ("assistant", self.terms.tutors_words(turn.text)),
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
                // With a key it is not asked to; it still could.
                finds_turns: true,
                overlaps: true,
                session_limit: Some(SESSION_LIMIT),
            },
            model: session.model.unwrap_or_else(|| self.model.clone()),
        });
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
        self.end_before(response, step);
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

    /// What a response says comes one item after the other: where the next begins, the ones before it are complete.
    fn end_before(&mut self, response: &str, step: &mut Step) {
        for id in &self.order {
            if let Some(spoken) = self.spoken.get_mut(id)
                && !spoken.over
                && spoken.response == response
                && !response.is_empty()
            {
                spoken.over = true;
                step.events.push(ProviderEvent::ReplyEnded {
                    reply: ReplyId(id.clone()),
                    how: ReplyEnd::Complete,
                    usage: None,
                });
            }
        }
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
        let samples = spoken.sound.take(bytes);
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
        let cost = response.usage.as_ref().map(usage::of_response);
        let mut ended: Vec<(ReplyId, bool)> = Vec::new();
        for item in &self.order {
            if let Some(spoken) = self.spoken.get_mut(item)
                && !spoken.over
                && (spoken.response == id || spoken.response.is_empty() || id.is_empty())
            {
                spoken.over = true;
                ended.push((ReplyId(item.clone()), spoken.cut));
            }
        }
        if ended.is_empty() && how != ReplyEnd::Cancelled {
            // It ended before it had an item, or had nothing but calls.
            ended.push((ReplyId(Arc::from(id.as_str())), false));
        }
        // Whoever cut a reply off has forgotten it by now; what it cost is told on its own.
        let told_apart = how == ReplyEnd::Cancelled || ended.iter().any(|(_, cut)| *cut);
        let last = ended.len().saturating_sub(1);
        let payer = ended.last().map_or_else(
            || ReplyId(Arc::from(id.as_str())),
            |(reply, _)| reply.clone(),
        );
        for (index, (reply, _)) in ended.into_iter().enumerate() {
            let usage = cost.clone().filter(|_| index == last && !told_apart);
            let how = how.clone();
            step.events
                .push(ProviderEvent::ReplyEnded { reply, how, usage });
        }
        if let Some(usage) = cost.filter(|_| told_apart) {
            let reply = Some(payer);
            step.events.push(ProviderEvent::Used { reply, usage });
        }
        if self.active.is_none()
            && let Some(instructions) = self.wanted.take()
        {
            self.ask_for_reply(instructions, step);
        }
    }

    fn item_done(&mut self, item: Option<Item>, step: &mut Step) {
        let Some(item) = item.filter(|item| item.kind == Some(ItemKind::FunctionCall)) else {
            return;
        };
        if let (Some(call), Some(name)) = (item.call_id, item.name) {
            let id: Arc<str> = call.into();
            // Some servers tell it twice.
            if !self.open_calls.insert(id.clone()) {
                return;
            }
            let arguments = item.arguments.unwrap_or_default();
            step.events.push(ProviderEvent::ToolCalled(ToolCall {
                id,
                name,
                arguments,
            }));
        }
    }

    /// Words of the learner, but not those that a model hears in silence.
    fn learner_words(&self, event: &ServerEvent<'_>, step: &mut Step) {
        if self.idle_item.as_deref() != Some(event.item_id.as_ref()) {
            step.events.push(ProviderEvent::LearnerWords {
                item: ItemId(Arc::from(event.item_id.as_ref())),
                text: event.transcript.to_string(),
            });
        }
        if let Some(info) = &event.usage {
            let (reply, usage) = (None, usage::of_transcription(info));
            step.events.push(ProviderEvent::Used { reply, usage });
        }
    }

    fn rate_limits(&mut self, limits: Vec<RateLimit>, step: &mut Step) {
        let mut exhausted = false;
        for limit in limits {
            let name = errors::plain(limit.name.as_deref().unwrap_or_default());
            let (remaining, resets_in_s) = (limit.remaining, limit.reset_seconds);
            tracing::debug!(name, remaining, resets_in_s, "the service tells its limit");
            exhausted |= remaining.is_some_and(|remaining| remaining <= 0.0);
        }
        if exhausted && !self.exhausted {
            step.events.push(ProviderEvent::Complained(Fault {
                kind: FaultKind::Busy,
                detail: "the service's rate limit is reached".to_owned(),
            }));
        }
        self.exhausted = exhausted;
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
                if let TurnDetection::Listening { acts: true, .. } = self.setup.turn_detection {
                    // The server stops what it says, and answers what it hears now.
                    self.wanted = None;
                }
                step.events
                    .push(ProviderEvent::SpeechStarted { item: item() });
            }
            Kind::SpeechStopped => step
                .events
                .push(ProviderEvent::SpeechStopped { item: item() }),
            Kind::Committed => self.buffered = false,
            Kind::TimeoutTriggered => self.idle_item = Some(event.item_id.to_string()),
            Kind::TranscriptionDelta => {
                if self.idle_item.as_deref() != Some(event.item_id.as_ref()) {
                    let delta = event.delta.to_string();
                    step.events.push(ProviderEvent::LearnerWordsDelta {
                        item: item(),
                        delta,
                    });
                }
            }
            // One that failed has no transcript.
            Kind::TranscriptionCompleted | Kind::TranscriptionFailed => {
                self.learner_words(&event, &mut step);
            }
            Kind::ResponseCreated => {
                self.active = Some(
                    event
                        .response
                        .and_then(|response| response.id)
                        .unwrap_or_default(),
                );
                self.cancelled = false;
                self.open_calls.clear();
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
            Kind::OutputItemDone => self.item_done(event.item, &mut step),
            Kind::ResponseDone => self.response_done(event.response, &mut step),
            Kind::RateLimits => self.rate_limits(event.rate_limits.unwrap_or_default(), &mut step),
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
        self.carry_out(command, &mut step);
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

#[cfg(test)]
mod tests;
