//! Sounds that need no speech synthesizer.

use std::f64::consts::TAU;

use super::VOICE_RATE_HZ;

const BEEP_MS: u32 = 150;
const PAUSE_MS: u32 = 50;
const HUM_MS_PER_CHAR: u32 = 65;

/// A beep for each word, 200 ms apart, whose pitch tells the word's number modulo 8.
pub(super) fn beeps(text: &str) -> Vec<i16> {
    let mut samples = Vec::new();
    for (index, _) in text.split_whitespace().enumerate() {
        tone(&mut samples, 400.0 + 100.0 * (index % 8) as f64, BEEP_MS);
        silence(&mut samples, PAUSE_MS);
    }
    samples
}

/// A hum with the rhythm of the words.
pub(super) fn hum(text: &str) -> Vec<i16> {
    let mut samples = Vec::new();
    for word in text.split_whitespace() {
        let letters = u32::try_from(word.chars().count()).unwrap_or(20).min(20);
        let pitch =
            110.0 + f64::from(word.bytes().fold(0_u32, |sum, byte| sum + u32::from(byte)) % 60);
        tone(&mut samples, pitch, letters * HUM_MS_PER_CHAR);
        silence(&mut samples, PAUSE_MS);
    }
    samples
}

fn tone(samples: &mut Vec<i16>, pitch_hz: f64, duration_ms: u32) {
    let length = count(duration_ms);
    let fade = f64::from(VOICE_RATE_HZ) * 0.005;
    samples.extend((0..length).map(|n| {
        let phase = n as f64 * pitch_hz * TAU / f64::from(VOICE_RATE_HZ);
        let edge = (n as f64).min((length - n) as f64);
        let loudness = (edge / fade).min(1.0) * 9_000.0;
        ((phase.sin() + 0.4 * (2.0 * phase).sin()) / 1.4 * loudness) as i16
    }));
}

fn silence(samples: &mut Vec<i16>, duration_ms: u32) {
    samples.resize(samples.len() + count(duration_ms), 0);
}

const fn count(duration_ms: u32) -> usize {
    (duration_ms * VOICE_RATE_HZ / 1_000) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_a_beep_of_its_own_at_a_known_place() {
        let samples = beeps("one two three");
        assert_eq!(samples.len(), 3 * 4_800);
        assert!(samples[3_700..4_800].iter().all(|sample| *sample == 0));
        assert!(
            samples[4_800 + 1_000..4_800 + 1_100]
                .iter()
                .any(|sample| sample.unsigned_abs() > 3_000)
        );
    }

    #[test]
    fn a_longer_text_is_hummed_for_longer() {
        assert!(hum("a long sentence with many words").len() > 2 * hum("short one").len());
    }
}
