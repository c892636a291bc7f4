//! A learner who looks for a word, against a service that finds turns: our own `session.update` decides who is cut.
//!
//! The simulator's detection counts the audio's time, not the clock's: half an hour of talk is heard in seconds.

use std::time::Duration;

use avaaz_agent::realtime::openai::manners::{Manners, TurnFinder};
use avaaz_agent::realtime::openai::{OpenAiConfig, OpenAiProvider};
use avaaz_agent::realtime::{Provider, ProviderSession};
use avaaz_simulator::{Options, Simulator, Utterance, Voice};
use avaaz_tutor::{Patience, Pcm, ProviderCommand, ProviderEvent, SessionSetup, TurnDetection};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::time::sleep;

const UTTERANCES: usize = 100;
/// Quieter than this is silence to anybody: 40 dB below the loudest.
const AUDIBLE: u16 = 320;
const BEGINNINGS: [&str; 8] = [
    "Yesterday I went to the",
    "My sister has bought a new",
    "In the morning I always drink",
    "I think that we should",
    "On Sunday they want to visit their",
    "He told me about the",
    "When I was young I had a",
    "Can you explain to me what is",
];
const ENDINGS: [&str; 8] = [
    "market and bought some apples.",
    "bicycle because the old one was broken.",
    "coffee with a little milk.",
    "leave the house before it gets dark.",
    "grandmother in the mountains.",
    "film which he saw last week.",
    "small garden behind the kitchen.",
    "written on that sign over there.",
];

/// What is said, without the silence around it, so that a pause is as long as it is said to be.
async fn phrase(voice: &Voice, text: &str, name: &str, speed_percent: u32) -> Vec<i16> {
    let utterance = Utterance {
        text: text.to_owned(),
        language: "en".to_owned(),
        voice: name.to_owned(),
        speed_percent,
        beeps: false,
    };
    let samples = voice.speak(utterance).await;
    let audible = |sample: &i16| sample.unsigned_abs() > AUDIBLE;
    let first = samples.iter().position(audible).expect("a voice");
    let last = samples.iter().rposition(audible).expect("a voice");
    samples[first..=last].to_vec()
}

/// A room in which nobody speaks.
fn quiet(dice: &mut StdRng, ms: usize) -> Vec<i16> {
    (0..ms * 24).map(|_| dice.random_range(-12..=12)).collect()
}

async fn give(session: &tokio::sync::mpsc::Sender<ProviderCommand>, samples: &[i16]) {
    for piece in samples.chunks(2_400) {
        let pcm = Pcm {
            samples: piece.into(),
            rate_hz: 24_000,
        };
        session.send(ProviderCommand::Audio(pcm)).await.unwrap();
    }
}

/// Returns how many turns ended since it was last asked.
async fn stopped(session: &mut ProviderSession) -> usize {
    sleep(Duration::from_millis(5)).await;
    let mut turns = 0;
    while let Ok(event) = session.events.try_recv() {
        match event {
            ProviderEvent::SpeechStopped { .. } => turns += 1,
            ProviderEvent::Closed(fault) => panic!("closed: {fault:?}"),
            _ => {}
        }
    }
    turns
}

/// Returns how many of so many utterances with a pause of 3.0 to 3.2 s in the middle were taken for two.
async fn cut(turn_detection: TurnFinder, patience: Patience, utterances: usize) -> usize {
    let script =
        serde_json::json!({ "default": { "replies": [{ "text": "Yes.", "beeps": true }] } });
    let simulator = Simulator::start(Options {
        script: serde_json::from_value(script).unwrap(),
        ..Options::default()
    })
    .await
    .unwrap();
    let provider = OpenAiProvider::new(OpenAiConfig {
        name: "openai".to_owned(),
        base_url: simulator.base_url().parse().unwrap(),
        api_key: Some("sk-test".to_owned().into()),
        model: "gpt-realtime-2.1".to_owned(),
        transcription_model: "gpt-transcribe".to_owned(),
        default_voice: None,
    })
    .unwrap()
    .with_manners(Manners {
        turn_detection,
        ..Manners::default()
    });
    let setup = SessionSetup {
        instructions: "You are a tutor.".to_owned(),
        voice: None,
        speed: 1.0,
        turn_detection: TurnDetection::Listening {
            patience,
            acts: true,
        },
        languages: vec!["en".to_owned()],
        history: Vec::new(),
        tools: Vec::new(),
        resume: None,
    };
    let mut session = provider.open(&setup).await.unwrap();
    let first = session.events.recv().await.unwrap();
    assert!(matches!(first, ProviderEvent::Ready { .. }));

    let (voice, mut dice) = (Voice::default(), StdRng::seed_from_u64(0x5eed));
    let (mut turns, mut said) = (0, 0);
    for _ in 0..utterances {
        let name = ["cedar", "marin"][dice.random_range(0..2)];
        let speed = [80, 100, 120][dice.random_range(0..3)];
        let (begin, end) = (dice.random_range(0..8), dice.random_range(0..8));
        let mut samples = quiet(&mut dice, 500);
        samples.extend(phrase(&voice, BEGINNINGS[begin], name, speed).await);
        let pause = dice.random_range(3_000..=3_200);
        samples.extend(quiet(&mut dice, pause));
        samples.extend(phrase(&voice, ENDINGS[end], name, speed).await);
        samples.extend(quiet(&mut dice, 4_500));
        said += 2 * samples.len() as u64;
        give(&session.commands, &samples).await;
        // The whole utterance is heard before the next: a network has no room for minutes of sound.
        while simulator.stats().audio_bytes_received < said {
            turns += stopped(&mut session).await;
        }
    }
    sleep(Duration::from_secs(1)).await;
    turns += stopped(&mut session).await;
    simulator.shutdown().await;
    assert!(
        turns >= utterances,
        "{turns} turns were found in {utterances} utterances"
    );
    turns - utterances
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_patient_learner_who_pauses_for_three_seconds_is_not_cut_by_the_service() {
    let control = cut(TurnFinder::Silence, Patience::Normal, 5).await;
    assert_eq!(
        control, 5,
        "every pause ends a turn for a tutor of normal patience"
    );
    for finder in [TurnFinder::Silence, TurnFinder::Semantic] {
        let cut = cut(finder, Patience::Patient, UTTERANCES).await;
        println!("{finder}: {cut} of {UTTERANCES} were cut");
        assert!(
            cut * 100 < UTTERANCES * 2,
            "{finder}: {cut} of {UTTERANCES} were cut"
        );
    }
}
