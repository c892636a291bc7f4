//! What stands around every route.

use axum::http::{Method, StatusCode};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::TestApp;
use crate::support::app::WEB_ORIGIN;

#[tokio::test]
async fn an_address_that_is_none_and_a_method_that_does_not_fit_are_problems() {
    let app = TestApp::start().await;
    let anonymous = app.anonymous();
    let nowhere = anonymous.get("/nowhere").await;
    assert_eq!(
        (nowhere.status, nowhere.problem()),
        (StatusCode::NOT_FOUND, "not_found")
    );
    let wrong = anonymous.delete("/auth/login").await;
    assert_eq!(
        (wrong.status, wrong.problem()),
        (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed")
    );
    assert_eq!(wrong.header("allow"), "POST");
}

#[tokio::test]
async fn two_slashes_are_answered_as_one() {
    let app = TestApp::start().await;
    let ada = app.learner().await;
    let one = ada.get("/sessions/default").await;
    let two = ada.get("//sessions//default").await;
    assert_eq!(two.status, StatusCode::OK);
    assert_eq!(one.body, two.body);
    let body = json!({"email": ada.email, "password": crate::support::personas::PASSWORD});
    assert_eq!(
        app.anonymous()
            .post_json("//auth/login", &body)
            .await
            .status,
        StatusCode::OK
    );
    assert_eq!(
        ada.post("//sessions/default/token").await.problem(),
        "livekit_unavailable"
    );
}

#[tokio::test]
async fn every_answer_has_a_request_id_and_a_safe_one_of_the_callers_is_kept() {
    let app = TestApp::start().await;
    let anonymous = app.anonymous();
    let drawn = anonymous
        .get("/health")
        .await
        .header("x-request-id")
        .to_owned();
    assert!(drawn.parse::<uuid::Uuid>().is_ok(), "{drawn}");
    for (given, is_kept) in [
        ("trace-1.2:3/4", true),
        (&*"a".repeat(80), true),
        (&*"a".repeat(81), false),
        ("a b", false),
        ("<x>", false),
    ] {
        let request = anonymous
            .request(Method::GET, "/nowhere")
            .header("x-request-id", given);
        let answer = anonymous.send(request).await;
        assert_eq!(answer.header("x-request-id") == given, is_kept, "{given}");
        assert_eq!(answer.problem(), "not_found");
    }
}

#[tokio::test]
async fn a_body_of_ten_megabytes_is_refused_and_the_connection_stays_clean() {
    let app = TestApp::start().await;
    let ada = app.learner().await;
    let body = format!("{{\"goal\": \"{}\"}}", "x".repeat(10 * 1024 * 1024));
    for path in ["/auth/login", "/sessions/default/token", "/nowhere"] {
        let refused = ada.post_raw(path, "application/json", body.clone()).await;
        assert_eq!(
            (refused.status, refused.problem()),
            (StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large")
        );
    }
    let stream = futures_util::stream::iter(
        (0..10).map(|_| Ok::<_, std::io::Error>(vec![b'x'; 1024 * 1024])),
    );
    let request = ada
        .request(Method::POST, "/auth/login")
        .header("content-type", "application/json");
    let refused = ada
        .send(request.body(reqwest::Body::wrap_stream(stream)))
        .await;
    assert_eq!(
        refused.problem(),
        "payload_too_large",
        "chunked, without a length"
    );
    assert_eq!(ada.get("/auth/me").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_body_that_never_comes_is_not_waited_for_for_ever() {
    let app = TestApp::configured(|env| env.set("AVAAZ_REQUEST_TIMEOUT_S", "1")).await;
    let mut socket = TcpStream::connect(app.url.trim_start_matches("http://"))
        .await
        .unwrap();
    let head = "POST /auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{";
    socket.write_all(head.as_bytes()).await.unwrap();
    let mut answer = vec![0; 4096];
    let read =
        tokio::time::timeout(std::time::Duration::from_secs(5), socket.read(&mut answer)).await;
    let text =
        String::from_utf8_lossy(&answer[..read.expect("an answer in time").unwrap()]).into_owned();
    assert!(
        text.starts_with("HTTP/1.1 408") && text.contains("request_timeout"),
        "{text}"
    );
}

#[tokio::test]
async fn the_web_app_may_call_with_its_cookie_and_no_other_page_may() {
    let app = TestApp::start().await;
    let anonymous = app.anonymous();
    let preflight = |origin: &str| {
        let request = anonymous
            .request(Method::OPTIONS, "/sessions/default")
            .header("origin", origin);
        let request = request.header("access-control-request-method", "PATCH");
        anonymous.send(request.header(
            "access-control-request-headers",
            "authorization,content-type",
        ))
    };
    let allowed = preflight(WEB_ORIGIN).await;
    assert_eq!(allowed.status, StatusCode::OK);
    assert_eq!(allowed.header("access-control-allow-origin"), WEB_ORIGIN);
    assert_eq!(allowed.header("access-control-allow-credentials"), "true");
    assert!(
        allowed
            .header("access-control-allow-methods")
            .contains("PATCH")
    );
    let other = preflight("http://evil.example").await;
    assert_ne!(
        other
            .headers
            .get("access-control-allow-origin")
            .map(|value| value.as_bytes()),
        Some(b"http://evil.example".as_slice())
    );
    // A refusal must be readable by the web app too.
    let refused = anonymous
        .send(
            anonymous
                .request(Method::GET, "/auth/me")
                .header("origin", WEB_ORIGIN),
        )
        .await;
    assert_eq!(refused.problem(), "unauthorized");
    assert_eq!(refused.header("access-control-allow-origin"), WEB_ORIGIN);
    assert!(
        refused
            .header("access-control-expose-headers")
            .contains("x-request-id")
    );
}

#[tokio::test]
async fn a_text_that_no_database_holds_is_refused() {
    let app = TestApp::start().await;
    let ada = app.learner().await;
    let refused = ada
        .patch("/sessions/default", &json!({"goal": "a\u{0}b"}))
        .await;
    assert_eq!(refused.problem(), "validation_failed");
}
