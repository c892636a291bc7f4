//! Whether the realtime provider can be reached and takes our key, asked without spending anything.

use std::time::Duration;

use reqwest::{Client, StatusCode};
use secrecy::ExposeSecret as _;

use crate::config::{ProviderConfig, RealtimeConfig};
use crate::health::Check;
use crate::tls;

/// Asks the provider that serves whoever has no wish.
#[derive(Debug)]
pub struct ProviderCheck {
    client: Client,
    provider: Option<(&'static str, ProviderConfig)>,
}

impl ProviderCheck {
    /// Asks nothing yet.
    #[must_use]
    pub fn new(config: &RealtimeConfig) -> Self {
        tls::install();
        let client = Client::builder().timeout(Duration::from_secs(5)).build();
        Self {
            client: client
                .expect("a client with built-in root certificates needs nothing from outside"),
            provider: config
                .default_provider()
                .map(|(name, provider)| (name, provider.clone())),
        }
    }

    /// Lists the provider's models: free of charge, and it needs the key.
    pub async fn check(&self) -> Check {
        let Some((name, provider)) = &self.provider else {
            return Check::failed("not configured: set OPENAI_API_KEY");
        };
        let base = http_url(&provider.base_url);
        let request = match *name {
            "gemini" => self
                .client
                .get(format!("{base}/v1beta/models?pageSize=1"))
                .header("x-goog-api-key", provider.api_key.expose_secret()),
            _ => self
                .client
                .get(format!("{base}/models"))
                .bearer_auth(provider.api_key.expose_secret()),
        };
        match request.send().await.map(|answer| answer.status()) {
            Ok(StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => {
                Check::failed(format!("{name} refuses the key"))
            }
            Ok(status) if status.is_server_error() => {
                Check::failed(format!("{name} answers with {}", status.as_u16()))
            }
            // Self-hosted servers need not have a list of models; that something answers is enough.
            Ok(_) => Check::ok(format!("{name} answers")),
            Err(error) => {
                tracing::debug!(error = %error.without_url(), "the provider is not ready");
                Check::failed(format!("{name} cannot be reached"))
            }
        }
    }
}

fn http_url(url: &str) -> String {
    match url.strip_prefix("ws") {
        Some(rest) => format!("http{rest}"),
        None => url.to_owned(),
    }
}
