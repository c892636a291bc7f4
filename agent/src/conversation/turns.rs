//! Turns as they are kept: lasting ids, the time of day, who served them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use avaaz_tutor::{EndedTurn, TurnId, Usage};
use uuid::Uuid;

use super::writer::{Entry, Writer};
use crate::host::TurnRecord;
use crate::metrics::Metrics;

/// Makes records of ended turns and has them written.
pub(super) struct Turns {
    writer: Option<Writer>,
    began_at: SystemTime,
    provider: String,
    model: Option<String>,
    /// Turns whose words are still to come.
    pending: HashMap<TurnId, Uuid>,
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
        let latency_ms = turn.latency.map(milliseconds);
        let heard_ms = turn.heard.map(milliseconds);
        if let Some(latency) = turn.latency {
            self.metrics.mouth_to_ear.record(latency);
        }
        tracing::info!(
            seq = turn.turn.0,
            speaker = ?turn.speaker,
            interrupted = turn.interrupted,
            mouth_to_ear_ms = latency_ms,
            heard_ms,
            "a turn has ended"
        );
        let started_at = self.began_at + turn.started_at;
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
            latency_ms,
            // Without a model nobody answered yet.
            provider: self.model.is_some().then(|| self.provider.clone()),
            model: self.model.clone(),
            usage: turn.usage.as_ref().map(usage_json),
        })));
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

fn usage_json(usage: &Usage) -> String {
    format!(
        r#"{{"input_text_tokens":{},"input_audio_tokens":{},"cached_tokens":{},"output_text_tokens":{},"output_audio_tokens":{}}}"#,
        usage.input_text_tokens,
        usage.input_audio_tokens,
        usage.cached_tokens,
        usage.output_text_tokens,
        usage.output_audio_tokens,
    )
}
