//! Which of a script's replies is due, and which words the learner is taken to have said.

use super::{Learner, Quote, Reply, Script, Words};

/// How the words of speech begin that no script gives words to.
const NOT_UNDERSTOOD: &str = "[speech, ";

/// Where a reply's text quotes the instructions.
const QUOTE: &str = "{quote}";

/// What the choice of a reply depends on.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The instructions of the session, by which the learner is known.
    pub session_instructions: &'a str,
    /// The response's own instructions, where it has some.
    pub response_instructions: Option<&'a str>,
    /// How many turns of the learner the context holds.
    pub learner_turns: usize,
    /// The words of the learner's last turn.
    pub last_words: &'a str,
    /// Whether the last item of the context is a tool's output.
    pub after_tool_output: bool,
}

/// Where in a script a reply stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReplySlot {
    /// A learner's greeting.
    Greeting,
    /// The reply to a turn, counted from 0.
    Turn(usize),
    /// An entry of `matches`.
    Match(usize),
}

/// A reply that is due.
#[derive(Debug, Clone)]
pub struct Chosen {
    /// The reply.
    pub reply: Reply,
    /// Which learner's, `None` for the default one. With `slot` and `is_follow_up` this names the reply.
    pub learner: Option<usize>,
    /// Where it stands.
    pub slot: ReplySlot,
    /// Whether it is the reply's `then`.
    pub is_follow_up: bool,
}

impl Script {
    /// Returns the learner whom these instructions belong to, and their place in `learners`.
    pub fn learner(&self, session_instructions: &str) -> (Option<usize>, &Learner) {
        self.learners
            .iter()
            .enumerate()
            .find(|(_, learner)| session_instructions.contains(&learner.when_instructions_contain))
            .map_or((None, &self.default_learner), |(index, learner)| {
                (Some(index), learner)
            })
    }

    /// Returns the reply that the script has for this moment, if it has one.
    pub fn choose(&self, context: Context<'_>) -> Option<Chosen> {
        let (learner_index, learner) = self.learner(context.session_instructions);
        let (slot, reply) = learner.find_reply(context)?;
        let reply = if context.after_tool_output {
            reply.then.as_deref()?
        } else {
            reply
        };
        let mut reply = reply.clone();
        if reply.language.is_none() {
            reply.language.clone_from(&learner.language);
        }
        if let Some(quote) = &reply.quote {
            let words = quote.find(context.session_instructions).unwrap_or_default();
            reply.text = reply.text.replace(QUOTE, words);
        }
        Some(Chosen {
            reply,
            learner: learner_index,
            slot,
            is_follow_up: context.after_tool_output,
        })
    }
}

impl Learner {
    fn find_reply(&self, context: Context<'_>) -> Option<(ReplySlot, &Reply)> {
        let instructions = context
            .response_instructions
            .unwrap_or(context.session_instructions);
        let words = context.last_words.to_lowercase();
        let matching = self.matches.iter().enumerate().find(|(_, candidate)| {
            candidate
                .text_contains
                .as_ref()
                .is_none_or(|part| words.contains(&part.to_lowercase()))
                && candidate
                    .instructions_contain
                    .as_ref()
                    .is_none_or(|part| instructions.contains(part.as_str()))
        });
        if let Some((index, matching)) = matching {
            return Some((ReplySlot::Match(index), &matching.reply));
        }
        match context.learner_turns.checked_sub(1) {
            None => self
                .greeting
                .as_ref()
                .map(|reply| (ReplySlot::Greeting, reply)),
            Some(turn) => self
                .replies
                .get(turn)
                .map(|reply| (ReplySlot::Turn(turn), reply)),
        }
    }

    /// Returns which entry of `learner_says` these words are, so that a context that was sent again after a
    /// reconnection tells how far the learner had come.
    pub fn position_of(&self, words: &str) -> Option<usize> {
        self.learner_says
            .iter()
            .position(|entry| entry.as_ref().is_some_and(|entry| entry.text() == words))
    }

    /// Returns which entry of `learner_says` comes next: the one behind the last that the context holds, be it from this
    /// connection or, as text, from one before it. Each turn is told by its entry, where that is known, and its words.
    pub(crate) fn next_words<'a>(
        &self,
        turns: impl Iterator<Item = (Option<usize>, &'a str)>,
    ) -> usize {
        turns.fold(0, |next, (said, words)| {
            match said.or_else(|| self.position_of(words)) {
                Some(said) => said + 1,
                None if is_not_understood(words) => next + 1,
                None => next,
            }
        })
    }
}

