//! Who holds the floor: hands out turns, ends them in order, and waits for words that come late.
//!
//! At most one turn is open at any time, and beginning one needs the other to be ended: so turns end in the order in which they begin.

use std::collections::VecDeque;
use std::time::Duration;

use crate::transcript::Transcript;
use crate::{
    Caption, EndedTurn, ItemId, Latency, Moment, Output, PastTurn, Speaker, ToolCall, TurnId,
    Usage, WrittenAnswer,
};

/// How long the words of a turn may take to come.
pub(crate) const WORDS_TAKE_AT_MOST: Duration = Duration::from_secs(30);

/// The open turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holder {
    Nobody,
    Learner,
    Tutor { turn: TurnId, since: Moment },
}

/// A turn that the learner speaks, until its words are known.
#[derive(Debug)]
struct Speech {
    turn: TurnId,
    /// Where the provider puts its words; unknown with push-to-talk and after a provider was lost.
    item: Option<ItemId>,
    since: Moment,
    ended: Option<Moment>,
    /// Words that were shown before the final ones.
    shown: String,
    /// Final words that came before the turn's end.
    words: Option<String>,
    /// Where it begins on the ear's clock.
    ear_from: Duration,
    /// A reply to it has sounded: it was heard, whatever becomes of its words.
    answered: bool,
}

/// How a reply's turn ends.
#[derive(Debug)]
pub(crate) struct ReplyOutcome {
    pub(crate) text: String,
    pub(crate) interrupted: bool,
    pub(crate) heard: Duration,
    pub(crate) latency: Option<Latency>,
    pub(crate) usage: Option<Usage>,
}

#[derive(Debug)]
pub(crate) struct Floor {
    next: u32,
    holder: Holder,
    speeches: Vec<Speech>,
    transcript: Transcript,
}

impl Floor {
    pub(crate) fn new(next_seq: u32, history: Vec<PastTurn>) -> Self {
        Self {
            next: next_seq,
            holder: Holder::Nobody,
            speeches: Vec::new(),
            transcript: Transcript::new(history),
        }
    }

    pub(crate) fn holder(&self) -> Holder {
        self.holder
    }

    /// Returns the last turn that has begun.
    pub(crate) fn last_begun(&self) -> u32 {
        self.next.saturating_sub(1)
    }

    pub(crate) fn transcript(&self) -> &Transcript {
        &self.transcript
    }

    /// Keeps a call of a tool where it was made, for the sessions to come.
    pub(crate) fn tool_called(&mut self, call: &ToolCall, output: &str) {
        let after = self.last_begun();
        self.transcript.called(after, call, output);
    }

    /// Returns whether words are still to come.
    pub(crate) fn waits_for_words(&self) -> bool {
        !self.speeches.is_empty()
    }

    /// Returns whether this stretch of speech is the one that is being spoken.
    pub(crate) fn is_speaking(&self, item: &ItemId) -> bool {
        self.holder == Holder::Learner
            && self
                .speeches
                .last()
                .is_some_and(|speech| speech.item.as_ref() == Some(item))
    }

    /// Returns whether the learner holds the floor with speech that has no place at the provider.
    pub(crate) fn speaks_unplaced(&self) -> bool {
        self.holder == Holder::Learner
            && self
                .speeches
                .last()
                .is_some_and(|speech| speech.item.is_none())
    }

    /// Returns whether this stretch of speech has a turn.
    pub(crate) fn knows(&self, item: &ItemId) -> bool {
        self.speeches
            .iter()
            .any(|speech| speech.item.as_ref() == Some(item))
    }

    /// Returns where on the ear's clock the first speech begins whose words are not known.
    pub(crate) fn wordless_from(&self) -> Option<Duration> {
        self.speeches.iter().map(|speech| speech.ear_from).min()
    }

    /// Returns when the next wait for words is given up.
    pub(crate) fn words_due(&self) -> Option<Moment> {
        self.speeches
            .iter()
            .filter_map(|speech| Some(speech.ended? + WORDS_TAKE_AT_MOST))
            .min()
    }

    fn begin(&mut self, speaker: Speaker, out: &mut VecDeque<Output>) -> TurnId {
        debug_assert_eq!(self.holder, Holder::Nobody, "one turn at a time");
        let turn = TurnId(self.next);
        self.next += 1;
        out.push_back(Output::Caption(Caption::Begin { turn, speaker }));
        turn
    }

