//! `/metrics`

use axum::http::{Method, StatusCode};

use crate::support::TestApp;

#[tokio::test]
async fn metrics_are_counted_by_route_and_for_this_machine() {
    let app = TestApp::configured(|env| env.set("AVAAZ_METRICS_TOKEN", "let-me-see")).await;
    let anonymous = app.anonymous();
    anonymous
        .get("/conversations/0190c2f0-0000-7000-8000-000000000000")
        .await;
    let answer = anonymous.get("/metrics").await;
    assert_eq!(answer.status, StatusCode::OK);
    let text = answer.body.as_str().unwrap();
    assert!(text.contains(r#"route="/conversations/{id}""#), "{text}");
    assert!(
        text.contains("http_request_duration_seconds_bucket"),
        "{text}"
    );
    assert!(!text.contains("0190c2f0"), "an id became a label");
}

#[tokio::test]
async fn what_came_through_a_proxy_needs_the_token() {
    let app = TestApp::configured(|env| env.set("AVAAZ_METRICS_TOKEN", "let-me-see")).await;
    let anonymous = app.anonymous();
    let forwarded = || {
        anonymous
            .request(Method::GET, "/metrics")
            .header("x-forwarded-for", "127.0.0.1")
    };
    assert_eq!(anonymous.send(forwarded()).await.problem(), "unauthorized");
    assert_eq!(
        anonymous
            .send(forwarded().bearer_auth("guess"))
            .await
            .problem(),
        "unauthorized"
    );
    assert_eq!(
        anonymous
            .send(forwarded().bearer_auth("let-me-see"))
            .await
            .status,
        StatusCode::OK
    );
}
