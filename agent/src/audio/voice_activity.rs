//! Tells voice from other sound, next to the learner's ear. What it hears it forgets at once.

use avaaz_tutor::Pcm;
use earshot::Detector;

/// The rate that the detector listens at.
const RATE_HZ: u32 = 16_000;
/// It looks at 16 ms at a time.
const FRAME_SAMPLES: usize = 256;
/// From here on it is voice.
const THRESHOLD: f32 = 0.5;
/// Less is enough to go on: the end of a word is weaker than its beginning.
const THRESHOLD_TO_GO_ON: f32 = 0.35;

/// Listens to one microphone.
pub struct VoiceActivity {
    detector: Box<Detector>,
    /// At the detector's rate, less than one frame.
    unheard: Vec<i16>,
    /// Where the next sample for the detector lies, in samples of what comes next, times the detector's rate.
    position: u64,
    is_voice: bool,
}

impl Default for VoiceActivity {
    fn default() -> Self {
        Self {
            detector: Detector::default_boxed(),
            unheard: Vec::with_capacity(2 * FRAME_SAMPLES),
            position: 0,
            is_voice: false,
        }
    }
}

impl VoiceActivity {
    /// Takes the next stretch and returns whether it holds voice.
    pub fn hear(&mut self, pcm: &Pcm) -> bool {
        self.take(pcm);
        let mut whole = self.unheard.chunks_exact(FRAME_SAMPLES);
        let mut loudest: Option<f32> = None;
        for frame in &mut whole {
            let score = self.detector.predict_i16(frame);
            loudest = Some(loudest.map_or(score, |before| before.max(score)));
        }
        let heard = self.unheard.len() - whole.remainder().len();
        self.unheard.drain(..heard);
        // A stretch that completes no frame is what came before it.
        if let Some(score) = loudest {
            let threshold = if self.is_voice {
                THRESHOLD_TO_GO_ON
            } else {
                THRESHOLD
            };
            self.is_voice = score >= threshold;
        }
        self.is_voice
    }

    /// Brings samples to the detector's rate. It looks at energies of bands: the nearest sample is good enough for it.
    fn take(&mut self, pcm: &Pcm) {
        let (rate, step) = (u64::from(RATE_HZ), u64::from(pcm.rate_hz));
        let length = pcm.samples.len() as u64 * rate;
        while self.position < length {
            let index = usize::try_from(self.position / rate).unwrap_or(usize::MAX);
            let next = (index + 1).min(pcm.samples.len() - 1);
            let part = self.position % rate;
            let (first, second) = (i64::from(pcm.samples[index]), i64::from(pcm.samples[next]));
            let between = first + (second - first) * part.cast_signed() / rate.cast_signed();
            self.unheard
                .push(i16::try_from(between).unwrap_or_default());
            self.position += step;
        }
        self.position -= length;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(samples: &[i16], rate_hz: u32) -> Vec<bool> {
        let mut activity = VoiceActivity::default();
        samples
            .chunks_exact(rate_hz as usize / 50)
            .map(|piece| {
                activity.hear(&Pcm {
                    samples: piece.into(),
                    rate_hz,
                })
            })
            .collect()
    }

    async fn speech() -> Vec<i16> {
        let utterance = avaaz_simulator::Utterance {
            text: "Yesterday I went to the market and bought some apples.".into(),
            language: "en".into(),
            voice: "cedar".into(),
            speed_percent: 100,
            beeps: false,
        };
        let mut samples = vec![0; 24_000];
        samples.extend_from_slice(&avaaz_simulator::Voice::default().speak(utterance).await);
        samples.resize(samples.len() + 24_000, 0);
        samples
    }

    #[tokio::test]
    async fn speech_is_voice_at_both_rates_and_the_silence_around_it_is_not() {
        let at_24 = speech().await;
        let at_16: Vec<i16> = at_24
            .as_chunks::<3>()
            .0
            .iter()
            .flat_map(|[first, second, third]| [*first, i16::midpoint(*second, *third)])
            .collect();
        for (samples, rate_hz) in [(at_24, 24_000), (at_16, 16_000)] {
            let found = pieces(&samples, rate_hz);
            assert!(found[..40].iter().all(|voice| !voice), "{rate_hz}");
            assert!(found[found.len() - 30..].iter().all(|voice| !voice));
            let spoken = &found[50..found.len() - 50];
            let voiced = spoken.iter().filter(|voice| **voice).count();
            assert!(
                voiced * 10 > spoken.len() * 7,
                "{voiced} of {} at {rate_hz}",
                spoken.len()
            );
        }
    }

    #[test]
    fn a_click_and_a_hum_are_not_voice() {
        let mut samples = vec![0_i16; 48_000];
        samples[12_000..12_040].fill(20_000);
        for (n, sample) in samples.iter_mut().enumerate().skip(24_000) {
            *sample = if n / 240 % 2 == 0 { 300 } else { -300 };
        }
        let voiced = pieces(&samples, 24_000)
            .iter()
            .filter(|voice| **voice)
            .count();
        assert!(voiced <= 2, "{voiced} pieces");
    }
}
