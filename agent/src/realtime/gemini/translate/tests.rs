use std::time::Duration;

use avaaz_tutor::{FaultKind, ItemId, PastTurn, ToolCall, ToolOffer, TurnDetection};
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::*;

mod anything;
mod replies;
mod tools;
mod turns;

fn setup() -> SessionSetup {
    SessionSetup {
        instructions: "Be kind.".to_owned(),
        voice: Some("kore".to_owned()),
        speed: 1.0,
        turn_detection: TurnDetection::Manual,
        languages: vec!["en-GB".to_owned(), "de".to_owned(), "de".to_owned()],
        history: Vec::new(),
        tools: Vec::new(),
        resume: None,
    }
}

fn turn(seq: u32, speaker: Speaker, text: &str) -> PastTurn {
    PastTurn {
        seq,
        speaker,
        text: text.to_owned(),
        interrupted: false,
    }
}

fn offer() -> ToolOffer {
    ToolOffer {
        name: "end".to_owned(),
        description: "Ends.".to_owned(),
        parameters: r#"{"type":"object","properties":{"why":{"type":"string"}},"additionalProperties":false}"#
            .to_owned(),
    }
}

fn translator(model: &str, setup: SessionSetup) -> Translator {
    Translator::new(model.to_owned(), "t".to_owned(), setup)
}

fn frames(step: &Step) -> Vec<Value> {
    step.frames
        .iter()
        .map(|frame| serde_json::from_str(frame).unwrap())
        .collect()
}

fn receive(translator: &mut Translator, message: Value) -> Vec<ProviderEvent> {
    translator.received(&message.to_string()).events
}

fn content(translator: &mut Translator, content: Value) -> Vec<ProviderEvent> {
    receive(translator, json!({"serverContent": content}))
}

fn command(translator: &mut Translator, command: ProviderCommand) -> Vec<Value> {
    frames(&translator.command(command))
}

/// A translator whose session is set up.
fn ready() -> Translator {
    ready_with("gemini-3.8-live", setup())
}

fn ready_with(model: &str, setup: SessionSetup) -> Translator {
    let mut translator = translator(model, setup);
    translator.opened();
    receive(&mut translator, json!({"setupComplete": {}}));
    translator
}

fn audio(samples: &[i16]) -> Value {
    let bytes: Vec<u8> = samples.iter().flat_map(|s| s.to_le_bytes()).collect();
    sound("audio/pcm;rate=24000", &STANDARD.encode(bytes))
}

fn sound(mime_type: &str, data: &str) -> Value {
    json!({"modelTurn": {"role": "model", "parts": [{"inlineData": {"mimeType": mime_type, "data": data}}]}})
}

fn pcm(samples: &[i16]) -> Pcm {
    Pcm {
        samples: samples.into(),
        rate_hz: OUTPUT_RATE_HZ,
    }
}

fn reply(number: u32) -> ReplyId {
    ReplyId(format!("t-reply-{number}").into())
}

fn item(number: u32) -> ItemId {
    ItemId(format!("t-speech-{number}").into())
}

fn ended(reply: ReplyId, how: ReplyEnd) -> ProviderEvent {
    ProviderEvent::ReplyEnded {
        reply,
        how,
        usage: None,
    }
}

/// The learner speaks and stops, and the service is to answer.
fn learner_speaks(translator: &mut Translator) {
    command(translator, ProviderCommand::BeginTurn);
    command(translator, ProviderCommand::Commit);
    command(translator, ProviderCommand::Reply { instructions: None });
}

