//! One stay in a room: its signalling, its peer connection, and the offers and answers between them.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use livekit_protocol as proto;
use livekit_signaling::{SignalClient, SignalEvents};
use proto::signal_request::Message as Request;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use webrtc::peer_connection::{RTCIceCandidateInit, RTCPeerConnectionState};

use super::inbox::{self, Inbox};
use super::peer::{Peer, PeerEvent};
use super::session::{Emitter, Plan};
use super::shared::{Shared, lock};
use super::{signal, token};
use crate::room::JoinRoomError;

/// Candidates that come before the first answer; more than any server has.
const EARLY_CANDIDATES: usize = 64;

/// A stay from join to leave, through any number of resumes.
pub(super) struct Connection {
    pub signal: SignalClient,
    pub signal_events: SignalEvents,
    pub peer: Peer,
    pub peer_events: mpsc::Receiver<PeerEvent>,
    pub inbox: Arc<Mutex<Inbox>>,
    /// Ends the tasks of this stay.
    pub gone: CancellationToken,
    /// How our track stands at the server.
    pub published: Option<proto::TrackInfo>,
    /// How often media got connected.
    pub connects: u64,
    /// Whether media is connected now.
    pub media_connected: bool,
    open_channels: HashSet<usize>,
    answered: bool,
    early_candidates: Vec<RTCIceCandidateInit>,
    last_offer: u32,
    in_flight: bool,
    offer_again: bool,
    closes: u32,
    restarts: u32,
}

impl Connection {
    /// Joins; what is left to happen then (answer, media, channels) comes as events.
    pub async fn establish(
        plan: &Plan,
        shared: &Shared,
        events: &Emitter,
    ) -> Result<(Self, proto::JoinResponse), JoinRoomError> {
        let attributes = shared.attributes_for_join();
        let token = token::mint(&plan.config, &plan.request, &attributes)
            .map_err(|error| JoinRoomError::Refused(error.to_string()))?;
        let (peer, peer_events_in, peer_events) = Peer::new(plan.config.uses_loopback())
            .await
            .map_err(media_error)?;
        let offer = match peer.offer().await {
            Ok(sdp) => proto::SessionDescription {
                r#type: "offer".to_owned(),
                sdp,
                id: 1,
                ..Default::default()
            },
            Err(error) => {
                peer.close().await;
                return Err(media_error(error));
            }
        };
        let connecting =
            SignalClient::connect(&plan.config.url, &token, signal::options(), Some(offer));
        let (signal, join, signal_events) = match Box::pin(connecting).await {
            Ok(connected) => connected,
            Err(error) => {
                peer.close().await;
                return Err(signal::join_error(&error));
            }
        };
        if !signal.is_single_pc_mode_active() {
            signal.close().await;
            peer.close().await;
            return Err(JoinRoomError::Refused(
                "the server is too old for a single peer connection".to_owned(),
            ));
        }
        signal
            .send(Request::AddTrack(add_track(
                &peer.cid,
                shared.microphone.is_muted(),
            )))
            .await;
        let inbox = Arc::new(Mutex::new(Inbox::default()));
        let gone = CancellationToken::new();
        for channel in [&peer.reliable, &peer.lossy] {
            let reading = inbox::read(
                channel.clone(),
                inbox.clone(),
                peer_events_in.clone(),
                events.clone(),
                gone.clone(),
            );
            shared.tasks.spawn(reading);
        }
        let connection = Self {
            signal,
            signal_events,
            peer,
            peer_events,
            inbox,
            gone,
            published: None,
            connects: 0,
            media_connected: false,
            open_channels: HashSet::new(),
            answered: false,
            early_candidates: Vec::new(),
            last_offer: 1,
            in_flight: true,
            offer_again: false,
            closes: 0,
            restarts: 0,
        };
        Ok((connection, join))
    }

    /// Returns whether others can see and hear us, and we them.
    pub fn is_ready(&self) -> bool {
        self.answered
            && self.media_connected
            && self.published.is_some()
            && self.open_channels.len() == 2
    }

    /// Returns whether packets may be sent: only an answer that carries our section lets the server know them.
    pub fn can_send(&self) -> bool {
        self.answered && self.media_connected
    }

    pub fn channel_open(&mut self, id: usize) {
        self.open_channels.insert(id);
    }

