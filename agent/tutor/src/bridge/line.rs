//! The line to the provider: opened when there is somebody to talk to, opened anew after faults and before it grows too old.

use std::time::Duration;

use super::{Bridge, Owed};
use crate::floor::Holder;
use crate::{
    Capabilities, EndReason, Fault, FaultKind, HandOverCause, Moment, Output, PastTurn,
    ProviderCommand, SessionSetup, Speaker, VoiceState,
};

/// So long a session may take to be set up.
pub(super) const OPENS_WITHIN: Duration = Duration::from_secs(15);
/// A session that lived so long was a good one: its end begins a new count of failures.
const PROVED_AFTER: Duration = Duration::from_secs(5);
/// After so long without a provider, and without an answer in writing, the conversation ends.
const GIVEN_UP_AFTER: Duration = Duration::from_secs(120);
/// Between refusals: somebody may be correcting a key.
const AFTER_REFUSAL: Duration = Duration::from_secs(5);
/// When the provider is busy.
const AFTER_BUSY: Duration = Duration::from_secs(1);
/// What a dying socket may have taken with it.
const LAST_MOMENTS: Duration = Duration::from_secs(1);
/// How long a new session may take to notice the speech in what is replayed to it.
const REPLAY_TAKES: Duration = Duration::from_secs(5);
/// How long a voice in what was kept may take to be noticed, before we greet it.
const VOICE_IS_NOTICED_WITHIN: Duration = Duration::from_secs(1);

/// The state of the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    Down,
    Opening { since: Moment },
    Ready { since: Moment },
    Waiting { until: Moment },
}

impl Bridge {
    pub(super) fn setup(&self, history: Vec<PastTurn>) -> SessionSetup {
        let instructions = crate::instructions::instructions(&self.brief);
        let setup = SessionSetup::from_brief(&self.brief, instructions, history);
        SessionSetup {
            tools: self.tools.offers(),
            // A voice is the wanted provider's; another one may refuse its name.
            voice: setup.voice.clone().filter(|_| self.serves_the_wanted()),
            ..setup
        }
    }

    /// Returns what a session is told of what was said.
    pub(super) fn history(&self) -> Vec<PastTurn> {
        let sounding = match (self.floor.holder(), self.replies.front()) {
            // It still sounds, and will have been heard.
            (Holder::Tutor { turn, .. }, Some(reply)) => Some(PastTurn {
                seq: turn.0,
                speaker: Speaker::Tutor,
                text: reply.whole_text().trim().to_owned(),
                interrupted: reply.broken,
            }),
            _ => None,
        };
        self.floor.transcript().for_provider(sounding)
    }

    pub(super) fn open_provider(&mut self) {
        // What was typed is told as history.
        self.unsent_text.clear();
        if self.owed.is_none()
            && self.replies.is_empty()
            && self.floor.transcript().waits_for_an_answer()
        {
            self.owed = Some(Owed::Answer);
        }
        let whole = self.setup(self.history());
        let setup = self.resuming(whole);
        self.voice_in_use = setup.voice.clone();
        self.change_due = false;
        self.change.tainted = false;
        self.gap_tried();
        self.line = Line::Opening { since: self.now };
        self.out.push_back(Output::OpenProvider(Box::new(setup)));
    }

    pub(super) fn provider_ready(&mut self, capabilities: Capabilities) {
        if self.is_ready() {
            self.can = capabilities;
        } else {
            self.session_ready(capabilities);
        }
    }

    /// A session takes up its work.
    pub(super) fn session_ready(&mut self, capabilities: Capabilities) {
        self.can = capabilities;
        self.line = Line::Ready { since: self.now };
        self.was_ready = true;
        self.proved = false;
        self.recycle = self.can.session_limit.map(|limit| {
            (
                self.now.saturating_add(limit.mul_f64(0.8)),
                self.now.saturating_add(limit.mul_f64(0.97)),
            )
        });
        self.end_gap();
        self.provider_is_heard();
        self.show_voice(VoiceState::Available);
        if self.is_wanted_otherwise() {
            self.replace_soon(HandOverCause::Settings);
        }
        if std::mem::take(&mut self.change_due) {
            let setup = SessionSetup {
                voice: self.voice_in_use.clone(),
                ..self.setup(Vec::new())
            };
            if self.can.change_setup_midway {
                self.ask(ProviderCommand::Change(Box::new(setup)));
            } else {
                self.replace_soon(HandOverCause::Settings);
            }
            if self.brief.voice != self.voice_in_use {
                self.replace_soon(HandOverCause::Settings);
            }
        }

        let voice_waits = self.replay();
        self.sent_until = self.ear.end();
        self.replay_until = self.sent_until;
        self.replay_over = self.now + REPLAY_TAKES;

        if self.floor.waits_for_words() {
            // It will be answered when it was heard.
            self.owed = None;
            if (self.is_manual() || self.finds_turns_itself())
                && self.floor.holder() != Holder::Learner
            {
                self.commit();
            }
        }
        let typed = std::mem::take(&mut self.unsent_text).join("\n");
        if !typed.is_empty() {
            self.owed = None;
            self.ask(ProviderCommand::Text(typed));
            self.expect_reply(None);
        }
        if !self.greeted {
            self.owed = Some(Owed::Greeting);
        }
        self.owed_from = self.now
            + if voice_waits {
                VOICE_IS_NOTICED_WITHIN
            } else {
                Duration::ZERO
            };
    }

