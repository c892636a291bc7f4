//! The Gemini Live protocol (`BidiGenerateContent`) over a WebSocket.

mod choose;
mod client_messages;
mod connection;
mod context;
mod faults;
mod generation;
mod handle_messages;
mod handshake;
mod hearing;
mod refusal;
mod sessions;
mod setup;
mod shape;
mod tools;
mod usage;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::extract::{ConnectInfo, Path, Query, State, WebSocketUpgrade};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::faulty_stream::Wire;
use crate::script::ConnectionFault;
use crate::server::Shared;

pub(crate) use sessions::Sessions;

const MAX_MESSAGE_BYTES: usize = 24 << 20;

/// The paths of this protocol. The official SDK puts a second slash before the path of its base address.
pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/ws/{method}", get(upgrade))
        .route("//ws/{method}", get(upgrade))
        .route("/v1beta/models", get(models))
        .route("/v1alpha/models", get(models))
}

/// Returns the version in a method's name, if there is such a method.
fn version_of(method: &str) -> Option<&str> {
    let version = method
        .strip_prefix("google.ai.generativelanguage.")?
        .strip_suffix(".GenerativeService.BidiGenerateContent")?;
    ["v1", "v1beta", "v1alpha"]
        .contains(&version)
        .then_some(version)
}

async fn upgrade(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(wire): ConnectInfo<Wire>,
    Path(method): Path<String>,
    Query(query): Query<handshake::KeyQuery>,
    headers: HeaderMap,
    socket: WebSocketUpgrade,
) -> Response {
    let Some(version) = version_of(&method).map(str::to_owned) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let number = shared.next_connection.fetch_add(1, Ordering::Relaxed);
    let fault = shared.script.connection_fault(number).cloned();
    if let Some(ConnectionFault::HttpStatus { status }) = fault {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
        return (status, "The script refuses this connection.").into_response();
    }
    let refusal = handshake::check(&shared, &query, &headers, fault.as_ref());
    let counted = shared.connections.token();
    socket
        .max_message_size(MAX_MESSAGE_BYTES)
        .max_frame_size(MAX_MESSAGE_BYTES)
        .on_upgrade(async move |socket| {
            match refusal {
                Some(refusal) => handshake::refuse(socket, refusal).await,
                None => {
                    let served = connection::run(shared, socket, wire, number, version, fault);
                    Box::pin(served).await;
                }
            }
            drop(counted);
        })
}

async fn models(
    State(shared): State<Arc<Shared>>,
    Query(query): Query<handshake::KeyQuery>,
    headers: HeaderMap,
) -> Response {
    if let Err(refusal) = handshake::check_key(&shared, &query, &headers) {
        let (code, status) = if refusal.code == 1008 {
            (StatusCode::FORBIDDEN, "PERMISSION_DENIED")
        } else {
            (StatusCode::BAD_REQUEST, "INVALID_ARGUMENT")
        };
        let error = json!({"code": code.as_u16(), "message": refusal.reason, "status": status});
        return (code, Json(json!({"error": error}))).into_response();
    }
    let models: Vec<Value> = setup::MODELS
        .iter()
        .map(|(name, _)| {
            json!({"name": name, "version": "1", "displayName": name, "supportedGenerationMethods": ["bidiGenerateContent"]})
        })
        .collect();
    Json(json!({"models": models})).into_response()
}
