use std::time::Duration;

use avaaz_simulator::{Options, Running};
use serde_json::{Value, json};

use super::client::{Gemini, MODEL, has, words};
use crate::client::{start, start_with};

fn asks() -> Value {
    json!({"sessionResumption": {}, "outputAudioTranscription": {}})
}

fn resumes(handle: &Value) -> Value {
    json!({"sessionResumption": {"handle": handle}, "outputAudioTranscription": {}})
}

/// Says something and returns the handle that comes after the answer.
async fn handle_after_a_turn(client: &mut Gemini, text: &str) -> Value {
    client.type_text(text).await;
    let messages = client.until("/sessionResumptionUpdate/newHandle").await;
    let update = &messages.last().expect("there is one")["sessionResumptionUpdate"];
    assert_eq!(update["resumable"], true);
    update["newHandle"].clone()
}

async fn refused(simulator: &Running, handle: &Value) -> (u16, String) {
    let mut client = Gemini::open(simulator).await;
    let mut setup = resumes(handle);
    setup["model"] = MODEL.into();
    client.send(json!({"setup": setup})).await;
    client.closed().await
}

#[tokio::test]
async fn a_session_goes_on_where_it_was() {
    let script = json!({"default": {"replies": ["One.", "Two.", "Three."]}});
    let simulator = start(script).await;
    let mut client = Gemini::connect(&simulator, asks()).await;
    client.type_text("First").await;
    let messages = client.turn().await;
    assert!(messages.contains(&json!({"sessionResumptionUpdate": {}})));
    let handle = client.next().await["sessionResumptionUpdate"]["newHandle"].clone();
    client.socket.close().await;
    while client
        .next_message()
        .await
        .is_some_and(|message| message.is_ok())
    {}

    let mut client = Gemini::connect(&simulator, resumes(&handle)).await;
    client.type_text("Second").await;
    assert_eq!(words(&client.turn().await, "outputTranscription"), "Two.");
}

#[tokio::test]
async fn handles_are_given_only_where_they_are_asked_for() {
    let simulator = start(json!({"default": {"replies": ["Hi."]}})).await;
    let mut client = Gemini::connect(&simulator, json!({})).await;
    client.type_text("Hello").await;
    assert!(!has(&client.turn().await, "/sessionResumptionUpdate"));
}

#[tokio::test]
async fn a_session_with_an_open_socket_is_refused() {
    let simulator = start(json!({"default": {"replies": ["Hi."]}})).await;
    let mut client = Gemini::connect(&simulator, asks()).await;
    let handle = handle_after_a_turn(&mut client, "Hello").await;
    assert_eq!(refused(&simulator, &handle).await.0, 1011);
}

#[tokio::test]
async fn a_handle_that_is_not_known_is_refused() {
    let simulator = start(json!({})).await;
    let close = refused(&simulator, &"made-up".into()).await;
    assert_eq!(close, (1008, "Requested entity was not found.".into()));
}

#[tokio::test]
async fn a_script_refuses_a_resumption_and_not_a_new_session() {
    let fault = json!({"kind": "refuse_resumption", "code": 1007, "reason": "Request contains an invalid argument."});
    let simulator =
        start(json!({"connections": [null, fault, fault], "default": {"replies": ["Hi."]}})).await;
    let mut client = Gemini::connect(&simulator, asks()).await;
    let handle = handle_after_a_turn(&mut client, "Hello").await;
    drop(client);
    assert_eq!(refused(&simulator, &handle).await.0, 1007);
    Gemini::connect(&simulator, asks()).await;
}

#[tokio::test]
async fn a_connection_is_announced_to_end_and_ends() {
    let fault = json!({"kind": "go_away", "after_ms": 200, "time_left_ms": 1500});
    let simulator = start(json!({"connections": [fault]})).await;
    let mut client = Gemini::connect(&simulator, json!({})).await;
    assert_eq!(
        client.next().await,
        json!({"goAway": {"timeLeft": "1.500s"}})
    );
    assert_eq!(client.closed().await.0, 1008);
}

#[tokio::test]
async fn every_connection_has_a_longest_life() {
    let options = Options {
        session_limit: Duration::from_millis(900),
        ..Options::default()
    };
    let simulator = start_with(json!({}), options).await;
    let mut client = Gemini::connect(&simulator, json!({})).await;
    assert_eq!(
        client.next().await,
        json!({"goAway": {"timeLeft": "0.450s"}})
    );
    let close = client.closed().await;
    assert_eq!(
        close,
        (
            1011,
            "Deadline expired before operation could complete.".into()
        )
    );
}
