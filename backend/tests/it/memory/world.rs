//! A learner who talks, and a text model that takes notes by a rule.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use avaaz_agent::host::{Claimed, TurnRecord, TutorHost as _};
use avaaz_agent::shutdown::Shutdown;
use avaaz_backend::app::AppState;
use avaaz_backend::conversations::store as conversations;
use avaaz_backend::jobs;
use avaaz_backend::memory::jobs::EmbedMemories;
use avaaz_backend::models::Models;
use avaaz_backend::sessions::store as sessions;
use avaaz_backend::tutor_host::{LeaseTerms, PgTutorHost};
use avaaz_models::fake::{FakeEmbedder, FakeTextModel};
use avaaz_models::{Embedder, ModelError, TextRequest};
use avaaz_tutor::{EndReason, Speaker};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

use crate::support::app::TestApp;
use crate::support::personas::Persona;

/// An API with jobs, a host for tutors, and one learner.
pub struct World {
    pub app: TestApp,
    pub host: PgTutorHost,
    pub ada: Persona,
    pub notes: Arc<FakeTextModel>,
    jobs: Option<(Shutdown, JoinHandle<()>)>,
}

impl World {
    /// Notes are taken by [`plain_notes`].
    pub async fn start() -> Self {
        Self::noting(plain_notes).await
    }

    pub async fn noting(
        rule: impl Fn(&str) -> Result<Value, ModelError> + Send + Sync + 'static,
    ) -> Self {
        Self::on(TestApp::start().await, rule).await
    }

    pub async fn on(
        app: TestApp,
        rule: impl Fn(&str) -> Result<Value, ModelError> + Send + Sync + 'static,
    ) -> Self {
        let notes = Arc::new(FakeTextModel::by_rule(move |request| {
            rule(&question(request)).map(|answer| answer.to_string())
        }));
        let mut world = Self {
            host: patient_host(&app),
            ada: app.learner().await,
            notes,
            jobs: None,
            app,
        };
        world.work_with(world.models(Self::embedder()));
        world
    }

    /// Long enough vectors that few words fall together.
    pub fn embedder() -> FakeEmbedder {
        FakeEmbedder::new("fake-embedding", 1024)
    }

    fn models(&self, embedder: impl Embedder + 'static) -> Models {
        Models {
            text: self.notes.clone(),
            embedder: Arc::new(embedder),
        }
    }

    /// Starts a server's worker with these models.
    pub fn work_with(&mut self, models: Models) {
        let app = AppState {
            models,
            ..self.app.state.clone()
        };
        let shutdown = Shutdown::default();
        let worker = tokio::spawn(jobs::run(jobs::all(), app, shutdown.clone()));
        self.jobs = Some((shutdown, worker));
    }

    /// Ends the worker, as a server does that is told to stop.
    pub async fn rest(&mut self) {
        let (shutdown, worker) = self.jobs.take().expect("it works");
        shutdown.begin();
        timeout(Duration::from_secs(10), worker)
            .await
            .expect("it ends")
            .unwrap();
    }

    /// Starts a server with another embedding model.
    pub async fn restart_with(&mut self, embedder: impl Embedder + 'static) {
        if self.jobs.is_some() {
            self.rest().await;
        }
        self.work_with(self.models(embedder));
        let mut connection = self.app.pool.acquire().await.unwrap();
        jobs::enqueue(&mut connection, &EmbedMemories {})
            .await
            .unwrap();
    }

    /// Begins a conversation, and returns what its tutor is told.
    pub async fn begin(&self) -> Claimed {
        let session = sessions::get_or_create_default(&self.app.pool, self.ada.id)
            .await
            .unwrap();
        conversations::ensure_open(&self.app.pool, &session)
            .await
            .unwrap();
        let mut claimed = self.host.claim(Uuid::now_v7(), 1).await.unwrap();
        assert_eq!(claimed.len(), 1, "one conversation waits");
        claimed.remove(0)
    }

    /// Has a whole conversation: the tutor greets, the learner says these, one after another. Returns when it has ended.
    pub async fn talk(&self, words: &[&str]) -> Uuid {
        let claimed = self.begin().await;
        self.say(&claimed, Speaker::Tutor, "Hello!").await;
        for words in words {
            self.say(&claimed, Speaker::Learner, words).await;
            self.say(&claimed, Speaker::Tutor, "I see.").await;
        }
        let lease = claimed.lease;
        self.host
            .end(lease, EndReason::LearnerEnded, SystemTime::now())
            .await
            .unwrap();
        lease.conversation
    }

    pub async fn say(&self, claimed: &Claimed, speaker: Speaker, words: &str) -> Uuid {
        self.record(claimed, speaker, Some(words)).await
    }