    pub fn media_state(&mut self, state: RTCPeerConnectionState) {
        let connected = state == RTCPeerConnectionState::Connected;
        if connected && !self.media_connected {
            self.connects += 1;
        }
        self.media_connected = connected;
    }

    /// Counts a `Close` and returns whether it is the current transport's. Each transport reports exactly one, also the one that a
    /// resume itself replaces; taking such a late report for a loss would resume without end.
    pub fn is_lost(&mut self) -> bool {
        self.closes += 1;
        self.closes > self.restarts
    }

    /// Takes the server's answer; returns whether it was the one that we wait for.
    pub async fn answer(
        &mut self,
        answer: proto::SessionDescription,
    ) -> Result<bool, webrtc::error::Error> {
        if !self.in_flight || (answer.id != 0 && answer.id != self.last_offer) {
            return Ok(false);
        }
        self.in_flight = false;
        self.peer.accept(answer.sdp).await?;
        self.answered = true;
        for candidate in std::mem::take(&mut self.early_candidates) {
            self.peer.add_candidate(candidate).await?;
        }
        if std::mem::take(&mut self.offer_again) {
            self.offer().await?;
        }
        Ok(true)
    }

    /// Takes one of the server's candidates.
    pub async fn trickle(
        &mut self,
        trickle: &proto::TrickleRequest,
    ) -> Result<(), webrtc::error::Error> {
        let Ok(candidate) = serde_json::from_str::<RTCIceCandidateInit>(&trickle.candidate_init)
        else {
            return Ok(());
        };
        if self.answered {
            return self.peer.add_candidate(candidate).await;
        }
        if self.early_candidates.len() < EARLY_CANDIDATES {
            self.early_candidates.push(candidate);
        }
        Ok(())
    }

    /// Offers again because the server wants to send more; only one offer is under way at a time.
    pub async fn make_room(&mut self, audio_sections: u32) -> Result<(), webrtc::error::Error> {
        self.peer.add_audio_sections(audio_sections).await?;
        if self.in_flight {
            self.offer_again = true;
            return Ok(());
        }
        self.offer().await
    }

    /// Continues this stay over a new signalling transport: tells the server what we have, then looks for a path anew.
    pub async fn synchronise(&mut self) -> Result<(), webrtc::error::Error> {
        self.restarts += 1;
        let description = |kind: &str, sdp: String| {
            Some(proto::SessionDescription {
                r#type: kind.to_owned(),
                sdp,
                ..Default::default()
            })
        };
        let published = self
            .published
            .clone()
            .map(|track| proto::TrackPublishedResponse {
                cid: self.peer.cid.clone(),
                track: Some(track),
            });
        let state = proto::SyncState {
            offer: description("offer", self.peer.local_sdp().await),
            answer: description("answer", self.peer.remote_sdp().await),
            subscription: Some(proto::UpdateSubscription::default()),
            publish_tracks: published.into_iter().collect(),
            datachannel_receive_states: lock(&self.inbox).receive_states(),
            ..proto::SyncState::default()
        };
        self.signal.send(Request::SyncState(state)).await;
        self.media_connected = false;
        self.peer.restart_ice().await?;
        self.offer().await
    }

    /// Ends this stay without a word; the server may be gone.
    pub async fn close(self) {
        self.gone.cancel();
        tokio::join!(self.peer.close(), self.signal.close());
    }

    async fn offer(&mut self) -> Result<(), webrtc::error::Error> {
        let sdp = self.peer.offer().await?;
        self.last_offer += 1;
        self.in_flight = true;
        let offer = proto::SessionDescription {
            r#type: "offer".to_owned(),
            sdp,
            id: self.last_offer,
            ..Default::default()
        };
        self.signal.send(Request::Offer(offer)).await;
        Ok(())
    }
}

fn add_track(cid: &str, muted: bool) -> proto::AddTrackRequest {
    proto::AddTrackRequest {
        cid: cid.to_owned(),
        name: "voice".to_owned(),
        r#type: proto::TrackType::Audio as i32,
        source: proto::TrackSource::Microphone as i32,
        muted,
        disable_red: true,
        ..proto::AddTrackRequest::default()
    }
}

fn media_error(error: webrtc::error::Error) -> JoinRoomError {
    JoinRoomError::Media(error.to_string())
}
