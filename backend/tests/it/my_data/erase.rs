//! `POST /api/v1/my-data/erase`

use std::time::Duration;

use avaaz_agent::host::{Notice, TutorHost as _};
use avaaz_backend::jobs::{self, Job, JobError};
use avaaz_tutor::Speaker;
use axum::http::StatusCode;
use livekit_api::services::room::RoomClient;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::time::timeout;
use uuid::Uuid;

use super::{World, turn, usage};
use crate::support::census::{self, Census};
use crate::support::livekit::{KEY, LiveKitServer, SECRET};
use crate::support::personas::PASSWORD;
use crate::support::{Answer, Persona, TestApp};

/// Tables whose rows are of nobody: of the schema, of models, of keys that all share, and of the queue's own bookkeeping (the lanes that
/// learners share).
fn is_of_nobody(table: &str) -> bool {
    [
        "public._sqlx_migrations",
        "public.embedding_models",
        "public.content_key_readers",
        "public.dropped_content_keys",
    ]
    .contains(&table)
        || (table.starts_with("graphile_worker.") && table != "graphile_worker._private_jobs")
}

#[derive(Serialize, Deserialize)]
struct Remind {
    user: Uuid,
}

impl Job for Remind {
    const NAME: &'static str = "test_remind";

    async fn run(self, _: avaaz_backend::app::AppState) -> Result<(), JobError> {
        Ok(())
    }
}

/// Gives a learner something of everything that can be kept.
async fn live(world: &World, learner: &Persona) {
    for _ in 0..2 {
        let words = [
            (Speaker::Tutor, "Olá!"),
            (Speaker::Learner, "I have a dog."),
            (Speaker::Learner, ""),
        ];
        let id = world.talk(learner, &words).await;
        world
            .remember(learner, id, "summary", "They spoke of dogs.")
            .await;
        world.remember(learner, id, "interest", "Has a dog.").await;
    }
    world.read(learner, "notes.txt", "The heron fishes.").await;
    let open = world.begin(learner).await;
    let turn = turn(1, Speaker::Tutor, "Welcome back!");
    world.host.record_turn(open, turn).await.unwrap();
    let mut connection = world.app.pool.acquire().await.unwrap();
    let job = Remind { user: learner.id };
    jobs::enqueue(&mut connection, &job).await.unwrap();
}

async fn erase(learner: &Persona) -> Answer {
    let body = json!({"current_password": PASSWORD});
    learner.post_json("/api/v1/my-data/erase", &body).await
}

fn print(title: &str, census: &Census) {
    println!("{title}");
    for (table, count) in census {
        println!("{count:>8}  {table}");
    }
}

#[tokio::test]
async fn erasing_everything_leaves_no_row_and_no_file() {
    let world = World::new().await;
    let pool = &world.app.pool;
    let folder = &world.app.state.config.data_dir;
    let empty = census::rows(pool).await;
    let eve = world.app.learner().await;
    live(&world, &eve).await;
    let (before, files_before) = (census::rows(pool).await, census::files(folder));

    let ada = world.app.learner().await;
    live(&world, &ada).await;
    let with_ada = census::rows(pool).await;
    print("With Ada", &with_ada);
    for (table, count) in &with_ada {
        assert!(
            is_of_nobody(table) || *count > before[table],
            "{table} is not tried: let Ada leave something in it, or say that it is of nobody"
        );
    }
    assert!(
        !census::rows_that_hold(pool, &ada.id.to_string())
            .await
            .is_empty()
    );

    let erased = erase(&ada).await;
    assert_eq!(erased.status, StatusCode::NO_CONTENT, "{erased:?}");
    let after = census::rows(pool).await;
    print("Without Ada", &after);
    for (table, count) in &after {
        assert!(
            is_of_nobody(table) || *count == before[table],
            "{table}: {count} rows, {} before Ada came",
            before[table]
        );
    }
    assert_eq!(census::files(folder), files_before);
    for text in [ada.id.to_string(), ada.email.clone()] {
        assert_eq!(census::rows_that_hold(pool, &text).await, Census::new());
    }

    // Eve lost nothing by it, and can go as well: then nobody is left.
    assert_eq!(eve.get("/auth/me").await.status, StatusCode::OK);
    assert_eq!(erase(&eve).await.status, StatusCode::NO_CONTENT);
    let mut left = census::rows(pool).await;
    print("Without anybody", &left);
    left.retain(|table, count| !is_of_nobody(table) && *count != empty[table]);
    assert_eq!(left, Census::new());
    for path in census::files(folder) {
        let path = path.to_string_lossy().into_owned();
        assert!(!path.contains(&ada.id.to_string()) && !path.contains(&eve.id.to_string()));
    }
}

#[tokio::test]
async fn only_with_the_password() {
    let world = World::new().await;
    let ada = world.app.learner().await;
    let before = census::rows(&world.app.pool).await;
    let wrong = json!({"current_password": "a guess of somebody"});
    let refused = ada.post_json("/api/v1/my-data/erase", &wrong).await;
    assert_eq!(refused.problem(), "invalid_credentials");
    let missing = ada.post_json("/api/v1/my-data/erase", &json!({})).await;
    assert_eq!(missing.problem(), "validation_failed");
    assert_eq!(missing.body["errors"][0]["field"], "current_password");
    assert_eq!(census::rows(&world.app.pool).await, before);
}

