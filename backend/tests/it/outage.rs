//! A database that goes away and comes back.

use std::time::Duration;

use avaaz_backend::config::DatabaseConfig;
use avaaz_backend::database;
use axum::http::StatusCode;
use sqlx::postgres::PgConnection;
use tokio::time::{sleep, timeout};

use crate::support::database::Postgres;
use crate::support::personas::PASSWORD;
use crate::support::{TestApp, builders};

#[tokio::test(flavor = "multi_thread")]
async fn without_its_database_the_api_says_so_and_recovers_by_itself() {
    let mut postgres = Postgres::start().await;
    let app = TestApp::on_database(&postgres.fresh_url().await, |_| {}).await;
    let ada = app.learner().await;
    let sign_in = serde_json::json!({"email": ada.email, "password": PASSWORD});
    assert_eq!(ada.get("/auth/me").await.status, StatusCode::OK);

    postgres.stop();
    for answer in [
        ada.get("/auth/me").await,
        app.anonymous().post_json("/auth/login", &sign_in).await,
    ] {
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{answer:?}");
        assert_eq!(answer.problem(), "database_unavailable");
        assert!(
            !answer.body.to_string().contains("127.0.0.1"),
            "the cause is for the log: {answer:?}"
        );
    }
    let ready = app.anonymous().get("/health/ready").await;
    assert_eq!(ready.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(ready.body["checks"]["database"]["status"], "failed");
    assert_eq!(
        app.anonymous().get("/health").await.status,
        StatusCode::OK,
        "the process lives"
    );
    // A forged token is refused without asking anybody.
    assert_eq!(
        ada.with_token("a.b.c").get("/auth/me").await.problem(),
        "unauthorized"
    );

    postgres.resume().await;
    assert_eq!(ada.get("/auth/me").await.status, StatusCode::OK);
    assert_eq!(
        app.anonymous()
            .post_json("/auth/login", &sign_in)
            .await
            .status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn who_stands_still_in_the_middle_of_a_write_keeps_its_rows_for_two_seconds_only() {
    let url = crate::support::database::fresh_url().await;
    let config = DatabaseConfig {
        url: url.into(),
        max_connections: 4,
        acquire_timeout: Duration::from_secs(3),
    };
    let pool = database::pool(&config).unwrap();
    builders::waiting_conversation(&pool).await;
    let lock = async |connection: &mut PgConnection| {
        let rows = sqlx::query("SELECT id FROM conversations FOR UPDATE SKIP LOCKED")
            .fetch_all(connection)
            .await;
        rows.map(|rows| rows.len())
    };

    let mut stands_still = pool.begin().await.unwrap();
    assert_eq!(lock(&mut stands_still).await.unwrap(), 1);
    let mut other = pool.acquire().await.unwrap();
    assert_eq!(lock(&mut other).await.unwrap(), 0);
    let is_free = async {
        while lock(&mut other).await.unwrap() == 0 {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_millis(2_500), is_free)
        .await
        .expect("the row is free again");
    assert!(lock(&mut stands_still).await.is_err());
    drop(stands_still);
    assert_eq!(lock(&mut pool.acquire().await.unwrap()).await.unwrap(), 1);
}
