//! Which of the script's faults is due.

use std::sync::{Mutex, PoisonError};

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::script::{WritingFault, WritingFaultKind, WritingPath};
use crate::server::Shared;

/// The faults, each with how often it is still to happen.
#[derive(Debug)]
pub(crate) struct WritingFaults(Mutex<Vec<WritingFault>>);

impl WritingFaults {
    pub(crate) fn new(faults: Vec<WritingFault>) -> Self {
        Self(Mutex::new(faults))
    }

    /// Returns the fault of this request, and counts it.
    pub(super) fn take(&self, path: WritingPath, body: &[u8]) -> Option<WritingFault> {
        let body = String::from_utf8_lossy(body).to_lowercase();
        let mut faults = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fault = faults.iter_mut().find(|fault| {
            fault.times > 0
                && fault.at.is_none_or(|at| at == path)
                && fault
                    .request_contains
                    .as_ref()
                    .is_none_or(|part| body.contains(&part.to_lowercase()))
        })?;
        fault.times -= 1;
        Some(fault.clone())
    }
}

impl WritingFault {
    /// Returns whether it comes in place of the answer, not in the middle of one.
    pub(super) fn is_of_the_whole(&self, is_streamed: bool) -> bool {
        !is_streamed || self.kind == WritingFaultKind::HttpStatus
    }
}

/// Fails in place of an answer.
pub(super) async fn fail(shared: &Shared, fault: &WritingFault) -> Response {
    match fault.kind {
        WritingFaultKind::HttpStatus => {
            let status = StatusCode::from_u16(fault.status).unwrap_or(StatusCode::BAD_GATEWAY);
            let mut response = (status, Json(error(fault))).into_response();
            if let Some(seconds) = fault.retry_after_s {
                response
                    .headers_mut()
                    .insert(header::RETRY_AFTER, seconds.into());
            }
            response
        }
        WritingFaultKind::Error => Json(error(fault)).into_response(),
        WritingFaultKind::Drop => {
            let broken = futures_util::stream::once(async {
                Err::<axum::body::Bytes, _>(std::io::Error::other("the script drops it"))
            });
            axum::body::Body::from_stream(broken).into_response()
        }
        WritingFaultKind::Stall => {
            shared.stop.cancelled().await;
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

pub(super) fn error(fault: &WritingFault) -> Value {
    json!({"error": {"message": "The script lets this fail.", "type": "server_error", "param": null, "code": fault.code}})
}
