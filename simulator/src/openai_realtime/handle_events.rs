//! What each event of a client does.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::client_events::CLIENT_EVENT;
use super::connection::{Connection, End};
use super::conversation::Item;
use super::error::WireError;
use super::response::Ending;
use crate::input_audio::Heard;
use crate::timeline::{MomentKind, Stretch, peak};

const MAX_APPEND_BYTES: usize = 15 << 20;
const MIN_COMMIT_MS: u64 = 100;
const MAX_ID_CHARS: usize = 32;

/// What became of an event: an error is the client's and ends nothing.
pub(super) type Handled = Result<Result<(), WireError>, End>;

impl Connection {
    /// Handles one event. `at_us` is when it arrived.
    pub(super) async fn handle_event(&mut self, event: Value, at_us: u64) -> Handled {
        if !event.is_object() {
            return Ok(Err(WireError::request(
                "invalid_event",
                "The event must be a JSON object.",
            )));
        }
        if let Err(error) = CLIENT_EVENT.check(&event, "") {
            return Ok(Err(error));
        }
        match event["type"].as_str().unwrap_or_default() {
            "session.update" => self.handle_session_update(&event["session"]).await,
            "input_audio_buffer.append" => self.handle_append(&event, at_us).await,
            "input_audio_buffer.commit" => self.handle_commit().await,
            "input_audio_buffer.clear" => {
                self.input.take();
                self.speech_item = None;
                self.send(json!({"type": "input_audio_buffer.cleared"}))
                    .await
                    .map(Ok)
            }
            "conversation.item.create" => self.handle_item_create(event).await,
            "conversation.item.retrieve" => {
                self.handle_item_retrieve(text(&event, "item_id")).await
            }
            "conversation.item.delete" => self.handle_item_delete(text(&event, "item_id")).await,
            "conversation.item.truncate" => self.handle_item_truncate(&event).await,
            "response.create" => self.start_response(&event["response"]).await,
            "response.cancel" => {
                self.handle_response_cancel(event["response_id"].as_str())
                    .await
            }
            // The shapes let no other event through.
            _ => Ok(Ok(())),
        }
    }

    async fn handle_session_update(&mut self, update: &Value) -> Handled {
        if let Err(error) = self.session.update(update, self.has_spoken) {
            return Ok(Err(error));
        }
        let updated = json!({"type": "session.updated", "session": self.session.settings()});
        self.send(updated).await.map(Ok)
    }

    async fn handle_append(&mut self, event: &Value, at_us: u64) -> Handled {
        let format = self.session.input_format();
        let decoded = STANDARD
            .decode(text(event, "audio"))
            .ok()
            .filter(|bytes| bytes.len() <= MAX_APPEND_BYTES);
        let Some((bytes, samples)) =
            decoded.and_then(|bytes| Some((bytes.len(), format.decode(&bytes)?)))
        else {
            let message = "Invalid 'audio'. Expected base64-encoded audio bytes of whole samples, at most 15 MiB.";
            return Ok(Err(
                WireError::request("invalid_value", message).about("audio")
            ));
        };
        self.shared.counters.on_audio_received(self.number, bytes);
        let heard = self
            .input
            .handle_samples(&samples, self.session.turn_detection());
        let stretch = Stretch {
            audio_ms: self.input.received_ms(),
            duration_ms: bytes as u64 / format.bytes_per_ms(),
            peak: peak(&samples),
        };
        self.shared
            .timeline
            .note_at(at_us, self.number, MomentKind::AudioReceived, stretch);
        for heard in heard {
            self.on_heard(heard).await?;
        }
        Ok(Ok(()))
    }

    async fn on_heard(&mut self, heard: Heard) -> Result<(), End> {
        match heard {
            Heard::SpeechStarted { audio_start_ms } => self.on_speech_started(audio_start_ms).await,
            Heard::SpeechStopped {
                audio_end_ms,
                spoken_ms,
            } => self.on_speech_stopped(audio_end_ms, spoken_ms).await,
            Heard::Idle {
                audio_start_ms,
                audio_end_ms,
            } => self.on_idle(audio_start_ms, audio_end_ms).await,
        }
    }

    async fn handle_commit(&mut self) -> Handled {
        let buffered_ms = self.input.buffered_ms();
        if buffered_ms < MIN_COMMIT_MS {
            let message = format!(
                "Error committing input audio buffer: buffer too small. Expected at least {MIN_COMMIT_MS}ms of audio, \
                 but buffer only has {buffered_ms}.00ms of audio."
            );
            return Ok(Err(WireError::request(
                "input_audio_buffer_commit_empty",
                message,
            )));
        }
        let committed = self.input.take();
        self.commit_speech(committed.audio_ms, committed.voiced_ms)
            .await
            .map(Ok)
    }

