use std::time::Duration;

use serde_json::{Value, json};

use crate::client::{Client, outline, start};

fn with_transcripts() -> Value {
    json!({"audio": {"input": {
        "transcription": {"model": "gpt-transcribe"},
        "turn_detection": {"type": "server_vad", "silence_duration_ms": 500},
    }}})
}

fn manual() -> Value {
    json!({"audio": {"input": {"turn_detection": null, "transcription": {"model": "gpt-transcribe"}}}})
}

#[tokio::test]
async fn a_spoken_turn_has_the_events_of_the_real_server_in_their_order() {
    let simulator =
        start(json!({"default": {"replies": ["Good."]}, "unknown_events": false})).await;
    let mut client = Client::connect(&simulator).await;
    client.speak("Yesterday I went to the market.").await;
    let events = client.until("rate_limits.updated").await;
    let mut order = outline(&events);
    order.retain(|kind| !kind.ends_with(".delta"));
    assert_eq!(
        order,
        [
            "input_audio_buffer.speech_started",
            "input_audio_buffer.speech_stopped",
            "input_audio_buffer.committed",
            "conversation.item.added",
            "conversation.item.done",
            "response.created",
            "response.output_item.added",
            "conversation.item.added",
            "response.content_part.added",
            "response.output_audio.done",
            "response.output_audio_transcript.done",
            "response.content_part.done",
            "conversation.item.done",
            "response.output_item.done",
            "response.done",
            "rate_limits.updated",
        ]
    );
    let item = &events[3]["item"];
    assert_eq!(
        item["content"],
        json!([{"type": "input_audio", "transcript": null}])
    );
    assert!(item.get("object").is_none(), "items have no object");
    assert_eq!(events[0]["item_id"], item["id"]);
    assert!(events.iter().all(|event| event["event_id"].is_string()));
}

#[tokio::test]
async fn the_learners_words_come_from_the_script_one_turn_after_the_other() {
    let simulator = start(json!({"default": {
        "replies": [{"text": "One.", "beeps": true}, {"text": "Two.", "beeps": true}],
        "learner_says": ["I went to the market", {"text": "Apples", "delay_ms": 10}],
    }}))
    .await;
    let mut client = Client::connect(&simulator).await;
    client.update(with_transcripts()).await;
    for words in ["I went to the market", "Apples"] {
        client
            .speak("Whatever this says, the script knows better.")
            .await;
        let events = client
            .until("conversation.item.input_audio_transcription.completed")
            .await;
        let kind = "conversation.item.input_audio_transcription.delta";
        let deltas = events.iter().filter(|event| event["type"] == kind);
        let told: String = deltas.filter_map(|event| event["delta"].as_str()).collect();
        let completed = events.last().unwrap();
        assert_eq!(completed["transcript"], words);
        assert_eq!(completed["usage"]["type"], "tokens");
        assert_eq!(told, words);
    }
}

#[tokio::test]
async fn without_a_script_speech_is_written_down_as_what_it_is() {
    let simulator = start(json!({})).await;
    let mut client = Client::connect(&simulator).await;
    client.update(with_transcripts()).await;
    client
        .speak("Yesterday I went to the market and bought some apples.")
        .await;
    let completed = client
        .find("conversation.item.input_audio_transcription.completed")
        .await;
    let transcript = completed["transcript"].as_str().unwrap();
    let seconds = transcript
        .strip_prefix("[speech, ")
        .and_then(|rest| rest.strip_suffix(" s]"));
    let seconds: f64 = seconds
        .unwrap_or_else(|| panic!("{transcript}"))
        .parse()
        .unwrap();
    assert!((2.0..5.0).contains(&seconds), "{transcript}");
}

#[tokio::test]
async fn a_transcription_can_fail() {
    let simulator = start(json!({"default": {"learner_says": [{"fails": true}]}})).await;
    let mut client = Client::connect(&simulator).await;
    client.update(with_transcripts()).await;
    client.speak("Nobody will know.").await;
    let failed = client
        .find("conversation.item.input_audio_transcription.failed")
        .await;
    assert!(failed["error"]["message"].is_string());
}

