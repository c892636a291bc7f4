//! What the handle of a room and its tasks have in common.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::microphone::Microphone;
use crate::room::RoomStatistics;

/// State of one joined room. It outlives single connections.
pub(super) struct Shared {
    /// Cancelled when the room is to be left.
    pub closing: CancellationToken,
    /// Every task of the room.
    pub tasks: TaskTracker,
    /// Our voice.
    pub microphone: Arc<Microphone>,
    /// Wakes the session when attributes or the mute state changed.
    pub changed: Arc<Notify>,
    attributes: Mutex<Attributes>,
    statistics: Mutex<RoomStatistics>,
}

#[derive(Default)]
struct Attributes {
    /// All that shall be set.
    wanted: BTreeMap<String, String>,
    /// What the server has not been told yet; an empty value removes.
    untold: BTreeMap<String, String>,
}

impl Shared {
    pub fn new(attributes: BTreeMap<String, String>) -> Arc<Self> {
        let changed = Arc::new(Notify::new());
        Arc::new(Self {
            closing: CancellationToken::new(),
            tasks: TaskTracker::new(),
            microphone: Arc::new(Microphone::new(changed.clone())),
            changed,
            attributes: Mutex::new(Attributes {
                wanted: attributes,
                untold: BTreeMap::new(),
            }),
            statistics: Mutex::default(),
        })
    }

    pub fn set_attributes(&self, changes: BTreeMap<String, String>) {
        let mut attributes = lock(&self.attributes);
        for (key, value) in changes {
            if value.is_empty() {
                attributes.wanted.remove(&key);
            } else {
                attributes.wanted.insert(key.clone(), value.clone());
            }
            attributes.untold.insert(key, value);
        }
        drop(attributes);
        self.changed.notify_one();
    }

    /// Returns all attributes, for a new stay; nothing is untold then.
    pub fn attributes_for_join(&self) -> BTreeMap<String, String> {
        let mut attributes = lock(&self.attributes);
        attributes.untold.clear();
        attributes.wanted.clone()
    }

    /// Takes what the server has not been told yet.
    pub fn take_untold_attributes(&self) -> BTreeMap<String, String> {
        std::mem::take(&mut lock(&self.attributes).untold)
    }

    pub fn statistics(&self) -> RoomStatistics {
        RoomStatistics {
            packets_sent: self.microphone.packets_sent(),
            ..*lock(&self.statistics)
        }
    }

    pub fn set_statistics(&self, latest: RoomStatistics) {
        *lock(&self.statistics) = latest;
    }
}

/// Locks; nothing panics while holding one of our locks, and if it did, the value would still be whole.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
