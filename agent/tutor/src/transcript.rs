//! What was said, as a provider is told of it when a session begins.

use std::collections::VecDeque;

use crate::{PastTurn, Speaker, TurnId};

/// How many turns are kept at most.
const MOST_TURNS: usize = 200;
/// How many characters of them a provider is told at most; the newest count.
const MOST_CHARS: usize = 12_000;

/// The turns so far, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Transcript {
    turns: VecDeque<PastTurn>,
}

impl Transcript {
    pub(crate) fn new(history: Vec<PastTurn>) -> Self {
        let mut transcript = Self::default();
        history.into_iter().for_each(|turn| transcript.push(turn));
        transcript
    }

    pub(crate) fn push(&mut self, turn: PastTurn) {
        self.turns.push_back(turn);
        if self.turns.len() > MOST_TURNS {
            self.turns.pop_front();
        }
    }

    /// Fills in words that came late.
    pub(crate) fn set_text(&mut self, turn: TurnId, text: &str) {
        if let Some(past) = self.turns.iter_mut().rev().find(|past| past.seq == turn.0) {
            text.clone_into(&mut past.text);
        }
    }

    /// Returns whether the learner said something that the tutor has not answered.
    pub(crate) fn waits_for_an_answer(&self) -> bool {
        self.turns
            .iter()
            .rev()
            .find(|turn| !turn.text.trim().is_empty())
            .is_some_and(|turn| turn.speaker == Speaker::Learner)
    }

    /// Returns what the tutor said last, when nobody spoke since.
    pub(crate) fn last_words_of_the_tutor(&self) -> &str {
        let said_something =
            |turn: &&PastTurn| turn.speaker == Speaker::Tutor || !turn.text.trim().is_empty();
        match self.turns.iter().rev().find(said_something) {
            Some(turn) if turn.speaker == Speaker::Tutor => &turn.text,
            _ => "",
        }
    }

    /// Returns the newest turns that fit, oldest first, without those that have no words.
    pub(crate) fn for_provider(&self) -> Vec<PastTurn> {
        let mut left = MOST_CHARS;
        let mut newest: Vec<PastTurn> = self
            .turns
            .iter()
            .rev()
            .filter(|turn| !turn.text.trim().is_empty())
            .take_while(|turn| {
                let chars = turn.text.chars().count();
                let fits = chars <= left;
                left = left.saturating_sub(chars);
                fits
            })
            .cloned()
            .collect();
        newest.reverse();
        newest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(seq: u32, speaker: Speaker, text: &str) -> PastTurn {
        PastTurn {
            seq,
            speaker,
            text: text.to_owned(),
            interrupted: false,
        }
    }

    #[test]
    fn a_provider_is_told_the_newest_turns_that_fit() {
        let long = "x".repeat(5_000);
        let transcript = Transcript::new(
            (1..=4)
                .map(|seq| turn(seq, Speaker::Learner, &long))
                .collect(),
        );
        let told: Vec<u32> = transcript
            .for_provider()
            .iter()
            .map(|turn| turn.seq)
            .collect();
        assert_eq!(told, [3, 4]);
    }

    #[test]
    fn turns_without_words_are_not_told() {
        let mut transcript = Transcript::new(vec![
            turn(1, Speaker::Learner, ""),
            turn(2, Speaker::Tutor, "Yes?"),
        ]);
        assert_eq!(transcript.for_provider().len(), 1);
        transcript.set_text(TurnId(1), "Hello");
        assert_eq!(transcript.for_provider()[0].text, "Hello");
    }

    #[test]
    fn it_knows_whose_turn_it_is_to_answer() {
        let mut transcript = Transcript::new(vec![
            turn(1, Speaker::Tutor, "Hi"),
            turn(2, Speaker::Learner, "Hello"),
        ]);
        assert!(transcript.waits_for_an_answer());
        transcript.push(turn(3, Speaker::Tutor, ""));
        assert!(transcript.waits_for_an_answer());
        transcript.push(turn(4, Speaker::Tutor, "Well"));
        assert!(!transcript.waits_for_an_answer());
    }

    #[test]
    fn it_is_bounded() {
        let transcript = Transcript::new(
            (1..=1000)
                .map(|seq| turn(seq, Speaker::Learner, "a"))
                .collect(),
        );
        assert_eq!(transcript.turns.len(), MOST_TURNS);
    }
}
