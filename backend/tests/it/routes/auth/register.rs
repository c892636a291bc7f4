use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::TestApp;

fn ada() -> Value {
    json!({"email": "ada@example.org", "password": "correct horse", "display_name": "Ada"})
}

#[tokio::test]
async fn a_new_learner_is_signed_in_at_once() {
    let app = TestApp::start().await;
    let answer = app.anonymous().post_json("/auth/register", &ada()).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    assert_eq!(answer.body["token_type"], "Bearer");
    assert_eq!(answer.body["expires_in"], 900);
    assert_eq!(answer.header("cache-control"), "no-store");
    let user = &answer.body["user"];
    assert_eq!(user["email"], "ada@example.org");
    assert_eq!(user["display_name"], "Ada");
    assert!(
        user["created_at"]
            .as_str()
            .is_some_and(|time| time.ends_with('Z'))
    );
    let me = app.anonymous().with_token(answer.text("access_token"));
    assert_eq!(me.get("/auth/me").await.body, *user);
}

#[tokio::test]
async fn an_address_has_one_account_however_it_is_typed() {
    let app = TestApp::start().await;
    app.anonymous().post_json("/auth/register", &ada()).await;
    let mut again = ada();
    again["email"] = " ADA@Example.org".into();
    let refused = app.anonymous().post_json("/auth/register", &again).await;
    assert_eq!(
        (refused.status, refused.problem()),
        (StatusCode::CONFLICT, "email_taken")
    );
}

#[tokio::test]
async fn of_many_who_register_one_address_at_once_one_gets_it() {
    let app = TestApp::start().await;
    let body = ada();
    let calls = (0..8).map(|_| {
        let anonymous = app.anonymous();
        let body = body.clone();
        async move { anonymous.post_json("/auth/register", &body).await.status }
    });
    let statuses = futures_util::future::join_all(calls).await;
    let made = statuses
        .iter()
        .filter(|status| **status == StatusCode::CREATED);
    assert_eq!(made.count(), 1, "{statuses:?}");
    let taken = statuses
        .iter()
        .filter(|status| **status == StatusCode::CONFLICT);
    assert_eq!(taken.count(), 7, "{statuses:?}");
}

#[tokio::test]
async fn every_field_that_is_wrong_is_named() {
    let app = TestApp::start().await;
    for (body, expected) in [
        (
            json!({}),
            vec![
                ("email", "required"),
                ("password", "required"),
                ("display_name", "required"),
            ],
        ),
        (
            json!({"email": "ada", "password": "short", "display_name": "A\u{0}da"}),
            vec![
                ("email", "invalid_email"),
                ("password", "too_short"),
                ("display_name", "invalid_characters"),
            ],
        ),
        (
            json!({"email": "ada@example.org", "password": "x".repeat(300), "display_name": "A".repeat(201)}),
            vec![("password", "too_long"), ("display_name", "too_long")],
        ),
        (
            json!({"email": 5, "password": "correct horse", "display_name": "Ada"}),
            vec![("email", "wrong_type")],
        ),
    ] {
        let refused = app.anonymous().post_json("/auth/register", &body).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(refused.problem(), "validation_failed");
        let errors = refused.body["errors"].as_array().unwrap();
        let named: Vec<_> = errors
            .iter()
            .map(|error| {
                (
                    error["field"].as_str().unwrap(),
                    error["code"].as_str().unwrap(),
                )
            })
            .collect();
        assert_eq!(named, expected, "{body}");
    }
}

#[tokio::test]
async fn what_is_no_json_is_told_from_json_that_does_not_fit() {
    let app = TestApp::start().await;
    let anonymous = app.anonymous();
    let json = "application/json";
    for (content_type, body, status, code) in [
        (
            json,
            "{\"email\": ",
            StatusCode::BAD_REQUEST,
            "invalid_json",
        ),
        (json, "", StatusCode::BAD_REQUEST, "invalid_json"),
        (json, "{} {}", StatusCode::BAD_REQUEST, "invalid_json"),
        (
            json,
            "[]",
            StatusCode::UNPROCESSABLE_ENTITY,
            "validation_failed",
        ),
        (
            json,
            "\"x\"",
            StatusCode::UNPROCESSABLE_ENTITY,
            "validation_failed",
        ),
        (
            "text/plain",
            "{}",
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
        ),
    ] {
        let refused = anonymous
            .post_raw("/auth/register", content_type, body.into())
            .await;
        assert_eq!(
            (refused.status, refused.problem()),
            (status, code),
            "{body:?}"
        );
    }
    let bytes = anonymous
        .request(Method::POST, "/auth/register")
        .header("content-type", json);
    let refused = anonymous.send(bytes.body(vec![0xff, 0xfe, 0x00])).await;
    assert_eq!(refused.problem(), "invalid_json");
    let deep = "[".repeat(100_000);
    let refused = anonymous.post_raw("/auth/register", json, deep).await;
    assert_eq!(refused.status.as_u16() / 100, 4, "{refused:?}");
}
