//! The OpenAI provider on a real socket, against the simulator.

mod provider_session;

use std::time::Duration;

use avaaz_agent::realtime::openai::manners::{Dialect, Manners, NoiseReduction, TurnFinder};
use avaaz_agent::realtime::openai::{
    DEFAULT_MODEL, DEFAULT_TRANSCRIPTION_MODEL, OpenAiConfig, OpenAiProvider,
};
use avaaz_agent::realtime::{Provider, ProviderSession};
use avaaz_simulator::Running;
use avaaz_tutor::{
    FaultKind, PastTurn, Patience, Pcm, ProviderCommand, ProviderEvent, ReplyEnd, SessionSetup,
    Speaker, TurnDetection,
};
use provider_session::{ask, closed, first_sound, next, reply, settled, simulator};
use serde_json::json;

fn provider(base_url: &str, key: &str) -> OpenAiProvider {
    OpenAiProvider::new(OpenAiConfig {
        name: "simulator".to_owned(),
        base_url: base_url.parse().expect("a URL"),
        api_key: Some(key.to_owned().into()),
        model: DEFAULT_MODEL.to_owned(),
        transcription_model: DEFAULT_TRANSCRIPTION_MODEL.to_owned(),
        default_voice: Some("marin".to_owned()),
    })
    .expect("a usable URL")
}

fn setup() -> SessionSetup {
    SessionSetup {
        instructions: "You are a tutor.".to_owned(),
        voice: None,
        speed: 1.0,
        turn_detection: TurnDetection::Listening {
            patience: Patience::Normal,
            acts: true,
        },
        languages: vec!["en".to_owned(), "de".to_owned()],
        history: Vec::new(),
        tools: Vec::new(),
        resume: None,
    }
}

async fn open(simulator: &Running) -> ProviderSession {
    let session = provider(&simulator.base_url(), "right")
        .open(&setup())
        .await;
    session.expect("the simulator listens")
}

async fn ready(session: &mut ProviderSession) {
    assert!(matches!(next(session).await, ProviderEvent::Ready { .. }));
}

/// Loud noise, so that the simulator's ear hears a voice: a buzz with the spectrum of a vowel.
fn speech(ms: usize) -> Vec<i16> {
    let spoken = std::process::Command::new("espeak-ng")
        .args([
            "--stdout",
            "-a",
            "200",
            "I would like to talk about my weekend in the mountains with you.",
        ])
        .output()
        .expect("espeak-ng is installed");
    let samples: Vec<i16> = spoken.stdout[44..]
        .chunks_exact(2)
        .map(|b| i16::from_le_bytes([b[0], b[1]]))
        .collect();
    // 22.05 kHz taken as 24 kHz: a little high, still a voice.
    samples.into_iter().cycle().take(ms * 24).collect()
}

async fn says(session: &ProviderSession, samples: &[i16]) {
    let mut clock = tokio::time::interval(Duration::from_millis(20));
    for frame in samples.chunks(480) {
        clock.tick().await;
        ask(
            session,
            ProviderCommand::Audio(Pcm {
                samples: frame.into(),
                rate_hz: 24_000,
            }),
        )
        .await;
    }
}

#[tokio::test]
async fn a_reply_comes_with_sound_and_words() {
    let simulator = simulator(json!({"default": {"greeting": "Hello there, Ada."}})).await;
    let mut session = open(&simulator).await;
    ready(&mut session).await;
    ask(
        &session,
        ProviderCommand::Reply {
            instructions: Some("Greet.".to_owned()),
        },
    )
    .await;
    let (_, samples, words, how) = reply(&mut session).await;
    assert_eq!(
        (words.as_str(), how),
        ("Hello there, Ada.", ReplyEnd::Complete)
    );
    assert!(samples.len() > 12_000 && samples.iter().any(|sample| sample.unsigned_abs() > 1000));
    drop(session);
    simulator.shutdown().await;
}