#[tokio::test]
async fn nobody_writes_down_what_nobody_asked_for() {
    let simulator =
        start(json!({"default": {"replies": [{"text": "Yes.", "first_audio_after_ms": 800}]}}))
            .await;
    let mut client = Client::connect(&simulator).await;
    client.speak("Yesterday I went to the market.").await;
    let events = client.until("rate_limits.updated").await;
    assert!(
        !outline(&events)
            .iter()
            .any(|kind| kind.contains("transcription")),
        "{events:?}"
    );
}

#[tokio::test]
async fn with_create_response_off_a_turn_is_committed_and_not_answered() {
    let simulator = start(json!({})).await;
    let mut client = Client::connect(&simulator).await;
    let detection = json!({"type": "server_vad", "create_response": false});
    client
        .update(json!({"audio": {"input": {"turn_detection": detection}}}))
        .await;
    client.speak("Yes, please!").await;
    client.until("conversation.item.done").await;
    let more = tokio::time::timeout(Duration::from_millis(400), client.next()).await;
    assert!(more.is_err(), "{more:?}");
}

#[tokio::test]
async fn without_turn_detection_the_client_ends_the_turn_and_asks_for_the_reply() {
    let simulator = start(json!({"default": {"learner_says": ["Manually"]}})).await;
    let mut client = Client::connect(&simulator).await;
    client.update(manual()).await;
    client.speak("Yesterday I went to the market.").await;
    client
        .send(json!({"type": "input_audio_buffer.commit"}))
        .await;
    let events = client
        .until("conversation.item.input_audio_transcription.completed")
        .await;
    assert_eq!(events.last().unwrap()["transcript"], "Manually");
    assert_eq!(outline(&events)[0], "input_audio_buffer.committed");
    assert!(!outline(&events).contains(&"response.created"));
}

#[tokio::test]
async fn a_commit_of_less_than_100_ms_is_refused_also_after_a_clear() {
    let simulator = start(json!({})).await;
    let mut client = Client::connect(&simulator).await;
    client.update(manual()).await;
    client.send_audio(&[0; 24_000]).await;
    client
        .send(json!({"type": "input_audio_buffer.clear"}))
        .await;
    assert_eq!(client.next().await["type"], "input_audio_buffer.cleared");
    client
        .send(json!({"type": "input_audio_buffer.commit"}))
        .await;
    assert_eq!(
        client.next().await["error"]["code"],
        "input_audio_buffer_commit_empty"
    );
}

#[tokio::test]
async fn audio_that_is_no_base64_or_half_a_sample_is_refused() {
    let simulator = start(json!({})).await;
    let mut client = Client::connect(&simulator).await;
    for audio in ["%%%", "AAAA"] {
        client
            .send(json!({"type": "input_audio_buffer.append", "audio": audio}))
            .await;
        assert_eq!(client.next().await["error"]["param"], "audio");
    }
}

#[tokio::test]
async fn a_learner_who_stays_silent_is_noticed_after_the_idle_timeout() {
    let script = json!({"default": {"greeting": {"text": "Hello", "beeps": true}, "replies": ["Are you there?"]}});
    let simulator = start(script).await;
    let mut client = Client::connect(&simulator).await;
    let detection = json!({"type": "server_vad", "idle_timeout_ms": 5000});
    client
        .update(json!({"audio": {"input": {"turn_detection": detection}}}))
        .await;
    client.send(json!({"type": "response.create"})).await;
    client.until("rate_limits.updated").await;
    client.send_audio(&vec![0; 24_000 * 6]).await;
    let events = client.until("response.created").await;
    assert_eq!(events[0]["type"], "input_audio_buffer.timeout_triggered");
    assert_eq!(events[1]["type"], "input_audio_buffer.committed");
}

