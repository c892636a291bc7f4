use std::time::Duration;

/// Why a model gave no answer. No word of a request or of an answer is in it: it may be logged and kept with a job.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// There is no such model; says what to set.
    #[error("not configured: {0}")]
    NotConfigured(String),
    /// Nothing answers there, or the connection broke.
    #[error("the model cannot be reached")]
    Unreachable,
    /// The deadline of the request passed.
    #[error("the model did not answer in time")]
    TimedOut,
    /// It failed so often that nobody asks it for a while.
    #[error("the model failed several times in a row and is left alone")]
    Resting {
        /// How much longer.
        retry_after: Option<Duration>,
    },
    /// The model is asked too much.
    #[error("the model is asked too often")]
    RateLimited {
        /// How long it wants to be left alone.
        retry_after: Option<Duration>,
    },
    /// The server failed, or is overloaded.
    #[error("the model's server failed (status {status})")]
    ServerFailed {
        /// HTTP's word for it.
        status: u16,
        /// How long it wants to be left alone.
        retry_after: Option<Duration>,
    },
    /// The key is missing, wrong or not allowed to do this.
    #[error("the model's server refuses the key (status {status})")]
    KeyRefused {
        /// HTTP's word for it.
        status: u16,
    },
    /// The account has no money or quota left.
    #[error("the quota of the account is spent")]
    QuotaSpent,
    /// The request is longer than the model reads.
    #[error("the request is longer than the model reads")]
    TooLong,
    /// The server does not take the request: no such model, a field that it does not know.
    #[error("the model's server refuses the request (status {status}, {code})")]
    Refused {
        /// HTTP's word for it.
        status: u16,
        /// The server's own, or `unknown`.
        code: String,
    },
    /// The model will not speak about this.
    #[error("the model declines to answer")]
    Declined,
    /// The answer is not what was asked for.
    #[error("the model's answer cannot be used: {0}")]
    Unusable(&'static str),
    /// Our own model cannot be used.
    #[error("the built-in model cannot be used: {0}")]
    BuiltIn(String),
}

impl ModelError {
    /// Returns a word for the kind of the error, for counting.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::NotConfigured(_) => "not_configured",
            Self::Unreachable => "unreachable",
            Self::TimedOut => "timed_out",
            Self::Resting { .. } => "resting",
            Self::RateLimited { .. } => "rate_limited",
            Self::ServerFailed { .. } => "server_failed",
            Self::KeyRefused { .. } => "key_refused",
            Self::QuotaSpent => "quota_spent",
            Self::TooLong => "too_long",
            Self::Refused { .. } => "refused",
            Self::Declined => "declined",
            Self::Unusable(_) => "unusable",
            Self::BuiltIn(_) => "built_in",
        }
    }

    /// Returns whether the same request may succeed later. A job that gets `false` is best given up.
    #[must_use]
    pub fn retry_helps(&self) -> bool {
        match self {
            Self::Unreachable
            | Self::TimedOut
            | Self::Resting { .. }
            | Self::RateLimited { .. }
            | Self::ServerFailed { .. }
            | Self::Unusable(_) => true,
            Self::NotConfigured(_)
            | Self::KeyRefused { .. }
            | Self::QuotaSpent
            | Self::TooLong
            | Self::Refused { .. }
            | Self::Declined
            | Self::BuiltIn(_) => false,
        }
    }

    /// Returns how long the model wants to be left alone, when it says so.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Resting { retry_after }
            | Self::RateLimited { retry_after }
            | Self::ServerFailed { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}