#[tokio::test]
async fn spoken_words_are_heard_and_answered() {
    let simulator = simulator(
        json!({"default": {"learner_says": ["About my weekend."], "replies": ["How nice."]}}),
    )
    .await;
    let mut session = open(&simulator).await;
    ready(&mut session).await;
    says(&session, &speech(1500)).await;
    says(&session, &vec![0; 24_000 * 2]).await;
    let mut seen = Vec::new();
    let mut words = String::new();
    while seen.len() < 4 {
        match next(&mut session).await {
            ProviderEvent::SpeechStarted { .. } => seen.push("started"),
            ProviderEvent::SpeechStopped { .. } => seen.push("stopped"),
            ProviderEvent::LearnerWords { text, .. } => {
                assert_eq!(text, "About my weekend.");
                seen.push("words");
            }
            ProviderEvent::ReplyWords { delta, .. } => words.push_str(&delta),
            ProviderEvent::ReplyEnded { .. } => seen.push("reply"),
            _ => {}
        }
    }
    assert_eq!(seen[..2], ["started", "stopped"]);
    assert_eq!(words, "How nice.");
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_server_of_the_older_dialect_is_talked_to_in_it() {
    let simulator = simulator(
        json!({"default": {"learner_says": ["About my weekend."], "replies": ["How nice.", "Indeed."]}}),
    )
    .await;
    let history = vec![PastTurn {
        seq: 1,
        speaker: Speaker::Tutor,
        text: "Hello.".to_owned(),
        interrupted: false,
    }];
    let provider = provider(&format!("{}?dialect=beta", simulator.base_url()), "right")
        .with_manners(Manners {
            dialect: Dialect::Beta,
            ..Manners::default()
        });
    let setup = SessionSetup { history, ..setup() };
    let mut session = provider.open(&setup).await.expect("opens");
    ready(&mut session).await;
    says(&session, &speech(1500)).await;
    says(&session, &vec![0; 24_000 * 2]).await;
    let (id, samples, words, how) = reply(&mut session).await;
    assert_eq!((words.as_str(), how), ("How nice.", ReplyEnd::Complete));
    assert!(samples.len() > 6_000);
    let heard = Duration::from_millis(100);
    let heard_text = String::new();
    ask(
        &session,
        ProviderCommand::Truncate {
            reply: id,
            heard,
            heard_text,
        },
    )
    .await;
    ask(&session, ProviderCommand::Text("Well.".to_owned())).await;
    assert_eq!(reply(&mut session).await.2, "Indeed.");
    let stats = simulator.stats();
    assert_eq!(stats.sent("error"), 0, "{:?}", stats.frames_sent);
    assert_eq!(stats.sent("conversation.item.truncated"), 1);
    assert!(stats.sent("response.audio.delta") > 0);
    simulator.shutdown().await;
}

#[tokio::test]
async fn the_server_neither_answers_nor_stops_by_itself_when_it_shall_not() {
    let simulator = simulator(
        json!({"default": {"greeting": {"text": "word ".repeat(40), "beeps": true}, "replies": ["Never said.", "How nice."]}}),
    )
    .await;
    let provider = provider(&simulator.base_url(), "right").with_manners(Manners {
        turn_detection: TurnFinder::Semantic,
        noise_reduction: NoiseReduction::FarField,
        ..Manners::default()
    });
    let mut session = provider.open(&setup()).await.expect("opens");
    ready(&mut session).await;
    let listening = |acts| {
        let turn_detection = TurnDetection::Listening {
            patience: Patience::Quick,
            acts,
        };
        ProviderCommand::Change(Box::new(SessionSetup {
            turn_detection,
            ..setup()
        }))
    };
    ask(&session, listening(false)).await;
    ask(&session, ProviderCommand::Reply { instructions: None }).await;
    says(&session, &speech(1000)).await;
    says(&session, &vec![0; 24_000]).await;
    let (_, _, _, how) = reply(&mut session).await;
    assert_eq!(how, ReplyEnd::Complete, "the speech stopped nothing");
    assert_eq!(
        simulator.stats().sent("input_audio_buffer.speech_stopped"),
        1
    );
    assert_eq!(simulator.stats().sent("response.created"), 1);

    ask(&session, listening(true)).await;
    says(&session, &speech(1000)).await;
    says(&session, &vec![0; 24_000]).await;
    assert_eq!(reply(&mut session).await.2, "How nice.");
    assert_eq!(simulator.stats().sent("error"), 0);
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_cut_and_a_cancel_are_understood() {
    let simulator = simulator(json!({"default": {"greeting": {"text": "one two three four five six seven eight", "beeps": true}}})).await;
    let mut session = open(&simulator).await;
    ready(&mut session).await;
    ask(&session, ProviderCommand::Reply { instructions: None }).await;
    let id = first_sound(&mut session).await;
    ask(&session, ProviderCommand::Cancel { reply: id.clone() }).await;
    ask(
        &session,
        ProviderCommand::Truncate {
            reply: id.clone(),
            heard: Duration::from_millis(90),
            heard_text: String::new(),
        },
    )
    .await;
    let (ended, _, _, how) = reply(&mut session).await;
    assert_eq!((ended, how), (id, ReplyEnd::Cancelled));
    // A round trip more, so that the simulator has read everything.
    ask(&session, ProviderCommand::Text("And now?".to_owned())).await;
    reply(&mut session).await;
    assert_eq!(simulator.stats().sent("conversation.item.truncated"), 1);
    assert_eq!(
        simulator.stats().sent("error"),
        0,
        "{:?}",
        simulator.stats().frames_sent
    );
    simulator.shutdown().await;
}

#[tokio::test]
async fn history_is_known_to_the_server() {
    let simulator =
        simulator(json!({"default": {"greeting": "New here?", "replies": ["First.", "Second."]}}))
            .await;
    let turn = |seq, speaker, text: &str| PastTurn {
        seq,
        speaker,
        text: text.to_owned(),
        interrupted: false,
    };
    let history = vec![
        turn(1, Speaker::Tutor, "New here?"),
        turn(2, Speaker::Learner, "Yes."),
        turn(3, Speaker::Tutor, "First."),
    ];
    let setup = SessionSetup { history, ..setup() };
    let mut session = provider(&simulator.base_url(), "right")
        .open(&setup)
        .await
        .expect("opens");
    ready(&mut session).await;
    ask(&session, ProviderCommand::Text("Well.".to_owned())).await;
    assert_eq!(reply(&mut session).await.2, "Second.");
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_wrong_key_is_refused_after_the_upgrade() {
    let simulator = simulator(json!({})).await;
    let session = provider(&simulator.base_url(), "wrong")
        .open(&setup())
        .await
        .expect("the upgrade succeeds");
    let fault = closed(session).await;
    assert_eq!(fault.kind, FaultKind::Refused);
    assert!(fault.detail.contains("invalid_api_key"), "{}", fault.detail);
    simulator.shutdown().await;
}

#[tokio::test]
async fn an_upgrade_that_is_answered_otherwise_says_whether_to_come_back() {
    let script = json!({"connections": [
        {"kind": "http_status", "status": 401}, {"kind": "http_status", "status": 503}, {"kind": "http_status", "status": 500}]});
    let simulator = simulator(script).await;
    for expected in [FaultKind::Refused, FaultKind::Busy, FaultKind::Broken] {
        let fault = provider(&simulator.base_url(), "right")
            .open(&setup())
            .await
            .err()
            .expect("a fault");
        assert_eq!(fault.kind, expected, "{}", fault.detail);
    }
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_server_that_does_not_listen_is_a_fault() {
    let simulator = simulator(json!({})).await;
    let base_url = simulator.base_url();
    simulator.shutdown().await;
    let fault = provider(&base_url, "right")
        .open(&setup())
        .await
        .err()
        .expect("a fault");
    assert_eq!(fault.kind, FaultKind::Broken);
}

#[tokio::test]
async fn a_socket_that_ends_in_the_middle_of_a_reply_is_told() {
    for (kind, expected) in [("close", FaultKind::Broken), ("drop", FaultKind::Broken)] {
        let script = json!({"default": {"greeting": {"text": "one two three four five", "beeps": true, "fault": {"kind": kind, "after_audio_ms": 300}}}});
        let simulator = simulator(script).await;
        let mut session = open(&simulator).await;
        ready(&mut session).await;
        ask(&session, ProviderCommand::Reply { instructions: None }).await;
        assert_eq!(closed(session).await.kind, expected);
        simulator.shutdown().await;
    }
}

#[tokio::test]
async fn rubbish_in_the_middle_of_a_reply_is_survived() {
    let script = json!({"default": {"greeting": {"text": "one two three four five", "beeps": true, "fault": {"kind": "rubbish", "after_audio_ms": 300}}}});
    let simulator = simulator(script).await;
    let mut session = open(&simulator).await;
    ready(&mut session).await;
    ask(&session, ProviderCommand::Reply { instructions: None }).await;
    let (_, samples, words, how) = reply(&mut session).await;
    assert_eq!(
        (words.as_str(), how, samples.len()),
        ("one two three four five", ReplyEnd::Complete, 24_000)
    );
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_session_that_grows_too_old_is_told_as_that() {
    let simulator = simulator(json!({"session_limit_ms": 300})).await;
    let mut session = open(&simulator).await;
    ready(&mut session).await;
    assert_eq!(closed(session).await.kind, FaultKind::Expired);
    simulator.shutdown().await;
}

#[tokio::test]
async fn dropping_a_session_closes_its_socket() {
    let simulator = simulator(json!({})).await;
    let mut session = open(&simulator).await;
    ready(&mut session).await;
    assert_eq!(simulator.stats().connections_open, 1);
    drop(session);
    settled(&simulator).await;
    simulator.shutdown().await;
}
