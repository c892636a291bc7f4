//! The learner's turn: its sound, its beginning and end, and its words, which may come long after it.

use std::time::Duration;

use avaaz_tutor::{ItemId, Pcm, ProviderEvent, TurnDetection};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Due, Translator, send};
use crate::realtime::gemini::wire::{Blob, ClientMessage, RealtimeInput, Words};
use crate::realtime::samples::bytes_of;
use crate::realtime::socket::Step;

/// The longest turn of which only the end is told.
const LONGEST_UNPLACED: Duration = Duration::from_secs(60);

/// What was heard of the learner's last turn.
#[derive(Debug)]
pub(super) struct Heard {
    item: ItemId,
    text: String,
    /// The service has said that no more words come.
    is_finished: bool,
    /// The model has begun to speak in answer to it.
    pub(super) is_answered: bool,
}

impl Translator {
    /// Passes sound on while the learner has the turn; the service ignores all other.
    pub(super) fn learner_audio(&mut self, pcm: Pcm, step: &mut Step) {
        if self.turn_is_open {
            send_audio(&pcm, step);
        } else if self.setup.turn_detection == TurnDetection::Manual {
            self.unplaced.push_back(pcm);
            let mut kept: Duration = self.unplaced.iter().map(Pcm::duration).sum();
            while kept > LONGEST_UNPLACED
                && let Some(oldest) = self.unplaced.pop_front()
            {
                kept = kept.saturating_sub(oldest.duration());
            }
        }
    }

    pub(super) fn begin_turn(&mut self, step: &mut Step) {
        if self.turn_is_open {
            return;
        }
        self.tell_notes(step);
        self.end_words(step);
        self.heard = Some(Heard {
            item: ItemId(self.name("speech")),
            text: String::new(),
            is_finished: false,
            is_answered: false,
        });
        self.turn_is_open = true;
        self.unplaced.clear();
        self.asked_by_commit = false;
        self.due = Due::Nothing;
        let start = RealtimeInput::ActivityStart {};
        send(step, &ClientMessage::RealtimeInput(start));
    }

    /// The learner's turn is over. If its beginning was not told, all that was said since the last one is the turn.
    pub(super) fn commit(&mut self, step: &mut Step) {
        let unplaced = std::mem::take(&mut self.unplaced);
        if !self.turn_is_open && !unplaced.is_empty() {
            self.begin_turn(step);
            for pcm in &unplaced {
                send_audio(pcm, step);
            }
        }
        self.end_turn(step);
    }

    /// The end of a turn asks for the answer as well.
    pub(super) fn end_turn(&mut self, step: &mut Step) {
        if !std::mem::take(&mut self.turn_is_open) {
            return;
        }
        let end = RealtimeInput::ActivityEnd {};
        send(step, &ClientMessage::RealtimeInput(end));
        self.asked_by_commit = true;
        self.due = Due::Answer;
        self.last = None;
        if self.heard.as_ref().is_some_and(|heard| heard.is_finished) {
            self.end_words(step);
        }
    }

    pub(super) fn learner_words(&mut self, words: Words, step: &mut Step) {
        let delta = words.text.unwrap_or_default();
        let Some(heard) = &mut self.heard else {
            if !delta.trim().is_empty() {
                // Too late for the turn that they belong to; better apart than lost.
                let item = ItemId(self.name("speech"));
                let text = delta;
                step.events.push(ProviderEvent::LearnerWords { item, text });
            }
            return;
        };
        if !delta.is_empty() {
            heard.text.push_str(&delta);
            step.events.push(ProviderEvent::LearnerWordsDelta {
                item: heard.item.clone(),
                delta,
            });
        }
        if words.finished == Some(true) {
            heard.is_finished = true;
            if !self.turn_is_open {
                self.end_words(step);
            }
        }
    }

    /// A spoken answer came to an end: by then the words are all there. None at all are waited for until the service's turn is
    /// over. An answer that was only a call, or nothing at all, is faster than they are, so they are waited for until it speaks
    /// or the learner does. The conversation bounds that wait.
    pub(super) fn settle_words(&mut self, turn_is_over: bool, step: &mut Step) {
        let is_due = self.heard.as_ref().is_some_and(|heard| {
            heard.is_answered && (turn_is_over || !heard.text.trim().is_empty())
        });
        if is_due && !self.turn_is_open {
            self.end_words(step);
        }
    }

    fn end_words(&mut self, step: &mut Step) {
        if let Some(heard) = self.heard.take() {
            step.events.push(ProviderEvent::LearnerWords {
                item: heard.item,
                text: heard.text.trim().to_owned(),
            });
        }
    }
}

fn send_audio(pcm: &Pcm, step: &mut Step) {
    let audio = RealtimeInput::Audio(Blob {
        mime_type: format!("audio/pcm;rate={}", pcm.rate_hz),
        data: STANDARD.encode(bytes_of(&pcm.samples)),
    });
    send(step, &ClientMessage::RealtimeInput(audio));
}
