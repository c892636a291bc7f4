//! Counters of everything that crossed the wire.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;

/// More types than these are not told apart: a client may send any string as a type.
const MAX_TYPES: usize = 200;
const MAX_CONNECTIONS: usize = 1_000;

/// Counters since the simulator started.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// Connections that were ever upgraded.
    pub connections_total: u64,
    /// Connections that are open now.
    pub connections_open: u64,
    /// Bytes of decoded audio from clients.
    pub audio_bytes_received: u64,
    /// As `audio_bytes_received`, by the connection's number; of the latest 1000.
    pub audio_bytes_by_connection: BTreeMap<usize, u64>,
    /// Bytes of audio sent to clients, before base64.
    pub audio_bytes_sent: u64,
    /// Frames from clients by their `type`.
    pub frames_received: BTreeMap<String, u64>,
    /// Frames to clients by their `type`.
    pub frames_sent: BTreeMap<String, u64>,
}

impl Stats {
    /// Returns how many frames of this type clients sent.
    pub fn received(&self, kind: &str) -> u64 {
        self.frames_received.get(kind).copied().unwrap_or(0)
    }

    /// Returns how many frames of this type were sent to clients.
    pub fn sent(&self, kind: &str) -> u64 {
        self.frames_sent.get(kind).copied().unwrap_or(0)
    }
}

/// The counters while they are counted.
#[derive(Debug, Default)]
pub(crate) struct Counters(Mutex<Stats>);

impl Counters {
    pub(crate) fn snapshot(&self) -> Stats {
        self.lock().clone()
    }

    pub(crate) fn on_connected(&self) {
        let mut stats = self.lock();
        stats.connections_total += 1;
        stats.connections_open += 1;
    }

    pub(crate) fn on_disconnected(&self) {
        self.lock().connections_open -= 1;
    }

    pub(crate) fn on_received(&self, kind: &str) {
        count(&mut self.lock().frames_received, kind);
    }

    pub(crate) fn on_sent(&self, kind: &str) {
        count(&mut self.lock().frames_sent, kind);
    }

    pub(crate) fn on_audio_received(&self, connection: usize, bytes: usize) {
        let mut stats = self.lock();
        stats.audio_bytes_received += bytes as u64;
        let of_connections = &mut stats.audio_bytes_by_connection;
        *of_connections.entry(connection).or_default() += bytes as u64;
        if of_connections.len() > MAX_CONNECTIONS {
            of_connections.pop_first();
        }
    }

    pub(crate) fn on_audio_sent(&self, bytes: usize) {
        self.lock().audio_bytes_sent += bytes as u64;
    }

    fn lock(&self) -> MutexGuard<'_, Stats> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn count(frames: &mut BTreeMap<String, u64>, kind: &str) {
    if let Some(known) = frames.get_mut(kind) {
        *known += 1;
    } else {
        let kind = if frames.len() < MAX_TYPES {
            kind
        } else {
            "(others)"
        };
        *frames.entry(kind.to_owned()).or_default() += 1;
    }
}
