//! A client that speaks Gemini Live on the wire and nothing else.

use avaaz_simulator::Running;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::socket::{Socket, pieces, samples};

pub const MODEL: &str = "models/gemini-3.8-live";

pub struct Gemini {
    pub socket: Socket,
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
        let socket = Socket::open(url).await.expect("the upgrade succeeds");
        Self { socket }
    }

    pub async fn send(&mut self, message: Value) {
        self.socket.send(Message::text(message.to_string())).await;
    }

    /// Says typed words.
    pub async fn type_text(&mut self, text: &str) {
        let turn = json!({"role": "user", "parts": [{"text": text}]});
        self.send(json!({"clientContent": {"turns": [turn], "turnComplete": true}}))
            .await;
    }

    /// Sends samples at 24 kHz in pieces of 100 ms, as fast as it goes.
    pub async fn send_audio(&mut self, samples: &[i16]) {
        for data in pieces(samples) {
            let audio = json!({"mimeType": "audio/pcm;rate=24000", "data": data});
            self.send(json!({"realtimeInput": {"audio": audio}})).await;
        }
    }

    pub async fn next_message(&mut self) -> Option<Result<Message, Error>> {
        self.socket.next_message().await
    }

    /// Returns the next message, which comes in a binary frame.
    pub async fn next(&mut self) -> Value {
        self.socket.next_json(in_binary).await
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
        let frame = self.socket.closed().await;
        (frame.code.into(), frame.reason.to_string())
    }
}

fn in_binary(message: &Message) -> Option<&[u8]> {
    match message {
        Message::Binary(bytes) => Some(bytes),
        _ => None,
    }
}

/// The milliseconds of audio in these messages.
pub fn audio_ms(messages: &[Value]) -> u64 {
    let data = messages.iter().filter_map(|message| {
        message
            .pointer("/serverContent/modelTurn/parts/0/inlineData/data")?
            .as_str()
    });
    samples(data).len() as u64 / 24
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
