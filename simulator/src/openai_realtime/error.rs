//! Errors in the words of the protocol.

use serde_json::{Value, json};

/// The inside of an `error` event.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct WireError {
    pub(super) kind: &'static str,
    pub(super) code: Option<String>,
    pub(super) message: String,
    pub(super) param: Option<String>,
}

impl WireError {
    /// An error that the client made.
    pub(super) fn request(code: &str, message: impl Into<String>) -> Self {
        Self {
            kind: "invalid_request_error",
            code: Some(code.to_owned()),
            message: message.into(),
            param: None,
        }
    }

    /// An error of the server's own.
    pub(super) fn server(code: &str, message: impl Into<String>) -> Self {
        Self {
            kind: "server_error",
            ..Self::request(code, message)
        }
    }

    /// Names the parameter.
    pub(super) fn about(mut self, param: impl Into<String>) -> Self {
        self.param = Some(param.into());
        self
    }

    /// The event, without its id. `client_event_id` is the id of the client's event, where it had one.
    pub(super) fn event(&self, client_event_id: Option<&str>) -> Value {
        json!({
            "type": "error",
            "error": {
                "type": self.kind,
                "code": self.code,
                "message": self.message,
                "param": self.param,
                "event_id": client_event_id,
            },
        })
    }
}
