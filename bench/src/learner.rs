//! A learner: an account of its own, a token's room, a voice that speaks in time, and an ear.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use avaaz_agent::room::livekit::{LiveKitConfig, LiveKitConnector};
use avaaz_agent::room::{
    AudioFrame, AudioOutput, AudioPacket, JoinRoom, ParticipantKind, Room, RoomConnector as _,
    RoomEvent,
};
use bytes::Bytes;
use secrecy::SecretString;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::stack::{LIVEKIT_KEY, LIVEKIT_SECRET, Stack};

/// The rate that learners speak at, in Hz.
pub const RATE_HZ: u32 = 24_000;
/// One frame of 20 ms.
pub const FRAME: usize = RATE_HZ as usize / 50;

/// A learner in their room.
pub struct Learner {
    room: Arc<dyn Room>,
    microphone: Arc<dyn AudioOutput>,
    /// What the tutor sends, packet by packet.
    pub ear: mpsc::Receiver<AudioPacket>,
    /// What a bystander in the same room hears of the learner: the floor that the network and LiveKit make.
    pub bystander: mpsc::Receiver<AudioPacket>,
    bystander_room: Arc<dyn Room>,
    encoder: opus::Encoder,
    events: Vec<JoinHandle<()>>,
    /// From asking for a token to the tutor's track.
    pub tutor_after: Duration,
}

impl Learner {
    /// Registers, chooses a provider, asks for a token, joins, and waits until the tutor and the bystander are there.
    ///
    /// # Errors
    /// When any step fails or takes longer than 20 s.
    pub async fn join(stack: &Stack, provider: &str, number: usize) -> anyhow::Result<Self> {
        let joining = Self::join_slowly(stack, provider, number);
        tokio::time::timeout(Duration::from_secs(20), joining)
            .await
            .context("no tutor came within 20 s")?
    }

    async fn join_slowly(stack: &Stack, provider: &str, number: usize) -> anyhow::Result<Self> {
        let http = reqwest::Client::new();
        let body = serde_json::json!({
            "email": format!("bench-{number}@example.com"), "password": "a long enough password", "display_name": format!("Learner {number}"),
        });
        let account: serde_json::Value = http
            .post(format!("{}/auth/register", stack.api_url))
            .json(&body)
            .send()
            .await?
            .error_for_status()?
            .json()
            .await?;
        let bearer = account["access_token"]
            .as_str()
            .context("registering gave no access token")?;
        http.patch(format!("{}/sessions/default", stack.api_url))
            .bearer_auth(bearer)
            .json(&serde_json::json!({ "provider": provider }))
            .send()
            .await?
            .error_for_status()?;
        let asked = Instant::now();
        let token: serde_json::Value = http
            .post(format!("{}/sessions/default/token", stack.api_url))
            .bearer_auth(bearer)
            .send()
            .await?
            .error_for_status()?
            .json()
            .await?;
        let room_name = token["room_name"]
            .as_str()
            .context("the answer names no room")?
            .to_owned();
        let identity = token["participant_identity"]
            .as_str()
            .context("the answer names no identity")?
            .to_owned();

        let mut config = LiveKitConfig::new(
            &stack.livekit_url,
            LIVEKIT_KEY,
            SecretString::from(LIVEKIT_SECRET),
        );
        config.kind = ParticipantKind::Standard;
        let connector = LiveKitConnector::new(config);
        let join = |identity: String| JoinRoom {
            room: room_name.clone(),
            identity,
            name: "Learner".to_owned(),
            attributes: std::collections::BTreeMap::new(),
        };
        let mut learner = connector.join(join(identity.clone())).await?;
        let ear = track_of(&mut learner.events, |who| who.starts_with("tutor-")).await?;
        let tutor_after = asked.elapsed();
        let mut bystander = connector.join(join(format!("bystander-{number}"))).await?;
        let mut encoder =
            opus::Encoder::new(RATE_HZ, opus::Channels::Mono, opus::Application::Voip)?;
        // A track is announced with its first packet: speak silence until the bystander hears it.
        let bystander_ear = {
            let mut heard = std::pin::pin!(track_of(&mut bystander.events, |who| who == identity));
            let mut tick = tokio::time::interval(Duration::from_millis(20));
            loop {
                tokio::select! {
                    track = &mut heard => break track?,
                    _ = tick.tick() => send(&mut encoder, &learner.audio, &[0; FRAME]).await?,
                }
            }
        };
        Ok(Self {
            room: learner.room,
            microphone: learner.audio,
            ear,
            bystander: bystander_ear,
            bystander_room: bystander.room,
            encoder,
            events: vec![drain(learner.events), drain(bystander.events)],
            tutor_after,
        })
    }

    /// Speaks one frame now.
    ///
    /// # Errors
    /// When it cannot be encoded. A frame that media refuses for the moment is lost, as it is with a real microphone.
    pub async fn speak(&mut self, samples: &[i16]) -> anyhow::Result<()> {
        send(&mut self.encoder, &self.microphone, samples).await
    }

    /// Leaves.
    pub async fn leave(self) {
        self.room.close().await;
        self.bystander_room.close().await;
        for task in self.events {
            let _ = task.await;
        }
    }
}

async fn send(
    encoder: &mut opus::Encoder,
    microphone: &Arc<dyn AudioOutput>,
    samples: &[i16],
) -> anyhow::Result<()> {
    let mut packet = [0_u8; 1275];
    let length = encoder.encode(samples, &mut packet)?;
    let loud = samples.iter().any(|sample| sample.unsigned_abs() > 300);
    let frame = AudioFrame {
        opus: Bytes::copy_from_slice(&packet[..length]),
        duration: Duration::from_millis(20),
        level_dbov: if loud { 30 } else { 127 },
        first: false,
    };
    let _ = microphone.send(frame).await;
    Ok(())
}

/// Waits for the audio track of someone.
async fn track_of(
    events: &mut mpsc::Receiver<RoomEvent>,
    is: impl Fn(&str) -> bool,
) -> anyhow::Result<mpsc::Receiver<AudioPacket>> {
    while let Some(event) = events.recv().await {
        if let RoomEvent::TrackUp {
            identity, audio, ..
        } = event
            && is(&identity)
        {
            return Ok(audio);
        }
    }
    anyhow::bail!("the room closed before the track came")
}

/// Events have to be read, or the room takes us for stuck.
fn drain(mut events: mpsc::Receiver<RoomEvent>) -> JoinHandle<()> {
    tokio::spawn(async move { while events.recv().await.is_some() {} })
}
