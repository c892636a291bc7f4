//! How soon a summary is there, with a text model behind HTTP that takes its time.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use avaaz_agent::host::TutorHost as _;
use avaaz_backend::conversations::store as conversations;
use avaaz_backend::models::Models;
use avaaz_backend::sessions::store as sessions;
use avaaz_models::openai::{ChatModel, ServerConfig};
use avaaz_simulator::script::Script;
use avaaz_simulator::{Options, Simulator};
use avaaz_tutor::{EndReason, Speaker};
use futures_util::future::join_all;
use serde_json::json;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::world::World;

const LEARNERS: usize = 20;
/// How long the model takes for each answer.
const ANSWER: Duration = Duration::from_millis(2_500);

#[tokio::test]
async fn summaries_of_twenty_conversations_that_end_together_are_there_in_time() {
    let script: Script = serde_json::from_value(json!({"writing": {
        "answer_ms": u64::try_from(ANSWER.as_millis()).unwrap(),
        "answers": [{"schema": "conversation_memory", "answer": {
            "summary": "They planned a trip to Lisbon and practised the past tense.",
            "facts": [{"kind": "goal", "text": "Wants to pass DELF B2", "replaces": []}],
            "confirmed": [], "untrue": [],
        }}],
    }}))
    .unwrap();
    let simulator = Simulator::start(Options {
        script,
        ..Options::default()
    })
    .await
    .unwrap();
    let model = ChatModel::new(&ServerConfig {
        base_url: simulator.base_url().parse().unwrap(),
        api_key: Some("any".to_owned().into()),
        model: "simulator".into(),
    });
    let mut world = World::start().await;
    world.quiet().await;
    world.rest().await;
    world.work_with(Models {
        text: Arc::new(model),
        embedder: Arc::new(World::embedder()),
    });

    let pool = &world.app.pool;
    for _ in 0..LEARNERS {
        let learner = world.app.learner().await;
        let session = sessions::get_or_create_default(pool, learner.id)
            .await
            .unwrap();
        conversations::ensure_open(pool, &session).await.unwrap();
    }
    let claimed = world.host.claim(Uuid::now_v7(), LEARNERS).await.unwrap();
    assert_eq!(claimed.len(), LEARNERS);
    for claimed in &claimed {
        world.say(claimed, Speaker::Tutor, "Hello!").await;
        world
            .say(claimed, Speaker::Learner, "I plan a trip to Lisbon")
            .await;
    }
    let ends = claimed.iter().map(|claimed| async {
        let (lease, now) = (claimed.lease, SystemTime::now());
        let ended = world.host.end(lease, EndReason::LearnerEnded, now).await;
        ended.unwrap();
        (lease.conversation, Instant::now())
    });
    let ended: HashMap<Uuid, Instant> = join_all(ends).await.into_iter().collect();

    let mut delays: HashMap<Uuid, Duration> = HashMap::new();
    let begun = Instant::now();
    while delays.len() < LEARNERS {
        assert!(begun.elapsed() < Duration::from_secs(60), "{delays:?}");
        let summed_up: Vec<Uuid> =
            sqlx::query_scalar("SELECT conversation_id FROM memories WHERE kind = 'summary'")
                .fetch_all(pool)
                .await
                .unwrap();
        for conversation in summed_up {
            delays
                .entry(conversation)
                .or_insert_with(|| ended[&conversation].elapsed());
        }
        sleep(Duration::from_millis(20)).await;
    }
    let mut delays: Vec<Duration> = delays.into_values().collect();
    delays.sort_unstable();
    println!(
        "summary after the end, {LEARNERS} at once, a model that takes {ANSWER:?}: p50 {:?}, p95 {:?}, worst {:?}",
        delays[9], delays[18], delays[19]
    );
    assert!(delays[0] >= ANSWER, "the model was asked: {delays:?}");
    assert!(delays[18] <= Duration::from_secs(10), "{delays:?}");
    simulator.shutdown().await;
}
