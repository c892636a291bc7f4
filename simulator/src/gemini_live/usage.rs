//! What a turn costs, in the words of `usageMetadata`.

use serde_json::{Value, json};

use super::context::{Entry, EntryKind};
use crate::tokens::text_tokens;

/// A token of audio, either way, lasts 40 ms.
const AUDIO_TOKEN_MS: u64 = 40;

/// Returns the part of the context that is left where it is compressed past so many tokens: each time that it grows
/// past them, the oldest is forgotten until half is left.
pub(super) fn window(context: &[Entry], compresses_at: Option<u64>) -> &[Entry] {
    let Some(limit) = compresses_at else {
        return context;
    };
    let (mut first, mut tokens) = (0, 0);
    for (index, entry) in context.iter().enumerate() {
        tokens += text_of(entry) + audio_of(entry);
        if tokens <= limit {
            continue;
        }
        while tokens > limit / 2 && first < index {
            tokens -= text_of(&context[first]) + audio_of(&context[first]);
            first += 1;
        }
    }
    &context[first..]
}

const fn audio_of(entry: &Entry) -> u64 {
    entry.audio_ms / AUDIO_TOKEN_MS
}

fn text_of(entry: &Entry) -> u64 {
    match &entry.kind {
        EntryKind::Output { response, .. } => text_tokens(&response.to_string()),
        _ if entry.audio_ms > 0 => 0,
        _ => text_tokens(&entry.words),
    }
}

/// Returns the metadata of a turn that read this context and said these words in so much audio.
pub(super) fn metadata(instructions: &str, context: &[Entry], words: &str, audio_ms: u64) -> Value {
    let text_in = text_tokens(instructions) + context.iter().map(text_of).sum::<u64>();
    let audio_in: u64 = context.iter().map(audio_of).sum();
    let (text_out, audio_out) = (text_tokens(words), audio_ms / AUDIO_TOKEN_MS);
    let mut metadata = json!({
        "promptTokenCount": text_in + audio_in,
        "responseTokenCount": text_out + audio_out,
        "totalTokenCount": text_in + audio_in + text_out + audio_out,
    });
    for (key, text, audio) in [
        ("promptTokensDetails", text_in, audio_in),
        ("responseTokensDetails", text_out, audio_out),
    ] {
        let details: Vec<_> = [("TEXT", text), ("AUDIO", audio)]
            .into_iter()
            .filter(|(_, tokens)| *tokens > 0)
            .map(|(modality, tokens)| json!({"modality": modality, "tokenCount": tokens}))
            .collect();
        if !details.is_empty() {
            metadata[key] = details.into();
        }
    }
    metadata
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_context_that_is_compressed_stays_below_its_limit_and_keeps_the_newest() {
        let context: Vec<_> = (0..100).map(|_| Entry::spoken("", 0, 4_000)).collect();
        for turns in 1..=context.len() {
            let window = window(&context[..turns], Some(1_000));
            let tokens: u64 = window.iter().map(audio_of).sum();
            assert!(tokens <= 1_000 && !window.is_empty(), "{turns} turns");
        }
        assert_eq!(window(&context, None).len(), 100);
    }
}
