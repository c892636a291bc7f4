//! The words of both sides on `lk.transcription`, and the tutor's state in its attributes.
//!
//! One turn is one segment, `turn-<seq>`, and one stream id for life: receivers order segments by when they first saw the stream
//! id, and a new stream with a known id replaces its text. Nothing is replayed to a client that joins later, so recent segments are
//! kept and sent again.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use avaaz_tutor::{AgentState, Caption, PastTurn, Speaker, TurnId, VoiceState};

use super::{AudioOutput, Room, RoomCommandError, TextHeader};

/// The topic of captions.
pub const TOPIC: &str = "lk.transcription";
/// The attribute with the tutor's state.
pub const STATE: &str = "lk.agent.state";
/// The attribute that says whether there is a voice.
pub const VOICE: &str = "avaaz.voice";
/// The attribute that names the conversation.
pub const CONVERSATION: &str = "avaaz.conversation";
/// The attribute that says why the conversation is over.
pub const ENDED: &str = "avaaz.ended";

/// Segments that are kept for late comers.
const KEPT: usize = 200;
/// Bytes of text that are kept for late comers.
const KEPT_BYTES: usize = 200 * 1024;
/// Holds a segment's place until it has words.
const PLACE: &str = "…";
/// Stands for "no words": clients drop empty chunks.
const NOTHING: &str = "\u{200B}";

/// Shows words to the learner.
pub struct Captions {
    room: Arc<dyn Room>,
    audio: Arc<dyn AudioOutput>,
    conversation: String,
    learner: String,
    learner_track: Option<String>,
    segments: BTreeMap<TurnId, Segment>,
    /// The one segment whose stream is open: the tutor's words come while it speaks.
    open: Option<TurnId>,
    /// What the room had no place for, in order: whole segments, to be sent as they are then.
    behind: VecDeque<Late>,
}

struct Segment {
    speaker: Speaker,
    text: String,
    is_final: bool,
    interrupted: bool,
}

#[derive(PartialEq, Eq)]
struct Late {
    turn: TurnId,
    /// To one participant only.
    to: Option<String>,
}

impl Captions {
    /// Makes captions that know the turns so far.
    #[must_use]
    pub fn new(
        room: Arc<dyn Room>,
        audio: Arc<dyn AudioOutput>,
        conversation: String,
        learner: String,
        history: &[PastTurn],
    ) -> Self {
        let segments = history
            .iter()
            .map(|turn| {
                let segment = Segment {
                    speaker: turn.speaker,
                    text: turn.text.clone(),
                    is_final: true,
                    interrupted: turn.interrupted,
                };
                (TurnId(turn.seq), segment)
            })
            .collect();
        let mut captions = Self {
            room,
            audio,
            conversation,
            learner,
            learner_track: None,
            segments,
            open: None,
            behind: VecDeque::new(),
        };
        captions.forget_the_oldest();
        captions
    }

    /// Notes which track the learner speaks on.
    pub fn set_learner_track(&mut self, track_id: Option<String>) {
        self.learner_track = track_id;
    }

    /// Shows a caption.
    pub fn show(&mut self, caption: Caption) {
        match caption {
            Caption::Begin { turn, speaker } => self.begin(turn, speaker),
            Caption::Append { turn, text } => self.append(turn, &text),
            Caption::Final {
                turn,
                speaker,
                text,
                interrupted,
            } => self.finish(turn, speaker, text, interrupted),
        }
        self.forget_the_oldest();
    }

    /// Shows what the tutor does.
    pub fn state(&self, state: AgentState) {
        self.attribute(STATE, state_word(state));
    }

    /// Shows whether there is a voice.
    pub fn voice(&self, voice: VoiceState) {
        self.attribute(VOICE, voice_word(voice));
    }

    /// Shows that the conversation is over, and why.
    pub fn ended(&self, reason: &str) {
        self.attribute(ENDED, reason);
    }

    /// Sends all that is kept to one participant, who has just come (again). What is being said now is begun anew for everyone.
    pub fn send_again(&mut self, to: &str) {
        self.behind.retain(|late| late.to.as_deref() != Some(to));
        let turns: Vec<TurnId> = self.segments.keys().copied().collect();
        for turn in turns {
            if self.open != Some(turn) {
                self.behind.push_back(Late {
                    turn,
                    to: Some(to.to_owned()),
                });
            }
        }
        self.catch_up();
        if let Some(turn) = self.open.take() {
            let _ = self.room.close_text(&self.stream_id(turn));
            self.reopen(turn);
        }
    }

