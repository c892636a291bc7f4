use axum::http::{Method, StatusCode};
use serde_json::json;

use crate::support::{Answer, TestApp};

async fn sign_in_from(app: &TestApp, forwarded: &str, email: &str) -> Answer {
    let anonymous = app.anonymous();
    let request = anonymous.request(Method::POST, "/auth/login");
    let request = request.header("x-forwarded-for", forwarded);
    anonymous
        .send(request.json(&json!({"email": email, "password": "wrong horse"})))
        .await
}

fn assert_limited(answer: &Answer) {
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS, "{answer:?}");
    assert_eq!(answer.problem(), "rate_limited");
    let seconds: u64 = answer.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds} s");
}

#[tokio::test]
async fn one_account_can_be_tried_only_so_often() {
    let app = TestApp::configured(|env| env.set("AVAAZ_LOGINS_PER_ACCOUNT", "3")).await;
    for _ in 0..3 {
        assert_eq!(
            sign_in_from(&app, "", "ada@example.org").await.problem(),
            "invalid_credentials"
        );
    }
    assert_limited(&sign_in_from(&app, "", "ADA@example.org").await);
    assert_eq!(
        sign_in_from(&app, "", "ben@example.org").await.problem(),
        "invalid_credentials"
    );
}

#[tokio::test]
async fn one_address_can_try_only_so_often() {
    let app = TestApp::configured(|env| env.set("AVAAZ_LOGINS_PER_ADDRESS", "3")).await;
    for name in ["a", "b", "c"] {
        // Nobody is trusted to say where somebody else comes from.
        let answer = sign_in_from(
            &app,
            &format!("192.0.2.{}", name.len()),
            &format!("{name}@example.org"),
        )
        .await;
        assert_eq!(answer.problem(), "invalid_credentials");
    }
    assert_limited(&sign_in_from(&app, "198.51.100.7", "d@example.org").await);
}

#[tokio::test]
async fn behind_a_trusted_proxy_every_client_counts_alone() {
    let app = TestApp::configured(|env| {
        env.set("AVAAZ_LOGINS_PER_ADDRESS", "2");
        env.set("AVAAZ_TRUSTED_PROXIES", "127.0.0.0/8");
    })
    .await;
    for name in ["a", "b"] {
        let answer = sign_in_from(&app, "192.0.2.1", &format!("{name}@example.org")).await;
        assert_eq!(answer.problem(), "invalid_credentials");
    }
    assert_limited(&sign_in_from(&app, "192.0.2.1", "c@example.org").await);
    // What a client writes into the header itself stands before what the proxy adds.
    assert_limited(&sign_in_from(&app, "203.0.113.9, 192.0.2.1", "d@example.org").await);
    assert_eq!(
        sign_in_from(&app, "192.0.2.2", "e@example.org")
            .await
            .problem(),
        "invalid_credentials"
    );
}

#[tokio::test]
async fn registering_is_limited_too() {
    let app = TestApp::configured(|env| env.set("AVAAZ_REGISTRATIONS_PER_ADDRESS", "2")).await;
    app.learner().await;
    app.learner().await;
    let body =
        json!({"email": "ada@example.org", "password": "correct horse", "display_name": "Ada"});
    assert_limited(&app.anonymous().post_json("/auth/register", &body).await);
}

#[tokio::test]
async fn one_learner_gets_only_so_many_tokens() {
    let app = TestApp::configured(|env| env.set("AVAAZ_TOKENS_PER_LEARNER", "1")).await;
    let (ada, ben) = (app.learner().await, app.learner().await);
    assert_eq!(
        ada.post("/sessions/default/token").await.problem(),
        "livekit_unavailable"
    );
    assert_limited(&ada.post("/sessions/default/token").await);
    assert_eq!(
        ben.post("/sessions/default/token").await.problem(),
        "livekit_unavailable"
    );
}
