//! What a server turned out to take. Servers that call themselves compatible differ in two fields; which they know is learned from
//! their refusals.

use super::ServerConfig;
use super::errors::ServerError;
use super::wire::{ChatMessage, ChatRequest, NamedSchema, ResponseFormat, StreamOptions};
use crate::{AnswerFormat, JsonSchema, Role, TextRequest};

/// How a server is to be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Manners {
    limit: LimitField,
    json: JsonField,
    /// Servers of one's own may take a schema and not mind it, so that the words say it, too.
    says_schema: bool,
    stream_options: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LimitField {
    MaxTokens,
    MaxCompletionTokens,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum JsonField {
    Schema,
    Object,
    None,
}

impl Manners {
    pub(super) fn of(config: &ServerConfig) -> Self {
        let is_openai = config.is_openai_itself();
        Self {
            limit: if is_openai {
                LimitField::MaxCompletionTokens
            } else {
                LimitField::MaxTokens
            },
            json: JsonField::Schema,
            says_schema: !is_openai,
            stream_options: true,
        }
    }

    /// Returns how to ask after this refusal; nothing when it is not about manners, or all were tried.
    pub(super) fn after(
        self,
        refusal: &ServerError,
        request: &TextRequest,
        first: Self,
    ) -> Option<Self> {
        if !refusal.is_about_the_request() {
            return None;
        }
        if refusal.mentions(&["max_tokens", "max_completion_tokens"]) && self.limit == first.limit {
            let limit = match self.limit {
                LimitField::MaxTokens => LimitField::MaxCompletionTokens,
                LimitField::MaxCompletionTokens => LimitField::MaxTokens,
            };
            return Some(Self { limit, ..self });
        }
        if refusal.mentions(&["stream_options", "include_usage"]) && self.stream_options {
            return Some(Self {
                stream_options: false,
                ..self
            });
        }
        // A server may not say what it is that it does not know.
        let json = match (&request.format, self.json) {
            (AnswerFormat::Json(_), JsonField::Schema) => JsonField::Object,
            (AnswerFormat::Json(_), JsonField::Object) => JsonField::None,
            _ => return None,
        };
        Some(Self {
            json,
            says_schema: true,
            ..self
        })
    }

    /// Writes a request. `words` is what [`Self::words`] says.
    pub(super) fn write<'a>(
        self,
        model: &'a str,
        request: &'a TextRequest,
        words: Option<&'a str>,
        stream: bool,
    ) -> ChatRequest<'a> {
        let said = request.messages.iter().map(|message| ChatMessage {
            role: match message.role {
                Role::System => "system",
                Role::User => "user",
                Role::Assistant => "assistant",
            },
            content: &message.content,
        });
        let mut messages: Vec<_> = said.collect();
        if let Some(content) = words {
            // Some models only mind the first system message.
            let place = messages
                .iter()
                .position(|message| message.role != "system")
                .unwrap_or(messages.len());
            let role = "system";
            messages.insert(place, ChatMessage { role, content });
        }
        let response_format = match (&request.format, self.json) {
            (AnswerFormat::Text, _) | (_, JsonField::None) => None,
            (AnswerFormat::Json(_), JsonField::Object) => Some(ResponseFormat::JsonObject),
            (AnswerFormat::Json(JsonSchema { name, schema }), JsonField::Schema) => {
                Some(ResponseFormat::JsonSchema {
                    json_schema: NamedSchema {
                        name,
                        schema,
                        strict: true,
                    },
                })
            }
        };
        let limit = |field| (self.limit == field).then_some(request.max_tokens);
        ChatRequest {
            model,
            messages,
            stream,
            stream_options: (stream && self.stream_options).then_some(StreamOptions {
                include_usage: true,
            }),
            response_format,
            max_tokens: limit(LimitField::MaxTokens),
            max_completion_tokens: limit(LimitField::MaxCompletionTokens),
        }
    }

    /// Returns what is to be said of the schema in words.
    pub(super) fn words(self, request: &TextRequest) -> Option<String> {
        match &request.format {
            AnswerFormat::Json(JsonSchema { schema, .. }) if self.says_schema => Some(format!(
                "Answer with nothing but one JSON value that follows this JSON schema:\n{schema}"
            )),
            _ => None,
        }
    }
}
