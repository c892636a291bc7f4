//! LiveKit's server side: rooms made before a token is given, learners' tokens, signed webhooks.

mod webhook;

use std::fmt;
use std::time::Duration;

use livekit_api::access_token::{AccessToken, AccessTokenError, TokenVerifier, VideoGrants};
use livekit_api::services::room::{CreateRoomOptions, RoomClient};
use livekit_api::services::{ServerError, ServerErrorCode, ServiceError};
use livekit_api::webhooks::{WebhookError, WebhookReceiver};
use secrecy::{ExposeSecret as _, SecretString};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::AppState;
use crate::config::LiveKitConfig;

/// How long LiveKit may take to answer a learner who waits.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(3);
/// A room that nobody enters.
const EMPTY_TIMEOUT_S: u32 = 300;
/// Agents keep no room open: it must outlast the minute in which the learner may come back.
const DEPARTURE_TIMEOUT_S: u32 = 120;
/// How long a learner's token opens the room.
pub const TOKEN_TTL: Duration = Duration::from_secs(10 * 60);

/// Returns the address that LiveKit tells its events to.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(webhook::receive))
}

/// A LiveKit server that we hold the keys of.
pub struct LiveKit {
    public_url: String,
    api_key: String,
    api_secret: SecretString,
    rooms: RoomClient,
    webhooks: WebhookReceiver,
}

/// Why LiveKit did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum LiveKitError {
    /// It cannot be reached, does not answer in time, or refuses our keys.
    #[error("LiveKit cannot be used: {0}")]
    Unavailable(String),
    /// A token cannot be signed.
    #[error("a LiveKit token cannot be signed: {0}")]
    Token(#[from] AccessTokenError),
}

impl LiveKit {
    /// Holds the keys of the server at `url` (`ws` and `http` are the same to it), which browsers reach at `public_url`.
    #[must_use]
    pub fn new(url: &str, public_url: &str, api_key: &str, api_secret: SecretString) -> Self {
        let secret = api_secret.expose_secret();
        let rooms = RoomClient::with_api_key(&http_url(url), api_key, secret)
            .with_failover(false)
            .with_request_timeout(REQUEST_TIMEOUT);
        let webhooks = WebhookReceiver::new(TokenVerifier::with_api_key(api_key, secret));
        Self {
            public_url: public_url.to_owned(),
            api_key: api_key.to_owned(),
            rooms,
            webhooks,
            api_secret,
        }
    }

    /// Holds the keys of the configured server.
    #[must_use]
    pub fn of(config: &LiveKitConfig) -> Self {
        let secret = config.api_secret.clone();
        Self::new(&config.url, &config.public_url, &config.api_key, secret)
    }

    /// Returns where browsers find the server.
    #[must_use]
    pub fn public_url(&self) -> &str {
        &self.public_url
    }

    /// Makes a room, or changes nothing if it is there.
    ///
    /// # Errors
    /// [`LiveKitError::Unavailable`].
    pub async fn create_room(&self, name: &str) -> Result<(), LiveKitError> {
        let options = CreateRoomOptions {
            empty_timeout: EMPTY_TIMEOUT_S,
            departure_timeout: DEPARTURE_TIMEOUT_S,
            ..Default::default()
        };
        in_time(Box::pin(self.rooms.create_room(name, options)))
            .await
            .map_err(unavailable)?;
        Ok(())
    }

    /// Returns whether somebody is in a room under this identity.
    ///
    /// # Errors
    /// [`LiveKitError::Unavailable`].
    pub async fn is_in_room(&self, room: &str, identity: &str) -> Result<bool, LiveKitError> {
        match in_time(Box::pin(self.rooms.list_participants(room))).await {
            Ok(participants) => Ok(participants
                .iter()
                .any(|participant| participant.identity == identity)),
            Err(Failure::Service(ServiceError::Twirp(ServerError::Twirp(error))))
                if error.code == ServerErrorCode::NOT_FOUND =>
            {
                Ok(false)
            }
            Err(failure) => Err(unavailable(failure)),
        }
    }

