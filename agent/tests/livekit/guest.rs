//! One participant of a test, with patience but not without end.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use avaaz_agent::room::livekit::LiveKitConnector;
use avaaz_agent::room::{
    AudioFrame, AudioOutput, AudioPacket, ClosedReason, JoinRoom, JoinedRoom, Room, RoomConnector,
    RoomEvent, TextHeader,
};
use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::time::timeout;

/// Far beyond anything that happens in a healthy room, on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(20);
pub const FRAME: Duration = Duration::from_millis(20);

pub struct Guest {
    pub identity: String,
    pub room: Arc<dyn Room>,
    pub audio: Arc<dyn AudioOutput>,
    events: mpsc::Receiver<RoomEvent>,
    /// What came while something else was waited for.
    passed: Vec<RoomEvent>,
}

pub fn request(identity: &str) -> JoinRoom {
    let attributes = BTreeMap::from([("lk.agent.state".to_owned(), "initializing".to_owned())]);
    JoinRoom {
        room: "session-1".to_owned(),
        identity: identity.to_owned(),
        name: identity.to_owned(),
        attributes,
    }
}

impl Guest {
    pub async fn join(connector: &LiveKitConnector, identity: &str) -> Self {
        let joined = timeout(PATIENCE, connector.join(request(identity))).await;
        let JoinedRoom {
            room,
            events,
            audio,
        } = joined
            .expect("the join takes too long")
            .expect("the join fails");
        Self {
            identity: identity.to_owned(),
            room,
            audio,
            events,
            passed: Vec::new(),
        }
    }

    /// Waits until the wanted event comes, or takes it from those that came earlier.
    pub async fn until<T>(
        &mut self,
        what: &str,
        mut wanted: impl FnMut(RoomEvent) -> Result<T, RoomEvent>,
    ) -> T {
        let mut earlier = std::mem::take(&mut self.passed).into_iter();
        for event in earlier.by_ref() {
            match wanted(event) {
                Ok(found) => {
                    self.passed.extend(earlier);
                    return found;
                }
                Err(other) => self.passed.push(other),
            }
        }
        let found = timeout(PATIENCE, async {
            while let Some(event) = self.events.recv().await {
                match wanted(event) {
                    Ok(found) => return Some(found),
                    Err(other) => self.passed.push(other),
                }
            }
            None
        });
        match found.await {
            Ok(Some(found)) => found,
            Ok(None) => panic!("the room ended before: {what}; passed: {:?}", self.passed),
            Err(_) => panic!("{what} does not come; passed: {:?}", self.passed),
        }
    }

    /// Returns whether something has come so far, whatever else was waited for.
    pub fn has_seen(&mut self, what: impl FnMut(&RoomEvent) -> bool) -> bool {
        while let Ok(event) = self.events.try_recv() {
            self.passed.push(event);
        }
        self.passed.iter().any(what)
    }

    /// Forgets what came earlier.
    pub fn forget_the_past(&mut self) {
        self.passed.clear();
        while self.events.try_recv().is_ok() {}
    }

    pub async fn joined(&mut self, who: &str) -> avaaz_agent::room::Participant {
        self.until("a join", |event| match event {
            RoomEvent::Joined(participant) if participant.identity == who => Ok(participant),
            other => Err(other),
        })
        .await
    }

    pub async fn left(&mut self, who: &str) -> String {
        self.until("a leave", |event| match event {
            RoomEvent::Left { identity, sid } if identity == who => Ok(sid),
            other => Err(other),
        })
        .await
    }

    /// The track of someone, and its packets: a track is up with its first packet, so the other one hums until then.
    pub async fn track_of(&mut self, who: &Guest) -> (String, mpsc::Receiver<AudioPacket>) {
        let humming = async {
            loop {
                // Media may be down for a moment.
                let _ = who
                    .audio
                    .send(AudioFrame {
                        opus: Bytes::from_static(&[0xF8, 0xFF, 0xFE]),
                        duration: FRAME,
                        level_dbov: 127,
                        first: false,
                    })
                    .await;
                tokio::time::sleep(FRAME).await;
            }
        };
        tokio::select! {
            track = self.track_up(&who.identity) => track,
            () = humming => unreachable!("humming has no end"),
        }
    }

    async fn track_up(&mut self, who: &str) -> (String, mpsc::Receiver<AudioPacket>) {
        self.until("a track", |event| match event {
            RoomEvent::TrackUp {
                identity,
                track_id,
                microphone: true,
                audio,
                ..
            } if identity == who => Ok((track_id, audio)),
            other => Err(other),
        })
        .await
    }

    /// Sender, topic and text of the next text.
    pub async fn text(&mut self) -> (String, String, String) {
        self.until("text", |event| match event {
            RoomEvent::Text {
                from, topic, text, ..
            } => Ok((from, topic, text)),
            other => Err(other),
        })
        .await
    }

    pub async fn attribute(&mut self, who: &str, key: &str, value: &str) {
        self.until("an attribute", |event| match event {
            RoomEvent::Attributes {
                identity,
                attributes,
            } if identity == who && attributes.get(key).map(String::as_str) == Some(value) => {
                Ok(())
            }
            other => Err(other),
        })
        .await;
    }

    pub async fn back(&mut self) -> bool {
        self.until("the return", |event| match event {
            RoomEvent::Reconnected { fresh } => Ok(fresh),
            other => Err(other),
        })
        .await
    }

    pub async fn closed(&mut self) -> ClosedReason {
        self.until("the end", |event| match event {
            RoomEvent::Closed(reason) => Ok(reason),
            other => Err(other),
        })
        .await
    }

    pub async fn hears_nothing_more(&mut self) -> bool {
        matches!(timeout(PATIENCE, self.events.recv()).await, Ok(None))
    }

    /// Says whole text as a stream, for itself or for someone else.
    pub fn write(&self, topic: &str, text: &str, on_behalf_of: Option<&str>) {
        let header = TextHeader {
            stream_id: uuid::Uuid::new_v4().to_string(),
            topic: topic.to_owned(),
            on_behalf_of: on_behalf_of.map(str::to_owned),
            attributes: BTreeMap::from([("lk.segment_id".to_owned(), "1".to_owned())]),
            to: Vec::new(),
        };
        let stream_id = header.stream_id.clone();
        self.room.open_text(header).unwrap();
        self.room.write_text(&stream_id, text).unwrap();
        self.room.close_text(&stream_id).unwrap();
    }

    /// Sends numbered frames on a 20 ms clock; the server passes payloads on untouched.
    pub async fn speak(&self, frames: u32) {
        let mut clock = tokio::time::interval(FRAME);
        for number in 0..frames {
            clock.tick().await;
            let opus = Bytes::copy_from_slice(&[&number.to_be_bytes()[..], &[7; 60]].concat());
            let frame = AudioFrame {
                opus,
                duration: FRAME,
                level_dbov: 20,
                first: number == 0,
            };
            self.audio.send(frame).await.expect("media is up");
        }
    }
}

/// Collects numbered frames until the last one, or until it has been silent for too long.
pub async fn listen(
    packets: &mut mpsc::Receiver<AudioPacket>,
    last: u32,
) -> Vec<(u32, AudioPacket)> {
    let mut heard = Vec::new();
    while let Ok(Some(packet)) = timeout(Duration::from_secs(5), packets.recv()).await {
        // Anything shorter is the silence that announces a track.
        if packet.opus.len() < 60 {
            continue;
        }
        let number = u32::from_be_bytes(packet.opus[..4].try_into().unwrap());
        heard.push((number, packet));
        if number == last {
            break;
        }
    }
    heard
}
