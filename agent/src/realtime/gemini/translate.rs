//! Between Gemini Live's messages and the tutor's vocabulary. Pure: frames and commands in, frames and events out.
//!
//! The service names neither replies nor stretches of speech, so the names are ours. It does not listen for turns: we tell it when
//! the learner begins and ends.

mod learner;
mod tools;

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use avaaz_tutor::{
    Capabilities, Fault, Pcm, ProviderCommand, ProviderEvent, ReplyEnd, ReplyId, ResumeHandle,
    SessionSetup, Speaker, Usage,
};
use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

use super::wire::{
    ClientMessage, Content, Instruction, ModalityTokens, RealtimeInput, ServerContent,
    ServerMessage, Tools, UsageMetadata,
};
use super::{errors, session};
use crate::realtime::nonsense;
use crate::realtime::samples::Samples;
use crate::realtime::socket::{Close, Step, Translate};
use learner::Heard;
use tools::Call;

/// The rate that the service listens at: Opus decodes to it.
pub const INPUT_RATE_HZ: u32 = 16_000;
/// The rate that it speaks at.
pub const OUTPUT_RATE_HZ: u32 = 24_000;
/// Notes that wait for the learner's next turn.
const MOST_NOTES: usize = 8;

/// How far a reply is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Speaking,
    /// All of its sound came; its last words may still come.
    Complete,
    /// Whatever still comes of it is not for the learner.
    Cut,
}

/// The reply of the turn that the service is in.
#[derive(Debug)]
struct Spoken {
    reply: ReplyId,
    stage: Stage,
    sound: Samples,
}

/// What the service owes us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Due {
    Nothing,
    /// An answer to a turn, to typed words or to an instruction.
    Answer,
    /// It goes on by itself after a tool.
    AfterTool,
}

/// Translates one session.
#[derive(Debug)]
pub struct Translator {
    model: String,
    /// Begins the names that we give.
    names: String,
    named: u64,
    setup: SessionSetup,
    resumed: bool,
    ready: bool,
    was_told: bool,
    /// The learner's turn, as the service has it.
    turn_is_open: bool,
    /// The end of a turn has asked for the reply that is about to be asked for.
    asked_by_commit: bool,
    due: Due,
    heard: Option<Heard>,
    /// Sound that came outside a turn while the learner says where turns end: it may turn out to be one.
    unplaced: VecDeque<Pcm>,
    spoken: Option<Spoken>,
    /// The last reply of the turn that the service is in, or was.
    last: Option<ReplyId>,
    /// Nobody was told of that one.
    last_is_secret: bool,
    /// The service has stopped what it was generating; the end of that turn follows.
    was_interrupted: bool,
    /// What it has to be told before the next turn.
    notes: VecDeque<String>,
    calls: VecDeque<Call>,
    unknown: HashSet<String>,
}

impl Translator {
    /// Makes a translator for one session. `names` must differ between sessions.
    #[must_use]
    pub fn new(model: String, names: String, setup: SessionSetup) -> Self {
        Self {
            model,
            names,
            named: 0,
            resumed: setup.resume.is_some(),
            setup,
            ready: false,
            was_told: false,
            turn_is_open: false,
            asked_by_commit: false,
            due: Due::Nothing,
            heard: None,
            unplaced: VecDeque::new(),
            spoken: None,
            last: None,
            last_is_secret: false,
            was_interrupted: false,
            notes: VecDeque::new(),
            calls: VecDeque::new(),
            unknown: HashSet::new(),
        }
    }

    fn name(&mut self, what: &str) -> Arc<str> {
        self.named += 1;
        format!("{}-{what}-{}", self.names, self.named).into()
    }

    fn model(&self) -> session::Model {
        session::Model::of(&self.model)
    }

    fn set_up(&mut self, step: &mut Step) {
        if std::mem::replace(&mut self.ready, true) {
            return;
        }
        let model = self.model();
        let turns = std::mem::take(&mut self.setup.history).into_iter();
        let turns: Vec<Content> = turns
            .filter(|turn| !turn.text.is_empty())
            .map(|turn| {
                let role = match turn.speaker {
                    Speaker::Learner => "user",
                    Speaker::Tutor => "model",
                };
                Content::new(role, turn.text)
            })
            .collect();
        if !turns.is_empty() {
            let history = ClientMessage::ClientContent {
                turns,
                // A model that takes a history only at the beginning is told where it ends; others would answer it.
                turn_complete: !model.takes_content_midway,
            };
            send(step, &history);
        }
        step.events.push(ProviderEvent::Ready {
            capabilities: Capabilities {
                input_rate_hz: INPUT_RATE_HZ,
                output_rate_hz: OUTPUT_RATE_HZ,
                truncate_replies: false,
                change_setup_midway: model.is_current,
                seed_history: true,
                interrupts_by_itself: true,
                finds_turns: false,
                // A session cannot be gone on with while its old socket is open.
                overlaps: false,
                session_limit: None,
            },
            model: self.model.clone(),
        });
    }

