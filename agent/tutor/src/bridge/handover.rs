//! From one session to the next while somebody talks: prepared beside the old one where the provider allows two.
//!
//! A session that is prepared was told what had been said by then. It takes over at a boundary between turns, and only if nothing
//! was said since; otherwise another one is prepared. So nothing is told twice, and no turn waits for a connection.

use std::time::Duration;

use super::Bridge;
use super::line::{Line, OPENS_WITHIN};
use crate::floor::Holder;
use crate::{
    Capabilities, Fault, FaultKind, HandOverCause, HandedOver, Moment, Output, ResumeHandle,
    SessionSetup,
};

/// Between two tries to prepare a session, doubled after each that failed.
const PREPARE_AGAIN_AFTER: Duration = Duration::from_secs(1);
/// The longest wait between them.
const PREPARE_AGAIN_AT_LATEST: Duration = Duration::from_secs(60);

/// A handle that fails so often, whatever the reason, is left for a new session.
const MOST_RESUME_FAILURES: u32 = 2;

/// What is known of the change to come, and of the one under way.
#[derive(Debug, Default)]
pub(super) struct Change {
    /// Why the session is to be replaced, once it is due.
    pub(super) cause: Option<HandOverCause>,
    next: Option<Next>,
    /// No session is prepared before.
    not_before: Moment,
    failures: u32,
    /// With which the open session, or the one that was lost, can be gone on with.
    resume: Option<ResumeHandle>,
    /// The last turn that a session gone on with knows.
    known_until: u32,
    /// The open session knows words that nobody heard.
    pub(super) tainted: bool,
    gap: Option<Gap>,
    /// Whether the session that opens goes on with an earlier one, and how often that failed.
    resuming: bool,
    resume_failures: u32,
    /// The session that opens is to be replaced when it is ready.
    again: bool,
}

/// A session that is prepared.
#[derive(Debug)]
struct Next {
    since: Moment,
    slot: usize,
    setup: SessionSetup,
    ready: Option<Capabilities>,
}

/// No session listens.
#[derive(Debug, Clone, Copy)]
struct Gap {
    since: Moment,
    cause: HandOverCause,
    /// The provider that was left.
    from: usize,
    /// When the last try began.
    tried: Moment,
    /// How long the session hung before.
    hung: Duration,
}

impl Bridge {
    /// The newest handle of the open session.
    pub(super) fn resumable(&mut self, handle: Option<ResumeHandle>) {
        if self.is_ready() {
            self.change.resume = handle;
            self.change.resume_failures = 0;
            self.change.known_until = self.floor.last_begun();
        }
    }

    /// The open session was told that a reply was cut: an earlier handle does not know it.
    pub(super) fn forget_handle(&mut self) {
        self.change.resume = None;
    }

    /// Returns the setup of a session that goes on with the last one, if it can be.
    pub(super) fn resuming(&mut self, whole: SessionSetup) -> SessionSetup {
        let known_until = self.change.known_until;
        let handle = self.change.resume.clone();
        self.change.resuming = handle.is_some();
        match handle {
            None => whole,
            Some(handle) => SessionSetup {
                history: whole
                    .history
                    .into_iter()
                    .filter(|turn| turn.seq > known_until)
                    .collect(),
                resume: Some(handle),
                ..whole
            },
        }
    }

    /// A session that was to go on with an earlier one cannot be had. Returns whether a new one may be had at once.
    pub(super) fn resume_failed(&mut self, fault: &Fault) -> bool {
        if !std::mem::take(&mut self.change.resuming) {
            return false;
        }
        self.change.resume_failures += 1;
        let is_stale = fault.kind == FaultKind::StaleHandle;
        if is_stale || self.change.resume_failures >= MOST_RESUME_FAILURES {
            self.change.resume = None;
        }
        is_stale
    }

    /// The prepared session is ready.
    pub(super) fn next_ready(&mut self, capabilities: Capabilities) {
        if let Some(next) = &mut self.change.next {
            next.ready = Some(capabilities);
            self.change.failures = 0;
        }
    }

    /// The prepared session cannot be had, or was lost before it took over. The open one serves on.
    pub(super) fn next_failed(&mut self, _fault: &Fault) {
        if self.change.next.take().is_some() {
            self.prepare_later();
        }
    }

    fn prepare_later(&mut self) {
        let wait = PREPARE_AGAIN_AFTER
            .saturating_mul(1 << self.change.failures.min(10))
            .min(PREPARE_AGAIN_AT_LATEST);
        self.change.failures = self.change.failures.saturating_add(1);
        self.change.not_before = self.now + wait;
    }

    /// Returns when the change needs care.
    pub(super) fn change_due(&self) -> Option<Moment> {
        match &self.change.next {
            Some(next) if next.ready.is_none() => Some(next.since + OPENS_WITHIN),
            Some(_) => None,
            None => Some(self.change.not_before),
        }
    }