    /// Closes a room, for whoever is in it; one that is not there is fine.
    ///
    /// # Errors
    /// [`LiveKitError::Unavailable`].
    pub async fn delete_room(&self, name: &str) -> Result<(), LiveKitError> {
        match in_time(Box::pin(self.rooms.delete_room(name))).await {
            Ok(()) => Ok(()),
            Err(Failure::Service(ServiceError::Twirp(ServerError::Twirp(error))))
                if error.code == ServerErrorCode::NOT_FOUND =>
            {
                Ok(())
            }
            Err(failure) => Err(unavailable(failure)),
        }
    }

    /// Returns whether the server answers and takes our keys.
    ///
    /// # Errors
    /// [`LiveKitError::Unavailable`].
    pub async fn check(&self) -> Result<(), LiveKitError> {
        in_time(Box::pin(self.rooms.list_rooms(vec!["none".into()])))
            .await
            .map_err(unavailable)?;
        Ok(())
    }

    /// Signs what opens one room to one learner: their microphone, what they hear, and data.
    ///
    /// # Errors
    /// [`LiveKitError::Token`].
    pub fn learner_token(
        &self,
        room: &str,
        identity: &str,
        name: &str,
    ) -> Result<String, LiveKitError> {
        let grants = VideoGrants {
            room_join: true,
            room: room.to_owned(),
            can_publish: Some(true),
            can_publish_sources: vec!["microphone".to_owned()],
            can_subscribe: Some(true),
            can_publish_data: Some(true),
            ..Default::default()
        };
        Ok(
            AccessToken::with_api_key(&self.api_key, self.api_secret.expose_secret())
                .with_identity(identity)
                .with_name(name)
                .with_ttl(TOKEN_TTL)
                .with_grants(grants)
                .to_jwt()?,
        )
    }

    /// Returns a webhook's event if LiveKit signed it with our keys.
    ///
    /// # Errors
    /// [`WebhookError`]; [`WebhookError::InvalidData`] means that the signature was right.
    pub fn receive_webhook(
        &self,
        body: &str,
        signature: &str,
    ) -> Result<livekit_protocol::WebhookEvent, WebhookError> {
        self.webhooks.receive(body, signature)
    }
}

impl fmt::Debug for LiveKit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveKit")
            .field("public_url", &self.public_url)
            .finish_non_exhaustive()
    }
}

enum Failure {
    Service(ServiceError),
    TimedOut,
}

/// The client's own time limit counts from the connection on; ours counts in all. Its futures are large: callers box them.
async fn in_time<T>(call: impl Future<Output = Result<T, ServiceError>>) -> Result<T, Failure> {
    match tokio::time::timeout(REQUEST_TIMEOUT, call).await {
        Ok(result) => result.map_err(Failure::Service),
        Err(_) => Err(Failure::TimedOut),
    }
}

fn unavailable(failure: Failure) -> LiveKitError {
    LiveKitError::Unavailable(match failure {
        Failure::Service(error) => error.to_string(),
        Failure::TimedOut => format!("no answer within {} s", REQUEST_TIMEOUT.as_secs()),
    })
}

fn http_url(url: &str) -> String {
    match url.strip_prefix("ws") {
        Some(rest) => format!("http{rest}"),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_room_service_is_found_behind_a_websocket_address() {
        assert_eq!(http_url("ws://localhost:7880"), "http://localhost:7880");
        assert_eq!(http_url("wss://rtc.example.org"), "https://rtc.example.org");
        assert_eq!(http_url("http://localhost:7880"), "http://localhost:7880");
    }

    #[test]
    fn secrets_are_not_shown() {
        let livekit = LiveKit::new(
            "ws://localhost:7880",
            "ws://localhost:7880",
            "key",
            "a-very-secret-secret".to_owned().into(),
        );
        assert!(!format!("{livekit:?}").contains("secret"));
    }
}
