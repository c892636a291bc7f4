use axum::http::{Method, StatusCode};
use serde_json::json;

use crate::support::TestApp;

#[tokio::test]
async fn signing_out_revokes_the_family_and_removes_the_cookie() {
    let app = TestApp::start().await;
    let ada = app.learner().await;
    let body = json!({"refresh_token": ada.refresh_token});
    for _ in 0..2 {
        let answer = app.anonymous().post_json("/auth/logout", &body).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT);
        assert!(answer.header("set-cookie").contains("avaaz_refresh=; "));
        assert!(answer.header("set-cookie").contains("Max-Age=0"));
    }
    let refused = app.anonymous().post_json("/auth/refresh", &body).await;
    assert_eq!(
        (refused.status, refused.problem()),
        (StatusCode::UNAUTHORIZED, "unauthorized")
    );
}

#[tokio::test]
async fn signing_out_works_with_the_cookie_and_without_anything() {
    let app = TestApp::start().await;
    let ada = app.learner().await;
    let anonymous = app.anonymous();
    let request = anonymous.request(Method::POST, "/auth/logout");
    let request = request.header("cookie", format!("avaaz_refresh={}", ada.refresh_token));
    assert_eq!(anonymous.send(request).await.status, StatusCode::NO_CONTENT);
    let refused = anonymous
        .post_json(
            "/auth/refresh",
            &json!({"refresh_token": ada.refresh_token}),
        )
        .await;
    assert_eq!(refused.problem(), "unauthorized");
    assert_eq!(
        anonymous.post("/auth/logout").await.status,
        StatusCode::NO_CONTENT
    );
}