#[test]
fn a_session_is_set_up_as_soon_as_the_socket_is_open() {
    let mut translator = translator(
        "gemini-3.8-live",
        SessionSetup {
            tools: vec![offer()],
            resume: Some(ResumeHandle("h".into())),
            ..setup()
        },
    );
    let step = translator.opened();
    assert!(step.events.is_empty());
    assert_eq!(
        frames(&step),
        [json!({"setup": {
            "model": "models/gemini-3.8-live",
            "generationConfig": {
                "responseModalities": ["AUDIO"],
                "speechConfig": {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": "Kore"}}},
            },
            "systemInstruction": {"parts": [{"text": "Be kind."}]},
            "tools": [{"functionDeclarations": [{
                "name": "end", "description": "Ends.", "behavior": "NON_BLOCKING",
                "parameters": {"type": "OBJECT", "properties": {"why": {"type": "STRING"}}},
            }]}],
            "realtimeInputConfig": {
                "automaticActivityDetection": {"disabled": true},
                "activityHandling": "START_OF_ACTIVITY_INTERRUPTS",
                "turnCoverage": "TURN_INCLUDES_ONLY_ACTIVITY",
            },
            "sessionResumption": {"handle": "h"},
            "contextWindowCompression": {"triggerTokens": 6000, "slidingWindow": {"targetTokens": 4800}},
            "inputAudioTranscription": {"languageCodes": ["en-GB", "de"]},
            "outputAudioTranscription": {},
        }})]
    );
}

#[test]
fn another_providers_voice_is_no_voice_and_handles_are_always_asked_for() {
    let setup = SessionSetup {
        voice: Some("marin".to_owned()),
        ..setup()
    };
    let sent = frames(&translator("gemini-3.8-live", setup).opened());
    assert!(
        sent[0]["setup"]["generationConfig"]
            .get("speechConfig")
            .is_none()
    );
    assert_eq!(sent[0]["setup"]["sessionResumption"], json!({}));
    assert!(sent[0]["setup"].get("tools").is_none());
}

#[test]
fn the_session_is_ready_when_the_setup_is_confirmed_and_only_once() {
    let mut translator = translator("gemini-3.8-live", setup());
    translator.opened();
    let events = receive(&mut translator, json!({"setupComplete": {}}));
    let [
        ProviderEvent::Ready {
            capabilities,
            model,
        },
    ] = events.as_slice()
    else {
        panic!("{events:?}")
    };
    assert_eq!(
        (capabilities.input_rate_hz, capabilities.output_rate_hz),
        (16_000, 24_000)
    );
    assert!(!capabilities.finds_turns && !capabilities.overlaps && !capabilities.truncate_replies);
    assert!(capabilities.change_setup_midway && capabilities.seed_history);
    assert_eq!(model, "gemini-3.8-live");
    assert!(receive(&mut translator, json!({"setupComplete": {}})).is_empty());
}

#[test]
fn the_history_is_told_with_roles_and_is_not_answered() {
    let history = vec![
        turn(1, Speaker::Tutor, "Hello!"),
        turn(2, Speaker::Learner, "Hi."),
        turn(3, Speaker::Tutor, ""),
    ];
    let turns = json!([
        {"role": "model", "parts": [{"text": "Hello!"}]},
        {"role": "user", "parts": [{"text": "Hi."}]},
    ]);
    let setup = SessionSetup { history, ..setup() };
    let mut translator_of_today = translator("gemini-3.8-live", setup.clone());
    let opened = translator_of_today.opened();
    assert!(frames(&opened)[0]["setup"].get("historyConfig").is_none());
    let step = translator_of_today.received(r#"{"setupComplete":{}}"#);
    assert_eq!(
        frames(&step),
        [json!({"clientContent": {"turns": turns, "turnComplete": false}})]
    );

    // An older model takes it at the beginning only, and is told so.
    let mut older = translator("gemini-3.1-flash-live-preview", setup);
    assert_eq!(
        frames(&older.opened())[0]["setup"]["historyConfig"],
        json!({"initialHistoryInClientContent": true})
    );
    let step = older.received(r#"{"setupComplete":{}}"#);
    assert_eq!(
        frames(&step),
        [json!({"clientContent": {"turns": turns, "turnComplete": true}})]
    );
}

#[test]
fn a_reply_is_asked_for_with_an_instruction_or_without() {
    let mut translator = ready();
    let instructions = Some("Greet.".to_owned());
    let sent = command(&mut translator, ProviderCommand::Reply { instructions });
    assert_eq!(sent[0]["clientContent"]["turnComplete"], true);
    let told = &sent[0]["clientContent"]["turns"][0];
    assert_eq!(told["role"], "user");
    let text = told["parts"][0]["text"].as_str().unwrap();
    assert!(text.starts_with('[') && text.ends_with("Greet.]"), "{text}");
    content(&mut translator, audio(&[1]));
    assert_eq!(
        command(
            &mut translator,
            ProviderCommand::Reply { instructions: None }
        ),
        [json!({"clientContent": {"turnComplete": true}})]
    );
}

#[test]
fn a_model_that_takes_no_content_midway_is_told_as_if_it_were_typed() {
    let mut translator = ready_with("gemini-3.1-flash-live-preview", setup());
    let typed = ProviderCommand::Text("Why?".to_owned());
    assert_eq!(
        command(&mut translator, typed),
        [json!({"realtimeInput": {"text": "Why?"}})]
    );
    let cut = ProviderCommand::Truncate {
        reply: reply(1),
        heard: Duration::ZERO,
        heard_text: String::new(),
    };
    assert!(command(&mut translator, cut).is_empty());
    let begun = command(&mut translator, ProviderCommand::BeginTurn);
    assert_eq!(begun, [json!({"realtimeInput": {"activityStart": {}}})]);
}

#[test]
fn new_instructions_are_told_and_tools_only_when_they_change() {
    let mut translator = ready();
    let mut change =
        |setup: SessionSetup| command(&mut translator, ProviderCommand::Change(Box::new(setup)));
    let instructions = "Be strict.".to_owned();
    let setup = SessionSetup {
        instructions,
        ..setup()
    };
    let told = json!({"parts": [{"text": "Be strict."}]});
    assert_eq!(
        change(setup.clone()),
        [json!({"contextUpdate": {"systemInstruction": told}})]
    );
    let with_tool = SessionSetup {
        tools: vec![offer()],
        ..setup.clone()
    };
    let sent = change(with_tool);
    let tools = &sent[0]["contextUpdate"]["tools"]["tools"];
    assert_eq!(tools[0]["functionDeclarations"][0]["name"], "end");
    assert_eq!(
        change(setup)[0]["contextUpdate"]["tools"],
        json!({"tools": []})
    );
}

#[test]
fn only_todays_models_change_while_the_session_is_open() {
    let mut translator = translator("gemini-2.5-flash-native-audio-preview-12-2025", setup());
    translator.opened();
    let events = receive(&mut translator, json!({"setupComplete": {}}));
    assert!(matches!(
        &events[0],
        ProviderEvent::Ready { capabilities, .. } if !capabilities.change_setup_midway
    ));
    let change = ProviderCommand::Change(Box::new(setup()));
    assert!(command(&mut translator, change).is_empty());
}

#[test]
fn a_new_handle_is_passed_on_and_the_last_one_stays_good_until_then() {
    let mut translator = ready();
    let mut update =
        |update: Value| receive(&mut translator, json!({"sessionResumptionUpdate": update}));
    let handle = Some(ResumeHandle("h2".into()));
    assert_eq!(
        update(json!({"newHandle": "h2", "resumable": true})),
        [ProviderEvent::Resumable { handle }]
    );
    assert!(update(json!({})).is_empty());
    assert!(update(json!({"newHandle": "h3", "resumable": false})).is_empty());
    assert!(update(json!({"newHandle": "", "resumable": true})).is_empty());
}

#[test]
fn the_service_says_when_it_closes_and_that_close_is_no_fault() {
    let mut translator = ready();
    let left = Duration::from_secs(50);
    assert_eq!(
        receive(&mut translator, json!({"goAway": {"timeLeft": "50s"}})),
        [ProviderEvent::ClosingSoon { left }]
    );
    assert_eq!(translator.closed(Close::Lost).kind, FaultKind::Expired);
}

#[test]
fn a_handle_that_is_refused_is_stale_and_a_first_setup_that_is_refused_is_refused() {
    let close = Close::Frame {
        code: 1007,
        reason: "Request contains an invalid argument.",
    };
    let resumed = SessionSetup {
        resume: Some(ResumeHandle("old".into())),
        ..setup()
    };
    let mut translator_of_a_handle = translator("gemini-3.8-live", resumed);
    translator_of_a_handle.opened();
    assert_eq!(
        translator_of_a_handle.closed(close).kind,
        FaultKind::StaleHandle
    );
    let mut first = translator("gemini-3.8-live", setup());
    first.opened();
    assert_eq!(first.closed(close).kind, FaultKind::Refused);
}

#[test]
fn nonsense_is_complained_about_and_news_is_ignored() {
    let mut translator = ready();
    for frame in ["", "{", "[1]", "7"] {
        assert!(matches!(
            translator.received(frame).events.as_slice(),
            [ProviderEvent::Complained(fault)] if fault.kind == FaultKind::Nonsense
        ));
    }
    assert!(
        receive(
            &mut translator,
            json!({"news": {"a": 1}, "voiceActivity": {}})
        )
        .is_empty()
    );
    assert!(
        content(
            &mut translator,
            json!({"interactionStatus": "DREAMING", "waitingForInput": true})
        )
        .is_empty()
    );
    let thought =
        json!({"modelTurn": {"parts": [{"thought": true, "text": "Hm."}, {"executableCode": {}}]}});
    assert!(content(&mut translator, thought).is_empty());
}