impl Quote {
    fn find<'a>(&self, instructions: &'a str) -> Option<&'a str> {
        let (_, rest) = instructions.split_once(&self.after)?;
        let (words, _) = rest.split_once(&self.before)?;
        Some(words)
    }
}

/// Returns the honest words of speech that no script gives words to.
pub(crate) fn not_understood(spoken_ms: u64) -> String {
    format!("{NOT_UNDERSTOOD}{:.1} s]", spoken_ms as f64 / 1_000.0)
}

/// Returns whether these are words of [`not_understood`].
pub(crate) fn is_not_understood(words: &str) -> bool {
    words.starts_with(NOT_UNDERSTOOD)
}

impl Words {
    /// Returns the words themselves.
    pub fn text(&self) -> &str {
        match self {
            Self::Plain(text) => text,
            Self::Detailed(words) => &words.text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(json: serde_json::Value) -> Script {
        serde_json::from_value(json).unwrap()
    }

    fn context(turns: usize, words: &str) -> Context<'_> {
        Context {
            session_instructions: "You teach Maria.",
            response_instructions: None,
            learner_turns: turns,
            last_words: words,
            after_tool_output: false,
        }
    }

    #[test]
    fn the_replies_follow_the_learners_turns() {
        let script = script(
            serde_json::json!({"default": {"greeting": "Hello", "replies": ["One", {"text": "Two"}]}}),
        );
        let said = |turns| {
            script
                .choose(context(turns, ""))
                .map(|chosen| chosen.reply.text)
        };
        assert_eq!(said(0).as_deref(), Some("Hello"));
        assert_eq!(said(1).as_deref(), Some("One"));
        assert_eq!(said(2).as_deref(), Some("Two"));
        assert_eq!(said(3), None);
    }

    #[test]
    fn a_match_goes_before_the_turn_and_needs_all_its_conditions() {
        let script = script(
            serde_json::json!({"default": {"replies": ["One"], "matches": [
                {"text_contains": "Weather", "instructions_contain": "Pedro", "reply": "For Pedro"},
                {"text_contains": "Weather", "reply": "It rains"},
            ]}}),
        );
        let chosen = script.choose(context(1, "the weather?")).unwrap();
        assert_eq!(chosen.reply.text, "It rains");
        assert_eq!(chosen.slot, ReplySlot::Match(1));
    }

    #[test]
    fn learners_are_told_apart_by_their_instructions() {
        let script = script(serde_json::json!({
            "default": {"greeting": "Anybody"},
            "learners": [{"when_instructions_contain": "Maria", "greeting": "Maria!", "language": "es"}],
        }));
        let chosen = script.choose(context(0, "")).unwrap();
        assert_eq!(chosen.reply.text, "Maria!");
        assert_eq!(chosen.reply.language.as_deref(), Some("es"));
    }

    #[test]
    fn a_tools_output_brings_the_follow_up() {
        let script = script(serde_json::json!({"default": {"replies": [
            {"call": {"name": "look_up"}, "then": "Found it"},
        ]}}));
        let after = Context {
            after_tool_output: true,
            ..context(1, "")
        };
        assert_eq!(script.choose(after).unwrap().reply.text, "Found it");
    }

    #[test]
    fn a_reply_quotes_the_instructions_as_far_as_they_go() {
        let quoting = |after: &str| {
            let quote = serde_json::json!({"after": after, "before": "."});
            let greeting = serde_json::json!({"text": "Hello {quote}!", "quote": quote});
            let script = script(serde_json::json!({"default": {"greeting": greeting}}));
            script.choose(context(0, "")).unwrap().reply.text
        };
        assert_eq!(quoting("You teach "), "Hello Maria!");
        assert_eq!(quoting("You know "), "Hello !");
    }

    #[test]
    fn a_misspelt_key_is_refused() {
        let read =
            serde_json::from_value::<Script>(serde_json::json!({"default": {"greting": "Hello"}}));
        assert!(read.unwrap_err().to_string().contains("greting"));
    }
}
