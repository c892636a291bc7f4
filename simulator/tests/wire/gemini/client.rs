//! A client that speaks Gemini Live on the wire and nothing else.

use std::time::Duration;

use avaaz_simulator::Running;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

pub const MODEL: &str = "models/gemini-3.8-live";
const PATIENCE: Duration = Duration::from_secs(20);

pub struct Gemini {
    pub socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Gemini {
    /// Connects, sets up with the default model and more settings, and takes `setupComplete`.
    pub async fn connect(simulator: &Running, mut setup: Value) -> Self {
        let mut client = Self::open(simulator).await;
        if setup["model"].is_null() {
            setup["model"] = MODEL.into();
        }
        client.send(json!({"setup": setup})).await;
        assert_eq!(client.next().await, json!({"setupComplete": {}}));
        client
    }

    /// Upgrades with a good key, and sends nothing.
    pub async fn open(simulator: &Running) -> Self {
        Self::open_at(simulator, "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent?key=good").await
    }

    /// Upgrades at a path.
    pub async fn open_at(simulator: &Running, path: &str) -> Self {
        let url = format!("ws://{}{path}", simulator.addr);
        let (socket, _) = connect_async(url).await.expect("the upgrade succeeds");
        Self { socket }
    }

    pub async fn send(&mut self, message: Value) {
        self.socket
            .send(Message::text(message.to_string()))
            .await
            .expect("the socket is open");
    }

    /// Says typed words.
    pub async fn type_text(&mut self, text: &str) {
        let turn = json!({"role": "user", "parts": [{"text": text}]});
        self.send(json!({"clientContent": {"turns": [turn], "turnComplete": true}}))
            .await;
    }

    /// Sends samples at 24 kHz in pieces of 100 ms, as fast as it goes.
    pub async fn send_audio(&mut self, samples: &[i16]) {
        for piece in samples.chunks(2_400) {
            let bytes: Vec<u8> = piece
                .iter()
                .flat_map(|sample| sample.to_le_bytes())
                .collect();
            let audio = json!({"mimeType": "audio/pcm;rate=24000", "data": STANDARD.encode(bytes)});
            self.send(json!({"realtimeInput": {"audio": audio}})).await;
        }
    }

    pub async fn next_message(&mut self) -> Option<Result<Message, Error>> {
        tokio::time::timeout(PATIENCE, self.socket.next())
            .await
            .expect("something comes in time")
    }

    /// Returns the next message, which comes in a binary frame.
    pub async fn next(&mut self) -> Value {
        loop {
            match self.next_message().await {
                Some(Ok(Message::Binary(bytes))) => {
                    return serde_json::from_slice(&bytes).expect("a message is JSON");
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("no message but {other:?}"),
            }
        }
    }

    /// Returns all messages up to one that has this (JSON pointer), which is the last.
    pub async fn until(&mut self, pointer: &str) -> Vec<Value> {
        let mut messages = Vec::new();
        loop {
            messages.push(self.next().await);
            let last = messages.last().expect("it was pushed");
            if last.pointer(pointer).is_some() {
                return messages;
            }
        }
    }

    /// Returns the messages of a turn, up to `turnComplete`.
    pub async fn turn(&mut self) -> Vec<Value> {
        self.until("/serverContent/turnComplete").await
    }

    /// Returns the messages of a turn, up to `generationComplete`: it is not waited for that it has been played.
    pub async fn generation(&mut self) -> Vec<Value> {
        self.until("/serverContent/generationComplete").await
    }

    /// Waits for the close frame.
    pub async fn closed(&mut self) -> (u16, String) {
        loop {
            match self.next_message().await {
                Some(Ok(Message::Close(Some(CloseFrame { code, reason })))) => {
                    return (code.into(), reason.to_string());
                }
                Some(Ok(Message::Close(None)) | Err(_)) | None => panic!("no reason was given"),
                Some(Ok(_)) => {}
            }
        }
    }
}

/// The milliseconds of audio in these messages.
pub fn audio_ms(messages: &[Value]) -> u64 {
    let data = messages.iter().filter_map(|message| {
        message
            .pointer("/serverContent/modelTurn/parts/0/inlineData/data")?
            .as_str()
    });
    let bytes: usize = data
        .map(|data| STANDARD.decode(data).expect("audio is base64").len())
        .sum();
    bytes as u64 / 48
}

/// The words in these messages, of `inputTranscription` or `outputTranscription`.
pub fn words(messages: &[Value], kind: &str) -> String {
    let pointer = format!("/serverContent/{kind}/text");
    let pieces = messages
        .iter()
        .filter_map(|message| message.pointer(&pointer)?.as_str());
    pieces.collect()
}

/// Whether one of the messages has this (JSON pointer).
pub fn has(messages: &[Value], pointer: &str) -> bool {
    messages
        .iter()
        .any(|message| message.pointer(pointer).is_some())
}
