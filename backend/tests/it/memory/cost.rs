//! What memories cost, and what is written in place of a voice.

use std::sync::atomic::{AtomicUsize, Ordering};

use avaaz_agent::host::{Notice, TutorHost as _};
use avaaz_backend::models::Models;
use avaaz_models::ModelError;
use avaaz_tutor::{PastTurn, Speaker, Spending, WritingRequest};
use serde_json::json;
use std::sync::Arc;
use uuid::Uuid;

use super::world::{World, patient_host, plain_notes};
use crate::support::app::TestApp;

const PRICES: &str = r#"{"currency": "EUR", "prices": [{"model": "fake-text", "from": "2020-01-01",
    "input_text": 1, "input_audio": 0, "cached_input": 0.1, "output_text": 2, "output_audio": 0}]}"#;

/// Tokens in, tokens out and the cost of every account of a conversation.
async fn accounts(world: &World, conversation: Uuid) -> Vec<(i64, i64, Option<i64>)> {
    sqlx::query_as(
        "SELECT input_text_tokens, output_text_tokens, cost_micros FROM usage_entries
         WHERE conversation_id = $1 AND provider = 'text_model' ORDER BY id",
    )
    .bind(conversation)
    .fetch_all(&world.app.pool)
    .await
    .unwrap()
}

#[tokio::test]
async fn every_answer_of_the_text_model_is_accounted_for_once_and_counts_against_the_caps() {
    let prices = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(prices.path(), PRICES).unwrap();
    let app = TestApp::configured(|env| {
        env.set("AVAAZ_PRICES_FILE", prices.path().to_string_lossy());
        env.set("AVAAZ_MAX_COST_PER_CONVERSATION", "0.000001");
    })
    .await;
    let asked = AtomicUsize::new(0);
    let world = World::on(app, move |question| {
        match asked.fetch_add(1, Ordering::SeqCst) {
            0 => Err(ModelError::Unreachable),
            1 => Ok(json!({"nothing": "of use"})),
            _ => plain_notes(question),
        }
    })
    .await;
    let conversation = world.talk(&["goal: Wants to pass DELF B2"]).await;
    for attempt in 1..=2 {
        while world.notes.asked().len() < attempt {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        world.let_all_be_tried_now().await;
    }
    world.summary(conversation).await;
    let used = accounts(&world, conversation).await;
    assert_eq!(
        used.len(),
        2,
        "the answer that could not be used was paid for, too: {used:?}"
    );
    for (input, output, cost) in &used {
        assert!(*input > 100 && *output > 0, "{used:?}");
        assert_eq!(*cost, Some(input + 2 * output));
    }
    let mut connection = world.app.pool.acquire().await.unwrap();
    avaaz_backend::memory::jobs::Remember::enqueue(&mut connection, conversation)
        .await
        .unwrap();
    drop(connection);
    world.quiet().await;
    assert_eq!(
        accounts(&world, conversation).await,
        used,
        "nothing was asked"
    );

    let host = patient_host(&world.app).with_models(Models {
        text: world.notes.clone(),
        embedder: Arc::new(World::embedder()),
    });
    let claimed = world.begin().await;
    let request = WritingRequest {
        instructions: "You teach.".into(),
        history: vec![PastTurn {
            seq: 1,
            speaker: Speaker::Learner,
            text: "What is a weekend?".into(),
            interrupted: false,
        }],
    };
    host.compose(claimed.lease, request).await.unwrap();
    let written = accounts(&world, claimed.lease.conversation).await;
    assert_eq!(written.len(), 1);
    let spending = loop {
        match host.next_notice().await {
            Notice::Spent { spending, .. } => break spending,
            // Said of the conversation that was just claimed, and soon said again.
            Notice::WorkMayWait => {}
            other => panic!("the tutor is told of nothing else: {other:?}"),
        }
    };
    assert_eq!(spending, Spending::All);
    let report = world.ada.get("/sessions/default/usage").await;
    let cost: i64 = used.iter().chain(&written).filter_map(|used| used.2).sum();
    assert_eq!(report.body["total"]["cost_micros"], cost, "{report:?}");
}
