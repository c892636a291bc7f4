use serde_json::{Value, json};

use crate::client::{Client, outline, start};

const QUERY: &str = "model=gpt-realtime-2.1&dialect=beta";

#[tokio::test]
async fn the_older_dialect_wants_its_header() {
    let simulator = start(json!({})).await;
    let mut client = Client::open(&simulator, QUERY, Some("sk-good"))
        .await
        .unwrap();
    assert_eq!(client.next().await["error"]["code"], "missing_beta_header");
    assert_eq!(u16::from(client.closed().await.code), 4000);
}

#[tokio::test]
async fn a_conversation_in_the_older_dialect_has_its_shapes_throughout() {
    let simulator = start(json!({"default": {"replies": [{"text": "Quite so.", "beeps": true}]}, "unknown_events": false})).await;
    let header = [("openai-beta", "realtime=v1")];
    let mut client = Client::open_with(&simulator, QUERY, Some("sk-good"), &header)
        .await
        .unwrap();
    let created = client.next().await;
    assert_eq!(created["session"]["input_audio_format"], "pcm16");
    assert!(created["session"].get("audio").is_none());

    client
        .send(json!({"type": "session.update", "session": {
            "modalities": ["text", "audio"], "voice": "ash", "input_audio_format": "pcm16",
            "turn_detection": {"type": "server_vad", "silence_duration_ms": 700}}}))
        .await;
    let session = client.next().await["session"].take();
    assert_eq!(session["modalities"], json!(["text", "audio"]));
    assert_eq!(session["voice"], "ash");
    assert_eq!(session["turn_detection"]["silence_duration_ms"], 700);

    let content = json!([{"type": "text", "text": "Hello."}]);
    let item = json!({"type": "message", "role": "assistant", "content": content});
    client
        .send(json!({"type": "conversation.item.create", "item": item}))
        .await;
    let told = client.next().await;
    assert_eq!(told["type"], "conversation.item.created");
    assert_eq!(told["item"]["content"], content);
    client.type_text("Is it so?").await;
    let events = client.until("response.done").await;
    let mut kinds = outline(&events);
    // The words and the sound come in as many pieces as it happens.
    let first_done = kinds.iter().position(|kind| *kind == "response.audio.done");
    let deltas = 5..first_done.expect("the sound ends");
    assert_eq!(
        kinds
            .drain(deltas)
            .collect::<std::collections::BTreeSet<_>>(),
        ["response.audio.delta", "response.audio_transcript.delta"].into()
    );
    assert_eq!(
        kinds,
        [
            "conversation.item.created",
            "response.created",
            "response.output_item.added",
            "conversation.item.created",
            "response.content_part.added",
            "response.audio.done",
            "response.audio_transcript.done",
            "response.content_part.done",
            "response.output_item.done",
            "response.done",
        ]
    );
    let response = &events.last().unwrap()["response"];
    assert_eq!(response["output_audio_format"], "pcm16");
    assert_eq!(
        response["output"][0]["content"],
        json!([{"type": "audio", "transcript": "Quite so."}])
    );
}

#[tokio::test]
async fn todays_words_are_refused_in_the_older_dialect() {
    let simulator = start(json!({})).await;
    let header = [("openai-beta", "realtime=v1")];
    let mut client = Client::open_with(&simulator, QUERY, Some("sk-good"), &header)
        .await
        .unwrap();
    client.next().await;
    client
        .send(json!({"type": "session.update", "session": {"input_audio_shape": "pcm16"}}))
        .await;
    let error: Value = client.next().await;
    assert_eq!(error["error"]["param"], "session.input_audio_shape");
}
