//! The seam to the room, in our own words: no LiveKit or WebRTC type appears here.
//!
//! Behind it: a LiveKit client ([`livekit`](self)) and an in-memory room for tests. Nothing above it may assume a remote server.
//!
//! Every call on [`Room`] returns at once: it puts a command into a bounded queue. A full queue is an error that the caller sees,
//! so that a slow peer can never make the loop of a conversation deaf.

pub mod captions;
pub mod fake;
pub mod livekit;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::mpsc;

/// How many events may wait for the conversation before the room is considered stuck and closed.
pub const EVENT_QUEUE: usize = 1024;
/// How many audio packets of one track may wait (5 s of 20 ms packets); the oldest are what a reader gets first, newer ones are dropped.
pub const AUDIO_QUEUE: usize = 250;

/// Joins rooms.
#[async_trait]
pub trait RoomConnector: Send + Sync + 'static {
    /// Joins a room and returns once others can see and hear this participant.
    ///
    /// # Errors
    /// [`JoinRoomError`] says whether another try can help.
    async fn join(&self, request: JoinRoom) -> Result<JoinedRoom, JoinRoomError>;
}

/// What is needed to join a room.
#[derive(Debug, Clone)]
pub struct JoinRoom {
    /// Name of the room, `session-<session id>`.
    pub room: String,
    /// Our identity in it, `tutor-<conversation id>`. Joining under an identity that is present removes the older one.
    pub identity: String,
    /// The name that people see.
    pub name: String,
    /// Attributes that others see from the first moment; kept up by the room through every reconnect.
    pub attributes: BTreeMap<String, String>,
}

/// A joined room: its handle, its events, and the one audio track that we publish.
pub struct JoinedRoom {
    /// Commands to the room.
    pub room: Arc<dyn Room>,
    /// What happens in it. Participants and tracks already there come first, as events. Ends after [`RoomEvent::Closed`].
    pub events: mpsc::Receiver<RoomEvent>,
    /// Our voice.
    pub audio: Arc<dyn AudioOutput>,
}

/// Why a room could not be joined.
#[derive(Debug, Clone, thiserror::Error)]
pub enum JoinRoomError {
    /// The server refused the token or the room; trying again with the same request is useless.
    #[error("the room server refused: {0}")]
    Refused(String),
    /// The server could not be reached, or did not answer in time.
    #[error("the room server cannot be reached: {0}")]
    Unreachable(String),
    /// The server answered, but media or data could not be set up.
    #[error("media could not be set up: {0}")]
    Media(String),
}

/// A command could not be queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RoomCommandError {
    /// The queue of commands is full.
    #[error("the room does not keep up")]
    Full,
    /// The room is closed.
    #[error("the room is closed")]
    Closed,
}

/// A joined room.
#[async_trait]
pub trait Room: Send + Sync + 'static {
    /// Sets attributes of our participant; others keep theirs. An empty value removes one.
    ///
    /// # Errors
    /// When the command cannot be queued.
    fn set_attributes(&self, attributes: BTreeMap<String, String>) -> Result<(), RoomCommandError>;

    /// Opens a text stream. Opening one with the id of an earlier stream replaces that one's text at the receivers.
    ///
    /// # Errors
    /// When the command cannot be queued.
    fn open_text(&self, header: TextHeader) -> Result<(), RoomCommandError>;

    /// Appends to an open text stream. Long text is split on character boundaries.
    ///
    /// # Errors
    /// When the command cannot be queued.
    fn write_text(&self, stream_id: &str, text: &str) -> Result<(), RoomCommandError>;

    /// Closes a text stream.
    ///
    /// # Errors
    /// When the command cannot be queued.
    fn close_text(&self, stream_id: &str) -> Result<(), RoomCommandError>;

    /// Sends a packet of data, reliably and in order.
    ///
    /// # Errors
    /// When the command cannot be queued.
    fn send_data(&self, topic: &str, payload: Bytes) -> Result<(), RoomCommandError>;

    /// Returns the latest figures of the network.
    fn statistics(&self) -> RoomStatistics;

    /// Leaves the room, so that others see it at once, and ends every task behind it. Calling it again does nothing.
    async fn close(&self);
}

/// The header of an outgoing text stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextHeader {
    /// The stream's id, chosen by us, stable per segment.
    pub stream_id: String,
    /// The topic, e.g. `lk.transcription`.
    pub topic: String,
    /// The identity that receivers shall see as the sender (the learner, for the learner's words); `None` is ourselves.
    pub on_behalf_of: Option<String>,
    /// Attributes of the stream.
    pub attributes: BTreeMap<String, String>,
    /// Only these participants get it; empty means everyone.
    pub to: Vec<String>,
}

