//! A room in memory, for tests: says what it is told to, and remembers what it was asked for.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;

use super::{
    AUDIO_QUEUE, AudioFrame, AudioOutput, AudioPacket, ClosedReason, EVENT_QUEUE, JoinRoom,
    JoinRoomError, JoinedRoom, Participant, ParticipantKind, Room, RoomCommandError, RoomConnector,
    RoomEvent, RoomStatistics, SendAudioError, TextHeader,
};

/// Rooms in memory.
#[derive(Default)]
pub struct FakeRooms {
    stays: Mutex<Vec<Arc<FakeStay>>>,
    refusals: Mutex<Vec<JoinRoomError>>,
    someone_joined: Notify,
}

/// One stay of an agent in a room, seen from the other side.
pub struct FakeStay {
    /// What it asked for.
    pub request: JoinRoom,
    events: mpsc::Sender<RoomEvent>,
    state: Mutex<State>,
}

struct State {
    attributes: BTreeMap<String, String>,
    streams: Vec<ShownStream>,
    frames: Vec<SentFrame>,
    media_is_up: bool,
    text_queue_is_full: bool,
    closed: bool,
    statistics: RoomStatistics,
}

/// A text stream as receivers got it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownStream {
    /// Its header.
    pub header: TextHeader,
    /// All that was written.
    pub text: String,
    /// Whether it was closed.
    pub closed: bool,
}

/// A frame of our voice, and when it was sent.
#[derive(Debug, Clone)]
pub struct SentFrame {
    /// When.
    pub at: Instant,
    /// What.
    pub frame: AudioFrame,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl FakeRooms {
    /// Refuses the next join (several: in this order).
    pub fn refuse(&self, error: JoinRoomError) {
        lock(&self.refusals).push(error);
    }

    /// Waits for a stay, counted from 0.
    pub async fn stay(&self, number: usize) -> Arc<FakeStay> {
        loop {
            let joined = self.someone_joined.notified();
            if let Some(stay) = lock(&self.stays).get(number) {
                return Arc::clone(stay);
            }
            joined.await;
        }
    }

    /// Returns how many stays there were.
    #[must_use]
    pub fn count(&self) -> usize {
        lock(&self.stays).len()
    }
}

#[async_trait]
impl RoomConnector for FakeRooms {
    async fn join(&self, request: JoinRoom) -> Result<JoinedRoom, JoinRoomError> {
        {
            let mut refusals = lock(&self.refusals);
            if !refusals.is_empty() {
                return Err(refusals.remove(0));
            }
        }
        let (sender, events) = mpsc::channel(EVENT_QUEUE);
        let stay = Arc::new(FakeStay {
            state: Mutex::new(State {
                attributes: request.attributes.clone(),
                streams: Vec::new(),
                frames: Vec::new(),
                media_is_up: true,
                text_queue_is_full: false,
                closed: false,
                statistics: RoomStatistics::default(),
            }),
            request,
            events: sender,
        });
        lock(&self.stays).push(Arc::clone(&stay));
        self.someone_joined.notify_waiters();
        Ok(JoinedRoom {
            room: Arc::clone(&stay) as Arc<dyn Room>,
            events,
            audio: stay,
        })
    }
}

/// What the others do.
impl FakeStay {
    /// Someone comes.
    pub async fn joins(&self, identity: &str, sid: &str) {
        self.tell(RoomEvent::Joined(Participant {
            identity: identity.to_owned(),
            sid: sid.to_owned(),
            kind: ParticipantKind::Standard,
            attributes: BTreeMap::new(),
        }))
        .await;
    }

    /// Someone leaves.
    pub async fn leaves(&self, identity: &str, sid: &str) {
        self.tell(RoomEvent::Left {
            identity: identity.to_owned(),
            sid: sid.to_owned(),
        })
        .await;
    }

    /// Someone publishes a microphone (or another sound); its packets go into what is returned.
    pub async fn publishes(
        &self,
        identity: &str,
        track_id: &str,
        microphone: bool,
    ) -> mpsc::Sender<AudioPacket> {
        let (packets, audio) = mpsc::channel(AUDIO_QUEUE);
        self.tell(RoomEvent::TrackUp {
            identity: identity.to_owned(),
            track_id: track_id.to_owned(),
            microphone,
            muted: false,
            audio,
        })
        .await;
        packets
    }

