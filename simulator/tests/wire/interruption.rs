use serde_json::{Value, json};

use crate::client::{Client, audio_ms, start};

/// A reply of 6 s, delivered in 2 s.
fn long_reply() -> Value {
    let text = vec!["word"; 30].join(" ");
    json!({"text": text, "beeps": true, "delivery_speed": 3.0})
}

async fn greeted(client: &mut Client) -> Vec<Value> {
    client.send(json!({"type": "response.create"})).await;
    client.until("response.output_audio.delta").await
}

#[tokio::test]
async fn speech_cancels_the_reply_by_itself() {
    let simulator = start(json!({"default": {"greeting": long_reply()}})).await;
    let mut client = Client::connect(&simulator).await;
    greeted(&mut client).await;
    client.speak("Wait, I have a question!").await;
    client.until("input_audio_buffer.speech_started").await;
    let done = client.find("response.done").await;
    assert_eq!(done["response"]["status"], "cancelled");
    assert_eq!(
        done["response"]["status_details"],
        json!({"type": "cancelled", "reason": "turn_detected"})
    );
    assert_eq!(done["response"]["output"][0]["status"], "incomplete");
}

#[tokio::test]
async fn speech_leaves_the_reply_alone_where_it_may_not_interrupt() {
    let simulator = start(json!({"default": {"greeting": long_reply()}})).await;
    let mut client = Client::connect(&simulator).await;
    let detection =
        json!({"type": "server_vad", "interrupt_response": false, "create_response": false});
    client
        .update(json!({"audio": {"input": {"turn_detection": detection}}}))
        .await;
    greeted(&mut client).await;
    client.speak("Wait, I have a question!").await;
    assert_eq!(
        client.find("response.done").await["response"]["status"],
        "completed"
    );
}

#[tokio::test]
async fn a_client_cancels_the_reply_and_what_follows_is_its_end() {
    let simulator = start(json!({"default": {"greeting": long_reply()}})).await;
    let mut client = Client::connect(&simulator).await;
    greeted(&mut client).await;
    client.send(json!({"type": "response.cancel"})).await;
    let done = client.find("response.done").await;
    assert_eq!(
        done["response"]["status_details"]["reason"],
        "client_cancelled"
    );
    assert_eq!(client.next().await["type"], "rate_limits.updated");
    client
        .send(json!({"type": "response.cancel", "event_id": "again"}))
        .await;
    let error = client.next().await;
    assert_eq!(error["error"]["code"], "response_cancel_not_active");
    assert_eq!(error["error"]["event_id"], "again");
}

#[tokio::test]
async fn a_second_response_at_the_same_time_is_refused() {
    let simulator = start(json!({"default": {"greeting": long_reply()}})).await;
    let mut client = Client::connect(&simulator).await;
    greeted(&mut client).await;
    client.send(json!({"type": "response.create"})).await;
    let error = client.find("error").await;
    assert_eq!(
        error["error"]["code"],
        "conversation_already_has_active_response"
    );
}

#[tokio::test]
async fn a_reply_is_truncated_to_what_was_heard_and_loses_its_transcript() {
    let simulator = start(json!({"default": {"greeting": long_reply()}})).await;
    let mut client = Client::connect(&simulator).await;
    let mut events = greeted(&mut client).await;
    events.extend(client.until("rate_limits.updated").await);
    let item_id = events
        .iter()
        .find_map(|event| event["item"]["id"].as_str())
        .unwrap()
        .to_owned();
    let truncate = |audio_end_ms: u64| json!({"type": "conversation.item.truncate", "item_id": item_id, "content_index": 0, "audio_end_ms": audio_end_ms});
    let received_ms = audio_ms(&events);

    client.send(truncate(received_ms + 1)).await;
    let error = client.next().await;
    assert_eq!(
        error["error"]["message"],
        format!(
            "Audio content of {received_ms}ms is already shorter than {}ms",
            received_ms + 1
        )
    );

    client.send(truncate(1_500)).await;
    let truncated = client.next().await;
    assert_eq!(truncated["type"], "conversation.item.truncated");
    assert_eq!(truncated["audio_end_ms"], 1_500);
    client
        .send(json!({"type": "conversation.item.retrieve", "item_id": item_id}))
        .await;
    assert_eq!(client.next().await["item"]["content"][0]["transcript"], "");
    client.send(truncate(1_501)).await;
    assert_eq!(client.next().await["error"]["code"], "invalid_value");
}

#[tokio::test]
async fn only_spoken_replies_can_be_truncated() {
    let simulator = start(json!({})).await;
    let mut client = Client::connect(&simulator).await;
    let item = json!({"id": "mine", "type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi"}]});
    client
        .send(json!({"type": "conversation.item.create", "item": item}))
        .await;
    client.until("conversation.item.done").await;
    let truncate = |id: &str| json!({"type": "conversation.item.truncate", "item_id": id, "content_index": 0, "audio_end_ms": 0});
    client.send(truncate("mine")).await;
    assert_eq!(
        client.next().await["error"]["message"],
        "Only model output audio messages can be truncated"
    );
    client.send(truncate("nobodys")).await;
    assert_eq!(
        client.next().await["error"]["code"],
        "item_truncate_invalid_item_id"
    );
}
