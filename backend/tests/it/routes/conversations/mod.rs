//! `/conversations/{id}` and `/sessions/default/conversations`

mod search;

use std::time::{Duration, SystemTime};

use avaaz_agent::host::{TurnRecord, TutorHost as _};
use avaaz_tutor::Speaker;
use axum::http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::livekit::LiveKitServer;
use crate::support::{Persona, TestApp};

struct World {
    app: TestApp,
    _server: LiveKitServer,
}

impl World {
    async fn new() -> Self {
        let server = LiveKitServer::start(None).await;
        Self {
            app: TestApp::with_livekit(server.url()).await,
            _server: server,
        }
    }

    /// Opens a conversation and lets a runtime write turns into it.
    async fn conversation(&self, learner: &Persona, turns: &[(Speaker, &str)]) -> String {
        let id = learner.post("/sessions/default/token").await.body["conversation_id"]
            .as_str()
            .unwrap()
            .to_owned();
        let host = self.app.tutor_host();
        let claimed = host.claim(Uuid::now_v7(), 10).await.unwrap();
        let lease = claimed
            .iter()
            .find(|claimed| claimed.lease.conversation.to_string() == id)
            .expect("it waits")
            .lease;
        for (seq, (speaker, text)) in (1..).zip(turns) {
            let now = SystemTime::now();
            let turn = TurnRecord {
                id: Uuid::now_v7(),
                seq,
                speaker: *speaker,
                text: (*text).to_owned(),
                text_pending: text.is_empty(),
                started_at: now - Duration::from_millis(1500),
                ended_at: now,
                interrupted: false,
                heard_ms: (*speaker == Speaker::Tutor).then_some(1500),
                latency_ms: None,
                provider: None,
                model: None,
                first_audio_ms: None,
                first_heard_ms: None,
            };
            host.record_turn(lease, turn).await.unwrap();
        }
        host.record_provider(lease, "simulator", "scripted")
            .await
            .unwrap();
        id
    }
}

#[tokio::test]
async fn a_conversation_reads_like_a_script() {
    let world = World::new().await;
    let ada = world.app.learner().await;
    let id = world
        .conversation(
            &ada,
            &[(Speaker::Tutor, "Olá, Ada!"), (Speaker::Learner, "")],
        )
        .await;
    let answer = ada.get(&format!("/conversations/{id}")).await;
    assert_eq!(answer.status, StatusCode::OK);
    let body = answer.body;
    assert_eq!(
        (&body["provider"], &body["model"], &body["mode"]),
        (&"simulator".into(), &"scripted".into(), &"lesson".into())
    );
    assert!(body["ended_at"].is_null() && body["end_reason"].is_null());
    let turns = body["turns"].as_array().unwrap();
    assert_eq!(turns.len(), 2);
    assert_eq!(
        (&turns[0]["seq"], &turns[0]["speaker"], &turns[0]["text"]),
        (&1.into(), &"tutor".into(), &"Olá, Ada!".into())
    );
    assert_eq!(
        (
            &turns[0]["text_pending"],
            &turns[0]["heard_ms"],
            &turns[0]["interrupted"]
        ),
        (&false.into(), &1500.into(), &false.into())
    );
    assert_eq!(
        (
            &turns[1]["speaker"],
            &turns[1]["text"],
            &turns[1]["text_pending"]
        ),
        (&"learner".into(), &"".into(), &true.into())
    );
    assert!(turns[0]["started_at"].as_str().unwrap().ends_with('Z'));
}