    fn end(&mut self, turn: EndedTurn, out: &mut VecDeque<Output>) {
        self.transcript.push(PastTurn {
            seq: turn.turn.0,
            speaker: turn.speaker,
            text: turn.text.clone(),
            interrupted: turn.interrupted,
        });
        if !turn.text_pending {
            out.push_back(Output::Caption(Caption::Final {
                turn: turn.turn,
                speaker: turn.speaker,
                text: turn.text.clone(),
                interrupted: turn.interrupted,
            }));
        }
        out.push_back(Output::TurnEnded(turn));
        self.holder = Holder::Nobody;
    }

    /// The learner begins to speak. Nobody may hold the floor.
    pub(crate) fn begin_speech(
        &mut self,
        item: Option<ItemId>,
        ear_from: Duration,
        now: Moment,
        out: &mut VecDeque<Output>,
    ) {
        let turn = self.begin(Speaker::Learner, out);
        let speech = Speech {
            turn,
            item,
            since: now,
            ended: None,
            shown: String::new(),
            words: None,
            ear_from,
            answered: false,
        };
        self.speeches.push(speech);
        self.holder = Holder::Learner;
    }

    /// The learner has stopped speaking; does nothing when they do not hold the floor.
    pub(crate) fn end_speech(&mut self, now: Moment, out: &mut VecDeque<Output>) {
        if self.holder != Holder::Learner {
            return;
        }
        let Some(speech) = self.speeches.last_mut() else {
            return;
        };
        speech.ended = Some(now);
        let words = speech.words.take();
        let ended = EndedTurn {
            turn: speech.turn,
            speaker: Speaker::Learner,
            text_pending: words.is_none(),
            text: words.clone().unwrap_or_default(),
            started_at: speech.since,
            ended_at: now,
            interrupted: false,
            heard: None,
            latency: None,
            usage: None,
            author: None,
        };
        if words.is_some() {
            self.speeches.pop();
        }
        self.end(ended, out);
    }

    /// Ties speech that lost its place at the provider (see [`Floor::provider_lost`]) to a new one, the oldest first.
    pub(crate) fn adopt(&mut self, item: &ItemId) -> bool {
        match self
            .speeches
            .iter_mut()
            .find(|speech| speech.item.is_none())
        {
            Some(speech) => {
                speech.item = Some(item.clone());
                true
            }
            None => false,
        }
    }

    /// The provider will not send the words of anything before. What was answered is not told to another one: it would be
    /// answered twice.
    pub(crate) fn provider_lost(&mut self, out: &mut VecDeque<Output>) {
        let (answered, waiting) = std::mem::take(&mut self.speeches)
            .into_iter()
            .partition(|speech| speech.answered);
        self.speeches = waiting;
        let answered: Vec<Speech> = answered;
        for speech in answered {
            self.settle_words(speech.turn, speech.shown.trim().to_owned(), out);
        }
        for speech in &mut self.speeches {
            speech.item = None;
            speech.shown.clear();
        }
    }

    /// More of the learner's words.
    pub(crate) fn words_delta(&mut self, item: &ItemId, delta: String, out: &mut VecDeque<Output>) {
        let Some(speech) = self.speech_of(item) else {
            return;
        };
        speech.shown.push_str(&delta);
        let turn = speech.turn;
        out.push_back(Output::Caption(Caption::Append { turn, text: delta }));
    }

    /// The learner's words, final. Returns false when no turn waits for them.
    pub(crate) fn words(
        &mut self,
        item: &ItemId,
        text: String,
        out: &mut VecDeque<Output>,
    ) -> bool {
        let text = text.trim().to_owned();
        let Some(speech) = self.speech_of(item) else {
            return false;
        };
        if speech.ended.is_none() {
            // More words of a turn that is still spoken come as another stretch of the same item.
            speech.words = Some(text);
            return true;
        }
        let turn = speech.turn;
        self.speeches.retain(|speech| speech.turn != turn);
        self.settle_words(turn, text, out);
        true
    }

    fn speech_of(&mut self, item: &ItemId) -> Option<&mut Speech> {
        let known = self
            .speeches
            .iter()
            .position(|speech| speech.item.as_ref() == Some(item));
        let index = known.or_else(|| {
            self.speeches
                .iter()
                .position(|speech| speech.item.is_none())
        })?;
        let speech = &mut self.speeches[index];
        speech.item = Some(item.clone());
        Some(speech)
    }

