//! The only place where a rule that refuses or a fault becomes a status. Handlers just write `?`.
//!
//! A refusal has a stable `code`. A fault has a constant body; its cause is logged once, here.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::domain::Refused;
use crate::livekit::LiveKitError;
use crate::request_id;
use crate::sessions::domain::RefusedField;

/// An error as clients see it (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// Names the kind of problem; always `about:blank`, as `code` says it.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The status in words.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// Stable: part of the contract.
    pub code: &'static str,
    /// A sentence for people.
    pub detail: String,
    /// The same as the header `X-Request-Id`.
    pub request_id: String,
    /// With `validation_failed`: each field that cannot be taken.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub errors: Vec<FieldError>,
}

/// A field that cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// Its name.
    pub field: String,
    /// Stable word for what is wrong.
    pub code: &'static str,
    /// The same for people.
    pub detail: String,
}

impl FieldError {
    /// Says what is wrong with a field.
    #[must_use]
    pub fn new(field: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            code,
            detail: detail.into(),
        }
    }

    /// Says what is wrong with a field, if anything is.
    #[must_use]
    pub fn of((field, refused): (&str, Option<Refused>)) -> Option<Self> {
        refused.map(|refused| Self::new(field, refused.code, refused.detail))
    }
}

/// Why a request is not answered as asked.
#[derive(Debug)]
pub struct ApiError {
    status: StatusCode,
    code: &'static str,
    detail: Cow<'static, str>,
    errors: Vec<FieldError>,
    retry_after: Option<Duration>,
    cause: Option<Box<dyn StdError + Send + Sync>>,
}

impl ApiError {
    /// Refuses, with a code of the contract.
    #[must_use]
    pub fn refuse(
        status: StatusCode,
        code: &'static str,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            status,
            code,
            detail: detail.into(),
            errors: Vec::new(),
            retry_after: None,
            cause: None,
        }
    }

    /// 400: the body is not JSON.
    #[must_use]
    pub fn invalid_json(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::refuse(StatusCode::BAD_REQUEST, "invalid_json", detail)
    }

    /// 422, with every field that cannot be taken.
    #[must_use]
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let detail = "Some fields cannot be taken as they are.";
        Self {
            errors,
            ..Self::refuse(
                StatusCode::UNPROCESSABLE_ENTITY,
                "validation_failed",
                detail,
            )
        }
    }

    /// 422 for one field.
    #[must_use]
    pub fn invalid_field(field: &str, code: &'static str, detail: impl Into<String>) -> Self {
        Self::invalid(vec![FieldError::new(field, code, detail)])
    }

    /// 401: the credential is missing or bad.
    #[must_use]
    pub fn unauthorized(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::refuse(StatusCode::UNAUTHORIZED, "unauthorized", detail)
    }

    /// 401: the credential was good once.
    #[must_use]
    pub fn token_expired() -> Self {
        Self::refuse(
            StatusCode::UNAUTHORIZED,
            "token_expired",
            "The token has expired.",
        )
    }

    /// 404, also for another learner's things.
    #[must_use]
    pub fn not_found() -> Self {
        Self::refuse(StatusCode::NOT_FOUND, "not_found", "There is nothing here.")
    }

    /// 405.
    #[must_use]
    pub fn method_not_allowed() -> Self {
        Self::refuse(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            "This address does not take this method.",
        )
    }

    /// 413.
    #[must_use]
    pub fn payload_too_large(max_bytes: usize) -> Self {
        Self::refuse(
            StatusCode::PAYLOAD_TOO_LARGE,
            "payload_too_large",
            format!("A body may have at most {max_bytes} bytes."),
        )
    }

    /// 415.
    #[must_use]
    pub fn unsupported_media_type() -> Self {
        Self::refuse(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "Send JSON, with the header Content-Type: application/json.",
        )
    }

    /// 429.
    #[must_use]
    pub fn rate_limited(retry_after: Duration) -> Self {
        let error = Self::refuse(
            StatusCode::TOO_MANY_REQUESTS,
            "rate_limited",
            "Too many requests; wait a little.",
        );
        Self {
            retry_after: Some(retry_after),
            ..error
        }
    }

    /// 408.
    #[must_use]
    pub fn timed_out() -> Self {
        Self::refuse(
            StatusCode::REQUEST_TIMEOUT,
            "request_timeout",
            "The request took too long.",
        )
    }

    /// 500: our bug, or something that nobody foresaw.
    #[must_use]
    pub fn internal(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        let error = Self::refuse(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Something went wrong on our side.",
        );
        Self {
            cause: Some(cause.into()),
            ..error
        }
    }

    /// 503: no provider speaks for us now.
    #[must_use]
    pub fn voice_unavailable(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::unavailable(
            "voice_unavailable",
            "No voice can be reached now; try again in a moment.",
            cause,
        )
    }

    /// 429: a cap on money holds until tomorrow.
    #[must_use]
    pub fn spending_cap_reached() -> Self {
        Self::refuse(
            StatusCode::TOO_MANY_REQUESTS,
            "spending_cap_reached",
            "What may be spent today is spent; try again tomorrow.",
        )
    }

    fn unavailable(
        code: &'static str,
        detail: &'static str,
        cause: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        let error = Self::refuse(StatusCode::SERVICE_UNAVAILABLE, code, detail);
        Self {
            cause: Some(cause.into()),
            retry_after: Some(Duration::from_secs(2)),
            ..error
        }
    }

    /// Returns the stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code
    }
}