    async fn handle_item_create(&mut self, mut event: Value) -> Handled {
        let item = event["item"].take();
        if item["id"]
            .as_str()
            .is_some_and(|id| id.is_empty() || id.chars().count() > MAX_ID_CHARS)
        {
            let message = format!("Invalid 'item.id': expected 1 to {MAX_ID_CHARS} characters.");
            return Ok(Err(
                WireError::request("string_above_max_length", message).about("item.id")
            ));
        }
        if let Err(error) = check_contents(&item) {
            return Ok(Err(error));
        }
        let item = Item::from_client(item);
        let value = item.value.clone();
        let previous = match self
            .conversation
            .insert(item, event["previous_item_id"].as_str())
        {
            Ok(previous) => previous,
            Err(error) => return Ok(Err(error)),
        };
        self.send_item("added", &value, previous.as_deref()).await?;
        self.send_item("done", &value, previous.as_deref())
            .await
            .map(Ok)
    }

    async fn handle_item_retrieve(&mut self, id: &str) -> Handled {
        match self
            .conversation
            .get(id, "retrieve", "retrieving")
            .map(|item| item.value.clone())
        {
            Ok(item) => self
                .send(json!({"type": "conversation.item.retrieved", "item": item}))
                .await
                .map(Ok),
            Err(error) => Ok(Err(error)),
        }
    }

    async fn handle_item_delete(&mut self, id: &str) -> Handled {
        match self.conversation.delete(id) {
            Ok(()) => self
                .send(json!({"type": "conversation.item.deleted", "item_id": id}))
                .await
                .map(Ok),
            Err(error) => Ok(Err(error)),
        }
    }

    async fn handle_item_truncate(&mut self, event: &Value) -> Handled {
        let (id, end_ms) = (
            text(event, "item_id"),
            event["audio_end_ms"].as_u64().unwrap_or(0),
        );
        if let Err(error) =
            self.conversation
                .truncate(id, event["content_index"].as_u64().unwrap_or(0), end_ms)
        {
            return Ok(Err(error));
        }
        self.note(
            MomentKind::Truncated,
            Stretch {
                audio_ms: end_ms,
                ..Stretch::default()
            },
        );
        let truncated = json!({
            "type": "conversation.item.truncated",
            "item_id": id,
            "content_index": 0,
            "audio_end_ms": end_ms,
        });
        self.send(truncated).await.map(Ok)
    }

    async fn handle_response_cancel(&mut self, id: Option<&str>) -> Handled {
        let found = self.responses.iter().position(|response| match id {
            Some(id) => response.id == id,
            None => response.conversation_id.is_some(),
        });
        let Some(position) = found else {
            let message = "Cancellation failed: no active response found";
            return Ok(Err(WireError::request(
                "response_cancel_not_active",
                message,
            )));
        };
        self.end_response(
            position,
            Ending::Cancelled {
                reason: "client_cancelled",
            },
        )
        .await
        .map(Ok)
    }

    /// Sends `conversation.item.added` or `.done`.
    pub(super) async fn send_item(
        &mut self,
        kind: &str,
        item: &Value,
        previous: Option<&str>,
    ) -> Result<(), End> {
        self.send(json!({
            "type": format!("conversation.item.{kind}"),
            "previous_item_id": previous,
            "item": item,
        }))
        .await
    }
}

/// Refuses contents that the role cannot have; the tutor's audio cannot be created by anybody.
pub(super) fn check_contents(item: &Value) -> Result<(), WireError> {
    let allowed: &[&str] = match item["role"].as_str() {
        Some("user") => &["input_text", "input_audio", "input_image"],
        Some("system") => &["input_text"],
        Some("assistant") => &["output_text", "output_audio"],
        _ => return Ok(()),
    };
    let contents = item["content"].as_array().into_iter().flatten().enumerate();
    for (index, content) in contents {
        let kind = content["type"].as_str().unwrap_or_default();
        if !allowed.contains(&kind) {
            let listed: Vec<_> = allowed.iter().map(|kind| format!("'{kind}'")).collect();
            let message = format!(
                "Invalid value: '{kind}'. Supported values are: {}.",
                listed.join(", ")
            );
            return Err(WireError::request("invalid_value", message)
                .about(format!("item.content[{index}].type")));
        }
        if kind == "output_audio" && content["audio"].is_string() {
            let message = "Assistant audio items cannot be created by the client.";
            return Err(WireError::request("invalid_value", message)
                .about(format!("item.content[{index}].audio")));
        }
    }
    Ok(())
}

fn text<'a>(event: &'a Value, key: &str) -> &'a str {
    event[key].as_str().unwrap_or_default()
}
