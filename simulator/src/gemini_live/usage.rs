//! What a turn costs, in the words of `usageMetadata`.

use serde_json::{Value, json};

use super::context::{Entry, EntryKind};
use crate::tokens::text_tokens;

/// A token of audio, either way, lasts 40 ms.
const AUDIO_TOKEN_MS: u64 = 40;

/// Returns the metadata of a turn that read this context and said these words in so much audio.
pub(super) fn metadata(instructions: &str, context: &[Entry], words: &str, audio_ms: u64) -> Value {
    let (mut text_in, mut audio_in) = (text_tokens(instructions), 0);
    for entry in context {
        if entry.audio_ms > 0 {
            audio_in += entry.audio_ms / AUDIO_TOKEN_MS;
        } else {
            text_in += text_tokens(&entry.words);
        }
        if let EntryKind::Output { response, .. } = &entry.kind {
            text_in += text_tokens(&response.to_string());
        }
    }
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
