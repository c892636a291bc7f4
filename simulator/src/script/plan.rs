//! Faults at chosen moments on the wire, of either protocol.

use serde::{Deserialize, Serialize};

/// A fault that happens at a moment: from the script's `faults`, or given to a running simulator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedFault {
    /// When it happens.
    #[serde(default)]
    pub at: When,
    /// What happens.
    pub kind: PlannedFaultKind,
    /// On which connection, counted from 0; on whichever is the first to come that far unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<usize>,
    /// On connections of which protocol; of either unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<Protocol>,
    /// The close code of `close`.
    #[serde(default = "default_code")]
    pub code: u16,
    /// The close reason of `close`.
    #[serde(default)]
    pub reason: String,
    /// How late `late` frames and `slow_pongs` are.
    #[serde(default = "default_delay_ms")]
    pub delay_ms: u64,
    /// How much time `go_away` leaves.
    #[serde(default = "default_time_left_ms")]
    pub time_left_ms: u64,
    /// How many calls a `tool_storm` has.
    #[serde(default = "default_count")]
    pub count: usize,
    /// Whether it happens on every connection that comes that far, not only on the first.
    #[serde(default)]
    pub repeat: bool,
}

/// The moment of a fault.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum When {
    /// As soon as there is a connection.
    #[default]
    Now,
    /// With the connection's n-th frame to the client, counted from 1.
    Sent(u64),
    /// After the connection's n-th frame from the client, counted from 1.
    Received(u64),
    /// With the n-th frame of a kind to the client, counted from 1. The kinds are those of the counters.
    SentKind {
        /// The kind.
        kind: String,
        /// Which of them.
        nth: u64,
    },
    /// So many milliseconds after the connection was opened.
    AfterMs(u64),
}

/// The protocols.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// OpenAI Realtime.
    Openai,
    /// Gemini Live.
    Gemini,
}

/// What happens at a moment. Where it happens to a frame and the moment is none of a frame's, the next frame is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlannedFaultKind {
    /// The socket is closed with a code and a reason, before the frame.
    Close,
    /// The socket is dropped without a close frame, before the frame.
    Drop,
    /// The socket breaks off in the middle of the frame.
    HalfFrame,
    /// A frame with the first half of the frame's JSON comes before it.
    Malformed,
    /// A frame that no client knows comes before it.
    UnknownEvent,
    /// The frame has fields, at every depth, that no client knows.
    UnknownFields,
    /// The frame comes twice.
    Duplicate,
    /// The frame comes late, behind others.
    Late,
    /// Nothing comes any more, not even pongs; the socket stays open.
    Hang,
    /// From now on, pongs come late.
    SlowPongs,
    /// The connection is announced to end, and ends.
    GoAway,
    /// The service says that it was asked too much.
    RateLimit,
    /// The service says that it failed.
    Error,
    /// Many calls of the offered functions come at once.
    ToolStorm,
    /// No handle of a session is known any more (Gemini only).
    ForgetSessions,
}

const fn default_code() -> u16 {
    1011
}

const fn default_delay_ms() -> u64 {
    1_000
}

const fn default_time_left_ms() -> u64 {
    5_000
}

const fn default_count() -> usize {
    20
}
