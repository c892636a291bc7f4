//! What the service says that something cost.

use avaaz_tutor::Usage;

use super::wire::UsageInfo;

/// The service counts a token for every 100 ms of a learner's sound.
const AUDIO_TOKENS_A_SECOND: f64 = 10.0;

/// Reads the cost of a response.
pub(super) fn of_response(info: &UsageInfo) -> Usage {
    let input = info.input_token_details.as_ref();
    let output = info.output_token_details.as_ref();
    let count = |tokens: Option<u64>| tokens.unwrap_or(0);
    Usage {
        input_text_tokens: count(input.and_then(|details| details.text_tokens)),
        input_audio_tokens: count(input.and_then(|details| details.audio_tokens)),
        cached_tokens: count(input.and_then(|details| details.cached_tokens)),
        output_text_tokens: count(output.and_then(|details| details.text_tokens)),
        output_audio_tokens: count(output.and_then(|details| details.audio_tokens)),
    }
}

/// Reads the cost of writing down what the learner said. Models that are billed by time tell seconds: they are told as the
/// tokens that so much sound has.
pub(super) fn of_transcription(info: &UsageInfo) -> Usage {
    let mut usage = of_response(info);
    if let Some(seconds) = info.seconds.filter(|seconds| *seconds > 0.0) {
        usage.input_audio_tokens = (seconds * AUDIO_TOKENS_A_SECOND).ceil() as u64;
    }
    usage.output_text_tokens = usage
        .output_text_tokens
        .max(info.output_tokens.unwrap_or(0));
    usage
}