/// Our outgoing audio track.
#[async_trait]
pub trait AudioOutput: Send + Sync + 'static {
    /// Sends one Opus frame now. Sequence numbers and time stamps are this side's business; time stamps follow `duration`
    /// and jump over pauses.
    ///
    /// # Errors
    /// [`SendAudioError::Down`] while media is down: the caller keeps the frame and pauses.
    async fn send(&self, frame: AudioFrame) -> Result<(), SendAudioError>;

    /// Tells others that the track is muted.
    fn set_muted(&self, muted: bool);

    /// Returns whether media flows now. While it is false, frames should be held back, not lost.
    fn is_up(&self) -> bool;

    /// The id of the published track, as others see it (`lk.transcribed_track_id`).
    fn track_id(&self) -> String;
}

/// One encoded frame of our voice.
#[derive(Debug, Clone)]
pub struct AudioFrame {
    /// Opus.
    pub opus: Bytes,
    /// How long it sounds.
    pub duration: Duration,
    /// Its level in -dBov: 0 is the loudest, 127 silence (RFC 6464).
    pub level_dbov: u8,
    /// Whether it is the first after a pause (the RTP marker).
    pub first: bool,
}

/// An audio frame could not be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SendAudioError {
    /// Media is down for the moment.
    #[error("media is down")]
    Down,
    /// The room is closed.
    #[error("the room is closed")]
    Closed,
}

/// What kind of participant someone is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParticipantKind {
    /// A person's client.
    Standard,
    /// A program like ourselves.
    Agent,
    /// Anything else (recorders, telephone bridges).
    Other,
}

/// Someone else in the room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Participant {
    /// Unique in the room.
    pub identity: String,
    /// The server's id of this very stay, new at each join.
    pub sid: String,
    /// What it is.
    pub kind: ParticipantKind,
    /// Its attributes.
    pub attributes: BTreeMap<String, String>,
}

/// One audio packet of a remote track, as it came: not yet in order.
#[derive(Debug, Clone)]
pub struct AudioPacket {
    /// RTP sequence number.
    pub sequence: u16,
    /// RTP time stamp, 48 kHz.
    pub timestamp: u32,
    /// When it arrived here.
    pub arrived: Instant,
    /// Opus.
    pub opus: Bytes,
}

/// What happens in a room.
#[derive(Debug)]
pub enum RoomEvent {
    /// Someone came, or was there before us.
    Joined(Participant),
    /// Someone left.
    Left {
        /// Who.
        identity: String,
        /// The id of the stay that ended: a quick rejoin may have begun another one already.
        sid: String,
    },
    /// Someone's attributes changed; all of them are given.
    Attributes {
        /// Whose.
        identity: String,
        /// All of them.
        attributes: BTreeMap<String, String>,
    },
    /// An audio track can be heard.
    TrackUp {
        /// Whose.
        identity: String,
        /// The track's id.
        track_id: String,
        /// Whether it is a microphone (and not, say, a screen's sound).
        microphone: bool,
        /// Whether it begins muted.
        muted: bool,
        /// Its packets.
        audio: mpsc::Receiver<AudioPacket>,
    },
    /// A track is gone.
    TrackDown {
        /// Whose.
        identity: String,
        /// The track's id.
        track_id: String,
    },
    /// A track was muted or unmuted by its owner.
    TrackMuted {
        /// Whose.
        identity: String,
        /// The track's id.
        track_id: String,
        /// Muted or not.
        muted: bool,
    },
    /// A whole text stream (or an old client's chat packet, with the topic `lk.chat`) came in.
    Text {
        /// From whom.
        from: String,
        /// The topic.
        topic: String,
        /// The stream's id: the same one again is an edit.
        stream_id: String,
        /// Its attributes.
        attributes: BTreeMap<String, String>,
        /// The text.
        text: String,
    },
    /// A packet of data.
    Data {
        /// From whom.
        from: String,
        /// The topic.
        topic: String,
        /// What it holds.
        payload: Bytes,
    },
    /// Media flows (again).
    MediaUp,
    /// Media does not flow for the moment.
    MediaDown,
    /// The connection was lost; the room tries to come back by itself.
    Reconnecting,
    /// The connection is back.
    Reconnected {
        /// Whether this is a new stay: other participants and tracks were announced anew, and text sent earlier is unknown to late comers.
        fresh: bool,
    },
    /// The room is left for good; nothing follows.
    Closed(ClosedReason),
}

/// Why a room was left for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClosedReason {
    /// We asked for it.
    ByUs,
    /// Someone joined under our identity: another runtime has taken over.
    DuplicateIdentity,
    /// Someone removed us.
    Removed,
    /// The room was closed or deleted at the server.
    RoomClosed,
    /// The server could not be reached again in the time allowed.
    Unreachable(String),
    /// The server refused us.
    Refused(String),
}

/// Figures of the network, as far as they are known.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct RoomStatistics {
    /// Round trip to the server in ms.
    pub round_trip_ms: Option<f32>,
    /// Jitter of our audio as the receiver reports it, in ms.
    pub receiver_jitter_ms: Option<f32>,
    /// Our packets that the receiver reports as lost, since the start.
    pub packets_lost: u64,
    /// Audio packets sent, since the start.
    pub packets_sent: u64,
}
