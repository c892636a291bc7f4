use avaaz_simulator::Running;
use serde_json::{Value, json};

use super::client::{Gemini, audio_ms, has, words};
use crate::client::start;

fn setup(behavior: &str) -> Value {
    let parameters =
        json!({"type": "OBJECT", "properties": {"city": {"type": "STRING"}}, "required": ["city"]});
    json!({
        "outputAudioTranscription": {},
        "tools": [{"functionDeclarations": [
            {"name": "get_weather", "parameters": parameters, "behavior": behavior},
            {"name": "end_lesson", "behavior": behavior},
        ]}],
    })
}

async fn called(simulator: &Running, behavior: &str, text: &str) -> (Gemini, Value) {
    let mut client = Gemini::connect(simulator, setup(behavior)).await;
    client.type_text(text).await;
    let messages = client.until("/toolCall").await;
    let call = messages.last().expect("there is one")["toolCall"]["functionCalls"][0].clone();
    (client, call)
}

async fn answer(client: &mut Gemini, call: &Value, more: Value) {
    let mut response = json!({"id": call["id"], "name": call["name"], "response": {"output": {"sky": "cloudless"}}});
    for (key, value) in more.as_object().into_iter().flatten() {
        response[key] = value.clone();
    }
    client
        .send(json!({"toolResponse": {"functionResponses": [response]}}))
        .await;
}

#[tokio::test]
async fn a_function_is_called_and_what_it_gave_back_is_spoken_about() {
    for behavior in ["BLOCKING", "NON_BLOCKING"] {
        let simulator = start(json!({})).await;
        let (mut client, call) = called(&simulator, behavior, "How is the weather in Rome?").await;
        assert_eq!(call["name"], "get_weather");
        assert_eq!(call["args"], json!({"city": "Rome"}));
        if behavior == "NON_BLOCKING" {
            client.turn().await;
        }
        answer(&mut client, &call, json!({})).await;
        let messages = client.generation().await;
        let said = words(&messages, "outputTranscription");
        assert!(said.contains("cloudless"), "{said}");
        assert!(audio_ms(&messages) > 500);
    }
}

#[tokio::test]
async fn a_reply_that_speaks_and_calls_goes_on_with_what_follows_its_result() {
    for behavior in ["BLOCKING", "NON_BLOCKING"] {
        let script = json!({"default": {"replies": [{
            "text": "One moment.",
            "call": {"name": "get_weather", "arguments": {"city": "Rome"}},
            "then": {"text": "It is sunny."},
        }]}});
        let simulator = start(script).await;
        let (mut client, call) = called(&simulator, behavior, "How is it in Rome?").await;
        // Non-blocking, the result is there before what was said has been played.
        answer(&mut client, &call, json!({})).await;
        if behavior == "NON_BLOCKING" {
            client.turn().await;
        }
        let messages = client.turn().await;
        assert_eq!(words(&messages, "outputTranscription"), "It is sunny.");
        assert!(!has(&messages, "/toolCall"), "it is called once");
    }
}

#[tokio::test]
async fn a_call_without_arguments_has_no_key_for_them() {
    let simulator = start(json!({})).await;
    let (_, call) = called(&simulator, "BLOCKING", "Let us end the lesson").await;
    assert_eq!(call["name"], "end_lesson");
    assert!(call.get("args").is_none());
}

#[tokio::test]
async fn new_words_take_the_call_back_and_its_late_answer_changes_nothing() {
    let simulator = start(json!({})).await;
    let (mut client, call) = called(&simulator, "BLOCKING", "How is the weather in Rome?").await;
    client.type_text("Never mind, I like tea").await;
    let messages = client.until("/toolCallCancellation").await;
    let cancelled = &messages.last().unwrap()["toolCallCancellation"];
    assert_eq!(*cancelled, json!({"ids": [call["id"]]}));
    client.turn().await;
    answer(&mut client, &call, json!({})).await;
    let said = words(&client.generation().await, "outputTranscription");
    assert!(said.contains("I like tea"), "{said}");
}

#[tokio::test]
async fn a_silent_answer_is_not_spoken_about_until_something_else_is_said() {
    let simulator = start(json!({})).await;
    let (mut client, call) =
        called(&simulator, "NON_BLOCKING", "How is the weather in Rome?").await;
    client.turn().await;
    answer(&mut client, &call, json!({"scheduling": "SILENT"})).await;
    client.type_text("I like tea").await;
    client.generation().await;
    assert_eq!(
        simulator.stats().sent("serverContent.generationComplete"),
        2
    );
}

#[tokio::test]
async fn an_answer_to_no_call_or_without_its_id_is_refused() {
    let simulator = start(json!({})).await;
    let mut client = Gemini::connect(&simulator, setup("BLOCKING")).await;
    answer(
        &mut client,
        &json!({"id": "made-up", "name": "end_lesson"}),
        json!({}),
    )
    .await;
    let close = client.closed().await;
    assert_eq!(close, (1008, "Requested entity was not found.".into()));

    let (mut client, _) = called(&simulator, "BLOCKING", "Let us end the lesson").await;
    let response = json!({"name": "end_lesson", "response": {}});
    client
        .send(json!({"toolResponse": {"functionResponses": [response]}}))
        .await;
    assert_eq!(client.closed().await.0, 1007);
}

#[tokio::test]
async fn an_older_model_takes_no_audio_while_it_waits_for_a_function() {
    let simulator = start(json!({})).await;
    let mut setup = setup("BLOCKING");
    setup["model"] = "models/gemini-2.5-flash-native-audio-preview-12-2025".into();
    let mut client = Gemini::connect(&simulator, setup).await;
    client.type_text("Let us end the lesson").await;
    client.until("/toolCall").await;
    client.send_audio(&[0; 2_400]).await;
    assert_eq!(client.closed().await.0, 1008);
}

#[tokio::test]
async fn the_tools_change_midway() {
    let simulator = start(json!({})).await;
    let mut client = Gemini::connect(&simulator, setup("BLOCKING")).await;
    client
        .send(json!({"contextUpdate": {"tools": {"tools": []}}}))
        .await;
    client.type_text("How is the weather in Rome?").await;
    assert!(!has(&client.generation().await, "/toolCall"));
}