impl From<sqlx::Error> for ApiError {
    fn from(cause: sqlx::Error) -> Self {
        use sqlx::Error as E;
        let sqlstate = cause
            .as_database_error()
            .and_then(|error| error.code())
            .unwrap_or_default()
            .into_owned();
        match &cause {
            // 08: connection; 53: out of resources; 57P: shutting down or starting up; 3D and 28: no such database or user (yet).
            E::Database(_)
                if ["08", "53", "57P", "3D", "28"]
                    .iter()
                    .any(|class| sqlstate.starts_with(class)) =>
            {
                Self::database_unavailable(cause)
            }
            // A text that no Postgres holds (a NUL character) is the caller's fault, whatever field it came in.
            E::Database(_) if sqlstate == "22021" => Self::refuse(
                StatusCode::UNPROCESSABLE_ENTITY,
                "validation_failed",
                "A text holds a character that cannot be stored.",
            ),
            E::Io(_)
            | E::Tls(_)
            | E::Protocol(_)
            | E::PoolTimedOut
            | E::PoolClosed
            | E::WorkerCrashed => Self::database_unavailable(cause),
            _ => Self::internal(cause),
        }
    }
}

impl ApiError {
    fn database_unavailable(cause: sqlx::Error) -> Self {
        Self::unavailable(
            "database_unavailable",
            "The database cannot be reached now; try again in a moment.",
            cause,
        )
    }
}

impl From<LiveKitError> for ApiError {
    fn from(cause: LiveKitError) -> Self {
        match cause {
            LiveKitError::Unavailable(_) => Self::unavailable(
                "livekit_unavailable",
                "The voice server cannot be reached now; try again in a moment.",
                cause,
            ),
            LiveKitError::Token(_) => Self::internal(cause),
        }
    }
}

impl From<Vec<RefusedField>> for ApiError {
    fn from(refused: Vec<RefusedField>) -> Self {
        Self::invalid(
            refused
                .into_iter()
                .map(|refused| FieldError::new(refused.field, refused.code, refused.detail))
                .collect(),
        )
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        if let Some(cause) = &self.cause {
            log(self.status, self.code, cause.as_ref());
        }
        let problem = Problem {
            kind: "about:blank",
            title: self.status.canonical_reason().unwrap_or("Error"),
            status: self.status.as_u16(),
            code: self.code,
            detail: self.detail.into_owned(),
            request_id: request_id::current(),
            errors: self.errors,
        };
        let body = serde_json::to_vec(&problem).unwrap_or_default();
        let mut response = (
            self.status,
            [(header::CONTENT_TYPE, "application/problem+json")],
            body,
        )
            .into_response();
        let headers = response.headers_mut();
        if let Some(retry_after) = self.retry_after {
            let seconds = retry_after.as_millis().div_ceil(1000).max(1);
            headers.insert(
                header::RETRY_AFTER,
                HeaderValue::from_str(&seconds.to_string()).expect("digits are a header value"),
            );
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// A database's message may quote a row's values ("Key (email)=(...) already exists"): of those only the kind is logged.
fn log(status: StatusCode, code: &'static str, cause: &(dyn StdError + Send + Sync + 'static)) {
    let cause = match cause.downcast_ref::<sqlx::Error>() {
        Some(sqlx::Error::Database(error)) => format!(
            "database error {} {}",
            error.code().unwrap_or_default(),
            error.constraint().unwrap_or_default()
        ),
        _ => cause.to_string(),
    };
    if status == StatusCode::INTERNAL_SERVER_ERROR {
        tracing::error!(code, cause, "a request failed");
    } else {
        tracing::warn!(code, cause, "a request cannot be served now");
    }
}
