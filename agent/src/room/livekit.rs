//! A LiveKit room, joined without libwebrtc.
//!
//! ```text
//! conversation ──commands──▶ outbox ──data channel──▶ server
//!      │       ──frames────▶ microphone ──RTP───────▶
//!      ◀──events── session ◀──signalling── (one task: joins, negotiates, resumes, joins anew)
//!      ◀──events── inbox   ◀──data channels──
//!      ◀──packets─ tracks  ◀──RTP──
//! ```
//! One peer connection (`/rtc/v1`): we always offer, the server always answers. Media and data have tasks of their own, so that both
//! go on while signalling is being repaired. This folder is the only place that knows WebRTC or LiveKit types.

mod connection;
mod inbox;
mod microphone;
mod outbox;
mod participants;
mod peer;
mod presence;
mod recovery;
mod sdp;
mod session;
mod shared;
mod signal;
mod token;
mod tracks;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use secrecy::SecretString;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::DropGuard;

use self::outbox::Outgoing;
use self::shared::Shared;
use super::{
    EVENT_QUEUE, JoinRoom, JoinRoomError, JoinedRoom, ParticipantKind, Room, RoomCommandError,
    RoomConnector, RoomStatistics, TextHeader,
};

/// Where the server is and how to sign for it.
#[derive(Clone)]
pub struct LiveKitConfig {
    /// `ws://`, `wss://`, `http://` or `https://`.
    pub url: String,
    /// Name of the key.
    pub api_key: String,
    /// The key. Tokens are made here, at each join and each return, so none is ever too old.
    pub api_secret: SecretString,
    /// What we appear as; anything but [`ParticipantKind::Agent`] joins as a person's client would.
    pub kind: ParticipantKind,
    /// Whether media uses the loopback interface only; `None` decides by the host in `url`.
    pub loopback: Option<bool>,
}

impl LiveKitConfig {
    /// Describes a server that is joined as an agent.
    pub fn new(
        url: impl Into<String>,
        api_key: impl Into<String>,
        api_secret: SecretString,
    ) -> Self {
        Self {
            url: url.into(),
            api_key: api_key.into(),
            api_secret,
            kind: ParticipantKind::Agent,
            loopback: None,
        }
    }

    fn uses_loopback(&self) -> bool {
        self.loopback.unwrap_or_else(|| {
            url::Url::parse(&self.url).is_ok_and(|url| match url.host() {
                Some(url::Host::Domain(name)) => {
                    name == "localhost" || name.ends_with(".localhost")
                }
                Some(url::Host::Ipv4(address)) => address.is_loopback(),
                Some(url::Host::Ipv6(address)) => address.is_loopback(),
                None => false,
            })
        })
    }
}

/// Joins rooms of one LiveKit server.
#[derive(Clone)]
pub struct LiveKitConnector {
    config: Arc<LiveKitConfig>,
}

impl LiveKitConnector {
    /// Returns a connector for the server.
    pub fn new(config: LiveKitConfig) -> Self {
        // The signalling crate asks rustls for the process's provider; another one that is installed already serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self {
            config: Arc::new(config),
        }
    }
}

#[async_trait]
impl RoomConnector for LiveKitConnector {
    async fn join(&self, request: JoinRoom) -> Result<JoinedRoom, JoinRoomError> {
        let (events_in, events) = mpsc::channel(EVENT_QUEUE);
        let (outgoing_in, outgoing) = mpsc::channel(outbox::COMMAND_QUEUE);
        let shared = Shared::new(request.attributes.clone());
        // A caller that gives up waiting takes the half-joined room with it.
        let abandoned = shared.closing.clone().drop_guard();
        let (joined_in, joined) = oneshot::channel();
        let plan = session::Plan {
            config: self.config.clone(),
            request,
        };
        shared.tasks.spawn(session::run(
            plan,
            shared.clone(),
            events_in,
            outgoing,
            joined_in,
        ));
        joined
            .await
            .unwrap_or_else(|_| Err(JoinRoomError::Media("the join was given up".into())))?;
        let audio = shared.microphone.clone();
        let room = LiveKitRoom {
            shared,
            outgoing: outgoing_in,
            _closes_when_dropped: abandoned,
        };
        Ok(JoinedRoom {
            room: Arc::new(room),
            events,
            audio,
        })
    }
}

/// The handle of a joined room. Dropping it leaves the room, too.
struct LiveKitRoom {
    shared: Arc<Shared>,
    outgoing: mpsc::Sender<Outgoing>,
    _closes_when_dropped: DropGuard,
}

impl LiveKitRoom {
    fn queue(&self, command: Outgoing) -> Result<(), RoomCommandError> {
        if self.shared.closing.is_cancelled() {
            return Err(RoomCommandError::Closed);
        }
        self.outgoing
            .try_send(command)
            .map_err(|refused| match refused {
                mpsc::error::TrySendError::Full(_) => RoomCommandError::Full,
                mpsc::error::TrySendError::Closed(_) => RoomCommandError::Closed,
            })
    }
}

#[async_trait]
impl Room for LiveKitRoom {
    fn set_attributes(&self, attributes: BTreeMap<String, String>) -> Result<(), RoomCommandError> {
        if self.shared.closing.is_cancelled() {
            return Err(RoomCommandError::Closed);
        }
        self.shared.set_attributes(attributes);
        Ok(())
    }

    fn open_text(&self, header: TextHeader) -> Result<(), RoomCommandError> {
        self.queue(Outgoing::OpenText(header))
    }

    fn write_text(&self, stream_id: &str, text: &str) -> Result<(), RoomCommandError> {
        self.queue(Outgoing::WriteText {
            stream_id: stream_id.to_owned(),
            text: text.to_owned(),
        })
    }

    fn close_text(&self, stream_id: &str) -> Result<(), RoomCommandError> {
        self.queue(Outgoing::CloseText {
            stream_id: stream_id.to_owned(),
        })
    }

    fn send_data(&self, topic: &str, payload: Bytes) -> Result<(), RoomCommandError> {
        self.queue(Outgoing::Data {
            topic: topic.to_owned(),
            payload,
        })
    }

    fn statistics(&self) -> RoomStatistics {
        self.shared.statistics()
    }

    async fn close(&self) {
        self.shared.closing.cancel();
        self.shared.tasks.close();
        self.shared.tasks.wait().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_stays_on_loopback_when_the_server_is_there() {
        for (url, expected) in [
            ("ws://localhost:7880", true),
            ("http://127.0.0.1:7880", true),
            ("ws://[::1]:7880", true),
            ("wss://rtc.example.org", false),
            ("ws://livekit:7880", false),
        ] {
            let config = LiveKitConfig::new(url, "key", SecretString::from("secret"));
            assert_eq!(config.uses_loopback(), expected, "{url}");
        }
    }
}
