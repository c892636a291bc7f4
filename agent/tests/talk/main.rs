//! A whole conversation through a real livekit-server with the simulator as the provider; only the host is in memory.

#![allow(clippy::unwrap_used)] // Everything here is test code, the helpers outside of test functions too.
#![allow(dead_code)] // The neighbours' helpers hold more than is needed here.

#[path = "../livekit/guest.rs"]
mod guest;
#[path = "../it/support/host.rs"]
mod host;
#[path = "../livekit/server.rs"]
mod server;
mod speech;

use std::sync::Arc;
use std::time::{Duration, Instant};

use avaaz_agent::audio::format::level_dbov;
use avaaz_agent::audio::opus::Decoder;
use avaaz_agent::host::Notice;
use avaaz_agent::metrics::Histogram;
use avaaz_agent::realtime::openai::{OpenAiConfig, OpenAiProvider};
use avaaz_agent::room::{AudioPacket, RoomEvent};
use avaaz_agent::runtime::{Providers, Runtime, RuntimeConfig};
use avaaz_simulator::{Options, Simulator, script::Script};
use avaaz_tutor::{EndReason, Speaker};
use guest::Guest;
use host::FakeHost;
use server::Server;
use speech::Speech;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

const LEARNER: &str = "learner-ada";
const SCRIPT: &str = r#"{ "default": {
    "greeting": { "text": "Hello Ada, how are you?" },
    "replies": [
        { "text": "A quay is a place beside the water where ships are loaded and unloaded, and where sailors wait for the tide to turn." },
        { "text": "Very well." }
    ],
    "learner_says": ["What is a quay?", "Thank you, that is enough."]
} }"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_learner_talks_with_the_tutor_and_cuts_it_short() {
    let _ = tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_test_writer()
        .try_init();
    let server = Server::start();
    let script: Script = serde_json::from_str(SCRIPT).unwrap();
    let simulator = Simulator::start(Options {
        script,
        ..Options::default()
    })
    .await
    .unwrap();
    let provider = OpenAiProvider::new(OpenAiConfig {
        name: "simulator".to_owned(),
        base_url: simulator.base_url().parse().unwrap(),
        api_key: Some("sk-test".to_owned().into()),
        model: "gpt-realtime-2.1".to_owned(),
        transcription_model: "gpt-transcribe".to_owned(),
        default_voice: None,
    })
    .unwrap();
    let host = FakeHost::new();
    let conversation = host.open(Vec::new()).await;
    let runtime = Runtime::start(
        RuntimeConfig::default(),
        Arc::clone(&host) as _,
        Arc::new(server.agents()),
        Providers::new(Arc::new(provider)),
    );
    let tutor = format!("tutor-{conversation}");

    let mut learner = Guest::join(&server.people(), LEARNER).await;
    let began = Instant::now();
    learner.joined(&tutor).await;
    learner
        .attribute(&tutor, "lk.agent.state", "speaking")
        .await;
    println!("speaking after {:?}", began.elapsed());
    let (_, packets) = learner
        .until("the tutor's track", |event| match event {
            RoomEvent::TrackUp {
                identity,
                track_id,
                microphone: true,
                audio,
                ..
            } if identity == tutor => Ok((track_id, audio)),
            other => Err(other),
        })
        .await;
    let (loud, mut loudness) = mpsc::channel(10_000);
    tokio::spawn(listen(packets, loud));
    let greeting = timeout(Duration::from_secs(20), host.until(|w| w.turns.len() == 1))
        .await
        .unwrap();
    assert_eq!(greeting.turns[0].text, "Hello Ada, how are you?");
    sleep(Duration::from_millis(500)).await;
    assert!(
        loud_frames(&mut loudness).len() > 40,
        "the greeting is heard"
    );

    let question = Speech::say("What is a quay?");
    question.into_room(&learner).await;
    timeout(Duration::from_secs(10), async {
        while loudness.recv().await.is_some_and(|(_, level)| level > 50) {}
    })
    .await
    .expect("the reply is heard");
    sleep(Duration::from_millis(2500)).await;
    loud_frames(&mut loudness);
    let enough = Speech::say("Thank you very much, that is enough for now.");
    let spoke = Instant::now();
    enough.into_room(&learner).await;
    let last = loud_frames(&mut loudness);
    let written = timeout(
        Duration::from_secs(20),
        host.until(|w| w.turns.len() == 5 && w.turns.iter().all(|turn| !turn.text_pending)),
    )
    .await
    .unwrap();
    for turn in &written.turns {
        println!(
            "{} {:?} {:?} interrupted={} heard={:?} latency={:?}",
            turn.seq, turn.speaker, turn.text, turn.interrupted, turn.heard_ms, turn.latency_ms
        );
    }
    assert_eq!(written.turns[1].text, "What is a quay?");
    assert_eq!(written.turns[1].speaker, Speaker::Learner);
    let cut = &written.turns[2];
    assert!(cut.interrupted);
    assert!(cut.text.starts_with("A quay is a place"));
    assert!(!cut.text.ends_with("tide to turn."));
    assert_eq!(written.turns[3].text, "Thank you, that is enough.");
    assert_eq!(written.turns[4].text, "Very well.");
    let gap = last
        .windows(2)
        .position(|pair| pair[1] - pair[0] > Duration::from_millis(400));
    let silent_after = last[gap.unwrap_or(last.len() - 1)].duration_since(spoke);
    println!("the tutor was silent {silent_after:?} after the learner began to speak");
    assert!(silent_after < Duration::from_secs(1));

    let metrics = runtime.metrics();
    print("packet in to provider", &metrics.packet_to_provider);
    print("reply in to room", &metrics.reply_to_room);
    print("join", &metrics.join);
    host.notify(Notice::EndRequested {
        conversation,
        reason: EndReason::LearnerEnded,
    })
    .await;
    let written = timeout(Duration::from_secs(10), host.until(|w| !w.ended.is_empty()))
        .await
        .unwrap();
    assert_eq!(written.ended, [EndReason::LearnerEnded]);
    learner.left(&tutor).await;
    runtime.close();
    timeout(Duration::from_secs(10), runtime.ended())
        .await
        .unwrap();
    let captions = learner_captions(&mut learner).await;
    assert!(
        captions
            .iter()
            .any(|(from, text)| from == LEARNER && text == "What is a quay?")
    );
    assert!(
        captions
            .iter()
            .any(|(from, text)| *from == tutor && *text == cut_text(&written))
    );
    simulator.shutdown().await;
}

