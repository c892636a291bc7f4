//! What is older than the configuration keeps it.

use std::time::Duration;

use avaaz_agent::shutdown::Shutdown;
use avaaz_backend::config::RetentionConfig;
use avaaz_backend::jobs::{self, Job as _};
use avaaz_backend::my_data::Kind;
use avaaz_backend::my_data::daily::KeepRetention;
use avaaz_backend::my_data::retention::{self, Aged};
use avaaz_tutor::Speaker;
use axum::http::StatusCode;
use chrono::{DateTime, TimeDelta, Utc};
use tokio::process::Command;
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

use super::World;
use crate::support::{Persona, TestApp};

const WORDS: [(Speaker, &str); 2] = [(Speaker::Tutor, "Olá!"), (Speaker::Learner, "Olá!")];

/// Lets a conversation and its accounts have happened so many days ago.
async fn age(world: &World, conversation: Uuid, days: i32) {
    for statement in [
        "UPDATE conversations SET started_at = started_at - make_interval(days => $2), ended_at = ended_at - make_interval(days => $2) WHERE id = $1",
        "UPDATE usage_entries SET happened_at = happened_at - make_interval(days => $2) WHERE conversation_id = $1",
    ] {
        sqlx::query(statement)
            .bind(conversation)
            .bind(days)
            .execute(&world.app.pool)
            .await
            .unwrap();
    }
}

async fn shown(learner: &Persona, kind: &str) -> i64 {
    let items = learner.get("/api/v1/my-data").await.body["items"].clone();
    let mut items = items.as_array().unwrap().iter();
    let item = items.find(|item| item["kind"] == kind).unwrap();
    item["count"].as_i64().unwrap()
}

fn aged(kind: Kind, days: u32, count: u64) -> Aged {
    Aged { kind, days, count }
}

fn tomorrow() -> DateTime<Utc> {
    Utc::now() + TimeDelta::days(1)
}

#[tokio::test]
async fn each_kind_goes_in_its_own_time_and_a_dry_run_only_counts() {
    let world = World::new().await;
    let ada = world.app.learner().await;
    let pool = &world.app.pool;
    for days in [200, 40, 3] {
        let conversation = world.talk(&ada, &WORDS).await;
        age(&world, conversation, days).await;
    }
    let config = RetentionConfig {
        conversations: Some(30),
        usage: Some(100),
        ..RetentionConfig::default()
    };
    let found = retention::find(pool, &config, Utc::now()).await.unwrap();
    let expected = [aged(Kind::Conversations, 30, 2), aged(Kind::Usage, 100, 2)];
    assert_eq!(found, expected);
    assert_eq!(shown(&ada, "conversations").await, 3);

    let erased = retention::erase(pool, &config, Utc::now()).await.unwrap();
    assert_eq!(erased, expected);
    assert_eq!(shown(&ada, "conversations").await, 1);
    assert_eq!(shown(&ada, "turns").await, 2);
    assert_eq!(shown(&ada, "usage").await, 4);
    let again = retention::erase(pool, &config, Utc::now()).await.unwrap();
    assert!(again.iter().all(|aged| aged.count == 0));
}

#[tokio::test]
async fn facts_age_by_when_they_were_borne_out_or_retired_and_summaries_with_their_conversation() {
    let world = World::new().await;
    let ada = world.app.learner().await;
    let pool = &world.app.pool;
    let conversation = world.talk(&ada, &WORDS).await;
    world
        .remember(&ada, conversation, "summary", "They greeted each other.")
        .await;
    let [old, young, retired] = ["old", "young", "retired"];
    let mut ids = Vec::new();
    for text in [old, young, retired] {
        ids.push(world.remember(&ada, conversation, "interest", text).await);
    }
    for (id, change) in [
        (ids[0], "confirmed_at = now() - interval '40 days'"),
        (ids[2], "retired_at = now() - interval '40 days'"),
    ] {
        let statement = format!("UPDATE memories SET {change} WHERE id = $1");
        sqlx::query(sqlx::AssertSqlSafe(statement))
            .bind(id)
            .execute(pool)
            .await
            .unwrap();
    }
    age(&world, conversation, 40).await;
    let kept = async || {
        let mut kept = Vec::new();
        for kind in ["summaries", "memories", "retired_memories"] {
            kept.push(shown(&ada, kind).await);
        }
        kept
    };
    assert_eq!(kept().await, [1, 2, 1]);
    let facts_only = RetentionConfig {
        memories: Some(30),
        retired_memories: Some(30),
        ..RetentionConfig::default()
    };
    let expected = [
        aged(Kind::Memories, 30, 1),
        aged(Kind::RetiredMemories, 30, 1),
    ];
    let found = retention::find(pool, &facts_only, Utc::now())
        .await
        .unwrap();
    assert_eq!(found, expected);
    let erased = retention::erase(pool, &facts_only, Utc::now())
        .await
        .unwrap();
    assert_eq!(erased, expected);
    assert_eq!(kept().await, [1, 1, 0]);

    let conversations_only = RetentionConfig {
        conversations: Some(30),
        ..RetentionConfig::default()
    };
    retention::erase(pool, &conversations_only, Utc::now())
        .await
        .unwrap();
    assert_eq!(kept().await, [0, 1, 0], "a fact outlives its conversation");
}

