//! A server that sends the bytes of a test, as they are and in these pieces.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Ends with its value.
pub struct RawServer {
    pub base_url: String,
    asked: Arc<Mutex<Vec<Value>>>,
    _tasks: JoinSet<()>,
}

impl RawServer {
    /// Answers the first, second, ... request with these, each on a connection of its own; the last one again and again.
    pub async fn answering(answers: Vec<Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}/v1/", listener.local_addr().unwrap());
        let asked: Arc<Mutex<Vec<Value>>> = Arc::default();
        let mut tasks = JoinSet::new();
        let seen = Arc::clone(&asked);
        tasks.spawn(async move {
            for number in 0.. {
                let (socket, _) = listener.accept().await.unwrap();
                let answer = &answers[number.min(answers.len() - 1)];
                answer.give(socket, &seen).await;
            }
        });
        Self {
            base_url,
            asked,
            _tasks: tasks,
        }
    }

    /// The bodies of the requests so far.
    pub fn asked(&self) -> Vec<Value> {
        self.asked.lock().unwrap().clone()
    }
}

/// An answer, in pieces.
#[derive(Clone)]
pub struct Answer {
    head: String,
    pieces: Vec<Vec<u8>>,
}

impl Answer {
    pub fn json(status: u16, body: &Value) -> Self {
        Self::text(status, "application/json", &body.to_string())
    }

    pub fn text(status: u16, kind: &str, body: &str) -> Self {
        Self {
            head: format!(
                "HTTP/1.1 {status} Status\r\nContent-Type: {kind}\r\nConnection: close\r\n\r\n"
            ),
            pieces: vec![body.as_bytes().to_vec()],
        }
    }

    /// A stream of events that is cut behind each of these bytes.
    pub fn events(body: &str, cut_every: usize) -> Self {
        let whole = Self::text(200, "text/event-stream", "");
        let pieces = body.as_bytes().chunks(cut_every).map(<[u8]>::to_vec);
        Self {
            pieces: pieces.collect(),
            ..whole
        }
    }

    async fn give(&self, mut socket: TcpStream, asked: &Mutex<Vec<Value>>) {
        let body = read_request(&mut socket).await;
        asked.lock().unwrap().push(body);
        socket.set_nodelay(true).unwrap();
        socket.write_all(self.head.as_bytes()).await.unwrap();
        for piece in &self.pieces {
            // A client that has read enough may have left.
            if socket.write_all(piece).await.is_err() {
                return;
            }
            if self.pieces.len() > 1 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
    }
}

async fn read_request(socket: &mut TcpStream) -> Value {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let head = head.to_lowercase();
            let (_, length) = head.split_once("content-length: ").unwrap();
            let length: usize = length.lines().next().unwrap().trim().parse().unwrap();
            if body.len() >= length {
                return serde_json::from_str(body).unwrap();
            }
        }
        assert!(socket.read_buf(&mut bytes).await.unwrap() > 0, "it left");
    }
}
