//! A socket to the simulator, whichever protocol is spoken on it.

use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

const PATIENCE: Duration = Duration::from_secs(20);

pub struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// Upgrades, and reads nothing.
    pub async fn open(request: impl IntoClientRequest + Unpin) -> Result<Self, Error> {
        let (stream, _) = connect_async(request).await?;
        Ok(Self(stream))
    }

    pub async fn send(&mut self, message: Message) {
        self.0.send(message).await.expect("the socket is open");
    }

    /// Says that no more comes, and reads nothing.
    pub async fn close(&mut self) {
        self.0.close(None).await.expect("the socket is open");
    }

    pub async fn next_message(&mut self) -> Option<Result<Message, Error>> {
        tokio::time::timeout(PATIENCE, self.0.next())
            .await
            .expect("something comes in time")
    }

    /// Returns the next JSON, which `read` finds in the messages that are of the protocol's kind.
    pub async fn next_json(&mut self, read: fn(&Message) -> Option<&[u8]>) -> Value {
        loop {
            let message = match self.next_message().await {
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                Some(Ok(message)) => message,
                other => panic!("no JSON but {other:?}"),
            };
            let json = read(&message).unwrap_or_else(|| panic!("no JSON but {message:?}"));
            return serde_json::from_slice(json).expect("what comes is JSON");
        }
    }

    /// Waits for the close frame.
    pub async fn closed(&mut self) -> CloseFrame {
        loop {
            match self.next_message().await {
                Some(Ok(Message::Close(Some(frame)))) => return frame,
                Some(Ok(Message::Close(None)) | Err(_)) | None => panic!("no reason was given"),
                Some(Ok(_)) => {}
            }
        }
    }

    /// How the socket ends: the close frame's code and reason, or nothing where it breaks.
    pub async fn end(&mut self) -> Option<(u16, String)> {
        loop {
            match self.next_message().await {
                Some(Ok(Message::Close(Some(frame)))) => {
                    return Some((frame.code.into(), frame.reason.to_string()));
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return None,
            }
        }
    }

    /// How long the answer to a ping takes; nothing where none comes.
    pub async fn pong_after(&mut self, patience: Duration) -> Option<Duration> {
        self.send(Message::Ping("now".into())).await;
        let sent_at = Instant::now();
        loop {
            match tokio::time::timeout(patience, self.0.next()).await.ok()? {
                Some(Ok(Message::Pong(_))) => return Some(sent_at.elapsed()),
                Some(Ok(_)) => {}
                other => panic!("no pong but {other:?}"),
            }
        }
    }
}

/// Samples at 24 kHz as base64, in pieces of 100 ms.
pub fn pieces(samples: &[i16]) -> impl Iterator<Item = String> {
    samples.chunks(2_400).map(|piece| {
        let bytes: Vec<u8> = piece
            .iter()
            .flat_map(|sample| sample.to_le_bytes())
            .collect();
        STANDARD.encode(bytes)
    })
}

/// The samples in pieces of base64.
pub fn samples<'a>(pieces: impl Iterator<Item = &'a str>) -> Vec<i16> {
    let bytes: Vec<u8> = pieces
        .flat_map(|piece| STANDARD.decode(piece).expect("audio is base64"))
        .collect();
    let (pairs, rest) = bytes.as_chunks::<2>();
    assert!(rest.is_empty(), "half a sample came");
    pairs.iter().map(|pair| i16::from_le_bytes(*pair)).collect()
}
