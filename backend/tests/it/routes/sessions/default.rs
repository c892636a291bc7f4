//! `/sessions/default`

use axum::http::StatusCode;
use serde_json::json;

use crate::support::TestApp;

#[tokio::test]
async fn the_first_call_makes_the_session_and_later_ones_find_it() {
    let app = TestApp::start().await;
    let ada = app.learner().await;
    let first = ada.get("/sessions/default").await;
    assert_eq!(first.status, StatusCode::OK);
    let body = &first.body;
    for field in ["level", "voice", "provider", "goal", "live"] {
        assert!(
            body.get(field).is_some_and(serde_json::Value::is_null),
            "{field} is there and null: {body}"
        );
    }
    assert_eq!(body["mode"], "lesson");
    assert_eq!(body["patience"], "normal");
    assert_eq!(body["push_to_talk"], false);
    assert_eq!(body["created_at"], body["updated_at"]);
    assert_eq!(ada.get("/sessions/default").await.body, *body);
    assert_eq!(
        ada.get("//sessions/default").await.body,
        *body,
        "older examples write two slashes"
    );
}

#[tokio::test]
async fn fifty_first_calls_at_once_make_one_session() {
    let app = TestApp::start().await;
    let ada = app.learner().await;
    let calls = (0..50).map(|_| ada.get("/sessions/default"));
    let answers = futures_util::future::join_all(calls).await;
    assert!(answers.iter().all(
        |answer| answer.status == StatusCode::OK && answer.body["id"] == answers[0].body["id"]
    ));
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM sessions")
        .fetch_one(&app.pool)
        .await
        .unwrap();
    assert_eq!(count, 1);
}

#[tokio::test]
async fn every_learner_has_their_own() {
    let app = TestApp::start().await;
    let (ada, ben) = (app.learner().await, app.learner().await);
    assert_ne!(
        ada.get("/sessions/default").await.body["id"],
        ben.get("/sessions/default").await.body["id"]
    );
}

#[tokio::test]
async fn a_change_is_kept_and_the_rest_stays() {
    let app = TestApp::start().await;
    let ada = app.learner().await;
    let before = ada.get("/sessions/default").await.body;
    let change = json!({
        "mode": "mock_exam", "target_language": "pt-br", "native_language": "de", "level": "B1", "voice": "marin",
        "provider": "openai", "patience": "patient", "push_to_talk": true, "goal": "order lunch in Porto"
    });
    let changed = ada.patch("/sessions/default", &change).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.body);
    assert_eq!(changed.body["target_language"], "pt-BR");
    assert_eq!(changed.body["level"], "B1");
    assert!(changed.body["updated_at"].as_str() > before["updated_at"].as_str());
    assert_eq!(changed.body["id"], before["id"]);
    let cleared = ada
        .patch("/sessions/default", &json!({"level": null}))
        .await
        .body;
    assert!(cleared["level"].is_null());
    assert_eq!(cleared["goal"], "order lunch in Porto");
    assert_eq!(ada.get("/sessions/default").await.body, cleared);
    let same = ada.patch("/sessions/default", &json!({})).await.body;
    assert_eq!(same, cleared, "a change of nothing changes nothing");
}

#[tokio::test]
async fn every_wrong_field_is_named_and_nothing_is_kept_of_the_change() {
    let app = TestApp::start().await;
    let ada = app.learner().await;
    let change = json!({"mode": "sing", "target_language": "klingon", "patience": "quick"});
    let refused = ada.patch("/sessions/default", &change).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(refused.body["code"], "validation_failed");
    let fields: Vec<_> = refused.body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["field"].as_str().unwrap())
        .collect();
    assert_eq!(fields, ["mode", "target_language"]);
    assert_eq!(
        ada.get("/sessions/default").await.body["patience"],
        "normal"
    );
}

#[tokio::test]
async fn without_a_token_there_is_no_session() {
    let app = TestApp::start().await;
    assert_eq!(
        app.anonymous().get("/sessions/default").await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        app.anonymous().post("/sessions/default/token").await.status,
        StatusCode::UNAUTHORIZED
    );
}
