//! A learner's durable thread with the tutor.

pub mod answers;
pub mod domain;
mod handlers;
pub mod store;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::AppState;

/// Returns `/sessions/default` and the token below it.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(handlers::show, handlers::change))
        .routes(routes!(handlers::token))
}
