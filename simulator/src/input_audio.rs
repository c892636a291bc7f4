//! The learner's audio: measured, listened to for speech, and forgotten at once.

use earshot::Detector;

use crate::voice::three_to_two;

/// The detector looks at 16 ms at a time.
const FRAME_SAMPLES: usize = 256;
const FRAME_MS: u64 = 16;
/// So many frames in a row must hold voice before it counts as speech: a click does not.
const FRAMES_TO_START: u32 = 3;
/// Once somebody speaks, less is enough to go on.
const EASE_WHILE_SPEAKING: f32 = 0.7;

/// How turns of the learner are found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct TurnDetection {
    pub(crate) threshold: f32,
    pub(crate) prefix_padding_ms: u64,
    pub(crate) silence_duration_ms: u64,
    pub(crate) idle_timeout_ms: Option<u64>,
    pub(crate) create_response: bool,
    pub(crate) interrupt_response: bool,
}

/// What was found in the audio. Times are milliseconds of the connection's audio.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heard {
    SpeechStarted {
        audio_start_ms: u64,
    },
    SpeechStopped {
        audio_end_ms: u64,
        spoken_ms: u64,
    },
    /// Nobody spoke for as long as `idle_timeout_ms` says.
    Idle {
        audio_start_ms: u64,
        audio_end_ms: u64,
    },
}

/// The rates that audio is taken at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InputRate {
    /// 16 kHz, which is also the detector's.
    Hz16000,
    /// 24 kHz.
    Hz24000,
}

impl InputRate {
    const fn samples_per_ms(self) -> u64 {
        match self {
            Self::Hz16000 => 16,
            Self::Hz24000 => 24,
        }
    }
}

/// The input audio buffer of one connection.
pub(crate) struct InputAudio {
    rate: InputRate,
    detector: Box<Detector>,
    /// At 24 kHz, fewer than three.
    unconverted: Vec<i16>,
    /// At 16 kHz, less than one frame.
    unheard: Vec<i16>,
    received_samples: u64,
    buffered_since_sample: u64,
    frames: u64,
    voiced_frames_in_row: u32,
    /// In the buffer, whatever the turn detection.
    voiced_ms_in_buffer: u64,
    speech: Option<Speech>,
    idle_since_ms: Option<u64>,
}

#[derive(Debug, Clone, Copy)]
struct Speech {
    started_ms: u64,
    last_voice_ms: u64,
}

/// What a commit took out of the buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Committed {
    pub(crate) audio_ms: u64,
    pub(crate) voiced_ms: u64,
}

impl InputAudio {
    pub(crate) fn new(rate: InputRate) -> Self {
        Self {
            rate,
            detector: Box::default(),
            unconverted: Vec::with_capacity(3),
            unheard: Vec::with_capacity(FRAME_SAMPLES),
            received_samples: 0,
            buffered_since_sample: 0,
            frames: 0,
            voiced_frames_in_row: 0,
            voiced_ms_in_buffer: 0,
            speech: None,
            idle_since_ms: None,
        }
    }

    /// Takes samples and returns what was found in them.
    pub(crate) fn handle_samples(
        &mut self,
        samples: &[i16],
        detection: Option<TurnDetection>,
    ) -> Vec<Heard> {
        self.received_samples += samples.len() as u64;
        if self.rate == InputRate::Hz16000 {
            return self.handle_converted(samples, detection);
        }
        self.unconverted.extend_from_slice(samples);
        let unconverted = std::mem::take(&mut self.unconverted);
        let (threes, rest) = unconverted.as_chunks::<3>();
        self.unconverted.extend_from_slice(rest);
        let mut heard = Vec::new();
        for three in threes {
            self.unheard.extend(three_to_two(*three));
            if self.unheard.len() >= FRAME_SAMPLES {
                heard.extend(self.on_frame(detection));
            }
        }
        heard
    }

