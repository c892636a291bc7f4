//! Takes away the silence that a model puts before its first word.

use std::time::Duration;

use crate::Pcm;

/// What is left of the silence: enough for the softest onset.
const LEFT: Duration = Duration::from_millis(40);
/// A reply that stays silent for so long is let through as it is.
const LONGEST: Duration = Duration::from_secs(3);
/// The loudest sample that counts as silence (about -49 dBFS): below the softest consonant of a voice at speaking level.
const QUIET_PEAK: u16 = 120;

/// Trims the leading silence of one reply.
#[derive(Debug, Default)]
pub(crate) struct LeadingSilence {
    over: bool,
    held: Vec<i16>,
    trimmed: Duration,
}

impl LeadingSilence {
    /// Takes the next stretch of a reply and returns what of it shall sound.
    pub(crate) fn pass(&mut self, pcm: Pcm) -> Option<Pcm> {
        if self.over {
            return Some(pcm);
        }
        let rate_hz = pcm.rate_hz.max(1);
        let length = |samples: usize| {
            Duration::from_nanos(samples as u64 * 1_000_000_000 / u64::from(rate_hz))
        };
        let left = (LEFT.as_millis() as usize * rate_hz as usize) / 1000;

        let before = self.held.len();
        let onset = pcm
            .samples
            .iter()
            .position(|sample| sample.unsigned_abs() > QUIET_PEAK);
        let mut samples = std::mem::take(&mut self.held);
        samples.extend_from_slice(&pcm.samples);
        self.over = onset.is_some() || self.trimmed + length(samples.len()) > LONGEST;

        let first_kept = onset
            .map_or(samples.len(), |onset| before + onset)
            .saturating_sub(left);
        samples.drain(..first_kept);
        self.trimmed += length(first_kept);
        if self.over {
            return Some(Pcm {
                samples: samples.into(),
                rate_hz,
            });
        }
        self.held = samples;
        None
    }

    /// Returns how much was taken away.
    pub(crate) fn trimmed(&self) -> Duration {
        self.trimmed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: usize = 24;

    fn pcm(samples: Vec<i16>) -> Pcm {
        Pcm {
            samples: samples.into(),
            rate_hz: 24_000,
        }
    }

    /// Silence of so many ms, then a voice that rises slowly, as an "h" does.
    fn reply(silent_ms: usize) -> Vec<i16> {
        let mut samples = vec![3; silent_ms * RATE];
        samples.extend((0..200 * RATE as i16).map(|n| if n % 2 == 0 { n } else { -n }));
        samples
    }

    fn through(samples: &[i16], chunk: usize) -> (Vec<i16>, Duration) {
        let mut gate = LeadingSilence::default();
        let mut out = Vec::new();
        for part in samples.chunks(chunk) {
            if let Some(part) = gate.pass(pcm(part.to_vec())) {
                out.extend_from_slice(&part.samples);
            }
        }
        (out, gate.trimmed())
    }

    #[test]
    fn leaves_at_most_forty_ms_of_silence_and_all_of_the_voice() {
        for silent_ms in [0, 10, 40, 41, 300, 2500] {
            let samples = reply(silent_ms);
            for chunk in [100, 480, 4800, 100_000] {
                let (out, trimmed) = through(&samples, chunk);
                assert!(samples.ends_with(&out));
                let silence = out
                    .iter()
                    .take_while(|sample| sample.unsigned_abs() <= QUIET_PEAK)
                    .count();
                assert!(silence <= 40 * RATE, "{silent_ms} ms in {chunk}: {silence}");
                assert!(out.len() >= 200 * RATE - QUIET_PEAK as usize);
                let missing = (samples.len() - out.len()) as u64 * 1_000_000_000 / 24_000;
                assert!(Duration::from_nanos(missing).abs_diff(trimmed) < Duration::from_micros(1));
            }
        }
    }

    #[test]
    fn a_reply_that_begins_at_once_is_not_touched() {
        let samples = vec![900; 4800];
        assert_eq!(through(&samples, 480).0, samples);
    }

    #[test]
    fn endless_silence_is_let_through_after_a_while() {
        let (out, _) = through(&vec![0; 5000 * RATE], 480);
        assert!(out.len() >= 1900 * RATE);
    }
}
