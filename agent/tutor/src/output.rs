//! All that a tutor can ask for.

use std::sync::Arc;
use std::time::Duration;

use crate::{
    EndReason, HandedOver, Moment, PastTurn, Pcm, ProviderCommand, ReplyId, SessionSetup, Speaker,
    ToolCall, TurnId, Usage,
};

/// Something the caller must bring about, at once and in this order.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// Open sessions with this provider from now on; the first is in use from the beginning.
    UseProvider {
        /// Its place among those that there are.
        slot: usize,
    },
    /// Open a session with the provider in use. An earlier one has been closed before.
    OpenProvider(Box<SessionSetup>),
    /// Ask the open provider for something.
    ToProvider(ProviderCommand),
    /// Close the provider's session. It costs money as long as it is open.
    CloseProvider,
    /// Open a second session beside the open one; answer with [`crate::Input::NextReady`] or [`crate::Input::NextFailed`].
    OpenNext {
        /// The provider that it is opened with; in use as soon as it takes over.
        slot: usize,
        /// How it begins.
        setup: Box<SessionSetup>,
    },
    /// The second session takes the place of the open one, which is closed. What follows is for the new one.
    SwitchToNext,
    /// Close the second session unused.
    CloseNext,
    /// One session has taken the place of another: for the record.
    HandedOver(HandedOver),

    /// Append sound to the playout of a reply; begins it when it is the first.
    Play {
        /// Which.
        reply: ReplyId,
        /// The next stretch.
        pcm: Pcm,
    },
    /// Nothing more will be given for this reply: answer with `PlayoutDrained` when all of it was heard.
    FinishReply {
        /// Which.
        reply: ReplyId,
    },
    /// Hold the playout where it is, within one frame; what is queued stays.
    PausePlayout,
    /// Go on from where it was heard.
    ResumePlayout,
    /// Drop everything that is queued, of every reply, within one frame; also ends a pause.
    StopPlayout,

    /// Run a tool, and answer with [`crate::Input::ToolReturned`]. Its arguments are what the model wrote: check them.
    RunTool(ToolCall),
    /// Nobody waits for this call any more: stop it if that is possible.
    CancelTool {
        /// Which call.
        call: Arc<str>,
    },

    /// Play a phrase whose sound is kept, after whatever still sounds. It is no reply: nothing is told of its playing.
    PlayStored(StoredPhrase),
    /// Have the tutor's next words written, by whoever can while nobody can speak, and answer with [`crate::Input::Written`].
    Write(Box<WritingRequest>),
    /// Nobody waits any more for what [`Output::Write`] asked for.
    StopWriting,

    /// Show words (see [`Caption`]).
    Caption(Caption),
    /// Show what the tutor does.
    State(AgentState),
    /// Show whether there is a voice at all.
    Voice(VoiceState),

    /// A turn has ended: keep it. Comes in the order of `turn`, without gaps.
    TurnEnded(EndedTurn),
    /// The words of an ended turn that were pending.
    TurnWords {
        /// Which.
        turn: TurnId,
        /// The words.
        text: String,
    },

    /// What something cost, told after the turn it belongs to has ended, or that belongs to none.
    Used {
        /// The turn, if one.
        turn: Option<TurnId>,
        /// What it cost.
        usage: Usage,
    },

    /// The conversation is over for good; all turns have been given. Nothing follows.
    End(EndReason),
    /// Give the conversation back unharmed; all turns have been given. Nothing follows.
    HandBack,
}

/// What somebody who writes in the tutor's place is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WritingRequest {
    /// Who they are and how they write.
    pub instructions: String,
    /// What was said, oldest first; the last turn is the learner's.
    pub history: Vec<PastTurn>,
}

/// What somebody wrote in the tutor's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenAnswer {
    /// The words.
    pub text: String,
    /// Whose they are.
    pub author: Author,
}

/// Who wrote in the tutor's place, as it is kept with the turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// The kind of provider.
    pub provider: String,
    /// Its model.
    pub model: String,
}

/// What the tutor does, in LiveKit's words for it (`lk.agent.state`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AgentState {
    /// Not ready yet.
    Initializing,
    /// Nobody to listen to.
    Idle,
    /// Listens.
    Listening,
    /// Has heard the learner and has not begun to speak.
    Thinking,
    /// Speaks.
    Speaking,
}

/// Whether the provider can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VoiceState {
    /// It can.
    Available,
    /// It cannot for now; words are kept and we try again.
    Unavailable,
}

/// A phrase that can be said without any provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StoredPhrase {
    /// No provider can be reached; the learner's words are safe.
    NoVoice,
}

/// Words to show. One turn is one segment; its id is stable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caption {
    /// A turn has begun, before any of its words: keeps its place in the order.
    Begin {
        /// Which.
        turn: TurnId,
        /// Whose.
        speaker: Speaker,
    },
    /// More words, at the time they are heard (the tutor's) or understood (the learner's).
    Append {
        /// Which.
        turn: TurnId,
        /// The next piece.
        text: String,
    },
    /// The final words, replacing what was shown (for instance those of a cut reply). Empty: the turn had none, take it away.
    Final {
        /// Which.
        turn: TurnId,
        /// Whose.
        speaker: Speaker,
        /// All of them.
        text: String,
        /// Whether it was cut short.
        interrupted: bool,
    },
}

/// A turn that has ended, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedTurn {
    /// Which (its `seq`).
    pub turn: TurnId,
    /// Who spoke.
    pub speaker: Speaker,
    /// The words; of an interrupted reply only those that were heard.
    pub text: String,
    /// Whether the words are still to come.
    pub text_pending: bool,
    /// When it began.
    pub started_at: Moment,
    /// When it ended (a reply: when its last sound was heard or cut).
    pub ended_at: Moment,
    /// Whether it was cut short.
    pub interrupted: bool,
    /// How much of a reply was heard.
    pub heard: Option<Duration>,
    /// How long this reply made the learner wait; none when it answers no speech.
    pub latency: Option<Latency>,
    /// What it cost, as far as that is known at its end.
    pub usage: Option<Usage>,
    /// Who wrote it, when that was not the provider in use.
    pub author: Option<Author>,
}

/// How long a reply made the learner wait, each from the end of their speech.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Latency {
    /// To the first sound that the provider gave.
    pub given: Duration,
    /// To the first frame that was sent to the learner.
    pub sent: Option<Duration>,
    /// To the first frame that was heard, by our best estimate.
    pub heard: Option<Duration>,
}
