//! A learner with a microphone, who talks with the tutor and notes what is seen of it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use avaaz_agent::room::{AudioFrame, AudioOutput, JoinedRoom, Room, RoomEvent};
use bytes::Bytes;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use tokio::sync::mpsc;
use tokio::time::{Instant, interval, sleep};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

use crate::guest::FRAME;
use crate::standstill;

/// How long an answer is waited for before the next question.
const PATIENCE: Duration = Duration::from_secs(10);

/// How learners talk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// They wait for the answer.
    Polite,
    /// Now and then they cut in.
    Lively,
}

/// Somebody in a room.
pub struct Learner {
    pub conversation: Uuid,
    seen: Arc<Mutex<Seen>>,
    quiet: CancellationToken,
    room: Arc<dyn Room>,
    talking: AbortOnDropHandle<()>,
    _listening: AbortOnDropHandle<()>,
}

/// What was seen of the tutor.
#[derive(Debug, Default, Clone)]
pub struct Seen {
    /// Every stay of the tutor: when it came.
    pub stays: Vec<Instant>,
    /// The stay that lasts.
    stay: Option<String>,
    state: String,
    /// Turns by their numbers, as they were last shown.
    pub segments: BTreeMap<u32, Segment>,
    /// How many questions were asked.
    pub asked: u32,
    /// When the line was back after it was lost.
    pub back: Option<Instant>,
    /// Why the room was left, if it was.
    pub closed: Option<String>,
}

/// A turn as it was shown.
#[derive(Debug, Clone)]
pub struct Segment {
    pub is_tutors: bool,
    pub text: String,
    pub is_final: bool,
    /// When it was first shown as final.
    pub at: Instant,
}

impl Seen {
    /// Whether a tutor is there who would hear.
    pub fn is_served(&self) -> bool {
        self.stay.is_some() && !matches!(&*self.state, "" | "initializing")
    }

    /// How many turns were shown whole.
    pub fn finals(&self) -> usize {
        self.segments
            .values()
            .filter(|segment| segment.is_final)
            .count()
    }

    fn listens(&self) -> bool {
        self.stay.is_some() && self.state == "listening"
    }

    fn was_answered_since(&self, asked: Instant) -> bool {
        let mut answers = self.segments.values().filter(|segment| segment.is_tutors);
        answers.any(|segment| segment.is_final && segment.at > asked)
    }

    fn note(&mut self, event: RoomEvent, tutor: &str) {
        match event {
            RoomEvent::Joined(who) if who.identity == tutor => {
                self.stay = Some(who.sid);
                self.stays.push(Instant::now());
                self.state = who
                    .attributes
                    .get("lk.agent.state")
                    .cloned()
                    .unwrap_or_default();
            }
            RoomEvent::Left { identity, sid }
                if identity == tutor && self.stay.as_ref() == Some(&sid) =>
            {
                self.stay = None;
            }
            RoomEvent::Attributes {
                identity,
                attributes,
            } if identity == tutor => {
                self.state = attributes
                    .get("lk.agent.state")
                    .cloned()
                    .unwrap_or_default();
            }
            RoomEvent::Text {
                from,
                topic,
                attributes,
                text,
                ..
            } if topic == "lk.transcription" => {
                self.shown(from == tutor, &attributes, text);
            }
            RoomEvent::Reconnected { .. } => self.back = Some(Instant::now()),
            RoomEvent::Closed(why) => self.closed = Some(format!("{why:?}")),
            _ => {}
        }
    }

    fn shown(&mut self, is_tutors: bool, attributes: &BTreeMap<String, String>, text: String) {
        let number = attributes
            .get("lk.segment_id")
            .and_then(|id| id.strip_prefix("turn-"));
        let Some(Ok(number)) = number.map(str::parse) else {
            return;
        };
        let is_final = attributes
            .get("lk.transcription_final")
            .is_some_and(|word| word == "true");
        let before = self.segments.get(&number);
        // What is sent again to somebody who has come back is nothing new.
        let at = before
            .filter(|before| {
                before.is_final && before.text == text && before.is_tutors == is_tutors
            })
            .map_or_else(Instant::now, |before| before.at);
        self.segments.insert(
            number,
            Segment {
                is_tutors,
                text,
                is_final,
                at,
            },
        );
    }
}

