//! Finds a provider that hangs: it says nothing although something is due of it.
//!
//! Nothing here asks for a sign of the socket. Services differ in how long their pongs take; what they owe the conversation
//! is the same everywhere: an answer that was asked for, the rest of one that has begun, and a word about speech that they listen to.

use std::time::Duration;

use super::{Bridge, Expecting, Owed, Tried};
use crate::reply::Reply;
use crate::{HandOverCause, Moment, Patience, ProviderCommand};

/// A provider that says things, but not the reply that is due, is asked for it once more.
const REPLY_BEGINS_WITHIN: Duration = Duration::from_secs(10);
/// A reply that began without a sound, and of which nothing more comes in this time, has ended.
const REPLY_STALLS_AFTER: Duration = Duration::from_secs(8);
/// A reply all of which was heard, and of which nothing more comes in this time, hangs: it comes faster than it sounds.
const REPLY_RUNS_DRY_AFTER: Duration = Duration::from_secs(2);
/// A provider that finds the learner's turns says that they speak within a fraction of this.
const NOTICES_SPEECH_WITHIN: Duration = Duration::from_secs(2);
/// So long may the most patient detection wait for more: 8 s is OpenAI's `semantic_vad` at low eagerness, 4 s at medium, 2 s at high.
const NOTICES_AN_END_WITHIN_AT_MOST: Duration = Duration::from_secs(8);

/// What is known of the provider's signs of life.
#[derive(Debug, Default)]
pub(super) struct Watch {
    /// When the open session last said anything.
    heard_at: Moment,
    /// What our ear heard, and the provider, which listens for speech, has said nothing of: since when, and when it is late.
    notice: Option<(Moment, Moment)>,
}

impl Bridge {
    /// The session in use said something, or was just opened.
    pub(super) fn provider_is_heard(&mut self) {
        self.watch = Watch {
            heard_at: self.now,
            notice: None,
        };
    }

    /// Our ear hears speech, from here on on its clock, that the provider has to find.
    pub(super) fn expect_notice_of_speech(&mut self, from: Duration) {
        let by = self.now + self.timer.notices_within(NOTICES_SPEECH_WITHIN);
        self.watch.notice.get_or_insert((self.now, by));
        self.unnoticed = Some(self.unnoticed.map_or(from, |unnoticed| unnoticed.min(from)));
    }

    /// Our ear hears that speech has ended which the provider has found.
    pub(super) fn expect_notice_of_its_end(&mut self) {
        let within = match self.brief.patience {
            Patience::Patient => NOTICES_AN_END_WITHIN_AT_MOST,
            Patience::Normal => NOTICES_AN_END_WITHIN_AT_MOST / 2,
            Patience::Quick => NOTICES_AN_END_WITHIN_AT_MOST / 4,
        } + NOTICES_SPEECH_WITHIN / 2;
        let by = self.now + self.timer.notices_within(within);
        self.watch.notice = Some((self.now, by));
    }

    /// The learner goes on speaking: no end is due.
    pub(super) fn expect_no_notice(&mut self) {
        self.watch.notice = None;
    }

    /// Returns how long the session in use has said nothing although something was due.
    pub(super) fn silent_while_due(&self) -> Duration {
        let due_since = [
            self.expecting.as_ref().map(|expecting| expecting.since),
            self.watch.notice.map(|(since, _)| since),
            self.replies.front().map(|reply| reply.alive),
        ];
        due_since
            .into_iter()
            .flatten()
            .map(|since| self.now.saturating_sub(since.max(self.watch.heard_at)))
            .max()
            .unwrap_or_default()
    }

    /// Returns when a session that goes on in silence is thought to hang.
    pub(super) fn watch_due(&self) -> Option<Moment> {
        let begins = self.expected().map(|expecting| self.begins_by(expecting));
        let goes_on = self
            .replies
            .iter()
            .filter(|reply| !reply.complete)
            .map(|reply| self.goes_on_by(reply));
        goes_on
            .chain(begins)
            .chain(self.notice_due())
            .filter(|_| self.is_ready())
            .min()
    }

    /// Returns the reply that is due of the provider; while a tool of ours runs, none is.
    fn expected(&self) -> Option<&Expecting> {
        self.expecting
            .as_ref()
            .filter(|_| !self.tools.are_running())
    }

    fn notice_due(&self) -> Option<Moment> {
        self.watch.notice.map(|(_, by)| by)
    }

    /// Returns by when a reply has to begin.
    fn begins_by(&self, expecting: &Expecting) -> Moment {
        let within = self.timer.answers_within();
        let at_all = expecting.since + REPLY_BEGINS_WITHIN.max(within);
        if self.tried == Tried::Nothing && !expecting.nothing_said {
            at_all.min(self.watch.heard_at.max(expecting.since) + within)
        } else {
            at_all
        }
    }

    /// Returns by when more has to come of a reply that is not complete.
    fn goes_on_by(&self, reply: &Reply) -> Moment {
        let alive = reply.alive.max(self.watch.heard_at);
        if reply.sounds() {
            alive + REPLY_RUNS_DRY_AFTER
        } else {
            alive + REPLY_STALLS_AFTER
        }
    }

    /// A provider that says nothing more must not hold the conversation: it is asked again, then replaced, then left in peace.
    pub(super) fn settle_watch(&mut self) {
        if !self.is_ready() {
            return;
        }
        let now = self.now;
        if self.notice_due().is_some_and(|due| now >= due) {
            self.timer.did_not_notice();
            self.replace_session(HandOverCause::Silent);
            return;
        }
        self.settle_expecting();
        let stalled = self.replies.iter().any(|reply| {
            let silent = !reply.complete && now >= self.goes_on_by(reply);
            silent && (!reply.sounds() || reply.is_played_out())
        });
        if stalled && self.is_ready() {
            self.suspect_provider();
        }
    }

    fn settle_expecting(&mut self) {
        let now = self.now;
        let Some(expecting) = self.expected() else {
            return;
        };
        if now < self.begins_by(expecting) {
            return;
        }
        let said_things =
            now < self.watch.heard_at.max(expecting.since) + self.timer.answers_within();
        let Some(expecting) = self.expecting.take_if(|expecting| !expecting.nothing_said) else {
            self.expecting = None;
            return;
        };
        match self.tried {
            Tried::Nothing if said_things => {
                self.tried = Tried::AskingAgain;
                let instructions = expecting.instructions.clone();
                self.ask(ProviderCommand::Reply { instructions });
                self.expecting = Some(Expecting {
                    since: now,
                    ..expecting
                });
            }
            Tried::Nothing | Tried::AskingAgain => {
                self.timer.gave_up();
                self.expecting = Some(expecting);
                self.suspect_provider();
            }
            Tried::AnotherSession => {}
        }
    }

    /// The session may be dead without knowing: another one takes up what this one left.
    fn suspect_provider(&mut self) {
        let owed = match self.expecting {
            Some(_) if !self.greeted => Some(Owed::Greeting),
            Some(_) => Some(Owed::Answer),
            None if self.replies.iter().any(Reply::sounds) => Some(Owed::Rest),
            None => Some(Owed::Answer),
        };
        let first = self.tried != Tried::AnotherSession;
        self.tried = Tried::AnotherSession;
        self.replace_session(HandOverCause::Silent);
        self.owed = owed.filter(|_| first);
    }
}
