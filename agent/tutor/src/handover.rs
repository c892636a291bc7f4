//! What is told of a change from one session of a provider to another.

use std::time::Duration;

use crate::FaultKind;

/// One session took the place of another while somebody was there to talk to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HandedOver {
    /// Why.
    pub cause: HandOverCause,
    /// The provider that was left.
    pub from: usize,
    /// The provider that serves now.
    pub to: usize,
    /// How long no session listened. What was said meanwhile was kept and told to the new one.
    pub gap: Duration,
    /// How much of the gap we waited before the last try, rather than being connected.
    pub waited: Duration,
    /// How long the session that was left had said nothing, although something was due, before it was thought to hang.
    pub hung: Duration,
}

impl HandedOver {
    /// Returns whether we chose the time.
    #[must_use]
    pub fn is_planned(&self) -> bool {
        self.cause.is_planned()
    }
}

/// Why a session is left for another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HandOverCause {
    /// It grows old.
    Age,
    /// The provider said that it will close it.
    Announced,
    /// The learner wants another voice or another provider, or something that this session cannot change.
    Settings,
    /// It knows words of ours that nobody heard.
    Unheard,
    /// It says nothing although it should.
    Silent,
    /// It ended by a fault.
    Fault(FaultKind),
}

impl HandOverCause {
    /// Returns whether we choose the time.
    #[must_use]
    pub fn is_planned(self) -> bool {
        matches!(self, Self::Age | Self::Announced | Self::Settings)
    }

    /// Returns its word in logs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Age => "age",
            Self::Announced => "announced",
            Self::Settings => "settings",
            Self::Unheard => "unheard",
            Self::Silent => "silent",
            Self::Fault(FaultKind::Refused) => "refused",
            Self::Fault(FaultKind::Busy) => "busy",
            Self::Fault(FaultKind::Expired) => "expired",
            Self::Fault(FaultKind::StaleHandle) => "stale_handle",
            Self::Fault(_) => "broken",
        }
    }
}
