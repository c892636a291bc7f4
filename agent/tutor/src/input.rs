//! All that can happen to a tutor.

use std::sync::Arc;
use std::time::Duration;

use crate::{
    Brief, Capabilities, EndReason, Fault, Pcm, ProviderEvent, ReplyId, Spending, WrittenAnswer,
};

/// Something that happened. Hand them over one at a time, in the order of their happening.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// The learner is in the room.
    LearnerJoined,
    /// The learner left the room (or lost the connection).
    LearnerLeft,
    /// The next stretch of what the learner's microphone hears, in order, gaps concealed, at the rate asked for.
    LearnerAudio(Pcm),
    /// Whether what [`Input::LearnerAudio`] gave last held a voice. Whoever cannot tell leaves it out: then the provider's word
    /// is taken for what is speech, and one that does not find turns gets none.
    LearnerVoice {
        /// Whether it did.
        is_voice: bool,
    },
    /// The learner typed something.
    LearnerTyped(String),
    /// With push-to-talk: the learner pressed the key. Whoever cannot tell may leave it out.
    LearnerPressed,
    /// With push-to-talk: the learner let go of the key.
    LearnerReleased,

    /// The provider cannot be opened, or its socket ended before it was ready.
    ProviderFailed(Fault),
    /// The open provider says something. What an earlier session still says after [`crate::Output::CloseProvider`] is not handed over.
    Provider(ProviderEvent),
    /// The session that [`crate::Output::OpenNext`] asked for is ready. What else it says is kept until it takes over.
    NextReady(Capabilities),
    /// The session that [`crate::Output::OpenNext`] asked for cannot be had, or ended before it took over.
    NextFailed(Fault),

    /// The playout sent a frame: so much of the reply has been sent, and so much of it is heard by our best estimate
    /// (sent, less what the network and the listener's buffer still hold).
    Played {
        /// Which.
        reply: ReplyId,
        /// Sent, from the reply's start.
        sent: Duration,
        /// Heard, from the reply's start; never more than `sent`.
        heard: Duration,
    },
    /// All that was given for this reply so far has been sent, and it is known that nothing more comes
    /// ([`crate::Output::FinishReply`] was asked for), and it has been heard. Does not come for a reply that was dropped.
    PlayoutDrained {
        /// Which.
        reply: ReplyId,
    },

    /// A tool that was to be run has returned, or failed. Whoever cancelled it need not say anything.
    ToolReturned {
        /// Which call.
        call: Arc<str>,
        /// JSON as text, or why there is none, in words that the model may read.
        output: Result<String, String>,
    },

    /// What [`crate::Output::Write`] asked for; nothing when it cannot be had. Whoever was told to stop need not say anything.
    Written(Option<WrittenAnswer>),

    /// The session's settings changed while live.
    BriefChanged(Box<Brief>),
    /// The learner wants another of the providers (a place below [`crate::BridgeSetup::providers`]).
    ProviderWanted {
        /// Which.
        slot: usize,
    },
    /// How much is left of what may be spent on the conversation.
    Spent(Spending),
    /// The learner or an operator wants the end.
    EndRequested(EndReason),
    /// The host is shutting down: finish what is being said, then give the conversation back.
    HostIsClosing,
    /// The time that `poll_timeout` named has come.
    Tick,
}
