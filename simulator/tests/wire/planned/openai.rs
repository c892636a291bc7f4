use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::script;
use crate::client::{Client, audio_ms, start};

async fn greeted(faults: Value) -> (avaaz_simulator::Running, Client) {
    let simulator = start(script(&faults)).await;
    let mut client = Client::connect(&simulator).await;
    client.send(json!({"type": "response.create"})).await;
    (simulator, client)
}

#[tokio::test]
async fn the_socket_closes_with_a_chosen_frame() {
    let at = json!({"sent_kind": {"kind": "response.output_audio.delta", "nth": 2}});
    let fault = json!({"at": at, "kind": "close", "code": 1013, "reason": "later"});
    let (simulator, mut client) = greeted(json!([fault])).await;
    assert_eq!(client.socket.end().await, Some((1013, "later".into())));
    assert_eq!(simulator.stats().sent("response.output_audio.delta"), 1);
}

#[tokio::test]
async fn the_socket_closes_after_a_chosen_frame_of_the_client() {
    let fault = json!({"at": {"received": 1}, "kind": "drop"});
    let (_simulator, mut client) = greeted(json!([fault])).await;
    assert_eq!(client.socket.end().await, None);
}

#[tokio::test]
async fn a_frame_breaks_off_in_its_middle() {
    let at = json!({"sent_kind": {"kind": "response.output_audio.delta", "nth": 1}});
    let (_simulator, mut client) = greeted(json!([{"at": at, "kind": "half_frame"}])).await;
    assert_eq!(client.socket.end().await, None);
}

#[tokio::test]
async fn rubbish_strangers_and_twins_leave_the_reply_whole() {
    let faults = json!([
        {"at": {"sent": 3}, "kind": "malformed"},
        {"at": {"sent": 4}, "kind": "unknown_event"},
        {"at": {"sent": 5}, "kind": "unknown_fields"},
        {"at": {"sent_kind": {"kind": "response.output_audio.delta", "nth": 1}}, "kind": "duplicate"},
    ]);
    let (_simulator, mut client) = greeted(faults).await;
    let (mut malformed, mut events) = (0, Vec::<Value>::new());
    while !events
        .last()
        .is_some_and(|event| event["type"] == "response.done")
    {
        match client.next_message().await {
            Some(Ok(Message::Text(text))) => match serde_json::from_str(&text) {
                Ok(event) => events.push(event),
                Err(_) => malformed += 1,
            },
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(malformed, 1);
    let is_strange = |event: &&Value| event["type"] == "simulator.something_new";
    assert_eq!(events.iter().filter(is_strange).count(), 1);
    assert!(events.iter().any(|event| event["somethingNew"].is_object()));
    let deltas: Vec<_> = events
        .iter()
        .filter(|event| event["type"] == "response.output_audio.delta")
        .collect();
    assert_eq!(deltas[0], deltas[1]);
    assert!(audio_ms(&events) > 600);
    assert_eq!(events.last().unwrap()["response"]["status"], "completed");
}

#[tokio::test]
async fn an_event_comes_late() {
    let at = json!({"sent_kind": {"kind": "response.created", "nth": 1}});
    let (_simulator, mut client) =
        greeted(json!([{"at": at, "kind": "late", "delay_ms": 400}])).await;
    let asked_at = Instant::now();
    let events = client.until("response.created").await;
    assert!(asked_at.elapsed() >= Duration::from_millis(350));
    assert!(
        events
            .iter()
            .any(|event| event["type"] == "response.output_audio.delta")
    );
}

#[tokio::test]
async fn a_hanging_connection_does_not_even_answer_pings() {
    let fault = json!({"at": {"after_ms": 100}, "kind": "hang"});
    let simulator = start(script(&json!([fault]))).await;
    let mut client = Client::connect(&simulator).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(
        client.socket.pong_after(Duration::from_millis(700)).await,
        None
    );
    assert_eq!(simulator.stats().connections_open, 1);
}

#[tokio::test]
async fn pongs_come_late_and_everything_else_in_time() {
    let fault = json!({"kind": "slow_pongs", "delay_ms": 1200});
    let (_simulator, mut client) = greeted(json!([fault])).await;
    let began_at = Instant::now();
    client.until("response.output_audio.delta").await;
    assert!(began_at.elapsed() < Duration::from_secs(1));
    let waited = client
        .socket
        .pong_after(Duration::from_secs(5))
        .await
        .unwrap();
    assert!((1_150..2_500).contains(&waited.as_millis()), "{waited:?}");
    client
        .send(json!({"type": "response.create", "response": {"conversation": "none"}}))
        .await;
    client.until("response.done").await;
}

#[tokio::test]
async fn a_session_gets_too_old_where_it_is_to_go_away() {
    let fault = json!({"kind": "go_away", "time_left_ms": 300});
    let (_simulator, mut client) = greeted(json!([fault])).await;
    let (code, reason) = client.socket.end().await.unwrap();
    assert!(
        code == 1001 && reason.contains("maximum duration"),
        "{code} {reason}"
    );
}

#[tokio::test]
async fn a_rate_limit_fails_the_response_and_an_error_only_complains() {
    let kind = "response.output_audio.delta";
    let faults = json!([
        {"at": {"sent_kind": {"kind": kind, "nth": 1}}, "kind": "error"},
        {"at": {"sent_kind": {"kind": kind, "nth": 2}}, "kind": "rate_limit"},
    ]);
    let (_simulator, mut client) = greeted(faults).await;
    let events = client.until("response.done").await;
    assert!(
        events
            .iter()
            .any(|event| event["error"]["code"] == "server_error")
    );
    let response = &events.last().unwrap()["response"];
    assert_eq!(
        response["status_details"]["error"]["code"],
        "inference_rate_limit_exceeded"
    );
}

#[tokio::test]
async fn tools_are_called_in_a_storm() {
    let at = json!({"sent_kind": {"kind": "response.output_audio.delta", "nth": 1}});
    let fault = json!({"at": at, "kind": "tool_storm", "count": 12});
    let simulator = start(script(&json!([fault]))).await;
    let mut client = Client::connect(&simulator).await;
    let tool = json!({"type": "function", "name": "end_lesson", "parameters": {"type": "object", "properties": {}}});
    client.update(json!({"tools": [tool]})).await;
    client.send(json!({"type": "response.create"})).await;
    let done = client.find("response.done").await;
    let output = done["response"]["output"].as_array().unwrap();
    let calls = |name: &str| output.iter().filter(|item| item["name"] == name).count();
    assert_eq!(calls("end_lesson") + calls("no_such_tool"), 12);
    assert!(calls("no_such_tool") > 0 && calls("end_lesson") > 0);
}
