//! What a response costs, counted the way that the real server bills it.

use serde_json::{Value, json};

use super::conversation::Item;
use crate::tokens::{CHARS_PER_TOKEN, text_tokens};

/// A token of the learner's audio lasts 100 ms, one of the tutor's 50 ms.
const INPUT_AUDIO_TOKEN_MS: u64 = 100;
const OUTPUT_AUDIO_TOKEN_MS: u64 = 50;

/// Tokens of one response.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Usage {
    input_text: u64,
    input_audio: u64,
    cached: u64,
    output_chars: u64,
    output_audio_ms: u64,
}

impl Usage {
    /// Counts what the model reads; `cached` of it was read before.
    pub(super) fn of_input<'a>(
        instructions: &str,
        items: impl Iterator<Item = &'a Item>,
        cached: u64,
    ) -> Self {
        let mut usage = Self {
            input_text: text_tokens(instructions),
            ..Self::default()
        };
        for item in items.filter(|item| !item.is_forgotten) {
            usage.input_text += item.words.as_deref().map_or(0, text_tokens);
            usage.input_audio += item.audio_ms / INPUT_AUDIO_TOKEN_MS;
        }
        usage.cached = cached.min(usage.input_tokens());
        usage
    }

    pub(super) fn add_words(&mut self, words: &str) {
        self.output_chars += words.chars().count() as u64;
    }

    pub(super) fn add_audio(&mut self, duration_ms: u64) {
        self.output_audio_ms += duration_ms;
    }

    pub(super) const fn input_tokens(&self) -> u64 {
        self.input_text + self.input_audio
    }

    pub(super) const fn output_tokens(&self) -> u64 {
        self.output_text() + self.output_audio()
    }

    const fn output_text(&self) -> u64 {
        self.output_chars.div_ceil(CHARS_PER_TOKEN)
    }

    const fn output_audio(&self) -> u64 {
        self.output_audio_ms / OUTPUT_AUDIO_TOKEN_MS
    }

    pub(super) fn object(&self) -> Value {
        let cached_text = self.cached.min(self.input_text);
        json!({
            "total_tokens": self.input_tokens() + self.output_tokens(),
            "input_tokens": self.input_tokens(),
            "output_tokens": self.output_tokens(),
            "input_token_details": {
                "text_tokens": self.input_text,
                "audio_tokens": self.input_audio,
                "image_tokens": 0,
                "cached_tokens": self.cached,
                "cached_tokens_details": {
                    "text_tokens": cached_text,
                    "audio_tokens": self.cached - cached_text,
                    "image_tokens": 0,
                },
            },
            "output_token_details": {
                "text_tokens": self.output_text(),
                "audio_tokens": self.output_audio(),
            },
        })
    }
}

/// How many tokens the model reads for an item.
pub(super) fn item_tokens(item: &Item) -> u64 {
    item.words.as_deref().map_or(0, text_tokens) + item.audio_ms / INPUT_AUDIO_TOKEN_MS
}
