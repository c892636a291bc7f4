//! OpenAI Realtime on the wire (GA shape; the one before it only where it is read), and nothing else: what we write, exactly; what we read, leniently.
//!
//! Servers that speak this protocol differ in what they leave out and add. So every field that is read may be absent, null or of
//! another shape, and an event of an unknown type is an event like any other.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};

/// What we send.
#[derive(Debug, Serialize)]
#[serde(tag = "type")]
#[allow(missing_docs, reason = "the protocol's own words")]
pub enum ClientEvent {
    #[serde(rename = "session.update")]
    SessionUpdate {
        event_id: &'static str,
        session: Box<SessionShape>,
    },
    #[serde(rename = "input_audio_buffer.append")]
    AppendAudio { audio: String },
    #[serde(rename = "input_audio_buffer.commit")]
    CommitAudio {},
    #[serde(rename = "input_audio_buffer.clear")]
    ClearAudio {},
    #[serde(rename = "conversation.item.create")]
    CreateItem { item: NewItem },
    #[serde(rename = "conversation.item.truncate")]
    TruncateItem {
        item_id: String,
        content_index: u32,
        audio_end_ms: u64,
    },
    #[serde(rename = "conversation.item.delete")]
    DeleteItem { item_id: String },
    #[serde(rename = "response.create")]
    CreateResponse {
        #[serde(skip_serializing_if = "Option::is_none")]
        response: Option<ResponseOptions>,
    },
    #[serde(rename = "response.cancel")]
    CancelResponse {
        #[serde(skip_serializing_if = "Option::is_none")]
        response_id: Option<String>,
    },
}

impl ClientEvent {
    /// Writes the event as it is sent.
    #[must_use]
    pub fn frame(&self) -> String {
        serde_json::to_string(self).expect("these types have no map with other keys than strings")
    }
}

/// The session in the shape that the server knows.
#[derive(Debug, Serialize)]
#[serde(untagged)]
#[allow(missing_docs, reason = "the protocol's own words")]
pub enum SessionShape {
    Ga(Session),
    Beta(super::beta::wire::Session),
}

