use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::client::{Client, start};

#[tokio::test]
async fn the_defaults_are_the_real_servers() {
    let simulator = start(json!({})).await;
    let mut client = Client::open(&simulator, "model=gpt-realtime-2.1", Some("sk-good"))
        .await
        .unwrap();
    let session = client.next().await["session"].take();
    assert_eq!(session["model"], "gpt-realtime-2.1");
    assert_eq!(
        session["audio"]["input"]["turn_detection"],
        json!({"type": "server_vad", "threshold": 0.5, "prefix_padding_ms": 300, "silence_duration_ms": 200,
            "idle_timeout_ms": null, "create_response": true, "interrupt_response": true})
    );
    assert_eq!(session["audio"]["output"]["voice"], "alloy");
    assert_eq!(session["max_output_tokens"], "inf");
    for key in ["tracing", "prompt", "include"] {
        assert_eq!(session.get(key), Some(&json!(null)), "{key}");
    }
}

#[tokio::test]
async fn an_update_changes_what_it_names_and_keeps_the_rest() {
    let simulator = start(json!({})).await;
    let mut client = Client::connect(&simulator).await;
    client.update(json!({"instructions": "Be kind."})).await;
    let settings = json!({"audio": {"input": {"turn_detection": {"type": "server_vad", "silence_duration_ms": 700}}}});
    let updated = client.update(settings).await;
    assert_eq!(updated["type"], "session.updated");
    let session = &updated["session"];
    assert_eq!(session["instructions"], "Be kind.");
    let detection = &session["audio"]["input"]["turn_detection"];
    assert_eq!(detection["silence_duration_ms"], 700);
    assert_eq!(detection["prefix_padding_ms"], 300);
    assert_eq!(session["audio"]["output"]["voice"], "alloy");
}

#[tokio::test]
async fn an_unknown_key_is_refused_by_its_name_and_discards_the_whole_update() {
    let simulator = start(json!({})).await;
    let mut client = Client::connect(&simulator).await;
    client
        .send(
            json!({"type": "session.update", "event_id": "mine", "session":
            {"type": "realtime", "instructions": "Lost", "temperature": 0.8}}),
        )
        .await;
    let error = client.next().await;
    assert_eq!(error["error"]["code"], "unknown_parameter");
    assert_eq!(error["error"]["param"], "session.temperature");
    assert_eq!(error["error"]["event_id"], "mine");
    let updated = client.update(json!({})).await;
    assert_ne!(updated["session"]["instructions"], "Lost");
}

#[tokio::test]
async fn wrong_values_are_told_with_their_code_and_place() {
    let simulator = start(json!({})).await;
    let mut client = Client::connect(&simulator).await;
    let wrong = [
        (
            json!({"audio": {"input": {"format": {"type": "audio/pcm", "rate": 16000}}}}),
            "integer_below_min_value",
            "session.audio.input.format.rate",
        ),
        (
            json!({"audio": {"output": {"speed": 3}}}),
            "decimal_above_max_value",
            "session.audio.output.speed",
        ),
        (
            json!({"audio": {"output": {"voice": "nobody"}}}),
            "invalid_value",
            "session.audio.output.voice",
        ),
        (
            json!({"tools": [{"type": "function", "function": {"name": "x"}}]}),
            "unknown_parameter",
            "session.tools[0].function",
        ),
        (
            json!({"output_modalities": ["audio", "text"]}),
            "invalid_value",
            "session.output_modalities",
        ),
        (
            json!({"instructions": null}),
            "invalid_type",
            "session.instructions",
        ),
        (
            json!({"model": "gpt-realtime-2"}),
            "invalid_value",
            "session.model",
        ),
    ];
    for (settings, code, param) in wrong {
        let error = client.update(settings.clone()).await;
        assert_eq!(error["error"]["code"], code, "{settings}");
        assert_eq!(error["error"]["param"], param, "{settings}");
    }
}

#[tokio::test]
async fn a_session_without_its_type_is_refused() {
    let simulator = start(json!({})).await;
    let mut client = Client::connect(&simulator).await;
    client
        .send(json!({"type": "session.update", "session": {}}))
        .await;
    let error = client.next().await;
    assert_eq!(error["error"]["code"], "missing_required_parameter");
    assert_eq!(error["error"]["param"], "session.type");
}

#[tokio::test]
async fn the_voice_is_frozen_once_it_was_heard() {
    let simulator = start(json!({"default": {"greeting": "Hello."}})).await;
    let mut client = Client::connect(&simulator).await;
    let voice = |voice| json!({"audio": {"output": {"voice": voice}}});
    assert_eq!(
        client.update(voice("marin")).await["type"],
        "session.updated"
    );
    client.send(json!({"type": "response.create"})).await;
    client.until("rate_limits.updated").await;
    let error = client.update(voice("cedar")).await;
    assert_eq!(error["error"]["code"], "cannot_update_voice");
    assert_eq!(
        client.update(voice("marin")).await["type"],
        "session.updated"
    );
}

#[tokio::test]
async fn what_is_no_event_is_answered_and_ends_nothing() {
    let simulator = start(json!({})).await;
    let mut client = Client::connect(&simulator).await;
    client.send(json!({"type": "nope"})).await;
    let error = client.next().await;
    assert_eq!(error["error"]["code"], "invalid_value");
    assert_eq!(error["error"]["param"], "type");
    client.send(json!([1])).await;
    assert_eq!(client.next().await["error"]["code"], "invalid_event");

    client.socket.send(Message::text("{not json")).await;
    assert_eq!(client.next().await["error"]["code"], "invalid_json");
    client.socket.send(Message::binary(vec![1, 2])).await;
    assert_eq!(client.next().await["error"]["code"], "invalid_event");
    assert_eq!(client.update(json!({})).await["type"], "session.updated");
}
