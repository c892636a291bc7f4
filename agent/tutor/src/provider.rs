//! What a realtime model service is to the tutor: commands it takes, events it gives, and how providers differ, as data.

use std::sync::Arc;
use std::time::Duration;

use crate::{Brief, PastTurn, Patience};

/// Mono 16-bit samples.
#[derive(Clone, PartialEq, Eq)]
pub struct Pcm {
    /// The samples.
    pub samples: Arc<[i16]>,
    /// How many a second.
    pub rate_hz: u32,
}

impl Pcm {
    /// Returns how long it sounds.
    #[must_use]
    pub fn duration(&self) -> Duration {
        Duration::from_nanos(
            self.samples.len() as u64 * 1_000_000_000 / u64::from(self.rate_hz.max(1)),
        )
    }
}

impl std::fmt::Debug for Pcm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Pcm({} samples at {} Hz)",
            self.samples.len(),
            self.rate_hz
        )
    }
}

/// How providers differ. The core asks these, never which provider it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capabilities {
    /// The rate that learner audio is taken at, in Hz.
    pub input_rate_hz: u32,
    /// The rate that replies come at, in Hz.
    pub output_rate_hz: u32,
    /// Whether a reply can be cut at what was heard. Otherwise the provider is told in words.
    pub truncate_replies: bool,
    /// Whether instructions can change while the session is open.
    pub change_setup_midway: bool,
    /// Whether past turns can be given as text when a session begins.
    pub seed_history: bool,
    /// Whether the provider itself stops generating when the learner speaks.
    pub interrupts_by_itself: bool,
    /// Whether the provider finds the learner's turns by itself. Otherwise we do, and tell it with
    /// [`ProviderCommand::BeginTurn`] and [`ProviderCommand::Commit`].
    pub finds_turns: bool,
    /// Whether a second session may be opened before the first is closed.
    pub overlaps: bool,
    /// How long one session may last, if there is a limit.
    pub session_limit: Option<Duration>,
}

/// With which a later session goes on where an earlier one was. Opaque to the core.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ResumeHandle(pub Arc<str>);

/// Names a reply of the provider (one audio item of it). Opaque to the core.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ReplyId(pub Arc<str>);

/// Names a stretch of the learner's speech at the provider. Opaque to the core.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ItemId(pub Arc<str>);

/// All that a provider needs to begin a session.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionSetup {
    /// The whole instructions.
    pub instructions: String,
    /// The provider's name of the voice; `None` is its default.
    pub voice: Option<String>,
    /// How fast to speak, 1.0 is normal.
    pub speed: f32,
    /// When the learner's turn ends.
    pub turn_detection: TurnDetection,
    /// The languages to expect from the learner, most likely first, BCP 47.
    pub languages: Vec<String>,
    /// What was said before, oldest first, bounded.
    pub history: Vec<PastTurn>,
    /// The tools that are offered.
    pub tools: Vec<ToolOffer>,
    /// The session to go on with; `None` begins a new one. `history` is then only what that session does not know.
    pub resume: Option<ResumeHandle>,
}

/// How the end of a learner's turn is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TurnDetection {
    /// The provider listens for it.
    Listening {
        /// How long it waits for a learner who pauses.
        patience: Patience,
        /// Whether speech stops a reply, and a turn's end begins one, without our asking.
        acts: bool,
    },
    /// We say when (push-to-talk, and providers that do not find turns).
    Manual,
}

/// A tool that the model may call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolOffer {
    /// Its name.
    pub name: String,
    /// What it does.
    pub description: String,
    /// JSON schema of its arguments, as text.
    pub parameters: String,
}

/// A call of a tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolCall {
    /// The provider's id of this call.
    pub id: Arc<str>,
    /// Which tool.
    pub name: String,
    /// Its arguments, JSON as text, exactly as the model wrote it.
    pub arguments: String,
}

/// What a provider can be asked.
#[derive(Debug, Clone, PartialEq)]
pub enum ProviderCommand {
    /// The learner's audio, at [`Capabilities::input_rate_hz`], silence included.
    Audio(Pcm),
    /// Something the learner typed; it is part of the context, and a reply is expected.
    Text(String),
    /// Speak now, with an instruction for this reply only.
    Reply {
        /// For this reply only; `None` is a plain reply to what was said.
        instructions: Option<String>,
    },
    /// The learner begins to speak: what follows belongs to their turn (only with [`TurnDetection::Manual`]).
    BeginTurn,
    /// The learner's turn is over (only with [`TurnDetection::Manual`]).
    Commit,
    /// Stop generating this reply.
    Cancel {
        /// Which.
        reply: ReplyId,
    },
    /// Forget what was not heard of this reply.
    Truncate {
        /// Which.
        reply: ReplyId,
        /// What was heard; never more than was received.
        heard: Duration,
        /// The words that were heard, for providers that have to be told in words.
        heard_text: String,
    },
    /// New instructions, voice and the like for the rest of the session.
    Change(Box<SessionSetup>),
    /// The result of a tool.
    ToolResult {
        /// The call.
        call: Arc<str>,
        /// Which tool it was.
        name: String,
        /// JSON as text.
        output: String,
    },
}

