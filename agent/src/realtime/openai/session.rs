//! A session as we ask for it.

use avaaz_tutor::{Patience, SessionSetup, TurnDetection};

use super::translate::RATE_HZ;
use super::wire::{
    Audio, AudioInput, AudioOutput, Format, ServerVad, Session, Tool, Transcription,
};

/// The whole session, as it begins.
pub(super) fn whole(
    setup: &SessionSetup,
    transcription_model: &str,
    default_voice: Option<&String>,
) -> Session {
    let format = || Format {
        kind: "audio/pcm",
        rate: RATE_HZ,
    };
    let offered = setup.tools.iter();
    let tools = offered.map(|tool| {
        Tool::function(
            tool.name.clone(),
            tool.description.clone(),
            &tool.parameters,
        )
    });
    let tools: Vec<Tool> = tools.collect();
    Session {
        output_modalities: Some(["audio"]),
        audio: Audio {
            input: AudioInput {
                format: Some(format()),
                ..listening(setup, transcription_model)
            },
            output: Some(AudioOutput {
                format: format(),
                voice: setup.voice.clone().or_else(|| default_voice.cloned()),
                speed: setup.speed.clamp(0.25, 1.5),
            }),
        },
        tool_choice: Some("auto"),
        tools: Some(tools),
        truncation: Some("auto"),
        ..changed(setup, transcription_model)
    }
}

/// What may change while the session lives: neither voice nor formats.
pub(super) fn changed(setup: &SessionSetup, transcription_model: &str) -> Session {
    Session {
        kind: "realtime",
        instructions: setup.instructions.clone(),
        output_modalities: None,
        audio: Audio {
            input: listening(setup, transcription_model),
            output: None,
        },
        tools: None,
        tool_choice: None,
        truncation: None,
    }
}

fn listening(setup: &SessionSetup, transcription_model: &str) -> AudioInput {
    let mut languages: Vec<String> = Vec::new();
    for tag in &setup.languages {
        // The service knows the two letters of ISO 639-1.
        let primary = tag
            .split('-')
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        if primary.len() == 2 && !languages.contains(&primary) {
            languages.push(primary);
        }
    }
    // A model that takes one language only would mishear a learner who falls back to their own.
    let takes_several = ["gpt-transcribe", "gpt-live-transcribe"]
        .iter()
        .any(|model| transcription_model.starts_with(model));
    let (language, languages) = match languages.as_slice() {
        [] => (None, None),
        [one] => (Some(one.clone()), None),
        _ => (None, takes_several.then_some(languages)),
    };
    AudioInput {
        format: None,
        transcription: Transcription {
            model: transcription_model.to_owned(),
            language,
            languages,
        },
        turn_detection: match setup.turn_detection {
            TurnDetection::Manual => None,
            TurnDetection::Listening { patience, acts } => Some(ServerVad {
                kind: "server_vad",
                threshold: 0.5,
                prefix_padding_ms: 300,
                silence_duration_ms: match patience {
                    Patience::Patient => 1200,
                    Patience::Normal => 600,
                    Patience::Quick => 300,
                },
                create_response: acts,
                interrupt_response: acts,
            }),
        },
    }
}
