//! One remote track on its way up: order, a short wait for what is missing, concealment, and silence where nothing is sent.
//!
//! A provider consumes a stream and not a clock, so there is no jitter buffer: a packet in order leaves at once. It is told the
//! time and does no IO.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use avaaz_tutor::Pcm;

use super::format::{FRAME, RTP_CLOCK_HZ, duration_of, duration_of_ticks, samples_in};
use super::opus::{Decoder, OpusError};
use crate::room::AudioPacket;

/// How long a gap is waited for.
pub const GAP_WAIT: Duration = Duration::from_millis(40);
/// How much of a gap Opus invents; longer ones sound like a robot, so the rest is silence.
const CONCEAL_AT_MOST: u32 = 5;
/// Packets that may wait behind a gap.
const WAITING_AT_MOST: usize = 25;
/// A jump of this many packets is another stream, not a gap.
const RESTART: i16 = 1000;
/// How much silence stands for a long pause: enough for the most patient turn detection, and it costs no more after.
pub const SILENCE_AT_MOST: Duration = Duration::from_secs(5);
/// A packet no longer than this says that the speaker's encoder went quiet: nothing may follow for a while.
const QUIET_PACKET_BYTES: usize = 8;
/// How long to wait before silence stands for packets that do not come, after a quiet packet.
const QUIET_HOLD: Duration = Duration::from_millis(40);
/// The same in the middle of speech, where it is more likely that the network stalls.
const SPEECH_HOLD: Duration = Duration::from_millis(120);

/// Twenty milliseconds of what the learner said.
#[derive(Debug, Clone)]
pub struct Heard {
    /// The sound.
    pub pcm: Pcm,
    /// When the packet that completed it arrived; `None` for what was made up here.
    pub arrived: Option<Instant>,
}

/// Turns the packets of one track into an unbroken stream of 20 ms pieces.
pub struct Receiver {
    decoder: Decoder,
    expected: Option<Expected>,
    /// Behind a gap, in order.
    waiting: VecDeque<AudioPacket>,
    gap_ends: Option<Instant>,
    /// The length of the last packet, on the RTP clock.
    packet_ticks: u32,
    /// Less than one piece.
    partial: Vec<i16>,
    out: VecDeque<Heard>,
    silence: Silence,
}

#[derive(Clone, Copy)]
struct Expected {
    sequence: u16,
    timestamp: u32,
}

/// Keeps the stream going in real time while no packets come.
#[derive(Default)]
struct Silence {
    /// Up to when the stream has sound.
    covered: Option<Instant>,
    /// From when on silence stands in.
    due: Option<Instant>,
    /// How much stood in since the last packet.
    filled: Duration,
    muted: bool,
}

impl Receiver {
    /// Makes a receiver that gives sound at this rate.
    ///
    /// # Errors
    /// When Opus does not know the rate.
    pub fn new(rate_hz: u32) -> Result<Self, OpusError> {
        Ok(Self {
            decoder: Decoder::new(rate_hz)?,
            expected: None,
            waiting: VecDeque::new(),
            gap_ends: None,
            packet_ticks: 960,
            partial: Vec::new(),
            out: VecDeque::new(),
            silence: Silence::default(),
        })
    }

    /// Changes the rate of what comes from now on.
    ///
    /// # Errors
    /// When Opus does not know the rate.
    pub fn set_rate(&mut self, rate_hz: u32) -> Result<(), OpusError> {
        if rate_hz != self.decoder.rate_hz() {
            self.decoder = Decoder::new(rate_hz)?;
            self.partial.clear();
        }
        Ok(())
    }

    /// Takes a packet as it came.
    pub fn handle(&mut self, packet: AudioPacket, now: Instant) {
        let Some(expected) = self.expected else {
            self.accept(&packet, now);
            return;
        };
        let ahead = packet
            .sequence
            .wrapping_sub(expected.sequence)
            .cast_signed();
        if ahead.unsigned_abs() > RESTART.unsigned_abs() {
            self.restart();
            self.accept(&packet, now);
        } else if ahead == 0 {
            self.accept(&packet, now);
            self.drain(now);
        } else if ahead > 0 {
            self.keep(packet, expected.sequence, now);
            if self.waiting.len() > WAITING_AT_MOST {
                self.close_gap(now);
            }
        }
        // Behind us: too late, or here twice.
    }

    /// Says that the owner muted or unmuted the track.
    pub fn set_muted(&mut self, muted: bool) {
        self.silence.muted = muted;
        if muted {
            self.plan_silence();
        }
    }

    /// Returns the next piece.
    pub fn poll(&mut self) -> Option<Heard> {
        self.out.pop_front()
    }

