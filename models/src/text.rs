//! The seam to a model that reads and writes text.

use std::fmt::{self, Debug};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::stream::{BoxStream, StreamExt as _};
use serde_json::Value;

use crate::ModelError;

/// A model that reads and writes text. Shared by everybody who asks: it has to bound, by itself, how much it does at once.
#[async_trait]
pub trait TextModel: Debug + Send + Sync {
    /// Returns the model's name, as it is kept with what it wrote.
    fn model(&self) -> &str;

    /// Asks, and returns once the model begins to answer. Dropping the stream gives the answer up.
    ///
    /// # Errors
    /// When the model cannot be had. After its first piece an answer fails inside the stream, and is not begun anew.
    async fn stream(&self, request: TextRequest) -> Result<TextStream, ModelError>;

    /// Asks, and waits for the whole answer. An answer that breaks off may be asked for again within the request's time.
    ///
    /// # Errors
    /// When there is no whole answer in time.
    async fn complete(&self, request: TextRequest) -> Result<Completion, ModelError> {
        collect(self.stream(request).await?).await
    }
}

/// An answer on its way. The last item is [`TextEvent::Finished`] or an error.
pub type TextStream = BoxStream<'static, Result<TextEvent, ModelError>>;

/// What is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct TextRequest {
    /// What was said so far, in order.
    pub messages: Vec<Message>,
    /// What the answer looks like.
    pub format: AnswerFormat,
    /// The answer ends here at the latest; the model may count its thoughts, too.
    pub max_tokens: u32,
    /// The whole answer must be there within this, all tries together.
    pub deadline: Duration,
}

impl TextRequest {
    const MAX_TOKENS: u32 = 1_000;
    /// A local model is read from disk at its first request, which takes tens of seconds.
    const DEADLINE: Duration = Duration::from_secs(120);

    /// Asks for plain text.
    #[must_use]
    pub fn new(messages: impl IntoIterator<Item = Message>) -> Self {
        Self {
            messages: messages.into_iter().collect(),
            format: AnswerFormat::Text,
            max_tokens: Self::MAX_TOKENS,
            deadline: Self::DEADLINE,
        }
    }

    /// Asks for JSON that follows a schema.
    #[must_use]
    pub fn following(mut self, schema: JsonSchema) -> Self {
        self.format = AnswerFormat::Json(schema);
        self
    }

    /// Ends the answer after so many tokens.
    #[must_use]
    pub fn max_tokens(mut self, tokens: u32) -> Self {
        self.max_tokens = tokens;
        self
    }

    /// Gives up after this.
    #[must_use]
    pub fn within(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }
}

/// One thing said. Its `Debug` tells no words: they must not reach a log.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// By whom.
    pub role: Role,
    /// The words.
    pub content: String,
}

impl Message {
    /// What the model is told about its part.
    pub fn system(content: impl Into<String>) -> Self {
        Self::by(Role::System, content)
    }

    /// What the other side says.
    pub fn user(content: impl Into<String>) -> Self {
        Self::by(Role::User, content)
    }

    /// What the model said before.
    pub fn assistant(content: impl Into<String>) -> Self {
        Self::by(Role::Assistant, content)
    }

    fn by(role: Role, content: impl Into<String>) -> Self {
        Self {
            role,
            content: content.into(),
        }
    }
}

impl Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("role", &self.role)
            .field("bytes", &self.content.len())
            .finish()
    }
}

/// Who says something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Whoever gives the model its part.
    System,
    /// The other side.
    User,
    /// The model itself.
    Assistant,
}

/// What an answer looks like.
#[derive(Debug, Clone, PartialEq)]
pub enum AnswerFormat {
    /// Words.
    Text,
    /// One JSON value.
    Json(JsonSchema),
}

/// A JSON schema with a name. For strict servers every object in it says `additionalProperties: false` and requires all of its
/// properties; what may be missing is typed `["string", "null"]`.
#[derive(Debug, Clone, PartialEq)]
pub struct JsonSchema {
    /// Letters, digits, `_` and `-`.
    pub name: String,
    /// The schema itself.
    pub schema: Value,
}

impl JsonSchema {
    /// Names a schema. One that strict servers refuse is a mistake of whoever wrote it: debug builds panic.
    pub fn new(name: impl Into<String>, schema: Value) -> Self {
        let name = name.into();
        debug_assert!(
            is_strict(&schema),
            "the schema {name} has an object that lets in other properties, or does not require all of its own"
        );
        Self { name, schema }
    }
}

fn is_strict(schema: &Value) -> bool {
    let several = |name: &str| match &schema[name] {
        Value::Array(schemas) => schemas.iter().collect(),
        Value::Object(schemas) => schemas.values().collect(),
        _ => Vec::new(),
    };
    let own = schema["properties"].as_object();
    let is_required = |name: &String| {
        let required = schema["required"].as_array();
        required.is_some_and(|required| required.iter().any(|one| one == name.as_str()))
    };
    let is_closed = own
        .is_none_or(|own| schema["additionalProperties"] == false && own.keys().all(is_required));
    let inner = ["properties", "$defs", "definitions", "anyOf"];
    is_closed
        && is_strict_or_absent(&schema["items"])
        && inner.into_iter().flat_map(several).all(is_strict)
}

fn is_strict_or_absent(schema: &Value) -> bool {
    schema.is_null() || is_strict(schema)
}

/// A part of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextEvent {
    /// The next piece of the words; never empty.
    Delta(String),
    /// That was all.
    Finished {
        /// Why it ended.
        reason: FinishReason,
        /// What it took, when the server tells.
        usage: Option<TokenUsage>,
    },
}

/// Why an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FinishReason {
    /// The model had said all.
    Stop,
    /// It ran into `max_tokens`, or into the model's own limit.
    Length,
    /// A filter cut it off.
    Filtered,
}

/// What an answer took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TokenUsage {
    /// Tokens that were read.
    pub input_tokens: u64,
    /// Those of them that came from a cache.
    pub cached_tokens: u64,
    /// Tokens that were written, thoughts included.
    pub output_tokens: u64,
}

/// A whole answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// The words.
    pub text: String,
    /// Why it ended.
    pub reason: FinishReason,
    /// What it took, when the server tells.
    pub usage: Option<TokenUsage>,
}

/// Puts the pieces of an answer together.
///
/// # Errors
/// The stream's own, or [`ModelError::Unreachable`] when it just ends.
pub async fn collect(mut stream: TextStream) -> Result<Completion, ModelError> {
    let mut text = String::new();
    while let Some(event) = stream.next().await {
        match event? {
            TextEvent::Delta(piece) => text.push_str(&piece),
            TextEvent::Finished { reason, usage } => {
                return Ok(Completion {
                    text,
                    reason,
                    usage,
                });
            }
        }
    }
    Err(ModelError::Unreachable)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_schema_is_strict_when_every_object_in_it_is() {
        let fact = |required: Value, additional: Value| json!({"type": "object", "properties": {"text": {"type": "string"}}, "required": required, "additionalProperties": additional});
        let strict = fact(json!(["text"]), json!(false));
        for loose in [
            fact(json!([]), json!(false)),
            fact(json!(["text"]), json!(true)),
            fact(json!(["text"]), Value::Null),
        ] {
            for around in [
                |inner: Value| inner,
                |inner| json!({"type": "array", "items": inner}),
                |inner| json!({"anyOf": [{"type": "null"}, inner]}),
                |inner| json!({"$ref": "#/$defs/fact", "$defs": {"fact": inner}}),
            ] {
                assert!(!is_strict(&around(loose.clone())));
                assert!(is_strict(&around(strict.clone())));
            }
        }
    }
}
