//! A path written with two slashes is answered as with one: older examples have them.

use axum::extract::Request;
use axum::http::Uri;
use axum::http::uri::PathAndQuery;
use axum::middleware::Next;
use axum::response::Response;

pub(super) async fn fold_slashes(mut request: Request, next: Next) -> Response {
    if let Some(folded) = folded(request.uri()) {
        *request.uri_mut() = folded;
    }
    next.run(request).await
}

fn folded(uri: &Uri) -> Option<Uri> {
    if !uri.path().contains("//") {
        return None;
    }
    let mut path = String::with_capacity(uri.path().len());
    for letter in uri.path().chars() {
        if letter != '/' || !path.ends_with('/') {
            path.push(letter);
        }
    }
    if let Some(query) = uri.query() {
        path = format!("{path}?{query}");
    }
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(path.parse::<PathAndQuery>().ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fold(path: &str) -> String {
        let uri = Uri::builder().path_and_query(path).build().unwrap();
        folded(&uri).unwrap_or(uri).to_string()
    }

    #[test]
    fn slashes_are_folded_in_the_path_and_nowhere_else() {
        assert_eq!(fold("//sessions/default"), "/sessions/default");
        assert_eq!(
            fold("/sessions///default//token"),
            "/sessions/default/token"
        );
        assert_eq!(fold("//auth//me?next=//x"), "/auth/me?next=//x");
        assert_eq!(fold("/health"), "/health");
        assert_eq!(fold("//"), "/");
    }
}
