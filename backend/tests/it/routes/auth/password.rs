use axum::http::StatusCode;
use serde_json::json;

use crate::support::TestApp;
use crate::support::personas::PASSWORD;

const NEW: &str = "a better horse battery";

#[tokio::test]
async fn a_new_password_ends_every_other_sign_in() {
    let app = TestApp::start().await;
    let ada = app.learner().await;
    let elsewhere = json!({"email": ada.email, "password": PASSWORD});
    let other = app
        .anonymous()
        .post_json("/auth/login", &elsewhere)
        .await
        .text("refresh_token");
    let change = json!({"current_password": PASSWORD, "new_password": NEW});
    assert_eq!(
        ada.post_json("/auth/password", &change).await.status,
        StatusCode::NO_CONTENT
    );
    let refused = app
        .anonymous()
        .post_json("/auth/refresh", &json!({"refresh_token": other}))
        .await;
    assert_eq!(refused.problem(), "unauthorized");
    let own = app
        .anonymous()
        .post_json(
            "/auth/refresh",
            &json!({"refresh_token": ada.refresh_token}),
        )
        .await;
    assert_eq!(own.status, StatusCode::OK);
    assert_eq!(
        app.anonymous()
            .post_json("/auth/login", &elsewhere)
            .await
            .problem(),
        "invalid_credentials"
    );
    let with_new = json!({"email": ada.email, "password": NEW});
    assert_eq!(
        app.anonymous()
            .post_json("/auth/login", &with_new)
            .await
            .status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn the_current_password_must_be_right_and_the_new_one_long_enough() {
    let app = TestApp::start().await;
    let ada = app.learner().await;
    let wrong = json!({"current_password": "wrong horse", "new_password": NEW});
    let refused = ada.post_json("/auth/password", &wrong).await;
    assert_eq!(
        (refused.status, refused.problem()),
        (StatusCode::UNAUTHORIZED, "invalid_credentials")
    );
    let short = json!({"current_password": PASSWORD, "new_password": "short"});
    let refused = ada.post_json("/auth/password", &short).await;
    assert_eq!(refused.problem(), "validation_failed");
    assert_eq!(refused.body["errors"][0]["field"], "new_password");
}
