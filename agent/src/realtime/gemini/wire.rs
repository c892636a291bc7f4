//! Gemini Live (`BidiGenerateContent`) on the wire, and nothing else: what we write, exactly; what we read, leniently.
//!
//! The service takes camelCase and snake_case; we write camelCase only. What it sends leaves out every field that is not set, and
//! may hold fields, kinds and enum values that we have never heard of.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};

/// What we send: one key per frame, the variant's name.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
#[allow(missing_docs, reason = "the protocol's own words")]
pub enum ClientMessage {
    Setup(Box<Setup>),
    ClientContent {
        #[serde(skip_serializing_if = "Vec::is_empty")]
        turns: Vec<Content>,
        turn_complete: bool,
    },
    RealtimeInput(RealtimeInput),
    ToolResponse {
        function_responses: [FunctionResponse; 1],
    },
    ContextUpdate {
        system_instruction: Instruction,
        #[serde(skip_serializing_if = "Option::is_none")]
        tools: Option<Tools>,
    },
}

impl ClientMessage {
    /// Writes the message as it is sent.
    #[must_use]
    pub fn frame(&self) -> String {
        serde_json::to_string(self).expect("these types have no map with other keys than strings")
    }
}

/// The session as we want it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the protocol's own words")]
pub struct Setup {
    pub model: String,
    pub generation_config: GenerationConfig,
    pub system_instruction: Instruction,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<Tool>,
    pub realtime_input_config: RealtimeInputConfig,
    /// Being there it asks for handles; with one it goes on with a session.
    pub session_resumption: SessionResumption,
    pub context_window_compression: ContextWindowCompression,
    /// Being there it asks for the learner's words.
    pub input_audio_transcription: Transcription,
    /// Being there it asks for the tutor's words.
    pub output_audio_transcription: Transcription,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history_config: Option<HistoryConfig>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the protocol's own words")]
pub struct GenerationConfig {
    pub response_modalities: [&'static str; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speech_config: Option<SpeechConfig>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thinking_config: Option<ThinkingConfig>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the protocol's own words")]
pub struct SpeechConfig {
    pub voice_config: VoiceConfig,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the protocol's own words")]
pub struct VoiceConfig {
    pub prebuilt_voice_config: PrebuiltVoiceConfig,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the protocol's own words")]
pub struct PrebuiltVoiceConfig {
    pub voice_name: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the protocol's own words")]
pub struct ThinkingConfig {
    pub thinking_level: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the protocol's own words")]
pub struct RealtimeInputConfig {
    pub automatic_activity_detection: AutomaticActivityDetection,
    pub activity_handling: &'static str,
    pub turn_coverage: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the protocol's own words")]
pub struct AutomaticActivityDetection {
    pub disabled: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the protocol's own words")]
pub struct SessionResumption {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handle: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the protocol's own words")]
pub struct ContextWindowCompression {
    pub trigger_tokens: u32,
    pub sliding_window: SlidingWindow,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the protocol's own words")]
pub struct SlidingWindow {
    pub target_tokens: u32,
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the protocol's own words")]
pub struct Transcription {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub language_codes: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the protocol's own words")]
pub struct HistoryConfig {
    pub initial_history_in_client_content: bool,
}

/// Instructions: a content without a role.
#[derive(Debug, Serialize)]
#[allow(missing_docs, reason = "the protocol's own words")]
pub struct Instruction {
    pub parts: [TextPart; 1],
}

impl Instruction {
    /// Makes instructions of their text.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self {
            parts: [TextPart { text }],
        }
    }
}

#[derive(Debug, Serialize)]
#[allow(missing_docs, reason = "the protocol's own words")]
pub struct Content {
    pub role: &'static str,
    pub parts: [TextPart; 1],
}

impl Content {
    /// Makes what one side said.
    #[must_use]
    pub fn new(role: &'static str, text: String) -> Self {
        Self {
            role,
            parts: [TextPart { text }],
        }
    }
}

#[derive(Debug, Serialize)]
#[allow(missing_docs, reason = "the protocol's own words")]
pub struct TextPart {
    pub text: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the protocol's own words")]
pub enum RealtimeInput {
    Audio(Blob),
    Text(String),
    ActivityStart {},
    ActivityEnd {},
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the protocol's own words")]
pub struct Blob {
    pub mime_type: String,
    pub data: String,
}

/// The tools of an update: present and empty takes them all away.
#[derive(Debug, Serialize)]
#[allow(missing_docs, reason = "the protocol's own words")]
pub struct Tools {
    pub tools: Vec<Tool>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the protocol's own words")]
pub struct Tool {
    pub function_declarations: Vec<FunctionDeclaration>,
}

#[derive(Debug, Serialize)]
#[allow(missing_docs, reason = "the protocol's own words")]
pub struct FunctionDeclaration {
    pub name: String,
    pub description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub behavior: Option<&'static str>,
}

impl FunctionDeclaration {
    /// Describes a function; `parameters` is a JSON schema as text, and one that is none stands for no parameters.
    #[must_use]
    pub fn new(
        name: String,
        description: String,
        parameters: &str,
        behavior: Option<&'static str>,
    ) -> Self {
        let schema: Value = serde_json::from_str(parameters).unwrap_or_default();
        let has_any = schema["properties"]
            .as_object()
            .is_some_and(|all| !all.is_empty());
        Self {
            name,
            description,
            // An object without properties is refused.
            parameters: has_any.then(|| openapi_subset(&schema, &schema, 0)),
            behavior,
        }
    }
}

/// Schemas nest no deeper than this; a `$ref` to itself would go on for ever.
const DEEPEST_SCHEMA: u32 = 16;

/// Makes the subset of OpenAPI's schema that the service takes of a JSON schema.
fn openapi_subset(schema: &Value, root: &Value, depth: u32) -> Value {
    let Some(schema) = schema.as_object().filter(|_| depth < DEEPEST_SCHEMA) else {
        return json!({"type": "STRING"});
    };
    let below = |schema: &Value| openapi_subset(schema, root, depth + 1);
    if let Some(named) = schema.get("$ref").and_then(Value::as_str) {
        let found = named
            .strip_prefix('#')
            .and_then(|pointer| root.pointer(pointer));
        return below(found.unwrap_or(&Value::Null));
    }
    let mut made = Map::new();
    for (key, value) in schema {
        let kept = match (key.as_str(), value) {
            ("type", Value::String(kind)) => json!(kind.to_ascii_uppercase()),
            // `["string", "null"]` is a string that may be absent.
            ("type", Value::Array(kinds)) => {
                let mut others = kinds.iter().filter_map(Value::as_str);
                if kinds.iter().any(|kind| kind == "null") {
                    made.insert("nullable".to_owned(), json!(true));
                }
                json!(
                    others
                        .find(|kind| *kind != "null")
                        .unwrap_or("string")
                        .to_ascii_uppercase()
                )
            }
            ("properties", Value::Object(all)) => {
                Value::Object(all.iter().map(|(k, v)| (k.clone(), below(v))).collect())
            }
            ("items", Value::Object(_)) => below(value),
            ("anyOf" | "oneOf", Value::Array(all)) => {
                made.insert("anyOf".to_owned(), all.iter().map(below).collect());
                continue;
            }
            // One value is an enum of one; both are strings only.
            ("const", Value::String(only)) => {
                made.insert("enum".to_owned(), json!([only]));
                made.entry("type").or_insert(json!("STRING"));
                continue;
            }
            ("enum", Value::Array(all)) if all.iter().all(Value::is_string) => value.clone(),
            (
                "description" | "title" | "format" | "pattern" | "required" | "nullable"
                | "minimum" | "maximum" | "minItems" | "maxItems" | "minLength" | "maxLength"
                | "minProperties" | "maxProperties",
                _,
            ) => value.clone(),
            // additionalProperties, default, $defs and the rest are refused.
            _ => continue,
        };
        made.insert(key.clone(), kept);
    }
    Value::Object(made)
}

#[derive(Debug, Serialize)]
#[allow(missing_docs, reason = "the protocol's own words")]
pub struct FunctionResponse {
    pub id: String,
    pub name: String,
    pub response: Value,
}

impl FunctionResponse {
    /// Answers a call; `output` is JSON as text, or any text.
    #[must_use]
    pub fn new(id: String, name: String, output: String) -> Self {
        let response = match serde_json::from_str(&output) {
            // It failed, and says so in the protocol's own shape.
            Ok(Value::Object(failed)) if failed.len() == 1 && failed.contains_key("error") => {
                Value::Object(failed)
            }
            Ok(output) => json!({"output": output}),
            Err(_) => json!({"output": output}),
        };
        Self { id, name, response }
    }
}

/// What we read: several kinds may ride on one frame.
#[derive(Debug, Default)]
#[allow(missing_docs, reason = "the protocol's own words")]
pub struct ServerMessage {
    pub setup_complete: bool,
    pub server_content: Option<ServerContent>,
    pub tool_call: Option<ToolCallInfo>,
    pub tool_call_cancellation: Option<Cancellation>,
    pub go_away: Option<GoAway>,
    pub session_resumption_update: Option<ResumptionUpdate>,
    pub usage_metadata: Option<UsageMetadata>,
    /// Kinds that we have never heard of.
    pub unknown: Vec<String>,
}

impl ServerMessage {
    /// Reads a frame; `None` when it is no message at all.
    #[must_use]
    pub fn read(frame: &str) -> Option<Self> {
        let mut fields: Map<String, Value> = serde_json::from_str(frame).ok()?;
        for known in [
            "voiceActivity",
            "voiceActivityDetectionSignal",
            "interactionStatus",
        ] {
            fields.remove(known);
        }
        Some(Self {
            setup_complete: fields.remove("setupComplete").is_some(),
            server_content: take(&mut fields, "serverContent"),
            tool_call: take(&mut fields, "toolCall"),
            tool_call_cancellation: take(&mut fields, "toolCallCancellation"),
            go_away: take(&mut fields, "goAway"),
            session_resumption_update: take(&mut fields, "sessionResumptionUpdate"),
            usage_metadata: take(&mut fields, "usageMetadata"),
            unknown: fields.into_iter().map(|(name, _)| name).collect(),
        })
    }
}

fn take<T: DeserializeOwned>(fields: &mut Map<String, Value>, name: &str) -> Option<T> {
    serde_json::from_value(fields.remove(name)?).ok()
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs, reason = "the protocol's own words")]
pub struct ServerContent {
    #[serde(deserialize_with = "lenient")]
    pub model_turn: Option<ModelTurn>,
    #[serde(deserialize_with = "lenient")]
    pub generation_complete: Option<bool>,
    #[serde(deserialize_with = "lenient")]
    pub turn_complete: Option<bool>,
    #[serde(deserialize_with = "lenient")]
    pub turn_complete_reason: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub interrupted: Option<bool>,
    #[serde(deserialize_with = "lenient")]
    pub input_transcription: Option<Words>,
    #[serde(deserialize_with = "lenient")]
    pub output_transcription: Option<Words>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs, reason = "the protocol's own words")]
pub struct Words {
    #[serde(deserialize_with = "lenient")]
    pub text: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub finished: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs, reason = "the protocol's own words")]
pub struct ModelTurn {
    pub parts: Vec<Part>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs, reason = "the protocol's own words")]
pub struct Part {
    #[serde(deserialize_with = "lenient")]
    pub thought: Option<bool>,
    #[serde(deserialize_with = "lenient")]
    pub inline_data: Option<InlineData>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs, reason = "the protocol's own words")]
pub struct InlineData {
    pub mime_type: String,
    pub data: String,
}

impl InlineData {
    /// Returns the rate, when this is raw sound; `usual` when it does not say.
    #[must_use]
    pub fn rate_hz(&self, usual: u32) -> Option<u32> {
        let parameters = self.mime_type.strip_prefix("audio/pcm")?;
        let said = parameters
            .split(';')
            .find_map(|parameter| parameter.trim().strip_prefix("rate=")?.parse().ok());
        Some(said.filter(|rate| *rate > 0).unwrap_or(usual))
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs, reason = "the protocol's own words")]
pub struct ToolCallInfo {
    pub function_calls: Vec<FunctionCall>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs, reason = "the protocol's own words")]
pub struct FunctionCall {
    #[serde(deserialize_with = "lenient")]
    pub id: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub name: Option<String>,
    args: Value,
}

impl FunctionCall {
    /// Returns the arguments, JSON as text; they are left out where there are none.
    #[must_use]
    pub fn arguments(&self) -> String {
        if self.args.is_null() {
            "{}".to_owned()
        } else {
            self.args.to_string()
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs, reason = "the protocol's own words")]
pub struct Cancellation {
    pub ids: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs, reason = "the protocol's own words")]
pub struct GoAway {
    #[serde(deserialize_with = "duration")]
    pub time_left: Duration,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs, reason = "the protocol's own words")]
pub struct ResumptionUpdate {
    #[serde(deserialize_with = "lenient")]
    pub new_handle: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub resumable: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs, reason = "the protocol's own words")]
pub struct UsageMetadata {
    #[serde(deserialize_with = "count")]
    pub prompt_token_count: u64,
    #[serde(deserialize_with = "count")]
    pub response_token_count: u64,
    #[serde(deserialize_with = "count")]
    pub thoughts_token_count: u64,
    #[serde(deserialize_with = "count")]
    pub tool_use_prompt_token_count: u64,
    #[serde(deserialize_with = "count")]
    pub cached_content_token_count: u64,
    #[serde(deserialize_with = "lenient")]
    pub prompt_tokens_details: Option<Vec<ModalityTokens>>,
    #[serde(deserialize_with = "lenient")]
    pub response_tokens_details: Option<Vec<ModalityTokens>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs, reason = "the protocol's own words")]
pub struct ModalityTokens {
    #[serde(deserialize_with = "lenient")]
    pub modality: Option<String>,
    #[serde(deserialize_with = "count")]
    pub token_count: u64,
}

/// Reads a value of the expected shape, or nothing.
fn lenient<'de, D: Deserializer<'de>, T: DeserializeOwned>(from: D) -> Result<Option<T>, D::Error> {
    Ok(serde_json::from_value(Value::deserialize(from)?).ok())
}

/// Reads a number, which may come as text.
fn count<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    Ok(match Value::deserialize(from)? {
        Value::Number(number) => number.as_u64().unwrap_or(0),
        Value::String(text) => text.parse().unwrap_or(0),
        _ => 0,
    })
}

/// Reads a duration such as `12.5s`; anything else is none.
fn duration<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    let value = Value::deserialize(from)?;
    let seconds = value
        .as_str()
        .and_then(|text| text.strip_suffix('s')?.parse().ok());
    Ok(seconds
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .unwrap_or_default())
}

#[cfg(test)]
mod tests;
