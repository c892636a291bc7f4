//! What stands around every route: ids, limits, CORS, and errors that are always problems.

mod body;
mod paths;
mod uploads;

use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use tokio::time::Instant;

pub(crate) use body::drain;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::{AllowOrigin, CorsLayer};
use tower_http::set_header::SetResponseHeaderLayer;
use tracing::Instrument as _;
use utoipa_swagger_ui::SwaggerUi;

use crate::app::AppState;
use crate::config::HttpConfig;
use crate::error::ApiError;
use crate::{metrics, openapi, request_id, routes};

/// Returns everything that the API's port answers. Serve it with the peer's address as `ConnectInfo<SocketAddr>`.
pub fn service(app: AppState) -> Router {
    let (router, _) = routes::api().split_for_parts();
    let http = app.config.http.clone();
    let max_bytes = body::Limits {
        body: http.max_body_bytes,
        upload: app.config.documents.max_bytes,
    };
    let routes = router
        .merge(SwaggerUi::new("/docs").url("/openapi.json", openapi::document()))
        .fallback(async || ApiError::not_found())
        .method_not_allowed_fallback(async || ApiError::method_not_allowed())
        .layer(from_fn(metrics::measure))
        .with_state(app);
    let around = ServiceBuilder::new()
        .layer(from_fn(request_id::middleware))
        .layer(from_fn(trace))
        .layer(SetResponseHeaderLayer::if_not_present(
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ))
        .layer(cors(&http))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(http.request_timeout, in_time))
        .layer(from_fn_with_state(max_bytes, body::bound))
        .layer(from_fn(paths::fold_slashes));
    // The inner router is a fallback, so that it sees a path only after it was folded.
    Router::new().fallback_service(routes).layer(around)
}

fn cors(http: &HttpConfig) -> CorsLayer {
    let origin =
        HeaderValue::from_str(&http.web_origin()).expect("an origin is made of ASCII letters");
    CorsLayer::new()
        .allow_origin(AllowOrigin::exact(origin))
        .allow_credentials(true)
        .allow_methods([
            Method::GET,
            Method::POST,
            Method::PATCH,
            Method::PUT,
            Method::DELETE,
        ])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            request_id::HEADER,
        ])
        .expose_headers([
            request_id::HEADER,
            header::RETRY_AFTER,
            HeaderName::from_static("content-disposition"),
        ])
        .max_age(Duration::from_secs(60 * 60))
}

async fn in_time(
    axum::extract::State(limit): axum::extract::State<Duration>,
    request: Request,
    next: Next,
) -> Response {
    let limit = if uploads::is_upload(&request) {
        uploads::TAKES_AT_MOST
    } else {
        limit
    };
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => ApiError::timed_out().into_response(),
    }
}

/// The panic's own message goes to the log by the panic hook; a client learns nothing of it.
fn panicked(_cause: Box<dyn std::any::Any + Send>) -> Response {
    ApiError::internal("a handler panicked").into_response()
}

/// One span and one line for each request. Paths are logged as they came: they hold ids, never words or addresses.
async fn trace(request: Request, next: Next) -> Response {
    let is_routine =
        request.uri().path().starts_with("/health") || request.uri().path() == "/metrics";
    let span = tracing::info_span!(
        "request",
        request_id = request_id::current(),
        method = %request.method(),
        path = request.uri().path(),
    );
    let begun = Instant::now();
    let response = next.run(request).instrument(span.clone()).await;
    let duration_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    let status = response.status();
    span.in_scope(|| {
        if is_routine && status != StatusCode::INTERNAL_SERVER_ERROR {
            tracing::debug!(status = status.as_u16(), duration_ms, "answered");
        } else {
            tracing::info!(status = status.as_u16(), duration_ms, "answered");
        }
    });
    response
}
