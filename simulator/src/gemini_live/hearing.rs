//! The learner's audio: taken at any rate, listened to for speech or bracketed by the client, and forgotten at once.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::connection::{Connection, End, Later};
use super::context::Entry;
use super::refusal::Refusal;
use super::setup::Model;
use super::shape::decode;
use crate::delivery::pieces_of;
use crate::input_audio::{Heard, InputAudio, InputRate};
use crate::script::{Words, not_understood};
use crate::timeline::{MomentKind, Stretch, now_us, peak};

const NATIVE_RATE_HZ: u32 = 16_000;
const RATES_HZ: std::ops::RangeInclusive<u32> = 8_000..=96_000;
const TRANSCRIPT_DELAY_MS: u64 = 300;
const TRANSCRIPT_PIECE_MS: u64 = 20;

/// What is heard on one connection.
pub(super) struct Hearing {
    input: InputAudio,
    /// At the native rate, in the learner's turns or not.
    received_samples: u64,
    /// Whether the client says that the learner is active.
    in_activity: bool,
    /// How far behind the last sample the next one of the native rate lies, in native samples times the foreign rate.
    phase: u64,
    previous: i16,
}

impl Hearing {
    pub(super) fn new() -> Self {
        Self {
            input: InputAudio::new(InputRate::Hz16000),
            received_samples: 0,
            in_activity: false,
            phase: 0,
            previous: 0,
        }
    }

    pub(super) const fn is_in_activity(&self) -> bool {
        self.in_activity
    }

    /// How much audio the connection has received.
    const fn received_ms(&self) -> u64 {
        self.received_samples * 1_000 / NATIVE_RATE_HZ as u64
    }

    /// Takes samples, and converts them to the detector's rate, between two neighbours.
    fn at_native_rate(&mut self, samples: &[i16], rate_hz: u32) -> Vec<i16> {
        if rate_hz == NATIVE_RATE_HZ {
            self.received_samples += samples.len() as u64;
            return samples.to_vec();
        }
        let (native, foreign) = (u64::from(NATIVE_RATE_HZ), u64::from(rate_hz));
        let mut converted = Vec::with_capacity(samples.len() * 2);
        for sample in samples {
            while self.phase < native {
                let (a, b) = (i64::from(self.previous), i64::from(*sample));
                converted.push((a + (b - a) * self.phase as i64 / native as i64) as i16);
                self.phase += foreign;
            }
            self.phase -= native;
            self.previous = *sample;
        }
        self.received_samples += converted.len() as u64;
        converted
    }
}

impl Connection {
    pub(super) async fn handle_audio(&mut self, blob: &Value) -> Result<(), End> {
        let at_us = now_us();
        let rate_hz = blob["mimeType"]
            .as_str()
            .and_then(rate_of)
            .ok_or_else(Refusal::invalid_argument)?;
        let bytes = blob["data"]
            .as_str()
            .and_then(decode)
            .ok_or_else(Refusal::invalid_argument)?;
        let (pairs, rest) = bytes.as_chunks::<2>();
        if !rest.is_empty() {
            return Err(Refusal::invalid_argument().into());
        }
        let setup = self.setup();
        if setup.model == Model::NativeAudio25 && self.calls.iter().any(|call| call.is_blocking) {
            return Err(Refusal::not_enabled().into());
        }
        let detection = setup.detection;
        let samples: Vec<_> = pairs.iter().map(|pair| i16::from_le_bytes(*pair)).collect();
        self.shared
            .counters
            .on_audio_received(self.number, bytes.len());
        let stretch = Stretch {
            duration_ms: samples.len() as u64 * 1_000 / u64::from(rate_hz),
            peak: peak(&samples),
            audio_ms: 0,
        };
        let samples = self.hearing.at_native_rate(&samples, rate_hz);
        let stretch = Stretch {
            audio_ms: self.hearing.received_ms(),
            ..stretch
        };
        self.shared
            .timeline
            .note_at(at_us, self.number, MomentKind::AudioReceived, stretch);
        if detection.is_none() && !self.hearing.in_activity {
            return Ok(());
        }
        for heard in self.hearing.input.handle_samples(&samples, detection) {
            self.on_heard(heard).await?;
        }
        Ok(())
    }

    async fn on_heard(&mut self, heard: Heard) -> Result<(), End> {
        match heard {
            Heard::SpeechStarted { audio_start_ms } => {
                self.note_speech(MomentKind::SpeechStarted, audio_start_ms);
                if self.setup().activity_interrupts {
                    self.interrupt().await?;
                }
                Ok(())
            }
            Heard::SpeechStopped {
                audio_end_ms,
                spoken_ms,
            } => {
                self.note_speech(MomentKind::SpeechStopped, audio_end_ms);
                let taken = self.hearing.input.take();
                self.end_turn(taken.audio_ms, spoken_ms).await
            }
            Heard::Idle { .. } => Ok(()),
        }
    }

