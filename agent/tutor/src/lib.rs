//! The tutor: decides everything in a conversation, does no IO, reads no clock.
//!
//! # How to drive it
//! 1. Make a [`Bridge`] with the time of its making.
//! 2. Carry out every [`Output`] that `poll_output` gives, until it gives `None`.
//! 3. If `is_over` says so, stop.
//! 4. Sleep until `poll_timeout`, or until something happens; hand **one** [`Input`] over with the time of its happening; go to 2.
//!
//! Time is a [`Moment`]: how long after the conversation's start on this runtime. It never goes back.

mod allowance;
mod backoff;
mod bridge;
mod brief;
mod ear;
mod floor;
mod handover;
mod input;
mod instructions;
mod output;
mod provider;
mod reply;
mod reply_text;
mod reply_timer;
mod silence;
mod transcript;
mod turn_finder;
mod voice_sample;
mod words;

pub use allowance::Spending;
pub use bridge::{Bridge, BridgeSetup};
pub use brief::{Brief, Level, Mode, Patience};
pub use handover::{HandOverCause, HandedOver};
pub use input::Input;
pub use instructions::instructions;
pub use output::{
    AgentState, Author, Caption, EndedTurn, Latency, Output, StoredPhrase, VoiceState,
    WritingRequest, WrittenAnswer,
};
pub use provider::{
    Capabilities, Fault, FaultKind, ItemId, Pcm, ProviderCommand, ProviderEvent, ReplyEnd, ReplyId,
    ResumeHandle, SessionSetup, ToolCall, ToolOffer, TurnDetection, Usage,
};
pub use voice_sample::voice_sample;
pub use words::{EndReason, Moment, PastTurn, Speaker, TurnId};
