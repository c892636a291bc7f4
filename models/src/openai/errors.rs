//! What a server says when it does not do what it is asked.

use std::time::Duration;

use reqwest::header::HeaderMap;
use serde_json::Value;

use crate::ModelError;

/// Why one request failed.
pub(super) enum Failure {
    /// The server says why.
    Server(ServerError),
    /// It does not, or cannot.
    Model(ModelError),
}

/// A server's own words. They may repeat words of the request, so they go no further than this folder.
pub(super) struct ServerError {
    status: u16,
    code: String,
    /// In lower case.
    message: String,
    retry_after: Option<Duration>,
}

impl From<ModelError> for Failure {
    fn from(error: ModelError) -> Self {
        Self::Model(error)
    }
}

impl From<ServerError> for Failure {
    fn from(error: ServerError) -> Self {
        Self::Server(error)
    }
}

impl From<Failure> for ModelError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Server(error) => error.into_model_error(),
            Failure::Model(error) => error,
        }
    }
}

impl ServerError {
    /// Reads an answer that is no success. Servers of one's own may answer in plain text, or with a shape of their own.
    pub(super) fn read(status: u16, headers: &HeaderMap, body: &[u8]) -> Self {
        let retry_after = retry_after(headers);
        let body = match serde_json::from_slice::<Value>(body) {
            // As Gemini does.
            Ok(Value::Array(mut several)) if !several.is_empty() => several.swap_remove(0),
            Ok(value) => value,
            Err(_) => Value::String(String::from_utf8_lossy(body).into_owned()),
        };
        let error = body.get("error").unwrap_or(&body);
        Self {
            retry_after,
            ..Self::from_json(status, error)
        }
    }

    /// Reads the value of an `error`, which also comes with status 200 or in the middle of an answer.
    pub(super) fn from_json(status: u16, error: &Value) -> Self {
        let text = |name: &str| error[name].as_str().filter(|text| !text.is_empty());
        // A number in place of a code is HTTP's word for what went wrong, whatever the answer itself said.
        let told = error["code"]
            .as_u64()
            .or_else(|| error["code"].as_str()?.parse().ok())
            .and_then(|code| u16::try_from(code).ok())
            .filter(|code| (400..600).contains(code));
        let code = text("code")
            .filter(|_| told.is_none())
            .or_else(|| text("type"))
            .or_else(|| text("status"))
            .unwrap_or("unknown");
        let message = match error {
            Value::String(message) => message.clone(),
            Value::Object(_) => ["message", "detail", "param"]
                .iter()
                .map(|name| match &error[name] {
                    Value::String(text) => text.clone(),
                    Value::Null => String::new(),
                    other => other.to_string(),
                })
                .collect::<Vec<_>>()
                .join(" "),
            other => other.to_string(),
        };
        Self {
            status: told.unwrap_or(status),
            code: plain(code),
            message: message.to_lowercase(),
            retry_after: None,
        }
    }

    /// Returns whether the server did not take the request as it was written.
    pub(super) fn is_about_the_request(&self) -> bool {
        matches!(self.status, 400 | 404 | 415 | 422 | 501)
            && !self.is_too_long()
            && !self.is_about_the_key()
            && !self.is_declined()
            && !self.mentions(&["model_not_found"])
    }

    /// Returns whether one of these words is in it, given in lower case.
    pub(super) fn mentions(&self, words: &[&str]) -> bool {
        words
            .iter()
            .any(|word| self.message.contains(word) || self.code.contains(word))
    }

    fn is_too_long(&self) -> bool {
        self.status == 413
            || self.mentions(&[
                "context_length_exceeded",
                "context length",
                "context size",
                "maximum context",
                "context window",
                "too many tokens",
                "too long",
                "input length",
                "must have less than",
            ])
    }

    fn is_about_the_key(&self) -> bool {
        matches!(self.status, 401 | 403) || self.mentions(&["invalid_api_key", "api key not valid"])
    }

    fn is_declined(&self) -> bool {
        self.mentions(&["content_filter", "content_policy", "content management"])
    }

    fn is_about_quota(&self) -> bool {
        self.status == 402 || self.mentions(&["insufficient_quota", "billing"])
    }

