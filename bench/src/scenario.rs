//! What each learner does while everything is measured.

use std::time::{Duration, Instant};

use avaaz_agent::room::AudioPacket;
use tokio::time::{MissedTickBehavior, interval};

use crate::clock::Clock;
use crate::learner::{FRAME, Learner, RATE_HZ};
use crate::timeline::is_onset;

const FRAME_TIME: Duration = Duration::from_millis(20);
/// Sound that stops for longer than this has stopped.
const GAP: Duration = Duration::from_millis(300);
/// A burst of sound each half second: its first loud frame is what is timed on the way up.
const BURST_EVERY: usize = 25;
const BURST_FRAMES: usize = 3;

/// What one learner saw; times in µs since the Unix epoch.
#[derive(Debug, Default)]
pub struct Seen {
    /// The learner's sound began, as a bystander in the room received it.
    pub bystander_onsets: Vec<i64>,
    /// Each reply: its first packet and its last one.
    pub replies: Vec<(i64, i64)>,
}

/// One learner at work.
pub struct Actor {
    learner: Learner,
    clock: Clock,
    seen: Seen,
    decoder: opus::Decoder,
    quiet_for: u32,
    last_heard: Option<Instant>,
}

impl Actor {
    /// Takes a learner.
    ///
    /// # Errors
    /// When no decoder can be made.
    pub fn new(learner: Learner, clock: Clock) -> anyhow::Result<Self> {
        Ok(Self {
            learner,
            clock,
            seen: Seen::default(),
            decoder: opus::Decoder::new(RATE_HZ, opus::Channels::Mono)?,
            quiet_for: 0,
            last_heard: None,
        })
    }

    /// Listens in silence until the tutor has been quiet for a while.
    ///
    /// # Errors
    /// When a frame cannot be sent.
    pub async fn let_the_tutor_finish(&mut self) -> anyhow::Result<()> {
        let silence = vec![0; FRAME];
        let begun = Instant::now();
        let mut tick = ticks();
        while begun.elapsed() < Duration::from_secs(30) {
            tick.tick().await;
            self.learner.speak(&silence).await?;
            self.listen();
            if begun.elapsed() > Duration::from_secs(2) && !self.tutor_speaks() {
                break;
            }
        }
        Ok(())
    }

    /// Makes bursts of a tone for a while.
    ///
    /// # Errors
    /// When a frame cannot be sent.
    pub async fn make_bursts(&mut self, how_many: usize) -> anyhow::Result<()> {
        let silence = vec![0; FRAME];
        let tone: Vec<i16> = (0..FRAME)
            .map(|n| {
                (12_000.0 * (n as f32 * 1000.0 * std::f32::consts::TAU / RATE_HZ as f32).sin())
                    as i16
            })
            .collect();
        let mut tick = ticks();
        for frame in 0..how_many * BURST_EVERY {
            tick.tick().await;
            let loud = frame % BURST_EVERY < BURST_FRAMES;
            self.learner
                .speak(if loud { &tone } else { &silence })
                .await?;
            self.listen();
        }
        Ok(())
    }

    /// Speaks, waits for the answer, lets it run for a moment, and speaks into it; as often as asked for.
    ///
    /// # Errors
    /// When a frame cannot be sent.
    pub async fn converse(&mut self, speech: &[i16], times: usize) -> anyhow::Result<()> {
        let silence = vec![0; FRAME];
        let mut tick = ticks();
        for _ in 0..times {
            for frame in speech.chunks_exact(FRAME) {
                tick.tick().await;
                self.learner.speak(frame).await?;
                self.listen();
            }
            let (waited, replies) = (Instant::now(), self.seen.replies.len());
            let mut answered: Option<Instant> = None;
            while waited.elapsed() < Duration::from_secs(10)
                && answered.is_none_or(|at| at.elapsed() < Duration::from_millis(1500))
            {
                tick.tick().await;
                self.learner.speak(&silence).await?;
                self.listen();
                if answered.is_none() && self.seen.replies.len() > replies {
                    answered = Some(Instant::now());
                }
            }
        }
        Ok(())
    }

    /// Ends and gives what was seen.
    pub async fn finish(self) -> Seen {
        self.learner.leave().await;
        self.seen
    }

    fn tutor_speaks(&self) -> bool {
        self.last_heard.is_some_and(|at| at.elapsed() < GAP)
    }

    /// Takes what has come in since the last frame.
    fn listen(&mut self) {
        while let Ok(packet) = self.learner.ear.try_recv() {
            self.hear_tutor(&packet);
        }
        while let Ok(packet) = self.learner.bystander.try_recv() {
            let mut samples = [0_i16; FRAME * 6];
            let Ok(decoded) = self.decoder.decode(&packet.opus, &mut samples, false) else {
                continue;
            };
            let peak = samples[..decoded]
                .iter()
                .map(|sample| sample.unsigned_abs())
                .max()
                .unwrap_or_default();
            if is_onset(&mut self.quiet_for, f64::from(peak) / 32768.0) {
                self.seen
                    .bystander_onsets
                    .push(self.clock.epoch_us(packet.arrived));
            }
        }
    }

    fn hear_tutor(&mut self, packet: &AudioPacket) {
        let at = self.clock.epoch_us(packet.arrived);
        let begins = self
            .last_heard
            .is_none_or(|last| packet.arrived.saturating_duration_since(last) > GAP);
        match self.seen.replies.last_mut() {
            Some(reply) if !begins => reply.1 = at,
            _ => self.seen.replies.push((at, at)),
        }
        self.last_heard = Some(packet.arrived);
    }
}

fn ticks() -> tokio::time::Interval {
    let mut tick = interval(FRAME_TIME);
    tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
    tick
}
