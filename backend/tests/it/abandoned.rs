//! Open conversations that nobody serves, on a real Postgres and a real livekit-server.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use avaaz_agent::host::{Notice, TutorHost as _};
use avaaz_backend::config::SpendingConfig;
use avaaz_backend::conversations::domain::ConversationId;
use avaaz_backend::conversations::{presence, store as conversations};
use avaaz_backend::livekit::LiveKit;
use avaaz_backend::sessions::store as sessions;
use avaaz_backend::tutor_host::{LeaseTerms, PgTutorHost};
use chrono::{DateTime, Utc};
use sqlx::PgPool;
use uuid::Uuid;

use crate::support::builders;
use crate::support::database;
use crate::support::livekit::{KEY, LiveKitServer, SECRET, closed_port};

fn livekit(url: &str) -> LiveKit {
    LiveKit::new(url, url, KEY, SECRET.to_owned().into())
}

/// Lets time pass for a conversation, as far as its rows can tell.
async fn age(pool: &PgPool, id: ConversationId, seconds: f64) {
    sqlx::query(
        "UPDATE conversations SET started_at = started_at - make_interval(secs => $2),
                learner_away_since = learner_away_since - make_interval(secs => $2) WHERE id = $1",
    )
    .bind(id.0)
    .bind(seconds)
    .execute(pool)
    .await
    .unwrap();
}

async fn end_of(pool: &PgPool, id: ConversationId) -> (Option<String>, Option<DateTime<Utc>>) {
    sqlx::query_as("SELECT end_reason, ended_at FROM conversations WHERE id = $1")
        .bind(id.0)
        .fetch_one(pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_learner_who_never_came_or_stayed_away_ends_the_conversation_without_any_runtime() {
    let server = LiveKitServer::start(None).await;
    let livekit = livekit(server.url());
    let pool = database::fresh().await;
    let (_, id) = builders::waiting_conversation(&pool).await;
    age(&pool, id, 50.0).await;
    assert_eq!(presence::sweep(&pool, &livekit).await.unwrap(), 0);
    assert_eq!(
        end_of(&pool, id).await.0,
        None,
        "there are ten seconds left to come back"
    );
    age(&pool, id, 600.0).await;
    assert_eq!(presence::sweep(&pool, &livekit).await.unwrap(), 1);
    let (reason, at) = end_of(&pool, id).await;
    assert_eq!(reason.as_deref(), Some("learner_gone"));
    assert!(
        at.unwrap() < Utc::now() - Duration::from_secs(500),
        "it ended when they were gone, not when it was noticed"
    );
    assert_eq!(presence::sweep(&pool, &livekit).await.unwrap(), 0);
}

#[tokio::test]
async fn whom_a_dead_runtime_left_noted_as_present_is_looked_for_in_the_room() {
    let server = LiveKitServer::start(None).await;
    let pool = database::fresh().await;
    let (_, id) = builders::waiting_conversation(&pool).await;
    presence::note(&pool, id, true).await.unwrap();

    let down = livekit(&format!("ws://127.0.0.1:{}", closed_port()));
    presence::sweep(&pool, &down).await.unwrap();
    assert!(
        is_present(&pool, id).await,
        "a LiveKit that does not answer says nothing about the learner"
    );

    presence::sweep(&pool, &livekit(server.url()))
        .await
        .unwrap();
    assert!(!is_present(&pool, id).await);
    age(&pool, id, 61.0).await;
    assert_eq!(
        presence::sweep(&pool, &livekit(server.url()))
            .await
            .unwrap(),
        1
    );
}

#[tokio::test]
async fn only_the_runtime_that_serves_a_conversation_says_where_the_learner_is() {
    let server = LiveKitServer::start(None).await;
    let pool = database::fresh().await;
    let (_, id) = builders::waiting_conversation(&pool).await;
    let host = PgTutorHost::start(
        pool.clone(),
        Arc::new(avaaz_backend::content::ContentKeys::ephemeral()),
        Arc::new(livekit(server.url())),
        LeaseTerms::default(),
        SpendingConfig::default(),
    );
    let lease = host.claim(Uuid::now_v7(), 1).await.unwrap()[0].lease;
    host.record_presence(lease, true).await.unwrap();
    presence::note(&pool, id, false).await.unwrap();
    assert!(is_present(&pool, id).await, "a webhook is a hint");
    host.record_presence(lease, false).await.unwrap();
    age(&pool, id, 600.0).await;
    assert_eq!(
        presence::sweep(&pool, &livekit(server.url()))
            .await
            .unwrap(),
        0,
        "the runtime will end it"
    );
}

#[tokio::test]
async fn who_comes_back_after_all_have_gone_gets_a_new_conversation_and_within_the_minute_the_same()
{
    let pool = database::fresh().await;
    let (user, id) = builders::waiting_conversation(&pool).await;
    let session = sessions::get_or_create_default(&pool, user).await.unwrap();
    age(&pool, id, 59.0).await;
    assert_eq!(
        conversations::ensure_open(&pool, &session).await.unwrap(),
        id
    );
    age(&pool, id, 59.0).await;
    assert_eq!(
        conversations::ensure_open(&pool, &session).await.unwrap(),
        id,
        "the new token gave another minute"
    );
    age(&pool, id, 61.0).await;
    let next = conversations::ensure_open(&pool, &session).await.unwrap();
    assert_ne!(next, id);
    assert_eq!(end_of(&pool, id).await.0.as_deref(), Some("learner_gone"));
}

#[tokio::test]
async fn a_runtime_ends_what_it_serves_at_the_time_it_says() {
    let pool = database::fresh().await;
    let (_, id) = builders::waiting_conversation(&pool).await;
    age(&pool, id, 100.0).await;
    let server_url = format!("ws://127.0.0.1:{}", closed_port());
    let keys = Arc::new(avaaz_backend::content::ContentKeys::ephemeral());
    let host = PgTutorHost::start(
        pool.clone(),
        keys,
        Arc::new(livekit(&server_url)),
        LeaseTerms::default(),
        SpendingConfig::default(),
    );
    let lease = host.claim(Uuid::now_v7(), 1).await.unwrap()[0].lease;
    let at = SystemTime::now() - Duration::from_secs(10);
    host.end(lease, avaaz_tutor::EndReason::TimeLimit, at)
        .await
        .unwrap();
    host.end(lease, avaaz_tutor::EndReason::TimeLimit, SystemTime::now())
        .await
        .unwrap();
    let (reason, ended_at) = end_of(&pool, id).await;
    assert_eq!(reason.as_deref(), Some("time_limit"));
    assert!(
        (ended_at.unwrap() - DateTime::<Utc>::from(at))
            .num_milliseconds()
            .abs()
            < 2
    );
    let about_it = async {
        loop {
            if !matches!(host.next_notice().await, Notice::WorkMayWait) {
                return;
            }
        }
    };
    assert!(
        tokio::time::timeout(Duration::from_secs(2), about_it)
            .await
            .is_err(),
        "what the runtime did is no news to it"
    );
}

async fn is_present(pool: &PgPool, id: ConversationId) -> bool {
    sqlx::query_scalar("SELECT learner_present FROM conversations WHERE id = $1")
        .bind(id.0)
        .fetch_one(pool)
        .await
        .unwrap()
}
