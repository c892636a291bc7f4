use std::time::Instant;

use avaaz_simulator::MomentKind;
use serde_json::json;

use super::client::{Gemini, audio_ms, has, words};
use crate::client::{speech, start};

#[tokio::test]
async fn a_direction_brings_the_greeting_and_typed_words_the_replies() {
    let simulator = start(json!({"default": {"greeting": "Hello, Maria.", "replies": ["Very well."]}, "unknown_events": false})).await;
    let mut client = Gemini::connect(&simulator, json!({"outputAudioTranscription": {}})).await;
    client.type_text("[Greet the learner.]").await;
    let messages = client.turn().await;
    assert_eq!(words(&messages, "outputTranscription"), "Hello, Maria.");
    client.type_text("I am fine").await;
    let messages = client.turn().await;
    assert_eq!(words(&messages, "outputTranscription"), "Very well.");
}

#[tokio::test]
async fn a_turn_is_generated_faster_than_it_is_played_and_ends_once_it_was_played() {
    let text = vec!["word"; 15].join(" ");
    let reply = json!({"text": text, "beeps": true});
    let simulator = start(json!({"default": {"replies": [reply]}})).await;
    let mut client = Gemini::connect(&simulator, json!({})).await;
    client.type_text("Go on").await;
    let mut messages = client
        .until("/serverContent/modelTurn/parts/0/inlineData")
        .await;
    let began_at = Instant::now();
    messages.extend(client.until("/serverContent/generationComplete").await);
    let generated_ms = began_at.elapsed().as_millis() as u64;
    assert_eq!(audio_ms(&messages), 3_000);
    assert!(generated_ms < 2_000, "{generated_ms} ms");

    let messages = client.turn().await;
    let played_ms = began_at.elapsed().as_millis() as u64;
    assert!((2_800..4_000).contains(&played_ms), "{played_ms} ms");
    let usage = &messages.last().unwrap()["usageMetadata"];
    assert_eq!(usage["responseTokensDetails"][1]["tokenCount"], 3_000 / 40);
}

#[tokio::test]
async fn speech_is_heard_answered_and_written_down_in_pieces() {
    let script = json!({"default": {"replies": ["I like them too."], "learner_says": ["I bought some apples"]}});
    let simulator = start(script).await;
    let mut client = Gemini::connect(
        &simulator,
        json!({"inputAudioTranscription": {}, "outputAudioTranscription": {}}),
    )
    .await;
    client
        .send_audio(&speech("Yesterday I bought some apples.").await)
        .await;
    let messages = client.generation().await;
    assert_eq!(
        words(&messages, "inputTranscription"),
        " I bought some apples"
    );
    assert_eq!(words(&messages, "outputTranscription"), "I like them too.");
    assert!(audio_ms(&messages) > 500);
}

#[tokio::test]
async fn words_are_written_down_only_where_that_was_asked_for() {
    let simulator = start(json!({})).await;
    let mut client = Gemini::connect(&simulator, json!({})).await;
    client
        .send_audio(&speech("Yesterday I bought some apples.").await)
        .await;
    let messages = client.generation().await;
    assert!(audio_ms(&messages) >= 2_000);
    assert!(!has(&messages, "/serverContent/inputTranscription"));
    assert!(!has(&messages, "/serverContent/outputTranscription"));
}

#[tokio::test]
async fn the_client_brackets_the_learners_turn_where_it_wants_to() {
    let simulator = start(json!({"default": {"learner_says": ["Hello"]}})).await;
    let setup = json!({
        "realtimeInputConfig": {"automaticActivityDetection": {"disabled": true}},
        "inputAudioTranscription": {},
    });
    let mut client = Gemini::connect(&simulator, setup).await;
    let sound = speech("Hello there!").await;
    client.send_audio(&sound).await;
    client
        .send(json!({"realtimeInput": {"activityStart": {}}}))
        .await;
    client.send_audio(&sound).await;
    client
        .send(json!({"realtimeInput": {"activityEnd": {}}}))
        .await;
    let messages = client.generation().await;
    assert_eq!(words(&messages, "inputTranscription"), " Hello");
    assert!(audio_ms(&messages) > 500);
    let timeline = simulator.timeline(0).entries;
    let received = timeline
        .iter()
        .rfind(|moment| moment.kind == MomentKind::AudioReceived)
        .unwrap();
    assert_eq!(received.audio_ms, 2 * sound.len() as u64 / 24);
    // The sound outside was no turn.
    assert_eq!(
        simulator.stats().sent("serverContent.generationComplete"),
        1
    );
}

#[tokio::test]
async fn a_muted_microphone_ends_the_turn_at_once() {
    let simulator = start(json!({})).await;
    let mut client = Gemini::connect(&simulator, json!({})).await;
    let sound = speech("Yesterday I bought some apples.").await;
    client.send_audio(&sound[..sound.len() - 48_000]).await;
    client
        .send(json!({"realtimeInput": {"audioStreamEnd": true}}))
        .await;
    assert!(audio_ms(&client.generation().await) > 500);
}