    /// Someone types.
    pub async fn types(&self, identity: &str, text: &str) {
        self.tell(RoomEvent::Text {
            from: identity.to_owned(),
            topic: "lk.chat".to_owned(),
            stream_id: String::new(),
            attributes: BTreeMap::new(),
            text: text.to_owned(),
        })
        .await;
    }

    /// Anything else happens. Nothing happens in a room that was left.
    pub async fn tell(&self, event: RoomEvent) {
        let _ = self.events.send(event).await;
    }

    /// Media goes down or comes back.
    pub fn set_media(&self, is_up: bool) {
        lock(&self.state).media_is_up = is_up;
    }

    /// From now on there is no place for text, or there is again.
    pub fn set_text_queue_full(&self, is_full: bool) {
        lock(&self.state).text_queue_is_full = is_full;
    }

    /// Sets the figures of the network.
    pub fn set_statistics(&self, statistics: RoomStatistics) {
        lock(&self.state).statistics = statistics;
    }

    /// Returns the agent's attributes.
    #[must_use]
    pub fn attributes(&self) -> BTreeMap<String, String> {
        lock(&self.state).attributes.clone()
    }

    /// Returns every text stream, in the order of opening.
    #[must_use]
    pub fn streams(&self) -> Vec<ShownStream> {
        lock(&self.state).streams.clone()
    }

    /// Returns every frame of the agent's voice.
    #[must_use]
    pub fn frames(&self) -> Vec<SentFrame> {
        lock(&self.state).frames.clone()
    }

    /// Returns whether the agent has left.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        lock(&self.state).closed
    }

    fn text(&self) -> Result<MutexGuard<'_, State>, RoomCommandError> {
        let state = lock(&self.state);
        if state.closed {
            Err(RoomCommandError::Closed)
        } else if state.text_queue_is_full {
            Err(RoomCommandError::Full)
        } else {
            Ok(state)
        }
    }
}

fn open_stream<'a>(state: &'a mut State, stream_id: &str) -> Option<&'a mut ShownStream> {
    state
        .streams
        .iter_mut()
        .rev()
        .find(|stream| stream.header.stream_id == stream_id && !stream.closed)
}

#[async_trait]
impl Room for FakeStay {
    fn set_attributes(&self, attributes: BTreeMap<String, String>) -> Result<(), RoomCommandError> {
        let mut state = self.text()?;
        state.attributes.extend(attributes);
        Ok(())
    }

    fn open_text(&self, header: TextHeader) -> Result<(), RoomCommandError> {
        self.text()?.streams.push(ShownStream {
            header,
            text: String::new(),
            closed: false,
        });
        Ok(())
    }

    fn write_text(&self, stream_id: &str, text: &str) -> Result<(), RoomCommandError> {
        let mut state = self.text()?;
        if let Some(stream) = open_stream(&mut state, stream_id) {
            stream.text.push_str(text);
        }
        Ok(())
    }

    fn close_text(&self, stream_id: &str) -> Result<(), RoomCommandError> {
        let mut state = self.text()?;
        if let Some(stream) = open_stream(&mut state, stream_id) {
            stream.closed = true;
        }
        Ok(())
    }

    fn send_data(&self, _topic: &str, _payload: Bytes) -> Result<(), RoomCommandError> {
        self.text().map(drop)
    }

    fn statistics(&self) -> RoomStatistics {
        lock(&self.state).statistics
    }

    async fn close(&self) {
        lock(&self.state).closed = true;
        let _ = self.events.try_send(RoomEvent::Closed(ClosedReason::ByUs));
    }
}

#[async_trait]
impl AudioOutput for FakeStay {
    async fn send(&self, frame: AudioFrame) -> Result<(), SendAudioError> {
        let mut state = lock(&self.state);
        if state.closed {
            return Err(SendAudioError::Closed);
        }
        if !state.media_is_up {
            return Err(SendAudioError::Down);
        }
        state.frames.push(SentFrame {
            at: Instant::now(),
            frame,
        });
        Ok(())
    }

    fn set_muted(&self, _muted: bool) {}

    fn is_up(&self) -> bool {
        lock(&self.state).media_is_up
    }

    fn track_id(&self) -> String {
        "TR_tutor".to_owned()
    }
}
