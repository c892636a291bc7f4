//! What the simulator saw and when, for one of its connections.

use std::collections::BTreeMap;

use anyhow::Context as _;
use serde_json::Value;

/// How loud a frame must be to count as sound, and how quiet as silence (peaks from 0 to 1).
const LOUD: f64 = 0.05;
const QUIET: f64 = 0.02;

/// Times (µs since the Unix epoch) of what happened on one connection.
#[derive(Debug, Default, Clone)]
pub struct Connection {
    /// The learner's sound began after silence, as received.
    pub onsets: Vec<i64>,
    /// Speech was found, and the client told.
    pub speech_started: Vec<i64>,
    /// The first sound of a reply was sent.
    pub first_audio_sent: Vec<i64>,
    quiet_for: u32,
}

/// Follows the simulator's timeline.
pub struct Timeline {
    url: String,
    next: u64,
    connections: BTreeMap<u64, Connection>,
}

impl Timeline {
    /// Makes a follower; `base_url` ends in `/v1`.
    #[must_use]
    pub fn new(base_url: &str) -> Self {
        Self {
            url: base_url.replace("/v1", "/_simulator/timeline"),
            next: 0,
            connections: BTreeMap::new(),
        }
    }

    /// Reads what is new.
    ///
    /// # Errors
    /// When the simulator does not answer as described.
    pub async fn read(&mut self) -> anyhow::Result<()> {
        let answer: Value = reqwest::get(format!("{}?since={}", self.url, self.next))
            .await?
            .json()
            .await?;
        self.next = answer["next"]
            .as_u64()
            .context("the timeline has no next")?;
        for entry in answer["entries"]
            .as_array()
            .context("the timeline has no entries")?
        {
            self.take(entry);
        }
        Ok(())
    }

    /// Returns the newest connection's number.
    #[must_use]
    pub fn newest(&self) -> Option<u64> {
        self.connections.keys().next_back().copied()
    }

    /// Returns what happened on a connection.
    #[must_use]
    pub fn connection(&self, number: u64) -> Connection {
        self.connections.get(&number).cloned().unwrap_or_default()
    }

    fn take(&mut self, entry: &Value) {
        let (Some(number), Some(at)) = (entry["connection"].as_u64(), entry["at_us"].as_i64())
        else {
            return;
        };
        let connection = self.connections.entry(number).or_default();
        match entry["kind"].as_str() {
            Some("audio_received") => {
                connection.hear(at, entry["peak"].as_f64().unwrap_or_default());
            }
            Some("speech_started") => connection.speech_started.push(at),
            Some("first_audio_sent") => connection.first_audio_sent.push(at),
            _ => {}
        }
    }
}

impl Connection {
    fn hear(&mut self, at: i64, peak: f64) {
        if is_onset(&mut self.quiet_for, peak) {
            self.onsets.push(at);
        }
    }
}

/// Returns whether a frame of this peak is the first loud one after at least five quiet ones.
pub fn is_onset(quiet_for: &mut u32, peak: f64) -> bool {
    if peak < QUIET {
        *quiet_for += 1;
        return false;
    }
    peak >= LOUD && std::mem::take(quiet_for) >= 5
}