fn cut_text(written: &host::Written) -> String {
    written.turns[2].text.clone()
}

/// Every whole caption that came, with its sender.
async fn learner_captions(learner: &mut Guest) -> Vec<(String, String)> {
    let mut captions = Vec::new();
    let _ = timeout(Duration::from_millis(500), async {
        loop {
            let caption = learner
                .until("a caption", |event| match event {
                    RoomEvent::Text {
                        from, topic, text, ..
                    } if topic == "lk.transcription" => Ok((from, text)),
                    other => Err(other),
                })
                .await;
            captions.push(caption);
        }
    })
    .await;
    captions
}

/// Decodes what the learner hears; tells when it came and how loud it is.
async fn listen(mut packets: mpsc::Receiver<AudioPacket>, loud: mpsc::Sender<(Instant, u8)>) {
    let mut decoder = Decoder::new(24_000).unwrap();
    while let Some(packet) = packets.recv().await {
        let level = decoder.decode(&packet.opus).map_or(127, level_dbov);
        let _ = loud.send((packet.arrived, level)).await;
    }
}

fn loud_frames(loudness: &mut mpsc::Receiver<(Instant, u8)>) -> Vec<Instant> {
    let mut loud = Vec::new();
    while let Ok((at, level)) = loudness.try_recv() {
        if level < 50 {
            loud.push(at);
        }
    }
    loud
}

fn print(what: &str, histogram: &Histogram) {
    println!(
        "{what}: {} times, {:?}, mean {:.2} ms",
        histogram.count(),
        histogram.counts(),
        histogram.sum_seconds() * 1000.0 / histogram.count().max(1) as f64
    );
}
