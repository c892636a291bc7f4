use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use secrecy::SecretString;
use url::Url;

use super::Environment;
use super::env::Reader;

/// Addresses, origins, proxies, body and time limits.
#[derive(Debug, Clone)]
pub struct HttpConfig {
    /// `AVAAZ_HTTP_ADDR`: where the API listens.
    pub addr: SocketAddr,
    /// `AVAAZ_WEB_ADDR`: where the web app is served.
    pub web_addr: SocketAddr,
    /// `AVAAZ_WEB_DIR`: the folder of the built web app.
    pub web_dir: PathBuf,
    /// `AVAAZ_PUBLIC_API_URL`: how browsers reach the API.
    pub public_api_url: Url,
    /// `AVAAZ_PUBLIC_WEB_URL`: how browsers reach the web app; the only origin that may call with the cookie.
    pub public_web_url: Url,
    /// `AVAAZ_TRUSTED_PROXIES`: addresses or networks whose `X-Forwarded-For` counts.
    pub trusted_proxies: Vec<IpNet>,
    /// `AVAAZ_METRICS_TOKEN`: opens `/metrics` from elsewhere than loopback.
    pub metrics_token: Option<SecretString>,
    /// `AVAAZ_MAX_BODY_BYTES`
    pub max_body_bytes: usize,
    /// `AVAAZ_REQUEST_TIMEOUT_S`
    pub request_timeout: Duration,
}

impl HttpConfig {
    pub(super) fn read(reader: &Reader<'_>, environment: Environment) -> Self {
        let addr: SocketAddr =
            reader.parsed("AVAAZ_HTTP_ADDR", SocketAddr::from(([127, 0, 0, 1], 8000)));
        let web_addr: SocketAddr =
            reader.parsed("AVAAZ_WEB_ADDR", SocketAddr::from(([127, 0, 0, 1], 3000)));
        if addr == web_addr && addr.port() != 0 {
            reader.refuse(format!("AVAAZ_HTTP_ADDR and AVAAZ_WEB_ADDR are both {addr}; the API and the web app need a port each."));
        }
        Self {
            public_api_url: public_url(reader, environment, "AVAAZ_PUBLIC_API_URL", addr),
            public_web_url: public_url(reader, environment, "AVAAZ_PUBLIC_WEB_URL", web_addr),
            web_dir: PathBuf::from(
                reader
                    .text("AVAAZ_WEB_DIR")
                    .unwrap_or_else(|| "frontend/dist".into()),
            ),
            trusted_proxies: trusted_proxies(reader),
            metrics_token: reader.secret("AVAAZ_METRICS_TOKEN"),
            max_body_bytes: reader.parsed("AVAAZ_MAX_BODY_BYTES", 1024 * 1024),
            request_timeout: Duration::from_secs(reader.parsed("AVAAZ_REQUEST_TIMEOUT_S", 20)),
            addr,
            web_addr,
        }
    }

    /// Returns the web app's origin as browsers send it.
    #[must_use]
    pub fn web_origin(&self) -> String {
        self.public_web_url.origin().ascii_serialization()
    }

    /// Returns whether browsers reach the API over TLS.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.public_api_url.scheme() == "https"
    }
}

/// By default `localhost`, never `127.0.0.1`: to a browser these are two sites, and the cookie would not travel.
fn public_url(reader: &Reader<'_>, environment: Environment, name: &str, addr: SocketAddr) -> Url {
    let default = format!("http://localhost:{}", addr.port());
    let given = reader.text(name);
    if given.is_none() && environment.is_production() {
        reader.refuse(format!("{name} is not set: in production, say how browsers reach it, such as https://api.example.org."));
    }
    let given = given.unwrap_or_else(|| default.clone());
    match Url::parse(&given) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.host().is_some() => url,
        _ => {
            reader.refuse(format!(
                "{name} is {given:?}; it must be an address such as https://api.example.org."
            ));
            Url::parse(&default).expect("an address made of localhost and a port is one")
        }
    }
}

fn trusted_proxies(reader: &Reader<'_>) -> Vec<IpNet> {
    let list = reader.text("AVAAZ_TRUSTED_PROXIES").unwrap_or_default();
    let mut proxies = Vec::new();
    for entry in list
        .split(',')
        .map(str::trim)
        .filter(|entry| !entry.is_empty())
    {
        match entry
            .parse::<IpNet>()
            .or_else(|_| entry.parse::<IpAddr>().map(IpNet::from))
        {
            Ok(network) => proxies.push(network),
            Err(_) => reader.refuse(format!(
                "AVAAZ_TRUSTED_PROXIES names {entry:?}, which is neither an address nor a network."
            )),
        }
    }
    proxies
}
