//! A voice for learners: espeak-ng's, as Opus packets.

use std::process::Command;
use std::time::Duration;

use avaaz_agent::audio::format::level_dbov;
use avaaz_agent::audio::opus::Encoder;
use avaaz_agent::room::{AudioFrame, SendAudioError};
use bytes::Bytes;

use crate::guest::{FRAME, Guest};

/// Silence after each utterance, so that its end is noticed.
const PAUSE: Duration = Duration::from_millis(1200);

pub struct Speech {
    frames: Vec<(Bytes, u8)>,
}

impl Speech {
    pub fn say(words: &str) -> Self {
        let output = Command::new("espeak-ng")
            .args(["--stdout", "-v", "en", words])
            .output()
            .expect("espeak-ng is installed");
        let wav = output.stdout;
        let rate = u32::from_le_bytes(wav[24..28].try_into().unwrap());
        let samples: Vec<i16> = wav[44..]
            .chunks_exact(2)
            .map(|two| i16::from_le_bytes([two[0], two[1]]))
            .collect();
        // Linear interpolation is good enough for a turn detection.
        let count = samples.len() as u64 * 24_000 / u64::from(rate);
        let mut at_24_khz: Vec<i16> = (0..count)
            .map(|n| samples[(n * u64::from(rate) / 24_000) as usize])
            .collect();
        at_24_khz.resize(
            at_24_khz.len().next_multiple_of(480) + PAUSE.as_millis() as usize * 24,
            0,
        );
        let mut encoder = Encoder::new(24_000).unwrap();
        let frames = at_24_khz
            .chunks_exact(480)
            .map(|frame| (encoder.encode(frame).unwrap(), level_dbov(frame)))
            .collect();
        Self { frames }
    }

    /// Opus frames of 20 ms, each with its level.
    pub fn into_frames(self) -> Vec<(Bytes, u8)> {
        self.frames
    }

    pub async fn into_room(self, guest: &Guest) {
        let mut clock = tokio::time::interval(FRAME);
        for (number, (opus, level_dbov)) in self.frames.into_iter().enumerate() {
            clock.tick().await;
            let frame = AudioFrame {
                opus,
                duration: FRAME,
                level_dbov,
                first: number == 0,
            };
            match guest.audio.send(frame).await {
                Ok(()) | Err(SendAudioError::Down) => {}
                Err(SendAudioError::Closed) => panic!("the room is closed"),
            }
        }
    }
}
