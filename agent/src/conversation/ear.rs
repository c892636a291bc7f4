//! The learner's microphone, and nobody else's.

use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::audio::receive::{Heard, Receiver};
use crate::audio::voice_activity::VoiceActivity;
use crate::deadline;
use crate::room::AudioPacket;

/// Hears one track at a time.
pub(super) struct Ear {
    rate_hz: u32,
    track: Option<Track>,
}

struct Track {
    id: String,
    /// `None` once the track is gone: the silence after it is still to be heard.
    packets: Option<mpsc::Receiver<AudioPacket>>,
    receiver: Receiver,
    voice: VoiceActivity,
}

impl Ear {
    pub(super) fn new(rate_hz: u32) -> Self {
        Self {
            rate_hz,
            track: None,
        }
    }

    /// Hears this track from now on; the newest microphone counts.
    pub(super) fn listen(&mut self, id: String, muted: bool, packets: mpsc::Receiver<AudioPacket>) {
        match Receiver::new(self.rate_hz) {
            Ok(mut receiver) => {
                receiver.set_muted(muted);
                self.track = Some(Track {
                    id,
                    packets: Some(packets),
                    receiver,
                    voice: VoiceActivity::default(),
                });
            }
            Err(error) => {
                tracing::error!(%error, rate_hz = self.rate_hz, "the learner cannot be heard");
            }
        }
    }

    /// The track is gone.
    pub(super) fn lose(&mut self, id: &str) {
        if let Some(track) = self.track.as_mut().filter(|t| t.id == id) {
            track.packets = None;
            track.receiver.set_muted(true);
        }
    }

    pub(super) fn set_muted(&mut self, id: &str, muted: bool) {
        if let Some(track) = self.track.as_mut().filter(|t| t.id == id) {
            track.receiver.set_muted(muted);
        }
    }

    /// Hears at another rate from now on.
    pub(super) fn set_rate(&mut self, rate_hz: u32) {
        self.rate_hz = rate_hz;
        if let Some(track) = &mut self.track
            && let Err(error) = track.receiver.set_rate(rate_hz)
        {
            tracing::error!(%error, rate_hz, "the learner cannot be heard at this rate");
        }
    }

    /// Waits for the next piece, and tells whether it holds voice. Cancel-safe; pending for ever while there is nothing to hear.
    pub(super) async fn next(&mut self) -> (Heard, bool) {
        let Some(track) = &mut self.track else {
            return std::future::pending().await;
        };
        loop {
            if let Some(heard) = track.receiver.poll() {
                let is_voice = track.voice.hear(&heard.pcm);
                return (heard, is_voice);
            }
            let due = track.receiver.poll_timeout().map(Instant::from_std);
            let packets = &mut track.packets;
            let packet = async {
                match packets {
                    Some(packets) => packets.recv().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                packet = packet => match packet {
                    Some(packet) => track.receiver.handle(packet, Instant::now().into_std()),
                    None => track.packets = None,
                },
                () = deadline::at(due) => track.receiver.handle_timeout(Instant::now().into_std()),
            }
        }
    }
}
