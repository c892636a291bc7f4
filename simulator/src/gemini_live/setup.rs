//! The settings of a session: read from `setup`, and checked against what the model can do.

use serde_json::{Value, json};

use super::refusal::Refusal;
use crate::input_audio::TurnDetection;

const VOICES: &[&str] = &[
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
/// Four fifths of the window.
const DEFAULT_TRIGGER_TOKENS: u64 = 104_857;
const DEFAULT_VOICE: &str = "Puck";

/// The families of models, which differ in what they take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Model {
    Live38,
    Live38Thinking,
    Flash31,
    NativeAudio25,
}

/// The models by their names on the wire.
pub(super) const MODELS: &[(&str, Model)] = &[
    ("models/gemini-3.8-live", Model::Live38),
    (
        "models/gemini-3.8-live-extended-thinking",
        Model::Live38Thinking,
    ),
    ("models/gemini-3.1-flash-live-preview", Model::Flash31),
    (
        "models/gemini-2.5-flash-native-audio-preview-12-2025",
        Model::NativeAudio25,
    ),
];

impl Model {
    /// Whether it is of the newest generation.
    pub(super) const fn is_38(self) -> bool {
        matches!(self, Self::Live38 | Self::Live38Thinking)
    }
}

/// A function that the model may call.
#[derive(Debug, Clone)]
pub(super) struct Function {
    pub(super) name: String,
    pub(super) is_blocking: bool,
    /// In the form that the partner reads.
    pub(super) declaration: Value,
}

/// The settings of a session.
#[derive(Debug, Clone)]
pub(super) struct Setup {
    pub(super) model_name: String,
    pub(super) model: Model,
    pub(super) instructions: String,
    pub(super) voice: String,
    pub(super) functions: Vec<Function>,
    /// `None` where the client tells the learner's activity itself.
    pub(super) detection: Option<TurnDetection>,
    pub(super) activity_interrupts: bool,
    pub(super) transcribes_input: bool,
    pub(super) transcribes_output: bool,
    /// Past so many tokens the oldest half of the context is forgotten.
    pub(super) compresses_at: Option<u64>,
    /// Whether handles to go on with were asked for.
    pub(super) gives_handles: bool,
    /// Whether the first content is the history and nothing else.
    pub(super) begins_with_history: bool,
    /// The session to go on with.
    pub(super) resumes: Option<String>,
}

impl Setup {
    /// Checks what a client sent. `version` is that of the path.
    pub(super) fn read(setup: &Value, version: &str) -> Result<Self, Refusal> {
        let name = setup["model"].as_str().unwrap_or_default();
        let model = MODELS.iter().find(|(known, _)| *known == name);
        let Some((_, model)) = model else {
            return Err(Refusal::model_not_found(name, version));
        };
        let generation = &setup["generationConfig"];
        check_for_model(*model, setup, version)?;
        if let Some(modalities) = generation["responseModalities"].as_array()
            && *modalities != [json!("AUDIO")]
        {
            return Err(Refusal::invalid_argument());
        }
        let voice = generation
            .pointer("/speechConfig/voiceConfig/prebuiltVoiceConfig/voiceName")
            .and_then(Value::as_str)
            .unwrap_or(DEFAULT_VOICE);
        if !VOICES.contains(&voice) {
            let reason =
                format!("Requested voice api_name '{voice}' is not available for model {name}");
            return Err(Refusal::new(1007, reason));
        }
        let activity = &setup["realtimeInputConfig"];
        Ok(Self {
            model_name: name.to_owned(),
            model: *model,
            instructions: instructions(&setup["systemInstruction"]),
            voice: voice.to_owned(),
            functions: functions(&setup["tools"], *model)?,
            detection: detection(&activity["automaticActivityDetection"]),
            activity_interrupts: activity["activityHandling"] != "NO_INTERRUPTION",
            transcribes_input: !setup["inputAudioTranscription"].is_null(),
            transcribes_output: !setup["outputAudioTranscription"].is_null(),
            compresses_at: compression(&setup["contextWindowCompression"]),
            gives_handles: !setup["sessionResumption"].is_null(),
            begins_with_history: setup["historyConfig"]["initialHistoryInClientContent"] == true,
            resumes: setup["sessionResumption"]["handle"]
                .as_str()
                .map(str::to_owned),
        })
    }

    /// Takes over a `contextUpdate`.
    pub(super) fn update(&mut self, update: &Value) -> Result<(), Refusal> {
        if !self.model.is_38() {
            return Err(Refusal::not_enabled());
        }
        if !update["systemInstruction"].is_null() {
            self.instructions = instructions(&update["systemInstruction"]);
        }
        if !update["tools"].is_null() {
            self.functions = functions(&update["tools"]["tools"], self.model)?;
        }
        Ok(())
    }

    /// The functions in the form that the partner reads.
    pub(super) fn tools(&self) -> Value {
        self.functions
            .iter()
            .map(|function| function.declaration.clone())
            .collect()
    }

    pub(super) fn is_blocking(&self, name: &str) -> bool {
        self.functions
            .iter()
            .any(|function| function.name == name && function.is_blocking)
    }
}

