//! A session as we ask for it, and how the service's models differ.

use avaaz_tutor::{SessionSetup, ToolOffer};

use crate::realtime::voices;

use super::wire::{
    AutomaticActivityDetection, ContextWindowCompression, FunctionDeclaration, GenerationConfig,
    HistoryConfig, Instruction, PrebuiltVoiceConfig, RealtimeInputConfig, SessionResumption, Setup,
    SlidingWindow, SpeechConfig, ThinkingConfig, Tool, Transcription, VoiceConfig,
};

/// Past so many tokens the oldest of the conversation is forgotten, so that an answer late in a long conversation costs no more
/// than one early in it.
const CONTEXT_TOKENS: u32 = 6_000;
/// So much is kept then.
const RETAINED_TOKENS: u32 = 4_800;

/// The voice that speaks when none is asked for.
pub(super) const DEFAULT_VOICE: &str = "Puck";

/// The service's own voices.
pub(super) const VOICES: [&str; 30] = [
    "Puck",
    "Charon",
    "Kore",
    "Fenrir",
    "Aoede",
    "Leda",
    "Orus",
    "Zephyr",
    "Achernar",
    "Achird",
    "Algenib",
    "Algieba",
    "Alnilam",
    "Autonoe",
    "Callirrhoe",
    "Despina",
    "Enceladus",
    "Erinome",
    "Gacrux",
    "Iapetus",
    "Laomedeia",
    "Pulcherrima",
    "Rasalgethi",
    "Sadachbia",
    "Sadaltager",
    "Schedar",
    "Sulafat",
    "Umbriel",
    "Vindemiatrix",
    "Zubenelgenubi",
];

/// What a model takes that others refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Model {
    /// Instructions and tools may change while the session is open, and hints about languages are taken.
    pub(super) is_current: bool,
    /// Content may be put into the conversation at any time, not only at its beginning.
    pub(super) takes_content_midway: bool,
    /// How tools are declared so that the learner may speak while one runs.
    behavior: Option<&'static str>,
    /// It has to be told how much to think.
    thinks: bool,
}

impl Model {
    /// Knows a model by its name; one that is not known is taken for a newer one.
    pub(super) fn of(name: &str) -> Self {
        let is_legacy = ["gemini-3.1", "gemini-2.", "gemini-live-2."]
            .iter()
            .any(|family| name.starts_with(family));
        let is_3_1 = name.starts_with("gemini-3.1");
        Self {
            is_current: !is_legacy,
            takes_content_midway: !is_3_1,
            behavior: (!is_3_1).then_some("NON_BLOCKING"),
            thinks: name.contains("extended-thinking"),
        }
    }
}

/// The whole session, as it begins. We find the learner's turns ourselves, whatever the setup says of them.
pub(super) fn whole(setup: &SessionSetup, model_name: &str) -> Setup {
    let model = Model::of(model_name);
    Setup {
        model: format!("models/{model_name}"),
        generation_config: GenerationConfig {
            response_modalities: ["AUDIO"],
            speech_config: setup
                .voice
                .as_deref()
                // Another provider's voice is none.
                .and_then(|wanted| voices::find(&VOICES, wanted))
                .map(|voice_name| SpeechConfig {
                    voice_config: VoiceConfig {
                        prebuilt_voice_config: PrebuiltVoiceConfig { voice_name },
                    },
                }),
            thinking_config: model.thinks.then_some(ThinkingConfig {
                thinking_level: "LOW",
            }),
        },
        system_instruction: Instruction::new(setup.instructions.clone()),
        tools: tools(&setup.tools, model),
        realtime_input_config: RealtimeInputConfig {
            automatic_activity_detection: AutomaticActivityDetection { disabled: true },
            activity_handling: "START_OF_ACTIVITY_INTERRUPTS",
            turn_coverage: "TURN_INCLUDES_ONLY_ACTIVITY",
        },
        session_resumption: SessionResumption {
            handle: setup.resume.as_ref().map(|handle| handle.0.to_string()),
        },
        // Without it a session of sound ends after a quarter of an hour, and each turn costs more than the one before.
        context_window_compression: ContextWindowCompression {
            trigger_tokens: CONTEXT_TOKENS,
            sliding_window: SlidingWindow {
                target_tokens: RETAINED_TOKENS,
            },
        },
        input_audio_transcription: Transcription {
            language_codes: if model.is_current {
                languages(&setup.languages)
            } else {
                Vec::new()
            },
        },
        output_audio_transcription: Transcription::default(),
        history_config: (!model.takes_content_midway && !setup.history.is_empty()).then_some(
            HistoryConfig {
                initial_history_in_client_content: true,
            },
        ),
    }
}

/// The tools as the service wants them declared: all in one list, and no list when there are none.
pub(super) fn tools(offered: &[ToolOffer], model: Model) -> Vec<Tool> {
    if offered.is_empty() {
        return Vec::new();
    }
    let declared = offered.iter().map(|tool| {
        FunctionDeclaration::new(
            tool.name.clone(),
            tool.description.clone(),
            &tool.parameters,
            model.behavior,
        )
    });
    vec![Tool {
        function_declarations: declared.collect(),
    }]
}

fn languages(tags: &[String]) -> Vec<String> {
    let mut codes: Vec<String> = Vec::new();
    for tag in tags {
        if !tag.is_empty() && !codes.contains(tag) {
            codes.push(tag.clone());
        }
    }
    codes
}
