//! The dialect from before general availability: the session is flat, and some names differ.

pub mod wire;

use super::wire as ga;

/// Says the same in the older shape. What that shape has no word for (truncation, noise reduction) is left out.
pub(super) fn session(session: ga::Session) -> wire::Session {
    let audio = session.audio.unwrap_or_default();
    let input = audio.input.unwrap_or_default();
    let output = audio.output.unwrap_or_default();
    // At the beginning a normal speed goes without saying: not every server knows the key.
    let begins = output.format.is_some();
    let speed =
        Some(output.speed).filter(|speed| *speed > 0.0 && !(begins && (speed - 1.0).abs() < 0.001));
    wire::Session {
        modalities: session.output_modalities.map(|_| ["text", "audio"]),
        instructions: session.instructions,
        voice: output.voice,
        // Always 24 kHz.
        input_audio_format: input.format.map(|_| "pcm16"),
        output_audio_format: output.format.map(|_| "pcm16"),
        input_audio_transcription: input.transcription.map(|transcription| ga::Transcription {
            languages: None,
            ..transcription
        }),
        turn_detection: input.turn_detection,
        tools: session.tools,
        tool_choice: session.tool_choice,
        speed,
    }
}