/// The session as we want it; what is absent stays as it is.
#[derive(Debug, Default, PartialEq, Serialize)]
#[allow(missing_docs, reason = "the protocol's own words")]
pub struct Session {
    #[serde(rename = "type")]
    pub kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instructions: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_modalities: Option<[&'static str; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audio: Option<Audio>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tools: Option<Vec<Tool>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_choice: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub truncation: Option<Truncation>,
}

#[derive(Debug, PartialEq, Serialize)]
#[allow(missing_docs, reason = "the protocol's own words")]
pub struct Truncation {
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub retention_ratio: f32,
    pub token_limits: TokenLimits,
}

#[derive(Debug, PartialEq, Serialize)]
#[allow(missing_docs, reason = "the protocol's own words")]
pub struct TokenLimits {
    pub post_instructions: u32,
}

#[derive(Debug, Default, PartialEq, Serialize)]
#[allow(missing_docs, reason = "the protocol's own words")]
pub struct Audio {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<AudioInput>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<AudioOutput>,
}

#[derive(Debug, Default, PartialEq, Serialize)]
#[allow(missing_docs, reason = "the protocol's own words")]
pub struct AudioInput {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<Format>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transcription: Option<Transcription>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noise_reduction: Option<Noise>,
    /// Null means that we commit by hand; absent is as before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turn_detection: Option<Option<VoiceActivity>>,
}

#[derive(Debug, PartialEq, Serialize)]
#[allow(missing_docs, reason = "the protocol's own words")]
pub struct Noise {
    #[serde(rename = "type")]
    pub kind: &'static str,
}

#[derive(Debug, Default, PartialEq, Serialize)]
#[allow(missing_docs, reason = "the protocol's own words")]
pub struct AudioOutput {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<Format>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub voice: Option<String>,
    pub speed: f32,
}

#[derive(Debug, PartialEq, Serialize)]
#[allow(missing_docs, reason = "the protocol's own words")]
pub struct Format {
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub rate: u32,
}

#[derive(Debug, PartialEq, Serialize)]
#[allow(missing_docs, reason = "the protocol's own words")]
pub struct Transcription {
    pub model: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub languages: Option<Vec<String>>,
}

#[derive(Debug, PartialEq, Serialize)]
#[serde(tag = "type")]
#[allow(missing_docs, reason = "the protocol's own words")]
pub enum VoiceActivity {
    #[serde(rename = "server_vad")]
    Silence {
        threshold: f32,
        prefix_padding_ms: u32,
        silence_duration_ms: u32,
        create_response: bool,
        interrupt_response: bool,
    },
    #[serde(rename = "semantic_vad")]
    Sense {
        eagerness: &'static str,
        create_response: bool,
        interrupt_response: bool,
    },
}

#[derive(Debug, PartialEq, Serialize)]
#[allow(missing_docs, reason = "the protocol's own words")]
pub struct Tool {
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub name: String,
    pub description: String,
    pub parameters: serde_json::Value,
}

impl Tool {
    /// Describes a function; `parameters` is a JSON schema as text, and one that is none stands for no parameters.
    #[must_use]
    pub fn function(name: String, description: String, parameters: &str) -> Self {
        let none = || serde_json::json!({"type": "object", "properties": {}});
        Self {
            kind: "function",
            name,
            description,
            parameters: serde_json::from_str(parameters).unwrap_or_else(|_| none()),
        }
    }
}

/// An item that we put into the conversation.
#[derive(Debug, Serialize)]
#[serde(tag = "type")]
#[allow(missing_docs, reason = "the protocol's own words")]
pub enum NewItem {
    #[serde(rename = "message")]
    Message {
        role: &'static str,
        content: [NewContent; 1],
    },
    #[serde(rename = "function_call_output")]
    FunctionCallOutput { call_id: String, output: String },
}

#[derive(Debug, Serialize)]
#[serde(tag = "type")]
#[allow(missing_docs, reason = "the protocol's own words")]
pub enum NewContent {
    #[serde(rename = "input_text")]
    InputText { text: String },
    #[serde(rename = "output_text")]
    OutputText { text: String },
    /// What the tutor said, before general availability.
    #[serde(rename = "text")]
    Text { text: String },
}

#[derive(Debug, Serialize)]
#[allow(missing_docs, reason = "the protocol's own words")]
pub struct ResponseOptions {
    /// Replaces the session's instructions for this response.
    pub instructions: String,
}

/// The kinds of events that mean something to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the protocol's own words")]
pub enum Kind {
    SessionCreated,
    SessionUpdated,
    Error,
    SpeechStarted,
    SpeechStopped,
    Committed,
    TimeoutTriggered,
    TranscriptionDelta,
    TranscriptionCompleted,
    TranscriptionFailed,
    ResponseCreated,
    OutputItemAdded,
    OutputItemDone,
    AudioDelta,
    WordsDelta,
    TranscriptDone,
    TextDone,
    ResponseDone,
    RateLimits,
    /// Known, and of no use to us.
    Other,
    /// Of a type that we have never heard of.
    Unknown,
}

/// What we read: any event, its fields side by side.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "the protocol's own words")]
pub struct ServerEvent<'a> {
    #[serde(rename = "type", borrow, deserialize_with = "text")]
    pub type_name: Cow<'a, str>,
    #[serde(borrow, deserialize_with = "text")]
    pub item_id: Cow<'a, str>,
    #[serde(borrow, deserialize_with = "text")]
    pub response_id: Cow<'a, str>,
    #[serde(borrow, deserialize_with = "text")]
    pub delta: Cow<'a, str>,
    #[serde(borrow, deserialize_with = "text")]
    pub transcript: Cow<'a, str>,
    #[serde(borrow, deserialize_with = "text")]
    pub text: Cow<'a, str>,
    #[serde(deserialize_with = "lenient")]
    pub content_index: Option<u32>,
    #[serde(deserialize_with = "lenient")]
    pub item: Option<Item>,
    #[serde(deserialize_with = "lenient")]
    pub response: Option<Response>,
    #[serde(deserialize_with = "lenient")]
    pub session: Option<SessionInfo>,
    #[serde(deserialize_with = "lenient")]
    pub error: Option<ErrorInfo>,
    #[serde(deserialize_with = "lenient")]
    pub usage: Option<UsageInfo>,
    #[serde(deserialize_with = "lenient")]
    pub rate_limits: Option<Vec<RateLimit>>,
}

