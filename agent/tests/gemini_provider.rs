//! The Gemini provider on a real socket, against the simulator.

mod provider_session;

use std::time::Duration;

use avaaz_agent::realtime::gemini::{DEFAULT_MODEL, GeminiConfig, GeminiProvider};
use avaaz_agent::realtime::{Provider, ProviderSession};
use avaaz_simulator::Running;
use avaaz_tutor::{
    FaultKind, PastTurn, Pcm, ProviderCommand, ProviderEvent, ReplyEnd, ResumeHandle, SessionSetup,
    Speaker, ToolOffer, TurnDetection,
};
use provider_session::{ask, closed, first_sound, next, reply, settled, simulator};
use serde_json::{Value, json};

const RATE_HZ: u32 = 16_000;

fn provider_with(base_url: &str, key: &str, model: &str) -> GeminiProvider {
    let root = base_url.trim_end_matches("/v1");
    GeminiProvider::new(GeminiConfig {
        name: "gemini".to_owned(),
        base_url: root.parse().expect("a URL"),
        api_key: key.to_owned().into(),
        model: model.to_owned(),
    })
    .expect("a usable URL")
}

fn provider(simulator: &Running) -> GeminiProvider {
    provider_with(&simulator.base_url(), "right", DEFAULT_MODEL)
}

fn setup() -> SessionSetup {
    SessionSetup {
        instructions: "You are a tutor.".to_owned(),
        voice: Some("Kore".to_owned()),
        speed: 1.0,
        turn_detection: TurnDetection::Manual,
        languages: vec!["en".to_owned(), "de".to_owned()],
        history: Vec::new(),
        tools: Vec::new(),
        resume: None,
    }
}

async fn open_with(simulator: &Running, setup: &SessionSetup) -> ProviderSession {
    let session = provider(simulator).open(setup).await;
    let mut session = session.expect("the simulator listens");
    let event = next(&mut session).await;
    assert!(matches!(event, ProviderEvent::Ready { .. }), "{event:?}");
    session
}

async fn open(simulator: &Running) -> ProviderSession {
    open_with(simulator, &setup()).await
}

/// A second of a loud buzz, as the learner's turn.
async fn speaks(session: &ProviderSession) {
    ask(session, ProviderCommand::BeginTurn).await;
    for _ in 0..50 {
        let samples: Vec<i16> = (0..320).map(|n| ((n % 80) - 40) * 300).collect();
        let pcm = Pcm {
            samples: samples.into(),
            rate_hz: RATE_HZ,
        };
        ask(session, ProviderCommand::Audio(pcm)).await;
    }
    ask(session, ProviderCommand::Commit).await;
    ask(session, ProviderCommand::Reply { instructions: None }).await;
}

fn long_greeting() -> Value {
    json!({"default": {
        "greeting": {"text": "one two three four five six seven eight nine ten eleven twelve", "beeps": true},
        "learner_says": ["Wait please."], "replies": ["Of course."],
    }})
}

