//! Remote audio: one task per track carries its packets to the conversation.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use webrtc::media_stream::track_remote::{TrackRemote, TrackRemoteEvent};

use crate::room::AudioPacket;

/// Carries packets until the track is gone. A conversation that does not keep up loses the newest, never the session.
pub(super) async fn forward(
    track: Arc<dyn TrackRemote>,
    packets: mpsc::Sender<AudioPacket>,
    gone: CancellationToken,
) {
    loop {
        let event = tokio::select! {
            () = gone.cancelled() => return,
            event = track.poll() => event,
        };
        match event {
            Some(TrackRemoteEvent::OnRtpPacket(packet)) => {
                // Padding keeps a path warm; it is no sound.
                if packet.payload.is_empty() {
                    continue;
                }
                // A full queue drops the packet; a reader that went away leaves the track to be drained.
                let _ = packets.try_send(AudioPacket {
                    sequence: packet.header.sequence_number,
                    timestamp: packet.header.timestamp,
                    arrived: Instant::now().into_std(),
                    opus: packet.payload,
                });
            }
            Some(_) => {}
            None => return,
        }
    }
}
