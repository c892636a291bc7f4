//! One response and the frames that tell about it.

use serde_json::{Value, json};
use tokio_util::task::AbortOnDropHandle;

use super::audio_format::AudioFormat;
use super::session::Session;
use super::usage::Usage;
use crate::ids::new_id;

/// A response that is being given.
pub(super) struct Response {
    pub(super) id: String,
    /// `None` for one outside the conversation.
    pub(super) conversation_id: Option<String>,
    pub(super) spoken: bool,
    pub(super) format: AudioFormat,
    pub(super) usage: Usage,
    pub(super) open: Option<OpenItem>,
    settings: Value,
    output: Vec<Value>,
    pub(super) delivery: Option<AbortOnDropHandle<()>>,
}

/// The message that is being said.
pub(super) struct OpenItem {
    pub(super) id: String,
    pub(super) text: String,
    pub(super) samples: u64,
}

/// How a response ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending<'a> {
    Completed,
    Cancelled { reason: &'static str },
    Incomplete { reason: &'static str },
    Failed { code: &'a str },
}

impl Response {
    /// Prepares a response from what `response.create` said, else from the session.
    pub(super) fn new(
        params: &Value,
        session: &Session,
        conversation_id: Option<String>,
        usage: Usage,
    ) -> Self {
        let defaults = session.settings();
        let or = |value: &Value, default: &Value| {
            if value.is_null() {
                default.clone()
            } else {
                value.clone()
            }
        };
        let output = &params["audio"]["output"];
        let format = or(&output["format"], &defaults["audio"]["output"]["format"]);
        let modalities = or(&params["output_modalities"], &defaults["output_modalities"]);
        Self {
            id: new_id("resp"),
            conversation_id,
            spoken: modalities[0] == "audio",
            format: AudioFormat::of(&format),
            usage,
            open: None,
            settings: json!({
                "output_modalities": modalities,
                "max_output_tokens": or(&params["max_output_tokens"], &defaults["max_output_tokens"]),
                "audio": {"output": {
                    "format": format,
                    "voice": or(&output["voice"], &defaults["audio"]["output"]["voice"]),
                }},
                "metadata": params["metadata"],
            }),
            output: Vec::new(),
            delivery: None,
        }
    }

    pub(super) fn voice(&self) -> String {
        let voice = &self.settings["audio"]["output"]["voice"];
        voice
            .as_str()
            .or_else(|| voice["id"].as_str())
            .unwrap_or_default()
            .to_owned()
    }

    /// Whether it has said all that it may.
    pub(super) fn is_past_its_limit(&self) -> bool {
        self.settings["max_output_tokens"]
            .as_u64()
            .is_some_and(|limit| self.usage.output_tokens() > limit)
    }

    pub(super) fn created(&self) -> Value {
        json!({"type": "response.created", "response": self.object("in_progress", Value::Null, Value::Null)})
    }

    pub(super) fn done(&self, ending: Ending<'_>) -> Value {
        let (status, details) = match ending {
            Ending::Completed => ("completed", Value::Null),
            Ending::Cancelled { reason } => {
                ("cancelled", json!({"type": "cancelled", "reason": reason}))
            }
            Ending::Incomplete { reason } => (
                "incomplete",
                json!({"type": "incomplete", "reason": reason}),
            ),
            Ending::Failed { code } => {
                let kind = if code.contains("rate_limit") {
                    "rate_limit_error"
                } else {
                    "server_error"
                };
                let message =
                    "The server had an error while it answered. This one comes from a script.";
                (
                    "failed",
                    json!({"type": "failed", "error": {"type": kind, "code": code, "message": message}}),
                )
            }
        };
        let usage = if status == "failed" {
            Usage::default()
        } else {
            self.usage
        };
        json!({"type": "response.done", "response": self.object(status, details, usage.object())})
    }

    fn object(&self, status: &str, status_details: Value, usage: Value) -> Value {
        let mut object = self.settings.clone();
        object["object"] = "realtime.response".into();
        object["id"] = self.id.clone().into();
        object["status"] = status.into();
        object["status_details"] = status_details;
        object["output"] = self.output.clone().into();
        object["conversation_id"] = self.conversation_id.clone().into();
        object["usage"] = usage;
        object
    }

    /// The place in the output of the item that comes next, or is being said.
    pub(super) fn output_index(&self) -> usize {
        self.output.len()
    }

    /// Opens a message and returns it as an item with nothing in it.
    pub(super) fn open_message(&mut self) -> Value {
        let id = new_id("item");
        let item = self.message(&id, "in_progress", json!([]));
        self.open = Some(OpenItem {
            id,
            text: String::new(),
            samples: 0,
        });
        item
    }

    /// Returns the open message as an item of what was said so far.
    pub(super) fn open_message_item(&self, status: &str) -> Value {
        let Some(open) = &self.open else {
            return Value::Null;
        };
        let content = if self.spoken {
            json!([{"type": "output_audio", "transcript": open.text}])
        } else {
            json!([{"type": "output_text", "text": open.text}])
        };
        self.message(&open.id, status, content)
    }

    fn message(&self, id: &str, status: &str, content: Value) -> Value {
        json!({"id": id, "type": "message", "status": status, "role": "assistant", "content": content})
    }

    /// Notes a finished item of the output.
    pub(super) fn finish_item(&mut self, item: Value) {
        self.open = None;
        self.output.push(item);
    }

    /// An event about the output as a whole: `response.output_item.added` and `.done`.
    pub(super) fn item_event(&self, kind: &str, item: &Value) -> Value {
        json!({
            "type": format!("response.output_item.{kind}"),
            "response_id": self.id,
            "output_index": self.output_index(),
            "item": item,
        })
    }

    /// An event about the content of the open message, with the keys that all of them have.
    pub(super) fn content_event(&self, kind: &str) -> Value {
        json!({
            "type": format!("response.{kind}"),
            "response_id": self.id,
            "item_id": self.open.as_ref().map(|open| open.id.as_str()),
            "output_index": self.output_index(),
            "content_index": 0,
        })
    }

    /// `response.content_part.added` and `.done`.
    pub(super) fn part_event(&self, kind: &str) -> Value {
        let text = self.open.as_ref().map_or("", |open| open.text.as_str());
        let mut event = self.content_event(&format!("content_part.{kind}"));
        event["part"] = if self.spoken {
            json!({"type": "audio", "transcript": text})
        } else {
            json!({"type": "text", "text": text})
        };
        event
    }

    /// The delta of some words.
    pub(super) fn text_delta(&mut self, words: &str) -> Value {
        if let Some(open) = &mut self.open {
            open.text.push_str(words);
        }
        self.usage.add_words(words);
        let kind = if self.spoken {
            "output_audio_transcript.delta"
        } else {
            "output_text.delta"
        };
        let mut event = self.content_event(kind);
        event["delta"] = words.into();
        event["obfuscation"] = new_id("pad").split_off(4 + words.len() % 12).into();
        event
    }

    /// The events that close the open message, up to its content part.
    pub(super) fn closing_events(&self) -> Vec<Value> {
        let text = self.open.as_ref().map_or("", |open| open.text.as_str());
        if !self.spoken {
            let mut done = self.content_event("output_text.done");
            done["text"] = text.into();
            return vec![done, self.part_event("done")];
        }
        let mut transcript_done = self.content_event("output_audio_transcript.done");
        transcript_done["transcript"] = text.into();
        vec![
            self.content_event("output_audio.done"),
            transcript_done,
            self.part_event("done"),
        ]
    }
}