    /// Waits no longer for words that are due by `now`, or for any (`None`). What was shown is what remains.
    pub(crate) fn give_up_words(&mut self, now: Option<Moment>, out: &mut VecDeque<Output>) {
        let (due, waiting): (Vec<_>, Vec<_>) = std::mem::take(&mut self.speeches)
            .into_iter()
            .partition(|speech| {
                speech
                    .ended
                    .is_some_and(|ended| now.is_none_or(|now| ended + WORDS_TAKE_AT_MOST <= now))
            });
        self.speeches = waiting;
        for speech in due {
            self.settle_words(speech.turn, speech.shown.trim().to_owned(), out);
        }
    }

    fn settle_words(&mut self, turn: TurnId, text: String, out: &mut VecDeque<Output>) {
        self.transcript.set_text(turn, &text);
        let caption = Caption::Final {
            turn,
            speaker: Speaker::Learner,
            text: text.clone(),
            interrupted: false,
        };
        out.push_back(Output::Caption(caption));
        out.push_back(Output::TurnWords { turn, text });
    }

    /// The learner typed: a turn that begins and ends at once. Nobody may hold the floor.
    pub(crate) fn typed(&mut self, text: String, now: Moment, out: &mut VecDeque<Output>) {
        let turn = self.begin(Speaker::Learner, out);
        self.end(in_writing(turn, Speaker::Learner, text, now), out);
    }

    /// The tutor answers in writing: a turn that begins and ends at once. Nobody may hold the floor.
    pub(crate) fn written(
        &mut self,
        answer: WrittenAnswer,
        now: Moment,
        out: &mut VecDeque<Output>,
    ) {
        for speech in &mut self.speeches {
            speech.answered = true;
        }
        let turn = self.begin(Speaker::Tutor, out);
        let ended = EndedTurn {
            author: Some(answer.author),
            ..in_writing(turn, Speaker::Tutor, answer.text, now)
        };
        self.end(ended, out);
    }

    /// Returns whether nobody holds the floor.
    pub(crate) fn is_free(&self) -> bool {
        self.holder == Holder::Nobody
    }

    /// The tutor says something in writing that is no part of the talk: no provider is told of it. Nobody may hold the floor.
    pub(crate) fn notice(&mut self, text: String, now: Moment, out: &mut VecDeque<Output>) {
        let turn = self.begin(Speaker::Tutor, out);
        out.push_back(Output::Caption(Caption::Final {
            turn,
            speaker: Speaker::Tutor,
            text: text.clone(),
            interrupted: false,
        }));
        let notice = in_writing(turn, Speaker::Tutor, text, now);
        out.push_back(Output::TurnEnded(notice));
    }

    /// A reply begins to sound. Nobody may hold the floor.
    pub(crate) fn begin_reply(&mut self, now: Moment, out: &mut VecDeque<Output>) {
        for speech in &mut self.speeches {
            speech.answered = true;
        }
        let turn = self.begin(Speaker::Tutor, out);
        self.holder = Holder::Tutor { turn, since: now };
    }

    /// More of the reply's words were heard.
    pub(crate) fn reply_heard(&mut self, words: &str, out: &mut VecDeque<Output>) {
        if let Holder::Tutor { turn, .. } = self.holder {
            out.push_back(Output::Caption(Caption::Append {
                turn,
                text: words.to_owned(),
            }));
        }
    }

    /// The reply that sounds has ended; does nothing when none does.
    pub(crate) fn end_reply(
        &mut self,
        outcome: ReplyOutcome,
        now: Moment,
        out: &mut VecDeque<Output>,
    ) {
        let Holder::Tutor { turn, since } = self.holder else {
            return;
        };
        let ended = EndedTurn {
            turn,
            speaker: Speaker::Tutor,
            text: outcome.text.trim().to_owned(),
            text_pending: false,
            started_at: since,
            ended_at: now,
            interrupted: outcome.interrupted,
            heard: Some(outcome.heard),
            latency: outcome.latency,
            usage: outcome.usage,
            author: None,
        };
        self.end(ended, out);
    }
}

/// A turn that was never spoken: it begins and ends at once.
fn in_writing(turn: TurnId, speaker: Speaker, text: String, now: Moment) -> EndedTurn {
    EndedTurn {
        turn,
        speaker,
        text,
        text_pending: false,
        started_at: now,
        ended_at: now,
        interrupted: false,
        heard: None,
        latency: None,
        usage: None,
        author: None,
    }
}
