use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::Environment;
use super::env::Reader;

/// HS256 is only as good as its secret; LiveKit itself warns below this.
const SECRET_MIN_BYTES: usize = 32;

/// LiveKit.
#[derive(Debug, Clone)]
pub struct LiveKitConfig {
    /// `LIVEKIT_URL`: how we reach it.
    pub url: String,
    /// `LIVEKIT_PUBLIC_URL`: how browsers reach it.
    pub public_url: String,
    /// `LIVEKIT_API_KEY`
    pub api_key: String,
    /// `LIVEKIT_API_SECRET`
    pub api_secret: SecretString,
}

impl LiveKitConfig {
    pub(super) fn read(reader: &Reader<'_>, environment: Environment) -> Self {
        let url = reader.required(
            "LIVEKIT_URL",
            "give the address of a LiveKit server, or use `avaaz dev`, which starts one",
        );
        let public_url = reader
            .text("LIVEKIT_PUBLIC_URL")
            .unwrap_or_else(|| url.clone());
        for (name, value) in [("LIVEKIT_URL", &url), ("LIVEKIT_PUBLIC_URL", &public_url)] {
            let is_address = Url::parse(value)
                .is_ok_and(|url| matches!(url.scheme(), "ws" | "wss" | "http" | "https"));
            if !value.is_empty() && !is_address {
                reader.refuse(format!(
                    "{name} is {value:?}; it must be an address such as wss://rtc.example.org."
                ));
            }
        }
        let api_key = reader.required(
            "LIVEKIT_API_KEY",
            "it stands in LiveKit's own configuration under `keys`",
        );
        let api_secret: SecretString = reader
            .required(
                "LIVEKIT_API_SECRET",
                "it stands in LiveKit's own configuration under `keys`",
            )
            .into();
        let secret = api_secret.expose_secret();
        if environment.is_production() && !secret.is_empty() {
            if api_key == "devkey" || secret == "secret" {
                reader.refuse("LIVEKIT_API_KEY or LIVEKIT_API_SECRET is the one of LiveKit's examples, which everybody knows.");
            } else if secret.len() < SECRET_MIN_BYTES {
                reader.refuse(format!(
                    "LIVEKIT_API_SECRET is shorter than {SECRET_MIN_BYTES} characters."
                ));
            }
        }
        Self {
            url,
            public_url,
            api_key,
            api_secret,
        }
    }
}
