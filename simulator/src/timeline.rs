//! When audio came and went, so that a benchmark can measure the delays between the wire and the learner.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;

const CAPACITY: usize = 20_000;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MomentKind {
    /// A connection was upgraded.
    Connected,
    /// A connection ended.
    Disconnected,
    /// An append arrived.
    AudioReceived,
    /// An audio delta is about to be sent.
    AudioSent,
    /// As `AudioSent`, for the first delta of a response; comes right before it.
    FirstAudioSent,
    /// The turn detection heard the learner begin.
    SpeechStarted,
    /// The turn detection heard the learner end.
    SpeechStopped,
    /// A response began.
    ResponseCreated,
    /// A response ended.
    ResponseDone,
    /// The client told how much of a reply was heard.
    Truncated,
}

/// One entry of the timeline.
#[derive(Debug, Clone, Serialize)]
pub struct Moment {
    /// Counts up from 0.
    pub seq: u64,
    /// Microseconds since the Unix epoch.
    pub at_us: u64,
    /// The connection's number, from 0.
    pub connection: usize,
    /// What happened.
    pub kind: MomentKind,
    /// The position in the connection's audio, or in the reply's, in milliseconds.
    pub audio_ms: u64,
    /// How much audio it was, in milliseconds.
    pub duration_ms: u64,
    /// The loudest sample, from 0 to 1.
    pub peak: f32,
}

/// What `/_simulator/timeline` answers.
#[derive(Debug, Clone, Serialize)]
pub struct Excerpt {
    /// What to ask for next time as `since`.
    pub next: u64,
    /// The entries, oldest first.
    pub entries: Vec<Moment>,
}

#[derive(Debug, Default)]
pub(crate) struct Timeline(Mutex<Ring>);

#[derive(Debug, Default)]
struct Ring {
    next: u64,
    entries: VecDeque<Moment>,
}

/// A stretch of audio that an entry is about.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Stretch {
    pub(crate) audio_ms: u64,
    pub(crate) duration_ms: u64,
    pub(crate) peak: f32,
}

impl Timeline {
    pub(crate) fn note(&self, connection: usize, kind: MomentKind, stretch: Stretch) {
        self.note_at(now_us(), connection, kind, stretch);
    }

    pub(crate) fn note_at(
        &self,
        at_us: u64,
        connection: usize,
        kind: MomentKind,
        stretch: Stretch,
    ) {
        let Stretch {
            audio_ms,
            duration_ms,
            peak,
        } = stretch;
        let mut ring = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let seq = ring.next;
        ring.next += 1;
        if ring.entries.len() == CAPACITY {
            ring.entries.pop_front();
        }
        ring.entries.push_back(Moment {
            seq,
            at_us,
            connection,
            kind,
            audio_ms,
            duration_ms,
            peak,
        });
    }

    pub(crate) fn since(&self, since: u64) -> Excerpt {
        let ring = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let entries = ring
            .entries
            .iter()
            .filter(|moment| moment.seq >= since)
            .cloned()
            .collect();
        Excerpt {
            next: ring.next,
            entries,
        }
    }
}

/// Returns the time of the clock that other processes on this machine share.
pub(crate) fn now_us() -> u64 {
    let since_epoch = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since_epoch.as_micros()).unwrap_or(u64::MAX)
}

/// Returns the loudest sample, from 0 to 1.
pub(crate) fn peak(samples: &[i16]) -> f32 {
    let loudest = samples
        .iter()
        .map(|sample| sample.unsigned_abs())
        .max()
        .unwrap_or(0);
    f32::from(loudest) / 32_768.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ring_forgets_the_oldest_and_keeps_counting() {
        let timeline = Timeline::default();
        for _ in 0..CAPACITY + 5 {
            timeline.note(0, MomentKind::AudioSent, Stretch::default());
        }
        let excerpt = timeline.since(0);
        assert_eq!(excerpt.entries.len(), CAPACITY);
        assert_eq!(excerpt.entries[0].seq, 5);
        assert_eq!(timeline.since(excerpt.next).entries.len(), 0);
    }
}
