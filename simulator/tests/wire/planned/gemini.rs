use std::time::{Duration, Instant};

use avaaz_simulator::Running;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::script;
use crate::client::start;
use crate::gemini::client::{Gemini, MODEL, audio_ms, has};

async fn greeted(faults: Value) -> (Running, Gemini) {
    let simulator = start(script(&faults)).await;
    let mut client = Gemini::connect(&simulator, json!({"sessionResumption": {}})).await;
    client.type_text("[Greet the learner.]").await;
    (simulator, client)
}

#[tokio::test]
async fn the_socket_closes_with_a_chosen_frame() {
    let at = json!({"sent_kind": {"kind": "serverContent.modelTurn", "nth": 2}});
    let fault =
        json!({"at": at, "kind": "close", "code": 1011, "reason": "Internal error occurred."});
    let (simulator, mut client) = greeted(json!([fault])).await;
    let close = client.socket.end().await;
    assert_eq!(close, Some((1011, "Internal error occurred.".into())));
    assert_eq!(simulator.stats().sent("serverContent.modelTurn"), 1);
}

#[tokio::test]
async fn a_frame_breaks_off_in_its_middle() {
    let at = json!({"sent_kind": {"kind": "serverContent.modelTurn", "nth": 1}});
    let (_simulator, mut client) = greeted(json!([{"at": at, "kind": "half_frame"}])).await;
    assert_eq!(client.socket.end().await, None);
}

#[tokio::test]
async fn rubbish_strangers_and_twins_leave_the_turn_whole() {
    let kind = "serverContent.modelTurn";
    let faults = json!([
        {"at": {"sent": 2}, "kind": "malformed"},
        {"at": {"sent_kind": {"kind": kind, "nth": 1}}, "kind": "unknown_event"},
        {"at": {"sent_kind": {"kind": kind, "nth": 2}}, "kind": "unknown_fields"},
        {"at": {"sent_kind": {"kind": "serverContent.generationComplete", "nth": 1}}, "kind": "duplicate"},
    ]);
    let (_simulator, mut client) = greeted(faults).await;
    let (mut malformed, mut messages) = (0, Vec::<Value>::new());
    while !has(&messages, "/serverContent/turnComplete") {
        match client.next_message().await {
            Some(Ok(Message::Binary(bytes))) => match serde_json::from_slice(&bytes) {
                Ok(message) => messages.push(message),
                Err(_) => malformed += 1,
            },
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(malformed, 1);
    assert!(has(&messages, "/somethingNew"));
    assert!(has(&messages, "/serverContent/modelTurn/parts/0/thought"));
    assert!(has(
        &messages,
        "/serverContent/modelTurn/parts/0/inlineData/somethingNew"
    ));
    let complete = json!({"serverContent": {"generationComplete": true}});
    assert_eq!(
        messages
            .iter()
            .filter(|message| **message == complete)
            .count(),
        2
    );
    assert!(audio_ms(&messages) >= 600);
}

#[tokio::test]
async fn a_message_comes_late() {
    let at = json!({"sent_kind": {"kind": "serverContent.turnComplete", "nth": 1}});
    let (_simulator, mut client) =
        greeted(json!([{"at": at, "kind": "late", "delay_ms": 400}])).await;
    let messages = client.turn().await;
    // The handle overtook the end of the turn.
    assert!(has(&messages, "/sessionResumptionUpdate/newHandle"));
}

#[tokio::test]
async fn a_hanging_connection_does_not_even_answer_pings() {
    let fault = json!({"at": {"after_ms": 300}, "kind": "hang"});
    let simulator = start(script(&json!([fault]))).await;
    let mut client = Gemini::connect(&simulator, json!({})).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(
        client.socket.pong_after(Duration::from_millis(700)).await,
        None
    );
}

#[tokio::test]
async fn pongs_come_late_and_everything_else_in_time() {
    let fault = json!({"kind": "slow_pongs", "delay_ms": 1200});
    let (_simulator, mut client) = greeted(json!([fault])).await;
    let began_at = Instant::now();
    client.until("/serverContent/modelTurn").await;
    assert!(began_at.elapsed() < Duration::from_secs(1));
    let waited = client
        .socket
        .pong_after(Duration::from_secs(5))
        .await
        .unwrap();
    assert!((1_150..2_500).contains(&waited.as_millis()), "{waited:?}");
}

#[tokio::test]
async fn a_connection_is_announced_to_end_at_a_chosen_moment() {
    let at = json!({"sent_kind": {"kind": "serverContent.modelTurn", "nth": 1}});
    let fault = json!({"at": at, "kind": "go_away", "time_left_ms": 300});
    let (_simulator, mut client) = greeted(json!([fault])).await;
    let messages = client.until("/goAway").await;
    assert_eq!(messages.last().unwrap()["goAway"]["timeLeft"], "0.300s");
    assert_eq!(
        client.closed().await,
        (1008, "The operation was aborted.".into())
    );
}

#[tokio::test]
async fn a_limit_and_a_failure_are_reasons_of_a_close() {
    for (kind, reason) in [
        ("rate_limit", "You exceeded your current quota"),
        ("error", "Internal error occurred."),
    ] {
        let (_simulator, mut client) = greeted(json!([{"at": {"sent": 3}, "kind": kind}])).await;
        let close = client.closed().await;
        assert!(close.0 == 1011 && close.1.starts_with(reason), "{close:?}");
    }
}

#[tokio::test]
async fn functions_are_called_in_a_storm() {
    let fault = json!({"at": {"received": 2}, "kind": "tool_storm", "count": 12});
    let simulator = start(script(&json!([fault]))).await;
    let tools = json!([{"functionDeclarations": [{"name": "end_lesson"}]}]);
    let mut client = Gemini::connect(&simulator, json!({"tools": tools})).await;
    client.type_text("[Greet the learner.]").await;
    let messages = client.turn().await;
    let ids: std::collections::HashSet<_> = messages
        .iter()
        .filter_map(|message| message.pointer("/toolCall/functionCalls/0/id"))
        .collect();
    assert_eq!(ids.len(), 12);
}

#[tokio::test]
async fn all_handles_are_forgotten() {
    let (simulator, mut client) = greeted(json!([])).await;
    let messages = client.until("/sessionResumptionUpdate/newHandle").await;
    let handle = messages.last().unwrap()["sessionResumptionUpdate"]["newHandle"].clone();
    let fault = json!({"kind": "forget_sessions"});
    simulator.plan_fault(serde_json::from_value(fault).unwrap());
    tokio::time::sleep(Duration::from_millis(200)).await;
    client.socket.close().await;
    let mut client = Gemini::open(&simulator).await;
    let setup = json!({"model": MODEL, "sessionResumption": {"handle": handle}});
    client.send(json!({"setup": setup})).await;
    assert_eq!(client.closed().await.0, 1008);
}
