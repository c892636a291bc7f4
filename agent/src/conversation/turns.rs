//! Turns as they are kept: lasting ids, the time of day, who served them.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use avaaz_tutor::{EndedTurn, Latency, TurnId, Usage};
use uuid::Uuid;

use super::writer::{Entry, Writer};
use crate::host::{TurnRecord, UsageRecord};
use crate::metrics::Metrics;

/// How many ended turns are remembered for what is said of them later.
const REMEMBERED: usize = 64;

/// Makes records of ended turns and has them written.
pub(super) struct Turns {
    writer: Option<Writer>,
    began_at: SystemTime,
    provider: String,
    model: Option<String>,
    /// Turns whose words are still to come.
    pending: HashMap<TurnId, Uuid>,
    /// The last turns, for what becomes known of their cost.
    recent: VecDeque<(TurnId, Uuid)>,
    metrics: Arc<Metrics>,
}

impl Turns {
    pub(super) fn new(
        writer: Writer,
        began_at: SystemTime,
        provider: String,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self {
            writer: Some(writer),
            began_at,
            provider,
            model: None,
            pending: HashMap::new(),
            recent: VecDeque::new(),
            metrics,
        }
    }

    /// Notes which provider serves from now on.
    pub(super) fn set_provider(&mut self, name: &str) {
        if self.provider != name {
            name.clone_into(&mut self.provider);
            self.model = None;
        }
    }

    /// Notes which model answers.
    pub(super) fn set_model(&mut self, model: &str) {
        if self.model.as_deref() != Some(model) {
            self.model = Some(model.to_owned());
            self.write(Entry::Provider {
                name: self.provider.clone(),
                model: model.to_owned(),
            });
        }
    }

    pub(super) fn ended(&mut self, turn: EndedTurn) {
        let id = Uuid::now_v7();
        if turn.text_pending {
            self.pending.insert(turn.turn, id);
        }
        self.recent.push_back((turn.turn, id));
        if self.recent.len() > REMEMBERED {
            self.recent.pop_front();
        }
        let first_audio_ms = turn.latency.map(|latency| milliseconds(latency.given));
        let latency_ms = turn
            .latency
            .and_then(|latency| latency.sent)
            .map(milliseconds);
        let first_heard_ms = turn
            .latency
            .and_then(|latency| latency.heard)
            .map(milliseconds);
        let heard_ms = turn.heard.map(milliseconds);
        if let Some(latency) = turn.latency {
            self.measure(&latency);
        }
        tracing::info!(
            seq = turn.turn.0,
            speaker = ?turn.speaker,
            interrupted = turn.interrupted,
            first_audio_ms,
            latency_ms,
            first_heard_ms,
            heard_ms,
            "a turn has ended"
        );
        let started_at = self.began_at + turn.started_at;
        let (provider, model) = match turn.author {
            Some(author) => (Some(author.provider), Some(author.model)),
            // Without a model nobody answered yet.
            None => (
                self.model.is_some().then(|| self.provider.clone()),
                self.model.clone(),
            ),
        };
        self.write(Entry::Turn(Box::new(TurnRecord {
            id,
            seq: turn.turn.0,
            speaker: turn.speaker,
            text: turn.text,
            text_pending: turn.text_pending,
            started_at,
            ended_at: (self.began_at + turn.ended_at).max(started_at),
            interrupted: turn.interrupted,
            heard_ms,
            first_audio_ms,
            latency_ms,
            first_heard_ms,
            provider,
            model,
        })));
        if let Some(usage) = turn.usage {
            self.used(Some(turn.turn), usage);
        }
    }

    /// Notes what something cost, after the turn that it belongs to.
    pub(super) fn used(&self, turn: Option<TurnId>, usage: Usage) {
        // A session that was given up before it told its model still costs.
        let model = self.model.as_deref().unwrap_or("unknown");
        let turn = turn.and_then(|turn| {
            let found = self.recent.iter().find(|(known, _)| *known == turn);
            found.map(|(_, id)| *id)
        });
        self.write(Entry::Usage(Box::new(UsageRecord {
            id: Uuid::now_v7(),
            turn,
            provider: self.provider.clone(),
            model: model.to_owned(),
            usage,
            at: SystemTime::now(),
        })));
    }

    fn measure(&self, latency: &Latency) {
        if let Some(sent) = latency.sent {
            self.metrics.mouth_to_ear.record(sent);
        }
        let stages = self.metrics.latency.of(&self.provider);
        stages.given.record(latency.given);
        if let Some(sent) = latency.sent {
            stages.sent.record(sent);
        }
        if let Some(heard) = latency.heard {
            stages.heard.record(heard);
        }
    }

    pub(super) fn words(&mut self, turn: TurnId, text: String) {
        match self.pending.remove(&turn) {
            Some(turn) => self.write(Entry::Words { turn, text }),
            None => tracing::error!(seq = turn.0, "words came for a turn that waits for none"),
        }
    }

    pub(super) fn write(&self, entry: Entry) {
        if let Some(writer) = &self.writer {
            writer.write(entry);
        }
    }

    /// Waits until all is written, but no longer than `at_most`.
    pub(super) async fn finish(&mut self, at_most: Duration) -> bool {
        match self.writer.take() {
            Some(writer) => writer.finish(at_most).await,
            None => true,
        }
    }
}

fn milliseconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}
