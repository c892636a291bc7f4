//! What is to be heard and what was: the queue of replies, its clock, and the way from "sent" to "heard".
//!
//! It is told the time and does no IO; [`super::playout`] gives it both.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use avaaz_tutor::{Pcm, ReplyId};

use super::format::{FRAME, duration_of, samples_in};

/// No reply is longer; what a provider sends beyond it is dropped.
pub const LONGEST_QUEUE: Duration = Duration::from_secs(300);
/// A wake-up that is later than this does not catch up: the listener has heard the gap already.
const CATCH_UP: Duration = Duration::from_millis(60);

/// What became of a reply's sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlayoutEvent {
    /// So much was sent, and so much is heard.
    Played {
        /// Which.
        reply: ReplyId,
        /// Sent, from the reply's start.
        sent: Duration,
        /// Heard, from the reply's start.
        heard: Duration,
    },
    /// All of it was heard, and nothing more comes.
    Drained {
        /// Which.
        reply: ReplyId,
    },
}

/// What to do next.
#[derive(Debug)]
pub enum Step {
    /// Encode this and send it, then say [`Schedule::sent`].
    Send(Frame),
    /// Come back then, or when something changes.
    Wait(Option<Instant>),
}

/// Twenty milliseconds that are due.
#[derive(Debug)]
pub struct Frame {
    /// The sound, padded with silence to 20 ms.
    pub samples: Vec<i16>,
    /// Its rate.
    pub rate_hz: u32,
    /// Whether it follows a pause.
    pub first: bool,
    /// When the sound that begins a reply was given to us; `None` within a reply.
    pub begins: Option<Instant>,
    generation: u64,
    taken: usize,
}

struct Queued {
    reply: ReplyId,
    rate_hz: u32,
    samples: VecDeque<i16>,
    /// Samples sent.
    sent: usize,
    given_at: Instant,
    begun: bool,
    finished: bool,
}

/// A frame that is on its way to the listener's ear.
struct Flying {
    reply: ReplyId,
    upto: Duration,
    length: Duration,
    sent_at: Instant,
}

/// The queue of replies and its clock.
#[derive(Default)]
pub struct Schedule {
    queue: VecDeque<Queued>,
    flying: VecDeque<Flying>,
    paused: bool,
    /// When the next frame is due.
    due: Option<Instant>,
    /// Grows when the queue is dropped, so that a frame being encoded meanwhile counts for nothing.
    generation: u64,
    /// What was last told.
    told: Option<PlayoutEvent>,
    events: VecDeque<PlayoutEvent>,
}

impl Schedule {
    /// Appends sound to a reply. Returns whether there was room for it.
    pub fn play(&mut self, reply: &ReplyId, pcm: &Pcm, now: Instant) -> bool {
        let queued: Duration = self
            .queue
            .iter()
            .map(|q| duration_of(q.samples.len(), q.rate_hz))
            .sum();
        if queued + pcm.duration() > LONGEST_QUEUE {
            return false;
        }
        let entry = self.entry(reply, pcm.rate_hz, now);
        entry.samples.extend(pcm.samples.iter());
        true
    }

    /// Says that nothing more comes for a reply.
    pub fn finish(&mut self, reply: &ReplyId, now: Instant) {
        self.entry(reply, 24_000, now).finished = true;
    }

    /// Holds everything where it is.
    pub fn pause(&mut self) {
        self.paused = true;
    }

    /// Goes on.
    pub fn resume(&mut self) {
        self.paused = false;
    }

    /// Drops everything, and ends a pause.
    pub fn stop(&mut self) {
        self.queue.clear();
        self.flying.clear();
        self.events.clear();
        self.told = None;
        self.paused = false;
        self.due = None;
        self.generation += 1;
    }

    /// Returns what to do now. `lag` is how long a frame takes from here to the ear.
    pub fn step(&mut self, now: Instant, lag: Duration, media_is_up: bool) -> Step {
        let wait = match self.next_frame(now, media_is_up) {
            Ok(frame) => return Step::Send(frame),
            Err(wait) => wait,
        };
        // Told once between two frames: nobody needs it more often.
        self.land(now, lag);
        let landing = self
            .flying
            .front()
            .map(|first| (first.sent_at + lag + first.length).clamp(now, now + FRAME));
        Step::Wait(wait.or(landing))
    }

    /// Returns the frame that is due, or when to ask again although nothing changes.
    fn next_frame(&self, now: Instant, media_is_up: bool) -> Result<Frame, Option<Instant>> {
        let Some(place) = self.playing().filter(|_| !self.paused) else {
            return Err(None);
        };
        let head = &self.queue[place];
        let size = samples_in(FRAME, head.rate_hz);
        let complete = head.finished || place + 1 < self.queue.len();
        if head.samples.is_empty() || (head.samples.len() < size && !complete) {
            return Err(None);
        }
        if !media_is_up {
            // Nobody tells when it comes back.
            return Err(Some(now + FRAME));
        }
        if let Some(due) = self.due.filter(|&due| due > now) {
            return Err(Some(due));
        }
        let taken = size.min(head.samples.len());
        let mut samples: Vec<i16> = head.samples.iter().take(taken).copied().collect();
        samples.resize(size, 0);
        Ok(Frame {
            samples,
            rate_hz: head.rate_hz,
            first: self
                .due
                .is_none_or(|due| now.saturating_duration_since(due) > CATCH_UP),
            begins: (!head.begun).then_some(head.given_at),
            generation: self.generation,
            taken,
        })
    }

