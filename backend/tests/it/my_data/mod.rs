//! What is kept of a learner: shown, exported, erased, and aged.

mod erase;
mod export;
mod retention;

use std::time::{Duration, SystemTime};

use avaaz_agent::host::{Lease, TurnRecord, TutorHost as _, UsageRecord};
use avaaz_backend::content::Place;
use avaaz_backend::conversations::store as conversations;
use avaaz_backend::documents::ingest::{EmbedPassages, ReadDocument};
use avaaz_backend::jobs::Job as _;
use avaaz_backend::memory::store::{self as memories, NewMemory};
use avaaz_backend::sessions::store as sessions;
use avaaz_backend::tutor_host::PgTutorHost;
use avaaz_backend::vectors::Space;
use avaaz_tutor::{EndReason, Speaker, Usage};
use serde_json::json;
use uuid::Uuid;

use crate::documents::world::upload_as;
use crate::support::{Persona, TestApp};

/// A server and a runtime, on which learners talk.
struct World {
    app: TestApp,
    host: PgTutorHost,
}

impl World {
    async fn new() -> Self {
        Self::on(TestApp::start().await)
    }

    fn on(app: TestApp) -> Self {
        let host = app.tutor_host();
        Self { app, host }
    }

    /// Opens a conversation and lets the runtime claim it.
    async fn begin(&self, learner: &Persona) -> Lease {
        let session = sessions::get_or_create_default(&self.app.pool, learner.id)
            .await
            .unwrap();
        let id = conversations::ensure_open(&self.app.pool, &session)
            .await
            .unwrap();
        let claimed = self.host.claim(Uuid::now_v7(), 10).await.unwrap();
        let claimed = claimed
            .iter()
            .find(|claimed| claimed.lease.conversation == id.0);
        claimed.expect("it waits").lease
    }

    /// Holds a conversation of these words, each of them with what it cost, and ends it.
    async fn talk(&self, learner: &Persona, words: &[(Speaker, &str)]) -> Uuid {
        let lease = self.begin(learner).await;
        self.host
            .record_provider(lease, "simulator", "scripted")
            .await
            .unwrap();
        for (seq, (speaker, text)) in (1..).zip(words) {
            let turn = turn(seq, *speaker, text);
            let usage = usage(&turn);
            self.host.record_turn(lease, turn).await.unwrap();
            self.host.record_usage(lease, usage).await.unwrap();
        }
        self.host
            .end(lease, EndReason::LearnerEnded, SystemTime::now())
            .await
            .unwrap();
        lease.conversation
    }

    /// Lets something be remembered of a conversation: a summary, or a fact of a kind. Returns its id.
    async fn remember(
        &self,
        learner: &Persona,
        conversation: Uuid,
        kind: &str,
        text: &str,
    ) -> Uuid {
        let id = Uuid::now_v7();
        let words = self.app.state.keys.seal_in(Place::Memory, id, text);
        let memory = NewMemory {
            id,
            user: learner.id,
            conversation,
            words: &words,
            text_model: "fake-text",
        };
        let space = Space::named(&self.app.pool, "fake-embedding", 3)
            .await
            .unwrap();
        let mut transaction = self.app.pool.begin().await.unwrap();
        if kind == "summary" {
            let saved = memories::save_summary(&mut transaction, &memory, 3).await;
            assert_eq!(saved.unwrap(), Some(id));
        } else {
            memories::add_fact(&mut transaction, &memory, kind, &[])
                .await
                .unwrap();
        }
        memories::save_vector(&mut transaction, id, &words, space, &[0.1, 0.2, 0.3])
            .await
            .unwrap();
        transaction.commit().await.unwrap();
        id
    }
}

impl World {
    /// Uploads a document, and does what the worker would do with it.
    async fn read(&self, learner: &Persona, name: &str, content: &str) -> String {
        let uploaded = upload_as(learner, name, content).await;
        let id = uploaded.text("id");
        let job = json!({"document": id, "learner": learner.id});
        let app = &self.app.state;
        let read: ReadDocument = serde_json::from_value(job.clone()).unwrap();
        read.run(app.clone()).await.unwrap();
        let embed: EmbedPassages = serde_json::from_value(job).unwrap();
        embed.run(app.clone()).await.unwrap();
        id
    }
}

/// A turn; without words it waits for them.
fn turn(seq: u32, speaker: Speaker, text: &str) -> TurnRecord {
    let now = SystemTime::now();
    TurnRecord {
        id: Uuid::now_v7(),
        seq,
        speaker,
        text: text.to_owned(),
        text_pending: text.is_empty(),
        started_at: now - Duration::from_millis(1500),
        ended_at: now,
        interrupted: false,
        heard_ms: (speaker == Speaker::Tutor).then_some(1500),
        latency_ms: None,
        provider: Some("simulator".into()),
        model: Some("scripted".into()),
        first_audio_ms: None,
        first_heard_ms: None,
    }
}

fn usage(turn: &TurnRecord) -> UsageRecord {
    UsageRecord {
        id: Uuid::now_v7(),
        turn: Some(turn.id),
        provider: "simulator".into(),
        model: "scripted".into(),
        usage: Usage {
            input_text_tokens: 100,
            ..Usage::default()
        },
        at: turn.ended_at,
    }
}
