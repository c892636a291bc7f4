//! `/health`, `/healthz`, `/health/ready`

use avaaz_backend::config::Env;
use axum::http::{HeaderMap, StatusCode};
use axum::{Json, Router, routing};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

use crate::support::TestApp;
use crate::support::livekit::{LiveKitServer, closed_port};

/// A provider's list of models, which wants a key.
struct Models {
    base_url: String,
    _server: AbortOnDropHandle<()>,
}

impl Models {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}/v1", listener.local_addr().unwrap());
        let gemini = async |headers: HeaderMap| -> Result<Json<Value>, StatusCode> {
            let is_known = headers
                .get("x-goog-api-key")
                .is_some_and(|key| key == "AIza-good");
            if is_known {
                Ok(Json(json!({"models": []})))
            } else {
                Err(StatusCode::BAD_REQUEST)
            }
        };
        let list = async |headers: HeaderMap| -> Result<Json<Value>, StatusCode> {
            let is_known = headers
                .get("authorization")
                .is_some_and(|key| key == "Bearer sk-good");
            if is_known {
                Ok(Json(json!({"data": []})))
            } else {
                Err(StatusCode::UNAUTHORIZED)
            }
        };
        let router = Router::new()
            .route("/v1/models", routing::get(list))
            .route("/v1beta/models", routing::get(gemini));
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            base_url,
            _server: AbortOnDropHandle::new(server),
        }
    }

    fn configure(&self, env: &mut Env, key: &str) {
        env.set("OPENAI_BASE_URL", &*self.base_url);
        env.set("OPENAI_API_KEY", key);
    }

    fn configure_gemini(&self, env: &mut Env, key: &str) {
        env.set("GEMINI_BASE_URL", self.base_url.trim_end_matches("/v1"));
        env.set("GEMINI_API_KEY", key);
    }
}

#[tokio::test]
async fn the_process_lives() {
    let app = TestApp::start().await;
    for path in ["/health", "/healthz", "//health"] {
        let answer = app.anonymous().get(path).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.body["status"], "ok");
        assert!(answer.body["version"].is_string());
    }
}

#[tokio::test]
async fn everything_is_well_when_all_three_answer() {
    let (livekit, models) = (LiveKitServer::start(None).await, Models::start().await);
    let app = TestApp::configured(|env| {
        env.set("LIVEKIT_URL", livekit.url());
        models.configure(env, "sk-good");
    })
    .await;
    let ready = app.anonymous().get("/health/ready").await;
    assert_eq!(ready.status, StatusCode::OK, "{ready:?}");
    assert_eq!(ready.body["status"], "ok");
    for name in ["database", "livekit", "provider"] {
        assert_eq!(ready.body["checks"][name]["status"], "ok", "{name}");
        assert!(ready.body["checks"][name]["detail"].is_string(), "{name}");
    }
}

#[tokio::test]
async fn what_is_not_well_is_named() {
    let models = Models::start().await;
    let app = TestApp::configured(|env| models.configure(env, "sk-bad")).await;
    let ready = app.anonymous().get("/health/ready").await;
    assert_eq!(ready.status, StatusCode::SERVICE_UNAVAILABLE);
    let checks = &ready.body["checks"];
    assert_eq!(
        (&ready.body["status"], &checks["database"]["status"]),
        (&"failed".into(), &"ok".into())
    );
    assert_eq!(checks["livekit"]["status"], "failed");
    assert_eq!(
        checks["provider"],
        json!({"status": "failed", "detail": "openai refuses the key"})
    );
    assert!(!ready.body.to_string().contains("sk-bad"));
}

#[tokio::test]
async fn gemini_alone_is_a_voice_and_its_key_is_tried() {
    let models = Models::start().await;
    for (key, detail) in [
        ("AIza-good", "gemini answers"),
        ("AIza-bad", "gemini refuses the key"),
    ] {
        let app = TestApp::configured(|env| models.configure_gemini(env, key)).await;
        let ready = app.anonymous().get("/health/ready").await;
        assert_eq!(ready.body["checks"]["provider"]["detail"], detail);
    }
}

#[tokio::test]
async fn one_provider_that_works_is_enough_and_the_other_is_named() {
    let models = Models::start().await;
    let app = TestApp::configured(|env| {
        models.configure(env, "sk-bad");
        models.configure_gemini(env, "AIza-good");
    })
    .await;
    let ready = app.anonymous().get("/health/ready").await;
    assert_eq!(
        ready.body["checks"]["provider"],
        json!({"status": "ok", "detail": "openai refuses the key; gemini answers"})
    );
}

#[tokio::test]
async fn a_provider_that_is_down_or_not_configured_is_told_apart() {
    let base_url = format!("http://127.0.0.1:{}/v1", closed_port());
    let down = TestApp::configured(|env| {
        env.set("OPENAI_BASE_URL", &*base_url);
        env.set("OPENAI_API_KEY", "sk-good");
    })
    .await;
    let none = TestApp::start().await;
    for (app, detail) in [
        (&down, "openai cannot be reached"),
        (
            &none,
            "not configured: set OPENAI_API_KEY or GEMINI_API_KEY",
        ),
    ] {
        let ready = app.anonymous().get("/health/ready").await;
        assert_eq!(ready.body["checks"]["provider"]["detail"], detail);
    }
}
