use std::time::Duration;

use avaaz_simulator::Running;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::client::{Client, audio_ms, start};

async fn simulator_with(fault: Value) -> Running {
    let text = vec!["word"; 15].join(" ");
    let greeting = json!({"text": text, "beeps": true, "fault": fault});
    start(json!({"default": {"greeting": greeting}, "unknown_events": false})).await
}

async fn greeted(simulator: &Running) -> Client {
    let mut client = Client::connect(simulator).await;
    client.send(json!({"type": "response.create"})).await;
    client
}

#[tokio::test]
async fn the_socket_closes_in_the_middle_of_a_reply_once_and_not_after_a_reconnection() {
    let fault = json!({"kind": "close", "after_audio_ms": 700, "code": 1011, "reason": "keepalive ping timeout"});
    let simulator = simulator_with(fault).await;
    let mut client = greeted(&simulator).await;
    let mut events = Vec::new();
    let close = loop {
        match client.next_message().await {
            Some(Ok(Message::Text(text))) => events.push(serde_json::from_str(&text).unwrap()),
            Some(Ok(Message::Close(Some(close)))) => break close,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(
        (u16::from(close.code), close.reason.as_str()),
        (1011, "keepalive ping timeout")
    );
    assert_eq!(audio_ms(&events), 700);

    let done = greeted(&simulator).await.find("response.done").await;
    assert_eq!(done["response"]["status"], "completed");
}

#[tokio::test]
async fn a_repeated_fault_happens_every_time() {
    let simulator = simulator_with(json!({"kind": "failed", "repeat": true})).await;
    for _ in 0..2 {
        let done = greeted(&simulator).await.find("response.done").await;
        assert_eq!(done["response"]["status"], "failed");
    }
}

#[tokio::test]
async fn a_dropped_socket_says_nothing() {
    let simulator = simulator_with(json!({"kind": "drop", "after_audio_ms": 300})).await;
    let mut client = greeted(&simulator).await;
    let end = loop {
        match client.next_message().await {
            Some(Ok(Message::Text(_))) => {}
            other => break other,
        }
    };
    assert!(matches!(end, None | Some(Err(_))), "{end:?}");
}

#[tokio::test]
async fn a_stalled_reply_stays_open_and_the_connection_works() {
    let simulator = simulator_with(json!({"kind": "stall", "after_audio_ms": 300})).await;
    let mut client = greeted(&simulator).await;
    client.until("response.output_audio.delta").await;
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    client.send(json!({"type": "response.cancel"})).await;
    let done = client.find("response.done").await;
    assert_eq!(done["response"]["status"], "cancelled");
}

#[tokio::test]
async fn a_hanging_connection_answers_nothing_any_more() {
    let simulator = simulator_with(json!({"kind": "hang", "after_audio_ms": 300})).await;
    let mut client = greeted(&simulator).await;
    let quiet = Duration::from_millis(700);
    let mut events = Vec::new();
    while let Ok(event) = tokio::time::timeout(quiet, client.next()).await {
        events.push(event);
    }
    assert_eq!(audio_ms(&events), 300);
    client
        .send(json!({"type": "session.update", "session": {"type": "realtime"}}))
        .await;
    let answer = tokio::time::timeout(quiet, client.next()).await;
    assert!(answer.is_err(), "{answer:?}");
    assert_eq!(simulator.stats().connections_open, 1);
}

#[tokio::test]
async fn rubbish_comes_between_and_the_reply_goes_on() {
    let simulator = simulator_with(json!({"kind": "rubbish", "after_audio_ms": 300})).await;
    let mut client = greeted(&simulator).await;
    let (mut malformed, mut binary) = (0, 0);
    let done = loop {
        match client.next_message().await {
            Some(Ok(Message::Text(text))) => match serde_json::from_str::<Value>(&text) {
                Ok(event) if event["type"] == "response.done" => break event,
                Ok(_) => {}
                Err(_) => malformed += 1,
            },
            Some(Ok(Message::Binary(_))) => binary += 1,
            other => panic!("{other:?}"),
        }
    };
    assert!(malformed > 0 && binary > 0);
    assert_eq!(done["response"]["status"], "completed");
}

#[tokio::test]
async fn an_error_event_in_a_reply_does_not_end_it() {
    let simulator =
        simulator_with(json!({"kind": "error", "error_code": "odd", "after_audio_ms": 300})).await;
    let mut client = greeted(&simulator).await;
    assert_eq!(client.find("error").await["error"]["code"], "odd");
    assert_eq!(
        client.find("response.done").await["response"]["status"],
        "completed"
    );
}

#[tokio::test]
async fn a_rate_limit_fails_the_response_and_costs_nothing() {
    let simulator = simulator_with(json!({"kind": "rate_limit"})).await;
    let done = greeted(&simulator).await.find("response.done").await;
    let response = &done["response"];
    assert_eq!(response["status"], "failed");
    assert_eq!(
        response["status_details"]["error"]["code"],
        "inference_rate_limit_exceeded"
    );
    assert_eq!(response["usage"]["total_tokens"], 0);
}

#[tokio::test]
async fn events_of_unknown_types_come_now_and_then_unless_switched_off() {
    for (switch, seen) in [(true, true), (false, false)] {
        let script = json!({"default": {"greeting": {"text": "Hi", "beeps": true}}, "unknown_events": switch});
        let simulator = start(script).await;
        let mut client = greeted(&simulator).await;
        client.until("response.done").await;
        assert_eq!(simulator.stats().sent("simulator.something_new") > 0, seen);
    }
}
