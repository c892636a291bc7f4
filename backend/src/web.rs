//! The web app as static files, and what it must know of this server (`/config.json`).

use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Json, Redirect, Response};
use axum::routing::get;
use serde::Serialize;
use tower::ServiceExt as _;
use tower_http::services::{ServeDir, ServeFile};
use url::{Host, Url};

use crate::auth::demo;
use crate::config::Config;

/// What the web app is told, and where its files are.
#[derive(Debug, Clone)]
pub struct WebApp {
    /// The folder with `index.html`; `frontend/dist` in a checkout.
    pub files: PathBuf,
    /// How browsers reach the web app.
    pub public_web_url: Url,
    /// How browsers reach the API.
    pub public_api_url: Url,
    /// How browsers reach LiveKit.
    pub livekit_url: Option<Url>,
    /// Lets anybody in with one press; never in production.
    pub demo: Option<DemoLearner>,
    /// Which parts are stand-ins for real ones.
    pub stand_ins: Vec<String>,
}

/// A learner whose password is no secret.
#[derive(Debug, Clone, Serialize)]
pub struct DemoLearner {
    /// The address to sign in with.
    pub email: String,
    /// The password to sign in with.
    pub password: String,
}

#[derive(Serialize)]
struct ConfigJson<'a> {
    api_url: String,
    demo: &'a Option<DemoLearner>,
    stand_ins: &'a [String],
}

impl WebApp {
    /// Reads what it needs from the configuration.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        let demo = config.demo.then(|| DemoLearner {
            email: demo::EMAIL.into(),
            password: demo::PASSWORD.into(),
        });
        let has_stand_in = matches!(config.realtime.providers().next(), Some(("simulator", _)));
        Self {
            files: config.http.web_dir.clone(),
            public_web_url: config.http.public_web_url.clone(),
            public_api_url: config.http.public_api_url.clone(),
            livekit_url: Url::parse(&config.livekit.public_url).ok(),
            demo,
            stand_ins: if has_stand_in {
                vec!["voice".to_owned()]
            } else {
                Vec::new()
            },
        }
    }
}

/// Builds the routes of the web app.
pub fn router(app: WebApp) -> Router {
    let app = Arc::new(app);
    Router::new()
        .route("/config.json", get(config))
        .fallback(file)
        .layer(middleware::from_fn_with_state(
            Arc::clone(&app),
            with_headers,
        ))
        .with_state(app)
}

async fn config(State(app): State<Arc<WebApp>>) -> Response {
    let body = ConfigJson {
        api_url: app.public_api_url.as_str().trim_end_matches('/').to_owned(),
        demo: &app.demo,
        stand_ins: &app.stand_ins,
    };
    ([(CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

/// A file, or the app itself for a path that its own router knows.
async fn file(State(app): State<Arc<WebApp>>, request: Request) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    if let Some(elsewhere) = canonical_host(&app, &request) {
        return Redirect::temporary(elsewhere.as_str()).into_response();
    }
    let index = app.files.join("index.html");
    if !tokio::fs::try_exists(&index).await.unwrap_or(false) {
        return not_built(&app.files);
    }
    let path = request.uri().path().to_owned();
    let found = if is_page(&path) {
        ServeFile::new(index)
            .precompressed_br()
            .precompressed_gzip()
            .oneshot(request)
            .await
            .map(IntoResponse::into_response)
    } else {
        // The build writes texts in their compressed forms, too, beside each file.
        ServeDir::new(&app.files)
            .precompressed_br()
            .precompressed_gzip()
            .oneshot(request)
            .await
            .map(IntoResponse::into_response)
    };
    let mut response = found.unwrap_or_else(|never| match never {});
    let kept = caching(&path, response.status());
    response.headers_mut().insert(CACHE_CONTROL, kept);
    // Which of its forms travels is the browser's wish.
    response
        .headers_mut()
        .insert(VARY, HeaderValue::from_static("accept-encoding"));
    response
}

/// To a browser `127.0.0.1` and `localhost` are two sites: signed in at one, the cookie would not travel to the other.
fn canonical_host(app: &WebApp, request: &Request) -> Option<Url> {
    if app.public_web_url.host() != Some(Host::Domain("localhost")) {
        return None;
    }
    let asked = request.headers().get(HOST)?.to_str().ok()?;
    if !asked.starts_with("127.0.0.1") {
        return None;
    }
    app.public_web_url
        .join(request.uri().path_and_query()?.as_str())
        .ok()
}

/// Files have an extension; everything else is a page of the app.
fn is_page(path: &str) -> bool {
    !path.starts_with("/assets/")
        && !path
            .rsplit('/')
            .next()
            .is_some_and(|name| name.contains('.'))
}

/// Names under `/assets/` hold a hash of their content; everything else is asked for again each time.
fn caching(path: &str, status: StatusCode) -> HeaderValue {
    if path.starts_with("/assets/") && status.is_success() {
        HeaderValue::from_static("public, max-age=31536000, immutable")
    } else {
        HeaderValue::from_static("no-cache")
    }
}

fn not_built(files: &Path) -> Response {
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Avaaz</title>\
         <h1>The web app is not built</h1><p>There is no <code>index.html</code> in <code>{}</code>. \
         <code>make run</code> builds it; so does <code>npm install &amp;&amp; npm run build</code> in \
         <code>frontend/</code>. The folder can be set with <code>AVAAZ_WEB_DIR</code>. \
         The API works without it.</p></html>",
        files.display()
    );
    (StatusCode::SERVICE_UNAVAILABLE, Html(page)).into_response()
}

async fn with_headers(State(app): State<Arc<WebApp>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&content_security_policy(&app)) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("microphone=(self), camera=(), geolocation=()"),
    );
    headers.insert(
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    );
    headers.insert(
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    );
    response
}

/// Scripts only from here; connections only to the API and to LiveKit, which asks over HTTP why a socket was refused.
fn content_security_policy(app: &WebApp) -> String {
    let mut connect = format!("'self' {}", origin(&app.public_api_url, "http"));
    if let Some(livekit) = &app.livekit_url {
        connect += &format!(" {} {}", origin(livekit, "ws"), origin(livekit, "http"));
        // LiveKit Cloud sends browsers on to the nearest region.
        if livekit
            .host_str()
            .is_some_and(|host| host.ends_with(".livekit.cloud"))
        {
            connect += " https://*.livekit.cloud wss://*.livekit.cloud";
        }
    }
    format!(
        "default-src 'self'; connect-src {connect}; script-src 'self'; \
         style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self'; \
         media-src 'self' blob: mediastream:; worker-src 'self' blob:; manifest-src 'self'; object-src 'none'; \
         base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
}

/// The origin of a URL with `http`, `https`, `ws` or `wss`, as one family of protocols writes it.
fn origin(url: &Url, family: &str) -> String {
    let secure = if matches!(url.scheme(), "https" | "wss") {
        "s"
    } else {
        ""
    };
    let host = url.host_str().unwrap_or_default();
    let port = url
        .port()
        .map(|port| format!(":{port}"))
        .unwrap_or_default();
    format!("{family}{secure}://{host}{port}")
}

#[cfg(test)]
mod tests;
