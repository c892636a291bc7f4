//! The description of the API.

use axum::http::StatusCode;

use crate::support::TestApp;

#[test]
fn the_kept_description_is_current() {
    let kept = kept();
    let current = avaaz_backend::commands::openapi::text().unwrap();
    assert!(
        kept == current,
        "docs/openapi.json is not current: run `make generate` and commit it"
    );
}

#[tokio::test]
async fn the_description_and_its_page_are_served() {
    let app = TestApp::start().await;
    let served = app.anonymous().get("/openapi.json").await;
    assert_eq!(served.status, StatusCode::OK);
    let kept: serde_json::Value = serde_json::from_str(&kept()).unwrap();
    assert_eq!(served.body, kept);
    let page = app.anonymous().get("/docs/").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.as_str().unwrap().contains("swagger"));
    assert_eq!(app.anonymous().get("/docs").await.status.as_u16() / 100, 3);
}

fn kept() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/openapi.json");
    std::fs::read_to_string(path).expect("docs/openapi.json is kept")
}
