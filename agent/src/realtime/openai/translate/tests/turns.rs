use super::*;

fn listening(patience: Patience, acts: bool) -> SessionSetup {
    SessionSetup {
        turn_detection: TurnDetection::Listening { patience, acts },
        ..setup()
    }
}

fn manual() -> SessionSetup {
    SessionSetup {
        turn_detection: TurnDetection::Manual,
        ..setup()
    }
}

fn change(translator: &mut Translator, setup: SessionSetup) -> Vec<Value> {
    frames(&translator.command(ProviderCommand::Change(Box::new(setup))))
}

fn kinds(frames: &[Value]) -> Vec<&str> {
    frames
        .iter()
        .map(|frame| frame["type"].as_str().unwrap())
        .collect()
}

fn done(status: &str) -> Value {
    json!({"type": "response.done", "response": {"id": "resp_1", "status": status, "usage": {
        "input_token_details": {"audio_tokens": 7}, "output_token_details": {"audio_tokens": 9}}}})
}

fn cost() -> Usage {
    Usage {
        input_audio_tokens: 7,
        output_audio_tokens: 9,
        ..Usage::default()
    }
}

#[test]
fn a_change_of_the_turn_detection_alone_says_nothing_else() {
    let mut translator = ready(listening(Patience::Normal, true));
    assert_eq!(
        change(&mut translator, listening(Patience::Normal, false)),
        [
            json!({"type": "session.update", "event_id": "change", "session": {
                "type": "realtime",
                "audio": {"input": {"turn_detection": {
                    "type": "server_vad", "threshold": 0.5, "prefix_padding_ms": 300, "silence_duration_ms": 600,
                    "create_response": false, "interrupt_response": false,
                }}},
            }})
        ]
    );
    assert_eq!(
        change(&mut translator, manual()),
        [
            json!({"type": "session.update", "event_id": "change", "session": {
                "type": "realtime", "audio": {"input": {"turn_detection": null}},
            }})
        ]
    );
    assert!(change(&mut translator, manual()).is_empty());
}

#[test]
fn a_change_of_words_leaves_the_turn_detection_alone() {
    let mut translator = ready(setup());
    let changed = SessionSetup {
        instructions: "Be strict.".to_owned(),
        speed: 0.8,
        ..setup()
    };
    assert_eq!(
        change(&mut translator, changed),
        [
            json!({"type": "session.update", "event_id": "change", "session": {
                "type": "realtime", "instructions": "Be strict.", "audio": {"output": {"speed": 0.8}},
            }})
        ]
    );
}

#[test]
fn a_patient_learner_may_be_silent_for_three_seconds() {
    let mut translator = ready(listening(Patience::Quick, true));
    let frames = change(&mut translator, listening(Patience::Patient, true));
    let silence_ms =
        &frames[0]["session"]["audio"]["input"]["turn_detection"]["silence_duration_ms"];
    assert!(silence_ms.as_u64().unwrap() >= 3_400);
}

#[test]
fn what_was_heard_before_a_turn_of_ours_is_not_in_it() {
    let mut translator = ready(manual());
    let begin =
        |translator: &mut Translator| frames(&translator.command(ProviderCommand::BeginTurn)).len();
    let hear = |translator: &mut Translator| {
        translator.command(ProviderCommand::Audio(pcm(&[1, 2])));
    };
    assert_eq!(begin(&mut translator), 0, "there is nothing to throw away");
    hear(&mut translator);
    assert_eq!(begin(&mut translator), 0, "this belongs to the turn");
    translator.command(ProviderCommand::Commit);
    assert_eq!(begin(&mut translator), 0);
    translator.command(ProviderCommand::Commit);
    hear(&mut translator);
    let step = translator.command(ProviderCommand::BeginTurn);
    assert_eq!(frames(&step), [json!({"type": "input_audio_buffer.clear"})]);
}

#[test]
fn where_the_server_finds_turns_the_beginning_of_one_clears_nothing() {
    let mut translator = ready(setup());
    translator.command(ProviderCommand::Audio(pcm(&[1, 2])));
    assert!(
        translator
            .command(ProviderCommand::BeginTurn)
            .frames
            .is_empty()
    );
}

#[test]
fn silence_that_made_the_server_speak_up_is_nobodys_words() {
    let mut translator = ready(setup());
    let mut told = Vec::new();
    for event in [
        json!({"type": "input_audio_buffer.timeout_triggered", "audio_start_ms": 0, "audio_end_ms": 6000, "item_id": "item_3"}),
        json!({"type": "input_audio_buffer.committed", "item_id": "item_3"}),
        json!({"type": "conversation.item.input_audio_transcription.delta", "item_id": "item_3", "delta": "Thank you."}),
        json!({"type": "conversation.item.input_audio_transcription.completed", "item_id": "item_3", "transcript": "Thank you."}),
    ] {
        told.extend(receive(&mut translator, event).events);
    }
    assert_eq!(told, []);
}

#[test]
fn the_cost_of_a_reply_that_was_cut_off_is_told_on_its_own() {
    for (status, how) in [
        ("cancelled", ReplyEnd::Cancelled),
        ("completed", ReplyEnd::Complete),
    ] {
        let mut translator = ready(setup());
        speaks(&mut translator, &[1; 24_000]);
        translator.command(ProviderCommand::Truncate {
            reply: reply("item_1"),
            heard: Duration::from_millis(500),
            heard_text: String::new(),
        });
        assert_eq!(
            receive(&mut translator, done(status)).events,
            [
                ProviderEvent::ReplyEnded {
                    reply: reply("item_1"),
                    how,
                    usage: None
                },
                ProviderEvent::Used {
                    reply: Some(reply("item_1")),
                    usage: cost()
                },
            ]
        );
    }
}

