//! Our own tokens: made at each join and each return, for one room and one identity.

use std::collections::BTreeMap;
use std::time::Duration;

use livekit_token::{AccessToken, AccessTokenError, VideoGrants};
use secrecy::ExposeSecret;

use super::LiveKitConfig;
use crate::room::{JoinRoom, ParticipantKind};

/// Only the join needs the token; the server renews it for resumes.
const LIFETIME: Duration = Duration::from_secs(3600);

/// Signs a token that joins the requested room.
pub(super) fn mint(
    config: &LiveKitConfig,
    request: &JoinRoom,
    attributes: &BTreeMap<String, String>,
) -> Result<String, AccessTokenError> {
    let agent = config.kind == ParticipantKind::Agent;
    let token = AccessToken::with_api_key(&config.api_key, config.api_secret.expose_secret())
        .with_ttl(LIFETIME)
        .with_identity(&request.identity)
        .with_name(&request.name)
        .with_attributes(attributes)
        .with_grants(VideoGrants {
            agent,
            room_join: true,
            room: request.room.clone(),
            can_publish: Some(true),
            can_subscribe: Some(true),
            can_publish_data: Some(true),
            // Without it the server refuses our attributes.
            can_update_own_metadata: Some(true),
            ..VideoGrants::default()
        });
    let token = if agent {
        token.with_kind("agent")
    } else {
        token
    };
    token.to_jwt()
}

#[cfg(test)]
mod tests {
    use livekit_token::TokenVerifier;
    use secrecy::SecretString;

    use super::*;

    #[test]
    fn a_token_carries_the_kind_the_grants_and_the_attributes() {
        let secret = "at-least-32-characters-of-secret";
        let config = LiveKitConfig::new("ws://localhost", "key", SecretString::from(secret));
        let attributes = BTreeMap::from([("lk.agent.state".to_owned(), "initializing".to_owned())]);
        let request = JoinRoom {
            room: "r".into(),
            identity: "tutor-1".into(),
            name: "Tutor".into(),
            attributes: attributes.clone(),
        };
        let token = mint(&config, &request, &attributes).unwrap();
        let claims = TokenVerifier::with_api_key("key", secret)
            .verify(&token)
            .unwrap();
        assert_eq!(claims.kind, "agent");
        assert_eq!(claims.sub, "tutor-1");
        assert!(
            claims.video.agent && claims.video.room_join && claims.video.can_update_own_metadata()
        );
        assert_eq!(
            claims.attributes.get("lk.agent.state").map(String::as_str),
            Some("initializing")
        );
    }
}
