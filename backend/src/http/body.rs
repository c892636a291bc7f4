//! Bodies are read before a handler runs, up to a limit.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use bytes::BytesMut;
use futures_util::StreamExt as _;

use crate::error::ApiError;

/// Many clients read an answer only after they have sent everything: this much more is taken and thrown away.
const DRAIN_BYTES: u64 = 64 * 1024 * 1024;
const DRAIN_FOR: Duration = Duration::from_secs(10);

pub(super) async fn bound(
    State(max_bytes): State<usize>,
    request: Request,
    next: Next,
) -> Response {
    let (parts, body) = request.into_parts();
    let announced = announced_bytes(&parts.headers);
    if announced.is_some_and(|bytes| bytes > max_bytes as u64) {
        // Who asks before sending gets the answer at once.
        if !parts.headers.contains_key(header::EXPECT) {
            drain(body, announced.unwrap_or_default()).await;
        }
        return ApiError::payload_too_large(max_bytes).into_response();
    }
    match read(body, max_bytes).await {
        Ok(bytes) => {
            next.run(Request::from_parts(parts, Body::from(bytes)))
                .await
        }
        Err(Unread::TooLarge(rest)) => {
            drain(rest, 0).await;
            ApiError::payload_too_large(max_bytes).into_response()
        }
        Err(Unread::Broken) => ApiError::invalid_json("The body cannot be read.").into_response(),
    }
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

async fn drain(body: Body, announced: u64) {
    if announced > DRAIN_BYTES {
        return;
    }
    let mut stream = body.into_data_stream();
    let mut left = DRAIN_BYTES;
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