#[test]
fn a_response_that_was_cancelled_before_it_spoke_has_its_price_too() {
    let mut translator = ready(setup());
    receive(
        &mut translator,
        json!({"type": "response.created", "response": {"id": "resp_1"}}),
    );
    assert_eq!(
        receive(&mut translator, done("cancelled")).events,
        [ProviderEvent::Used {
            reply: Some(reply("resp_1")),
            usage: cost()
        }]
    );
}

#[test]
fn writing_down_what_was_said_has_its_price() {
    let mut translator = ready(setup());
    for (told, usage) in [
        (
            json!({"type": "tokens", "total_tokens": 25, "input_tokens": 21, "output_tokens": 4,
                   "input_token_details": {"text_tokens": 1, "audio_tokens": 20}}),
            Usage {
                input_text_tokens: 1,
                input_audio_tokens: 20,
                output_text_tokens: 4,
                ..Usage::default()
            },
        ),
        (
            json!({"type": "duration", "seconds": 2.5}),
            Usage {
                input_audio_tokens: 25,
                ..Usage::default()
            },
        ),
    ] {
        let step = receive(
            &mut translator,
            json!({"type": "conversation.item.input_audio_transcription.completed", "item_id": "item_9", "transcript": "Hi", "usage": told}),
        );
        assert_eq!(step.events[1], ProviderEvent::Used { reply: None, usage });
    }
}

#[test]
fn a_limit_that_is_reached_is_told_once_until_it_is_free_again() {
    let mut translator = ready(setup());
    let mut limits = |remaining: i64| {
        let event = json!({"type": "rate_limits.updated", "rate_limits": [
            {"name": "tokens", "limit": 40_000, "remaining": remaining, "reset_seconds": 1.5}]});
        receive(&mut translator, event).events
    };
    assert_eq!(limits(39_000), []);
    let told = limits(0);
    let [ProviderEvent::Complained(fault)] = told.as_slice() else {
        panic!("{told:?}")
    };
    assert_eq!(fault.kind, FaultKind::Busy);
    assert_eq!(limits(0), []);
    assert_eq!(limits(1), []);
    assert_eq!(limits(0).len(), 1);
}

#[test]
fn words_and_two_calls_of_one_response_come_in_order_and_one_answer_follows_all_results() {
    let mut translator = ready(setup());
    speaks(&mut translator, &[1]);
    let call = |call: &str| {
        json!({"type": "response.output_item.done", "response_id": "resp_1",
               "item": {"id": format!("fc_{call}"), "type": "function_call", "name": "look", "call_id": call, "arguments": "{}"}})
    };
    let mut told = Vec::new();
    for event in [
        call("call_1"),
        call("call_1"),
        call("call_2"),
        done("completed"),
    ] {
        told.extend(receive(&mut translator, event).events);
    }
    let called: Vec<_> = told
        .iter()
        .map(|event| match event {
            ProviderEvent::ToolCalled(call) => call.id.to_string(),
            ProviderEvent::ReplyEnded { reply, .. } => reply.0.to_string(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(called, ["call_1", "call_2", "item_1"]);

    let mut result = |call: &str| {
        let step = translator.command(ProviderCommand::ToolResult {
            call: call.into(),
            name: "look".to_owned(),
            output: "{}".to_owned(),
        });
        frames(&step)
    };
    assert_eq!(kinds(&result("call_2")), ["conversation.item.create"]);
    assert_eq!(
        kinds(&result("call_1")),
        ["conversation.item.create", "response.create"]
    );
}

#[test]
fn results_of_two_calls_while_the_response_goes_on_are_answered_once_when_it_is_done() {
    let mut translator = ready(setup());
    speaks(&mut translator, &[1]);
    for call in ["call_1", "call_2"] {
        receive(
            &mut translator,
            json!({"type": "response.output_item.done", "item": {"type": "function_call", "name": "look", "call_id": call}}),
        );
        let step = translator.command(ProviderCommand::ToolResult {
            call: call.into(),
            name: "look".to_owned(),
            output: "{}".to_owned(),
        });
        assert_eq!(kinds(&frames(&step)), ["conversation.item.create"]);
    }
    let step = receive(&mut translator, done("completed"));
    assert_eq!(frames(&step), [json!({"type": "response.create"})]);
}

#[test]
fn a_cough_does_not_lose_a_reply_that_we_asked_for_ourselves() {
    for (acts, frames_sent) in [(false, 1), (true, 0)] {
        let mut translator = ready(listening(Patience::Normal, acts));
        speaks(&mut translator, &[1]);
        translator.command(ProviderCommand::Reply { instructions: None });
        receive(
            &mut translator,
            json!({"type": "input_audio_buffer.speech_started", "item_id": "item_9"}),
        );
        let step = receive(&mut translator, done("completed"));
        assert_eq!(step.frames.len(), frames_sent, "acts: {acts}");
    }
}

#[test]
fn whoever_cuts_a_reply_off_does_not_want_what_was_to_follow_it() {
    let mut translator = ready(listening(Patience::Normal, false));
    speaks(&mut translator, &[1]);
    translator.command(ProviderCommand::Reply { instructions: None });
    let step = translator.command(ProviderCommand::Cancel {
        reply: reply("item_1"),
    });
    assert_eq!(kinds(&frames(&step)), ["response.cancel"]);
    assert!(
        receive(&mut translator, done("cancelled"))
            .frames
            .is_empty()
    );
}
