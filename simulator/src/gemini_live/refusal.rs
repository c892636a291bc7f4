//! Why a connection is closed. There are no error messages in this protocol: a close code and a reason are all.

/// A close frame's reason holds at most so many bytes.
const MAX_REASON_BYTES: usize = 123;

/// A close code with its reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: u16,
    pub(super) reason: String,
}

impl Refusal {
    pub(super) fn new(code: u16, reason: impl Into<String>) -> Self {
        let mut reason = reason.into();
        let mut end = reason.len().min(MAX_REASON_BYTES);
        while !reason.is_char_boundary(end) {
            end -= 1;
        }
        reason.truncate(end);
        Self { code, reason }
    }

    /// The service's answer to nearly everything that it does not like.
    pub(super) fn invalid_argument() -> Self {
        Self::new(1007, "Request contains an invalid argument.")
    }

    /// A key that is not described.
    pub(super) fn unknown_name(name: &str, path: &str) -> Self {
        let at = if path.is_empty() {
            String::new()
        } else {
            format!(" at '{path}'")
        };
        Self::new(
            1007,
            format!(
                "Invalid JSON payload received. Unknown name \"{name}\"{at}: Cannot find field."
            ),
        )
    }

    /// A value of the wrong kind.
    pub(super) fn invalid_value(path: &str, kind: &str) -> Self {
        Self::new(1007, format!("Invalid value at '{path}' ({kind})"))
    }

    pub(super) fn no_key() -> Self {
        Self::new(
            1008,
            "Method doesn't allow unregistered callers (callers without established identity).",
        )
    }

    pub(super) fn bad_key() -> Self {
        Self::new(1007, "API key not valid. Please pass a valid API key.")
    }

    pub(super) fn model_not_found(model: &str, version: &str) -> Self {
        Self::new(
            1008,
            format!(
                "{model} is not found for API version {version}, or is not supported for bidiGenerateContent."
            ),
        )
    }

    pub(super) fn not_found() -> Self {
        Self::new(1008, "Requested entity was not found.")
    }

    pub(super) fn not_enabled() -> Self {
        Self::new(
            1008,
            "Operation is not implemented, or supported, or enabled.",
        )
    }

    pub(super) fn media_chunks() -> Self {
        Self::new(
            1007,
            "realtime_input.media_chunks is deprecated. Use audio, video, or text instead.",
        )
    }

    pub(super) fn internal() -> Self {
        Self::new(1011, "Internal error occurred.")
    }

    pub(super) fn quota() -> Self {
        Self::new(
            1011,
            "You exceeded your current quota, please check your plan and billing details.",
        )
    }

    pub(super) fn unavailable() -> Self {
        Self::new(1011, "The service is currently unavailable.")
    }

    pub(super) fn deadline() -> Self {
        Self::new(1011, "Deadline expired before operation could complete.")
    }
}
