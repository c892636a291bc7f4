use std::time::{Duration, Instant};

use axum::http::StatusCode;
use serde_json::json;

use crate::support::personas::PASSWORD;
use crate::support::{Persona, TestApp};

async fn sign_in(persona: &Persona, email: &str, password: &str) -> crate::support::Answer {
    let body = json!({"email": email, "password": password});
    persona.post_json("/auth/login", &body).await
}

#[tokio::test]
async fn the_right_password_opens_the_account() {
    let app = TestApp::start().await;
    let ada = app.learner().await;
    let answer = sign_in(&app.anonymous(), &ada.email.to_uppercase(), PASSWORD).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.body["user"]["id"], ada.id.to_string());
    let me = app.anonymous().with_token(answer.text("access_token"));
    assert_eq!(me.get("/auth/me").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_are_answered_alike() {
    let app = TestApp::start().await;
    let ada = app.learner().await;
    let wrong = sign_in(&app.anonymous(), &ada.email, "wrong horse battery").await;
    let unknown = sign_in(&app.anonymous(), "eve@example.org", PASSWORD).await;
    for refused in [&wrong, &unknown] {
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
        assert_eq!(refused.problem(), "invalid_credentials");
        assert!(!refused.headers.contains_key("set-cookie"));
    }
    assert_eq!(wrong.body["detail"], unknown.body["detail"]);
}

#[tokio::test]
async fn an_unknown_address_takes_as_long_as_a_wrong_password() {
    let app = TestApp::start().await;
    let ada = app.learner().await;
    let mut wrong = Duration::MAX;
    let mut unknown = Duration::MAX;
    // The quickest of several says what the work itself takes, whatever else this machine does.
    for _ in 0..6 {
        wrong = wrong.min(time(sign_in(&app.anonymous(), &ada.email, "wrong horse")).await);
        unknown = unknown.min(time(sign_in(&app.anonymous(), "eve@example.org", PASSWORD)).await);
    }
    assert!(unknown * 2 > wrong, "unknown {unknown:?}, wrong {wrong:?}");
}

async fn time<T>(work: impl Future<Output = T>) -> Duration {
    let begun = Instant::now();
    work.await;
    begun.elapsed()
}

#[tokio::test]
async fn what_is_missing_is_named() {
    let app = TestApp::start().await;
    let refused = app
        .anonymous()
        .post_json("/auth/login", &json!({"email": "ada@example.org"}))
        .await;
    assert_eq!(refused.problem(), "validation_failed");
    assert_eq!(refused.body["errors"][0]["field"], "password");
}
