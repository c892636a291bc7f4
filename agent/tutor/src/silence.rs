//! Takes away the silence that a model puts before its first word.

use std::time::Duration;

use crate::Pcm;

/// What is left of the silence before the first sound. With the step that the search goes in, at most 40 ms.
const LEFT: Duration = Duration::from_millis(30);
/// How far before the first loud sound a soft consonant may have begun.
const SOFT: Duration = Duration::from_millis(400);
/// A reply that stays silent for so long is let through as it is.
const LONGEST: Duration = Duration::from_secs(3);
/// Louder than any noise before a voice (about -49 dBFS): here somebody speaks.
const LOUD_PEAK: u16 = 120;
/// The search for the beginning goes in steps of so much.
const STEP: Duration = Duration::from_millis(5);
/// A sound is so much louder than the noise before it, as a factor of the power: 6 dB.
const ABOVE_NOISE: u64 = 4;
/// Power that is no sound in any case: less than three units of a sample.
const NOTHING: u64 = 9;
/// So many quiet steps in a row lie before a sound, not within it: less than that is the stop of a "p" or "t".
const QUIET_STEPS: usize = 4;

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
        let samples_in = |length: Duration| (length.as_millis() as usize * rate_hz as usize) / 1000;

        let before = self.held.len();
        let loud = pcm
            .samples
            .iter()
            .position(|sample| sample.unsigned_abs() > LOUD_PEAK);
        let mut samples = std::mem::take(&mut self.held);
        samples.extend_from_slice(&pcm.samples);
        self.over = loud.is_some() || self.trimmed + length(samples.len()) > LONGEST;

        let first_kept = match loud {
            Some(loud) => onset(&samples[..before + loud], samples_in(STEP).max(1))
                .saturating_sub(samples_in(LEFT)),
            None => samples.len().saturating_sub(samples_in(SOFT)),
        };
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

/// Finds where the sound begins that grows loud at the end of these samples: goes back from there as long as it is louder
/// than the noise before it.
fn onset(quiet: &[i16], step: usize) -> usize {
    let power = |samples: &[i16]| {
        let sum: u64 = samples
            .iter()
            .map(|sample| u64::from(sample.unsigned_abs()).pow(2))
            .sum();
        sum / samples.len().max(1) as u64
    };
    let powers: Vec<u64> = quiet.rchunks_exact(step).map(power).collect();
    let mut sorted = powers.clone();
    sorted.sort_unstable();
    // A fifth of what is held is noise, if there is any.
    let noise = sorted.get(sorted.len() / 5).copied().unwrap_or(0);
    let sounds = |power: u64| power > NOTHING.max(noise * ABOVE_NOISE);

    let mut begins = quiet.len();
    let mut quiet_steps = 0;
    for (index, power) in powers.into_iter().enumerate() {
        if sounds(power) {
            begins = quiet.len() - (index + 1) * step;
            quiet_steps = 0;
        } else {
            quiet_steps += 1;
            if quiet_steps >= QUIET_STEPS {
                break;
            }
        }
    }
    begins
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
                    .take_while(|sample| sample.unsigned_abs() <= LOUD_PEAK)
                    .count();
                assert!(silence <= 40 * RATE, "{silent_ms} ms in {chunk}: {silence}");
                assert!(out.len() >= 200 * RATE - LOUD_PEAK as usize);
                let missing = (samples.len() - out.len()) as u64 * 1_000_000_000 / 24_000;
                assert!(Duration::from_nanos(missing).abs_diff(trimmed) < Duration::from_micros(1));
            }
        }
    }

    #[test]
    fn a_breath_that_is_soft_for_long_before_the_vowel_is_kept() {
        let swing = |height: i16, ms: usize| {
            (0..ms * RATE).map(move |n| if n % 2 == 0 { height } else { -height })
        };
        // A "p" closes for a moment between its breath and its burst.
        for stop_ms in [0, 12] {
            let mut samples: Vec<i16> = swing(2, 600).collect();
            samples.extend(swing(60, 180));
            samples.extend(swing(2, stop_ms));
            samples.extend(swing(4000, 100));
            for chunk in [480, 4800, 100_000] {
                let (out, _) = through(&samples, chunk);
                let kept_ms = out.len() / RATE;
                let sounding_ms = 280 + stop_ms;
                assert!(
                    (sounding_ms..=sounding_ms + 40).contains(&kept_ms),
                    "{kept_ms} of {sounding_ms} ms"
                );
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
