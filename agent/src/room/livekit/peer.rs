//! One WebRTC peer connection: our microphone, sections for remote audio, the two data channels.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rtc::data_channel::RTCDataChannelInit;
use rtc::ice::mdns::MulticastDnsMode;
use rtc::media_stream::MediaStreamTrack;
use rtc::peer_connection::configuration::media_engine::{MIME_TYPE_OPUS, MediaEngine};
use rtc::rtp_transceiver::rtp_sender::{
    RTCPFeedback, RTCRtpCodec, RTCRtpCodecParameters, RTCRtpCodingParameters,
    RTCRtpEncodingParameters, RTCRtpHeaderExtensionCapability, RtpCodecKind,
};
use rtc::rtp_transceiver::{RTCRtpTransceiverDirection, RTCRtpTransceiverInit};
use rtc::statistics::StatsSelector;
use rtc::statistics::report::RTCStatsReportEntry;
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;
use webrtc::data_channel::DataChannel;
use webrtc::error::Result;
use webrtc::media_stream::track_local::static_rtp::TrackLocalStaticRTP;
use webrtc::media_stream::track_remote::TrackRemote;
use webrtc::peer_connection::{
    PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler, RTCIceCandidateInit,
    RTCIceGatheringState, RTCPeerConnectionState, RTCSessionDescription, Registry,
    SettingEngineBuilder, configure_nack, configure_rtcp_reports,
};

use super::microphone::{LocalTrack, OPUS_PAYLOAD_TYPE};
use super::sdp;
use crate::room::RoomStatistics;

/// Sections for remote audio in the first offer, so that the first learners need no second one.
const SPARE_SECTIONS: u32 = 3;
/// Local candidates are there within milliseconds; an offer goes out without the missing ones after this.
const GATHERING: Duration = Duration::from_millis(500);
/// Ticks of Opus' RTP clock in a millisecond.
const OPUS_TICKS_PER_MS: f32 = 48.0;
/// How many bytes may wait in a data channel before its writer waits.
const DATA_BUFFER_BYTES: usize = 256 * 1024;
const EVENT_QUEUE: usize = 256;

/// What a peer connection reports.
pub(super) enum PeerEvent {
    State(RTCPeerConnectionState),
    /// The first packet of a remote track came.
    Track {
        track_id: String,
        track: Arc<dyn TrackRemote>,
    },
    /// A data channel can be used.
    ChannelOpen(usize),
}

/// The sending end of a connection's events.
#[derive(Clone)]
pub(super) struct PeerEvents(mpsc::Sender<PeerEvent>);

impl PeerEvents {
    pub fn channel_open(&self, id: usize) {
        self.send(PeerEvent::ChannelOpen(id));
    }

    fn send(&self, event: PeerEvent) {
        // The connection's own task calls this: it must never wait. Its events are few.
        if self.0.try_send(event).is_err() {
            tracing::debug!("an event of a peer connection was dropped");
        }
    }
}

/// A peer connection and what belongs to it.
pub(super) struct Peer {
    connection: Arc<dyn PeerConnection>,
    pub reliable: Arc<dyn DataChannel>,
    pub lossy: Arc<dyn DataChannel>,
    /// Our track's id in descriptions.
    pub cid: String,
    track: Arc<TrackLocalStaticRTP>,
    ssrc: u32,
    gathered: Arc<Notify>,
}

