//! The messages that a client may send, key by key.

use serde_json::Value;

use super::refusal::Refusal;
use super::shape::Field;
use super::shape::Shape::{
    self, Any, Bytes, Each, Flag, Free, List, Number, Object, OneOf, Same, Text, Whole,
};

const BLOB: Shape = Object(&[("mimeType", Text), ("data", Bytes), ("displayName", Text)]);
const EMPTY: Shape = Object(&[]);

const CONTENT: Shape = Object(&[
    ("role", Text),
    (
        "parts",
        List(&Object(&[
            ("text", Text),
            ("inlineData", BLOB),
            ("thought", Flag),
            ("thoughtSignature", Bytes),
            (
                "functionCall",
                Object(&[("id", Text), ("name", Text), ("args", Free)]),
            ),
            ("functionResponse", FUNCTION_RESPONSE),
            ("fileData", Object(&[("mimeType", Text), ("fileUri", Text)])),
        ])),
    ),
]);

const FUNCTION_RESPONSE: Shape = Object(&[
    ("id", Text),
    ("name", Text),
    ("response", Free),
    ("scheduling", OneOf(&["SILENT", "WHEN_IDLE", "INTERRUPT"])),
    ("willContinue", Flag),
]);

/// The subset of OpenAPI that declares a function's parameters.
static SCHEMA: Shape = Object(&[
    (
        "type",
        OneOf(&[
            "STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT", "NULL",
        ]),
    ),
    ("format", Text),
    ("title", Text),
    ("description", Text),
    ("nullable", Flag),
    ("enum", List(&Text)),
    ("items", Same(&SCHEMA)),
    ("properties", Each(&Same(&SCHEMA))),
    ("required", List(&Text)),
    ("propertyOrdering", List(&Text)),
    ("anyOf", List(&Same(&SCHEMA))),
    ("minItems", Whole),
    ("maxItems", Whole),
    ("minProperties", Whole),
    ("maxProperties", Whole),
    ("minLength", Whole),
    ("maxLength", Whole),
    ("minimum", Number),
    ("maximum", Number),
    ("pattern", Text),
    ("example", Any),
]);

static TOOLS: Shape = List(&Object(&[
    (
        "functionDeclarations",
        List(&Object(&[
            ("name", Text),
            ("description", Text),
            ("parameters", Same(&SCHEMA)),
            ("parametersJsonSchema", Any),
            ("response", Same(&SCHEMA)),
            ("responseJsonSchema", Any),
            ("behavior", OneOf(&["BLOCKING", "NON_BLOCKING"])),
        ])),
    ),
    ("googleSearch", Free),
    ("codeExecution", EMPTY),
    ("urlContext", EMPTY),
]));

const VOICE: Shape = Object(&[("prebuiltVoiceConfig", Object(&[("voiceName", Text)]))]);

const GENERATION_CONFIG: Shape = Object(&[
    (
        "responseModalities",
        List(&OneOf(&["TEXT", "IMAGE", "AUDIO"])),
    ),
    (
        "speechConfig",
        Object(&[("voiceConfig", VOICE), ("languageCode", Text)]),
    ),
    ("temperature", Number),
    ("topP", Number),
    ("topK", Number),
    ("maxOutputTokens", Whole),
    ("presencePenalty", Number),
    ("frequencyPenalty", Number),
    ("candidateCount", Whole),
    ("seed", Whole),
    (
        "mediaResolution",
        OneOf(&[
            "MEDIA_RESOLUTION_LOW",
            "MEDIA_RESOLUTION_MEDIUM",
            "MEDIA_RESOLUTION_HIGH",
        ]),
    ),
    (
        "thinkingConfig",
        Object(&[
            (
                "thinkingLevel",
                OneOf(&["MINIMAL", "LOW", "MEDIUM", "HIGH", "XHIGH"]),
            ),
            ("thinkingBudget", Whole),
            ("includeThoughts", Flag),
        ]),
    ),
    ("enableAffectiveDialog", Flag),
    (
        "translationConfig",
        Object(&[("targetLanguageCode", Text), ("echoTargetLanguage", Flag)]),
    ),
]);

