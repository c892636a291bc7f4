//! What a provider is asked so that a learner hears one of its voices before choosing it.

use crate::instructions::language;
use crate::{SessionSetup, TurnDetection};

/// Returns a session for one short sentence of a voice, and the words that ask for it. It says nothing of the learner but what
/// they learn: what is said may be kept for others.
#[must_use]
pub fn voice_sample(voice: &str, target_language: &str) -> (SessionSetup, String) {
    let target = language(target_language);
    let setup = SessionSetup {
        instructions: format!(
            "You are Avaaz, a warm and patient tutor of {target}, on a voice call. You speak {target} and nothing else."
        ),
        voice: Some(voice.to_owned()),
        speed: 1.0,
        turn_detection: TurnDetection::Manual,
        languages: vec![target_language.to_owned()],
        history: Vec::new(),
        tools: Vec::new(),
        resume: None,
    };
    let reply = format!(
        "Let somebody who learns {target} hear how you sound: say in {target}, as you would at the beginning of a lesson, that you \
         are glad to talk with them. One sentence of at most twelve easy words, without a name and without a question; then stop."
    );
    (setup, reply)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_voice_and_the_language_are_asked_for_and_the_answer_is_short() {
        let (setup, reply) = voice_sample("cedar", "pt-BR");
        assert_eq!(setup.voice.as_deref(), Some("cedar"));
        assert!(setup.instructions.contains("Portuguese (pt-BR)"));
        assert!(reply.contains("Portuguese (pt-BR)") && reply.contains("One sentence"));
    }

    #[test]
    fn nobody_is_listened_to_and_nothing_can_be_called() {
        let (setup, _) = voice_sample("cedar", "en");
        assert_eq!(setup.turn_detection, TurnDetection::Manual);
        assert!(setup.tools.is_empty() && setup.history.is_empty());
    }
}