#[tokio::test]
async fn a_reply_comes_with_sound_words_and_its_cost() {
    let simulator = simulator(json!({"default": {"greeting": "Hello there, Ada."}})).await;
    let mut session = open(&simulator).await;
    let instructions = Some("Greet.".to_owned());
    ask(&session, ProviderCommand::Reply { instructions }).await;
    let (id, samples, words, how) = reply(&mut session).await;
    assert_eq!(
        (words.as_str(), how),
        ("Hello there, Ada.", ReplyEnd::Complete)
    );
    assert!(samples.len() > 12_000 && samples.iter().any(|sample| sample.unsigned_abs() > 1000));
    loop {
        if let ProviderEvent::Used { reply, usage } = next(&mut session).await {
            assert_eq!(reply, Some(id));
            assert!(usage.output_audio_tokens > 0, "{usage:?}");
            break;
        }
    }
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_spoken_turn_is_heard_whole_written_down_and_answered_once() {
    let simulator = simulator(
        json!({"default": {"learner_says": ["About my weekend."], "replies": ["How nice.", "Twice?"]}}),
    )
    .await;
    let mut session = open(&simulator).await;
    speaks(&session).await;
    let (mut shown, mut words, mut final_words) = (String::new(), String::new(), None);
    let mut ended = 0;
    while ended == 0 || final_words.is_none() {
        match next(&mut session).await {
            ProviderEvent::LearnerWordsDelta { delta, .. } => shown.push_str(&delta),
            ProviderEvent::LearnerWords { text, .. } => final_words = Some(text),
            ProviderEvent::ReplyWords { delta, .. } => words.push_str(&delta),
            ProviderEvent::ReplyEnded { .. } => ended += 1,
            ProviderEvent::Closed(fault) => panic!("closed: {fault:?}"),
            _ => {}
        }
    }
    assert_eq!(final_words.as_deref(), Some("About my weekend."));
    assert_eq!(
        (shown.trim(), words.as_str()),
        ("About my weekend.", "How nice.")
    );
    assert_eq!(simulator.stats().audio_bytes_received, 32_000);
    simulator.shutdown().await;
}

#[tokio::test]
async fn speaking_into_a_reply_stops_it_and_the_answer_follows() {
    let simulator = simulator(long_greeting()).await;
    let mut session = open(&simulator).await;
    ask(&session, ProviderCommand::Reply { instructions: None }).await;
    let greeting = first_sound(&mut session).await;
    speaks(&session).await;
    let (ended, _, _, how) = reply(&mut session).await;
    assert_eq!((ended, how), (greeting.clone(), ReplyEnd::Cancelled));
    let (answer, _, words, how) = reply(&mut session).await;
    assert_ne!(answer, greeting);
    assert_eq!((words.as_str(), how), ("Of course.", ReplyEnd::Complete));
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_cut_and_a_cancel_are_understood() {
    let simulator = simulator(long_greeting()).await;
    let mut session = open(&simulator).await;
    ask(&session, ProviderCommand::Reply { instructions: None }).await;
    let id = first_sound(&mut session).await;
    ask(&session, ProviderCommand::Cancel { reply: id.clone() }).await;
    let cut = ProviderCommand::Truncate {
        reply: id.clone(),
        heard: Duration::from_millis(90),
        heard_text: "one".to_owned(),
    };
    ask(&session, cut).await;
    let (ended, _, _, how) = reply(&mut session).await;
    assert_eq!((ended, how), (id, ReplyEnd::Cancelled));
    speaks(&session).await;
    assert_eq!(reply(&mut session).await.3, ReplyEnd::Complete);
    assert_eq!(simulator.stats().received("clientContent"), 2);
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
    let mut session = open_with(&simulator, &setup).await;
    ask(&session, ProviderCommand::Text("Well.".to_owned())).await;
    assert_eq!(reply(&mut session).await.2, "Second.");
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_tool_is_called_and_its_result_is_spoken_about() {
    let call = json!({"text": "", "call": {"name": "end", "arguments": {"why": "bye"}}, "then": "Goodbye."});
    let simulator = simulator(json!({"default": {"replies": [call]}})).await;
    let tool = ToolOffer {
        name: "end".to_owned(),
        description: "Ends.".to_owned(),
        parameters: r#"{"type":"object","properties":{"why":{"type":"string"}},"additionalProperties":false}"#.to_owned(),
    };
    let setup = SessionSetup {
        tools: vec![tool],
        ..setup()
    };
    let mut session = open_with(&simulator, &setup).await;
    ask(&session, ProviderCommand::Text("Bye.".to_owned())).await;
    let call = loop {
        if let ProviderEvent::ToolCalled(call) = next(&mut session).await {
            break call;
        }
    };
    assert_eq!(
        (call.name.as_str(), call.arguments.as_str()),
        ("end", r#"{"why":"bye"}"#)
    );
    let result = ProviderCommand::ToolResult {
        call: call.id,
        name: call.name,
        output: r#"{"ok":true}"#.to_owned(),
    };
    ask(&session, result).await;
    let (_, _, words, how) = reply(&mut session).await;
    assert_eq!((words.as_str(), how), ("Goodbye.", ReplyEnd::Complete));
    simulator.shutdown().await;
}

/// Has a first turn and returns the handle that it left.
async fn handle_after_a_turn(simulator: &Running) -> ResumeHandle {
    let mut session = open(simulator).await;
    ask(&session, ProviderCommand::Text("Hello.".to_owned())).await;
    assert_eq!(reply(&mut session).await.2, "First.");
    loop {
        if let ProviderEvent::Resumable {
            handle: Some(handle),
        } = next(&mut session).await
        {
            drop(session);
            settled(simulator).await;
            return handle;
        }
    }
}

#[tokio::test]
async fn a_session_is_gone_on_with_by_its_handle() {
    let simulator = simulator(json!({"default": {"replies": ["First.", "Second."]}})).await;
    let handle = handle_after_a_turn(&simulator).await;
    let setup = SessionSetup {
        resume: Some(handle),
        ..setup()
    };
    let mut session = open_with(&simulator, &setup).await;
    ask(&session, ProviderCommand::Text("And then?".to_owned())).await;
    assert_eq!(reply(&mut session).await.2, "Second.");
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_handle_that_is_unknown_or_in_use_is_stale() {
    let simulator = simulator(json!({"default": {"replies": ["First."]}})).await;
    let handle = handle_after_a_turn(&simulator).await;
    let resumed = |handle: ResumeHandle| SessionSetup {
        resume: Some(handle),
        ..setup()
    };
    let _open = open_with(&simulator, &resumed(handle.clone())).await;
    for handle in [handle, ResumeHandle("nobody's".into())] {
        let session = provider(&simulator).open(&resumed(handle)).await;
        let fault = closed(session.expect("the upgrade succeeds")).await;
        assert_eq!(fault.kind, FaultKind::StaleHandle, "{}", fault.detail);
    }
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_wrong_key_and_an_unknown_model_are_refused_after_the_upgrade() {
    let simulator = simulator(json!({})).await;
    for (key, model, says) in [
        ("wrong", DEFAULT_MODEL, "the key is refused"),
        ("right", "gemini-0.1", "the model is unknown"),
    ] {
        let session = provider_with(&simulator.base_url(), key, model)
            .open(&setup())
            .await;
        let fault = closed(session.expect("the upgrade succeeds")).await;
        assert_eq!(fault.kind, FaultKind::Refused);
        assert!(fault.detail.contains(says), "{}", fault.detail);
    }
    simulator.shutdown().await;
}

#[tokio::test]
async fn every_model_takes_our_setup_and_converses() {
    let simulator = simulator(json!({"default": {"greeting": "Hi.", "replies": ["Yes."]}})).await;
    for model in [
        "gemini-3.8-live-extended-thinking",
        "gemini-3.1-flash-live-preview",
        "gemini-2.5-flash-native-audio-preview-12-2025",
    ] {
        let session = provider_with(&simulator.base_url(), "right", model)
            .open(&setup())
            .await;
        let mut session = session.expect("the simulator listens");
        speaks(&session).await;
        assert_eq!(reply(&mut session).await.2, "Yes.", "{model}");
    }
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_socket_that_ends_in_the_middle_of_a_reply_is_told() {
    for kind in ["close", "drop"] {
        let script = json!({"default": {"greeting": {"text": "one two three four five", "beeps": true, "fault": {"kind": kind, "after_audio_ms": 300}}}});
        let simulator = simulator(script).await;
        let session = open(&simulator).await;
        ask(&session, ProviderCommand::Reply { instructions: None }).await;
        assert_eq!(closed(session).await.kind, FaultKind::Broken);
        simulator.shutdown().await;
    }
}

#[tokio::test]
async fn rubbish_in_the_middle_of_a_reply_is_survived() {
    let script = json!({"default": {"greeting": {"text": "one two three four five", "beeps": true, "fault": {"kind": "rubbish", "after_audio_ms": 300}}}});
    let simulator = simulator(script).await;
    let mut session = open(&simulator).await;
    ask(&session, ProviderCommand::Reply { instructions: None }).await;
    let (_, samples, words, how) = reply(&mut session).await;
    assert_eq!(
        (words.as_str(), how, samples.len()),
        ("one two three four five", ReplyEnd::Complete, 24_000)
    );
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_session_that_grows_too_old_says_so_before() {
    let simulator = simulator(json!({"session_limit_ms": 600})).await;
    let mut session = open(&simulator).await;
    let told = next(&mut session).await;
    assert!(
        matches!(told, ProviderEvent::ClosingSoon { left } if !left.is_zero()),
        "{told:?}"
    );
    assert_eq!(closed(session).await.kind, FaultKind::Expired);
    simulator.shutdown().await;
}

#[tokio::test]
async fn dropping_a_session_closes_its_socket() {
    let simulator = simulator(json!({})).await;
    let session = open(&simulator).await;
    assert_eq!(simulator.stats().connections_open, 1);
    drop(session);
    settled(&simulator).await;
    simulator.shutdown().await;
}
