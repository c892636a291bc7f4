//! One conversation in a world whose clock a test moves.

use std::sync::Arc;
use std::time::Duration;

use avaaz_agent::audio::opus::Encoder;
use avaaz_agent::room::AudioPacket;
use avaaz_agent::room::fake::{FakeRooms, FakeStay, ShownStream};
use avaaz_agent::runtime::{Providers, Runtime, RuntimeConfig, RuntimeHandle};
use avaaz_tutor::PastTurn;
use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::host::FakeHost;
use super::provider::{Line, ScriptedProvider};

pub const LEARNER: &str = "learner-ada";

pub struct World {
    pub host: Arc<FakeHost>,
    pub rooms: Arc<FakeRooms>,
    pub provider: Arc<ScriptedProvider>,
    pub runtime: RuntimeHandle,
    pub conversation: Uuid,
    sounds: [Bytes; 2],
    sent: u32,
}

impl World {
    /// A conversation waits, and a runtime claims it.
    pub async fn new() -> Self {
        Self::with_history(Vec::new()).await
    }

    /// The same, with a provider that leaves the learner's turns to us.
    pub async fn with_turns_left_to_us() -> Self {
        Self::made_of(Vec::new(), ScriptedProvider::that_leaves_turns_to_us()).await
    }

    pub async fn with_history(history: Vec<PastTurn>) -> Self {
        Self::made_of(history, ScriptedProvider::default()).await
    }

    async fn made_of(history: Vec<PastTurn>, provider: ScriptedProvider) -> Self {
        let host = FakeHost::new();
        let rooms = Arc::new(FakeRooms::default());
        let provider = Arc::new(provider);
        let conversation = host.open(history).await;
        let runtime = start(&host, &rooms, &provider);
        Self {
            host,
            rooms,
            provider,
            runtime,
            conversation,
            sounds: [packet_of(3000), packet_of(0)],
            sent: 0,
        }
    }

    /// Another runtime, beside or after the first.
    pub fn another_runtime(&self) -> RuntimeHandle {
        start(&self.host, &self.rooms, &self.provider)
    }

    /// The learner comes, with a microphone, and the provider is ready.
    pub async fn begun(&mut self) -> (Arc<FakeStay>, Arc<Line>, mpsc::Sender<AudioPacket>) {
        let stay = self.rooms.stay(0).await;
        stay.joins(LEARNER, "PA_1").await;
        let microphone = stay.publishes(LEARNER, "TR_ada", true).await;
        let line = self.provider.line(0).await;
        line.is_ready().await;
        (stay, line, microphone)
    }

    /// The same, and the greeting is over.
    pub async fn greeted(&mut self) -> (Arc<FakeStay>, Arc<Line>, mpsc::Sender<AudioPacket>) {
        let (stay, line, microphone) = self.begun().await;
        wait(50).await;
        line.replies("greeting", "Hello Ada.", Duration::from_millis(400))
            .await;
        self.host.until(|written| written.turns.len() == 1).await;
        (stay, line, microphone)
    }

    /// The learner's microphone hears this, at 24 kHz.
    pub async fn speaks(&mut self, microphone: &mpsc::Sender<AudioPacket>, samples: &[i16]) {
        let mut encoder = Encoder::new(24_000).unwrap();
        for piece in samples.chunks_exact(480) {
            let n = self.sent;
            self.sent += 1;
            let packet = AudioPacket {
                sequence: n as u16,
                timestamp: n * 960,
                arrived: Instant::now().into_std(),
                opus: encoder.encode(piece).unwrap(),
            };
            let _ = microphone.send(packet).await;
            wait(20).await;
        }
    }

    /// The learner makes a sound (or none) for a while.
    pub async fn sounds(&mut self, microphone: &mpsc::Sender<AudioPacket>, ms: u64, loud: bool) {
        for _ in 0..ms / 20 {
            let n = self.sent;
            self.sent += 1;
            let packet = AudioPacket {
                sequence: n as u16,
                timestamp: n * 960,
                arrived: Instant::now().into_std(),
                opus: self.sounds[usize::from(!loud)].clone(),
            };
            // Whoever does not listen to a track has dropped the other end.
            let _ = microphone.send(packet).await;
            wait(20).await;
        }
    }
}

fn start(
    host: &Arc<FakeHost>,
    rooms: &Arc<FakeRooms>,
    provider: &Arc<ScriptedProvider>,
) -> RuntimeHandle {
    Runtime::start(
        RuntimeConfig::default(),
        Arc::clone(host) as _,
        Arc::clone(rooms) as _,
        Providers::new(Arc::clone(provider) as _),
    )
}

fn packet_of(level: i16) -> Bytes {
    let mut encoder = Encoder::new(24_000).unwrap();
    let samples: Vec<i16> = (0..480)
        .map(|i| if i / 40 % 2 == 0 { level } else { -level })
        .collect();
    encoder.encode(&samples).unwrap()
}

pub async fn wait(ms: u64) {
    sleep(Duration::from_millis(ms)).await;
}

/// What stands on the learner's page: the last text of each segment, in the order in which the segments were first seen.
pub fn page(streams: &[ShownStream]) -> Vec<(String, String)> {
    let mut page: Vec<(String, String)> = Vec::new();
    for stream in streams {
        let segment = stream.header.attributes["lk.segment_id"].clone();
        match page.iter_mut().find(|(id, _)| *id == segment) {
            Some((_, text)) => text.clone_from(&stream.text),
            None => page.push((segment, stream.text.clone())),
        }
    }
    page
}
