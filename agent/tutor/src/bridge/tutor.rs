//! What the provider says as the tutor, and how far it is heard.

use std::time::Duration;

use super::{Bridge, Owed, PastReply, Tried};
use crate::floor::{Holder, ReplyOutcome};
use crate::reply::Reply;
use crate::{FaultKind, Output, Pcm, ProviderCommand, ReplyEnd, ReplyId, TurnId, Usage};

/// After a reply that failed at the provider.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// How many replies that are over are remembered.
const PAST_REPLIES: usize = 64;

impl Bridge {
    pub(super) fn reply_started(&mut self, id: ReplyId) {
        self.reply_index(&id);
    }

    pub(super) fn reply_audio(&mut self, id: ReplyId, pcm: Pcm) {
        let Some(index) = self.reply_index(&id) else {
            return;
        };
        self.proved = true;
        // Its sound comes after all of the sound before it.
        for earlier in 0..index {
            self.replies[earlier].complete = true;
            self.finish(earlier);
        }
        let now = self.now;
        if let Some(pcm) = self.replies[index].receive(pcm, now) {
            self.out.push_back(Output::Play { reply: id, pcm });
            self.begin_next();
        }
    }

    pub(super) fn reply_words(&mut self, id: ReplyId, delta: &str) {
        // The last words of a reply may come when all of its sound did.
        let known = self.replies.iter().position(|reply| reply.id == id);
        if let Some(index) = known.or_else(|| self.reply_index(&id)) {
            self.replies[index].receive_words(delta);
        }
    }

    /// Finds a reply that is not over; begins it when it is new.
    fn reply_index(&mut self, id: &ReplyId) -> Option<usize> {
        if self.is_past(id) {
            return None;
        }
        let now = self.now;
        if let Some(index) = self.replies.iter().position(|reply| reply.id == *id) {
            let reply = &mut self.replies[index];
            reply.alive = now;
            return (!reply.complete).then_some(index);
        }
        if self.leaving.is_some() || self.hearing.turn_is_open() {
            // Nobody will hear it, or it was begun before the learner spoke again.
            self.forget(id.clone(), None);
            if self.is_ready() {
                self.ask(ProviderCommand::Cancel { reply: id.clone() });
            }
            return None;
        }
        if self.owed == Some(Owed::Answer) {
            self.owed = None;
        }
        if self.allowance.reply_begins() {
            self.wrap_up_owed = false;
        }
        let expecting = self.expecting.take();
        if let Some(expecting) = &expecting {
            self.timer.answered(now.saturating_sub(expecting.since));
        }
        let answers = expecting.and_then(|expecting| expecting.answers);
        self.replies.push_back(Reply::new(id.clone(), answers, now));
        Some(self.replies.len() - 1)
    }

    pub(super) fn reply_ended(&mut self, id: &ReplyId, how: ReplyEnd, usage: Option<Usage>) {
        if self.is_past(id) {
            // An interrupted reply costs, too; what, is only known now.
            if let Some(usage) = usage {
                self.used(Some(id), usage);
            }
            return;
        }
        let fault = match &how {
            ReplyEnd::Failed(fault) => Some(fault.clone()),
            _ => None,
        };
        if let Some(index) = self.replies.iter().position(|reply| reply.id == *id) {
            let reply = &mut self.replies[index];
            if let Some(usage) = usage {
                reply.usage.get_or_insert_default().add(&usage);
            }
            if !reply.complete {
                reply.complete = true;
                reply.broken = how != ReplyEnd::Complete;
            }
            if how == ReplyEnd::Cancelled {
                self.reply_stopped_in_doubt();
            }
            self.finish(index);
            self.begin_next();
        } else {
            let called_a_tool = how == ReplyEnd::Complete
                && self
                    .expecting
                    .as_mut()
                    .is_some_and(|expecting| std::mem::take(&mut expecting.after_tool));
            if !called_a_tool {
                self.expecting = None;
            }
            self.forget(id.clone(), None);
            if let Some(usage) = usage {
                self.used(Some(id), usage);
            }
        }
        if let Some(fault) = fault {
            if fault.kind == FaultKind::Refused {
                self.out.push_back(Output::CloseProvider);
                self.provider_lost(&fault);
            } else if self.replies.is_empty() {
                self.retry_reply();
            }
        }
    }

    /// Nothing came of a reply: asks once more, after a while.
    fn retry_reply(&mut self) {
        if self.tried == Tried::Nothing {
            self.tried = Tried::AskingAgain;
            self.owed = Some(if self.greeted {
                Owed::Answer
            } else {
                Owed::Greeting
            });
            self.owed_from = self.now + RETRY_AFTER;
        }
    }

    /// Tells the playout that nothing more comes of a reply.
    pub(super) fn finish(&mut self, index: usize) {
        let reply = &mut self.replies[index];
        if reply.sounds() && !reply.finishing {
            reply.finishing = true;
            self.out.push_back(Output::FinishReply {
                reply: reply.id.clone(),
            });
        }
    }

