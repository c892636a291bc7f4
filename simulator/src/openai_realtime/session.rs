//! The settings of a session: the server's defaults, and updates that are taken whole or not at all.

use serde_json::{Map, Value, json};

use super::audio_format::AudioFormat;
use super::error::WireError;
use crate::input_audio::TurnDetection;

/// The effective settings, in the words of the wire.
#[derive(Debug)]
pub(super) struct Session {
    settings: Value,
}

impl Session {
    /// The defaults of the real server.
    pub(super) fn new(id: &str, model: &str, expires_at: u64) -> Self {
        Self {
            settings: json!({
                "type": "realtime",
                "object": "realtime.session",
                "id": id,
                "model": model,
                "output_modalities": ["audio"],
                "instructions": "You are a helpful, witty, and friendly AI. Talk quickly.",
                "tools": [],
                "tool_choice": "auto",
                "max_output_tokens": "inf",
                "tracing": null,
                "truncation": "auto",
                "prompt": null,
                "expires_at": expires_at,
                "audio": {
                    "input": {
                        "format": {"type": "audio/pcm", "rate": 24000},
                        "transcription": null,
                        "noise_reduction": null,
                        "turn_detection": default_turn_detection("server_vad"),
                    },
                    "output": {
                        "format": {"type": "audio/pcm", "rate": 24000},
                        "voice": "alloy",
                        "speed": 1.0,
                    },
                },
                "include": null,
            }),
        }
    }

    /// All settings, as they go into `session.created` and `session.updated`.
    pub(super) fn settings(&self) -> &Value {
        &self.settings
    }

    /// Takes over a checked update, or refuses it and changes nothing.
    pub(super) fn update(&mut self, update: &Value, has_spoken: bool) -> Result<(), WireError> {
        self.check(update, has_spoken)?;
        let mut settings = self.settings.clone();
        for (key, value) in update.as_object().into_iter().flatten() {
            match key.as_str() {
                "type" => {}
                "audio" => merge_audio(&mut settings["audio"], value),
                _ => settings[key] = value.clone(),
            }
        }
        self.settings = settings;
        Ok(())
    }

    fn check(&self, update: &Value, has_spoken: bool) -> Result<(), WireError> {
        if update
            .get("model")
            .is_some_and(|model| *model != self.settings["model"])
        {
            let message = "The model of a session cannot be changed after it was created.";
            return Err(WireError::request("invalid_value", message).about("session.model"));
        }
        check_modalities(update, "session.output_modalities")?;
        let voice = update.pointer("/audio/output/voice");
        if has_spoken
            && voice
                .is_some_and(|voice| Some(voice) != self.settings.pointer("/audio/output/voice"))
        {
            let message = "Cannot update a conversation's voice if assistant audio is present.";
            return Err(WireError::request("cannot_update_voice", message)
                .about("session.audio.output.voice"));
        }
        Ok(())
    }

    pub(super) fn instructions(&self) -> &str {
        self.settings["instructions"].as_str().unwrap_or_default()
    }

    pub(super) fn tools(&self) -> &Value {
        &self.settings["tools"]
    }

    pub(super) fn input_format(&self) -> AudioFormat {
        AudioFormat::of(&self.settings["audio"]["input"]["format"])
    }

    pub(super) fn speed_percent(&self) -> u32 {
        let speed = self.settings["audio"]["output"]["speed"]
            .as_f64()
            .unwrap_or(1.0);
        (speed * 100.0).round() as u32
    }

    /// The model that writes down the learner's words, if one was asked for.
    pub(super) fn transcription_model(&self) -> Option<&str> {
        let transcription = &self.settings["audio"]["input"]["transcription"];
        (!transcription.is_null()).then(|| transcription["model"].as_str().unwrap_or_default())
    }

    /// After how many tokens the oldest of the conversation is forgotten, and down to how many.
    pub(super) fn retention(&self) -> Option<(u64, u64)> {
        let truncation = &self.settings["truncation"];
        let limit = truncation["token_limits"]["post_instructions"].as_u64()?;
        let ratio = truncation["retention_ratio"].as_f64()?;
        Some((limit, (limit as f64 * ratio) as u64))
    }

    /// `None` where the client says itself when a turn ends.
    pub(super) fn turn_detection(&self) -> Option<TurnDetection> {
        let settings = &self.settings["audio"]["input"]["turn_detection"];
        let kind = settings["type"].as_str()?;
        let silence_duration_ms = match (kind, settings["eagerness"].as_str()) {
            ("server_vad", _) => settings["silence_duration_ms"].as_u64().unwrap_or(200),
            // We understand no sense. So long the real server waits about where it hears none, within its maximum of 8, 2 and 4 s.
            (_, Some("low")) => 4_000,
            (_, Some("high")) => 500,
            _ => 1_000,
        };
        Some(TurnDetection {
            threshold: settings["threshold"].as_f64().unwrap_or(0.5) as f32,
            prefix_padding_ms: settings["prefix_padding_ms"].as_u64().unwrap_or(300),
            silence_duration_ms,
            idle_timeout_ms: settings["idle_timeout_ms"].as_u64(),
            create_response: settings["create_response"].as_bool().unwrap_or(true),
            interrupt_response: settings["interrupt_response"].as_bool().unwrap_or(true),
        })
    }
}

/// Refuses anything but exactly one modality; audio brings its transcript along.
pub(super) fn check_modalities(holder: &Value, param: &str) -> Result<(), WireError> {
    match holder.get("output_modalities").and_then(Value::as_array) {
        Some(modalities) if modalities.len() != 1 => {
            let message = format!(
                "Invalid modalities: {}. Supported combinations are: ['text'] and ['audio'].",
                Value::from(modalities.clone())
            );
            Err(WireError::request("invalid_value", message).about(param))
        }
        _ => Ok(()),
    }
}

fn merge_audio(settings: &mut Value, update: &Value) {
    for side in ["input", "output"] {
        for (key, value) in update[side].as_object().into_iter().flatten() {
            let setting = &mut settings[side][key];
            match key.as_str() {
                "turn_detection" => merge_turn_detection(setting, value),
                "format" if value["type"] == "audio/pcm" => {
                    *setting = json!({"type": "audio/pcm", "rate": 24000});
                }
                "transcription" if value.is_object() => {
                    *setting = json!({"model": null, "language": null, "prompt": null});
                    merge(setting, value.as_object());
                }
                _ => *setting = value.clone(),
            }
        }
    }
}

fn merge_turn_detection(setting: &mut Value, update: &Value) {
    let Some(kind) = update["type"].as_str() else {
        *setting = Value::Null;
        return;
    };
    if setting["type"] != kind {
        *setting = default_turn_detection(kind);
    }
    merge(setting, update.as_object());
}

fn merge(setting: &mut Value, update: Option<&Map<String, Value>>) {
    for (key, value) in update.into_iter().flatten() {
        setting[key] = value.clone();
    }
}

fn default_turn_detection(kind: &str) -> Value {
    if kind == "semantic_vad" {
        return json!({"type": kind, "eagerness": "auto", "create_response": true, "interrupt_response": true});
    }
    json!({
        "type": kind,
        "threshold": 0.5,
        "prefix_padding_ms": 300,
        "silence_duration_ms": 200,
        "idle_timeout_ms": null,
        "create_response": true,
        "interrupt_response": true,
    })
}