impl Learner {
    /// Begins to listen, and to talk.
    pub fn enter(
        conversation: Uuid,
        joined: JoinedRoom,
        speech: Vec<(Bytes, u8)>,
        manner: Manner,
        seed: u64,
    ) -> Self {
        let seen = Arc::new(Mutex::new(Seen::default()));
        let quiet = CancellationToken::new();
        let JoinedRoom {
            room,
            events,
            audio,
        } = joined;
        let listening = tokio::spawn(listen(
            events,
            Arc::clone(&seen),
            format!("tutor-{conversation}"),
        ));
        let chance = StdRng::seed_from_u64(seed);
        let talking = talk(
            audio,
            speech,
            Arc::clone(&seen),
            quiet.clone(),
            manner,
            chance,
        );
        Self {
            conversation,
            seen,
            quiet,
            room,
            talking: AbortOnDropHandle::new(tokio::spawn(talking)),
            _listening: AbortOnDropHandle::new(listening),
        }
    }

    pub fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap()
    }

    /// Waits for something to be seen.
    pub async fn until(&self, what: &str, within: Duration, is_so: impl Fn(&Seen) -> bool) {
        let began = Instant::now();
        while !is_so(&self.seen()) {
            if standstill::between(began, Instant::now()) > within {
                let seen = self.seen().clone();
                panic!("{}: {what} takes too long; {seen:#?}", self.conversation);
            }
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// Asks nothing more, and waits until what was asked is answered.
    pub async fn falls_silent(&mut self) {
        self.quiet.cancel();
        let _ = (&mut self.talking).await;
    }

    pub async fn leaves(self) {
        self.room.close().await;
    }
}

async fn listen(mut events: mpsc::Receiver<RoomEvent>, seen: Arc<Mutex<Seen>>, tutor: String) {
    // Packets of a track that nobody reads pile up to a limit; dropping the track's end is enough.
    while let Some(event) = events.recv().await {
        seen.lock().unwrap().note(event, &tutor);
    }
}

async fn talk(
    audio: Arc<dyn AudioOutput>,
    speech: Vec<(Bytes, u8)>,
    seen: Arc<Mutex<Seen>>,
    quiet: CancellationToken,
    manner: Manner,
    mut chance: StdRng,
) {
    loop {
        while !seen.lock().unwrap().listens() {
            if quiet.is_cancelled() {
                return;
            }
            sleep(Duration::from_millis(20)).await;
        }
        sleep(Duration::from_millis(chance.random_range(100..1_200))).await;
        if quiet.is_cancelled() {
            return;
        }
        let stays = {
            let mut seen = seen.lock().unwrap();
            seen.asked += 1;
            seen.stays.len()
        };
        speak(&*audio, &speech).await;
        let asked = Instant::now();
        let cuts_in = manner == Manner::Lively && chance.random_bool(0.2);
        let patience = if cuts_in {
            Duration::from_millis(chance.random_range(500..2_000))
        } else {
            PATIENCE
        };
        let is_over = |seen: &Seen| {
            // Another tutor may not have heard the question.
            seen.was_answered_since(asked) || seen.stays.len() > stays
        };
        while asked.elapsed() < patience && !is_over(&seen.lock().unwrap()) {
            sleep(Duration::from_millis(20)).await;
        }
    }
}

async fn speak(audio: &dyn AudioOutput, speech: &[(Bytes, u8)]) {
    let mut clock = interval(FRAME);
    for (number, (opus, level_dbov)) in speech.iter().enumerate() {
        clock.tick().await;
        let frame = AudioFrame {
            opus: opus.clone(),
            duration: FRAME,
            level_dbov: *level_dbov,
            first: number == 0,
        };
        // Media may be down for a moment.
        let _ = audio.send(frame).await;
    }
}
