//! A client that speaks the wire protocol and nothing else.

use std::time::Duration;

use avaaz_simulator::{Options, Running, Simulator, Utterance, Voice};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

const PATIENCE: Duration = Duration::from_secs(20);

/// Starts a simulator with a script.
pub async fn start(script: Value) -> Running {
    start_with(script, Options::default()).await
}

/// Starts a simulator with a script and other options.
pub async fn start_with(script: Value, options: Options) -> Running {
    let script = serde_json::from_value(script).expect("the script is understood");
    Simulator::start(Options { script, ..options })
        .await
        .expect("a loopback port is free")
}

pub struct Client {
    pub socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Client {
    /// Connects with a good key and a known model, and takes `session.created`.
    pub async fn connect(simulator: &Running) -> Self {
        let mut client = Self::open(simulator, "model=gpt-realtime-2.1", Some("sk-good"))
            .await
            .expect("the upgrade succeeds");
        assert_eq!(client.next().await["type"], "session.created");
        client
    }

    /// Upgrades, and reads nothing.
    pub async fn open(simulator: &Running, query: &str, key: Option<&str>) -> Result<Self, Error> {
        Self::open_with(simulator, query, key, &[]).await
    }

    /// Upgrades with more headers, and reads nothing.
    pub async fn open_with(
        simulator: &Running,
        query: &str,
        key: Option<&str>,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, Error> {
        let url = format!("ws://{}/v1/realtime?{query}", simulator.addr);
        let mut request = url.into_client_request()?;
        if let Some(key) = key {
            let value = format!("Bearer {key}").parse().expect("a header");
            request.headers_mut().insert("authorization", value);
        }
        for (name, value) in headers {
            let value = value.parse().expect("a header");
            request.headers_mut().insert(*name, value);
        }
        let (socket, _) = connect_async(request).await?;
        Ok(Self { socket })
    }

    pub async fn send(&mut self, event: Value) {
        self.socket
            .send(Message::text(event.to_string()))
            .await
            .expect("the socket is open");
    }

    /// Sends `session.update` with these settings and takes its answer.
    pub async fn update(&mut self, mut settings: Value) -> Value {
        settings["type"] = "realtime".into();
        self.send(json!({"type": "session.update", "session": settings}))
            .await;
        self.next().await
    }

    /// Asks for a response as a client of typed text does.
    pub async fn type_text(&mut self, text: &str) {
        let content = json!([{"type": "input_text", "text": text}]);
        let item = json!({"type": "message", "role": "user", "content": content});
        self.send(json!({"type": "conversation.item.create", "item": item}))
            .await;
        self.send(json!({"type": "response.create"})).await;
    }

    /// Sends audio in pieces of 100 ms, as fast as it goes.
    pub async fn send_audio(&mut self, samples: &[i16]) {
        for piece in samples.chunks(2_400) {
            let bytes: Vec<u8> = piece
                .iter()
                .flat_map(|sample| sample.to_le_bytes())
                .collect();
            let audio = STANDARD.encode(bytes);
            self.send(json!({"type": "input_audio_buffer.append", "audio": audio}))
                .await;
        }
    }

    /// Says a sentence with silence around it.
    pub async fn speak(&mut self, text: &str) {
        self.send_audio(&speech(text).await).await;
    }

    pub async fn next_message(&mut self) -> Option<Result<Message, Error>> {
        tokio::time::timeout(PATIENCE, self.socket.next())
            .await
            .expect("something comes in time")
    }

    /// Returns the next event.
    pub async fn next(&mut self) -> Value {
        loop {
            match self.next_message().await {
                Some(Ok(Message::Text(text))) => {
                    return serde_json::from_str(&text).expect("an event is JSON");
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("no event but {other:?}"),
            }
        }
    }

    /// Returns all events up to one of this type, which is the last.
    pub async fn until(&mut self, kind: &str) -> Vec<Value> {
        let mut events = Vec::new();
        loop {
            events.push(self.next().await);
            if events.last().is_some_and(|event| event["type"] == kind) {
                return events;
            }
        }
    }

    /// Returns the next event of this type.
    pub async fn find(&mut self, kind: &str) -> Value {
        self.until(kind).await.pop().expect("it was found")
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
}

/// A sentence at 24 kHz, half a second of silence before it and 1.5 s after it.
pub async fn speech(text: &str) -> Vec<i16> {
    let utterance = Utterance {
        text: text.into(),
        language: "en".into(),
        voice: "cedar".into(),
        speed_percent: 100,
        beeps: false,
    };
    let mut samples = vec![0; 12_000];
    samples.extend_from_slice(&Voice::default().speak(utterance).await);
    samples.resize(samples.len() + 36_000, 0);
    samples
}

/// The types of events, in order, with runs of the same types in a row told once.
pub fn outline(events: &[Value]) -> Vec<&str> {
    let mut types: Vec<_> = events
        .iter()
        .filter_map(|event| event["type"].as_str())
        .collect();
    types.dedup();
    types
}

/// The milliseconds of audio in these events.
pub fn audio_ms(events: &[Value]) -> u64 {
    audio(events).len() as u64 / 24
}

/// The samples in these events.
pub fn audio(events: &[Value]) -> Vec<i16> {
    let deltas = events
        .iter()
        .filter(|event| event["type"] == "response.output_audio.delta");
    let bytes: Vec<u8> = deltas
        .flat_map(|event| {
            STANDARD
                .decode(event["delta"].as_str().unwrap_or_default())
                .expect("audio is base64")
        })
        .collect();
    let (pairs, rest) = bytes.as_chunks::<2>();
    assert!(rest.is_empty(), "half a sample came");
    pairs.iter().map(|pair| i16::from_le_bytes(*pair)).collect()
}

/// The words of the reply in a `response.done`.
pub fn reply(done: &Value) -> &str {
    done["response"]["output"][0]["content"][0]["transcript"]
        .as_str()
        .unwrap_or_default()
}
