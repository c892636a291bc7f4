//! Talks to a realtime service without a room: a WAV in, a WAV out.
//!
//! ```text
//! cargo run -p avaaz-agent --example talk_to_provider -- question.wav answer.wav
//! ```
//! The WAV in is 24 kHz, mono, 16 bit (`sox x.wav -r 24000 -c 1 -b 16 question.wav`). Where the service is comes from
//! `OPENAI_BASE_URL`, `OPENAI_API_KEY` and `OPENAI_REALTIME_MODEL`.

use std::time::Duration;

use avaaz_agent::realtime::Provider as _;
use avaaz_agent::realtime::openai::{
    DEFAULT_MODEL, DEFAULT_TRANSCRIPTION_MODEL, OpenAiConfig, OpenAiProvider,
};
use avaaz_tutor::{Patience, Pcm, ProviderCommand, ProviderEvent, SessionSetup, TurnDetection};

/// What providers take at once without falling behind.
const FRAME: usize = 480;
const RATE_HZ: u32 = 24_000;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut files = std::env::args().skip(1);
    let (Some(question), Some(answer)) = (files.next(), files.next()) else {
        return Err("usage: talk_to_provider QUESTION.wav ANSWER.wav".into());
    };
    let mut samples: Vec<i16> = hound::WavReader::open(question)?
        .into_samples()
        .collect::<Result<_, _>>()?;
    // The silence that ends the turn.
    samples.extend(vec![0; RATE_HZ as usize * 2]);

    let environment = |name: &str| std::env::var(name).ok();
    let provider = OpenAiProvider::new(OpenAiConfig {
        name: "openai".to_owned(),
        base_url: environment("OPENAI_BASE_URL")
            .unwrap_or("https://api.openai.com/v1".to_owned())
            .parse()?,
        api_key: environment("OPENAI_API_KEY").map(Into::into),
        model: environment("OPENAI_REALTIME_MODEL").unwrap_or(DEFAULT_MODEL.to_owned()),
        transcription_model: DEFAULT_TRANSCRIPTION_MODEL.to_owned(),
        default_voice: None,
    })?;
    let setup = SessionSetup {
        instructions: "You are a friendly language tutor. Answer in one or two sentences."
            .to_owned(),
        voice: None,
        speed: 1.0,
        turn_detection: TurnDetection::Listening {
            patience: Patience::Normal,
            acts: true,
        },
        languages: Vec::new(),
        history: Vec::new(),
        tools: Vec::new(),
        resume: None,
    };
    let mut session = provider
        .open(&setup)
        .await
        .map_err(|fault| format!("{fault:?}"))?;

    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: RATE_HZ,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut out = hound::WavWriter::create(answer, spec)?;
    while let Some(event) = session.events.recv().await {
        match event {
            ProviderEvent::Ready { model, .. } => {
                println!("{model} listens");
                let (commands, samples) = (session.commands.clone(), std::mem::take(&mut samples));
                tokio::spawn(async move {
                    let mut clock = tokio::time::interval(Duration::from_millis(20));
                    for frame in samples.chunks(FRAME) {
                        clock.tick().await;
                        let pcm = Pcm {
                            samples: frame.into(),
                            rate_hz: RATE_HZ,
                        };
                        if commands.send(ProviderCommand::Audio(pcm)).await.is_err() {
                            return;
                        }
                    }
                });
            }
            ProviderEvent::LearnerWords { text, .. } => println!("you:   {text}"),
            ProviderEvent::ReplyWords { delta, .. } => println!("tutor: {delta}"),
            ProviderEvent::ReplyAudio { pcm, .. } => {
                for sample in pcm.samples.iter() {
                    out.write_sample(*sample)?;
                }
            }
            ProviderEvent::ReplyEnded { how, usage, .. } => {
                println!("{how:?}, {usage:?}");
                break;
            }
            ProviderEvent::Closed(fault) => return Err(format!("{fault:?}").into()),
            _ => {}
        }
    }
    out.finalize()?;
    Ok(())
}
