//! The refresh token as a cookie, for browsers: no script can read it, no other site can send it.

use axum::http::{HeaderMap, HeaderValue, header};
use axum_extra::extract::cookie::{Cookie, SameSite};
use secrecy::{ExposeSecret as _, SecretString};

use crate::config::Config;

const NAME: &str = "avaaz_refresh";
/// Only the account's own addresses see it.
const PATH: &str = "/auth";

/// Returns the header that sets the cookie.
pub(super) fn set(config: &Config, token: &SecretString) -> HeaderValue {
    let max_age = i64::try_from(config.auth.refresh_ttl.as_secs()).unwrap_or(i64::MAX);
    header_value(config, token.expose_secret(), max_age)
}

/// Returns the header that removes the cookie.
pub(crate) fn clear(config: &Config) -> HeaderValue {
    header_value(config, "", 0)
}

/// Returns the token that the browser sent, unless the page that made it send is not our web app: pages of our sister hosts
/// are of the same site to a browser, and `SameSite` does not hold them back.
pub(super) fn get(config: &Config, headers: &HeaderMap) -> Option<SecretString> {
    if headers
        .get(header::ORIGIN)
        .is_some_and(|origin| origin.as_bytes() != config.http.web_origin().as_bytes())
    {
        return None;
    }
    let lines = headers
        .get_all(header::COOKIE)
        .into_iter()
        .filter_map(|line| line.to_str().ok());
    let mut cookies = lines.flat_map(|line| Cookie::split_parse(line).filter_map(Result::ok));
    cookies
        .find(|cookie| cookie.name() == NAME)
        .map(|cookie| cookie.value().to_owned().into())
}

fn header_value(config: &Config, value: &str, max_age_s: i64) -> HeaderValue {
    let secure = if config.auth.secure_cookie {
        "; Secure"
    } else {
        ""
    };
    let cookie = Cookie::build((NAME, value))
        .path(PATH)
        .http_only(true)
        .same_site(SameSite::Strict)
        .build();
    // `Max-Age` is written by hand: the cookie crate wants a time library of its own for it.
    let text = format!("{cookie}; Max-Age={max_age_s}{secure}");
    let mut value =
        HeaderValue::from_str(&text).expect("a token of URL-safe letters makes a header value");
    value.set_sensitive(true);
    value
}