#[tokio::test]
async fn without_a_word_and_while_open_nothing_ages() {
    let world = World::new().await;
    let ada = world.app.learner().await;
    let pool = &world.app.pool;
    let old = world.talk(&ada, &WORDS).await;
    age(&world, old, 10_000).await;
    let by_default = RetentionConfig::default();
    let erased = retention::erase(pool, &by_default, tomorrow()).await;
    assert!(erased.unwrap().is_empty());
    let open = world.begin(&ada).await.conversation;
    age(&world, open, 10_000).await;
    let config = RetentionConfig {
        conversations: Some(2),
        ..RetentionConfig::default()
    };
    let erased = retention::erase(pool, &config, tomorrow()).await.unwrap();
    assert_eq!(erased, [aged(Kind::Conversations, 2, 1)]);
    let live = ada.get("/sessions/default").await.body["live"].clone();
    assert_eq!(live["conversation_id"], open.to_string());
}

#[tokio::test]
async fn more_than_one_statement_erases_is_erased() {
    let world = World::new().await;
    let ada = world.app.learner().await;
    let conversation = world.talk(&ada, &WORDS).await;
    sqlx::query(
        "INSERT INTO usage_entries (id, user_id, provider, model, input_text_tokens, input_audio_tokens, cached_tokens,
                                    output_text_tokens, output_audio_tokens, happened_at)
         SELECT gen_random_uuid(), $1, 'simulator', 'scripted', 1, 0, 0, 0, 0, now() - interval '300 days' FROM generate_series(1, 1201)",
    )
    .bind(ada.id)
    .execute(&world.app.pool)
    .await
    .unwrap();
    let config = RetentionConfig {
        usage: Some(100),
        ..RetentionConfig::default()
    };
    let erased = retention::erase(&world.app.pool, &config, Utc::now()).await;
    assert_eq!(erased.unwrap(), [aged(Kind::Usage, 100, 1201)]);
    assert_eq!(shown(&ada, "usage").await, 2);
    let shown = ada.get(&format!("/conversations/{conversation}")).await;
    assert_eq!(shown.body["usage"]["input_text_tokens"], 200);
}

#[tokio::test]
async fn the_servers_own_job_keeps_it() {
    let app = TestApp::configured(|env| env.set("AVAAZ_RETENTION_CONVERSATIONS_DAYS", "30")).await;
    let world = World::on(app);
    let ada = world.app.learner().await;
    let conversation = world.talk(&ada, &WORDS).await;
    age(&world, conversation, 31).await;
    let young = world.talk(&ada, &WORDS).await;

    let shutdown = Shutdown::default();
    let worker = jobs::run(jobs::all(), world.app.state.clone(), shutdown.clone());
    let worker = tokio::spawn(worker);
    let begun = Instant::now();
    while shown(&ada, "conversations").await > 1 {
        assert!(begun.elapsed() < Duration::from_secs(30), "it is not done");
        sleep(Duration::from_millis(50)).await;
    }
    shutdown.begin();
    timeout(Duration::from_secs(10), worker)
        .await
        .unwrap()
        .unwrap();
    let left = ada.get(&format!("/conversations/{young}")).await;
    assert_eq!(left.status, StatusCode::OK);
}

#[tokio::test]
async fn in_a_dry_run_the_job_erases_nothing() {
    let app = TestApp::configured(|env| {
        env.set("AVAAZ_RETENTION_CONVERSATIONS_DAYS", "30");
        env.set("AVAAZ_RETENTION_DRY_RUN", "on");
    })
    .await;
    let world = World::on(app);
    let ada = world.app.learner().await;
    let conversation = world.talk(&ada, &WORDS).await;
    age(&world, conversation, 31).await;
    KeepRetention {}.run(world.app.state.clone()).await.unwrap();
    assert_eq!(shown(&ada, "conversations").await, 1);
}

#[tokio::test]
async fn the_command_says_what_it_would_erase_and_erases_it_when_told() {
    let database = crate::support::database::fresh_url().await;
    let world = World::on(TestApp::on_database(&database, |_| {}).await);
    let ada = world.app.learner().await;
    let conversation = world.talk(&ada, &WORDS).await;
    age(&world, conversation, 31).await;
    let avaaz = async |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_avaaz"));
        let command = command.arg("retention").args(arguments).env_clear();
        let command = command
            .env("DATABASE_URL", &database)
            .env("AVAAZ_DATA_DIR", &world.app.state.config.data_dir)
            .env("AVAAZ_RETENTION_CONVERSATIONS_DAYS", "30");
        let done = command.output().await.unwrap();
        assert!(done.status.success(), "{done:?}");
        String::from_utf8(done.stdout).unwrap()
    };
    let said = avaaz(&["--dry-run"]).await;
    assert!(
        said.contains("conversations, older than 30 days: 1 would be erased"),
        "{said}"
    );
    assert_eq!(shown(&ada, "conversations").await, 1);
    let said = avaaz(&[]).await;
    assert!(
        said.contains("conversations, older than 30 days: 1 erased"),
        "{said}"
    );
    assert_eq!(shown(&ada, "conversations").await, 0);
}

#[tokio::test]
async fn documents_age_with_their_passages() {
    let world = World::new().await;
    let ada = world.app.learner().await;
    let old = world.read(&ada, "old.txt", "Words of last year.").await;
    world.read(&ada, "new.txt", "Words of today.").await;
    sqlx::query("UPDATE documents SET created_at = now() - interval '40 days' WHERE id = $1")
        .bind(old.parse::<Uuid>().unwrap())
        .execute(&world.app.pool)
        .await
        .unwrap();
    let config = RetentionConfig {
        documents: Some(30),
        ..RetentionConfig::default()
    };
    let pool = &world.app.pool;
    let expected = [aged(Kind::Documents, 30, 1)];
    let found = retention::find(pool, &config, Utc::now()).await.unwrap();
    assert_eq!(found, expected);
    let erased = retention::erase(pool, &config, Utc::now()).await.unwrap();
    assert_eq!(erased, expected);
    assert_eq!(shown(&ada, "documents").await, 1);
    assert_eq!(shown(&ada, "passages").await, 1);
}