    /// The provider is gone, or will be: what was under way is taken care of.
    pub(super) fn let_go(&mut self) {
        self.floor.provider_lost(&mut self.out);
        let lost_from = self
            .sent_until
            .saturating_sub(LAST_MOMENTS)
            .max(self.taken_until)
            .min(self.sent_until);
        let lost_from = self
            .unnoticed
            .take()
            .map_or(lost_from, |from| from.min(lost_from));
        if self.is_ready() {
            self.replay_from = self
                .floor
                .wordless_from()
                .map_or(lost_from, |from| from.min(lost_from));
        }
        self.session_of_tools_ended();
        self.hearing.session_ended(self.now);
        self.expecting = None;
        for index in 0..self.replies.len() {
            let reply = &mut self.replies[index];
            reply.foreign = true;
            if !reply.complete {
                reply.complete = true;
                reply.broken = true;
                self.owed = Some(Owed::Rest);
            }
            self.finish(index);
        }
        self.begin_next();
        self.recycle = None;
    }

    pub(super) fn close_provider(&mut self) {
        self.drop_next();
        self.let_go();
        if matches!(self.line, Line::Opening { .. } | Line::Ready { .. }) {
            self.out.push_back(Output::CloseProvider);
        }
        self.line = Line::Down;
        self.failing_since = None;
        self.providers.proved();
        self.backoff.reset();
    }

    /// The provider's session ended, or could not be opened.
    pub(super) fn provider_lost(&mut self, fault: &Fault) {
        let healthy = match self.line {
            Line::Down | Line::Waiting { .. } => return,
            Line::Opening { .. } => false,
            Line::Ready { since } => self.proved || self.now >= since + PROVED_AFTER,
        };
        let stays = self.away_since.is_none() && self.leaving.is_none();
        if stays && self.is_ready() {
            self.change.cause = Some(HandOverCause::Fault(fault.kind));
            if self.switch_to_next() {
                return;
            }
        }
        self.drop_next();
        self.begin_gap(HandOverCause::Fault(fault.kind));
        self.let_go();
        if !stays {
            self.line = Line::Down;
            return;
        }
        if self.resume_failed(fault) {
            self.open_provider();
            return;
        }
        if healthy {
            self.failing_since = None;
            self.providers.proved();
            self.backoff.reset();
        }
        let failing_since = *self.failing_since.get_or_insert(self.now);
        let refused = fault.kind == FaultKind::Refused;
        // The first try after a good session is made at once: the learner waits.
        let mut at_once = healthy && !matches!(fault.kind, FaultKind::Refused | FaultKind::Busy);
        if !healthy || refused {
            at_once = self.fail_over(fault);
        }
        let silent_since = self.writing.silent_since(failing_since);
        if self.providers.all_refuse() || self.now >= silent_since + GIVEN_UP_AFTER {
            self.give_up();
            return;
        }
        if (!healthy || refused) && !at_once {
            self.show_voice(VoiceState::Unavailable);
        }
        let wait = match fault.kind {
            _ if at_once => Duration::ZERO,
            FaultKind::Refused => self.backoff.next().max(AFTER_REFUSAL),
            FaultKind::Busy => self.backoff.next().max(AFTER_BUSY),
            _ => self.backoff.next(),
        };
        self.line = Line::Waiting {
            until: self.now + wait,
        };
    }

    fn give_up(&mut self) {
        self.line = Line::Down;
        self.show_voice(VoiceState::Unavailable);
        self.leave(
            super::Way::End(EndReason::ProviderFailed),
            super::leaving::LAST_SENTENCE_TAKES_AT_MOST,
        );
    }

    fn given_up_at(&self) -> Option<Moment> {
        let since = self.failing_since?;
        Some(self.writing.silent_since(since) + GIVEN_UP_AFTER)
    }

    /// Returns when the line next needs care.
    pub(super) fn line_due(&self) -> Option<Moment> {
        let given_up = self.given_up_at();
        match self.line {
            Line::Down | Line::Ready { .. } => None,
            Line::Opening { since } => Some(since + OPENS_WITHIN).into_iter().chain(given_up).min(),
            Line::Waiting { until } => Some(until).into_iter().chain(given_up).min(),
        }
    }

    pub(super) fn settle_line(&mut self) {
        if let Line::Opening { since } = self.line
            && self.now >= since + OPENS_WITHIN
        {
            self.out.push_back(Output::CloseProvider);
            self.provider_lost(&Fault {
                kind: FaultKind::Broken,
                detail: "not ready in time".to_owned(),
            });
        }
        if matches!(self.line, Line::Opening { .. } | Line::Waiting { .. })
            && self.given_up_at().is_some_and(|at| self.now >= at)
        {
            if matches!(self.line, Line::Opening { .. }) {
                self.out.push_back(Output::CloseProvider);
            }
            self.give_up();
        }
        if let Line::Waiting { until } = self.line
            && self.now >= until
        {
            if self.away_since.is_some() || self.leaving.is_some() {
                self.line = Line::Down;
            } else {
                self.open_provider();
            }
        }
    }

    /// Leaves the open session for another one.
    pub(super) fn replace_session(&mut self, cause: HandOverCause) {
        self.drop_next();
        self.begin_gap(cause);
        if cause == HandOverCause::Unheard || cause == HandOverCause::Silent {
            // What it knows is not what is wanted of the next one.
            self.forget_handle();
        }
        self.let_go();
        let slot = self.next_provider();
        if slot != self.providers.in_use {
            self.providers.in_use = slot;
            self.use_provider();
        }
        self.out.push_back(Output::CloseProvider);
        if self.away_since.is_some() || self.leaving.is_some() {
            self.line = Line::Down;
        } else {
            self.open_provider();
        }
    }
}