    fn into_model_error(self) -> ModelError {
        let Self {
            status,
            retry_after,
            ..
        } = self;
        if self.is_about_quota() {
            ModelError::QuotaSpent
        } else if status == 429 || self.code.contains("rate_limit") {
            ModelError::RateLimited { retry_after }
        } else if self.is_about_the_key() {
            ModelError::KeyRefused { status }
        } else if self.is_declined() {
            ModelError::Declined
        } else if matches!(status, 408 | 409 | 425 | 500..)
            || self.code == "server_error"
            // An error in place of an answer that had begun well.
            || status == 200 && !self.is_too_long()
        {
            ModelError::ServerFailed {
                status,
                retry_after,
            }
        } else if self.is_too_long() {
            ModelError::TooLong
        } else {
            ModelError::Refused {
                status,
                code: self.code,
            }
        }
    }
}

/// Keeps of a code what codes are made of: it will be logged.
fn plain(code: &str) -> String {
    let letters = code
        .chars()
        .filter(|letter| letter.is_ascii_alphanumeric() || "_-.".contains(*letter));
    letters.take(60).collect::<String>().to_lowercase()
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let number = |name: &str| {
        let value = headers.get(name)?.to_str().ok()?;
        value.trim().parse::<f64>().ok()
    };
    let seconds = number("retry-after-ms")
        .map(|ms| ms / 1_000.0)
        .or_else(|| number("retry-after"))?;
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(status: u16, body: &str) -> ModelError {
        let mut headers = HeaderMap::new();
        headers.insert("retry-after", "2".parse().unwrap());
        ServerError::read(status, &headers, body.as_bytes()).into_model_error()
    }

    #[test]
    fn each_refusal_says_whether_another_try_helps() {
        let retry_after = Some(Duration::from_secs(2));
        let refused = |status, code: &str| ModelError::Refused {
            status,
            code: code.into(),
        };
        for (status, body, expected) in [
            (
                429,
                r#"{"error": {"message": "Slow down", "type": "requests", "code": "rate_limit_exceeded"}}"#,
                ModelError::RateLimited { retry_after },
            ),
            (
                429,
                r#"{"error": {"message": "You exceeded your current quota", "code": "insufficient_quota"}}"#,
                ModelError::QuotaSpent,
            ),
            (
                401,
                r#"{"error": {"message": "Incorrect API key", "code": "invalid_api_key"}}"#,
                ModelError::KeyRefused { status: 401 },
            ),
            (
                400,
                r#"[{"error": {"code": 400, "message": "API key not valid. Please pass a valid API key.", "status": "INVALID_ARGUMENT"}}]"#,
                ModelError::KeyRefused { status: 400 },
            ),
            (
                400,
                r#"{"error": {"message": "This model's maximum context length is 8192 tokens", "code": "context_length_exceeded"}}"#,
                ModelError::TooLong,
            ),
            (
                400,
                r#"{"object": "error", "message": "This model's maximum context length is 4096 tokens.", "code": 400}"#,
                ModelError::TooLong,
            ),
            (413, "Payload too large", ModelError::TooLong),
            (
                400,
                r#"{"error": {"message": "flagged", "code": "content_policy_violation"}}"#,
                ModelError::Declined,
            ),
            (
                404,
                r#"{"error": {"message": "model 'x' not found", "type": "not_found_error", "code": null}}"#,
                refused(404, "not_found_error"),
            ),
            (
                422,
                r#"{"detail": [{"loc": ["body"], "input": "secret words", "msg": "bad"}]}"#,
                refused(422, "unknown"),
            ),
            (
                503,
                "upstream connect error",
                ModelError::ServerFailed {
                    status: 503,
                    retry_after,
                },
            ),
            (
                200,
                r#"{"error": {"message": "model overloaded", "code": 529}}"#,
                ModelError::ServerFailed {
                    status: 529,
                    retry_after,
                },
            ),
        ] {
            assert_eq!(read(status, body), expected, "{body}");
        }
    }

    #[test]
    fn words_of_the_request_are_not_in_an_error() {
        let error = read(
            400,
            r#"{"error": {"message": "cannot read 'Anna lives in Faro'", "code": "Anna lives in Faro!"}}"#,
        );
        assert!(
            !format!("{error} {error:?}").contains("lives in"),
            "{error}"
        );
    }
}