    /// Without words they are still to come.
    pub async fn record(&self, claimed: &Claimed, speaker: Speaker, words: Option<&str>) -> Uuid {
        let last: i32 = sqlx::query_scalar("SELECT last_turn_seq FROM conversations WHERE id = $1")
            .bind(claimed.lease.conversation)
            .fetch_one(&self.app.pool)
            .await
            .unwrap();
        let now = SystemTime::now();
        let turn = TurnRecord {
            id: Uuid::now_v7(),
            seq: u32::try_from(last).unwrap() + 1,
            speaker,
            text: words.unwrap_or_default().to_owned(),
            text_pending: words.is_none(),
            started_at: now,
            ended_at: now,
            interrupted: false,
            heard_ms: None,
            latency_ms: None,
            provider: None,
            model: None,
            first_audio_ms: None,
            first_heard_ms: None,
        };
        let id = turn.id;
        self.host.record_turn(claimed.lease, turn).await.unwrap();
        id
    }

    /// Waits for the summary of a conversation that has ended, and returns its words and how long it took.
    pub async fn summary(&self, conversation: Uuid) -> (String, Duration) {
        let begun = Instant::now();
        loop {
            let answer = self
                .ada
                .get(&format!("/conversations/{conversation}/summary"))
                .await;
            if answer.status == 200 {
                self.quiet().await;
                return (answer.text("text"), begun.elapsed());
            }
            assert!(
                begun.elapsed() < Duration::from_secs(30),
                "no summary: {answer:?}"
            );
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until no job is left to be done now.
    pub async fn quiet(&self) {
        for _ in 0..1_500 {
            let left: i64 = sqlx::query_scalar(
                "SELECT count(*) FROM graphile_worker.jobs
                 WHERE locked_at IS NOT NULL OR (run_at < now() + interval '2 s' AND attempts < max_attempts)",
            )
            .fetch_one(&self.app.pool)
            .await
            .unwrap();
            if left == 0 {
                return;
            }
            sleep(Duration::from_millis(20)).await;
        }
        panic!("jobs are never done");
    }

    /// Waits until no job is at work, and makes those that failed due.
    pub async fn let_all_be_tried_now(&self) {
        while jobs::counts(&self.app.pool).await.unwrap().running > 0 {
            sleep(Duration::from_millis(20)).await;
        }
        sqlx::query("UPDATE graphile_worker._private_jobs SET run_at = now()")
            .execute(&self.app.pool)
            .await
            .unwrap();
    }

    /// Returns the facts as the API shows them: kind and words, the newest first.
    pub async fn facts(&self) -> Vec<(String, String)> {
        let answer = self.ada.get("/sessions/default/memories?limit=100").await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let items = answer.body["items"].as_array().unwrap();
        let word = |item: &Value, field: &str| item[field].as_str().unwrap().to_owned();
        items
            .iter()
            .map(|item| (word(item, "kind"), word(item, "text")))
            .collect()
    }

    pub async fn count(&self, statement: &'static str) -> i64 {
        sqlx::query_scalar(statement)
            .fetch_one(&self.app.pool)
            .await
            .unwrap()
    }
}

/// A busy machine may take its time here: these tests are not about outages.
pub fn patient_host(app: &TestApp) -> PgTutorHost {
    let terms = LeaseTerms {
        statement_timeout: Duration::from_secs(30),
        ..LeaseTerms::default()
    };
    PgTutorHost::start(
        app.pool.clone(),
        app.state.keys.clone(),
        app.state.livekit.clone(),
        terms,
        app.state.config.spending.clone(),
    )
}

/// All that the model was told.
pub fn question(request: &TextRequest) -> String {
    let contents = request
        .messages
        .iter()
        .map(|message| message.content.as_str());
    contents.collect::<Vec<_>>().join("\n")
}

/// What the learner said in a question.
pub fn learners_words(question: &str) -> Vec<&str> {
    question
        .lines()
        .filter_map(|line| line.strip_prefix("Learner: "))
        .collect()
}

/// Sums up by repeating; takes `kind: words` for a fact of that kind.
pub fn plain_notes(question: &str) -> Result<Value, ModelError> {
    let said = learners_words(question);
    let facts: Vec<Value> = said
        .iter()
        .filter_map(|words| words.split_once(": "))
        .map(|(kind, text)| json!({"kind": kind, "text": text, "replaces": []}))
        .collect();
    let summary = format!("The learner said: {}", said.join(" / "));
    Ok(json!({"summary": summary, "facts": facts, "confirmed": [], "untrue": []}))
}
