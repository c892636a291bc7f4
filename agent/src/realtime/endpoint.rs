//! Where a service is, and the key that it asks for.

use avaaz_tutor::{Fault, FaultKind};
use tokio_tungstenite::tungstenite::http::HeaderValue;
use url::Url;

/// An address that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} is no address of a realtime service: it has to begin with http, https, ws or wss")]
pub struct UnusableUrl(String);

/// Returns the address of a socket below a base address; http and https become ws and wss.
pub(super) fn socket_url(base: &Url, path: &[&str]) -> Result<Url, UnusableUrl> {
    let unusable = || UnusableUrl(base.scheme().to_owned());
    let scheme = match base.scheme() {
        "http" | "ws" => "ws",
        "https" | "wss" => "wss",
        _ => return Err(unusable()),
    };
    let mut url = base.clone();
    url.set_scheme(scheme).map_err(|()| unusable())?;
    url.path_segments_mut()
        .map_err(|()| unusable())?
        .pop_if_empty()
        .extend(path);
    Ok(url)
}

/// Makes the value of the header that carries the key. It is never printed.
pub(super) fn key_header(value: &str) -> Result<HeaderValue, Fault> {
    let mut value = HeaderValue::try_from(value).map_err(|_| Fault {
        kind: FaultKind::Refused,
        detail: "the API key holds characters that no key has".to_owned(),
    })?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn below(base: &str) -> Result<String, UnusableUrl> {
        socket_url(&base.parse().unwrap(), &["a", "b"]).map(String::from)
    }

    #[test]
    fn the_path_is_put_behind_the_base_and_the_query_stays() {
        for (base, expected) in [
            ("https://host", "wss://host/a/b"),
            ("http://127.0.0.1:4000/v1/", "ws://127.0.0.1:4000/v1/a/b"),
            ("wss://host/x?q=1", "wss://host/x/a/b?q=1"),
            ("ws://host/x", "ws://host/x/a/b"),
        ] {
            assert_eq!(below(base).as_deref(), Ok(expected));
        }
    }

    #[test]
    fn other_schemes_are_refused() {
        for base in ["ftp://host/v1", "mailto:somebody"] {
            let scheme = base.split(':').next().unwrap();
            assert_eq!(below(base), Err(UnusableUrl(scheme.to_owned())));
        }
    }

    #[test]
    fn a_key_is_not_in_what_is_printed() {
        let header = key_header("Bearer sk-secret").unwrap();
        assert_eq!(header, "Bearer sk-secret");
        assert!(!format!("{header:?}").contains("secret"));
    }

    #[test]
    fn a_key_that_no_header_can_hold_is_refused_unseen() {
        let fault = key_header("sk-secret\n").unwrap_err();
        assert_eq!(fault.kind, FaultKind::Refused);
        assert!(!fault.detail.contains("secret"));
    }
}