const REALTIME_INPUT_CONFIG: Shape = Object(&[
    (
        "automaticActivityDetection",
        Object(&[
            ("disabled", Flag),
            (
                "startOfSpeechSensitivity",
                OneOf(&["START_SENSITIVITY_HIGH", "START_SENSITIVITY_LOW"]),
            ),
            (
                "endOfSpeechSensitivity",
                OneOf(&["END_SENSITIVITY_HIGH", "END_SENSITIVITY_LOW"]),
            ),
            ("prefixPaddingMs", Whole),
            ("silenceDurationMs", Whole),
        ]),
    ),
    (
        "activityHandling",
        OneOf(&["START_OF_ACTIVITY_INTERRUPTS", "NO_INTERRUPTION"]),
    ),
    (
        "turnCoverage",
        OneOf(&[
            "TURN_INCLUDES_ONLY_ACTIVITY",
            "TURN_INCLUDES_ALL_INPUT",
            "TURN_INCLUDES_AUDIO_ACTIVITY_AND_ALL_VIDEO",
        ]),
    ),
]);

const TRANSCRIPTION: Shape = Object(&[
    ("languageCodes", List(&Text)),
    ("customVocabulary", List(&Text)),
]);

const SETUP: Shape = Object(&[
    ("model", Text),
    ("generationConfig", GENERATION_CONFIG),
    ("systemInstruction", CONTENT),
    ("tools", Same(&TOOLS)),
    ("realtimeInputConfig", REALTIME_INPUT_CONFIG),
    ("sessionResumption", Object(&[("handle", Text)])),
    (
        "contextWindowCompression",
        Object(&[
            ("triggerTokens", Whole),
            ("slidingWindow", Object(&[("targetTokens", Whole)])),
        ]),
    ),
    ("inputAudioTranscription", TRANSCRIPTION),
    ("outputAudioTranscription", TRANSCRIPTION),
    ("proactivity", Object(&[("proactiveAudio", Flag)])),
    (
        "historyConfig",
        Object(&[("initialHistoryInClientContent", Flag)]),
    ),
    ("safetySettings", List(&Free)),
    ("labels", Each(&Text)),
]);

const REALTIME_INPUT: &[Field] = &[
    ("audio", BLOB),
    ("video", BLOB),
    ("text", Text),
    ("activityStart", EMPTY),
    ("activityEnd", EMPTY),
    ("audioStreamEnd", Flag),
    ("mediaChunks", List(&BLOB)),
];

static CLIENT_MESSAGE: Shape = Object(&[
    ("setup", SETUP),
    (
        "clientContent",
        Object(&[("turns", List(&CONTENT)), ("turnComplete", Flag)]),
    ),
    ("realtimeInput", Object(REALTIME_INPUT)),
    (
        "toolResponse",
        Object(&[("functionResponses", List(&FUNCTION_RESPONSE))]),
    ),
    (
        "contextUpdate",
        Object(&[
            ("systemInstruction", CONTENT),
            ("tools", Object(&[("tools", Same(&TOOLS))])),
        ]),
    ),
]);

/// Returns a message's one key, in camelCase, and what it holds, its keys in camelCase at every depth.
pub(super) fn read(message: &Value) -> Result<(String, Value), Refusal> {
    let Value::Object(read) = CLIENT_MESSAGE.read(message, "")? else {
        return Err(Refusal::invalid_argument());
    };
    let mut keys = read.into_iter();
    match (keys.next(), keys.next()) {
        (Some(message), None) => Ok(message),
        _ => Err(Refusal::invalid_argument()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_message_has_exactly_one_key() {
        assert!(read(&json!({})).is_err());
        assert!(read(&json!({"clientContent": {}, "realtimeInput": {}})).is_err());
        let (key, _) = read(&json!({"client_content": {}})).unwrap();
        assert_eq!(key, "clientContent");
    }

    #[test]
    fn json_schema_is_not_taken_for_the_declaration_of_parameters() {
        let tools = |schema: Value| {
            let declaration = json!({"name": "look_up", "parameters": schema});
            read(&json!({"setup": {"tools": [{"functionDeclarations": [declaration]}]}}))
        };
        let good = json!({"type": "OBJECT", "properties": {"some_word": {"type": "STRING"}}});
        assert!(tools(good).is_ok());
        for bad in [
            json!({"type": "object"}),
            json!({"type": "OBJECT", "additionalProperties": false}),
            json!({"type": "OBJECT", "properties": {"a": {"type": "STRING", "const": "b"}}}),
        ] {
            assert_eq!(tools(bad.clone()).unwrap_err().code, 1007, "{bad}");
        }
    }
}
