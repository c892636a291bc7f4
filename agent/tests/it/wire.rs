//! Either provider on a real socket, a fake room, and a learner who coughs.

use std::sync::Arc;
use std::time::Duration;

use avaaz_agent::audio::opus::Encoder;
use avaaz_agent::realtime::Provider;
use avaaz_agent::realtime::gemini::{GeminiConfig, GeminiProvider};
use avaaz_agent::realtime::openai::{OpenAiConfig, OpenAiProvider};
use avaaz_agent::room::AudioPacket;
use avaaz_agent::room::fake::FakeRooms;
use avaaz_agent::runtime::{Providers, Runtime, RuntimeConfig};
use avaaz_simulator::script::Script;
use avaaz_simulator::{Options, Simulator};
use avaaz_tutor::{EndReason, Speaker};
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};

use crate::support::host::FakeHost;
use crate::support::world::LEARNER;
use crate::turn_taking::{cough_of, spoken};

const ANSWER: &str = "A quay is a place beside the water where ships are loaded and where sailors wait for the tide.";

/// A microphone that is always open: silence, or what it is given.
pub async fn microphone(
    packets: mpsc::Sender<AudioPacket>,
    mut sounds: mpsc::UnboundedReceiver<Vec<i16>>,
) {
    let mut encoder = Encoder::new(24_000).unwrap();
    let mut clock = interval(Duration::from_millis(20));
    clock.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut waiting: Vec<i16> = Vec::new();
    for n in 0_u32.. {
        clock.tick().await;
        while let Ok(sound) = sounds.try_recv() {
            waiting.extend(sound);
        }
        let mut piece: Vec<i16> = waiting.drain(..waiting.len().min(480)).collect();
        piece.resize(480, 0);
        let packet = AudioPacket {
            sequence: n as u16,
            timestamp: n * 960,
            arrived: Instant::now().into_std(),
            opus: encoder.encode(&piece).unwrap(),
        };
        if packets.send(packet).await.is_err() {
            return;
        }
    }
}

/// A question, an answer with a cough in it, and a goodbye.
async fn converse(provider: Arc<dyn Provider>) {
    let question = spoken("What is a quay?").await;
    let thanks = spoken("Thank you that is enough for today").await;
    let cough = cough_of(&question);
    let host = FakeHost::new();
    let rooms = Arc::new(FakeRooms::default());
    host.open(Vec::new()).await;
    let runtime = Runtime::start(
        RuntimeConfig::default(),
        Arc::clone(&host) as _,
        Arc::clone(&rooms) as _,
        Providers::new(provider),
    );
    let stay = rooms.stay(0).await;
    stay.joins(LEARNER, "PA_1").await;
    let packets = stay.publishes(LEARNER, "TR_ada", true).await;
    let (say, sounds) = mpsc::unbounded_channel();
    let learner = tokio::spawn(microphone(packets, sounds));

    host.until(|written| written.turns.len() == 1).await;
    sleep(Duration::from_millis(700)).await;
    let frames = stay.frames().len();
    say.send(question).unwrap();
    while stay.frames().len() < frames + 40 {
        sleep(Duration::from_millis(20)).await;
    }
    say.send(cough).unwrap();
    let written = host.until(|written| written.turns.len() == 3).await;
    let reply = &written.turns[2];
    assert_eq!((reply.text.as_str(), reply.interrupted), (ANSWER, false));
    let widest = stay.frames()[frames + 30..]
        .windows(2)
        .map(|pair| pair[1].at - pair[0].at)
        .max()
        .unwrap();
    assert!(
        widest > Duration::from_millis(150),
        "the cough was heard: {widest:?}"
    );

    sleep(Duration::from_millis(800)).await;
    say.send(thanks).unwrap();
    let written = host.until(|written| !written.ended.is_empty()).await;
    assert_eq!(written.ended, [EndReason::TutorEnded]);
    let turns: Vec<_> = written
        .turns
        .iter()
        .map(|turn| (turn.speaker, turn.text.as_str()))
        .collect();
    assert_eq!(
        turns,
        [
            (Speaker::Tutor, "Hello Ada."),
            (Speaker::Learner, "What is a quay?"),
            (Speaker::Tutor, ANSWER),
            (Speaker::Learner, "Thank you, that is all."),
            (Speaker::Tutor, "Goodbye, Ada."),
        ]
    );
    learner.abort();
    runtime.close();
}

async fn simulator(learner_says: &str) -> avaaz_simulator::Running {
    let end = r#"{ "call": { "name": "end_conversation" }, "then": { "text": "Goodbye, Ada." } }"#;
    // Once more, for a service whose own detection takes the cough for a turn.
    let script = format!(
        r#"{{ "default": {{
            "greeting": {{ "text": "Hello Ada." }},
            "replies": [
                {{ "text": "{ANSWER}" }},
                {end}, {end}
            ],
            "learner_says": {learner_says}
        }} }}"#
    );
    let script: Script = serde_json::from_str(&script).unwrap();
    Simulator::start(Options {
        script,
        ..Options::default()
    })
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_openai_a_cough_does_not_end_a_reply_and_the_tutor_can_end_the_conversation() {
    // The service's own detection hears the cough, and understands nothing.
    let simulator =
        simulator(r#"["What is a quay?", { "text": "" }, "Thank you, that is all."]"#).await;
    let provider = OpenAiProvider::new(OpenAiConfig {
        name: "openai".to_owned(),
        base_url: simulator.base_url().parse().unwrap(),
        api_key: Some("sk-test".to_owned().into()),
        model: "gpt-realtime-2.1".to_owned(),
        transcription_model: "gpt-transcribe".to_owned(),
        default_voice: None,
    })
    .unwrap();
    timeout(Duration::from_secs(40), converse(Arc::new(provider)))
        .await
        .unwrap();
    simulator.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_gemini_a_cough_does_not_end_a_reply_and_the_tutor_can_end_the_conversation() {
    let simulator = simulator(r#"["What is a quay?", "Thank you, that is all."]"#).await;
    let provider = GeminiProvider::new(GeminiConfig {
        name: "gemini".to_owned(),
        base_url: simulator.gemini_base_url().parse().unwrap(),
        api_key: "right".to_owned().into(),
        model: avaaz_agent::realtime::gemini::DEFAULT_MODEL.to_owned(),
    })
    .unwrap();
    timeout(Duration::from_secs(60), converse(Arc::new(provider)))
        .await
        .unwrap();
    simulator.shutdown().await;
}
