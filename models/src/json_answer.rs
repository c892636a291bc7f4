//! Answers that are data.

use serde::de::DeserializeOwned;

use crate::{Completion, FinishReason, ModelError, TextModel, TextRequest, TokenUsage};

/// Data that a model wrote, and what it took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonAnswer<T> {
    /// The data.
    pub value: T,
    /// What it took, when the server tells.
    pub usage: Option<TokenUsage>,
}

/// Asks for an answer that follows the request's schema, and reads it.
///
/// # Errors
/// As [`TextModel::complete`]; [`ModelError::Unusable`] when the answer is not such data, also because it was cut off.
pub async fn complete_json<T: DeserializeOwned>(
    model: &dyn TextModel,
    request: TextRequest,
) -> Result<JsonAnswer<T>, ModelError> {
    let answer = model.complete(request).await?;
    Ok(JsonAnswer {
        value: read_json(&answer)?,
        usage: answer.usage,
    })
}

/// Reads an answer that follows a schema: for whoever accounts for answers that cannot be used, too.
///
/// # Errors
/// [`ModelError::Unusable`] when it is not such data, also because it was cut off; [`ModelError::Declined`].
pub fn read_json<T: DeserializeOwned>(answer: &Completion) -> Result<T, ModelError> {
    match answer.reason {
        FinishReason::Stop => {}
        FinishReason::Length => return Err(ModelError::Unusable("it was cut off at its longest")),
        FinishReason::Filtered => return Err(ModelError::Declined),
    }
    serde_json::from_str(json_in(&answer.text))
        .map_err(|_| ModelError::Unusable("it is not JSON of the wanted shape"))
}

/// Returns the JSON in an answer: models without a schema of their own like to put it into a code block with a word before it, or think
/// aloud first.
fn json_in(answer: &str) -> &str {
    let spoken = answer
        .rsplit_once("</think>")
        .map_or(answer, |(_, rest)| rest)
        .trim();
    if spoken.starts_with(['{', '[']) {
        return spoken;
    }
    let block = spoken
        .split_once("```")
        .and_then(|(_, rest)| rest.split_once('\n'))
        .and_then(|(_, rest)| rest.split_once("```"));
    block.map_or(spoken, |(inside, _)| inside.trim())
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::Message;
    use crate::fake::FakeTextModel;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Level {
        level: String,
    }

    async fn read(answer: &str) -> Result<Level, ModelError> {
        let model = FakeTextModel::saying([answer]);
        let request = TextRequest::new([Message::user("Which level?")]);
        let answer = complete_json(&model, request).await?;
        Ok(answer.value)
    }

    #[tokio::test]
    async fn data_is_found_in_whatever_a_model_puts_around_it() {
        for answer in [
            r#"{"level": "B1"}"#,
            "Sure, here it is:\n```json\n{\"level\": \"B1\"}\n```\nAnything else?",
            "<think>A2 {perhaps}, no.</think>\n\n{\"level\": \"B1\"}",
        ] {
            let level = "B1".into();
            assert_eq!(read(answer).await, Ok(Level { level }), "{answer}");
        }
    }

    #[tokio::test]
    async fn an_answer_of_another_shape_may_be_asked_for_again() {
        for answer in ["B1, I would say", r#"{"grade": "B1"}"#, r#"{"level": "#] {
            let error = read(answer).await.unwrap_err();
            assert!(error.retry_helps(), "{error}");
        }
    }
}
