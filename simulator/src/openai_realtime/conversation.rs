//! The items of a conversation, as the server sees it.

use serde_json::{Value, json};

use super::error::WireError;
use super::usage::item_tokens;
use crate::ids::new_id;

/// The conversation of one connection.
#[derive(Debug)]
pub(super) struct Conversation {
    pub(super) id: String,
    items: Vec<Item>,
}

/// One item.
#[derive(Debug, Clone)]
pub(super) struct Item {
    /// As it goes over the wire.
    pub(super) value: Value,
    /// How much audio it holds.
    pub(super) audio_ms: u64,
    /// The words of the learner, also where no transcript was asked for.
    pub(super) words: Option<String>,
    /// Which entry of the script's `learner_says` they are.
    pub(super) said: Option<usize>,
    /// Whether it is only the silence of somebody who does not speak.
    pub(super) is_silence: bool,
    /// Whether the model does not see it any more, because the conversation grew too long.
    pub(super) is_forgotten: bool,
}

impl Item {
    /// An item that a client sent, already checked against the shapes.
    pub(super) fn from_client(mut value: Value) -> Self {
        if let Some(object) = value.as_object_mut() {
            object.remove("object");
            object.entry("id").or_insert_with(|| new_id("item").into());
            object.entry("status").or_insert_with(|| "completed".into());
            if object["type"] == "function_call" {
                object
                    .entry("call_id")
                    .or_insert_with(|| new_id("call").into());
            }
        }
        let words = words_of(&value);
        // Audio that a client puts into an item is not kept either.
        for content in value["content"].as_array_mut().into_iter().flatten() {
            if let Some(content) = content.as_object_mut()
                && content["type"] == "input_audio"
            {
                content.remove("audio");
                content.entry("transcript").or_insert(Value::Null);
            }
        }
        Self {
            value,
            audio_ms: 0,
            words: Some(words),
            said: None,
            is_silence: false,
            is_forgotten: false,
        }
    }

    /// The item of a spoken turn.
    pub(super) fn spoken(
        id: &str,
        audio_ms: u64,
        words: Option<String>,
        said: Option<usize>,
    ) -> Self {
        let value = json!({
            "id": id,
            "type": "message",
            "status": "completed",
            "role": "user",
            "content": [{"type": "input_audio", "transcript": null}],
        });
        Self {
            value,
            audio_ms,
            words,
            said,
            is_silence: false,
            is_forgotten: false,
        }
    }

    /// The item of a silence that became too long.
    pub(super) fn silence(id: &str, audio_ms: u64) -> Self {
        Self {
            is_silence: true,
            ..Self::spoken(id, audio_ms, None, None)
        }
    }

    /// An item of a reply.
    pub(super) fn tutors(value: Value) -> Self {
        Self {
            value,
            audio_ms: 0,
            words: None,
            said: None,
            is_silence: false,
            is_forgotten: false,
        }
    }

    pub(super) fn id(&self) -> &str {
        self.value["id"].as_str().unwrap_or_default()
    }

    /// Whether it is a turn of the learner.
    pub(super) fn is_learners(&self) -> bool {
        self.value["role"] == "user" && !self.is_silence
    }

    /// Whether it is something that the tutor said.
    pub(super) fn is_tutors(&self) -> bool {
        self.value["role"] == "assistant"
    }

    fn is_tutors_audio(&self) -> bool {
        self.is_tutors() && self.value["content"][0]["type"] == "output_audio"
    }
}

fn words_of(value: &Value) -> String {
    let contents = value["content"].as_array().into_iter().flatten();
    let texts = contents.filter_map(|content| {
        content["text"]
            .as_str()
            .or_else(|| content["transcript"].as_str())
    });
    texts.collect::<Vec<_>>().join(" ")
}

impl Conversation {
    pub(super) fn new() -> Self {
        Self {
            id: new_id("conv"),
            items: Vec::new(),
        }
    }

    pub(super) fn items(&self) -> &[Item] {
        &self.items
    }

    pub(super) fn last_id(&self) -> Option<String> {
        self.items.last().map(|item| item.id().to_owned())
    }

    /// Appends an item and returns the id of the one before it.
    pub(super) fn append(&mut self, item: Item) -> Option<String> {
        let previous = self.last_id();
        self.items.push(item);
        previous
    }

