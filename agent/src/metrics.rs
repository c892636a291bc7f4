//! What the agent counts: cheap enough for every frame, read by whoever exposes it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Upper bounds of a histogram's buckets, in ms; a last bucket takes the rest.
pub const BUCKETS_MS: [u64; 15] = [
    1, 2, 5, 10, 20, 40, 80, 150, 300, 600, 1_000, 1_500, 2_000, 5_000, 10_000,
];

/// A histogram of durations.
#[derive(Debug, Default)]
pub struct Histogram {
    buckets: [AtomicU64; BUCKETS_MS.len() + 1],
    sum_us: AtomicU64,
}

impl Histogram {
    /// Counts one.
    pub fn record(&self, duration: Duration) {
        let us = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        let place = BUCKETS_MS
            .iter()
            .position(|&ms| us <= ms * 1000)
            .unwrap_or(BUCKETS_MS.len());
        self.buckets[place].fetch_add(1, Ordering::Relaxed);
        self.sum_us.fetch_add(us, Ordering::Relaxed);
    }

    /// Returns how many there were in each bucket (not cumulated).
    #[must_use]
    pub fn counts(&self) -> [u64; BUCKETS_MS.len() + 1] {
        std::array::from_fn(|i| self.buckets[i].load(Ordering::Relaxed))
    }

    /// Returns how many there were.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts().iter().sum()
    }

    /// Returns the sum of all, in seconds.
    #[must_use]
    pub fn sum_seconds(&self) -> f64 {
        Duration::from_micros(self.sum_us.load(Ordering::Relaxed)).as_secs_f64()
    }
}

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Counts one.
    pub fn increase(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns the count.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The steps from the end of the learner's speech to the learner's ear, each from the end of their speech.
#[derive(Debug, Default)]
pub struct LatencyStages {
    /// To the provider's first sound.
    pub given: Histogram,
    /// To the first packet out.
    pub sent: Histogram,
    /// To the first packet that was heard, by our best estimate.
    pub heard: Histogram,
}

/// The steps of an answer, for each provider apart.
#[derive(Debug, Default)]
pub struct LatencyByProvider(Mutex<BTreeMap<String, Arc<LatencyStages>>>);

impl LatencyByProvider {
    /// Returns a provider's own.
    #[must_use]
    pub fn of(&self, provider: &str) -> Arc<LatencyStages> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(all.entry(provider.to_owned()).or_default())
    }

    /// Returns all of them, by the provider's name.
    #[must_use]
    pub fn all(&self) -> Vec<(String, Arc<LatencyStages>)> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter()
            .map(|(provider, stages)| (provider.clone(), Arc::clone(stages)))
            .collect()
    }
}

/// Everything that is counted, over all conversations of a runtime.
#[derive(Debug, Default)]
pub struct Metrics {
    /// Conversations served now.
    pub live: AtomicU64,
    /// Conversations claimed.
    pub claimed: Counter,
    /// Conversations that ended for good here.
    pub ended: Counter,
    /// Conversations given back or taken from us.
    pub handed_back: Counter,
    /// Conversations whose task panicked.
    pub panicked: Counter,
    /// Turns written.
    pub turns: Counter,
    /// Writes that had to be tried again.
    pub write_retries: Counter,
    /// Turns that could not be written at all.
    pub turns_lost: Counter,
    /// Faults of providers that ended a session.
    pub provider_faults: Counter,
    /// Sessions of a provider that were left for another one at a time of our choice.
    pub planned_hand_overs: Counter,
    /// Sessions of a provider that were left for another one after a fault.
    pub unplanned_hand_overs: Counter,
    /// How long no session listened when we chose the time.
    pub planned_hand_over_gap: Histogram,
    /// How long no session listened after a fault.
    pub unplanned_hand_over_gap: Histogram,
    /// How long a provider had said nothing, although something was due of it, before it was left for that.
    pub provider_hung: Histogram,
    /// From a packet's arrival to the provider's queue, for packets in order.
    pub packet_to_provider: Histogram,
    /// From a reply's first sound to its first packet out.
    pub reply_to_room: Histogram,
    /// From the end of the learner's speech to the first packet of the reply.
    pub mouth_to_ear: Histogram,
    /// The steps of that way, for each provider.
    pub latency: LatencyByProvider,
    /// From the room join's begin to its end.
    pub join: Histogram,
}