impl Peer {
    /// Prepares a connection; nothing is sent yet.
    pub async fn new(loopback: bool) -> Result<(Self, PeerEvents, mpsc::Receiver<PeerEvent>)> {
        let (events_in, events) = mpsc::channel(EVENT_QUEUE);
        let events_in = PeerEvents(events_in);
        let gathered = Arc::new(Notify::new());
        let mut media = media_engine()?;
        let reports = configure_rtcp_reports(configure_nack(Registry::new(), &mut media));
        let settings = SettingEngineBuilder::new()
            .with_include_loopback_candidate(loopback)
            .with_multicast_dns_mode(MulticastDnsMode::Disabled)
            // Otherwise a pair found by the server's own check waits a second.
            .with_prflx_acceptance_min_wait(Some(Duration::ZERO))
            // The server's candidates come a moment after its answer: look again soon, for as long as the default would (1.4 s).
            .with_ice_connection_attempts(Some(Duration::from_millis(50)), Some(28))
            // A path that died is noticed by its answers: ask every second.
            .with_ice_timeouts(None, None, Some(Duration::from_secs(1)))
            .build();
        let handler = Handler {
            events: events_in.clone(),
            gathered: gathered.clone(),
        };
        let building = PeerConnectionBuilder::new()
            .with_media_engine(media)
            .with_interceptor_registry(reports)
            .with_setting_engine(settings)
            .with_handler(Arc::new(handler))
            .with_udp_addrs(vec![if loopback { "127.0.0.1:0" } else { "0.0.0.0:0" }])
            .with_data_channel_send_buffer_limit(DATA_BUFFER_BYTES)
            .build();
        let connection: Arc<dyn PeerConnection> = Arc::new(Box::pin(building).await?);
        // Both channels must be in the first offer: the server counts a participant as present when both are open.
        let reliable = connection.create_data_channel("_reliable", None).await?;
        let unreliable = RTCDataChannelInit {
            ordered: false,
            max_retransmits: Some(0),
            ..RTCDataChannelInit::default()
        };
        let lossy = connection
            .create_data_channel("_lossy", Some(unreliable))
            .await?;

        let ssrc = rand::random();
        let cid = uuid::Uuid::new_v4().to_string();
        let track = Arc::new(TrackLocalStaticRTP::new(microphone_track(&cid, ssrc)));
        let sendonly = transceiver(RTCRtpTransceiverDirection::Sendonly);
        connection
            .add_transceiver_from_track(track.clone(), Some(sendonly))
            .await?;
        let peer = Self {
            connection,
            reliable,
            lossy,
            cid,
            track,
            ssrc,
            gathered,
        };
        peer.add_audio_sections(SPARE_SECTIONS).await?;
        Ok((peer, events_in, events))
    }

    /// Makes room for more remote audio in the next offer.
    pub async fn add_audio_sections(&self, count: u32) -> Result<()> {
        for _ in 0..count {
            let recvonly = transceiver(RTCRtpTransceiverDirection::Recvonly);
            self.connection
                .add_transceiver_from_kind(RtpCodecKind::Audio, Some(recvonly))
                .await?;
        }
        Ok(())
    }

    /// Makes an offer with all candidates in it, and takes it as our side.
    pub async fn offer(&self) -> Result<String> {
        let offer = self.connection.create_offer(None).await?;
        self.connection.set_local_description(offer).await?;
        let deadline = Instant::now() + GATHERING;
        loop {
            let sdp = self.local_sdp().await;
            if sdp::is_complete(&sdp) || Instant::now() >= deadline {
                return Ok(sdp);
            }
            // The notice may come just before the description shows it.
            let _ = tokio::time::timeout(Duration::from_millis(5), self.gathered.notified()).await;
        }
    }

    /// Begins to look for a path anew; the next offer carries it.
    pub async fn restart_ice(&self) -> Result<()> {
        self.connection.restart_ice().await
    }

    pub async fn accept(&self, answer: String) -> Result<()> {
        self.connection
            .set_remote_description(RTCSessionDescription::answer(answer)?)
            .await
    }

    pub async fn add_candidate(&self, candidate: RTCIceCandidateInit) -> Result<()> {
        self.connection.add_ice_candidate(candidate).await
    }

    pub async fn local_sdp(&self) -> String {
        self.connection
            .local_description()
            .await
            .map(|description| description.sdp)
            .unwrap_or_default()
    }

    pub async fn remote_sdp(&self) -> String {
        self.connection
            .current_remote_description()
            .await
            .map(|description| description.sdp)
            .unwrap_or_default()
    }

    /// Returns our track, once an answer has carried it.
    pub async fn local_track(&self) -> LocalTrack {
        let level_extension = sdp::level_extension(&self.remote_sdp().await);
        LocalTrack {
            rtp: self.track.clone(),
            ssrc: self.ssrc,
            level_extension,
        }
    }

