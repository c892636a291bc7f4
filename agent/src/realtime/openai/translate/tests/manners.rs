use avaaz_tutor::PastTurn;

use super::*;
use crate::realtime::openai::manners::{Dialect, Manners, NoiseReduction, TurnFinder};

fn set_up(setup: SessionSetup, manners: Manners) -> (Translator, Value) {
    let mut translator = translator(setup).with_manners(manners);
    let step = receive(&mut translator, json!({"type": "session.created"}));
    let session = frames(&step)[0]["session"].clone();
    (translator, session)
}

#[test]
fn a_server_that_knows_sense_is_told_how_eager_to_be() {
    let manners = Manners {
        turn_detection: TurnFinder::Semantic,
        ..Manners::default()
    };
    for (patience, eagerness) in [
        (Patience::Patient, "low"),
        (Patience::Normal, "medium"),
        (Patience::Quick, "high"),
    ] {
        for acts in [true, false] {
            let setup = SessionSetup {
                turn_detection: TurnDetection::Listening { patience, acts },
                ..setup()
            };
            let (_, session) = set_up(setup, manners);
            assert_eq!(
                session["audio"]["input"]["turn_detection"],
                json!({"type": "semantic_vad", "eagerness": eagerness, "create_response": acts, "interrupt_response": acts})
            );
        }
    }
}

#[test]
fn noise_is_reduced_where_that_is_asked_for() {
    for (noise_reduction, told) in [
        (NoiseReduction::Off, None),
        (
            NoiseReduction::NearField,
            Some(json!({"type": "near_field"})),
        ),
        (NoiseReduction::FarField, Some(json!({"type": "far_field"}))),
    ] {
        let manners = Manners {
            noise_reduction,
            ..Manners::default()
        };
        let (_, session) = set_up(setup(), manners);
        assert_eq!(
            session["audio"]["input"].get("noise_reduction"),
            told.as_ref()
        );
    }
}

const BETA: Manners = Manners {
    dialect: Dialect::Beta,
    turn_detection: TurnFinder::Semantic,
    noise_reduction: NoiseReduction::NearField,
};

#[test]
fn the_older_dialect_has_a_flat_session_and_only_what_it_knows() {
    let tools = vec![ToolOffer {
        name: "end".to_owned(),
        description: "Ends.".to_owned(),
        parameters: "{}".to_owned(),
    }];
    let (_, session) = set_up(SessionSetup { tools, ..setup() }, BETA);
    assert_eq!(
        session,
        json!({
            "modalities": ["text", "audio"],
            "instructions": "Be kind.",
            "voice": "cedar",
            "input_audio_format": "pcm16",
            "output_audio_format": "pcm16",
            "input_audio_transcription": {"model": "gpt-transcribe"},
            "turn_detection": {
                "type": "server_vad", "threshold": 0.5, "prefix_padding_ms": 300, "silence_duration_ms": 600,
                "create_response": true, "interrupt_response": true,
            },
            "tools": [{"type": "function", "name": "end", "description": "Ends.", "parameters": {}}],
            "tool_choice": "auto",
        })
    );
}

#[test]
fn a_change_in_the_older_dialect_is_flat_too() {
    let (mut translator, _) = set_up(setup(), BETA);
    receive(&mut translator, json!({"type": "session.updated"}));
    let change = |translator: &mut Translator, setup: SessionSetup| {
        frames(&translator.command(ProviderCommand::Change(Box::new(setup))))[0]["session"].clone()
    };
    let manual = SessionSetup {
        turn_detection: TurnDetection::Manual,
        ..setup()
    };
    assert_eq!(
        change(&mut translator, manual.clone()),
        json!({"turn_detection": null})
    );
    let slow = SessionSetup {
        speed: 0.5,
        ..manual.clone()
    };
    assert_eq!(change(&mut translator, slow), json!({"speed": 0.5}));
    assert_eq!(change(&mut translator, manual), json!({"speed": 1.0}));
}