fn check_for_model(model: Model, setup: &Value, version: &str) -> Result<(), Refusal> {
    let generation = &setup["generationConfig"];
    let thinking = &generation["thinkingConfig"];
    let ways_to_think = ["thinkingLevel", "thinkingBudget"]
        .iter()
        .filter(|key| !thinking[**key].is_null())
        .count();
    let has_good_thinking = match model {
        Model::Live38 => thinking.is_null(),
        Model::Live38Thinking => ways_to_think == 1,
        Model::Flash31 | Model::NativeAudio25 => ways_to_think <= 1,
    };
    let is_affective = generation["enableAffectiveDialog"] == true;
    let has_good_dialog = match model {
        Model::NativeAudio25 => !is_affective || version == "v1alpha",
        _ => !is_affective,
    };
    let proactive = &setup["proactivity"]["proactiveAudio"];
    let has_good_proactivity = match model {
        Model::Live38 | Model::Live38Thinking => proactive != false,
        Model::NativeAudio25 => proactive.is_null() || version == "v1alpha",
        Model::Flash31 => proactive.is_null(),
    };
    if has_good_thinking && has_good_dialog && has_good_proactivity {
        Ok(())
    } else {
        Err(Refusal::invalid_argument())
    }
}

fn instructions(content: &Value) -> String {
    let parts = content["parts"].as_array().into_iter().flatten();
    let texts: Vec<_> = parts.filter_map(|part| part["text"].as_str()).collect();
    texts.join("\n")
}

fn functions(tools: &Value, model: Model) -> Result<Vec<Function>, Refusal> {
    let mut functions: Vec<Function> = Vec::new();
    let declarations = tools.as_array().into_iter().flatten().flat_map(|tool| {
        tool["functionDeclarations"]
            .as_array()
            .into_iter()
            .flatten()
    });
    for declaration in declarations {
        let name = declaration["name"].as_str().unwrap_or_default();
        let is_twice = functions.iter().any(|function| function.name == name);
        let has_both =
            !declaration["parameters"].is_null() && !declaration["parametersJsonSchema"].is_null();
        if name.is_empty() || is_twice || has_both {
            return Err(Refusal::invalid_argument());
        }
        let mut parameters = declaration["parameters"].clone();
        if parameters.is_null() {
            parameters = declaration["parametersJsonSchema"].clone();
        }
        lower_types(&mut parameters);
        functions.push(Function {
            name: name.to_owned(),
            is_blocking: match declaration["behavior"].as_str() {
                Some(behavior) => behavior == "BLOCKING",
                None => !model.is_38(),
            },
            declaration: json!({"type": "function", "name": name, "parameters": parameters}),
        });
    }
    Ok(functions)
}

/// Writes the types as JSON schema does.
fn lower_types(schema: &mut Value) {
    if let Some(Value::String(kind)) = schema.get_mut("type") {
        *kind = kind.to_lowercase();
    }
    for (_, property) in schema
        .get_mut("properties")
        .and_then(Value::as_object_mut)
        .into_iter()
        .flatten()
    {
        lower_types(property);
    }
}

fn compression(compression: &Value) -> Option<u64> {
    if compression.is_null() {
        return None;
    }
    Some(
        compression["triggerTokens"]
            .as_u64()
            .unwrap_or(DEFAULT_TRIGGER_TOKENS),
    )
}

fn detection(automatic: &Value) -> Option<TurnDetection> {
    if automatic["disabled"] == true {
        return None;
    }
    let is_slow = automatic["endOfSpeechSensitivity"] == "END_SENSITIVITY_LOW";
    let is_deaf = automatic["startOfSpeechSensitivity"] == "START_SENSITIVITY_LOW";
    Some(TurnDetection {
        threshold: if is_deaf { 0.7 } else { 0.5 },
        prefix_padding_ms: automatic["prefixPaddingMs"].as_u64().unwrap_or(20),
        silence_duration_ms: automatic["silenceDurationMs"]
            .as_u64()
            .unwrap_or(if is_slow { 800 } else { 500 }),
        idle_timeout_ms: None,
        create_response: true,
        interrupt_response: true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(mut setup: Value) -> Result<Setup, Refusal> {
        if setup["model"].is_null() {
            setup["model"] = "models/gemini-3.8-live".into();
        }
        Setup::read(&setup, "v1beta")
    }

    #[test]
    fn a_model_needs_its_prefix() {
        let refusal = read(json!({"model": "gemini-3.8-live"})).unwrap_err();
        assert_eq!(refusal.code, 1008);
        assert!(refusal.reason.starts_with(
            "gemini-3.8-live is not found for API version v1beta, or is not supported"
        ));
    }

    #[test]
    fn what_the_model_cannot_do_is_refused() {
        for bad in [
            json!({"generationConfig": {"responseModalities": ["TEXT"]}}),
            json!({"generationConfig": {"responseModalities": ["AUDIO", "TEXT"]}}),
            json!({"generationConfig": {"thinkingConfig": {"thinkingBudget": 0}}}),
            json!({"generationConfig": {"enableAffectiveDialog": true}}),
            json!({"proactivity": {"proactiveAudio": false}}),
            json!({"model": "models/gemini-3.8-live-extended-thinking"}),
        ] {
            assert_eq!(read(bad.clone()).unwrap_err().code, 1007, "{bad}");
        }
        assert!(read(json!({"generationConfig": {"responseModalities": ["AUDIO"]}})).is_ok());
    }

    #[test]
    fn an_unknown_voice_is_told_by_its_name() {
        let voice = json!({"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": "marin"}}});
        let refusal = read(json!({"generationConfig": {"speechConfig": voice}})).unwrap_err();
        assert!(refusal.reason.contains("'marin'"), "{}", refusal.reason);
    }

    #[test]
    fn functions_block_by_default_in_the_older_models_only() {
        let tools = json!([{"functionDeclarations": [{"name": "look_up"}]}]);
        for (model, blocks) in [
            ("models/gemini-3.8-live", false),
            ("models/gemini-3.1-flash-live-preview", true),
        ] {
            let setup = read(json!({"model": model, "tools": tools})).unwrap();
            assert_eq!(setup.is_blocking("look_up"), blocks, "{model}");
        }
    }
}
