//! The door through which faults are given to a running simulator.

use avaaz_simulator::Running;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::{Client, start};
use crate::gemini::client::Gemini;

async fn ask(simulator: &Running, method: &str, body: &str) -> (String, Value) {
    let mut stream = TcpStream::connect(simulator.addr)
        .await
        .expect("it listens");
    let length = body.len();
    let request = format!(
        "{method} /_simulator/faults HTTP/1.1\r\nhost: simulator\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    stream
        .write_all(request.as_bytes())
        .await
        .expect("it is open");
    let mut answer = String::new();
    stream
        .read_to_string(&mut answer)
        .await
        .expect("it answers with text");
    let (head, body) = answer.split_once("\r\n\r\n").expect("there is a body");
    let status = head.split(' ').nth(1).expect("there is a status");
    let body = serde_json::from_str(body).unwrap_or_default();
    (status.to_owned(), body)
}

#[tokio::test]
async fn a_fault_given_now_happens_to_an_open_connection_of_its_protocol() {
    let simulator = start(json!({})).await;
    let mut openai = Client::connect(&simulator).await;
    let mut gemini = Gemini::connect(&simulator, json!({})).await;
    let fault = json!({"kind": "close", "code": 1012, "reason": "restart", "protocol": "gemini"});
    let (status, _) = ask(&simulator, "POST", &fault.to_string()).await;
    assert_eq!(status, "200");
    assert_eq!(gemini.closed().await, (1012, "restart".into()));
    openai.update(json!({})).await;

    let (_, faults) = ask(&simulator, "GET", "").await;
    assert_eq!(faults[0]["happened"], 1);
    assert_eq!(faults[0]["fault"]["code"], 1012);
}

#[tokio::test]
async fn several_faults_are_given_at_once_and_called_off() {
    let simulator = start(json!({})).await;
    let faults = json!([
        {"kind": "drop", "at": {"received": 1}},
        {"kind": "drop", "at": {"received": 2}, "repeat": true},
    ]);
    ask(&simulator, "POST", &faults.to_string()).await;
    ask(&simulator, "DELETE", "").await;
    let mut client = Client::connect(&simulator).await;
    for _ in 0..3 {
        client.update(json!({})).await;
    }
    ask(&simulator, "POST", r#"{"kind": "drop"}"#).await;
    assert_eq!(client.socket.end().await, None);
}

#[tokio::test]
async fn a_misspelt_fault_is_refused() {
    let simulator = start(json!({})).await;
    let (status, _) = ask(&simulator, "POST", r#"{"kind": "drop", "after": 3}"#).await;
    assert_eq!(status, "422");
}

#[tokio::test]
async fn the_learners_audio_is_counted_by_connection() {
    let simulator = start(json!({})).await;
    for samples in [2_400, 4_800] {
        let mut client = Gemini::connect(&simulator, json!({})).await;
        client.send_audio(&vec![0; samples]).await;
        client
            .send(json!({"realtimeInput": {"text": "Hello"}}))
            .await;
        client.until("/serverContent/modelTurn").await;
    }
    let counted = simulator.stats().audio_bytes_by_connection;
    assert_eq!(counted, [(0, 4_800), (1, 9_600)].into());
}
