//! A database that goes away and comes back.

use axum::http::StatusCode;

use crate::support::TestApp;
use crate::support::database::Postgres;
use crate::support::personas::PASSWORD;

#[tokio::test(flavor = "multi_thread")]
async fn without_its_database_the_api_says_so_and_recovers_by_itself() {
    let mut postgres = Postgres::start().await;
    let app = TestApp::on_database(&postgres.fresh_url().await, |_| {}).await;
    let ada = app.learner().await;
    let sign_in = serde_json::json!({"email": ada.email, "password": PASSWORD});
    assert_eq!(ada.get("/auth/me").await.status, StatusCode::OK);

    postgres.stop();
    for answer in [
        ada.get("/auth/me").await,
        app.anonymous().post_json("/auth/login", &sign_in).await,
    ] {
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{answer:?}");
        assert_eq!(answer.problem(), "database_unavailable");
        assert!(
            !answer.body.to_string().contains("127.0.0.1"),
            "the cause is for the log: {answer:?}"
        );
    }
    let ready = app.anonymous().get("/health/ready").await;
    assert_eq!(ready.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(ready.body["checks"]["database"]["status"], "failed");
    assert_eq!(
        app.anonymous().get("/health").await.status,
        StatusCode::OK,
        "the process lives"
    );
    // A forged token is refused without asking anybody.
    assert_eq!(
        ada.with_token("a.b.c").get("/auth/me").await.problem(),
        "unauthorized"
    );

    postgres.resume().await;
    assert_eq!(ada.get("/auth/me").await.status, StatusCode::OK);
    assert_eq!(
        app.anonymous()
            .post_json("/auth/login", &sign_in)
            .await
            .status,
        StatusCode::OK
    );
}