    fn handle_converted(
        &mut self,
        samples: &[i16],
        detection: Option<TurnDetection>,
    ) -> Vec<Heard> {
        let mut heard = Vec::new();
        for piece in samples.chunks(FRAME_SAMPLES) {
            self.unheard.extend_from_slice(piece);
            if self.unheard.len() >= FRAME_SAMPLES {
                heard.extend(self.on_frame(detection));
            }
        }
        heard
    }

    fn on_frame(&mut self, detection: Option<TurnDetection>) -> Option<Heard> {
        let score = self.detector.predict_i16(&self.unheard[..FRAME_SAMPLES]);
        self.unheard.drain(..FRAME_SAMPLES);
        self.frames += 1;
        let now_ms = self.frames * FRAME_MS;
        let threshold = detection.map_or(0.5, |detection| detection.threshold);
        let ease = if self.speech.is_some() {
            EASE_WHILE_SPEAKING
        } else {
            1.0
        };
        let is_voice = score >= threshold * ease;
        if is_voice {
            self.voiced_frames_in_row += 1;
            self.voiced_ms_in_buffer += FRAME_MS;
        } else {
            self.voiced_frames_in_row = 0;
        }
        self.on_voice(is_voice, now_ms, detection?)
    }

    fn on_voice(&mut self, is_voice: bool, now_ms: u64, detection: TurnDetection) -> Option<Heard> {
        match &mut self.speech {
            Some(speech) if is_voice => {
                speech.last_voice_ms = now_ms;
                None
            }
            Some(speech) if now_ms >= speech.last_voice_ms + detection.silence_duration_ms => {
                let spoken_ms = speech.last_voice_ms - speech.started_ms;
                self.speech = None;
                Some(Heard::SpeechStopped {
                    audio_end_ms: now_ms,
                    spoken_ms,
                })
            }
            Some(_) => None,
            None if self.voiced_frames_in_row >= FRAMES_TO_START => {
                let started_ms = now_ms - u64::from(FRAMES_TO_START) * FRAME_MS;
                self.speech = Some(Speech {
                    started_ms,
                    last_voice_ms: now_ms,
                });
                self.idle_since_ms = None;
                Some(Heard::SpeechStarted {
                    audio_start_ms: started_ms.saturating_sub(detection.prefix_padding_ms),
                })
            }
            None => {
                let (since_ms, limit_ms) = (self.idle_since_ms?, detection.idle_timeout_ms?);
                if now_ms < since_ms + limit_ms {
                    return None;
                }
                self.idle_since_ms = None;
                Some(Heard::Idle {
                    audio_start_ms: since_ms,
                    audio_end_ms: now_ms,
                })
            }
        }
    }

    /// Counts the learner's silence from now on.
    pub(crate) fn start_idle_clock(&mut self) {
        self.idle_since_ms = Some(self.frames * FRAME_MS);
    }

    /// How much audio the connection has received.
    pub(crate) const fn received_ms(&self) -> u64 {
        self.received_samples / self.rate.samples_per_ms()
    }

    /// How much of it lies in the buffer.
    pub(crate) const fn buffered_ms(&self) -> u64 {
        (self.received_samples - self.buffered_since_sample) / self.rate.samples_per_ms()
    }

    /// Whether somebody is speaking.
    pub(crate) const fn is_speaking(&self) -> bool {
        self.speech.is_some()
    }

