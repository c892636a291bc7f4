//! Our voice: RTP packets of the one track that we publish, across reconnects.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use rtc::rtp;
use tokio::sync::Notify;
use tokio::time::Instant;
use webrtc::media_stream::track_local::TrackLocal;
use webrtc::media_stream::track_local::static_rtp::TrackLocalStaticRTP;

use super::shared::lock;
use crate::room::{AudioFrame, AudioOutput, SendAudioError};

/// The payload type that we offer, and therefore get, for Opus.
pub(super) const OPUS_PAYLOAD_TYPE: u8 = 111;
/// Ticks of Opus' RTP clock in a millisecond.
const TICKS_PER_MS: u128 = 48;
/// 20 ms of silence in Opus, full band, mono.
const SILENCE: &[u8] = &[0xF8, 0xFF, 0xFE];
const FRAME: Duration = Duration::from_millis(20);
/// Every possible audio level with the voice bit (RFC 6464), so that a packet's level needs no allocation.
const LEVELS: [u8; 256] = {
    let mut levels = [0; 256];
    let mut index = 0;
    while index < 256 {
        levels[index] = index as u8;
        index += 1;
    }
    levels
};
static LEVEL_BYTES: [u8; 256] = LEVELS;

/// The outgoing track as the conversation sees it.
pub(super) struct Microphone {
    up: AtomicBool,
    closed: AtomicBool,
    muted: AtomicBool,
    /// Whether the conversation has sent something since the track was put in place.
    spoken: AtomicBool,
    packets_sent: AtomicU64,
    track_id: Mutex<String>,
    stream: Mutex<Stream>,
    changed: Arc<Notify>,
}

/// The RTP stream; numbers go on when the track behind it is replaced.
struct Stream {
    track: Option<LocalTrack>,
    sequence: u16,
    timestamp: u32,
    /// When the last packet went out and how long it sounds.
    last: Option<(Instant, Duration)>,
}

/// A track of one peer connection.
#[derive(Clone)]
pub(super) struct LocalTrack {
    pub rtp: Arc<TrackLocalStaticRTP>,
    pub ssrc: u32,
    /// The negotiated id of the audio level extension.
    pub level_extension: Option<u8>,
}

impl Microphone {
    pub fn new(changed: Arc<Notify>) -> Self {
        Self {
            up: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            muted: AtomicBool::new(false),
            spoken: AtomicBool::new(false),
            packets_sent: AtomicU64::new(0),
            track_id: Mutex::default(),
            stream: Mutex::new(Stream {
                track: None,
                sequence: rand::random(),
                timestamp: rand::random(),
                last: None,
            }),
            changed,
        }
    }

    /// Puts another track behind the voice, or none.
    pub fn set_track(&self, track: Option<LocalTrack>) {
        lock(&self.stream).track = track;
    }

    pub fn set_track_id(&self, id: &str) {
        id.clone_into(&mut lock(&self.track_id));
    }

    /// Says whether media flows; returns whether that is news.
    pub fn set_up(&self, up: bool) -> bool {
        self.up.swap(up, Ordering::AcqRel) != up
    }

    pub fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.up.store(false, Ordering::Release);
        self.set_track(None);
    }

    pub fn is_muted(&self) -> bool {
        self.muted.load(Ordering::Acquire)
    }

    pub fn packets_sent(&self) -> u64 {
        self.packets_sent.load(Ordering::Relaxed)
    }

    /// Sends a little silence: the server announces a track with its first packets, and a listener who knows the track already
    /// hears the first word. Ends as soon as there is something to hear.
    pub async fn announce(&self) {
        self.spoken.store(false, Ordering::Release);
        for index in 0..5 {
            if self.spoken.load(Ordering::Acquire) {
                return;
            }
            let frame = AudioFrame {
                opus: Bytes::from_static(SILENCE),
                duration: FRAME,
                level_dbov: 127,
                first: index == 0,
            };
            if self.transmit(frame).await.is_err() {
                return;
            }
            tokio::time::sleep(FRAME).await;
        }
    }

    async fn transmit(&self, frame: AudioFrame) -> Result<(), SendAudioError> {
        if self.closed.load(Ordering::Acquire) {
            return Err(SendAudioError::Closed);
        }
        if !self.up.load(Ordering::Acquire) {
            return Err(SendAudioError::Down);
        }
        if self.is_muted() {
            return Ok(());
        }
        let next = lock(&self.stream).next(frame, Instant::now());
        let Some((track, packet)) = next else {
            return Err(SendAudioError::Down);
        };
        // The error's text holds the whole packet: it goes nowhere.
        track
            .write_rtp(packet)
            .await
            .map_err(|_| SendAudioError::Down)?;
        self.packets_sent.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

impl Stream {
    /// Numbers the next packet; its time stamp jumps over a pause.
    fn next(
        &mut self,
        frame: AudioFrame,
        now: Instant,
    ) -> Option<(Arc<TrackLocalStaticRTP>, rtp::Packet)> {
        let track = self.track.clone()?;
        let advance = match self.last {
            None => Duration::ZERO,
            Some((sent, duration)) if frame.first => {
                duration.max(now.saturating_duration_since(sent))
            }
            Some((_, duration)) => duration,
        };
        self.timestamp = self.timestamp.wrapping_add(ticks(advance));
        self.sequence = self.sequence.wrapping_add(1);
        self.last = Some((now, frame.duration));
        let mut header = rtp::Header {
            version: 2,
            marker: frame.first,
            payload_type: OPUS_PAYLOAD_TYPE,
            sequence_number: self.sequence,
            timestamp: self.timestamp,
            ssrc: track.ssrc,
            ..rtp::Header::default()
        };
        if let Some(id) = track.level_extension {
            let level = usize::from(frame.level_dbov.min(127));
            let voice = if level < 127 { 0x80 } else { 0 };
            // Speaker events come from the level; a packet without it is heard all the same.
            let _ = header.set_extension(
                id,
                Bytes::from_static(&LEVEL_BYTES[level | voice..=level | voice]),
            );
        }
        Some((
            track.rtp,
            rtp::Packet {
                header,
                payload: frame.opus,
            },
        ))
    }
}

fn ticks(duration: Duration) -> u32 {
    // Modulo 2^32, as RTP counts.
    (duration.as_micros() * TICKS_PER_MS / 1000) as u32
}

#[async_trait]
impl AudioOutput for Microphone {
    async fn send(&self, frame: AudioFrame) -> Result<(), SendAudioError> {
        self.spoken.store(true, Ordering::Release);
        self.transmit(frame).await
    }

    fn set_muted(&self, muted: bool) {
        if self.muted.swap(muted, Ordering::AcqRel) != muted {
            self.changed.notify_one();
        }
    }

    fn is_up(&self) -> bool {
        self.up.load(Ordering::Acquire)
    }

    fn track_id(&self) -> String {
        lock(&self.track_id).clone()
    }
}
