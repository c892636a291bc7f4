//! Who is let in. As on the real server, keys and models are checked after the upgrade: the refusal is a frame.

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use axum::http::{HeaderMap, header};

use super::Dialect;
use super::error::WireError;
use crate::ids::new_id;
use crate::script::ConnectionFault;
use crate::server::Shared;

const NO_KEY: &str =
    "You didn't provide an API key. Provide it in an Authorization header using Bearer auth.";
const WRONG_KEY: &str = "Incorrect API key provided. You can find your API key at https://platform.openai.com/account/api-keys.";
/// The prefix of a key in a subprotocol, which is how browsers send it.
const KEY_PROTOCOL: &str = "openai-insecure-api-key.";

/// Why a connection is refused, and with which close code.
pub(super) struct Refusal {
    error: WireError,
    close_code: u16,
}

impl Refusal {
    fn key(error: WireError) -> Self {
        Self {
            error,
            close_code: 3000,
        }
    }

    fn request(error: WireError) -> Self {
        Self {
            error,
            close_code: 4000,
        }
    }
}

/// Returns why this connection is refused, if it is.
pub(super) fn check(
    shared: &Shared,
    model: &Option<String>,
    dialect: Dialect,
    headers: &HeaderMap,
    fault: Option<&ConnectionFault>,
) -> Option<Refusal> {
    if let Some(ConnectionFault::Refuse { code }) = fault {
        let error = WireError::request(code, "The script refuses this connection.");
        let is_account = matches!(
            code.as_str(),
            "invalid_api_key"
                | "insufficient_quota"
                | "account_deactivated"
                | "billing_hard_limit_reached"
        );
        return Some(if is_account {
            Refusal::key(error)
        } else {
            Refusal::request(error)
        });
    }
    if let Err(message) = check_key(shared, headers) {
        let mut error = WireError::request("invalid_api_key", message);
        if message == NO_KEY {
            error.code = None;
        }
        return Some(Refusal::key(error));
    }
    let asks_for_beta = headers.contains_key("openai-beta");
    if dialect == Dialect::Beta && !asks_for_beta {
        let message = "You must provide the header OpenAI-Beta: realtime=v1.";
        return Some(Refusal::request(WireError::request(
            "missing_beta_header",
            message,
        )));
    }
    if dialect == Dialect::Ga && asks_for_beta {
        let message =
            "The Realtime Beta API is no longer supported. Please use /v1/realtime for the GA API.";
        return Some(Refusal::request(WireError::request(
            "beta_api_shape_disabled",
            message,
        )));
    }
    match model.as_deref() {
        None | Some("") => {
            let message = "You must provide a model parameter.";
            Some(Refusal::request(
                WireError::request("missing_model", message).about("model"),
            ))
        }
        Some(model) if !model.contains("realtime") && model != "simulator" => {
            let message =
                format!("The model `{model}` does not exist or you do not have access to it.");
            Some(Refusal::request(
                WireError::request("invalid_model", message).about("model"),
            ))
        }
        Some(_) => None,
    }
}

/// Returns whether the request brings a key that is accepted, else the reason why not.
pub(crate) fn check_key(shared: &Shared, headers: &HeaderMap) -> Result<(), &'static str> {
    let bearer = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let bearer = bearer.and_then(|value| value.strip_prefix("Bearer "));
    let protocols = headers
        .get(header::SEC_WEBSOCKET_PROTOCOL)
        .and_then(|value| value.to_str().ok());
    let from_browser = protocols.and_then(|protocols| {
        protocols
            .split(',')
            .find_map(|one| one.trim().strip_prefix(KEY_PROTOCOL))
    });
    match (bearer.or(from_browser).map(str::trim), &shared.api_key) {
        (None | Some(""), _) => Err(NO_KEY),
        (Some(key), Some(accepted)) if key != accepted => Err(WRONG_KEY),
        (Some(key), None)
            if ["bad", "invalid", "wrong"]
                .iter()
                .any(|part| key.contains(part)) =>
        {
            Err(WRONG_KEY)
        }
        _ => Ok(()),
    }
}

/// Tells the reason and closes.
pub(super) async fn refuse(shared: &Shared, mut socket: WebSocket, refusal: &Refusal) {
    let mut event = refusal.error.event(None);
    event["event_id"] = new_id("event").into();
    shared.counters.on_sent("error");
    let kind = refusal.error.kind;
    let reason = refusal
        .error
        .code
        .as_ref()
        .map_or_else(|| kind.to_owned(), |code| format!("{kind}.{code}"));
    let close = CloseFrame {
        code: refusal.close_code,
        reason: reason.into(),
    };
    // A client that has already left needs no reason.
    let _ = socket.send(Message::text(event.to_string())).await;
    let _ = socket.send(Message::Close(Some(close))).await;
    super::connection::wait_for_close(&mut socket).await;
}
