//! Live sittings of a session, and what was said in them.

pub mod answers;
pub mod domain;
mod handlers;
pub mod presence;
pub mod search;
pub mod store;
pub mod sweeper;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::AppState;

/// Returns the list of a session's conversations, `/conversations/{id}`, and the search in their turns.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(handlers::list))
        .routes(routes!(handlers::show, handlers::delete))
        .routes(routes!(handlers::end))
        .routes(routes!(handlers::search))
}
