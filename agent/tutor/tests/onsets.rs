//! The first consonant of a reply, in real voices: espeak-ng speaks, and nothing of what it begins with is lost.
mod support;

use std::process::Command;

use avaaz_tutor::{Input, Output, ProviderEvent};
use support::*;

/// Stops, soft and sharp fricatives, glides, nasals and vowels.
const WORDS: &[(&str, &[&str])] = &[
    (
        "en",
        &[
            "see", "shoe", "fee", "hat", "think", "vase", "pat", "tea", "cat", "bee", "day", "go",
            "yes", "we", "one", "nice", "apple",
        ],
    ),
    ("es", &["si", "feo", "hola", "jamon", "paz", "que", "tu"]),
    ("de", &["ich", "fein", "hallo", "schon", "pferd", "zug"]),
    ("fr", &["chat", "fou", "si", "petit"]),
    ("pt", &["fala", "sim", "chave", "perto"]),
    ("sv", &["sju", "hej", "fem"]),
];
const VOICES: &[&str] = &["", "+f2", "+m3", "+whisper"];
/// How loud the voice is, against espeak-ng's own loudness: as loud, and 20 dB softer.
const LOUDNESS: &[f64] = &[1.0, 0.1];
/// Sounds softer than this, against the voice's loudest, are no sound: 60 dB.
const AUDIBLE: f64 = 0.001;
const SILENCE_MS: usize = 700;
const PER_MS: usize = RATE as usize / 1000;

/// Speaks a word at 24 kHz.
fn speak(voice: &str, word: &str) -> Vec<f64> {
    let spoken = Command::new("espeak-ng")
        .args(["-v", voice, "--stdout", word])
        .output()
        .expect("espeak-ng is there: the tests need it");
    let wav = spoken.stdout;
    let data = wav
        .windows(4)
        .position(|part| part == b"data")
        .expect("a WAV has data")
        + 8;
    let rate = u32::from_le_bytes(wav[24..28].try_into().expect("four bytes"));
    let samples: Vec<f64> = wav[data..]
        .chunks_exact(2)
        .map(|pair| f64::from(i16::from_le_bytes([pair[0], pair[1]])))
        .collect();
    assert!(samples.len() > 1000, "{voice} says {word}");
    let length = (samples.len() - 1) * RATE as usize / rate as usize;
    (0..length)
        .map(|n| {
            let at = n as f64 * f64::from(rate) / f64::from(RATE);
            let (index, part) = (at as usize, at.fract());
            samples[index] * (1.0 - part) + samples[index + 1] * part
        })
        .collect()
}

/// A noise of so many units, the same every time.
fn noise(units: i32) -> impl FnMut() -> f64 {
    let mut state = 12_345_u32;
    move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from((state >> 16) as i32 % (2 * units + 1) - units)
    }
}

/// Lets a reply through the tutor and returns where in it the playing began.
fn played_from(samples: &[i16], chunk: usize) -> usize {
    let mut world = World::greeted();
    world.log.clear();
    for part in samples.chunks(chunk) {
        world.give(Input::Provider(ProviderEvent::ReplyAudio {
            reply: reply("onset"),
            pcm: avaaz_tutor::Pcm {
                samples: part.into(),
                rate_hz: RATE,
            },
        }));
    }
    let played: Vec<i16> = world
        .log
        .iter()
        .filter_map(|(_, output)| match output {
            Output::Play { pcm, .. } => Some(pcm.samples.to_vec()),
            _ => None,
        })
        .flatten()
        .collect();
    assert!(!played.is_empty() && samples.ends_with(&played));
    samples.len() - played.len()
}

#[test]
fn no_first_consonant_is_clipped_and_no_more_than_forty_ms_of_silence_is_left() {
    let (mut tried, mut longest) = (0, 0);
    let mut clipped = Vec::new();
    for (language, words) in WORDS {
        for voice in VOICES {
            for word in *words {
                let clean = speak(&format!("{language}{voice}"), word);
                let loudest = clean
                    .iter()
                    .fold(0.0_f64, |most, sample| most.max(sample.abs()));
                let begins = clean
                    .iter()
                    .position(|sample| sample.abs() > loudest * AUDIBLE)
                    .unwrap();
                for loudness in LOUDNESS {
                    for units in [0, 3] {
                        let mut noise = noise(units);
                        let silence = std::iter::repeat_n(0.0, SILENCE_MS * PER_MS);
                        let reply: Vec<i16> = silence
                            .chain(clean.iter().map(|sample| sample * loudness))
                            .map(|sample| (sample + noise()).round() as i16)
                            .collect();
                        let onset = SILENCE_MS * PER_MS + begins;
                        let from = played_from(&reply, 1_234);
                        if from > onset {
                            clipped.push(format!(
                                "{language}{voice} {word} at {loudness}, noise {units}: {} ms",
                                (from - onset) / PER_MS
                            ));
                        }
                        longest = longest.max(onset.saturating_sub(from));
                        tried += 1;
                    }
                }
            }
        }
    }
    println!(
        "{tried} onsets, longest silence left {} ms",
        longest / PER_MS
    );
    assert!(tried >= 600);
    assert!(clipped.is_empty(), "{clipped:#?}");
    assert!(longest <= 40 * PER_MS, "{} ms of silence", longest / PER_MS);
}
