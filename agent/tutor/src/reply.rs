//! One reply, from its first sound to its last.

use std::time::Duration;

use crate::reply_text::{Progress, ReplyText};
use crate::silence::LeadingSilence;
use crate::{Latency, Moment, Pcm, ReplyId, Usage};

/// What a provider said about a reply, and how far its playout is.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) id: ReplyId,
    silence: LeadingSilence,
    text: ReplyText,
    /// Received from the provider.
    received: Duration,
    /// Given to the playout.
    given: Duration,
    heard: Duration,
    /// How much of the text was shown, in bytes.
    shown: usize,
    /// The provider sends nothing more.
    pub(crate) complete: bool,
    /// The provider did not finish it.
    pub(crate) broken: bool,
    /// The provider that spoke it is gone; the next one does not know it.
    pub(crate) foreign: bool,
    /// The playout knows that nothing more comes.
    pub(crate) finishing: bool,
    /// When the provider last said something about it, or it was last heard to sound.
    pub(crate) alive: Moment,
    pub(crate) usage: Option<Usage>,
    /// When the learner had stopped speaking, to which this is the answer.
    pub(crate) answers: Option<Moment>,
    pub(crate) latency: Option<Latency>,
}

impl Reply {
    pub(crate) fn new(id: ReplyId, answers: Option<Moment>, now: Moment) -> Self {
        Self {
            id,
            silence: LeadingSilence::default(),
            text: ReplyText::default(),
            received: Duration::ZERO,
            given: Duration::ZERO,
            heard: Duration::ZERO,
            shown: 0,
            complete: false,
            broken: false,
            foreign: false,
            finishing: false,
            alive: now,
            usage: None,
            answers,
            latency: None,
        }
    }

    /// Takes the next sound and returns what of it shall be played.
    pub(crate) fn receive(&mut self, pcm: Pcm, now: Moment) -> Option<Pcm> {
        if self.latency.is_none() {
            self.latency = self.answers.map(|stopped| Latency {
                given: now.saturating_sub(stopped),
                sent: None,
                heard: None,
            });
        }
        self.received += pcm.duration();
        let pcm = self.silence.pass(pcm)?;
        self.given += pcm.duration();
        Some(pcm)
    }

    pub(crate) fn receive_words(&mut self, delta: &str) {
        self.text.append(delta, self.received);
    }

    /// Notes how far the playout is.
    pub(crate) fn played(&mut self, sent: Duration, heard: Duration, now: Moment) {
        self.alive = now;
        if let (Some(latency), Some(stopped)) = (&mut self.latency, self.answers) {
            let waited = now.saturating_sub(stopped);
            if !sent.is_zero() {
                latency.sent.get_or_insert(waited);
            }
            if !heard.is_zero() {
                latency.heard.get_or_insert(waited);
            }
        }
    }

    /// Returns whether any of it was given to the playout.
    pub(crate) fn sounds(&self) -> bool {
        !self.given.is_zero()
    }

    /// Returns whether all that was given has been heard.
    pub(crate) fn is_played_out(&self) -> bool {
        self.heard + Duration::from_millis(40) >= self.given
    }

    /// Returns how much of what was given is still to be heard.
    pub(crate) fn left(&self) -> Duration {
        self.given.saturating_sub(self.heard)
    }

    /// Notes how much was heard and returns the words that this adds.
    pub(crate) fn hear(&mut self, heard: Duration) -> Option<&str> {
        self.heard = self.heard.max(heard.min(self.given));
        let from = self.shown;
        self.shown = self.text.heard_until(from, self.progress());
        (self.shown > from).then(|| &self.text.whole()[from..self.shown])
    }

    /// Returns how much was heard, as the learner's ear has it.
    pub(crate) fn heard(&self) -> Duration {
        self.heard
    }

    /// Returns how much was heard, in the provider's count, which includes the silence that we took away.
    pub(crate) fn heard_at_provider(&self) -> Duration {
        if self.heard.is_zero() {
            return Duration::ZERO;
        }
        (self.silence.trimmed() + self.heard).min(self.received)
    }

    /// Returns the words that were heard.
    pub(crate) fn heard_text(&self) -> &str {
        if self.heard.is_zero() {
            return "";
        }
        &self.text.whole()[..self.text.heard_until(0, self.progress())]
    }

    /// Returns all words that came, heard or not.
    pub(crate) fn whole_text(&self) -> &str {
        self.text.whole()
    }

    /// All that was given was heard.
    pub(crate) fn played_out(&mut self) {
        self.heard = self.given;
    }

    fn progress(&self) -> Progress {
        Progress {
            voice_from: self.silence.trimmed(),
            received: self.received,
            heard: self.silence.trimmed() + self.heard,
            // A broken reply may lack the sound of words that came.
            complete: self.complete && !self.broken,
        }
    }
}