#[tokio::test]
async fn whoever_is_erased_is_signed_out_everywhere_and_can_come_as_a_stranger() {
    let world = World::new().await;
    let ada = world.app.learner().await;
    let erased = erase(&ada).await;
    assert!(erased.header("set-cookie").contains("Max-Age=0"));
    assert_eq!(ada.get("/auth/me").await.problem(), "unauthorized");
    let refresh = json!({"refresh_token": ada.refresh_token});
    let anonymous = world.app.anonymous();
    let refreshed = anonymous.post_json("/auth/refresh", &refresh).await;
    assert_eq!(refreshed.problem(), "unauthorized");
    let again = json!({"email": ada.email, "password": PASSWORD, "display_name": "Ada"});
    let registered = anonymous.post_json("/auth/register", &again).await;
    assert_eq!(registered.status, StatusCode::CREATED);
    assert_ne!(registered.body["user"]["id"], ada.id.to_string());
}

#[tokio::test]
async fn a_live_conversation_is_taken_from_its_runtime_and_its_room_is_closed() {
    let server = LiveKitServer::start(None).await;
    let world = World::on(TestApp::with_livekit(server.url()).await);
    let ada = world.app.learner().await;
    let token = ada.post("/sessions/default/token").await;
    assert_eq!(token.status, StatusCode::CREATED, "{token:?}");
    let lease = world.begin(&ada).await;
    let client = RoomClient::with_api_key(&server.url().replace("ws", "http"), KEY, SECRET);
    let rooms = async || client.list_rooms(vec![]).await.unwrap().len();
    assert_eq!(rooms().await, 1);

    assert_eq!(erase(&ada).await.status, StatusCode::NO_CONTENT);
    assert_eq!(rooms().await, 0);
    let lost = async {
        loop {
            if let Notice::LeaseLost { conversation } = world.host.next_notice().await {
                return conversation;
            }
        }
    };
    let lost = timeout(Duration::from_secs(10), lost).await.unwrap();
    assert_eq!(lost, lease.conversation);
    let late = turn(1, Speaker::Tutor, "Are you still there?");
    assert!(world.host.record_turn(lease, late).await.is_err());
}

#[tokio::test]
async fn a_runtime_that_writes_at_the_same_moment_hinders_nothing() {
    let world = World::new().await;
    for _ in 0..8 {
        let ada = world.app.learner().await;
        let lease = world.begin(&ada).await;
        let write = async |from: u32| {
            for seq in from..from + 40 {
                let turn = turn(seq, Speaker::Tutor, "on and on");
                let usage = usage(&turn);
                // From some moment on the conversation is not there any more.
                let _ = world.host.record_turn(lease, turn).await;
                let _ = world.host.record_usage(lease, usage).await;
            }
        };
        let erase = async {
            tokio::time::sleep(Duration::from_millis(30)).await;
            erase(&ada).await.status
        };
        let (status, (), ()) = tokio::join!(erase, write(1), write(1));
        assert_eq!(status, StatusCode::NO_CONTENT);
        let left = census::rows_that_hold(&world.app.pool, &ada.id.to_string()).await;
        assert_eq!(left, Census::new());
    }
}

#[tokio::test]
async fn an_erased_conversation_is_named_by_no_row() {
    let world = World::new().await;
    let ada = world.app.learner().await;
    let words = [
        (Speaker::Tutor, "forget this"),
        (Speaker::Learner, "please"),
    ];
    let id = world.talk(&ada, &words).await;
    let kept = world.talk(&ada, &words).await;
    let mut memories = Vec::new();
    for (conversation, kind) in [(id, "summary"), (id, "goal"), (kept, "interest")] {
        memories.push(
            world
                .remember(&ada, conversation, kind, "Likes to forget.")
                .await,
        );
    }
    let pool = &world.app.pool;
    let text = id.to_string();
    assert!(!census::rows_that_hold(pool, &text).await.is_empty());
    let erased = ada.delete(&format!("/conversations/{id}")).await;
    assert_eq!(erased.status, StatusCode::NO_CONTENT);
    assert_eq!(census::rows_that_hold(pool, &text).await, Census::new());
    let left = ada.get(&format!("/conversations/{kept}")).await;
    assert_eq!(left.body["turns"].as_array().unwrap().len(), 2);
    for memory in &memories[..2] {
        let named = census::rows_that_hold(pool, &memory.to_string()).await;
        assert_eq!(
            named,
            Census::new(),
            "what was known only from there goes with it"
        );
    }
    let other = census::rows_that_hold(pool, &memories[2].to_string()).await;
    assert_eq!(other.len(), 3, "{other:?}");
}

#[tokio::test]
async fn an_erased_memory_is_named_by_no_row() {
    let world = World::new().await;
    let ada = world.app.learner().await;
    let conversation = world
        .talk(&ada, &[(Speaker::Learner, "I have a dog.")])
        .await;
    let memory = world
        .remember(&ada, conversation, "interest", "Has a dog.")
        .await;
    let pool = &world.app.pool;
    let held = census::rows_that_hold(pool, &memory.to_string()).await;
    assert_eq!(held.len(), 3, "{held:?}");
    let path = format!("/sessions/default/memories/{memory}");
    assert_eq!(ada.delete(&path).await.status, StatusCode::NO_CONTENT);
    let held = census::rows_that_hold(pool, &memory.to_string()).await;
    assert_eq!(held, Census::new());
}
