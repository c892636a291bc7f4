//! The tutor's voice: espeak-ng in a child process, or hummed tones where it is missing.

mod espeak;
mod resample;
mod tone;

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;

pub use resample::three_to_two;

/// The rate of everything the voice says.
pub const VOICE_RATE_HZ: u32 = 24_000;

/// At most this many samples are kept for texts that come again: 16 MB.
const CACHE_SAMPLES: usize = 8_000_000;
/// Longer texts are cut: nobody listens to the rest.
const MAX_TEXT_CHARS: usize = 4_000;
/// So many voices are computed at once; the others wait.
const PARALLEL_VOICES: usize = 2;

/// What is to be said and how.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Utterance {
    /// The words.
    pub text: String,
    /// The language of the words (BCP 47).
    pub language: String,
    /// The provider's name of the voice, such as `marin`.
    pub voice: String,
    /// The speed in percent of the usual one.
    pub speed_percent: u32,
    /// Whether each word is a beep instead.
    pub beeps: bool,
}

/// Speaks, and remembers what it has spoken.
#[derive(Debug)]
pub struct Voice {
    spoken: Mutex<Spoken>,
    permits: Semaphore,
    warned: AtomicBool,
    program: &'static str,
}

#[derive(Debug, Default)]
struct Spoken {
    by_utterance: HashMap<Utterance, Arc<[i16]>>,
    oldest_first: VecDeque<Utterance>,
    samples: usize,
}

impl Default for Voice {
    fn default() -> Self {
        Self::of("espeak-ng")
    }
}

impl Voice {
    fn of(program: &'static str) -> Self {
        Self {
            spoken: Mutex::default(),
            permits: Semaphore::new(PARALLEL_VOICES),
            warned: AtomicBool::new(false),
            program,
        }
    }

    /// Returns the utterance as mono samples at [`VOICE_RATE_HZ`].
    pub async fn speak(&self, mut utterance: Utterance) -> Arc<[i16]> {
        if let Some((end, _)) = utterance.text.char_indices().nth(MAX_TEXT_CHARS) {
            utterance.text.truncate(end);
        }
        if utterance.beeps {
            return tone::beeps(&utterance.text).into();
        }
        if let Some(samples) = self.lock().by_utterance.get(&utterance) {
            return Arc::clone(samples);
        }
        let samples: Arc<[i16]> = self.synthesize(&utterance).await.into();
        self.lock().remember(utterance, Arc::clone(&samples));
        samples
    }

    async fn synthesize(&self, utterance: &Utterance) -> Vec<i16> {
        let _permit = self.permits.acquire().await;
        match espeak::speak(self.program, utterance).await {
            Ok(samples) => samples,
            Err(error) => {
                if !self.warned.swap(true, Ordering::Relaxed) {
                    tracing::warn!(%error, "espeak-ng does not speak: the tutor hums instead; install the package espeak-ng");
                }
                tone::hum(&utterance.text)
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Spoken> {
        self.spoken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Spoken {
    fn remember(&mut self, utterance: Utterance, samples: Arc<[i16]>) {
        let length = samples.len();
        if length > CACHE_SAMPLES
            || self
                .by_utterance
                .insert(utterance.clone(), samples)
                .is_some()
        {
            return;
        }
        self.samples += length;
        self.oldest_first.push_back(utterance);
        while self.samples > CACHE_SAMPLES {
            let Some(oldest) = self.oldest_first.pop_front() else {
                break;
            };
            if let Some(forgotten) = self.by_utterance.remove(&oldest) {
                self.samples -= forgotten.len();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utterance(text: &str) -> Utterance {
        Utterance {
            text: text.into(),
            language: "en".into(),
            voice: "marin".into(),
            speed_percent: 100,
            beeps: false,
        }
    }

    #[tokio::test]
    async fn a_sentence_is_spoken_for_about_as_long_as_a_person_would() {
        let samples = Voice::default()
            .speak(utterance("Good morning, what did you do yesterday?"))
            .await;
        let seconds = samples.len() as f64 / f64::from(VOICE_RATE_HZ);
        assert!((1.2..5.0).contains(&seconds), "{seconds} s");
        assert!(
            samples.iter().any(|sample| sample.unsigned_abs() > 3_000),
            "too quiet"
        );
    }

    #[tokio::test]
    async fn without_a_synthesizer_the_words_are_hummed() {
        let samples = Voice::of("no-such-synthesizer")
            .speak(utterance("Good morning to you"))
            .await;
        assert!(samples.len() > VOICE_RATE_HZ as usize);
        assert!(samples.iter().any(|sample| sample.unsigned_abs() > 3_000));
    }

    #[tokio::test]
    async fn an_unknown_language_is_spoken_with_an_english_accent() {
        let samples = Voice::default()
            .speak(Utterance {
                language: "xx".into(),
                ..utterance("Good morning")
            })
            .await;
        let english = Voice::default().speak(utterance("Good morning")).await;
        assert_eq!(samples, english);
    }

    #[tokio::test]
    async fn the_same_words_are_computed_once() {
        let voice = Voice::default();
        let first = voice.speak(utterance("Once")).await;
        let second = voice.speak(utterance("Once")).await;
        assert!(Arc::ptr_eq(&first, &second));
    }

    #[test]
    fn the_memory_of_what_was_spoken_is_bounded() {
        let mut spoken = Spoken::default();
        for number in 0..20 {
            spoken.remember(
                utterance(&number.to_string()),
                vec![0; CACHE_SAMPLES / 8].into(),
            );
        }
        assert!(spoken.samples <= CACHE_SAMPLES);
        assert_eq!(spoken.by_utterance.len(), spoken.oldest_first.len());
    }
}
