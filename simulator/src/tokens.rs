//! How text is counted.

/// Letters of an average token.
pub(crate) const CHARS_PER_TOKEN: u64 = 4;

/// Roughly how many tokens a text has.
pub(crate) fn text_tokens(text: &str) -> u64 {
    (text.chars().count() as u64).div_ceil(CHARS_PER_TOKEN)
}
