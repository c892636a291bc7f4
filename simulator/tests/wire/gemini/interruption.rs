use serde_json::{Value, json};

use super::client::{Gemini, audio_ms, has, words};
use crate::client::{speech, start};

/// A reply of 6 s, delivered in 2 s.
fn long_reply() -> Value {
    let text = vec!["word"; 30].join(" ");
    json!({"text": text, "beeps": true, "delivery_speed": 3.0})
}

async fn speaking(simulator: &avaaz_simulator::Running, setup: Value) -> Gemini {
    let mut client = Gemini::connect(simulator, setup).await;
    client.type_text("Go on").await;
    client
        .until("/serverContent/modelTurn/parts/0/inlineData")
        .await;
    client
}

fn assert_interrupted(messages: &[Value]) {
    assert!(!has(messages, "/serverContent/generationComplete"));
    let [.., interrupted, over] = messages else {
        panic!("{messages:?}");
    };
    assert_eq!(
        *interrupted,
        json!({"serverContent": {"interrupted": true}})
    );
    assert_eq!(over["serverContent"], json!({"turnComplete": true}));
    assert!(over["usageMetadata"]["totalTokenCount"].as_u64() > Some(0));
}

#[tokio::test]
async fn speech_interrupts_and_is_answered() {
    let simulator = start(json!({"default": {"replies": [long_reply(), "I see."]}})).await;
    let mut client = speaking(&simulator, json!({"outputAudioTranscription": {}})).await;
    client
        .send_audio(&speech("Wait, I have a question!").await)
        .await;
    assert_interrupted(&client.turn().await);
    assert_eq!(words(&client.turn().await, "outputTranscription"), "I see.");
}

#[tokio::test]
async fn speech_does_not_interrupt_where_it_may_not() {
    let simulator = start(json!({"default": {"replies": [long_reply()]}})).await;
    let setup = json!({"realtimeInputConfig": {"activityHandling": "NO_INTERRUPTION"}});
    let mut client = speaking(&simulator, setup).await;
    let sound = speech("Wait, I have a question!").await;
    // The end of the speech is not sent, else it would be answered.
    client.send_audio(&sound[..sound.len() - 36_000]).await;
    let messages = client.turn().await;
    assert!(has(&messages, "/serverContent/generationComplete"));
    assert!(!has(&messages, "/serverContent/interrupted"));
}

#[tokio::test]
async fn the_client_interrupts_by_the_learners_activity_and_by_content() {
    let simulator = start(json!({"default": {"replies": [long_reply(), long_reply()]}})).await;
    let setup = json!({"realtimeInputConfig": {"automaticActivityDetection": {"disabled": true}}});
    let mut client = speaking(&simulator, setup).await;
    client
        .send(json!({"realtimeInput": {"activityStart": {}}}))
        .await;
    assert_interrupted(&client.turn().await);
    client
        .send(json!({"realtimeInput": {"activityEnd": {}}}))
        .await;
    client
        .until("/serverContent/modelTurn/parts/0/inlineData")
        .await;
    client.type_text("Something else").await;
    assert_interrupted(&client.turn().await);
    assert!(audio_ms(&client.generation().await) > 500);
}

#[tokio::test]
async fn a_turn_that_was_generated_is_interrupted_while_it_is_played() {
    let reply = json!({"text": vec!["word"; 30].join(" "), "beeps": true, "delivery_speed": 20.0});
    let simulator = start(json!({"default": {"replies": [reply]}})).await;
    let mut client = speaking(&simulator, json!({})).await;
    client.until("/serverContent/generationComplete").await;
    client.type_text("Something else").await;
    assert_interrupted(&client.turn().await);
}

#[tokio::test]
async fn activity_is_the_clients_or_the_servers_not_both() {
    let simulator = start(json!({})).await;
    let mut client = Gemini::connect(&simulator, json!({})).await;
    client
        .send(json!({"realtimeInput": {"activityStart": {}}}))
        .await;
    assert_eq!(client.closed().await.0, 1007);
}