impl<'a> ServerEvent<'a> {
    /// Reads a frame; `None` when it is no event at all.
    #[must_use]
    pub fn read(frame: &'a str) -> Option<Self> {
        serde_json::from_str(frame).ok()
    }

    /// Returns what kind of event it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self.type_name.as_ref() {
            "session.created" => Kind::SessionCreated,
            "session.updated" => Kind::SessionUpdated,
            "error" => Kind::Error,
            "input_audio_buffer.speech_started" => Kind::SpeechStarted,
            "input_audio_buffer.speech_stopped" => Kind::SpeechStopped,
            "conversation.item.input_audio_transcription.delta" => Kind::TranscriptionDelta,
            "conversation.item.input_audio_transcription.completed" => Kind::TranscriptionCompleted,
            "conversation.item.input_audio_transcription.failed" => Kind::TranscriptionFailed,
            "response.created" => Kind::ResponseCreated,
            "response.output_item.added" => Kind::OutputItemAdded,
            "response.output_item.done" => Kind::OutputItemDone,
            // The second names are those from before general availability, which self-hosted servers still use.
            "response.output_audio.delta" | "response.audio.delta" => Kind::AudioDelta,
            "response.output_audio_transcript.delta"
            | "response.audio_transcript.delta"
            | "response.output_text.delta"
            | "response.text.delta" => Kind::WordsDelta,
            "response.output_audio_transcript.done" | "response.audio_transcript.done" => {
                Kind::TranscriptDone
            }
            "response.output_text.done" | "response.text.done" => Kind::TextDone,
            "response.done" => Kind::ResponseDone,
            "input_audio_buffer.committed" => Kind::Committed,
            "input_audio_buffer.timeout_triggered" => Kind::TimeoutTriggered,
            "rate_limits.updated" => Kind::RateLimits,
            "input_audio_buffer.cleared"
            | "conversation.created"
            | "conversation.item.created"
            | "conversation.item.added"
            | "conversation.item.done"
            | "conversation.item.truncated"
            | "conversation.item.deleted"
            | "response.content_part.added"
            | "response.content_part.done"
            | "response.output_audio.done"
            | "response.audio.done"
            | "response.function_call_arguments.delta"
            | "response.function_call_arguments.done" => Kind::Other,
            _ => Kind::Unknown,
        }
    }
}

/// How a response ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the protocol's own words")]
pub enum Status {
    Completed,
    Cancelled,
    Incomplete,
    Failed,
    #[serde(other)]
    Other,
}

/// What kind of item it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the protocol's own words")]
pub enum ItemKind {
    Message,
    FunctionCall,
    #[serde(other)]
    Other,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "the protocol's own words")]
pub struct Item {
    #[serde(deserialize_with = "lenient")]
    pub id: Option<String>,
    #[serde(rename = "type", deserialize_with = "lenient")]
    pub kind: Option<ItemKind>,
    #[serde(deserialize_with = "lenient")]
    pub name: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub call_id: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub arguments: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "the protocol's own words")]
pub struct Response {
    #[serde(deserialize_with = "lenient")]
    pub id: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub status: Option<Status>,
    #[serde(deserialize_with = "lenient")]
    pub status_details: Option<StatusDetails>,
    #[serde(deserialize_with = "lenient")]
    pub usage: Option<UsageInfo>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "the protocol's own words")]
