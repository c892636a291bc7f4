//! Writes down what clients send, without their audio.

use std::path::Path;

use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Valid base64 of four bytes of silence.
const PLACEHOLDER: &str = "AAAAAA==";
const QUEUED_LINES: usize = 1_024;

/// A handle to the file.
#[derive(Debug, Clone)]
pub(crate) struct Recorder(mpsc::Sender<String>);

impl Recorder {
    /// Opens the file for appending. The task ends when the last handle is gone.
    pub(crate) async fn open(path: &Path) -> std::io::Result<(Self, JoinHandle<()>)> {
        let mut file = tokio::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .await?;
        let (lines, mut queue) = mpsc::channel::<String>(QUEUED_LINES);
        let task = tokio::spawn(async move {
            while let Some(line) = queue.recv().await {
                let written = file.write_all(line.as_bytes()).await;
                if let Err(error) = written.and(file.flush().await) {
                    tracing::error!(%error, "the recording stops");
                    return;
                }
            }
        });
        Ok((Self(lines), task))
    }

    /// Writes one frame as a line.
    pub(crate) async fn write(&self, frame: &Value) {
        let mut frame = frame.clone();
        silence(&mut frame);
        // The writer is gone only after it has said why.
        let _ = self.0.send(format!("{frame}\n")).await;
    }
}

fn silence(value: &mut Value) {
    match value {
        Value::Object(object) => {
            let is_blob = object.contains_key("mimeType") || object.contains_key("mime_type");
            for (key, value) in object {
                match value {
                    Value::String(audio) if key == "audio" || (is_blob && key == "data") => {
                        PLACEHOLDER.clone_into(audio);
                    }
                    value => silence(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(silence),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn audio_is_replaced_at_every_depth_and_nothing_else() {
        let mut frame = json!({"audio": "c2VjcmV0", "item": {"content": [{"audio": "c2VjcmV0", "text": "kept"}]},
            "realtimeInput": {"audio": {"mimeType": "audio/pcm;rate=16000", "data": "c2VjcmV0"}}, "response": {"data": "kept"},
            "session": {"audio": {"input": {"format": {"type": "audio/pcm"}}}}});
        silence(&mut frame);
        assert_eq!(
            frame,
            json!({"audio": PLACEHOLDER, "item": {"content": [{"audio": PLACEHOLDER, "text": "kept"}]},
                "realtimeInput": {"audio": {"mimeType": "audio/pcm;rate=16000", "data": PLACEHOLDER}}, "response": {"data": "kept"},
                "session": {"audio": {"input": {"format": {"type": "audio/pcm"}}}}})
        );
    }
}
