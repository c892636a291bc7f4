//! Every route, grouped by who calls.

use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;

use crate::app::AppState;
use crate::openapi::ApiDoc;
use crate::{
    auth, conversations, documents, health, livekit, memory, metrics, my_data, sessions, usage,
    voices,
};

/// Returns the whole API, with its description.
pub fn api() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(ApiDoc::openapi())
        // Learners, and whoever wants to become one
        .merge(auth::routes())
        .merge(sessions::routes())
        .merge(voices::routes())
        .merge(usage::routes())
        .merge(conversations::routes())
        .merge(memory::routes())
        .merge(my_data::routes())
        .merge(documents::routes())
        // LiveKit
        .merge(livekit::routes())
        // Operators
        .merge(health::routes())
        .merge(metrics::routes())
}
