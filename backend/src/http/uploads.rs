//! Uploads are the requests that other limits hold for: they stream to the disk, and may take a while.

use std::time::Duration;

use axum::extract::Request;
use axum::http::Method;

/// How long an upload may take in all. One that stalls is given up much sooner.
pub(super) const TAKES_AT_MOST: Duration = Duration::from_secs(30 * 60);

/// Returns whether a request brings a document.
pub(super) fn is_upload(request: &Request) -> bool {
    let mut parts = request
        .uri()
        .path()
        .split('/')
        .filter(|part| !part.is_empty());
    request.method() == Method::POST && parts.next() == Some("documents") && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    #[test]
    fn only_a_post_of_documents_is_an_upload() {
        let is = |method: Method, path: &str| {
            let request = Request::builder().method(method).uri(path);
            is_upload(&request.body(Body::empty()).unwrap())
        };
        assert!(is(Method::POST, "/documents") && is(Method::POST, "//documents"));
        assert!(!is(Method::GET, "/documents"));
        assert!(!is(Method::POST, "/documents/search") && !is(Method::POST, "/auth/login"));
    }
}
