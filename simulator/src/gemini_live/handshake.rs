//! Who is let in. The upgrade always succeeds; what is wrong with the key is the reason of a close frame.

use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use axum::http::HeaderMap;
use serde::Deserialize;

use super::refusal::Refusal;
use crate::script::ConnectionFault;
use crate::server::Shared;

/// A client that says nothing is told after so long.
const FIRST_FRAME_WITHIN: Duration = Duration::from_secs(2);
const CLOSE_LIMIT: Duration = Duration::from_secs(2);

/// The key in the address.
#[derive(Debug, Deserialize)]
pub(super) struct KeyQuery {
    key: Option<String>,
}

/// Returns why this connection is refused, if it is.
pub(super) fn check(
    shared: &Shared,
    query: &KeyQuery,
    headers: &HeaderMap,
    fault: Option<&ConnectionFault>,
) -> Option<Refusal> {
    if let Some(ConnectionFault::Refuse { code }) = fault {
        return Some(match code.as_str() {
            "invalid_api_key" => Refusal::bad_key(),
            "insufficient_quota" | "billing_hard_limit_reached" => Refusal::quota(),
            "invalid_model" => Refusal::model_not_found("models/refused", "v1beta"),
            _ => Refusal::unavailable(),
        });
    }
    check_key(shared, query, headers).err()
}

/// Returns whether the request brings a key that is accepted, else the reason why not.
pub(super) fn check_key(
    shared: &Shared,
    query: &KeyQuery,
    headers: &HeaderMap,
) -> Result<(), Refusal> {
    let in_header = headers
        .get("x-goog-api-key")
        .and_then(|value| value.to_str().ok());
    let key = query.key.as_deref().or(in_header).map(str::trim);
    match (key, &shared.api_key) {
        (None | Some(""), _) => Err(Refusal::no_key()),
        (Some(key), Some(accepted)) if key != accepted => Err(Refusal::bad_key()),
        (Some(key), None)
            if ["bad", "invalid", "wrong"]
                .iter()
                .any(|part| key.contains(part)) =>
        {
            Err(Refusal::bad_key())
        }
        _ => Ok(()),
    }
}

/// Lets the client speak first, then tells the reason.
pub(super) async fn refuse(mut socket: WebSocket, refusal: Refusal) {
    // A client that has already left needs no reason, one that is silent is told nevertheless.
    let _ = tokio::time::timeout(FIRST_FRAME_WITHIN, socket.recv()).await;
    close(&mut socket, refusal).await;
}

/// Closes with a reason, and reads on until the client has closed too, so that it gets to see it.
pub(super) async fn close(socket: &mut WebSocket, refusal: Refusal) {
    let frame = CloseFrame {
        code: refusal.code,
        reason: refusal.reason.into(),
    };
    // A client that has already left needs no reason.
    let _ = tokio::time::timeout(CLOSE_LIMIT, socket.send(Message::Close(Some(frame)))).await;
    let closed = async { while let Some(Ok(_)) = socket.recv().await {} };
    // A client that does not close is left.
    let _ = tokio::time::timeout(CLOSE_LIMIT, closed).await;
}