#[tokio::test]
async fn a_turn_that_cannot_be_read_says_so_and_the_others_are_there() {
    let world = World::new().await;
    let ada = world.app.learner().await;
    let id = world
        .conversation(&ada, &[(Speaker::Tutor, "lost"), (Speaker::Tutor, "kept")])
        .await;
    sqlx::query("UPDATE turns SET words_key_id = 'burnt' WHERE seq = 1")
        .execute(&world.app.pool)
        .await
        .unwrap();
    let turns = ada.get(&format!("/conversations/{id}")).await.body["turns"].clone();
    assert_eq!(
        (
            &turns[0]["text"],
            &turns[0]["text_error"],
            &turns[0]["text_pending"]
        ),
        (&"".into(), &"unknown_key".into(), &false.into())
    );
    assert_eq!(
        (&turns[1]["text"], &turns[1]["text_error"]),
        (&"kept".into(), &Value::Null)
    );
    assert_eq!(
        ada.get("/sessions/default/conversations").await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn ending_stands_ending_twice_is_fine_and_the_next_token_opens_another() {
    let world = World::new().await;
    let ada = world.app.learner().await;
    let id = world.conversation(&ada, &[]).await;
    let ended = ada.post(&format!("/conversations/{id}/end")).await;
    assert_eq!(ended.status, StatusCode::OK);
    assert_eq!(ended.body["end_reason"], "learner_ended");
    assert!(ended.body["ended_at"].is_string());
    assert_eq!(
        ada.post(&format!("/conversations/{id}/end")).await.body,
        ended.body
    );
    assert!(ada.get("/sessions/default").await.body["live"].is_null());
    assert_ne!(
        ada.post("/sessions/default/token").await.body["conversation_id"],
        id.as_str()
    );
}

#[tokio::test]
async fn a_conversation_that_nobody_serves_can_be_ended() {
    let world = World::new().await;
    let ada = world.app.learner().await;
    let id = ada.post("/sessions/default/token").await.body["conversation_id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        ada.post(&format!("/conversations/{id}/end")).await.body["end_reason"],
        "learner_ended"
    );
}

#[tokio::test]
async fn the_list_is_newest_first_page_by_page_with_the_first_words() {
    let world = World::new().await;
    let ada = world.app.learner().await;
    let mut ids = Vec::new();
    for words in ["first", "second", "third"] {
        let id = world
            .conversation(&ada, &[(Speaker::Learner, ""), (Speaker::Tutor, words)])
            .await;
        ada.post(&format!("/conversations/{id}/end")).await;
        ids.push(id);
    }
    let page = ada
        .get("/sessions/default/conversations?limit=2")
        .await
        .body;
    let shown: Vec<_> = page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["first_words"].as_str().unwrap())
        .collect();
    assert_eq!(shown, ["third", "second"]);
    assert_eq!(page["items"][0]["turn_count"], 2);
    assert!(
        page["items"][0]["duration_ms"]
            .as_i64()
            .is_some_and(|duration_ms| duration_ms >= 0)
    );
    assert!(page["items"][0].get("turns").is_none());
    let cursor = page["next_cursor"].as_str().unwrap();
    let rest = ada
        .get(&format!(
            "/sessions/default/conversations?limit=2&cursor={cursor}"
        ))
        .await
        .body;
    assert_eq!(rest["items"].as_array().unwrap().len(), 1);
    assert_eq!(rest["items"][0]["id"], ids[0].as_str());
    assert!(rest["next_cursor"].is_null());
}

#[tokio::test]
async fn the_list_says_what_the_learner_said_first_whoever_began() {
    let world = World::new().await;
    let ada = world.app.learner().await;
    let said = [
        (Speaker::Tutor, "Hello, Ada!"),
        (Speaker::Learner, ""),
        (Speaker::Learner, "I was in the mountains"),
        (Speaker::Learner, "With my sister"),
    ];
    for turns in [&said[..1], &said[..]] {
        let id = world.conversation(&ada, turns).await;
        ada.post(&format!("/conversations/{id}/end")).await;
    }
    let page = ada.get("/sessions/default/conversations").await.body;
    let words = |place: usize| {
        let item = &page["items"][place];
        (
            item["first_words"].clone(),
            item["first_learner_words"].clone(),
        )
    };
    assert_eq!(
        words(0),
        (json!("Hello, Ada!"), json!("I was in the mountains"))
    );
    assert_eq!(words(1), (json!("Hello, Ada!"), json!(null)));
}

#[tokio::test]
async fn a_page_that_cannot_be_is_refused_with_the_field() {
    let world = World::new().await;
    let ada = world.app.learner().await;
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=many", "limit"),
        ("cursor=x", "cursor"),
    ] {
        let refused = ada
            .get(&format!("/sessions/default/conversations?{query}"))
            .await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        assert_eq!(refused.body["errors"][0]["field"], field);
    }
}

#[tokio::test]
async fn another_learners_conversation_does_not_exist() {
    let world = World::new().await;
    let (ada, eve) = (world.app.learner().await, world.app.learner().await);
    let id = world
        .conversation(&ada, &[(Speaker::Tutor, "for Ada")])
        .await;
    let path = format!("/conversations/{id}");
    let answers = [
        eve.get(&path).await,
        eve.post(&format!("{path}/end")).await,
        eve.delete(&path).await,
        eve.get(&format!("/conversations/{}", Uuid::now_v7())).await,
        eve.get("/conversations/no-id").await,
    ];
    for answer in answers {
        assert_eq!(
            (answer.status, &answer.body["code"]),
            (StatusCode::NOT_FOUND, &"not_found".into())
        );
    }
    assert!(
        eve.get("/sessions/default/conversations").await.body["items"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    assert_eq!(ada.get(&path).await.body["turns"][0]["text"], "for Ada");
}

#[tokio::test]
async fn a_deleted_conversation_is_gone_with_every_word_also_while_live() {
    let world = World::new().await;
    let ada = world.app.learner().await;
    let id = world
        .conversation(&ada, &[(Speaker::Tutor, "forget me")])
        .await;
    assert_eq!(
        ada.delete(&format!("/conversations/{id}")).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(
        ada.get(&format!("/conversations/{id}")).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        ada.delete(&format!("/conversations/{id}")).await.status,
        StatusCode::NOT_FOUND
    );
    assert!(ada.get("/sessions/default").await.body["live"].is_null());
    let turns: i64 = sqlx::query_scalar("SELECT count(*) FROM turns")
        .fetch_one(&world.app.pool)
        .await
        .unwrap();
    assert_eq!(turns, 0);
}
