//! Bodies are read before a handler runs, up to a limit. Uploads stream through, up to a limit of their own.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use bytes::BytesMut;
use futures_util::{Stream, StreamExt as _};

use super::uploads;
use crate::error::ApiError;

/// Many clients read an answer only after they have sent everything: this much more is taken and thrown away.
const DRAIN_BYTES: u64 = 64 * 1024 * 1024;
/// Of an upload more, because a person waits to read why it is not taken.
const DRAIN_UPLOAD_BYTES: u64 = 1024 * 1024 * 1024;
const DRAIN_FOR: Duration = Duration::from_secs(10);
/// What a form adds to the file in it.
const FORM_BYTES: u64 = 64 * 1024;

/// How large bodies may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Of every request but uploads.
    pub(super) body: usize,
    /// Of the file in an upload.
    pub(super) upload: u64,
}

pub(super) async fn bound(State(limits): State<Limits>, request: Request, next: Next) -> Response {
    if uploads::is_upload(&request) {
        return bound_upload(limits.upload, request, next).await;
    }
    let max_bytes = limits.body;
    let (parts, body) = request.into_parts();
    let announced = announced_bytes(&parts.headers);
    if announced.is_some_and(|bytes| bytes > max_bytes as u64) {
        // Who asks before sending gets the answer at once.
        if !parts.headers.contains_key(header::EXPECT) {
            drain_announced(body, announced.unwrap_or_default(), DRAIN_BYTES).await;
        }
        return ApiError::payload_too_large(max_bytes).into_response();
    }
    match read(body, max_bytes).await {
        Ok(bytes) => {
            next.run(Request::from_parts(parts, Body::from(bytes)))
                .await
        }
        Err(Unread::TooLarge(rest)) => {
            drain_announced(rest, 0, DRAIN_BYTES).await;
            ApiError::payload_too_large(max_bytes).into_response()
        }
        Err(Unread::Broken) => ApiError::invalid_json("The body cannot be read.").into_response(),
    }
}

/// What an upload announces is looked at here; what it brings, where it is written.
async fn bound_upload(max_bytes: u64, request: Request, next: Next) -> Response {
    let announced = announced_bytes(request.headers()).unwrap_or_default();
    if announced <= max_bytes + FORM_BYTES {
        return next.run(request).await;
    }
    let asks_first = request.headers().contains_key(header::EXPECT);
    if !asks_first {
        drain_announced(request.into_body(), announced, DRAIN_UPLOAD_BYTES).await;
    }
    ApiError::payload_too_large(usize::try_from(max_bytes).unwrap_or(usize::MAX)).into_response()
}

/// Takes what is left of an upload and throws it away, within bounds.
pub(crate) async fn drain<E>(stream: impl Stream<Item = Result<Bytes, E>> + Unpin) {
    drain_stream(stream, DRAIN_UPLOAD_BYTES).await;
}

enum Unread {
    TooLarge(Body),
    Broken,
}

async fn read(body: Body, max_bytes: usize) -> Result<Bytes, Unread> {
    let mut stream = body.into_data_stream();
    let mut bytes = BytesMut::new();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| Unread::Broken)?;
        if bytes.len() + chunk.len() > max_bytes {
            return Err(Unread::TooLarge(Body::from_stream(stream)));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.freeze())
}

async fn drain_announced(body: Body, announced: u64, most: u64) {
    if announced <= most {
        drain_stream(body.into_data_stream(), most).await;
    }
}

async fn drain_stream<E>(mut stream: impl Stream<Item = Result<Bytes, E>> + Unpin, most: u64) {
    let mut left = most;
    let _ = tokio::time::timeout(DRAIN_FOR, async {
        while let Some(Ok(chunk)) = stream.next().await {
            left = left.saturating_sub(chunk.len() as u64);
            if left == 0 {
                break;
            }
        }
    })
    .await;
}

fn announced_bytes(headers: &HeaderMap) -> Option<u64> {
    headers
        .get(header::CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}
