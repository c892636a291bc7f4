//! What was said, as a provider is told of it when a session begins.

use std::collections::VecDeque;

use crate::{PastTurn, Speaker, ToolCall, TurnId};

/// How many turns are kept at most.
const MOST_TURNS: usize = 200;
/// How many characters of them a provider is told at most; the newest count.
const MOST_CHARS: usize = 12_000;
/// How many calls of tools are kept at most.
const MOST_CALLS: usize = 16;
/// The longest arguments and the longest result of a call that are told, in characters.
const LONGEST_OF_A_CALL: usize = 200;

/// The turns so far, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Transcript {
    turns: VecDeque<PastTurn>,
    /// Calls of tools, as the tutor's own words in brackets, with the number of the turn that they came after. They are no turns:
    /// nobody saw or heard them.
    calls: VecDeque<PastTurn>,
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

    /// Keeps what the tutor called after this turn had begun, and what came of it.
    pub(crate) fn called(&mut self, after: u32, call: &ToolCall, output: &str) {
        let (arguments, output) = (short(&call.arguments), short(output));
        self.calls.push_back(PastTurn {
            seq: after,
            speaker: Speaker::Tutor,
            text: format!(
                "[Not said aloud: I called {} with {arguments}, and it returned {output}]",
                short(&call.name)
            ),
            interrupted: false,
        });
        if self.calls.len() > MOST_CALLS {
            self.calls.pop_front();
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
        self.unanswered().is_some()
    }

    /// Returns the last turn, when it is the learner's and has words.
    pub(crate) fn unanswered(&self) -> Option<TurnId> {
        let mut newest_first = self.turns.iter().rev();
        newest_first
            .find(|turn| !turn.text.trim().is_empty())
            .filter(|turn| turn.speaker == Speaker::Learner)
            .map(|turn| TurnId(turn.seq))
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

    /// Returns the newest turns that fit, oldest first, without those that have no words, and the calls of tools at their
    /// places. `sounding` is a turn that has not ended.
    pub(crate) fn for_provider(&self, sounding: Option<PastTurn>) -> Vec<PastTurn> {
        let mut all: Vec<&PastTurn> = self.turns.iter().chain(&sounding).collect();
        // Turns are in order already, and a call comes behind the turn that it has the number of.
        all.extend(&self.calls);
        all.sort_by_key(|turn| turn.seq);
        let mut left = MOST_CHARS;
        let mut newest: Vec<PastTurn> = all
            .into_iter()
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

/// Cuts what is too long to be told.
fn short(text: &str) -> String {
    let mut short: String = text.chars().take(LONGEST_OF_A_CALL).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
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
            .for_provider(None)
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
        assert_eq!(transcript.for_provider(None).len(), 1);
        transcript.set_text(TurnId(1), "Hello");
        assert_eq!(transcript.for_provider(None)[0].text, "Hello");
    }

    #[test]
    fn calls_are_told_at_their_place_and_are_short_and_few() {
        let mut transcript = Transcript::new(vec![
            turn(1, Speaker::Learner, "Slower"),
            turn(2, Speaker::Tutor, "Yes"),
        ]);
        let call = ToolCall {
            id: "c".into(),
            name: "set_patience".to_owned(),
            arguments: "{}".to_owned(),
        };
        for _ in 0..100 {
            transcript.called(1, &call, &"x".repeat(4_000));
        }
        let told = transcript.for_provider(Some(turn(3, Speaker::Tutor, "And")));
        assert_eq!(told.len(), 3 + MOST_CALLS);
        assert_eq!(
            (told[0].text.as_str(), told[17].text.as_str()),
            ("Slower", "Yes")
        );
        assert!(told[1].text.contains("set_patience") && told[1].text.chars().count() < 300);
        assert!(!transcript.waits_for_an_answer());
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
