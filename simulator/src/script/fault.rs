//! What can be made to go wrong.

use serde::Deserialize;

/// What goes wrong with a whole connection.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum ConnectionFault {
    /// The upgrade is answered with this HTTP status instead of 101.
    HttpStatus {
        /// The status, such as 401 or 503.
        status: u16,
    },
    /// The connection is upgraded, then refused as the real server does: an `error` frame and a close.
    Refuse {
        /// `invalid_api_key`, `invalid_model`, `insufficient_quota`, ...
        code: String,
    },
    /// The connection is upgraded and nothing is ever sent, not even `session.created`.
    Silent,
    /// The connection is closed some time after it was opened, whatever happens on it.
    Close {
        /// When, in milliseconds.
        after_ms: u64,
        /// The close code.
        code: u16,
        /// The close reason.
        #[serde(default)]
        reason: String,
    },
    /// The connection is dropped without a close frame some time after it was opened.
    Drop {
        /// When, in milliseconds.
        after_ms: u64,
    },
    /// The client is told that the connection ends soon (Gemini's `goAway`), then it does.
    GoAway {
        /// When it is told, in milliseconds.
        after_ms: u64,
        /// How much time it has then, in milliseconds.
        time_left_ms: u64,
    },
    /// A session that is to be gone on with is refused; a new one is not (Gemini only).
    RefuseResumption {
        /// The close code.
        #[serde(default = "not_found_code")]
        code: u16,
        /// The close reason.
        #[serde(default = "not_found_reason")]
        reason: String,
    },
    /// `session.created` comes late.
    Slow {
        /// By how much, in milliseconds.
        delay_ms: u64,
    },
}

/// What goes wrong in the middle of a reply. Happens once per server unless `repeat` is set, so that the same
/// turn succeeds after a reconnection.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplyFault {
    /// What happens.
    pub kind: ReplyFaultKind,
    /// After how much audio of the reply, in milliseconds.
    #[serde(default)]
    pub after_audio_ms: u64,
    /// The close code of `close`.
    #[serde(default = "default_close_code")]
    pub code: u16,
    /// The close reason of `close`.
    #[serde(default)]
    pub reason: String,
    /// The error code of `error` and `failed`.
    #[serde(default)]
    pub error_code: Option<String>,
    /// Whether it happens every time.
    #[serde(default)]
    pub repeat: bool,
}

/// The kinds of faults in a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplyFaultKind {
    /// The socket is closed with a code and a reason.
    Close,
    /// The socket is dropped without a close frame.
    Drop,
    /// This response never goes on; the rest of the connection works.
    Stall,
    /// The connection goes mute: it stays open, answers nothing any more, and sends no pings.
    Hang,
    /// Malformed JSON, a binary frame and unknown events are sent, then the reply goes on.
    Rubbish,
    /// An `error` event (`error_code`, else `server_error`) is sent, then the reply goes on.
    Error,
    /// The response ends with status `failed` (`error_code`, else `server_error`).
    Failed,
    /// The response ends with status `failed` and `inference_rate_limit_exceeded`.
    RateLimit,
}

const fn not_found_code() -> u16 {
    1008
}

fn not_found_reason() -> String {
    "Requested entity was not found.".to_owned()
}

const fn default_close_code() -> u16 {
    1011
}
