//! Brings turns to the host: in order, again and again while it cannot be reached, and never once the lease is lost.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

use crate::host::{HostError, Lease, TurnRecord, TutorHost, UsageRecord};
use crate::metrics::Metrics;

/// What may wait while the host cannot be reached: hours of talk.
const BUFFER: usize = 1000;
const FIRST_RETRY: Duration = Duration::from_millis(100);
const SLOWEST_RETRY: Duration = Duration::from_secs(2);

/// Something to be written.
#[derive(Debug, Clone)]
pub(super) enum Entry {
    Turn(Box<TurnRecord>),
    Words {
        turn: Uuid,
        text: String,
    },
    Usage(Box<UsageRecord>),
    Presence(bool),
    Provider {
        name: String,
        model: String,
    },
    /// The room has to be made again with our limits.
    Room,
}

/// The queue to the host and the task behind it.
pub(super) struct Writer {
    entries: mpsc::Sender<Entry>,
    task: AbortOnDropHandle<()>,
    metrics: Arc<Metrics>,
}

impl Writer {
    /// Starts writing. `lost` is cancelled when the host says that the lease is not ours.
    pub(super) fn start(
        host: Arc<dyn TutorHost>,
        lease: Lease,
        room: String,
        lost: CancellationToken,
        metrics: Arc<Metrics>,
    ) -> Self {
        let (entries, queue) = mpsc::channel(BUFFER);
        let task = tokio::spawn(run(queue, host, lease, room, lost, Arc::clone(&metrics)));
        Self {
            entries,
            task: AbortOnDropHandle::new(task),
            metrics,
        }
    }

    /// Queues an entry; never waits.
    pub(super) fn write(&self, entry: Entry) {
        if let Err(error) = self.entries.try_send(entry) {
            let what = match error.into_inner() {
                Entry::Turn(_) => {
                    self.metrics.turns_lost.increase();
                    "turn"
                }
                Entry::Words { .. } => "words",
                Entry::Usage(_) => "usage",
                Entry::Presence(_) => "presence",
                Entry::Provider { .. } => "provider",
                Entry::Room => "room",
            };
            tracing::error!(
                what,
                "nothing more can be kept for the host: an entry is lost"
            );
        }
    }

    /// Waits until everything is written, but no longer than `at_most`. Returns whether it is.
    pub(super) async fn finish(self, at_most: Duration) -> bool {
        drop(self.entries);
        matches!(timeout(at_most, self.task).await, Ok(Ok(())))
    }
}

async fn run(
    mut queue: mpsc::Receiver<Entry>,
    host: Arc<dyn TutorHost>,
    lease: Lease,
    room: String,
    lost: CancellationToken,
    metrics: Arc<Metrics>,
) {
    while let Some(entry) = queue.recv().await {
        let mut pause = FIRST_RETRY;
        loop {
            match write(&*host, lease, &room, &entry).await {
                Ok(()) => {
                    if matches!(entry, Entry::Turn(_)) {
                        metrics.turns.increase();
                    }
                    break;
                }
                Err(HostError::Unavailable(cause)) => {
                    metrics.write_retries.increase();
                    tracing::warn!(%cause, retry_in_ms = pause.as_millis(), "the host cannot be reached; what was said is kept");
                    sleep(pause).await;
                    pause = (pause * 2).min(SLOWEST_RETRY);
                }
                Err(HostError::Refused(cause)) => {
                    if matches!(entry, Entry::Turn(_)) {
                        metrics.turns_lost.increase();
                    }
                    tracing::error!(%cause, "the host refuses an entry; it is lost");
                    break;
                }
                Err(HostError::LeaseLost) => {
                    lost.cancel();
                    return;
                }
            }
        }
    }
}

async fn write(
    host: &dyn TutorHost,
    lease: Lease,
    room: &str,
    entry: &Entry,
) -> Result<(), HostError> {
    match entry {
        Entry::Turn(turn) => host.record_turn(lease, (**turn).clone()).await,
        Entry::Words { turn, text } => host.record_words(lease, *turn, text.clone()).await,
        Entry::Usage(usage) => host.record_usage(lease, (**usage).clone()).await,
        Entry::Presence(present) => host.record_presence(lease, *present).await,
        Entry::Provider { name, model } => host.record_provider(lease, name, model).await,
        Entry::Room => {
            // Turns do not wait for it: without it the room only closes sooner once it is empty.
            if let Err(error) = host.ensure_room(room).await {
                tracing::warn!(%error, "the room keeps the limits of its server");
            }
            Ok(())
        }
    }
}