/// As a server of the older dialect says it: some events have no ids, items come as `conversation.item.created`, a response
/// begins as `incomplete`, and tells no cost.
#[test]
fn a_conversation_in_the_older_dialect_is_understood() {
    let past = PastTurn {
        seq: 1,
        speaker: Speaker::Tutor,
        text: "Hello!".to_owned(),
        interrupted: false,
    };
    let history = vec![past];
    let (mut translator, _) = set_up(SessionSetup { history, ..setup() }, BETA);
    let ready = receive(
        &mut translator,
        json!({"type": "session.updated", "event_id": "event_2", "session": {
            "id": "sess_1", "model": "llama", "modalities": ["audio", "text"], "voice": "af_heart",
            "input_audio_format": "pcm16", "output_audio_format": "pcm16",
            "input_audio_transcription": {"model": "whisper"}, "turn_detection": null}}),
    );
    assert_eq!(
        frames(&ready)[0]["item"],
        json!({"type": "message", "role": "assistant", "content": [{"type": "text", "text": "Hello!"}]})
    );
    let [
        ProviderEvent::Ready {
            capabilities,
            model,
        },
    ] = ready.events.as_slice()
    else {
        panic!("{ready:?}")
    };
    assert_eq!(
        (
            capabilities.input_rate_hz,
            capabilities.output_rate_hz,
            model.as_str()
        ),
        (24_000, 24_000, "llama")
    );

    let mut told = Vec::new();
    for event in [
        json!({"type": "conversation.created", "conversation": {"id": "conv_1", "object": "realtime.conversation"}}),
        json!({"type": "input_audio_buffer.speech_started", "audio_start_ms": 700, "item_id": "item_1"}),
        json!({"type": "input_audio_buffer.speech_stopped", "audio_end_ms": 1900, "item_id": "item_1"}),
        json!({"type": "input_audio_buffer.committed", "item_id": "item_1", "previous_item_id": null}),
        json!({"type": "conversation.item.created", "previous_item_id": null, "item": {
            "id": "item_1", "object": "realtime.item", "type": "message", "role": "user", "status": "completed",
            "content": [{"type": "input_audio", "transcript": null}]}}),
        json!({"type": "conversation.item.input_audio_transcription.completed", "item_id": "item_1", "content_index": 0, "transcript": "Hi"}),
        json!({"type": "response.created", "response": {"id": "resp_1", "object": "realtime.response", "status": "incomplete", "output": [], "modalities": ["audio", "text"]}}),
        json!({"type": "response.output_item.added", "response_id": "resp_1", "output_index": 0, "item": {
            "id": "item_2", "object": "realtime.item", "type": "message", "role": "assistant", "status": "incomplete", "content": []}}),
        json!({"type": "conversation.item.created", "previous_item_id": "item_1", "item": {"id": "item_2", "type": "message", "role": "assistant", "content": []}}),
        json!({"type": "response.content_part.added", "response_id": "resp_1", "item_id": "item_2", "part": {"type": "audio", "transcript": ""}}),
        json!({"type": "response.audio_transcript.delta", "response_id": "resp_1", "item_id": "item_2", "output_index": 0, "content_index": 0, "delta": "Hey."}),
        json!({"type": "response.audio.delta", "response_id": "resp_1", "item_id": "item_2", "output_index": 0, "content_index": 0, "delta": audio(&[5, 6])}),
        json!({"type": "response.audio_transcript.done", "response_id": "resp_1", "item_id": "item_2", "transcript": "Hey."}),
        json!({"type": "response.audio.done", "response_id": "resp_1", "item_id": "item_2"}),
        json!({"type": "response.output_item.done", "response_id": "resp_1", "item": {"id": "item_2", "type": "message", "role": "assistant", "status": "completed"}}),
        json!({"type": "response.done", "response": {"id": "resp_1", "object": "realtime.response", "status": "completed", "output": []}}),
    ] {
        told.extend(receive(&mut translator, event).events);
    }
    let item = ItemId(Arc::from("item_1"));
    assert_eq!(
        told,
        [
            ProviderEvent::SpeechStarted { item: item.clone() },
            ProviderEvent::SpeechStopped { item: item.clone() },
            ProviderEvent::LearnerWords {
                item,
                text: "Hi".to_owned()
            },
            ProviderEvent::ReplyStarted {
                reply: reply("item_2")
            },
            ProviderEvent::ReplyWords {
                reply: reply("item_2"),
                delta: "Hey.".to_owned()
            },
            ProviderEvent::ReplyAudio {
                reply: reply("item_2"),
                pcm: pcm(&[5, 6])
            },
            ProviderEvent::ReplyEnded {
                reply: reply("item_2"),
                how: ReplyEnd::Complete,
                usage: None
            },
        ]
    );
    assert!(translator.unknown.is_empty(), "{:?}", translator.unknown);
}