pub struct StatusDetails {
    #[serde(deserialize_with = "lenient")]
    pub error: Option<ErrorInfo>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "the protocol's own words")]
pub struct UsageInfo {
    #[serde(deserialize_with = "lenient")]
    pub input_token_details: Option<TokenDetails>,
    #[serde(deserialize_with = "lenient")]
    pub output_token_details: Option<TokenDetails>,
    #[serde(deserialize_with = "lenient")]
    pub output_tokens: Option<u64>,
    /// Of models that are billed by time.
    #[serde(deserialize_with = "lenient")]
    pub seconds: Option<f64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "the protocol's own words")]
pub struct RateLimit {
    #[serde(deserialize_with = "lenient")]
    pub name: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub remaining: Option<f64>,
    #[serde(deserialize_with = "lenient")]
    pub reset_seconds: Option<f64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "the protocol's own words")]
pub struct TokenDetails {
    #[serde(deserialize_with = "lenient")]
    pub text_tokens: Option<u64>,
    #[serde(deserialize_with = "lenient")]
    pub audio_tokens: Option<u64>,
    #[serde(deserialize_with = "lenient")]
    pub cached_tokens: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "the protocol's own words")]
pub struct SessionInfo {
    #[serde(deserialize_with = "lenient")]
    pub model: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub audio: Option<AudioInfo>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "the protocol's own words")]
pub struct AudioInfo {
    #[serde(deserialize_with = "lenient")]
    pub input: Option<DirectionInfo>,
    #[serde(deserialize_with = "lenient")]
    pub output: Option<DirectionInfo>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "the protocol's own words")]
pub struct DirectionInfo {
    #[serde(deserialize_with = "lenient")]
    pub format: Option<FormatInfo>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "the protocol's own words")]
pub struct FormatInfo {
    #[serde(deserialize_with = "lenient")]
    pub rate: Option<u32>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "the protocol's own words")]
pub struct ErrorInfo {
    #[serde(rename = "type", deserialize_with = "lenient")]
    pub kind: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub code: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub param: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub message: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub event_id: Option<String>,
}

/// Reads a value of the expected shape, or nothing.
fn lenient<'de, D: Deserializer<'de>, T: DeserializeOwned>(from: D) -> Result<Option<T>, D::Error> {
    Ok(serde_json::from_value(serde_json::Value::deserialize(from)?).ok())
}

/// Reads a string without copying it where it can be borrowed (audio is most of what is read); anything else is empty.
fn text<'de, D: Deserializer<'de>>(from: D) -> Result<Cow<'de, str>, D::Error> {
    struct Text;
    impl<'de> serde::de::Visitor<'de> for Text {
        type Value = Cow<'de, str>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a string")
        }
        fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
            Ok(Cow::Borrowed(text))
        }
        fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
            Ok(Cow::Owned(text.to_owned()))
        }
        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(Cow::Borrowed(""))
        }
        fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
            Ok(Cow::Borrowed(""))
        }
        fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
            Ok(Cow::Borrowed(""))
        }
        fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
            Ok(Cow::Borrowed(""))
        }
        fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
            Ok(Cow::Borrowed(""))
        }
        fn visit_seq<A: serde::de::SeqAccess<'de>>(
            self,
            mut seq: A,
        ) -> Result<Self::Value, A::Error> {
            while seq.next_element::<serde::de::IgnoredAny>()?.is_some() {}
            Ok(Cow::Borrowed(""))
        }
        fn visit_map<A: serde::de::MapAccess<'de>>(
            self,
            mut map: A,
        ) -> Result<Self::Value, A::Error> {
            while map
                .next_entry::<serde::de::IgnoredAny, serde::de::IgnoredAny>()?
                .is_some()
            {}
            Ok(Cow::Borrowed(""))
        }
    }
    from.deserialize_any(Text)
}

#[cfg(test)]
mod tests;