    /// Says that a frame was sent.
    pub fn sent(&mut self, frame: &Frame, now: Instant) {
        if frame.generation != self.generation {
            return;
        }
        let Some(place) = self.playing() else {
            return;
        };
        let head = &mut self.queue[place];
        head.samples.drain(..frame.taken);
        head.sent += frame.taken;
        head.begun = true;
        self.flying.push_back(Flying {
            reply: head.reply.clone(),
            upto: duration_of(head.sent, head.rate_hz),
            length: duration_of(frame.taken, head.rate_hz),
            sent_at: now,
        });
        // The clock does not drift: each step counts from the one before, unless that is too long ago.
        let base = self
            .due
            .filter(|&due| now.saturating_duration_since(due) <= CATCH_UP)
            .unwrap_or(now);
        self.due = Some(base + FRAME);
    }

    /// Returns the next thing to tell.
    pub fn poll_event(&mut self) -> Option<PlayoutEvent> {
        self.events.pop_front()
    }

    /// Returns the reply that is being sent: those before it only wait to be heard.
    fn playing(&self) -> Option<usize> {
        let last = self.queue.len().checked_sub(1)?;
        let sent_whole =
            |(place, q): (usize, &Queued)| q.samples.is_empty() && (q.finished || place < last);
        let place = self.queue.iter().enumerate().position(|q| !sent_whole(q))?;
        Some(place)
    }

    /// Finds out what has reached the ear, and tells of it.
    fn land(&mut self, now: Instant, lag: Duration) {
        let mut landed = None;
        while let Some(first) = self.flying.front() {
            let heard_for = now
                .saturating_duration_since(first.sent_at)
                .saturating_sub(lag);
            if heard_for < first.length {
                let heard = first.upto - first.length + heard_for;
                landed = Some((first.reply.clone(), heard));
                break;
            }
            landed = Some((first.reply.clone(), first.upto));
            let reply = first.reply.clone();
            self.flying.pop_front();
            self.tell_drained(&reply, landed.take());
        }
        if let Some((reply, heard)) = landed {
            self.tell_played(&reply, heard);
        }
        self.drop_silent_heads();
    }

    /// After a landing: all of the reply may have been heard.
    fn tell_drained(&mut self, reply: &ReplyId, landed: Option<(ReplyId, Duration)>) {
        if let Some((reply, heard)) = landed {
            self.tell_played(&reply, heard);
        }
        let more_flies = self.flying.iter().any(|f| f.reply == *reply);
        if more_flies {
            return;
        }
        if let Some(head) = self.queue.front()
            && head.reply == *reply
            && head.finished
            && head.samples.is_empty()
        {
            self.queue.pop_front();
            self.push(PlayoutEvent::Drained {
                reply: reply.clone(),
            });
        }
    }

    /// Replies that never had a sound, or whose end became known after their last sound was heard.
    fn drop_silent_heads(&mut self) {
        while let Some(head) = self.queue.front() {
            let flies = self.flying.iter().any(|f| f.reply == head.reply);
            let done = head.samples.is_empty() && (head.finished || self.queue.len() > 1);
            if flies || !done {
                return;
            }
            let finished = head.finished;
            let reply = head.reply.clone();
            self.queue.pop_front();
            if finished {
                self.push(PlayoutEvent::Drained { reply });
            }
        }
    }

    fn tell_played(&mut self, reply: &ReplyId, heard: Duration) {
        let sent = self
            .queue
            .iter()
            .find(|q| q.reply == *reply)
            .map(|q| duration_of(q.sent, q.rate_hz))
            .or_else(|| {
                self.flying
                    .iter()
                    .rev()
                    .find(|f| f.reply == *reply)
                    .map(|f| f.upto)
            })
            .unwrap_or(heard);
        // A lag that grows must not take back what was heard.
        let before = match &self.told {
            Some(PlayoutEvent::Played {
                reply: of, heard, ..
            }) if of == reply => *heard,
            _ => Duration::ZERO,
        };
        let event = PlayoutEvent::Played {
            reply: reply.clone(),
            sent,
            heard: heard.max(before).min(sent),
        };
        if self.told.as_ref() != Some(&event) {
            self.told = Some(event.clone());
            self.push(event);
        }
    }

    fn push(&mut self, event: PlayoutEvent) {
        // A reader that is late needs only the latest position.
        if let (
            Some(PlayoutEvent::Played { reply: last, .. }),
            PlayoutEvent::Played { reply: next, .. },
        ) = (self.events.back(), &event)
            && last == next
        {
            self.events.pop_back();
        }
        self.events.push_back(event);
    }

    fn entry(&mut self, reply: &ReplyId, rate_hz: u32, now: Instant) -> &mut Queued {
        let place = self.queue.iter().position(|q| q.reply == *reply);
        let place = place.unwrap_or_else(|| {
            self.queue.push_back(Queued {
                reply: reply.clone(),
                rate_hz,
                samples: VecDeque::new(),
                sent: 0,
                given_at: now,
                begun: false,
                finished: false,
            });
            self.queue.len() - 1
        });
        &mut self.queue[place]
    }
}

#[cfg(test)]
#[path = "schedule_tests.rs"]
mod tests;
