//! A client that speaks the wire protocol and nothing else.

use avaaz_simulator::{Options, Running, Simulator, Utterance, Voice};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::socket::{Socket, pieces, samples};

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
    pub socket: Socket,
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
        let socket = Socket::open(request).await?;
        Ok(Self { socket })
    }

    pub async fn send(&mut self, event: Value) {
        self.socket.send(Message::text(event.to_string())).await;
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
        for audio in pieces(samples) {
            self.send(json!({"type": "input_audio_buffer.append", "audio": audio}))
                .await;
        }
    }

    /// Says a sentence with silence around it.
    pub async fn speak(&mut self, text: &str) {
        self.send_audio(&speech(text).await).await;
    }

    pub async fn next_message(&mut self) -> Option<Result<Message, Error>> {
        self.socket.next_message().await
    }

    /// Returns the next event, which comes in a text frame.
    pub async fn next(&mut self) -> Value {
        self.socket.next_json(in_text).await
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
        self.socket.closed().await
    }
}

fn in_text(message: &Message) -> Option<&[u8]> {
    match message {
        Message::Text(text) => Some(text.as_bytes()),
        _ => None,
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
    samples(deltas.map(|event| event["delta"].as_str().unwrap_or_default()))
}

/// The words of the reply in a `response.done`.
pub fn reply(done: &Value) -> &str {
    done["response"]["output"][0]["content"][0]["transcript"]
        .as_str()
        .unwrap_or_default()
}
