use axum::body::Body;
use http_body_util::BodyExt as _;
use tempfile::TempDir;

use super::*;

fn app(files: &Path) -> WebApp {
    WebApp {
        files: files.to_owned(),
        public_web_url: Url::parse("http://localhost:3000").unwrap(),
        public_api_url: Url::parse("http://localhost:8000").unwrap(),
        livekit_url: Url::parse("ws://localhost:7880").ok(),
        demo: Some(DemoLearner {
            email: "demo@avaaz.invalid".into(),
            password: "open".into(),
        }),
        stand_ins: vec!["voice".into()],
    }
}

fn built() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("assets")).unwrap();
    std::fs::write(folder.path().join("index.html"), "the app").unwrap();
    std::fs::write(folder.path().join("assets/index-abc.js"), "code").unwrap();
    std::fs::write(folder.path().join("icon.svg"), "<svg/>").unwrap();
    std::fs::write(folder.path().join("sw.js"), "worker").unwrap();
    std::fs::write(folder.path().join("manifest.webmanifest"), "{}").unwrap();
    for (name, text) in [
        ("assets/big-abc.js", "as it was written"),
        ("assets/big-abc.js.br", "by brotli"),
        ("assets/big-abc.js.gz", "by gzip"),
    ] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

async fn get(app: WebApp, path: &str, host: &str) -> (StatusCode, axum::http::HeaderMap, String) {
    let request = Request::builder()
        .uri(path)
        .header(HOST, host)
        .body(Body::empty())
        .unwrap();
    let response = router(app).oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (
        parts.status,
        parts.headers,
        String::from_utf8(body.to_vec()).unwrap(),
    )
}

#[tokio::test]
async fn a_page_of_the_app_is_answered_with_the_app_and_asked_for_again_each_time() {
    let folder = built();
    for path in ["/", "/talk", "/conversations/0190-x"] {
        let (status, headers, body) = get(app(folder.path()), path, "localhost:3000").await;
        assert_eq!(
            (status, body.as_str()),
            (StatusCode::OK, "the app"),
            "{path}"
        );
        assert_eq!(headers[CACHE_CONTROL], "no-cache", "{path}");
    }
}

#[tokio::test]
async fn hashed_assets_are_kept_for_ever_and_other_files_are_not() {
    let folder = built();
    let (status, headers, body) =
        get(app(folder.path()), "/assets/index-abc.js", "localhost:3000").await;
    assert_eq!((status, body.as_str()), (StatusCode::OK, "code"));
    assert_eq!(
        headers[CACHE_CONTROL],
        "public, max-age=31536000, immutable"
    );
    assert_eq!(headers["content-type"], "text/javascript");
    let (_, headers, _) = get(app(folder.path()), "/icon.svg", "localhost:3000").await;
    assert_eq!(headers[CACHE_CONTROL], "no-cache");
}

#[tokio::test]
async fn the_service_worker_and_the_manifest_have_their_types_and_are_asked_for_again_each_time() {
    let folder = built();
    for (path, content_type) in [
        ("/sw.js", "text/javascript"),
        ("/manifest.webmanifest", "application/manifest+json"),
    ] {
        let (status, headers, _) = get(app(folder.path()), path, "localhost:3000").await;
        assert_eq!(status, StatusCode::OK, "{path}");
        assert_eq!(headers["content-type"], content_type);
        assert_eq!(headers[CACHE_CONTROL], "no-cache", "{path}");
        // A worker has the policy that came with its own script.
        assert!(headers.contains_key(CONTENT_SECURITY_POLICY), "{path}");
    }
}

#[tokio::test]
async fn a_text_travels_in_the_smallest_form_that_the_browser_knows() {
    let folder = built();
    let ask = async |path: &'static str, accepted: &'static str| {
        let request = Request::builder()
            .uri(path)
            .header(HOST, "localhost:3000")
            .header("accept-encoding", accepted)
            .body(Body::empty())
            .unwrap();
        let response = router(app(folder.path())).oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        assert_eq!(parts.status, StatusCode::OK);
        assert_eq!(parts.headers[VARY], "accept-encoding");
        let encoding = parts
            .headers
            .get("content-encoding")
            .map(|name| name.to_str().unwrap().to_owned());
        let content_type = parts.headers["content-type"].to_str().unwrap().to_owned();
        (
            encoding,
            content_type,
            String::from_utf8(body.to_vec()).unwrap(),
        )
    };
    for (accepted, encoding, body) in [
        ("gzip, deflate, br", Some("br"), "by brotli"),
        ("gzip", Some("gzip"), "by gzip"),
        ("identity", None, "as it was written"),
    ] {
        assert_eq!(
            ask("/assets/big-abc.js", accepted).await,
            (
                encoding.map(ToOwned::to_owned),
                "text/javascript".to_owned(),
                body.to_owned()
            )
        );
    }
    // What has no other form travels as it is.
    for path in ["/icon.svg", "/", "/sw.js"] {
        assert_eq!(ask(path, "br, gzip").await.0, None, "{path}");
    }
}

#[tokio::test]
async fn a_missing_file_is_not_found_rather_than_the_app() {
    let folder = built();
    for path in [
        "/assets/index-old.js",
        "/robots.txt",
        "/assets/../../secret.txt",
    ] {
        let (status, headers, _) = get(app(folder.path()), path, "localhost:3000").await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(headers[CACHE_CONTROL], "no-cache", "{path}");
    }
}

#[tokio::test]
async fn the_app_is_told_where_the_api_is_who_may_try_it_and_what_is_not_real() {
    let folder = built();
    let (status, headers, body) = get(app(folder.path()), "/config.json", "localhost:3000").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(headers[CACHE_CONTROL], "no-store");
    let told: serde_json::Value = serde_json::from_str(&body).unwrap();
    let expected = serde_json::json!({
        "api_url": "http://localhost:8000",
        "demo": { "email": "demo@avaaz.invalid", "password": "open" },
        "stand_ins": ["voice"],
    });
    assert_eq!(told, expected);
}

#[tokio::test]
async fn browsers_may_connect_to_the_api_and_to_livekit_and_run_no_foreign_script() {
    let folder = built();
    let (_, headers, _) = get(app(folder.path()), "/", "localhost:3000").await;
    let policy = headers[CONTENT_SECURITY_POLICY].to_str().unwrap();
    let connect =
        "connect-src 'self' http://localhost:8000 ws://localhost:7880 http://localhost:7880;";
    assert!(policy.contains(connect), "{policy}");
    assert!(policy.contains("script-src 'self';"), "{policy}");
    assert_eq!(headers[X_CONTENT_TYPE_OPTIONS], "nosniff");
}

#[tokio::test]
async fn the_numeric_address_leads_to_localhost_with_the_page_kept() {
    let folder = built();
    let (status, headers, _) = get(app(folder.path()), "/talk?x=1", "127.0.0.1:3000").await;
    assert_eq!(status, StatusCode::TEMPORARY_REDIRECT);
    assert_eq!(headers["location"], "http://localhost:3000/talk?x=1");
}

#[tokio::test]
async fn an_app_that_is_not_built_is_explained() {
    let folder = tempfile::tempdir().unwrap();
    let (status, _, body) = get(app(folder.path()), "/", "localhost:3000").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(body.contains("make run"), "{body}");
}
