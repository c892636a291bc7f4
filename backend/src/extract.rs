//! What handlers ask of a request beyond axum's own extractors.

use std::net::{IpAddr, SocketAddr};

use axum::body::Bytes;
use axum::extract::{ConnectInfo, FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use crate::app::AppState;
use crate::error::{ApiError, FieldError};

/// A JSON body. What is wrong with it is answered with a code of the contract.
#[derive(Debug, Clone, Copy)]
pub struct ApiJson<T>(pub T);

impl<T: DeserializeOwned> FromRequest<AppState> for ApiJson<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, ApiError> {
        let is_json = is_json(request.headers());
        let body = read(request, state).await?;
        if !is_json {
            return Err(ApiError::unsupported_media_type());
        }
        parse(&body).map(Self)
    }
}

/// A JSON body that may be left out: then it is what an empty object would be.
#[derive(Debug, Clone, Copy)]
pub struct OptionalJson<T>(pub T);

impl<T: DeserializeOwned> FromRequest<AppState> for OptionalJson<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, ApiError> {
        let is_json = is_json(request.headers());
        let body = read(request, state).await?;
        if body.is_empty() {
            return parse(b"{}").map(Self);
        }
        if !is_json {
            return Err(ApiError::unsupported_media_type());
        }
        parse(&body).map(Self)
    }
}

async fn read(request: Request, state: &AppState) -> Result<Bytes, ApiError> {
    // The size was bounded by the middleware before; a failure here is a client that went away.
    Bytes::from_request(request, state)
        .await
        .map_err(|_| ApiError::invalid_json("The body cannot be read."))
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(content_type) = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
    else {
        return false;
    };
    let essence = content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"))
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let field = error.path().to_string();
        match error.inner().classify() {
            // The parser's own message could repeat a password.
            Category::Data => ApiError::invalid(vec![FieldError::new(
                field.trim_start_matches('.'),
                "wrong_type",
                "is not of the kind that is expected here",
            )]),
            Category::Syntax | Category::Eof | Category::Io => syntax_error(error.inner()),
        }
    })?;
    deserializer.end().map_err(|error| syntax_error(&error))?;
    Ok(value)
}

fn syntax_error(error: &serde_json::Error) -> ApiError {
    ApiError::invalid_json(format!(
        "The body is not JSON: it stops making sense at line {}, column {}.",
        error.line(),
        error.column()
    ))
}

/// Where a request comes from: the peer, or what a trusted proxy says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddr(pub IpAddr);

impl FromRequestParts<AppState> for ClientAddr {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let peer = parts
            .extensions
            .get::<ConnectInfo<SocketAddr>>()
            .map(|peer| peer.0.ip());
        let peer =
            peer.ok_or_else(|| ApiError::internal("the server does not know who is calling"))?;
        let is_trusted = |addr: IpAddr| {
            state
                .config
                .http
                .trusted_proxies
                .iter()
                .any(|network| network.contains(&addr))
        };
        Ok(Self(client(peer, &parts.headers, is_trusted)))
    }
}

/// Walks the forwarding chain from our side, as long as it was written by proxies that we trust.
fn client(peer: IpAddr, headers: &HeaderMap, is_trusted: impl Fn(IpAddr) -> bool) -> IpAddr {
    let mut client = peer.to_canonical();
    let lines = headers
        .get_all("x-forwarded-for")
        .into_iter()
        .filter_map(|line| line.to_str().ok());
    let chain = lines
        .flat_map(|line| line.split(','))
        .map(|hop| hop.trim().parse::<IpAddr>())
        .collect::<Vec<_>>();
    for hop in chain.into_iter().rev() {
        match hop {
            Ok(hop) if is_trusted(client) => client = hop.to_canonical(),
            _ => break,
        }
    }
    client
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(peer: &str, forwarded: &[&'static str]) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        let proxy: IpAddr = "10.0.0.1".parse().unwrap();
        client(peer.parse().unwrap(), &headers, |addr| addr == proxy).to_string()
    }

    #[test]
    fn a_forwarding_header_counts_only_from_a_trusted_proxy() {
        assert_eq!(seen("203.0.113.7", &["198.51.100.1"]), "203.0.113.7");
        assert_eq!(seen("10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(seen("::ffff:10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
    }

    #[test]
    fn what_the_client_itself_put_into_the_header_does_not_count() {
        assert_eq!(seen("10.0.0.1", &["1.1.1.1, 198.51.100.1"]), "198.51.100.1");
        assert_eq!(
            seen("10.0.0.1", &["1.1.1.1", "198.51.100.1, 10.0.0.1"]),
            "198.51.100.1"
        );
        assert_eq!(seen("10.0.0.1", &["nonsense"]), "10.0.0.1");
    }

    #[test]
    fn json_is_told_from_other_media_types() {
        let with =
            |value: &str| HeaderMap::from_iter([(header::CONTENT_TYPE, value.parse().unwrap())]);
        assert!(is_json(&with("application/json; charset=utf-8")));
        assert!(is_json(&with("application/merge-patch+json")));
        assert!(!is_json(&with("text/plain")));
        assert!(!is_json(&HeaderMap::new()));
    }
}