    /// Puts words of ours or of the learner into the conversation and asks for an answer.
    fn ask(&mut self, words: Option<String>, step: &mut Step) {
        self.tell_notes(step);
        if self.due == Due::Answer {
            // It was asked already and nothing came: whatever we are waiting for the end of does not end.
            self.spoken = None;
            self.was_interrupted = false;
        }
        self.due = Due::Answer;
        self.asked_by_commit = false;
        self.last = None;
        let message = if self.model().takes_content_midway {
            let turns = words.map(|words| Content::new("user", words));
            ClientMessage::ClientContent {
                turns: turns.into_iter().collect(),
                turn_complete: true,
            }
        } else {
            let words = words.unwrap_or_else(|| "[Please answer now.]".to_owned());
            ClientMessage::RealtimeInput(RealtimeInput::Text(words))
        };
        send(step, &message);
    }

    /// The service cannot forget what was not heard, but it can be told.
    fn note(&mut self, reply: &ReplyId, heard_text: &str, step: &mut Step) {
        if !reply.0.starts_with(&self.names) || !self.model().takes_content_midway {
            return;
        }
        let heard_text = heard_text.trim();
        self.notes.push_back(if heard_text.is_empty() {
            "[Not said by the learner: your last reply was cut off before the learner heard any of it.]".to_owned()
        } else {
            format!("[Not said by the learner: your last reply was cut off. The learner heard only up to \"{heard_text}\" and nothing after it.]")
        });
        if self.notes.len() > MOST_NOTES {
            self.notes.pop_front();
        }
        if self.turn_is_open {
            self.tell_notes(step);
        }
    }

    fn tell_notes(&mut self, step: &mut Step) {
        let notes = std::mem::take(&mut self.notes).into_iter();
        let turns: Vec<Content> = notes.map(|note| Content::new("user", note)).collect();
        if !turns.is_empty() {
            let message = ClientMessage::ClientContent {
                turns,
                turn_complete: false,
            };
            send(step, &message);
        }
    }

    /// Begins a reply. One that the service begins while the learner speaks will be interrupted: nobody shall hear it.
    fn begin(&mut self, step: &mut Step) {
        self.was_interrupted = false;
        let reply = ReplyId(self.name("reply"));
        let stage = if self.turn_is_open {
            Stage::Cut
        } else {
            self.due = Due::Nothing;
            if let Some(heard) = &mut self.heard {
                heard.is_answered = true;
            }
            step.events.push(ProviderEvent::ReplyStarted {
                reply: reply.clone(),
            });
            Stage::Speaking
        };
        self.last = Some(reply.clone());
        self.last_is_secret = stage == Stage::Cut;
        self.spoken = Some(Spoken {
            reply,
            stage,
            sound: Samples::default(),
        });
    }

    fn audio(&mut self, data: &str, rate_hz: u32, step: &mut Step) {
        if self
            .spoken
            .as_ref()
            .is_none_or(|spoken| spoken.stage == Stage::Complete)
        {
            self.begin(step);
        }
        let Some(spoken) = &mut self.spoken else {
            return;
        };
        if spoken.stage != Stage::Speaking {
            return;
        }
        let Some(bytes) = decode(data) else {
            step.events.push(nonsense("audio that is not base64"));
            return;
        };
        let samples = spoken.sound.take(bytes);
        if samples.is_empty() {
            return;
        }
        step.events.push(ProviderEvent::ReplyAudio {
            reply: spoken.reply.clone(),
            pcm: Pcm {
                samples: samples.into(),
                rate_hz,
            },
        });
    }

    fn words(&mut self, delta: String, step: &mut Step) {
        let reply = match (&self.spoken, &self.last) {
            (Some(spoken), _) if spoken.stage == Stage::Cut => return,
            (Some(spoken), _) => spoken.reply.clone(),
            // They come late, after all else of their reply.
            (None, Some(_)) if self.due == Due::Nothing && self.last_is_secret => return,
            (None, Some(last)) if self.due == Due::Nothing => last.clone(),
            (None, _) => {
                self.begin(step);
                match &self.spoken {
                    Some(spoken) if spoken.stage == Stage::Speaking => spoken.reply.clone(),
                    _ => return,
                }
            }
        };
        step.events.push(ProviderEvent::ReplyWords { reply, delta });
    }

