//! Replies, and how they end.

use super::*;

#[test]
fn a_reply_is_one_audio_item_with_its_words_and_its_cost() {
    let mut translator = ready(setup());
    speaks(&mut translator, &[1, 2, 3]);
    let words = receive(
        &mut translator,
        json!({"type": "response.output_audio_transcript.delta", "response_id": "resp_1", "item_id": "item_1", "delta": "Yes", "obfuscation": "xx"}),
    );
    assert_eq!(
        words.events,
        [ProviderEvent::ReplyWords {
            reply: reply("item_1"),
            delta: "Yes".to_owned()
        }]
    );
    let done = receive(
        &mut translator,
        json!({"type": "response.done", "response": {"id": "resp_1", "status": "completed", "usage": {
            "input_token_details": {"text_tokens": 5, "audio_tokens": 7, "cached_tokens": 3},
            "output_token_details": {"text_tokens": 2, "audio_tokens": 9}}}}),
    );
    let usage = Usage {
        input_text_tokens: 5,
        input_audio_tokens: 7,
        cached_tokens: 3,
        output_text_tokens: 2,
        output_audio_tokens: 9,
    };
    assert_eq!(
        done.events,
        [ProviderEvent::ReplyEnded {
            reply: reply("item_1"),
            how: ReplyEnd::Complete,
            usage: Some(usage)
        }]
    );
}

#[test]
fn two_items_of_one_response_are_two_replies_one_after_the_other() {
    let mut translator = ready(setup());
    speaks(&mut translator, &[1]);
    let second = receive(
        &mut translator,
        json!({"type": "response.output_audio.delta", "response_id": "resp_1", "item_id": "item_2", "delta": audio(&[4])}),
    );
    assert_eq!(
        second.events[..2],
        [
            ProviderEvent::ReplyEnded {
                reply: reply("item_1"),
                how: ReplyEnd::Complete,
                usage: None
            },
            ProviderEvent::ReplyStarted {
                reply: reply("item_2")
            },
        ]
    );
    let done = receive(
        &mut translator,
        json!({"type": "response.done", "response": {"id": "resp_1", "status": "completed", "usage": {}}}),
    );
    assert_eq!(
        done.events,
        [ProviderEvent::ReplyEnded {
            reply: reply("item_2"),
            how: ReplyEnd::Complete,
            usage: Some(Usage::default())
        }],
        "the cost is counted once"
    );
}

#[test]
fn audio_of_an_item_that_was_never_announced_begins_a_reply() {
    let step = receive(
        &mut ready(setup()),
        json!({"type": "response.audio.delta", "item_id": "item_5", "delta": audio(&[7])}),
    );
    assert_eq!(
        step.events,
        [
            ProviderEvent::ReplyStarted {
                reply: reply("item_5")
            },
            ProviderEvent::ReplyAudio {
                reply: reply("item_5"),
                pcm: pcm(&[7])
            },
        ]
    );
}

#[test]
fn a_sample_that_is_split_over_two_deltas_is_put_together() {
    let mut translator = ready(setup());
    let bytes = [1_u8, 0, 2];
    let first = receive(
        &mut translator,
        json!({"type": "response.output_audio.delta", "item_id": "i", "delta": STANDARD.encode(bytes)}),
    );
    let second = receive(
        &mut translator,
        json!({"type": "response.output_audio.delta", "item_id": "i", "delta": STANDARD.encode([3_u8, 4, 0])}),
    );
    assert_eq!(
        first.events[1],
        ProviderEvent::ReplyAudio {
            reply: reply("i"),
            pcm: pcm(&[1])
        }
    );
    assert_eq!(
        second.events[0],
        ProviderEvent::ReplyAudio {
            reply: reply("i"),
            pcm: pcm(&[0x302, 4])
        }
    );
}

#[test]
fn words_that_come_only_as_a_whole_are_told_once() {
    let mut translator = ready(setup());
    speaks(&mut translator, &[1]);
    let done = json!({"type": "response.output_audio_transcript.done", "response_id": "resp_1", "item_id": "item_1", "transcript": "All of it"});
    assert_eq!(
        receive(&mut translator, done.clone()).events,
        [ProviderEvent::ReplyWords {
            reply: reply("item_1"),
            delta: "All of it".to_owned()
        }]
    );
    assert!(receive(&mut translator, done).events.is_empty());
}