    /// Returns when [`Self::handle_timeout`] is wanted.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.gap_ends.or(self.silence.due)
    }

    /// Does what is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.gap_ends.is_some_and(|at| at <= now) {
            self.close_gap(now);
        } else if self.gap_ends.is_none() && self.silence.due.is_some_and(|at| at <= now) {
            self.fill(now);
        }
    }

    fn restart(&mut self) {
        self.expected = None;
        self.waiting.clear();
        self.gap_ends = None;
    }

    fn keep(&mut self, packet: AudioPacket, expected: u16, now: Instant) {
        let distance = |p: &AudioPacket| p.sequence.wrapping_sub(expected);
        match self
            .waiting
            .binary_search_by_key(&distance(&packet), distance)
        {
            Ok(_here_twice) => {}
            Err(place) => self.waiting.insert(place, packet),
        }
        self.gap_ends.get_or_insert(now + GAP_WAIT);
    }

    /// Takes whatever has come into order.
    fn drain(&mut self, now: Instant) {
        while let (Some(expected), Some(first)) = (self.expected, self.waiting.front()) {
            if first.sequence != expected.sequence {
                // Another gap: its wait began when the packet behind it came.
                self.gap_ends = Some((first.arrived + GAP_WAIT).max(now));
                return;
            }
            if let Some(packet) = self.waiting.pop_front() {
                self.accept(&packet, now);
            }
        }
        self.gap_ends = None;
    }

    /// Gives up on what is missing before the first packet that waits.
    fn close_gap(&mut self, now: Instant) {
        self.gap_ends = None;
        let (Some(expected), Some(first)) = (self.expected, self.waiting.front()) else {
            return;
        };
        let missing = u32::from(first.sequence.wrapping_sub(expected.sequence));
        let span = first.timestamp.wrapping_sub(expected.timestamp);
        let lost = missing.saturating_mul(self.packet_ticks).min(span);
        let invented = lost.min(CONCEAL_AT_MOST * self.packet_ticks);
        let one = self.samples(self.packet_ticks);
        let next = first.opus.clone();
        self.expected = Some(Expected {
            sequence: first.sequence,
            // What concealment does not cover is filled like any other gap in the time stamps.
            timestamp: expected.timestamp.wrapping_add(invented),
        });

        let frames = invented / self.packet_ticks.max(1);
        for frame in 0..frames {
            let made = if frame + 1 == frames {
                self.decoder.recover(&next, one)
            } else {
                self.decoder.conceal(one)
            };
            match made {
                Ok(samples) => {
                    let samples = samples.to_vec();
                    self.append(&samples, None);
                }
                Err(_) => self.append(&vec![0; one], None),
            }
        }
        self.drain(now);
    }

    /// Decodes a packet that is in order, after whatever pause its time stamp tells of.
    fn accept(&mut self, packet: &AudioPacket, now: Instant) {
        if let Some(expected) = self.expected {
            let pause = packet.timestamp.wrapping_sub(expected.timestamp);
            // More than a day's half is a time stamp that went back.
            if pause.cast_signed() > 0 {
                let pause = duration_of_ticks(pause).min(SILENCE_AT_MOST);
                self.append_silence(pause.saturating_sub(self.silence.filled));
            }
        }
        let rate_hz = self.decoder.rate_hz();
        let ticks = match self.decoder.decode(&packet.opus) {
            Ok(samples) => {
                let ticks = u32::try_from(samples.len()).unwrap_or(0) * (RTP_CLOCK_HZ / rate_hz);
                let samples = samples.to_vec();
                self.append(&samples, Some(packet.arrived));
                ticks
            }
            Err(error) => {
                tracing::debug!(%error, "a packet cannot be decoded");
                let samples = self.samples(self.packet_ticks);
                self.append(&vec![0; samples], None);
                self.packet_ticks
            }
        };
        if ticks > 0 {
            self.packet_ticks = ticks;
        }
        self.expected = Some(Expected {
            sequence: packet.sequence.wrapping_add(1),
            timestamp: packet.timestamp.wrapping_add(ticks),
        });

        let length = duration_of_ticks(ticks);
        // Packets that come in a burst cover the time that they speak of, not the time of the burst.
        let from = self.silence.covered.map_or(now, |covered| {
            covered.clamp(now.checked_sub(FRAME * 2).unwrap_or(now), now + FRAME * 2)
        });
        self.silence.covered = Some(from + length);
        self.silence.filled = Duration::ZERO;
        let hold = if self.silence.muted || packet.opus.len() <= QUIET_PACKET_BYTES {
            QUIET_HOLD
        } else {
            SPEECH_HOLD
        };
        self.silence.due = Some(from + length + hold);
    }

    fn plan_silence(&mut self) {
        if let (Some(covered), Some(due)) = (self.silence.covered, self.silence.due) {
            self.silence.due = Some(due.min(covered + QUIET_HOLD));
        }
    }

    /// Lets silence stand for the time in which nothing came.
    fn fill(&mut self, now: Instant) {
        let Some(covered) = self.silence.covered else {
            self.silence.due = None;
            return;
        };
        let room = SILENCE_AT_MOST.saturating_sub(self.silence.filled);
        let length = now.saturating_duration_since(covered).max(FRAME).min(room);
        let length = self.append_silence(length);
        self.silence.filled += length;
        self.silence.covered = Some(covered + length);
        self.silence.due =
            (self.silence.filled < SILENCE_AT_MOST).then_some(covered + length + FRAME);
    }

    fn samples(&self, ticks: u32) -> usize {
        samples_in(duration_of_ticks(ticks), self.decoder.rate_hz())
    }

    /// Appends silence up to the end of a piece, and returns its length: were a piece left open, a part of every later packet
    /// would wait in it for the next one.
    fn append_silence(&mut self, length: Duration) -> Duration {
        if length.is_zero() {
            return length;
        }
        let rate_hz = self.decoder.rate_hz();
        let piece = samples_in(FRAME, rate_hz);
        let open = self.partial.len();
        let count = (open + samples_in(length, rate_hz)).next_multiple_of(piece) - open;
        self.append(&vec![0; count], None);
        duration_of(count, rate_hz)
    }

    fn append(&mut self, samples: &[i16], arrived: Option<Instant>) {
        let rate_hz = self.decoder.rate_hz();
        let piece = samples_in(FRAME, rate_hz);
        self.partial.extend_from_slice(samples);
        let whole = self.partial.len() / piece * piece;
        for samples in self.partial[..whole].chunks(piece) {
            self.out.push_back(Heard {
                pcm: Pcm {
                    samples: samples.into(),
                    rate_hz,
                },
                arrived,
            });
        }
        self.partial.drain(..whole);
        debug_assert!(duration_of(self.partial.len(), rate_hz) < FRAME);
    }
}

#[cfg(test)]
#[path = "receive_tests.rs"]
mod tests;
