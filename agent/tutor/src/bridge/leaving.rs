//! The ways out: the end of the conversation, and giving it back.

use std::time::Duration;

use super::{Bridge, Line};
use crate::allowance::LastReply;
use crate::floor::Holder;
use crate::{EndReason, Moment, Output, Spending};

/// What is being said may go on for so long when the host closes.
pub(super) const HAND_BACK_TAKES_AT_MOST: Duration = Duration::from_secs(10);
/// What is being said may go on for so long when the conversation has to end.
pub(super) const LAST_SENTENCE_TAKES_AT_MOST: Duration = Duration::from_secs(15);
/// The words of the last turn may take so long when the end was asked for.
pub(super) const LAST_WORDS_TAKE_AT_MOST: Duration = Duration::from_millis(1_500);

/// How this runtime leaves the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    End(EndReason),
    HandBack,
}

/// Leaving, as soon as what is being said is said, and in any case at a certain time.
#[derive(Debug)]
pub(super) struct Leaving {
    way: Way,
    pub(super) until: Moment,
}

impl Bridge {
    pub(super) fn end_requested(&mut self, reason: EndReason) {
        self.cut_replies(false);
        self.floor.end_speech(self.now, &mut self.out);
        self.leave(Way::End(reason), LAST_WORDS_TAKE_AT_MOST);
    }

    /// Money is spent as turns go by: the tutor says so when little is left, and ends when nothing is.
    pub(super) fn spent(&mut self, spending: Spending) {
        match spending {
            Spending::NearlyAll => self.wrap_up_owed |= self.allowance.nearly_spent(),
            Spending::All if self.allowance.nearly_spent() || self.wrap_up_owed => {
                self.allowance.spent(self.now);
                self.wrap_up_owed = true;
                // Whatever else was to be said, there is only a goodbye left.
                self.owed = None;
            }
            Spending::All if self.allowance.last_reply() == LastReply::NotYet => {
                self.leave(Way::End(EndReason::TimeLimit), LAST_SENTENCE_TAKES_AT_MOST);
            }
            Spending::All => {}
        }
    }

    /// Begins to leave. An end overrides a hand-back; nothing makes the time longer.
    pub(super) fn leave(&mut self, way: Way, at_most: Duration) {
        // Without the learner nothing is heard to its end; only words may still come.
        let at_most = if self.away_since.is_some() {
            at_most.min(LAST_WORDS_TAKE_AT_MOST)
        } else {
            at_most
        };
        let until = self.now.saturating_add(at_most);
        match &mut self.leaving {
            None => self.leaving = Some(Leaving { way, until }),
            Some(leaving) => {
                leaving.until = leaving.until.min(until);
                if leaving.way == Way::HandBack {
                    leaving.way = way;
                }
            }
        }
        self.owed = None;
        self.wrap_up_owed = false;
        self.expecting = None;
        // A reply that has not begun to sound will not be heard.
        while self.replies.back().is_some_and(|reply| !reply.sounds()) {
            if let Some(reply) = self.replies.pop_back() {
                if self.is_ready() && !reply.foreign && !reply.complete {
                    self.ask(crate::ProviderCommand::Cancel {
                        reply: reply.id.clone(),
                    });
                }
                self.drop_unheard(reply);
            }
        }
    }

    pub(super) fn settle_leaving(&mut self) {
        let Some(leaving) = &self.leaving else { return };
        let words_may_come = self.floor.waits_for_words() && self.is_ready();
        let nobody_listens = self.away_since.is_some();
        let all_is_said =
            (nobody_listens || self.floor.holder() == Holder::Nobody) && !words_may_come;
        if !all_is_said && self.now < leaving.until {
            return;
        }
        let way = leaving.way;
        self.cut_replies(false);
        self.floor.end_speech(self.now, &mut self.out);
        self.floor.give_up_words(None, &mut self.out);
        if matches!(self.line, Line::Opening { .. } | Line::Ready { .. }) {
            self.out.push_back(Output::CloseProvider);
        }
        self.line = Line::Down;
        self.out.push_back(match way {
            Way::End(reason) => Output::End(reason),
            Way::HandBack => Output::HandBack,
        });
        self.over = true;
    }
}
