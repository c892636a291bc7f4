//! What is written rather than said: the answers of `/v1/chat/completions`, and what goes wrong there and at `/v1/embeddings`.

use serde::Deserialize;
use serde_json::Value;

/// The part of a script that is about text.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Writing {
    /// Answers by what is asked; the first that fits is given.
    pub answers: Vec<WrittenAnswer>,
    /// How long each word of a streamed answer takes, in milliseconds.
    pub word_ms: Option<u64>,
    /// How long an answer that is not streamed takes, in milliseconds; none unless said.
    pub answer_ms: Option<u64>,
    /// What goes wrong; the first that fits and is not used up.
    pub faults: Vec<WritingFault>,
}

/// An answer with the conditions under which it is given. All that are set must hold.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenAnswer {
    /// A part of any message of the request, whatever its case.
    pub prompt_contains: Option<String>,
    /// The name of the JSON schema that the answer has to follow.
    pub schema: Option<String>,
    /// The words, or the JSON value.
    pub answer: Value,
}

/// Something that goes wrong with a request.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WritingFault {
    /// What happens.
    pub kind: WritingFaultKind,
    /// At which of the two; at either unless said.
    pub at: Option<WritingPath>,
    /// A part of the request, as it is sent, whatever its case.
    pub request_contains: Option<String>,
    /// How many requests it happens to.
    #[serde(default = "once")]
    pub times: u64,
    /// The status of `http_status`.
    #[serde(default = "unavailable")]
    pub status: u16,
    /// The error code of `http_status` and `error`.
    #[serde(default = "server_error")]
    pub code: String,
    /// The header `Retry-After` of `http_status`, in seconds.
    pub retry_after_s: Option<u64>,
    /// After how many words of a streamed answer `drop`, `stall` and `error` happen.
    #[serde(default)]
    pub after_words: usize,
}

/// The kinds of faults of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WritingFaultKind {
    /// The request is answered with a status and an error.
    HttpStatus,
    /// The connection breaks off.
    Drop,
    /// Nothing comes any more.
    Stall,
    /// An error comes in place of the rest of a streamed answer, or with status 200.
    Error,
}

/// Where a fault happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WritingPath {
    /// `/v1/chat/completions`
    Chat,
    /// `/v1/embeddings`
    Embeddings,
}

impl Writing {
    /// Returns the answer that the script has for these messages, if it has one.
    pub fn answer_to(&self, messages: &[String], schema: Option<&str>) -> Option<&Value> {
        let fits = |answer: &&WrittenAnswer| {
            let contains = |part: &String| {
                let part = part.to_lowercase();
                messages
                    .iter()
                    .any(|message| message.to_lowercase().contains(&part))
            };
            answer.prompt_contains.as_ref().is_none_or(contains)
                && answer
                    .schema
                    .as_deref()
                    .is_none_or(|name| schema == Some(name))
        };
        self.answers.iter().find(fits).map(|answer| &answer.answer)
    }
}

const fn once() -> u64 {
    1
}

const fn unavailable() -> u16 {
    503
}

fn server_error() -> String {
    "server_error".to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_needs_all_its_conditions_and_the_first_that_fits_is_given() {
        let writing: Writing = serde_json::from_value(json!({"answers": [
            {"prompt_contains": "lisbon", "schema": "facts", "answer": {"facts": []}},
            {"schema": "facts", "answer": "any facts"},
            {"answer": "anything"},
        ]}))
        .unwrap();
        let answer = |message: &str, schema| {
            let messages = ["Sum it up.".to_owned(), message.to_owned()];
            writing.answer_to(&messages, schema).cloned()
        };
        assert_eq!(
            answer("To Lisbon!", Some("facts")),
            Some(json!({"facts": []}))
        );
        assert_eq!(answer("To Rome!", Some("facts")), Some(json!("any facts")));
        assert_eq!(answer("To Lisbon!", None), Some(json!("anything")));
    }
}