    /// Ends the reply that is being spoken, if one is.
    fn end_reply(&mut self, how: ReplyEnd, usage: &mut Option<Usage>, step: &mut Step) {
        let Some(spoken) = &mut self.spoken else {
            return;
        };
        let was = spoken.stage;
        if how == ReplyEnd::Cancelled {
            spoken.stage = Stage::Cut;
        } else if was == Stage::Speaking {
            spoken.stage = Stage::Complete;
        }
        if was == Stage::Speaking {
            step.events.push(ProviderEvent::ReplyEnded {
                reply: spoken.reply.clone(),
                how,
                usage: usage.take(),
            });
        }
    }

    fn content(&mut self, content: ServerContent, usage: &mut Option<Usage>, step: &mut Step) {
        if content.interrupted == Some(true) {
            self.end_reply(ReplyEnd::Cancelled, usage, step);
            self.was_interrupted = true;
        }
        if let Some(words) = content.input_transcription {
            self.learner_words(words, step);
        }
        let parts = content.model_turn.unwrap_or_default().parts;
        for part in parts.into_iter().filter(|part| part.thought != Some(true)) {
            if let Some(data) = part.inline_data
                && let Some(rate_hz) = data.rate_hz(OUTPUT_RATE_HZ)
            {
                self.audio(&data.data, rate_hz, step);
            }
        }
        if let Some(delta) = content.output_transcription.and_then(|words| words.text)
            && !delta.is_empty()
        {
            self.words(delta, step);
        }
        if content.generation_complete == Some(true) {
            self.end_reply(ReplyEnd::Complete, usage, step);
            self.settle_words(false, step);
        }
        if content.turn_complete == Some(true) {
            let how = errors::of_turn(content.turn_complete_reason.as_deref());
            self.turn_complete(how, usage, step);
        }
    }

    fn turn_complete(&mut self, how: ReplyEnd, usage: &mut Option<Usage>, step: &mut Step) {
        self.end_reply(how.clone(), usage, step);
        let was_interrupted = std::mem::take(&mut self.was_interrupted);
        let said_nothing = self.spoken.take().is_none();
        if said_nothing && !was_interrupted && !self.turn_is_open && self.due == Due::Answer {
            // It said nothing: that was the answer.
            self.due = Due::Nothing;
            let reply = ReplyId(self.name("reply"));
            self.last = Some(reply.clone());
            self.last_is_secret = false;
            step.events.push(ProviderEvent::ReplyEnded {
                reply,
                how,
                usage: usage.take(),
            });
        }
        self.settle_words(true, step);
    }

    fn change(&mut self, setup: SessionSetup, step: &mut Step) {
        let tools_changed = setup.tools != self.setup.tools;
        // History was given when the session began.
        self.setup = SessionSetup {
            history: Vec::new(),
            ..setup
        };
        let model = self.model();
        if model.is_current {
            let message = ClientMessage::ContextUpdate {
                system_instruction: Instruction::new(self.setup.instructions.clone()),
                tools: tools_changed.then(|| Tools {
                    tools: session::tools(&self.setup.tools, model),
                }),
            };
            send(step, &message);
        }
    }

    fn note_unknown(&mut self, names: Vec<String>) {
        for name in names {
            // Bounded: a server that invents names must not fill our memory. A name could be anything, so it is not logged.
            if self.unknown.len() < 64 && self.unknown.insert(name.chars().take(80).collect()) {
                tracing::debug!("the provider sends messages of an unknown kind");
            }
        }
    }
}

impl Translate for Translator {
    fn opened(&mut self) -> Step {
        let mut step = Step::default();
        let setup = session::whole(&self.setup, &self.model);
        send(&mut step, &ClientMessage::Setup(Box::new(setup)));
        step
    }

