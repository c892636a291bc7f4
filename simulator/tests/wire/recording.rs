use avaaz_simulator::Options;
use serde_json::{Value, json};

use crate::client::{Client, start_with};

#[tokio::test]
async fn frames_are_written_down_line_by_line_and_audio_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("frames.jsonl");
    let options = Options {
        record: Some(path.clone()),
        ..Options::default()
    };
    let simulator = start_with(json!({}), options).await;
    let mut client = Client::connect(&simulator).await;
    client.update(json!({"instructions": "Be kind."})).await;
    client.send_audio(&[1_234; 2_400]).await;
    client.update(json!({})).await;
    drop(client);
    simulator.shutdown().await;

    let written = std::fs::read_to_string(&path).unwrap();
    let frames: Vec<Value> = written
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(frames.len(), 3);
    assert_eq!(frames[0]["session"]["instructions"], "Be kind.");
    assert_eq!(
        frames[1],
        json!({"type": "input_audio_buffer.append", "audio": "AAAAAA=="})
    );
}
