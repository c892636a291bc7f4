use std::time::Duration;

use axum::http::{Method, StatusCode};
use serde_json::json;

use crate::support::app::WEB_ORIGIN;
use crate::support::{Answer, Persona, TestApp};

async fn refresh(persona: &Persona, token: &str) -> Answer {
    let body = json!({"refresh_token": token});
    persona.post_json("/auth/refresh", &body).await
}

async fn refresh_by_cookie(app: &TestApp, cookie: &str, origin: &str) -> Answer {
    let anonymous = app.anonymous();
    let request = anonymous.request(Method::POST, "/auth/refresh");
    let request = request.header("cookie", cookie).header("origin", origin);
    anonymous.send(request).await
}

#[tokio::test]
async fn a_refresh_token_gives_a_new_pair() {
    let app = TestApp::start().await;
    let ada = app.learner().await;
    let answer = refresh(&app.anonymous(), &ada.refresh_token).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_ne!(answer.text("refresh_token"), ada.refresh_token);
    assert_eq!(answer.body["user"]["id"], ada.id.to_string());
    let me = app.anonymous().with_token(answer.text("access_token"));
    assert_eq!(me.get("/auth/me").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_token_that_comes_twice_ends_the_whole_family() {
    let app = TestApp::start().await;
    let ada = app.learner().await;
    let newest = refresh(&app.anonymous(), &ada.refresh_token)
        .await
        .text("refresh_token");
    for token in [&ada.refresh_token, &newest, &ada.refresh_token] {
        let refused = refresh(&app.anonymous(), token).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
        assert_eq!(refused.problem(), "refresh_reused");
    }
}

#[tokio::test]
async fn another_sign_in_of_the_same_learner_is_not_touched() {
    let app = TestApp::start().await;
    let ada = app.learner().await;
    let body = json!({"email": ada.email, "password": crate::support::personas::PASSWORD});
    let other = app
        .anonymous()
        .post_json("/auth/login", &body)
        .await
        .text("refresh_token");
    refresh(&app.anonymous(), &ada.refresh_token).await;
    refresh(&app.anonymous(), &ada.refresh_token).await;
    assert_eq!(
        refresh(&app.anonymous(), &other).await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn of_two_at_the_same_time_one_is_a_reuse() {
    let app = TestApp::start().await;
    for _ in 0..5 {
        let ada = app.learner().await;
        let (one, two) = (app.anonymous(), app.anonymous());
        let (one, two) = tokio::join!(
            refresh(&one, &ada.refresh_token),
            refresh(&two, &ada.refresh_token)
        );
        let (good, bad) = if one.status == StatusCode::OK {
            (one, two)
        } else {
            (two, one)
        };
        assert_eq!(good.status, StatusCode::OK);
        assert_eq!(bad.problem(), "refresh_reused");
        let after = refresh(&app.anonymous(), &good.text("refresh_token")).await;
        assert_eq!(after.problem(), "refresh_reused");
    }
}

#[tokio::test]
async fn a_browser_refreshes_with_its_cookie() {
    let app = TestApp::start().await;
    let ada = app.learner().await;
    let first = refresh(&app.anonymous(), &ada.refresh_token).await;
    let cookie = first.header("set-cookie").to_owned();
    for part in [
        "; HttpOnly",
        "; SameSite=Strict",
        "; Path=/auth",
        "; Max-Age=2592000",
    ] {
        assert!(cookie.contains(part), "{part} is not in the cookie");
    }
    assert!(!cookie.contains("Secure"), "localhost has no TLS");
    let second = refresh_by_cookie(&app, &first.cookie(), WEB_ORIGIN).await;
    assert_eq!(second.status, StatusCode::OK, "{second:?}");
    assert_ne!(second.cookie(), first.cookie());
    let reused = refresh_by_cookie(&app, &first.cookie(), WEB_ORIGIN).await;
    assert_eq!(reused.problem(), "refresh_reused");
}

#[tokio::test]
async fn a_page_that_is_not_our_web_app_cannot_use_the_cookie() {
    let app = TestApp::start().await;
    let ada = app.learner().await;
    let cookie = refresh(&app.anonymous(), &ada.refresh_token).await.cookie();
    let refused = refresh_by_cookie(&app, &cookie, "http://git.example.org").await;
    assert_eq!(
        (refused.status, refused.problem()),
        (StatusCode::UNAUTHORIZED, "unauthorized")
    );
    assert_eq!(
        refresh_by_cookie(&app, &cookie, WEB_ORIGIN).await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn over_tls_the_cookie_travels_nowhere_else() {
    let app =
        TestApp::configured(|env| env.set("AVAAZ_PUBLIC_API_URL", "https://api.example.org")).await;
    let ada = app.learner().await;
    let answer = refresh(&app.anonymous(), &ada.refresh_token).await;
    assert!(answer.header("set-cookie").ends_with("; Secure"));
}

#[tokio::test]
async fn a_token_is_good_for_thirty_days() {
    let app = TestApp::start().await;
    let ada = app.learner().await;
    let day = Duration::from_secs(24 * 60 * 60);
    app.wait(29 * day);
    let next = refresh(&app.anonymous(), &ada.refresh_token).await;
    assert_eq!(next.status, StatusCode::OK);
    app.wait(30 * day);
    let refused = refresh(&app.anonymous(), &next.text("refresh_token")).await;
    assert_eq!(
        (refused.status, refused.problem()),
        (StatusCode::UNAUTHORIZED, "token_expired")
    );
}

#[tokio::test]
async fn what_is_no_token_is_refused() {
    let app = TestApp::start().await;
    let long = "x".repeat(10_000);
    for token in ["", "nonsense", "\u{0}", long.as_str()] {
        let refused = refresh(&app.anonymous(), token).await;
        assert_eq!(refused.problem(), "unauthorized", "{token:.20}");
    }
    assert_eq!(
        app.anonymous().post("/auth/refresh").await.problem(),
        "unauthorized"
    );
}

#[tokio::test]
async fn the_database_never_holds_a_token() {
    let app = TestApp::start().await;
    let ada = app.learner().await;
    let stored: Vec<Vec<u8>> = sqlx::query_scalar("SELECT token_hash FROM refresh_tokens")
        .fetch_all(&app.pool)
        .await
        .unwrap();
    assert_eq!(stored.len(), 1);
    assert_eq!(stored[0].len(), 32);
    assert!(!stored[0].windows(8).any(|part| {
        ada.refresh_token
            .as_bytes()
            .windows(8)
            .any(|token| token == part)
    }));
}

#[tokio::test]
async fn tokens_that_are_too_old_are_purged_and_their_families_with_them() {
    let app = TestApp::start().await;
    let ada = app.learner().await;
    refresh(&app.anonymous(), &ada.refresh_token).await;
    let now = chrono::DateTime::<chrono::Utc>::from(std::time::SystemTime::now());
    let purged = avaaz_backend::auth::store::purge_expired(&app.pool, now)
        .await
        .unwrap();
    assert_eq!(purged, 0);
    let later = now + Duration::from_secs(31 * 24 * 60 * 60);
    let purged = avaaz_backend::auth::store::purge_expired(&app.pool, later)
        .await
        .unwrap();
    assert_eq!(purged, 2);
    let families: i64 = sqlx::query_scalar("SELECT count(*) FROM refresh_families")
        .fetch_one(&app.pool)
        .await
        .unwrap();
    assert_eq!(families, 0);
}