#[tokio::test]
async fn the_timeline_tells_when_audio_came_and_when_the_first_was_sent() {
    let simulator = start(json!({"default": {"replies": ["Good."]}})).await;
    let mut client = Client::connect(&simulator).await;
    client.speak("Yesterday I went to the market.").await;
    client.until("response.done").await;
    let moments = serde_json::to_value(simulator.timeline(0)).unwrap();
    let moments = moments["entries"].as_array().unwrap();
    let at = |kind: &str| {
        let found = moments.iter().find(|moment| moment["kind"] == kind);
        found
            .and_then(|moment| moment["at_us"].as_u64())
            .unwrap_or_else(|| panic!("no {kind}"))
    };
    assert!(at("audio_received") <= at("speech_started"));
    assert!(at("speech_stopped") <= at("first_audio_sent"));
    let loud = moments
        .iter()
        .filter(|moment| moment["kind"] == "audio_received");
    assert!(
        loud.filter_map(|moment| moment["peak"].as_f64())
            .any(|peak| peak > 0.1)
    );
    assert!(simulator.stats().audio_bytes_received > 100_000);
    assert_eq!(simulator.stats().sent("response.done"), 1);
}

#[tokio::test]
async fn eagerness_decides_how_long_a_pause_may_be() {
    for (eagerness, holds) in [("low", true), ("medium", false), ("high", false)] {
        let simulator = start(json!({})).await;
        let mut client = Client::connect(&simulator).await;
        let detection =
            json!({"type": "semantic_vad", "eagerness": eagerness, "create_response": false});
        let updated = client
            .update(json!({"audio": {"input": {"turn_detection": detection, "noise_reduction": {"type": "far_field"}}}}))
            .await;
        let input = &updated["session"]["audio"]["input"];
        assert_eq!(input["turn_detection"]["eagerness"], eagerness);
        assert_eq!(input["turn_detection"]["interrupt_response"], true);
        assert_eq!(input["noise_reduction"]["type"], "far_field");
        client.speak("Yesterday I went to the").await;
        client.send_audio(&vec![0; 24_000 * 3 / 2]).await;
        client.speak("market and bought some apples.").await;
        client.send_audio(&vec![0; 24_000 * 5]).await;
        let mut stopped = 0;
        client
            .send(json!({"type": "input_audio_buffer.clear"}))
            .await;
        for event in client.until("input_audio_buffer.cleared").await {
            stopped += usize::from(event["type"] == "input_audio_buffer.speech_stopped");
        }
        assert_eq!(stopped, if holds { 1 } else { 2 }, "{eagerness}");
    }
}

#[tokio::test]
async fn with_interrupt_response_off_speech_leaves_the_reply_alone() {
    let reply = json!({"text": "word ".repeat(30), "beeps": true});
    let simulator = start(json!({"default": {"greeting": reply}})).await;
    let mut client = Client::connect(&simulator).await;
    let detection =
        json!({"type": "semantic_vad", "create_response": false, "interrupt_response": false});
    client
        .update(json!({"audio": {"input": {"turn_detection": detection}}}))
        .await;
    client.send(json!({"type": "response.create"})).await;
    client.until("response.output_audio.delta").await;
    client.speak("Mm-hm, go on, please go on.").await;
    let events = client.until("response.done").await;
    assert_eq!(events.last().unwrap()["response"]["status"], "completed");
    let kinds = outline(&events);
    assert!(
        kinds.contains(&"input_audio_buffer.speech_stopped"),
        "{kinds:?}"
    );
    let more = tokio::time::timeout(Duration::from_millis(400), client.find("response.created"));
    assert!(more.await.is_err(), "nobody asked for another reply");
}

#[tokio::test]
async fn what_a_response_reads_stays_within_what_the_truncation_keeps() {
    let simulator = start(json!({"default": {"replies": ["Yes."]}})).await;
    let mut client = Client::connect(&simulator).await;
    let truncation = json!({"type": "retention_ratio", "retention_ratio": 0.5, "token_limits": {"post_instructions": 200}});
    let updated = client
        .update(
            json!({"instructions": "", "output_modalities": ["text"], "truncation": truncation}),
        )
        .await;
    assert_eq!(updated["session"]["truncation"], truncation);
    let mut read = Vec::new();
    for _ in 0..12 {
        client.type_text(&"a word ".repeat(30)).await;
        let done = client.find("response.done").await;
        read.push(done["response"]["usage"]["input_tokens"].as_u64().unwrap());
    }
    assert!(read.iter().all(|tokens| *tokens <= 200), "{read:?}");
    assert!(read.iter().any(|tokens| *tokens > 150), "{read:?}");
}
