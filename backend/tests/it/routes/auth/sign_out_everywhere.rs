use axum::http::StatusCode;
use serde_json::json;

use crate::support::personas::PASSWORD;
use crate::support::{Persona, TestApp};

const PATH: &str = "/api/v1/sign-out-everywhere";

/// The code with which a refresh token is refused, or none when it is taken.
async fn refused(app: &TestApp, refresh_token: &str) -> Option<String> {
    let body = json!({"refresh_token": refresh_token});
    let answer = app.anonymous().post_json("/auth/refresh", &body).await;
    (answer.status != StatusCode::OK).then(|| answer.problem().to_owned())
}

async fn sign_in(app: &TestApp, learner: &Persona) -> String {
    let body = json!({"email": learner.email, "password": PASSWORD});
    let answer = app.anonymous().post_json("/auth/login", &body).await;
    answer.text("refresh_token")
}

#[tokio::test]
async fn no_sign_in_of_the_learner_can_be_renewed_and_the_cookie_is_removed() {
    let app = TestApp::start().await;
    let (ada, ben) = (app.learner().await, app.learner().await);
    let elsewhere = sign_in(&app, &ada).await;
    let answer = ada.post(PATH).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert!(answer.header("set-cookie").contains("avaaz_refresh=; "));
    assert!(answer.header("set-cookie").contains("Max-Age=0"));
    for token in [&ada.refresh_token, &elsewhere] {
        assert_eq!(refused(&app, token).await.as_deref(), Some("unauthorized"));
    }
    assert_eq!(refused(&app, &ben.refresh_token).await, None);
    assert_eq!(
        refused(&app, &sign_in(&app, &ada).await).await,
        None,
        "one may sign in again"
    );
}

#[tokio::test]
async fn doing_it_twice_is_fine_while_the_access_token_lives() {
    let app = TestApp::start().await;
    let ada = app.learner().await;
    for _ in 0..2 {
        assert_eq!(ada.post(PATH).await.status, StatusCode::NO_CONTENT);
    }
}

#[tokio::test]
async fn a_renewal_at_the_same_moment_does_not_slip_through() {
    let app = TestApp::start().await;
    let ada = app.learner().await;
    let body = json!({"refresh_token": ada.refresh_token});
    let anonymous = app.anonymous();
    let (renewed, signed_out) =
        tokio::join!(anonymous.post_json("/auth/refresh", &body), ada.post(PATH));
    assert_eq!(signed_out.status, StatusCode::NO_CONTENT);
    // Whichever went first: what the renewal gave is good for nothing.
    if renewed.status == StatusCode::OK {
        let token = renewed.text("refresh_token");
        assert_eq!(refused(&app, &token).await.as_deref(), Some("unauthorized"));
    } else {
        assert_eq!(renewed.problem(), "unauthorized");
    }
}

#[tokio::test]
async fn access_tokens_that_are_out_live_for_the_seconds_that_are_configured() {
    let app = TestApp::configured(|env| env.set("AVAAZ_ACCESS_TOKEN_S", "30")).await;
    let ada = app.learner().await;
    ada.post(PATH).await;
    assert_eq!(ada.get("/auth/me").await.status, StatusCode::OK);
    app.wait(std::time::Duration::from_secs(31));
    assert_eq!(ada.get("/auth/me").await.problem(), "token_expired");
}
