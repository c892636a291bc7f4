//! Faults at chosen moments, of both protocols.

mod door;
mod gemini;
mod openai;

use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A script with these faults, in which the learner is greeted with three beeps.
fn script(faults: &Value) -> Value {
    let reply = json!({"text": "one two three", "beeps": true});
    let learner = json!({"greeting": reply, "replies": [reply, reply]});
    json!({"default": learner, "faults": faults, "unknown_events": false})
}

/// How a socket ended: the close frame's code and reason, or nothing where it broke.
async fn end_of(socket: &mut Socket) -> Option<(u16, String)> {
    loop {
        let next = tokio::time::timeout(Duration::from_secs(10), socket.next());
        match next.await.expect("it ends in time") {
            Some(Ok(Message::Close(Some(frame)))) => {
                return Some((frame.code.into(), frame.reason.to_string()));
            }
            Some(Ok(_)) => {}
            Some(Err(_)) | None => return None,
        }
    }
}

/// How long the answer to a ping takes; nothing where none comes.
async fn pong_after(socket: &mut Socket, patience: Duration) -> Option<Duration> {
    socket
        .send(Message::Ping("now".into()))
        .await
        .expect("the socket is open");
    let sent_at = Instant::now();
    loop {
        match tokio::time::timeout(patience, socket.next()).await.ok()? {
            Some(Ok(Message::Pong(_))) => return Some(sent_at.elapsed()),
            Some(Ok(_)) => {}
            other => panic!("no pong but {other:?}"),
        }
    }
}