    /// Returns the figures of the network, and a number that grows while anything comes in.
    pub async fn statistics(&self) -> (RoomStatistics, u64) {
        let report = self
            .connection
            .get_stats(Instant::now().into_std(), StatsSelector::None)
            .await;
        let mut statistics = RoomStatistics::default();
        let mut came_in = 0;
        for entry in report.iter() {
            match entry {
                RTCStatsReportEntry::RemoteInboundRtp(ours) => {
                    // As the crate gives it: ticks of the RTP clock, not seconds, and no round trip.
                    let received = &ours.received_rtp_stream_stats;
                    statistics.receiver_jitter_ms =
                        Some(received.jitter as f32 / OPUS_TICKS_PER_MS);
                    statistics.packets_lost = u64::try_from(received.packets_lost).unwrap_or(0);
                }
                RTCStatsReportEntry::IceCandidatePair(pair) => {
                    came_in +=
                        pair.packets_received + pair.responses_received + pair.requests_received;
                    if pair.nominated && pair.current_round_trip_time > 0.0 {
                        statistics.round_trip_ms =
                            Some((pair.current_round_trip_time * 1000.0) as f32);
                    }
                }
                _ => {}
            }
        }
        (statistics, came_in)
    }

    pub async fn close(&self) {
        if let Err(error) = self.connection.close().await {
            tracing::debug!(%error, "a peer connection did not close cleanly");
        }
    }
}

struct Handler {
    events: PeerEvents,
    gathered: Arc<Notify>,
}

#[async_trait]
impl PeerConnectionEventHandler for Handler {
    async fn on_ice_gathering_state_change(&self, state: RTCIceGatheringState) {
        if state == RTCIceGatheringState::Complete {
            self.gathered.notify_one();
        }
    }

    async fn on_connection_state_change(&self, state: RTCPeerConnectionState) {
        self.events.send(PeerEvent::State(state));
    }

    async fn on_track(&self, track: Arc<dyn TrackRemote>) {
        let track_id = track.track_id().await;
        self.events.send(PeerEvent::Track { track_id, track });
    }
}

/// Opus alone (the server unpacks the learners' redundancy for us), with repeats on request and audio levels.
fn media_engine() -> Result<MediaEngine> {
    let mut media = MediaEngine::default();
    let codec = RTCRtpCodecParameters {
        rtp_codec: opus(),
        payload_type: OPUS_PAYLOAD_TYPE,
    };
    media.register_codec(codec, RtpCodecKind::Audio)?;
    let level = RTCRtpHeaderExtensionCapability {
        uri: sdp::LEVEL_URI.to_owned(),
    };
    media.register_header_extension(level, RtpCodecKind::Audio, None)?;
    Ok(media)
}

fn opus() -> RTCRtpCodec {
    RTCRtpCodec {
        mime_type: MIME_TYPE_OPUS.to_owned(),
        clock_rate: 48_000,
        channels: 2,
        sdp_fmtp_line: "minptime=10;useinbandfec=1".to_owned(),
        rtcp_feedback: vec![RTCPFeedback {
            typ: "nack".to_owned(),
            parameter: String::new(),
        }],
    }
}

fn microphone_track(cid: &str, ssrc: u32) -> MediaStreamTrack {
    let coding = RTCRtpEncodingParameters {
        rtp_coding_parameters: RTCRtpCodingParameters {
            ssrc: Some(ssrc),
            ..RTCRtpCodingParameters::default()
        },
        codec: opus(),
        ..RTCRtpEncodingParameters::default()
    };
    MediaStreamTrack::new(
        "voice".to_owned(),
        cid.to_owned(),
        "voice".to_owned(),
        RtpCodecKind::Audio,
        vec![coding],
    )
}

fn transceiver(direction: RTCRtpTransceiverDirection) -> RTCRtpTransceiverInit {
    RTCRtpTransceiverInit {
        direction,
        ..RTCRtpTransceiverInit::default()
    }
}
