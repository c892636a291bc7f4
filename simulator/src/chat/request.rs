//! What is asked of `/v1/chat/completions`.

use serde::Deserialize;
use serde_json::Value;

/// The fields that matter here; the others are taken and not looked at.
#[derive(Debug, Deserialize)]
pub(super) struct ChatRequest {
    pub(super) model: String,
    messages: Vec<Message>,
    #[serde(default)]
    pub(super) stream: bool,
    stream_options: Option<StreamOptions>,
    response_format: Option<Value>,
    max_tokens: Option<u64>,
    max_completion_tokens: Option<u64>,
}

#[derive(Debug, Deserialize)]
struct Message {
    role: String,
    content: Option<Content>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(Vec<Part>),
}

#[derive(Debug, Deserialize)]
struct Part {
    text: Option<String>,
}

#[derive(Debug, Deserialize)]
struct StreamOptions {
    #[serde(default)]
    include_usage: bool,
}

impl Message {
    fn text(&self) -> String {
        match &self.content {
            None => String::new(),
            Some(Content::Text(text)) => text.clone(),
            Some(Content::Parts(parts)) => parts
                .iter()
                .filter_map(|part| part.text.as_deref())
                .collect(),
        }
    }
}

impl ChatRequest {
    /// Returns what the real server would complain about.
    pub(super) fn check(&self) -> Result<(), String> {
        const ROLES: [&str; 5] = ["system", "developer", "user", "assistant", "tool"];
        if self.messages.is_empty() {
            return Err("Invalid 'messages': empty array.".to_owned());
        }
        for message in &self.messages {
            if !ROLES.contains(&message.role.as_str()) {
                return Err(format!("Invalid value: '{}'.", message.role));
            }
        }
        if self.stream_options.is_some() && !self.stream {
            return Err(
                "The 'stream_options' parameter is only allowed when 'stream' is enabled."
                    .to_owned(),
            );
        }
        match self.format_type() {
            None | Some("text" | "json_object") => Ok(()),
            Some("json_schema") if self.schema().is_some() && self.schema_name().is_some() => {
                Ok(())
            }
            Some("json_schema") => {
                Err("Missing required parameter: 'response_format.json_schema'.".to_owned())
            }
            Some(other) => Err(format!("Invalid value: '{other}'.")),
        }
    }

    pub(super) fn texts(&self) -> Vec<String> {
        self.messages.iter().map(Message::text).collect()
    }

    /// Returns the words that are answered.
    pub(super) fn last_words(&self) -> String {
        let of_user = self.messages.iter().rfind(|message| message.role == "user");
        of_user
            .or(self.messages.last())
            .map(Message::text)
            .unwrap_or_default()
    }

    /// Returns how often the model has answered before.
    pub(super) fn turns(&self) -> usize {
        let answers = self.messages.iter();
        answers
            .filter(|message| message.role == "assistant")
            .count()
    }

    pub(super) fn includes_usage(&self) -> bool {
        self.stream_options
            .as_ref()
            .is_some_and(|options| options.include_usage)
    }

    pub(super) fn token_limit(&self) -> Option<u64> {
        self.max_completion_tokens.or(self.max_tokens)
    }

    pub(super) fn wants_json(&self) -> bool {
        matches!(self.format_type(), Some("json_object" | "json_schema"))
    }

    pub(super) fn schema_name(&self) -> Option<&str> {
        self.response_format.as_ref()?["json_schema"]["name"].as_str()
    }

    pub(super) fn schema(&self) -> Option<&Value> {
        self.response_format.as_ref()?["json_schema"].get("schema")
    }

    fn format_type(&self) -> Option<&str> {
        self.response_format.as_ref()?["type"].as_str()
    }
}
