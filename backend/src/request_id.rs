//! `X-Request-Id`: on every answer, in every problem, on every span.

use std::future::Future;

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use uuid::Uuid;

/// The header.
pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");
const MAX_CHARS: usize = 80;

tokio::task_local! {
    static CURRENT: String;
}

/// Returns the id of the request that this task answers.
#[must_use]
pub fn current() -> String {
    CURRENT.try_with(Clone::clone).unwrap_or_default()
}

/// Keeps the caller's id if it is safe to repeat, else draws one.
pub async fn middleware(request: Request, next: Next) -> Response {
    let given = request
        .headers()
        .get(&HEADER)
        .and_then(|value| value.to_str().ok())
        .filter(|id| is_safe(id));
    let id = given.map_or_else(|| Uuid::now_v7().to_string(), str::to_owned);
    let mut response = with(id.clone(), next.run(request)).await;
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(HEADER, value);
    }
    response
}

async fn with<T>(id: String, work: impl Future<Output = T>) -> T {
    CURRENT.scope(id, work).await
}

fn is_safe(id: &str) -> bool {
    (1..=MAX_CHARS).contains(&id.len())
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.:/+=".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_could_break_a_log_line_are_not_kept() {
        assert!(is_safe("018f-AB_c.9:/+="));
        assert!(is_safe(&"a".repeat(80)));
        for id in ["", "a b", "a\"b", "<script>", "ä", &"a".repeat(81)] {
            assert!(!is_safe(id), "{id}");
        }
    }
}
