//! `/metrics` in Prometheus' text form, for loopback or with a token.

mod agent;

use std::net::SocketAddr;
use std::sync::LazyLock;
use std::time::Duration;

use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::AppState;
use crate::error::ApiError;

pub use agent::observe as observe_agent;

const SECONDS: [f64; 11] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];
const DURATION: &str = "http_request_duration_seconds";

/// One registry for the process: the `metrics` crate's macros write to it.
static REGISTRY: LazyLock<PrometheusHandle> = LazyLock::new(|| {
    let builder = PrometheusBuilder::new()
        .set_buckets(&SECONDS)
        .expect("the buckets are not empty");
    let recorder = builder.build_recorder();
    let handle = recorder.handle();
    // An error says that somebody else records already; then ours stays empty.
    let _ = metrics::set_global_recorder(recorder);
    metrics::describe_histogram!(DURATION, metrics::Unit::Seconds, "How long requests took");
    handle
});

/// Returns `/metrics`.
pub fn routes() -> OpenApiRouter<AppState> {
    LazyLock::force(&REGISTRY);
    OpenApiRouter::new().routes(routes!(show))
}

/// Measures every request by its route, never by its path: paths hold ids.
pub async fn measure(request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let method = request.method().as_str().to_owned();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "none".to_owned(), |path| path.as_str().to_owned());
    let response = next.run(request).await;
    let labels = [
        ("method", method),
        ("route", route),
        ("status", response.status().as_u16().to_string()),
    ];
    metrics::histogram!(DURATION, &labels).record(begun.elapsed().as_secs_f64());
    response
}

/// Keeps what was measured small until it is told to stop.
pub async fn upkeep(stop: CancellationToken) {
    let mut ticks = tokio::time::interval(Duration::from_secs(5));
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => REGISTRY.run_upkeep(),
        }
    }
}

/// Returns what was measured, to whoever is on this machine (and came through no proxy) or has the token.
#[utoipa::path(get, path = "/metrics", tag = "operation", responses((status = 200, body = String, content_type = "text/plain")))]
async fn show(
    State(app): State<AppState>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, ApiError> {
    let is_local = peer.ip().to_canonical().is_loopback() && !is_forwarded(&headers);
    let has_token = app
        .config
        .http
        .metrics_token
        .as_ref()
        .is_some_and(|token| bears(&headers, token));
    if !is_local && !has_token {
        return Err(ApiError::unauthorized(
            "Metrics are for this machine, or for whoever has AVAAZ_METRICS_TOKEN.",
        ));
    }
    metrics::gauge!("database_connections", "state" => "open").set(f64::from(app.pool.size()));
    metrics::gauge!("database_connections", "state" => "idle")
        .set(u32::try_from(app.pool.num_idle()).map_or(f64::MAX, f64::from));
    Ok((
        [(
            header::CONTENT_TYPE,
            "text/plain; version=0.0.4; charset=utf-8",
        )],
        REGISTRY.render() + &agent::render(),
    ))
}

fn is_forwarded(headers: &HeaderMap) -> bool {
    ["forwarded", "x-forwarded-for", "x-real-ip", "via"]
        .iter()
        .any(|name| headers.contains_key(*name))
}

/// Hashes are compared, so that the time tells nothing of the token.
fn bears(headers: &HeaderMap, token: &SecretString) -> bool {
    let offered = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let offered = offered
        .and_then(|value| value.strip_prefix("Bearer "))
        .unwrap_or_default();
    Sha256::digest(offered) == Sha256::digest(token.expose_secret())
}