    /// Puts an item behind another one (`root`: first; `None`: last) and returns the id of the one before it.
    pub(super) fn insert(
        &mut self,
        item: Item,
        after: Option<&str>,
    ) -> Result<Option<String>, WireError> {
        if self.position(item.id()).is_some() {
            let message = format!(
                "Error adding item: item with ID '{}' already exists.",
                item.id()
            );
            return Err(WireError::request("invalid_value", message).about("item.id"));
        }
        let at = match after {
            None => self.items.len(),
            Some("root") => 0,
            Some(id) => match self.position(id) {
                Some(position) => position + 1,
                None => {
                    let message = format!(
                        "Error adding item: the previous item with ID '{id}' does not exist."
                    );
                    let error = WireError::request("item_create_invalid_previous_item_id", message);
                    return Err(error.about("previous_item_id"));
                }
            },
        };
        self.items.insert(at, item);
        Ok(at
            .checked_sub(1)
            .map(|before| self.items[before].id().to_owned()))
    }

    /// Replaces what an item looks like, if it is still there.
    pub(super) fn replace(&mut self, value: Value, audio_ms: u64) {
        let id = value["id"].as_str().unwrap_or_default();
        if let Some(position) = self.position(id) {
            let item = &mut self.items[position];
            item.value = value;
            item.audio_ms = audio_ms;
        }
    }

    /// Lets the model forget the oldest items when they are more than `limit` tokens, until they are `kept` at most.
    pub(super) fn forget(&mut self, limit: u64, kept: u64) {
        let remembered = |items: &[Item]| -> u64 {
            let seen = items.iter().filter(|item| !item.is_forgotten);
            seen.map(item_tokens).sum()
        };
        let mut tokens = remembered(&self.items);
        if tokens <= limit {
            return;
        }
        for item in self.items.iter_mut().filter(|item| !item.is_forgotten) {
            if tokens <= kept {
                return;
            }
            tokens -= item_tokens(item);
            item.is_forgotten = true;
        }
    }

    pub(super) fn find(&self, id: &str) -> Option<&Item> {
        self.items.iter().find(|item| item.id() == id)
    }

    /// Returns an item; `verb` and `participle` go into the error where there is none.
    pub(super) fn get(&self, id: &str, verb: &str, participle: &str) -> Result<&Item, WireError> {
        self.find(id).ok_or_else(|| {
            let message =
                format!("Error {participle} item: the item with id '{id}' does not exist.");
            WireError::request(&format!("item_{verb}_invalid_item_id"), message).about("item_id")
        })
    }

    pub(super) fn delete(&mut self, id: &str) -> Result<(), WireError> {
        self.get(id, "delete", "deleting")?;
        self.items.retain(|item| item.id() != id);
        Ok(())
    }

    /// Cuts a spoken reply to what was heard, and forgets its transcript as the real server does.
    pub(super) fn truncate(
        &mut self,
        id: &str,
        content_index: u64,
        audio_end_ms: u64,
    ) -> Result<(), WireError> {
        let item = self.get(id, "truncate", "truncating")?;
        if !item.is_tutors_audio() || content_index != 0 {
            let message = "Only model output audio messages can be truncated";
            return Err(WireError::request("invalid_value", message).about("item_id"));
        }
        if audio_end_ms > item.audio_ms {
            let message = format!(
                "Audio content of {}ms is already shorter than {audio_end_ms}ms",
                item.audio_ms
            );
            return Err(WireError::request("invalid_value", message).about("audio_end_ms"));
        }
        if let Some(item) = self.items.iter_mut().find(|item| item.id() == id) {
            item.audio_ms = audio_end_ms;
            item.value["content"][0]["transcript"] = "".into();
        }
        Ok(())
    }

    /// Notes the transcript of a spoken turn.
    pub(super) fn set_transcript(&mut self, id: &str, transcript: &str) {
        if let Some(item) = self.items.iter_mut().find(|item| item.id() == id) {
            item.value["content"][0]["transcript"] = transcript.into();
        }
    }

    fn position(&self, id: &str) -> Option<usize> {
        self.items.iter().position(|item| item.id() == id)
    }
}
