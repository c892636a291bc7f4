//! From a server's pieces to the answer.

use super::errors::ServerError;
use super::thoughts::Thoughts;
use super::wire::{ChatAnswer, Choice, Usage};
use crate::{FinishReason, ModelError, TextEvent, TokenUsage};

/// Puts together what a server sends: whole, or piece by piece.
#[derive(Debug, Default)]
pub(super) struct Answer {
    thoughts: Thoughts,
    has_said: bool,
    refusal: bool,
    reason: Option<FinishReason>,
    usage: Option<TokenUsage>,
}

impl Answer {
    /// Takes a piece, and returns the words in it.
    pub(super) fn take(&mut self, piece: ChatAnswer) -> Result<String, ModelError> {
        if let Some(error) = piece.error.filter(|error| !error.is_null()) {
            return Err(super::errors::Failure::from(ServerError::from_json(200, &error)).into());
        }
        // It may come with the last words, after them, or with every piece.
        if let Some(usage) = piece.usage {
            self.usage = Some(tokens(usage));
        }
        let mut words = String::new();
        // We never ask for more answers than one.
        let first = |choice: &Choice| choice.index.unwrap_or(0) == 0;
        for choice in piece.choices.into_iter().flatten().filter(first) {
            if let Some(reason) = choice.finish_reason.filter(|reason| !reason.is_empty()) {
                self.reason = Some(match reason.as_str() {
                    "length" | "max_tokens" => FinishReason::Length,
                    "content_filter" => FinishReason::Filtered,
                    _ => FinishReason::Stop,
                });
            }
            if let Some(said) = choice.delta.or(choice.message) {
                self.refusal |= said.refusal.is_some_and(|words| !words.is_empty());
                if let Some(content) = said.content {
                    words.push_str(&self.thoughts.strip(content.into_text()));
                }
            }
        }
        self.has_said |= !words.is_empty();
        Ok(words)
    }

    /// Returns whether there were words.
    pub(super) fn has_said(&self) -> bool {
        self.has_said
    }

    /// Returns whether only figures may follow.
    pub(super) fn is_said(&self) -> bool {
        self.reason.is_some()
    }

    /// Returns whether the server has told all.
    pub(super) fn is_complete(&self) -> bool {
        self.reason.is_some() && self.usage.is_some()
    }

    /// Ends the answer, and returns what is left of it.
    pub(super) fn finish(mut self) -> Result<Vec<TextEvent>, ModelError> {
        let rest = self.thoughts.finish();
        if self.refusal && !self.has_said {
            return Err(ModelError::Declined);
        }
        let mut events = Vec::new();
        if !rest.is_empty() {
            events.push(TextEvent::Delta(rest));
        }
        events.push(TextEvent::Finished {
            // A server that just ends has said all.
            reason: self.reason.unwrap_or(FinishReason::Stop),
            usage: self.usage,
        });
        Ok(events)
    }
}

fn tokens(usage: Usage) -> TokenUsage {
    TokenUsage {
        input_tokens: usage.prompt_tokens.unwrap_or(0),
        cached_tokens: usage
            .prompt_tokens_details
            .and_then(|details| details.cached_tokens)
            .unwrap_or(0),
        output_tokens: usage.completion_tokens.unwrap_or(0),
    }
}