    /// Empties the buffer.
    pub(crate) fn take(&mut self) -> Committed {
        let committed = Committed {
            audio_ms: self.buffered_ms(),
            voiced_ms: self.voiced_ms_in_buffer,
        };
        self.buffered_since_sample = self.received_samples;
        self.voiced_ms_in_buffer = 0;
        self.speech = None;
        committed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::voice::{Utterance, Voice};

    const DETECTION: TurnDetection = TurnDetection {
        threshold: 0.5,
        prefix_padding_ms: 300,
        silence_duration_ms: 500,
        idle_timeout_ms: None,
        create_response: true,
        interrupt_response: true,
    };

    async fn speech() -> Vec<i16> {
        let utterance = Utterance {
            text: "Yesterday I went to the market and bought some apples.".into(),
            language: "en".into(),
            voice: "cedar".into(),
            speed_percent: 100,
            beeps: false,
        };
        let mut samples = vec![0; 24_000];
        samples.extend_from_slice(&Voice::default().speak(utterance).await);
        samples.resize(samples.len() + 36_000, 0);
        samples
    }

    #[tokio::test]
    async fn a_spoken_sentence_starts_once_and_stops_once() {
        let samples = speech().await;
        let mut input = InputAudio::new(InputRate::Hz24000);
        let heard: Vec<_> = samples
            .chunks(480)
            .flat_map(|piece| input.handle_samples(piece, Some(DETECTION)))
            .collect();
        let [
            Heard::SpeechStarted { audio_start_ms },
            Heard::SpeechStopped {
                audio_end_ms,
                spoken_ms,
            },
        ] = heard[..]
        else {
            panic!("{heard:?}");
        };
        assert!(
            (600..900).contains(&audio_start_ms),
            "started at {audio_start_ms} ms"
        );
        let sentence_ms = samples.len() as u64 / 24 - 2_500;
        assert!(
            spoken_ms.abs_diff(sentence_ms) < 400,
            "{spoken_ms} of {sentence_ms} ms"
        );
        assert!(
            audio_end_ms < 1_000 + sentence_ms + 700,
            "stopped at {audio_end_ms} ms"
        );
    }

    #[tokio::test]
    async fn a_longer_silence_duration_waits_longer() {
        let samples = speech().await;
        let stopped_at = |silence_duration_ms| {
            let detection = TurnDetection {
                silence_duration_ms,
                ..DETECTION
            };
            let heard =
                InputAudio::new(InputRate::Hz24000).handle_samples(&samples, Some(detection));
            heard.iter().find_map(|heard| match heard {
                Heard::SpeechStopped { audio_end_ms, .. } => Some(*audio_end_ms),
                _ => None,
            })
        };
        let (short, long) = (stopped_at(400).unwrap(), stopped_at(1_000).unwrap());
        assert!(
            (560..=640).contains(&(long - short)),
            "{short} ms and {long} ms"
        );
    }

    #[test]
    fn silence_a_hum_and_a_click_are_not_speech() {
        let mut samples = vec![0_i16; 24_000];
        samples[12_000..12_040].fill(20_000);
        samples.extend((0..24_000).map(|n| {
            ((f64::from(n) * 50.0 / 24_000.0 * std::f64::consts::TAU).sin() * 300.0) as i16
        }));
        assert_eq!(
            InputAudio::new(InputRate::Hz24000).handle_samples(&samples, Some(DETECTION)),
            []
        );
    }

    #[test]
    fn silence_past_the_idle_timeout_is_told_once() {
        let mut input = InputAudio::new(InputRate::Hz24000);
        input.start_idle_clock();
        let detection = TurnDetection {
            idle_timeout_ms: Some(5_000),
            ..DETECTION
        };
        let heard = input.handle_samples(&vec![0; 24_000 * 12], Some(detection));
        assert!(
            matches!(
                heard[..],
                [Heard::Idle {
                    audio_start_ms: 0,
                    audio_end_ms: 5_000..5_020
                }]
            ),
            "{heard:?}"
        );
    }

    #[test]
    fn taking_the_buffer_empties_it() {
        let mut input = InputAudio::new(InputRate::Hz24000);
        input.handle_samples(&vec![0; 24_000], None);
        assert_eq!(
            input.take(),
            Committed {
                audio_ms: 1_000,
                voiced_ms: 0
            }
        );
        assert_eq!(input.buffered_ms(), 0);
        assert_eq!(input.received_ms(), 1_000);
    }
}