    /// Returns whether something waits for a place in the room's queue; then call [`Self::catch_up`] in a moment.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        !self.behind.is_empty()
    }

    /// Sends what the room had no place for.
    pub fn catch_up(&mut self) {
        while let Some(late) = self.behind.front() {
            if self.send_whole(late.turn, late.to.as_deref()) == Err(RoomCommandError::Full) {
                return;
            }
            self.behind.pop_front();
        }
    }

    fn begin(&mut self, turn: TurnId, speaker: Speaker) {
        self.segments.insert(
            turn,
            Segment {
                speaker,
                text: String::new(),
                is_final: false,
                interrupted: false,
            },
        );
        self.send_or_keep(turn);
    }

    fn append(&mut self, turn: TurnId, text: &str) {
        let Some(segment) = self.segments.get_mut(&turn) else {
            return;
        };
        let was_final = segment.is_final;
        segment.text.push_str(text);
        if was_final || segment.speaker == Speaker::Learner {
            // The learner's words may still be revised as a whole.
            self.send_or_keep(turn);
        } else if self.open == Some(turn) {
            if !text.is_empty() && self.room.write_text(&self.stream_id(turn), text).is_err() {
                self.close_open();
                self.keep(turn);
            }
        } else if self.is_behind() {
            self.keep(turn);
            self.catch_up();
        } else {
            self.close_open();
            self.reopen(turn);
        }
    }

    fn finish(&mut self, turn: TurnId, speaker: Speaker, text: String, interrupted: bool) {
        if self.open == Some(turn) {
            self.close_open();
        }
        self.segments.insert(
            turn,
            Segment {
                speaker,
                text,
                is_final: true,
                interrupted,
            },
        );
        self.send_or_keep(turn);
    }

    fn close_open(&mut self) {
        if let Some(turn) = self.open.take() {
            // A stream that cannot be closed now is replaced by the final one.
            let _ = self.room.close_text(&self.stream_id(turn));
        }
    }

    /// Begins a stream with all words so far, and leaves it open for more.
    fn reopen(&mut self, turn: TurnId) {
        let Some(segment) = self.segments.get(&turn) else {
            return;
        };
        let stream_id = self.stream_id(turn);
        let text = if segment.text.is_empty() {
            PLACE
        } else {
            &segment.text
        };
        let sent = self
            .room
            .open_text(self.header(turn, segment, None))
            .and_then(|()| self.room.write_text(&stream_id, text));
        match sent {
            // A place-holder must not stay in front of the words: the next ones begin the stream anew.
            Ok(()) if segment.text.is_empty() => {
                let _ = self.room.close_text(&stream_id);
            }
            Ok(()) => self.open = Some(turn),
            Err(_) => self.keep(turn),
        }
    }

    fn send_or_keep(&mut self, turn: TurnId) {
        if self.is_behind() {
            self.keep(turn);
            self.catch_up();
        } else if self.send_whole(turn, None) == Err(RoomCommandError::Full) {
            self.keep(turn);
        }
    }

    fn keep(&mut self, turn: TurnId) {
        let late = Late { turn, to: None };
        if !self.behind.contains(&late) {
            self.behind.push_back(late);
        }
    }

    /// Sends a segment as it is now, as a stream of its own.
    fn send_whole(&self, turn: TurnId, to: Option<&str>) -> Result<(), RoomCommandError> {
        let Some(segment) = self.segments.get(&turn) else {
            return Ok(());
        };
        let text = match (segment.text.trim().is_empty(), segment.is_final) {
            (false, _) => segment.text.as_str(),
            (true, false) => PLACE,
            (true, true) => NOTHING,
        };
        let stream_id = self.stream_id(turn);
        self.room.open_text(self.header(turn, segment, to))?;
        self.room.write_text(&stream_id, text)?;
        self.room.close_text(&stream_id)
    }

    fn header(&self, turn: TurnId, segment: &Segment, to: Option<&str>) -> TextHeader {
        let mut attributes = BTreeMap::from([
            ("lk.segment_id".to_owned(), format!("turn-{}", turn.0)),
            (
                "lk.transcription_final".to_owned(),
                segment.is_final.to_string(),
            ),
        ]);
        let track = match segment.speaker {
            Speaker::Tutor => Some(self.audio.track_id()),
            Speaker::Learner => self.learner_track.clone(),
        };
        if let Some(track) = track {
            attributes.insert("lk.transcribed_track_id".to_owned(), track);
        }
        if segment.interrupted {
            attributes.insert("avaaz.interrupted".to_owned(), "true".to_owned());
        }
        TextHeader {
            stream_id: self.stream_id(turn),
            topic: TOPIC.to_owned(),
            on_behalf_of: (segment.speaker == Speaker::Learner).then(|| self.learner.clone()),
            attributes,
            to: to.map(str::to_owned).into_iter().collect(),
        }
    }

    /// Unique in the room, where several conversations may follow each other.
    fn stream_id(&self, turn: TurnId) -> String {
        format!("{}-turn-{}", self.conversation, turn.0)
    }

    fn attribute(&self, name: &str, value: &str) {
        let attributes = BTreeMap::from([(name.to_owned(), value.to_owned())]);
        if let Err(error) = self.room.set_attributes(attributes) {
            tracing::debug!(%error, name, "an attribute was not set");
        }
    }

    fn forget_the_oldest(&mut self) {
        let mut bytes: usize = self.segments.values().map(|s| s.text.len()).sum();
        while self.segments.len() > KEPT || (bytes > KEPT_BYTES && self.segments.len() > 1) {
            let Some((_, oldest)) = self.segments.pop_first() else {
                return;
            };
            bytes -= oldest.text.len();
        }
    }
}

/// Returns LiveKit's word for a state.
#[must_use]
pub fn state_word(state: AgentState) -> &'static str {
    match state {
        AgentState::Initializing => "initializing",
        AgentState::Idle => "idle",
        AgentState::Listening => "listening",
        AgentState::Thinking => "thinking",
        AgentState::Speaking => "speaking",
    }
}

/// Returns the web app's word for the voice.
#[must_use]
pub fn voice_word(voice: VoiceState) -> &'static str {
    match voice {
        VoiceState::Available => "ok",
        VoiceState::Unavailable => "unavailable",
    }
}