    pub(super) async fn handle_activity_start(&mut self) -> Result<(), End> {
        if self.setup().detection.is_some() {
            return Err(Refusal::invalid_argument().into());
        }
        self.hearing.input.take();
        self.hearing.in_activity = true;
        self.note_speech(MomentKind::SpeechStarted, self.hearing.received_ms());
        if self.setup().activity_interrupts {
            self.interrupt().await?;
        }
        Ok(())
    }

    pub(super) async fn handle_activity_end(&mut self) -> Result<(), End> {
        if self.setup().detection.is_some() {
            return Err(Refusal::invalid_argument().into());
        }
        if !std::mem::take(&mut self.hearing.in_activity) {
            return Ok(());
        }
        self.note_speech(MomentKind::SpeechStopped, self.hearing.received_ms());
        let taken = self.hearing.input.take();
        self.end_turn(taken.audio_ms, taken.voiced_ms).await
    }

    /// The microphone is off: what was said so far is all of the turn.
    pub(super) async fn handle_stream_end(&mut self) -> Result<(), End> {
        if self.setup().detection.is_none() {
            return Err(Refusal::invalid_argument().into());
        }
        let is_speaking = self.hearing.input.is_speaking();
        let taken = self.hearing.input.take();
        if !is_speaking {
            return Ok(());
        }
        self.note_speech(MomentKind::SpeechStopped, self.hearing.received_ms());
        self.end_turn(taken.audio_ms, taken.voiced_ms).await
    }

    /// Turns what was said into a turn, lets its words follow, and answers it.
    async fn end_turn(&mut self, audio_ms: u64, spoken_ms: u64) -> Result<(), End> {
        let shared = Arc::clone(&self.shared);
        let (_, learner) = shared.script.learner(&self.setup().instructions);
        let next = learner.next_words(
            self.context
                .iter()
                .filter(|entry| entry.is_learners())
                .map(|entry| (entry.said, entry.words.as_str())),
        );
        let words = learner.learner_says.get(next).and_then(Option::as_ref);
        let known = words.map(Words::text).unwrap_or_default();
        self.context.push(Entry::spoken(known, next, audio_ms));
        let (transcript, own_delay_ms, fails) = match words {
            Some(Words::Plain(text)) => (text.clone(), None, false),
            Some(Words::Detailed(words)) => (words.text.clone(), words.delay_ms, words.fails),
            None => (not_understood(spoken_ms), None, false),
        };
        if self.setup().transcribes_input && !fails {
            let delay_ms = own_delay_ms
                .or(learner.transcript_delay_ms)
                .unwrap_or(TRANSCRIPT_DELAY_MS);
            self.schedule_transcript(&transcript, delay_ms);
        }
        self.begin_generation().await
    }

    /// The words come in pieces, each with a space before it.
    fn schedule_transcript(&mut self, transcript: &str, delay_ms: u64) {
        let mut after_ms = delay_ms;
        for piece in pieces_of(&format!(" {}", transcript.trim_start())) {
            if piece.is_empty() {
                continue;
            }
            let message = json!({"serverContent": {"inputTranscription": {"text": piece}}});
            self.schedule(Duration::from_millis(after_ms), Later::Send(message));
            after_ms += TRANSCRIPT_PIECE_MS;
        }
    }

    fn note_speech(&self, kind: MomentKind, audio_ms: u64) {
        let stretch = Stretch {
            audio_ms,
            ..Stretch::default()
        };
        self.note(kind, stretch);
    }
}

/// Returns the rate in such a type as `audio/pcm;rate=16000`.
fn rate_of(mime_type: &str) -> Option<u32> {
    let mut parts = mime_type.split(';').map(str::trim);
    if parts.next() != Some("audio/pcm") {
        return None;
    }
    let rate = parts.find_map(|part| part.strip_prefix("rate="));
    let rate_hz = rate.map_or(Some(NATIVE_RATE_HZ), |rate| rate.parse().ok())?;
    RATES_HZ.contains(&rate_hz).then_some(rate_hz)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_in_the_type() {
        assert_eq!(rate_of("audio/pcm;rate=24000"), Some(24_000));
        assert_eq!(rate_of("audio/pcm; rate=16000"), Some(16_000));
        assert_eq!(rate_of("audio/pcm"), Some(16_000));
        assert_eq!(rate_of("audio/pcm;rate=1"), None);
        assert_eq!(rate_of("audio/wav"), None);
    }

    #[test]
    fn a_foreign_rate_keeps_the_length() {
        for rate_hz in [8_000, 24_000, 48_000] {
            let mut hearing = Hearing::new();
            let second: Vec<_> = (0..rate_hz).map(|n| (n % 100) as i16).collect();
            let converted: usize = second
                .chunks(333)
                .map(|piece| hearing.at_native_rate(piece, rate_hz).len())
                .sum();
            assert_eq!(converted, 16_000, "{rate_hz} Hz");
        }
    }
}
