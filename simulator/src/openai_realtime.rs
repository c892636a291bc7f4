//! The OpenAI Realtime protocol over a WebSocket: GA shape, and with `dialect=beta` in the query the one before it.

mod audio_format;
mod beta;
mod choose;
mod client_events;
mod connection;
mod conversation;
mod error;
mod faults;
mod handle_events;
mod handshake;
mod respond;
mod response;
mod session;
mod shape;
mod turns;
mod usage;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::extract::{ConnectInfo, Query, State, WebSocketUpgrade};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::faulty_stream::Wire;
use crate::script::ConnectionFault;
use crate::server::Shared;

pub(crate) use handshake::check_key;

/// 15 MiB of audio in base64, and something around it.
const MAX_MESSAGE_BYTES: usize = 24 << 20;
const MODELS: &[&str] = &[
    "gpt-realtime-2.1",
    "gpt-realtime-2.1-mini",
    "gpt-realtime-2",
    "gpt-realtime-1.5",
    "simulator",
];

/// The paths of this protocol.
pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/v1/realtime", get(upgrade))
        .route("/v1/models", get(models))
}

#[derive(Debug, Deserialize)]
struct RealtimeQuery {
    model: Option<String>,
    dialect: Option<Dialect>,
}

/// Which shape the events have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Dialect {
    #[default]
    Ga,
    Beta,
}

async fn upgrade(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(wire): ConnectInfo<Wire>,
    Query(query): Query<RealtimeQuery>,
    headers: HeaderMap,
    socket: WebSocketUpgrade,
) -> Response {
    let number = shared.next_connection.fetch_add(1, Ordering::Relaxed);
    let fault = shared.script.connection_fault(number).cloned();
    if let Some(ConnectionFault::HttpStatus { status }) = fault {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
        return http_error(
            status,
            "scripted_failure",
            "The script refuses this connection.",
        );
    }
    let dialect = query.dialect.unwrap_or_default();
    let refusal = handshake::check(&shared, &query.model, dialect, &headers, fault.as_ref());
    let model = query.model.unwrap_or_default();
    let counted = shared.connections.token();
    socket
        .protocols(["realtime"])
        .max_message_size(MAX_MESSAGE_BYTES)
        .max_frame_size(MAX_MESSAGE_BYTES)
        .on_upgrade(async move |socket| {
            match refusal {
                Some(refusal) => handshake::refuse(&shared, socket, &refusal).await,
                None => {
                    let served =
                        connection::run(shared, socket, wire, number, &model, dialect, fault);
                    Box::pin(served).await;
                }
            }
            drop(counted);
        })
}

async fn models(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    if let Err(reason) = handshake::check_key(&shared, &headers) {
        return http_error(StatusCode::UNAUTHORIZED, "invalid_api_key", reason);
    }
    let models: Vec<_> = MODELS.iter().map(|id| model(id)).collect();
    Json(json!({"object": "list", "data": models})).into_response()
}

fn model(id: &str) -> Value {
    json!({"id": id, "object": "model", "created": 1_767_225_600, "owned_by": "avaaz-simulator", "shutdown_date": null})
}

pub(crate) fn http_error(status: StatusCode, code: &str, message: &str) -> Response {
    let error =
        json!({"message": message, "type": "invalid_request_error", "param": null, "code": code});
    (status, Json(json!({"error": error}))).into_response()
}