    fn received(&mut self, frame: &str) -> Step {
        let mut step = Step::default();
        let Some(message) = ServerMessage::read(frame) else {
            step.events.push(nonsense("a frame that is not a message"));
            return step;
        };
        self.note_unknown(message.unknown);
        if message.setup_complete {
            self.set_up(&mut step);
        }
        let mut usage = message.usage_metadata.map(usage_of);
        if let Some(content) = message.server_content {
            self.content(content, &mut usage, &mut step);
        }
        if let Some(called) = message.tool_call {
            self.tools_called(called, &mut usage, &mut step);
        }
        for id in message.tool_call_cancellation.unwrap_or_default().ids {
            if self.settle_call(&id) {
                let call = id.into();
                step.events.push(ProviderEvent::ToolCancelled { call });
            }
        }
        // While it generates or waits for a tool it gives no new handle. The last one stays good: it knows less, and whoever goes on with it tells the rest.
        if let Some(update) = message.session_resumption_update
            && update.resumable == Some(true)
            && let Some(handle) = update.new_handle.filter(|handle| !handle.is_empty())
        {
            let handle = Some(ResumeHandle(handle.into()));
            step.events.push(ProviderEvent::Resumable { handle });
        }
        if let Some(go_away) = message.go_away {
            self.was_told = true;
            let left = go_away.time_left;
            step.events.push(ProviderEvent::ClosingSoon { left });
        }
        if let Some(usage) = usage {
            let reply = self.last.clone();
            step.events.push(ProviderEvent::Used { reply, usage });
        }
        step
    }

    fn command(&mut self, command: ProviderCommand) -> Step {
        let mut step = Step::default();
        match command {
            ProviderCommand::Audio(pcm) => self.learner_audio(pcm, &mut step),
            ProviderCommand::BeginTurn => self.begin_turn(&mut step),
            ProviderCommand::Commit => self.commit(&mut step),
            ProviderCommand::Text(text) => {
                // It belongs to what is typed.
                self.end_turn(&mut step);
                self.ask(Some(text), &mut step);
            }
            ProviderCommand::Reply { instructions } => {
                // A turn that was begun and given up: nothing is answered while one is open.
                self.end_turn(&mut step);
                match instructions {
                    None if std::mem::take(&mut self.asked_by_commit) => {}
                    None => self.ask(None, &mut step),
                    Some(instructions) => {
                        let words = format!(
                            "[Not said by the learner. Instructions for your next reply only: {instructions}]"
                        );
                        self.ask(Some(words), &mut step);
                    }
                }
            }
            ProviderCommand::Cancel { reply } => {
                if self
                    .spoken
                    .as_ref()
                    .is_some_and(|spoken| spoken.reply == reply)
                {
                    // The service goes on; what comes of it is dropped.
                    self.end_reply(ReplyEnd::Cancelled, &mut None, &mut step);
                }
            }
            ProviderCommand::Truncate {
                reply,
                heard: _,
                heard_text,
            } => self.note(&reply, &heard_text, &mut step),
            ProviderCommand::Change(setup) => self.change(*setup, &mut step),
            ProviderCommand::ToolResult { call, name, output } => {
                self.tool_result(&call, name, output, &mut step);
            }
        }
        step
    }

    fn closed(&mut self, close: Close<'_>) -> Fault {
        let known = errors::Known {
            was_ready: self.ready,
            resumed: self.resumed,
            was_told: self.was_told,
        };
        errors::of_close(close, known)
    }
}

fn send(step: &mut Step, message: &ClientMessage) {
    step.frames.push(message.frame());
}

/// Reads base64 of either alphabet, padded or not.
fn decode(data: &str) -> Option<Vec<u8>> {
    const LENIENT: GeneralPurposeConfig =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
    const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);
    STANDARD
        .decode(data)
        .or_else(|_| URL_SAFE.decode(data))
        .ok()
}

fn usage_of(told: UsageMetadata) -> Usage {
    let of = |details: &Option<Vec<ModalityTokens>>, audio: bool| -> Option<u64> {
        let details = details.as_ref()?.iter();
        let wanted = details.filter(|of| (of.modality.as_deref() == Some("AUDIO")) == audio);
        Some(wanted.map(|of| of.token_count).sum())
    };
    let (prompt, response) = (&told.prompt_tokens_details, &told.response_tokens_details);
    Usage {
        input_text_tokens: of(prompt, false).unwrap_or(told.prompt_token_count)
            + told.tool_use_prompt_token_count,
        input_audio_tokens: of(prompt, true).unwrap_or(0),
        cached_tokens: told.cached_content_token_count,
        // Without details it is taken for the dearer kind: a reply is mostly sound.
        output_text_tokens: of(response, false).unwrap_or(0) + told.thoughts_token_count,
        output_audio_tokens: of(response, true).unwrap_or(told.response_token_count),
    }
}

#[cfg(test)]
mod tests;
