//! A session in the shape from before general availability, which some servers of one's own still speak.

use serde::Serialize;

use crate::realtime::openai::wire::{Tool, Transcription, VoiceActivity};

/// The session as we want it; what is absent stays as it is.
#[derive(Debug, Default, PartialEq, Serialize)]
#[allow(missing_docs, reason = "the protocol's own words")]
pub struct Session {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modalities: Option<[&'static str; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instructions: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub voice: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_audio_format: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_audio_format: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_audio_transcription: Option<Transcription>,
    /// Null means that we commit by hand; absent is as before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turn_detection: Option<Option<VoiceActivity>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tools: Option<Vec<Tool>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_choice: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speed: Option<f32>,
}
