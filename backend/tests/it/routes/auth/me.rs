use axum::http::StatusCode;
use serde_json::json;

use crate::support::TestApp;

#[tokio::test]
async fn a_learner_changes_what_they_name_and_nothing_else() {
    let app = TestApp::start().await;
    let ada = app.learner().await;
    let before = ada.get("/auth/me").await.body;
    assert_eq!(
        (&before["time_zone"], &before["ui_language"]),
        (&"UTC".into(), &"en".into())
    );
    let change =
        json!({"display_name": " Ada L. ", "time_zone": "Europe/Lisbon", "email": "x@example.org"});
    let changed = ada.patch("/auth/me", &change).await;
    assert_eq!(changed.status, StatusCode::OK);
    assert_eq!(changed.body["display_name"], "Ada L.");
    assert_eq!(changed.body["time_zone"], "Europe/Lisbon");
    assert_eq!(changed.body["ui_language"], "en");
    assert_eq!(changed.body["email"], before["email"]);
    let language = ada
        .patch("/auth/me", &json!({"ui_language": "PT-br"}))
        .await;
    assert_eq!(language.body["ui_language"], "pt-BR");
    assert_eq!(ada.get("/auth/me").await.body, language.body);
}

#[tokio::test]
async fn what_cannot_be_is_refused_and_changes_nothing() {
    let app = TestApp::start().await;
    let ada = app.learner().await;
    let change =
        json!({"display_name": "", "time_zone": "Mars/Olympus", "ui_language": "not a language"});
    let refused = ada.patch("/auth/me", &change).await;
    assert_eq!(refused.problem(), "validation_failed");
    assert_eq!(refused.body["errors"].as_array().unwrap().len(), 3);
    let half = json!({"display_name": "Eve", "time_zone": "Mars/Olympus"});
    assert_eq!(
        ada.patch("/auth/me", &half).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    assert_eq!(ada.get("/auth/me").await.body["display_name"], "Ada");
}
