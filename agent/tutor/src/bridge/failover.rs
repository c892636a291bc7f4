//! Which provider serves: the one that is wanted, or another one while that cannot be had.

use std::time::Duration;

use super::Bridge;
use super::line::Line;
use crate::{Fault, FaultKind, HandOverCause, Moment, Output, StoredPhrase};

/// A provider that broke so often in a row is left for another one.
const BREAKS_BEFORE_ANOTHER: u32 = 2;
/// A provider that refuses us so often in a row will not have us.
const MOST_REFUSALS: u32 = 3;
/// After so long without a voice the learner is told in writing.
const TOLD_AFTER: Duration = Duration::from_secs(4);

/// The providers that may serve. The core knows their places in a row, never their names.
#[derive(Debug)]
pub(super) struct Providers {
    /// The one that serves, or is tried.
    pub(super) in_use: usize,
    wanted: usize,
    each: Vec<Record>,
    /// Whether the learner was told that there is no voice.
    told: bool,
}

/// How one of them fared since a session last did well.
#[derive(Debug, Clone, Copy, Default)]
struct Record {
    breaks: u32,
    refusals: u32,
    /// It is not tried again before all others were.
    passed: bool,
}

impl Providers {
    pub(super) fn new(count: usize) -> Self {
        Self {
            in_use: 0,
            wanted: 0,
            each: vec![Record::default(); count.max(1)],
            told: false,
        }
    }

    /// All is well again.
    pub(super) fn proved(&mut self) {
        self.each.fill(Record::default());
        self.told = false;
    }

    /// Returns whether none of them will have us.
    pub(super) fn all_refuse(&self) -> bool {
        self.each.iter().all(|one| one.refusals >= MOST_REFUSALS)
    }

    /// The one in use failed. Returns whether another one is to be tried, at once; otherwise all were, and it begins anew.
    fn failed(&mut self, kind: FaultKind) -> bool {
        let one = &mut self.each[self.in_use];
        one.breaks += 1;
        one.refusals += u32::from(kind == FaultKind::Refused);
        one.passed = matches!(kind, FaultKind::Refused | FaultKind::Unavailable)
            || one.breaks >= BREAKS_BEFORE_ANOTHER;
        if !one.passed {
            return false;
        }
        let places = self.each.len();
        let other = (1..places)
            .map(|step| (self.in_use + step) % places)
            .find(|place| !self.each[*place].passed);
        if let Some(other) = other {
            self.in_use = other;
            return true;
        }
        for one in &mut self.each {
            one.passed = false;
        }
        self.in_use = self.wanted;
        false
    }
}

impl Bridge {
    /// The provider in use failed. Returns whether another one is tried at once.
    pub(super) fn fail_over(&mut self, fault: &Fault) -> bool {
        let before = self.providers.in_use;
        let at_once = self.providers.failed(fault.kind);
        if self.providers.in_use != before {
            self.use_provider();
        }
        at_once
    }

    /// Sessions are opened with another provider from now on.
    pub(super) fn use_provider(&mut self) {
        // Another provider knows nothing of a session of this one.
        self.forget_handle();
        self.out.push_back(Output::UseProvider {
            slot: self.providers.in_use,
        });
    }

    /// The learner wants another provider.
    pub(super) fn provider_wanted(&mut self, slot: usize) {
        if slot >= self.providers.each.len() || slot == self.providers.wanted {
            return;
        }
        self.providers.wanted = slot;
        match self.line {
            Line::Ready { .. } => {
                self.drop_next();
                self.replace_soon(HandOverCause::Settings);
            }
            Line::Opening { .. } => {
                self.replace_soon_when_ready();
            }
            Line::Down | Line::Waiting { .. } => {
                self.providers.in_use = slot;
                self.use_provider();
            }
        }
    }

    /// Returns whether the next session is opened with the provider that is wanted.
    pub(super) fn serves_the_wanted(&self) -> bool {
        self.next_provider() == self.providers.wanted
    }

    /// Returns the provider that the next session is opened with.
    pub(super) fn next_provider(&self) -> usize {
        if self.change_cause() == Some(HandOverCause::Settings) {
            self.providers.wanted
        } else {
            self.providers.in_use
        }
    }

    /// Returns when the learner is to be told that there is no voice.
    pub(super) fn telling_due(&self) -> Option<Moment> {
        let without = matches!(self.line, Line::Opening { .. } | Line::Waiting { .. });
        let failing = self
            .failing_since
            .filter(|_| without && !self.providers.told && self.voice_is_missing());
        failing.map(|since| since + TOLD_AFTER)
    }

    /// Tells the learner in writing, and with a voice that is kept for it, what no provider can say.
    pub(super) fn settle_telling(&mut self) {
        let due = self.telling_due().is_some_and(|due| self.now >= due);
        if due && self.away_since.is_none() && self.floor.is_free() {
            self.providers.told = true;
            let text = crate::instructions::no_voice().to_owned();
            self.floor.notice(text, self.now, &mut self.out);
            self.out
                .push_back(Output::PlayStored(StoredPhrase::NoVoice));
        }
    }
}
