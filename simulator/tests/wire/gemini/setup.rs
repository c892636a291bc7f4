use serde_json::{Value, json};

use super::client::{Gemini, MODEL};
use crate::client::start;

const PATH: &str = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent";

async fn refused(message: Value) -> (u16, String) {
    let simulator = start(json!({})).await;
    let mut client = Gemini::open(&simulator).await;
    client.send(message).await;
    client.closed().await
}

#[tokio::test]
async fn keys_are_checked_after_the_upgrade() {
    let simulator = start(json!({})).await;
    for (query, code, reason) in [
        ("", 1008, "unregistered callers"),
        ("?key=bad", 1007, "API key not valid."),
    ] {
        let mut client = Gemini::open_at(&simulator, &format!("{PATH}{query}")).await;
        client.send(json!({"setup": {"model": MODEL}})).await;
        let close = client.closed().await;
        assert!(close.0 == code && close.1.contains(reason), "{close:?}");
    }
}

#[tokio::test]
async fn both_versions_and_the_sdks_second_slash_are_served() {
    let simulator = start(json!({})).await;
    for path in [PATH.replace("v1beta", "v1alpha"), format!("/{PATH}")] {
        let mut client = Gemini::open_at(&simulator, &format!("{path}?key=good")).await;
        client.send(json!({"setup": {"model": MODEL}})).await;
        assert_eq!(client.next().await, json!({"setupComplete": {}}));
    }
}

#[tokio::test]
async fn the_setup_comes_first_and_once() {
    let text = json!({"realtimeInput": {"text": "Hello"}});
    assert_eq!(refused(text).await.0, 1007);
    let simulator = start(json!({})).await;
    let mut client = Gemini::connect(&simulator, json!({})).await;
    client.send(json!({"setup": {"model": MODEL}})).await;
    assert_eq!(client.closed().await.0, 1007);
}

#[tokio::test]
async fn an_unknown_model_and_an_unknown_key_are_refused_by_their_names() {
    let close = refused(json!({"setup": {"model": "models/gemini-9"}})).await;
    assert_eq!(close.0, 1008);
    assert!(
        close
            .1
            .starts_with("models/gemini-9 is not found for API version v1beta")
    );

    let close = refused(json!({"setup": {"model": MODEL, "responseModalities": ["AUDIO"]}})).await;
    assert_eq!(close.0, 1007);
    assert!(
        close
            .1
            .contains("Unknown name \"responseModalities\" at 'setup'")
    );
}

#[tokio::test]
async fn snake_case_is_as_good_as_camel_case() {
    let simulator = start(json!({})).await;
    let setup = json!({"generation_config": {"response_modalities": ["AUDIO"],
        "speech_config": {"voice_config": {"prebuilt_voice_config": {"voice_name": "Kore"}}}}});
    let mut client = Gemini::connect(&simulator, setup).await;
    client
        .send(json!({"realtime_input": {"text": "Hello"}}))
        .await;
    client.generation().await;
}

#[tokio::test]
async fn dead_media_chunks_are_refused_with_a_hint() {
    let simulator = start(json!({})).await;
    let mut client = Gemini::connect(&simulator, json!({})).await;
    let chunk = json!({"mimeType": "audio/pcm", "data": "AAAA"});
    client
        .send(json!({"realtimeInput": {"mediaChunks": [chunk]}}))
        .await;
    let close = client.closed().await;
    assert_eq!(
        close,
        (
            1007,
            "realtime_input.media_chunks is deprecated. Use audio, video, or text instead.".into()
        )
    );
}