    /// Replaces the session before it grows too old, between turns if it can wait for that.
    pub(super) fn settle_recycling(&mut self) {
        if self.leaving.is_some() || self.away_since.is_some() {
            self.drop_next();
            return;
        }
        if std::mem::take(&mut self.change.tainted)
            && matches!(self.line, Line::Opening { .. } | Line::Ready { .. })
        {
            self.replace_session(HandOverCause::Unheard);
            return;
        }
        if !self.is_ready() {
            return;
        }
        let Some((soft, hard)) = self.recycle else {
            return;
        };
        let boundary = self.is_boundary();
        if self.now >= hard {
            if !self.switch_to_next() {
                self.replace_session(self.cause());
            }
        } else if self.now >= soft {
            // Two providers know nothing of each other.
            if !self.can.overlaps && self.next_provider() == self.providers.in_use {
                if boundary {
                    self.replace_session(self.cause());
                }
                return;
            }
            if boundary && self.switch_to_next() {
                return;
            }
            self.settle_next(boundary);
        }
    }

    /// The session that opens is not the one that is wanted any more: it serves until that one does.
    pub(super) fn replace_soon_when_ready(&mut self) {
        self.change.again = true;
    }

    /// Returns why the session is to be replaced.
    pub(super) fn change_cause(&self) -> Option<HandOverCause> {
        self.change.cause
    }

    /// Replaces the session as soon as that disturbs nobody.
    pub(super) fn replace_soon(&mut self, cause: HandOverCause) {
        self.change.cause = Some(cause);
        let hard = self.recycle.map_or(Moment::MAX, |(_, hard)| hard);
        self.recycle = Some((self.now, hard));
    }

    /// Returns whether nobody speaks, nothing is on its way, and no words are still to come.
    fn is_boundary(&self) -> bool {
        self.is_quiet() && !self.floor.waits_for_words() && self.now >= self.replay_over
    }

    fn cause(&self) -> HandOverCause {
        self.change.cause.unwrap_or(HandOverCause::Age)
    }

    /// Prepares a session while the old one needs nothing: between turns, or while a whole reply sounds.
    fn settle_next(&mut self, boundary: bool) {
        let sounds_whole = matches!(self.floor.holder(), Holder::Tutor { .. })
            && self.replies.len() == 1
            && self
                .replies
                .iter()
                .all(|reply| reply.complete && !reply.broken)
            && !self.floor.waits_for_words();
        if let Some(next) = &self.change.next {
            let late = next.ready.is_none() && self.now >= next.since + OPENS_WITHIN;
            let stale = boundary && next.setup != self.setup(self.history());
            if late || stale {
                self.drop_next();
                if late {
                    self.prepare_later();
                }
            }
        }
        if self.change.next.is_none()
            && self.now >= self.change.not_before
            && (boundary || sounds_whole)
        {
            let (slot, setup) = (self.next_provider(), self.setup(self.history()));
            self.out.push_back(Output::OpenNext {
                slot,
                setup: Box::new(setup.clone()),
            });
            self.change.next = Some(Next {
                since: self.now,
                slot,
                setup,
                ready: None,
            });
        }
    }

    /// Leaves the open session for the prepared one, if that knows all that was said. Returns whether it did.
    pub(super) fn switch_to_next(&mut self) -> bool {
        let current = self.setup(self.history());
        let fits = |next: &mut Next| next.ready.is_some() && next.setup == current;
        let Some(next) = self.change.next.take_if(fits) else {
            return false;
        };
        let Some(capabilities) = next.ready else {
            return false;
        };
        self.begin_gap(self.cause());
        self.let_go();
        self.providers.in_use = next.slot;
        self.voice_in_use = next.setup.voice;
        self.change_due = false;
        self.out.push_back(Output::SwitchToNext);
        self.session_ready(capabilities);
        true
    }

    /// Closes the prepared session, if there is one.
    pub(super) fn drop_next(&mut self) {
        if self.change.next.take().is_some() {
            self.out.push_back(Output::CloseNext);
        }
    }

    /// From now on no session listens.
    pub(super) fn begin_gap(&mut self, cause: HandOverCause) {
        if self.is_ready() {
            self.change.gap = Some(Gap {
                since: self.now,
                cause,
                from: self.providers.in_use,
                tried: self.now,
                hung: if cause == HandOverCause::Silent {
                    self.silent_while_due()
                } else {
                    Duration::ZERO
                },
            });
        }
    }

    /// A session is being opened.
    pub(super) fn gap_tried(&mut self) {
        if let Some(gap) = &mut self.change.gap {
            gap.tried = self.now;
        }
    }

    /// Nobody is there to talk to: it is no gap.
    pub(super) fn forget_gap(&mut self) {
        self.change.gap = None;
    }

    /// Returns whether the session that is ready is to be replaced at once.
    pub(super) fn is_wanted_otherwise(&mut self) -> bool {
        std::mem::take(&mut self.change.again)
    }

    /// A session listens again.
    pub(super) fn end_gap(&mut self) {
        self.change.cause = None;
        self.change.resuming = false;
        self.change.resume = None;
        self.change.not_before = self.now;
        self.change.failures = 0;
        if let Some(gap) = self.change.gap.take() {
            self.out.push_back(Output::HandedOver(HandedOver {
                cause: gap.cause,
                from: gap.from,
                to: self.providers.in_use,
                gap: self.now.saturating_sub(gap.since),
                waited: gap.tried.saturating_sub(gap.since),
                hung: gap.hung,
            }));
        }
    }
}
