//! What talking costs: the providers' own accounts, their prices, and the caps.

pub mod answers;
pub mod caps;
pub mod domain;
mod handlers;
pub mod prices;
pub mod sample;
pub mod store;
pub mod text;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::AppState;

/// Returns `/sessions/default/usage`.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(handlers::show))
}
