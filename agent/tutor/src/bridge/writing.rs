//! While there is no voice, the tutor answers in writing: somebody who can write is asked, and a voice that comes back goes before them.

use std::time::Duration;

use super::Bridge;
use super::line::Line;
use crate::{Moment, Output, Speaker, TurnId, VoiceState, WritingRequest, WrittenAnswer};

/// Whoever cannot write now may be able to later.
const AFTER_FAILURE: Duration = Duration::from_secs(20);

/// What is asked for in writing.
#[derive(Debug, Default)]
pub(super) struct Writing {
    /// The turn of the learner that is being answered.
    asked: Option<TurnId>,
    /// An answer that came while a voice was being opened, which would answer itself.
    kept: Option<WrittenAnswer>,
    not_before: Option<Moment>,
    /// When the learner last got an answer in writing.
    answered_at: Option<Moment>,
}

impl Writing {
    /// Returns since when nobody answers the learner, neither aloud nor in writing.
    pub(super) fn silent_since(&self, voiceless_since: Moment) -> Moment {
        self.answered_at
            .map_or(voiceless_since, |at| at.max(voiceless_since))
    }
}

impl Bridge {
    /// What was asked for is written, or cannot be.
    pub(super) fn written(&mut self, answer: Option<WrittenAnswer>) {
        if self.writing.asked.is_none() || self.writing.kept.is_some() {
            return;
        }
        let answer = answer.map(|answer| WrittenAnswer {
            text: answer.text.trim().to_owned(),
            ..answer
        });
        self.writing.kept = answer.filter(|answer| !answer.text.is_empty());
        if self.writing.kept.is_none() {
            self.writing.asked = None;
            self.writing.not_before = Some(self.now.saturating_add(AFTER_FAILURE));
        }
    }

    /// Returns when somebody is to be asked again.
    pub(super) fn writing_due(&self) -> Option<Moment> {
        self.writing.not_before.filter(|_| self.writes_instead())
    }

    pub(super) fn settle_writing(&mut self) {
        let last = self.floor.transcript().unanswered();
        if !self.writes_instead() || last != self.writing.asked {
            // A voice is back, or the learner has said more, or has left.
            if self.writing.asked.take().is_some() && self.writing.kept.take().is_none() {
                self.out.push_back(Output::StopWriting);
            }
        }
        if !self.writes_instead() || !self.floor.is_free() {
            return;
        }
        if self.writing.asked.is_none() {
            let may_ask = self.writing.not_before.is_none_or(|at| self.now >= at);
            if let Some(turn) = last.filter(|_| may_ask) {
                self.writing.asked = Some(turn);
                self.writing.not_before = None;
                let mut history = self.history();
                // Calls of tools that were made before the voice was lost.
                while history
                    .pop_if(|turn| turn.speaker == Speaker::Tutor)
                    .is_some()
                {}
                self.out.push_back(Output::Write(Box::new(WritingRequest {
                    instructions: crate::instructions::in_writing(&self.brief),
                    history,
                })));
            }
        }
        // A session that is being opened knows the question and not this answer.
        if matches!(self.line, Line::Waiting { .. })
            && let Some(answer) = self.writing.kept.take()
        {
            self.writing.asked = None;
            self.writing.answered_at = Some(self.now);
            self.owed.take_if(|owed| *owed == super::Owed::Answer);
            self.floor.written(answer, self.now, &mut self.out);
        }
    }

    /// Returns whether the learner is here and has been told that there is no voice.
    fn writes_instead(&self) -> bool {
        matches!(self.line, Line::Opening { .. } | Line::Waiting { .. })
            && self.voice == Some(VoiceState::Unavailable)
            && self.away_since.is_none()
            && self.leaving.is_none()
    }
}
