use std::time::Duration;

use avaaz_tutor::{FaultKind, PastTurn, Patience, Pcm, ToolOffer, Usage};
use serde_json::{Value, json};

use super::*;

fn setup() -> SessionSetup {
    SessionSetup {
        instructions: "Be kind.".to_owned(),
        voice: Some("cedar".to_owned()),
        speed: 1.0,
        turn_detection: TurnDetection::Listening {
            patience: Patience::Normal,
            acts: true,
        },
        languages: vec!["en-GB".to_owned(), "de".to_owned()],
        history: Vec::new(),
        tools: Vec::new(),
        resume: None,
    }
}

fn translator(setup: SessionSetup) -> Translator {
    Translator::new(
        "gpt-realtime-2.1".to_owned(),
        "gpt-transcribe".to_owned(),
        Some("marin".to_owned()),
        setup,
    )
}

fn frames(step: &Step) -> Vec<Value> {
    step.frames
        .iter()
        .map(|frame| serde_json::from_str(frame).unwrap())
        .collect()
}

fn receive(translator: &mut Translator, event: Value) -> Step {
    translator.received(&event.to_string())
}

/// A translator whose session is set up.
fn ready(setup: SessionSetup) -> Translator {
    let mut translator = translator(setup);
    receive(
        &mut translator,
        json!({"type": "session.created", "session": {"model": "gpt-realtime-2.1"}}),
    );
    receive(
        &mut translator,
        json!({"type": "session.updated", "session": {"model": "gpt-realtime-2.1"}}),
    );
    translator
}

fn reply(id: &str) -> ReplyId {
    ReplyId(Arc::from(id))
}

fn pcm(samples: &[i16]) -> Pcm {
    Pcm {
        samples: samples.into(),
        rate_hz: RATE_HZ,
    }
}

fn audio(samples: &[i16]) -> String {
    STANDARD.encode(
        samples
            .iter()
            .flat_map(|sample| sample.to_le_bytes())
            .collect::<Vec<_>>(),
    )
}

/// The server begins a response and says `samples` in item `item_1`.
fn speaks(translator: &mut Translator, samples: &[i16]) {
    receive(
        translator,
        json!({"type": "response.created", "response": {"id": "resp_1", "status": "in_progress"}}),
    );
    receive(
        translator,
        json!({"type": "response.output_item.added", "response_id": "resp_1", "item": {"id": "item_1", "type": "message", "role": "assistant"}}),
    );
    receive(
        translator,
        json!({"type": "response.output_audio.delta", "response_id": "resp_1", "item_id": "item_1", "content_index": 0, "delta": audio(samples)}),
    );
}

#[test]
fn a_session_is_set_up_when_it_is_created_and_ready_when_that_is_confirmed() {
    let mut translator = translator(setup());
    let created = receive(
        &mut translator,
        json!({"type": "session.created", "event_id": "event_1", "session": {}}),
    );
    assert!(created.events.is_empty());
    let session = &frames(&created)[0]["session"];
    assert_eq!(
        *session,
        json!({
            "type": "realtime",
            "instructions": "Be kind.",
            "output_modalities": ["audio"],
            "audio": {
                "input": {
                    "format": {"type": "audio/pcm", "rate": 24000},
                    "transcription": {"model": "gpt-transcribe", "languages": ["en", "de"]},
                    "turn_detection": {
                        "type": "server_vad", "threshold": 0.5, "prefix_padding_ms": 300, "silence_duration_ms": 600,
                        "create_response": true, "interrupt_response": true,
                    },
                },
                "output": {"format": {"type": "audio/pcm", "rate": 24000}, "voice": "cedar", "speed": 1.0},
            },
            "tools": [],
            "tool_choice": "auto",
            "truncation": {"type": "retention_ratio", "retention_ratio": 0.8, "token_limits": {"post_instructions": 6000}},
        })
    );
    let updated = receive(
        &mut translator,
        json!({"type": "session.updated", "session": {"model": "gpt-realtime-2.1-x"}}),
    );
    let [
        ProviderEvent::Ready {
            capabilities,
            model,
        },
    ] = updated.events.as_slice()
    else {
        panic!("{updated:?}")
    };
    assert_eq!(
        (
            capabilities.input_rate_hz,
            capabilities.output_rate_hz,
            model.as_str()
        ),
        (24_000, 24_000, "gpt-realtime-2.1-x")
    );
    assert!(capabilities.interrupts_by_itself && capabilities.truncate_replies);
}

#[test]
fn the_rates_that_the_server_settles_on_count() {
    let mut translator = translator(setup());
    receive(&mut translator, json!({"type": "session.created"}));
    let updated = receive(
        &mut translator,
        json!({"type": "session.updated", "session": {"audio": {"input": {"format": {"rate": 16000}}, "output": {"format": {"type": "audio/pcm"}}}}}),
    );
    let [ProviderEvent::Ready { capabilities, .. }] = updated.events.as_slice() else {
        panic!("{updated:?}")
    };
    assert_eq!(
        (capabilities.input_rate_hz, capabilities.output_rate_hz),
        (16_000, 24_000)
    );
}

