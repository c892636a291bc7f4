//! Whether the realtime providers can be reached and take our keys, asked without spending anything.

use std::time::Duration;

use futures_util::future::join_all;
use reqwest::{Client, StatusCode};
use secrecy::ExposeSecret as _;

use crate::config::{ProviderConfig, RealtimeConfig};
use crate::health::{Check, CheckStatus};
use crate::tls;

/// Asks the providers that are configured.
#[derive(Debug)]
pub struct ProviderCheck {
    client: Client,
    providers: Vec<(&'static str, ProviderConfig)>,
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
            providers: config
                .providers()
                .map(|(name, provider)| (name, provider.clone()))
                .collect(),
        }
    }

    /// Returns whether there is a voice: one provider that works is enough, and the others are named.
    pub async fn check(&self) -> Check {
        let found = self.check_each().await;
        if found.is_empty() {
            return Check::failed("not configured: set OPENAI_API_KEY or GEMINI_API_KEY");
        }
        let works = found.iter().any(|check| check.status == CheckStatus::Ok);
        let details: Vec<String> = found.into_iter().map(|check| check.detail).collect();
        let details = details.join("; ");
        if works {
            Check::ok(details)
        } else {
            Check::failed(details)
        }
    }

    /// Asks each provider that is configured.
    pub async fn check_each(&self) -> Vec<Check> {
        join_all(
            self.providers
                .iter()
                .map(|(name, provider)| self.ask(name, provider)),
        )
        .await
    }

    /// Lists the provider's models: free of charge, and it needs the key.
    async fn ask(&self, name: &str, provider: &ProviderConfig) -> Check {
        let base = http_url(&provider.base_url);
        let request = match name {
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
            // That is how Gemini calls a key that it does not know.
            Ok(StatusCode::BAD_REQUEST) if name == "gemini" => {
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