/// What a provider tells. Its own names and shapes stay in `realtime/*`.
#[derive(Debug, Clone, PartialEq)]
pub enum ProviderEvent {
    /// The session is set up: audio may flow, replies may be asked for.
    Ready {
        /// What this very session can do.
        capabilities: Capabilities,
        /// The model that answers, as the provider names it.
        model: String,
    },
    /// The learner began to speak.
    SpeechStarted {
        /// Where the words will belong to.
        item: ItemId,
    },
    /// The learner stopped speaking.
    SpeechStopped {
        /// Where the words belong to.
        item: ItemId,
    },
    /// More of the learner's words (to be appended).
    LearnerWordsDelta {
        /// Where they belong to.
        item: ItemId,
        /// The next piece.
        delta: String,
    },
    /// The learner's words, final. Empty when nothing was understood or the transcription failed.
    LearnerWords {
        /// Where they belong to.
        item: ItemId,
        /// All of them.
        text: String,
    },
    /// A reply begins.
    ReplyStarted {
        /// Which.
        reply: ReplyId,
    },
    /// Sound of a reply, faster than real time.
    ReplyAudio {
        /// Which.
        reply: ReplyId,
        /// The next stretch.
        pcm: Pcm,
    },
    /// Words of a reply (to be appended).
    ReplyWords {
        /// Which.
        reply: ReplyId,
        /// The next piece.
        delta: String,
    },
    /// Nothing more will come of this reply.
    ReplyEnded {
        /// Which.
        reply: ReplyId,
        /// How.
        how: ReplyEnd,
        /// What it cost, where the provider says so.
        usage: Option<Usage>,
    },
    /// The model calls a tool.
    ToolCalled(ToolCall),
    /// A call is void (the learner interrupted).
    ToolCancelled {
        /// Which call.
        call: Arc<str>,
    },
    /// What a reply cost that had ended before this was known (an interrupted one), or what no reply stands for (the
    /// learner's words written down).
    Used {
        /// Which reply, if one.
        reply: Option<ReplyId>,
        /// What it cost.
        usage: Usage,
    },
    /// This session can be gone on with later; `None` while it cannot.
    Resumable {
        /// The newest handle; earlier ones are void.
        handle: Option<ResumeHandle>,
    },
    /// The provider will close this session soon.
    ClosingSoon {
        /// In how long.
        left: Duration,
    },
    /// Something went wrong, and the session goes on.
    Complained(Fault),
    /// The session is over. Nothing follows.
    Closed(Fault),
}

/// How a reply ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReplyEnd {
    /// It is complete.
    Complete,
    /// It was cancelled, by us or because the learner spoke.
    Cancelled,
    /// The provider stopped early (its own limits, a filter).
    Incomplete,
    /// The provider failed.
    Failed(Fault),
}

/// A fault of a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What to do about it.
    pub kind: FaultKind,
    /// For the log: the provider's code and message, without words of the conversation.
    pub detail: String,
}

/// What a fault means for us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// The key, the model or the account is refused: another try is useless.
    Refused,
    /// The service is busy or limits us: try later.
    Busy,
    /// The connection broke, or the service failed: try again.
    Broken,
    /// The session reached its age: open another one.
    Expired,
    /// The session that was to be gone on with is not known any more: begin a new one.
    StaleHandle,
    /// It was not even tried: it failed too often of late.
    Unavailable,
    /// The service did something that makes no sense; harmless.
    Nonsense,
    /// We closed it.
    ClosedByUs,
}

/// What a reply cost, in tokens.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Usage {
    /// Text tokens in.
    pub input_text_tokens: u64,
    /// Audio tokens in.
    pub input_audio_tokens: u64,
    /// Of the tokens in, those that were cached.
    pub cached_tokens: u64,
    /// Text tokens out.
    pub output_text_tokens: u64,
    /// Audio tokens out.
    pub output_audio_tokens: u64,
}

impl Usage {
    /// Adds what something else cost.
    pub fn add(&mut self, other: &Self) {
        self.input_text_tokens += other.input_text_tokens;
        self.input_audio_tokens += other.input_audio_tokens;
        self.cached_tokens += other.cached_tokens;
        self.output_text_tokens += other.output_text_tokens;
        self.output_audio_tokens += other.output_audio_tokens;
    }
}

/// Opens a session: kept here so that [`crate::Output`] can carry it.
impl SessionSetup {
    /// Makes a setup from a brief; `history` is cut by the caller.
    #[must_use]
    pub fn from_brief(brief: &Brief, instructions: String, history: Vec<PastTurn>) -> Self {
        Self {
            instructions,
            voice: brief.voice.clone(),
            speed: 1.0,
            turn_detection: if brief.push_to_talk {
                TurnDetection::Manual
            } else {
                TurnDetection::Listening {
                    patience: brief.patience,
                    acts: true,
                }
            },
            languages: vec![brief.target_language.clone(), brief.native_language.clone()],
            history,
            tools: Vec::new(),
            resume: None,
        }
    }
}
