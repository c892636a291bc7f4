//! The bridge between a learner and a provider: takes what happens, says what to do.

use std::collections::VecDeque;
use std::time::Duration;

use crate::{Brief, Capabilities, Input, Moment, Output, PastTurn};

/// All that a [`Bridge`] begins with.
#[derive(Debug, Clone)]
pub struct BridgeSetup {
    /// What the tutor is told.
    pub brief: Brief,
    /// The turns so far, oldest first; not empty after a take-over.
    pub history: Vec<PastTurn>,
    /// The `seq` of the next turn.
    pub next_seq: u32,
    /// Whether this conversation was greeted before, though no turn tells of it.
    pub greeted: bool,
    /// What to assume of the provider until a session of it says what it can do.
    pub capabilities: Capabilities,
    /// How long the conversation may still take, from `now` on.
    pub time_limit: Duration,
    /// Where the jitter of the back-off comes from; anything, but different for each conversation.
    pub jitter_seed: u64,
}

/// Decides everything in one conversation, from its claim to its end or hand-back on this runtime.
#[derive(Debug)]
pub struct Bridge {
    outputs: VecDeque<Output>,
    over: bool,
}

impl Bridge {
    /// Makes a bridge. The learner is away until [`Input::LearnerJoined`].
    #[must_use]
    pub fn new(setup: BridgeSetup, now: Moment) -> Self {
        let _ = (setup, now);
        Self {
            outputs: VecDeque::new(),
            over: false,
        }
    }

    /// Takes one thing that happened, at the time of its happening. After the end it does nothing.
    pub fn handle(&mut self, input: Input, now: Moment) {
        let _ = (input, now);
    }

    /// Returns the next thing to bring about, in order; `None` when all is said.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Returns when [`Input::Tick`] is wanted at the latest; `None` when only something happening can change anything.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Moment> {
        None
    }

    /// Returns whether [`Output::End`] or [`Output::HandBack`] was put out; nothing follows then.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.over
    }
}
