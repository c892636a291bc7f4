//! Our voice on its way down: one clock of 20 ms, Opus, and the account of what was heard.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use avaaz_tutor::{Pcm, ReplyId};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};
use tokio_util::task::AbortOnDropHandle;

use super::format::{FRAME, level_dbov};
use super::opus::Encoder;
use super::schedule::{Frame, PlayoutEvent, Schedule, Step};
use crate::metrics::Metrics;
use crate::room::{AudioFrame, AudioOutput, Room, RoomStatistics, SendAudioError};

/// What a listener's client buffers when nothing is known about it.
const BUFFER_UNKNOWN: Duration = Duration::from_millis(60);
/// What it buffers on a perfect network.
const BUFFER_LEAST: Duration = Duration::from_millis(50);
/// No client buffers more for long.
const BUFFER_MOST: Duration = Duration::from_millis(200);
/// How long to leave media alone that said it is down.
const DOWN_PAUSE: Duration = FRAME;

/// The playout of a conversation. Every call acts at once; a frame that is being encoded may still go out.
pub struct Playout {
    shared: Arc<Shared>,
    _task: AbortOnDropHandle<()>,
}

struct Shared {
    schedule: Mutex<Schedule>,
    /// Something changed that the clock should see.
    changed: Notify,
    /// There is an event to read.
    news: Notify,
}

impl Shared {
    fn schedule(&self) -> MutexGuard<'_, Schedule> {
        self.schedule.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Playout {
    /// Starts the clock. It sleeps while there is nothing to play.
    #[must_use]
    pub fn start(output: Arc<dyn AudioOutput>, room: Arc<dyn Room>, metrics: Arc<Metrics>) -> Self {
        let shared = Arc::new(Shared {
            schedule: Mutex::new(Schedule::default()),
            changed: Notify::new(),
            news: Notify::new(),
        });
        let task = tokio::spawn(run(Arc::clone(&shared), output, room, metrics));
        Self {
            shared,
            _task: AbortOnDropHandle::new(task),
        }
    }

    /// Appends sound to a reply. Returns whether there was room for it.
    pub fn play(&self, reply: &ReplyId, pcm: &Pcm) -> bool {
        let kept = self
            .shared
            .schedule()
            .play(reply, pcm, Instant::now().into_std());
        self.shared.changed.notify_one();
        kept
    }

    /// Says that nothing more comes for a reply.
    pub fn finish(&self, reply: &ReplyId) {
        self.shared
            .schedule()
            .finish(reply, Instant::now().into_std());
        self.shared.changed.notify_one();
    }

    /// Holds everything where it is.
    pub fn pause(&self) {
        self.shared.schedule().pause();
        self.shared.changed.notify_one();
    }

    /// Goes on.
    pub fn resume(&self) {
        self.shared.schedule().resume();
        self.shared.changed.notify_one();
    }

    /// Drops everything.
    pub fn stop(&self) {
        self.shared.schedule().stop();
        self.shared.changed.notify_one();
    }

    /// Waits for the next event. Cancel-safe.
    pub async fn next(&self) -> PlayoutEvent {
        loop {
            let news = self.shared.news.notified();
            if let Some(event) = self.shared.schedule().poll_event() {
                return event;
            }
            news.await;
        }
    }
}

/// Returns how long a frame takes from here to the listener's ear: half the round trip, and the buffer at the other end.
fn lag(statistics: RoomStatistics) -> Duration {
    let milliseconds = |ms: f32| Duration::try_from_secs_f32(ms / 1000.0).unwrap_or_default();
    let network = statistics
        .round_trip_ms
        .map_or(Duration::ZERO, milliseconds)
        / 2;
    let buffer = statistics
        .receiver_jitter_ms
        .map_or(BUFFER_UNKNOWN, |jitter| {
            (BUFFER_LEAST + milliseconds(jitter) * 2).min(BUFFER_MOST)
        });
    network + buffer
}

async fn run(
    shared: Arc<Shared>,
    output: Arc<dyn AudioOutput>,
    room: Arc<dyn Room>,
    metrics: Arc<Metrics>,
) {
    let mut encoder = None;
    loop {
        let changed = shared.changed.notified();
        let step = {
            let mut schedule = shared.schedule();
            let step = schedule.step(
                Instant::now().into_std(),
                lag(room.statistics()),
                output.is_up(),
            );
            drop(schedule);
            shared.news.notify_one();
            step
        };
        match step {
            Step::Send(frame) => match send(&mut encoder, &frame, &*output).await {
                Ok(()) => {
                    let now = Instant::now().into_std();
                    if let Some(given) = frame.begins {
                        metrics
                            .reply_to_room
                            .record(now.saturating_duration_since(given));
                    }
                    shared.schedule().sent(&frame, now);
                }
                Err(SendAudioError::Down) => tokio::time::sleep(DOWN_PAUSE).await,
                // The conversation hears of it from the room; until it ends nothing can be said.
                Err(SendAudioError::Closed) => changed.await,
            },
            Step::Wait(Some(at)) => {
                tokio::select! {
                    () = sleep_until(at.into()) => {}
                    () = changed => {}
                }
            }
            Step::Wait(None) => changed.await,
        }
    }
}

async fn send(
    encoder: &mut Option<Encoder>,
    frame: &Frame,
    output: &dyn AudioOutput,
) -> Result<(), SendAudioError> {
    if encoder
        .as_ref()
        .is_none_or(|e| e.rate_hz() != frame.rate_hz)
    {
        *encoder = Encoder::new(frame.rate_hz)
            .inspect_err(
                |error| tracing::error!(%error, rate_hz = frame.rate_hz, "no encoder for a reply"),
            )
            .ok();
    }
    let Some(encoder) = encoder else {
        // Time goes on, so that the reply still ends.
        return Ok(());
    };
    match encoder.encode(&frame.samples) {
        Ok(opus) => {
            output
                .send(AudioFrame {
                    opus,
                    duration: FRAME,
                    level_dbov: level_dbov(&frame.samples),
                    first: frame.first,
                })
                .await
        }
        Err(error) => {
            tracing::error!(%error, "a frame cannot be encoded");
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lag_is_half_the_round_trip_and_the_listeners_buffer() {
        assert_eq!(lag(RoomStatistics::default()), Duration::from_millis(60));
        let known = RoomStatistics {
            round_trip_ms: Some(100.0),
            receiver_jitter_ms: Some(5.0),
            ..RoomStatistics::default()
        };
        assert_eq!(lag(known).as_millis(), 110);
        let absurd = RoomStatistics {
            round_trip_ms: Some(f32::NAN),
            receiver_jitter_ms: Some(1e9),
            ..RoomStatistics::default()
        };
        assert_eq!(lag(absurd), BUFFER_MOST);
    }
}
