//! Finds the language that a tutor's instructions ask for, so that the voice has the right accent.

const LANGUAGES: &[(&str, &str)] = &[
    ("english", "en"),
    ("spanish", "es"),
    ("french", "fr"),
    ("german", "de"),
    ("italian", "it"),
    ("portuguese", "pt"),
    ("dutch", "nl"),
    ("polish", "pl"),
    ("russian", "ru"),
    ("ukrainian", "uk"),
    ("turkish", "tr"),
    ("swedish", "sv"),
    ("norwegian", "nb"),
    ("danish", "da"),
    ("finnish", "fi"),
    ("czech", "cs"),
    ("greek", "el"),
    ("hungarian", "hu"),
    ("romanian", "ro"),
    ("hindi", "hi"),
    ("arabic", "ar"),
    ("persian", "fa"),
    ("hebrew", "he"),
    ("japanese", "ja"),
    ("korean", "ko"),
    ("chinese", "zh"),
    ("mandarin", "zh"),
    ("vietnamese", "vi"),
    ("indonesian", "id"),
];

/// Words before the name of the language that is taught or spoken.
const LEADS: &[&str] = &[
    "target language",
    "learning",
    "learns",
    "learn",
    "teach",
    "teaches",
    "speak",
    "practise",
    "practice",
    "answer in",
    "tutor",
];

/// Returns the language (BCP 47) that comes soonest after a word that asks for one.
pub(crate) fn language_asked_for(instructions: &str) -> Option<&'static str> {
    let instructions = instructions.to_lowercase();
    LEADS.iter().find_map(|lead| {
        let (_, rest) = instructions.split_once(lead)?;
        let near: String = rest.chars().take(40).collect();
        let named = LANGUAGES
            .iter()
            .filter_map(|(name, tag)| near.find(name).map(|at| (at, *tag)));
        named.min().map(|(_, tag)| tag)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_that_is_taught_is_found_rather_than_the_learners_own() {
        let instructions =
            "The learner's native language is English. Target language: Spanish (es).";
        assert_eq!(language_asked_for(instructions), Some("es"));
        assert_eq!(
            language_asked_for("You teach German to English speakers."),
            Some("de")
        );
        assert_eq!(language_asked_for("Be kind."), None);
    }
}