#[test]
fn history_follows_the_setup_as_text_and_before_anything_else() {
    let turn = |seq, speaker, text: &str| PastTurn {
        seq,
        speaker,
        text: text.to_owned(),
        interrupted: false,
    };
    let history = vec![
        turn(1, Speaker::Tutor, "Hello!"),
        turn(2, Speaker::Learner, "Hi."),
    ];
    let mut translator = translator(SessionSetup { history, ..setup() });
    receive(&mut translator, json!({"type": "session.created"}));
    let updated = receive(&mut translator, json!({"type": "session.updated"}));
    assert_eq!(
        frames(&updated),
        [
            json!({"type": "conversation.item.create", "item": {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Hello!"}]}}),
            json!({"type": "conversation.item.create", "item": {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi."}]}}),
        ]
    );
    assert!(matches!(updated.events[0], ProviderEvent::Ready { .. }));
}

#[test]
fn a_model_that_takes_one_language_is_told_none_of_two() {
    let mut translator = Translator::new(
        "m".to_owned(),
        "gpt-realtime-whisper".to_owned(),
        None,
        setup(),
    );
    let created = receive(&mut translator, json!({"type": "session.created"}));
    let input = frames(&created)[0]["session"]["audio"]["input"]["transcription"].clone();
    assert_eq!(input, json!({"model": "gpt-realtime-whisper"}));
}

#[test]
fn push_to_talk_turns_the_servers_turn_detection_off() {
    let mut translator = ready(SessionSetup {
        turn_detection: TurnDetection::Manual,
        ..setup()
    });
    let step = translator.command(ProviderCommand::Commit);
    assert_eq!(
        frames(&step),
        [json!({"type": "input_audio_buffer.commit"})]
    );
}

#[test]
fn a_change_leaves_voice_and_formats_alone() {
    let mut translator = ready(setup());
    let change = translator.command(ProviderCommand::Change(Box::new(SessionSetup {
        instructions: "Be strict.".to_owned(),
        ..setup()
    })));
    let session = &frames(&change)[0]["session"];
    assert_eq!(session["instructions"], "Be strict.");
    assert!(session["audio"].get("output").is_none());
    assert!(session["audio"]["input"].get("format").is_none());
}

#[test]
fn learner_audio_is_sent_at_once_as_it_is() {
    let step = ready(setup()).command(ProviderCommand::Audio(pcm(&[1, -2])));
    assert_eq!(
        frames(&step),
        [json!({"type": "input_audio_buffer.append", "audio": "AQD+/w=="})]
    );
}

#[test]
fn an_instruction_for_one_reply_stands_behind_those_of_the_session() {
    let step = ready(setup()).command(ProviderCommand::Reply {
        instructions: Some("Greet.".to_owned()),
    });
    let instructions = frames(&step)[0]["response"]["instructions"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(instructions.starts_with("Be kind.") && instructions.ends_with("Greet."));
    let plain = ready(setup()).command(ProviderCommand::Reply { instructions: None });
    assert_eq!(frames(&plain), [json!({"type": "response.create"})]);
}

#[test]
fn the_learners_speech_and_words_are_told() {
    let mut translator = ready(setup());
    let item = ItemId(Arc::from("item_9"));
    let mut told = Vec::new();
    for event in [
        json!({"type": "input_audio_buffer.speech_started", "audio_start_ms": 100, "item_id": "item_9"}),
        json!({"type": "input_audio_buffer.speech_stopped", "audio_end_ms": 900, "item_id": "item_9"}),
        json!({"type": "input_audio_buffer.committed", "item_id": "item_9", "previous_item_id": null}),
        json!({"type": "conversation.item.input_audio_transcription.delta", "item_id": "item_9", "content_index": 0, "delta": "Hel"}),
        json!({"type": "conversation.item.input_audio_transcription.completed", "item_id": "item_9", "content_index": 0, "transcript": "Hello", "usage": {"type": "duration", "seconds": 1}}),
        json!({"type": "conversation.item.input_audio_transcription.failed", "item_id": "item_9", "error": {"code": "x"}}),
    ] {
        told.extend(receive(&mut translator, event).events);
    }
    assert_eq!(
        told,
        [
            ProviderEvent::SpeechStarted { item: item.clone() },
            ProviderEvent::SpeechStopped { item: item.clone() },
            ProviderEvent::LearnerWordsDelta {
                item: item.clone(),
                delta: "Hel".to_owned()
            },
            ProviderEvent::LearnerWords {
                item: item.clone(),
                text: "Hello".to_owned()
            },
            ProviderEvent::Used {
                reply: None,
                usage: Usage {
                    input_audio_tokens: 10,
                    ..Usage::default()
                }
            },
            ProviderEvent::LearnerWords {
                item,
                text: String::new()
            },
        ]
    );
}

#[test]
fn races_that_the_protocol_allows_for_end_nothing() {
    let mut translator = ready(setup());
    for error in [
        json!({"code": "response_cancel_not_active", "message": "Cancellation failed: no active response found"}),
        json!({"code": "invalid_value", "message": "Audio content of 9250ms is already shorter than 57340ms"}),
        json!({"code": "conversation_already_has_active_response"}),
        json!({"code": "input_audio_buffer_commit_empty"}),
        json!({}),
        json!(null),
    ] {
        let step = receive(&mut translator, json!({"type": "error", "error": error}));
        assert!(step.close.is_none());
        assert!(
            matches!(step.events.as_slice(), [ProviderEvent::Complained(_)]),
            "{step:?}"
        );
    }
}

#[test]
fn a_key_that_is_refused_after_the_upgrade_ends_the_session() {
    let mut translator = translator(setup());
    let step = receive(
        &mut translator,
        json!({"type": "error", "error": {"type": "invalid_request_error", "code": "invalid_api_key", "message": "Incorrect API key provided: sk-x"}}),
    );
    let fault = step.close.unwrap();
    assert_eq!(fault.kind, FaultKind::Refused);
    assert!(!fault.detail.contains("sk-x"));
}

#[test]
fn a_session_that_expires_is_told_as_that() {
    let mut translator = ready(setup());
    let step = receive(
        &mut translator,
        json!({"type": "error", "error": {"code": "session_expired"}}),
    );
    assert_eq!(step.close.unwrap().kind, FaultKind::Expired);
}

#[test]
fn a_setup_that_the_server_refuses_ends_the_session() {
    let mut translator = translator(setup());
    receive(&mut translator, json!({"type": "session.created"}));
    let step = receive(
        &mut translator,
        json!({"type": "error", "error": {"code": "unknown_parameter", "param": "session.audio.input.x", "event_id": "setup"}}),
    );
    let fault = step.close.unwrap();
    assert_eq!(fault.kind, FaultKind::Refused);
    assert!(
        fault
            .detail
            .contains("unknown_parameter session.audio.input.x")
    );
}

#[test]
fn rubbish_and_news_are_survived() {
    let mut translator = ready(setup());
    for frame in ["", "{", "[]", "null", "{\"type\":7}", "\u{0}"] {
        let step = translator.received(frame);
        assert!(step.close.is_none() && step.frames.is_empty());
    }
    for n in 0..1000 {
        let step = receive(
            &mut translator,
            json!({"type": format!("news.{n}"), "item": 3}),
        );
        assert!(step.events.is_empty());
    }
    assert!(translator.unknown.len() <= 64);
    let step = receive(
        &mut translator,
        json!({"type": "response.output_audio.delta", "item_id": "i", "delta": "%%%"}),
    );
    assert!(matches!(
        step.events.last(),
        Some(ProviderEvent::Complained(_))
    ));
}

#[test]
fn a_tool_call_and_its_result_cross() {
    let tools = vec![ToolOffer {
        name: "end".to_owned(),
        description: "Ends.".to_owned(),
        parameters: r#"{"type":"object","properties":{}}"#.to_owned(),
    }];
    let mut translator = translator(SessionSetup { tools, ..setup() });
    let created = receive(&mut translator, json!({"type": "session.created"}));
    assert_eq!(
        frames(&created)[0]["session"]["tools"],
        json!([{"type": "function", "name": "end", "description": "Ends.", "parameters": {"type": "object", "properties": {}}}])
    );
    receive(&mut translator, json!({"type": "session.updated"}));
    receive(
        &mut translator,
        json!({"type": "response.created", "response": {"id": "resp_1"}}),
    );
    let called = receive(
        &mut translator,
        json!({"type": "response.output_item.done", "item": {"id": "fc", "type": "function_call", "name": "end", "call_id": "call_1", "arguments": "{}"}}),
    );
    let call = ToolCall {
        id: "call_1".into(),
        name: "end".to_owned(),
        arguments: "{}".to_owned(),
    };
    assert_eq!(called.events, [ProviderEvent::ToolCalled(call)]);
    let result = translator.command(ProviderCommand::ToolResult {
        call: "call_1".into(),
        name: "end".to_owned(),
        output: "{\"ok\":true}".to_owned(),
    });
    assert_eq!(
        frames(&result),
        [
            json!({"type": "conversation.item.create", "item": {"type": "function_call_output", "call_id": "call_1", "output": "{\"ok\":true}"}})
        ]
    );
    let done = receive(
        &mut translator,
        json!({"type": "response.done", "response": {"id": "resp_1", "status": "completed"}}),
    );
    assert_eq!(frames(&done), [json!({"type": "response.create"})]);
}

mod manners;
mod replies;
mod turns;