#[test]
fn a_cut_is_told_in_ms_of_what_was_received() {
    let mut translator = ready(setup());
    speaks(&mut translator, &[1; 24_000]);
    let cut = |translator: &mut Translator, heard_us| {
        let command = ProviderCommand::Truncate {
            reply: reply("item_1"),
            heard: Duration::from_micros(heard_us),
            heard_text: String::new(),
        };
        frames(&translator.command(command))
    };
    assert_eq!(
        cut(&mut translator, 300_900),
        [
            json!({"type": "conversation.item.truncate", "item_id": "item_1", "content_index": 0, "audio_end_ms": 300})
        ]
    );
    assert_eq!(cut(&mut translator, 9_000_000)[0]["audio_end_ms"], 1000);
    assert_eq!(
        cut(&mut translator, 900),
        [json!({"type": "conversation.item.delete", "item_id": "item_1"})]
    );
}

#[test]
fn a_cut_of_a_reply_of_another_session_is_not_sent() {
    let command = ProviderCommand::Truncate {
        reply: reply("old"),
        heard: Duration::from_secs(1),
        heard_text: String::new(),
    };
    assert!(ready(setup()).command(command).frames.is_empty());
}

#[test]
fn only_the_response_that_is_under_way_is_cancelled_and_only_once() {
    let mut translator = ready(setup());
    speaks(&mut translator, &[1]);
    let cancel = || ProviderCommand::Cancel {
        reply: reply("item_1"),
    };
    assert_eq!(
        frames(&translator.command(cancel())),
        [json!({"type": "response.cancel", "response_id": "resp_1"})]
    );
    assert!(translator.command(cancel()).frames.is_empty());
    let done = receive(
        &mut translator,
        json!({"type": "response.done", "response": {"id": "resp_1", "status": "cancelled"}}),
    );
    assert_eq!(
        done.events,
        [ProviderEvent::ReplyEnded {
            reply: reply("item_1"),
            how: ReplyEnd::Cancelled,
            usage: None
        }]
    );
    assert!(translator.command(cancel()).frames.is_empty());
}

#[test]
fn typed_text_stops_what_is_being_answered_and_is_answered_when_that_is_done() {
    let mut translator = ready(setup());
    speaks(&mut translator, &[1]);
    let sent = frames(&translator.command(ProviderCommand::Text("Stop!".to_owned())));
    assert_eq!(
        sent[0]["item"]["content"][0],
        json!({"type": "input_text", "text": "Stop!"})
    );
    assert_eq!(sent[1]["type"], "response.cancel");
    assert_eq!(sent.len(), 2);
    let done = receive(
        &mut translator,
        json!({"type": "response.done", "response": {"id": "resp_1", "status": "cancelled"}}),
    );
    assert_eq!(frames(&done), [json!({"type": "response.create"})]);
}

#[test]
fn a_reply_that_is_asked_for_twice_does_not_wait_for_a_response_that_never_ends() {
    let mut translator = ready(setup());
    speaks(&mut translator, &[1]);
    let ask = || ProviderCommand::Reply { instructions: None };
    assert!(translator.command(ask()).frames.is_empty());
    assert_eq!(translator.command(ask()).frames.len(), 1);
}

#[test]
fn a_response_that_fails_before_it_says_anything_is_told() {
    let mut translator = ready(setup());
    receive(
        &mut translator,
        json!({"type": "response.created", "response": {"id": "resp_1"}}),
    );
    let done = receive(
        &mut translator,
        json!({"type": "response.done", "response": {"id": "resp_1", "status": "failed", "status_details": {"type": "failed", "error": {"type": "invalid_request_error", "code": "insufficient_quota"}}}}),
    );
    let [
        ProviderEvent::ReplyEnded {
            how: ReplyEnd::Failed(fault),
            ..
        },
    ] = done.events.as_slice()
    else {
        panic!("{done:?}")
    };
    assert_eq!(fault.kind, FaultKind::Refused);
}