    /// Drops what is over without a sound, and lets the next reply have its turn when it sounds.
    pub(super) fn begin_next(&mut self) {
        while self
            .replies
            .front()
            .is_some_and(|reply| reply.complete && !reply.sounds())
        {
            if let Some(reply) = self.replies.pop_front() {
                self.drop_unheard(reply);
            }
        }
        let sounds = self.replies.front().is_some_and(Reply::sounds);
        if sounds && !matches!(self.floor.holder(), Holder::Tutor { .. }) {
            self.floor.end_speech(self.now, &mut self.out);
            self.floor.begin_reply(self.now, &mut self.out);
            self.hearing.reply_begins();
            self.greeted = true;
            self.tried = Tried::Nothing;
        }
    }

    pub(super) fn played(&mut self, id: &ReplyId, sent: Duration, heard: Duration) {
        let Some(reply) = self
            .replies
            .front_mut()
            .filter(|reply| reply.id == *id && reply.sounds())
        else {
            return;
        };
        reply.played(sent, heard, self.now);
        if let Some(words) = reply.hear(heard) {
            self.floor.reply_heard(words, &mut self.out);
        }
    }

    pub(super) fn playout_drained(&mut self, id: &ReplyId) {
        let Some(index) = self.replies.iter().position(|reply| reply.id == *id) else {
            return;
        };
        for _ in 0..=index {
            self.begin_next();
            let Some(mut reply) = self.replies.pop_front() else {
                break;
            };
            reply.played_out();
            let last = reply.id == *id;
            self.end_turn_of(reply, false);
            if last {
                break;
            }
        }
        self.begin_next();
    }

    /// Cuts every reply at what was heard. Returns whether words were lost by it.
    pub(super) fn cut_replies(&mut self, provider_knows: bool) -> bool {
        if self.replies.iter().any(Reply::sounds) {
            self.out.push_back(Output::StopPlayout);
            self.hearing.playout_is_empty();
        }
        let mut lost = false;
        let stops_by_itself = provider_knows && self.can.interrupts_by_itself;
        for reply in std::mem::take(&mut self.replies) {
            let cut = !(reply.complete && !reply.broken && reply.is_played_out());
            lost |= cut;
            if self.is_ready() && !reply.foreign {
                if !reply.complete && !stops_by_itself {
                    self.ask(ProviderCommand::Cancel {
                        reply: reply.id.clone(),
                    });
                }
                if cut && reply.sounds() {
                    self.forget_handle();
                    self.ask(ProviderCommand::Truncate {
                        reply: reply.id.clone(),
                        heard: reply.heard_at_provider(),
                        heard_text: reply.heard_text().to_owned(),
                    });
                }
            }
            // A session that took over while it sounded was told all of it.
            self.change.tainted |= cut && reply.foreign;
            // Only the first had begun; the others were never heard, and have no turn.
            if matches!(self.floor.holder(), Holder::Tutor { .. }) {
                self.end_turn_of(reply, cut);
            } else {
                self.drop_unheard(reply);
            }
        }
        lost
    }

    fn end_turn_of(&mut self, reply: Reply, cut: bool) {
        let cut_short = cut || reply.broken;
        let turn = match self.floor.holder() {
            Holder::Tutor { turn, .. } => Some(turn),
            _ => None,
        };
        let outcome = ReplyOutcome {
            text: if cut_short {
                reply.heard_text()
            } else {
                reply.whole_text()
            }
            .to_owned(),
            interrupted: cut_short,
            heard: reply.heard(),
            latency: reply.latency,
            usage: reply.usage,
        };
        self.floor.end_reply(outcome, self.now, &mut self.out);
        self.forget(reply.id, turn);
    }

    /// A reply that never sounded has no turn, but a price.
    pub(super) fn drop_unheard(&mut self, reply: Reply) {
        self.forget(reply.id, None);
        if let Some(usage) = reply.usage {
            self.out.push_back(Output::Used { turn: None, usage });
        }
    }

    /// Notes what a reply cost, or what belongs to none.
    pub(super) fn used(&mut self, id: Option<&ReplyId>, usage: Usage) {
        if let Some(reply) = self.replies.iter_mut().find(|reply| Some(&reply.id) == id) {
            reply.usage.get_or_insert_default().add(&usage);
            return;
        }
        let past = self.past_replies.iter().find(|past| Some(&past.id) == id);
        let turn = past.and_then(|past| past.turn);
        self.out.push_back(Output::Used { turn, usage });
    }

    fn is_past(&self, id: &ReplyId) -> bool {
        self.past_replies.iter().any(|past| past.id == *id)
    }

    pub(super) fn forget(&mut self, id: ReplyId, turn: Option<TurnId>) {
        self.past_replies.push_back(PastReply { id, turn });
        if self.past_replies.len() > PAST_REPLIES {
            self.past_replies.pop_front();
        }
    }
}
