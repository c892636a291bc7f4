//! espeak-ng as a child process: text in on its standard input, a WAV out.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use super::{Utterance, resample};

const TIME_LIMIT: Duration = Duration::from_secs(20);
const WORDS_PER_MINUTE: u32 = 165;

#[derive(Debug, thiserror::Error)]
pub(super) enum SpeakError {
    #[error("cannot run espeak-ng: {0}")]
    NotRun(#[from] std::io::Error),
    #[error("espeak-ng took longer than {TIME_LIMIT:?}")]
    TooSlow,
    #[error("espeak-ng gave no sound")]
    NoSound,
}

pub(super) async fn speak(program: &str, utterance: &Utterance) -> Result<Vec<i16>, SpeakError> {
    let language = espeak_language(&utterance.language);
    let variant = variant(&utterance.voice);
    // An unknown language is spoken as English: a wrong accent is better than none.
    for language in [language.as_str(), "en"] {
        let wav = tokio::time::timeout(
            TIME_LIMIT,
            run(program, utterance, &format!("{language}+{variant}")),
        )
        .await
        .map_err(|_| SpeakError::TooSlow)??;
        let converted = tokio::task::spawn_blocking(move || {
            let (rate_hz, samples) = read_wav(&wav)?;
            Some(resample::to_voice_rate(&samples, rate_hz))
        });
        if let Ok(Some(samples)) = converted.await {
            return Ok(samples);
        }
    }
    Err(SpeakError::NoSound)
}

async fn run(program: &str, utterance: &Utterance, voice: &str) -> Result<Vec<u8>, std::io::Error> {
    let words_per_minute = (WORDS_PER_MINUTE * utterance.speed_percent / 100).clamp(80, 450);
    let mut child = Command::new(program)
        .args([
            "--stdin",
            "--stdout",
            "-v",
            voice,
            "-s",
            &words_per_minute.to_string(),
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    let mut stdin = child.stdin.take().expect("standard input is piped");
    // espeak-ng refuses a voice before it reads, and the pipe breaks then: its output tells.
    let written = stdin.write_all(utterance.text.as_bytes()).await;
    drop(stdin);
    let output = child.wait_with_output().await?;
    if output.status.success() {
        written?;
    }
    Ok(output.stdout)
}

/// espeak-ng's streamed WAV has no true sizes: everything behind the header is sound.
fn read_wav(wav: &[u8]) -> Option<(u32, Vec<i16>)> {
    let header = wav.get(..44)?;
    let rate_hz = u32::from_le_bytes(header[24..28].try_into().ok()?);
    let (pairs, _) = wav[44..].as_chunks::<2>();
    let samples: Vec<i16> = pairs.iter().map(|pair| i16::from_le_bytes(*pair)).collect();
    (header.starts_with(b"RIFF") && rate_hz > 0 && !samples.is_empty())
        .then_some((rate_hz, samples))
}

fn espeak_language(tag: &str) -> String {
    let tag = tag.to_ascii_lowercase();
    let primary = tag.split(['-', '_']).next().unwrap_or_default();
    match (primary, tag.as_str()) {
        (_, "en-us" | "pt-br" | "es-419" | "fr-be" | "fr-ch") => tag,
        (_, "es-mx") => "es-419".into(),
        ("zh", _) => "cmn".into(),
        ("no", _) => "nb".into(),
        ("iw", _) => "he".into(),
        (primary, _)
            if (2..=3).contains(&primary.len())
                && primary.bytes().all(|byte| byte.is_ascii_lowercase()) =>
        {
            primary.into()
        }
        _ => "en".into(),
    }
}

fn variant(voice: &str) -> &'static str {
    match voice {
        "marin" => "f2",
        "alloy" => "f3",
        "coral" => "f4",
        "shimmer" => "f5",
        "sage" => "f1",
        "cedar" => "m3",
        "ash" => "m1",
        "ballad" => "m2",
        "echo" => "m4",
        "verse" => "m7",
        _ => "m5",
    }
}
