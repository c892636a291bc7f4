//! What learners upload for their tutor: files, read by a confined process into passages, which are searched by meaning and
//! by word.
//!
//! `upload` takes a file in; `ingest` is the job that makes passages of it (`reader` starts the process that reads it) and
//! vectors of those; `search` finds them again, for the learner and for the tutor. `vault` encrypts all of it.

pub mod answers;
pub mod brief;
pub mod domain;
mod files;
mod handlers;
pub mod ingest;
mod languages;
pub(crate) mod passage_store;
mod reader;
pub mod search;
pub mod store;
mod upload;
pub mod vault;

use axum::extract::DefaultBodyLimit;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::AppState;
use crate::config::DocumentsConfig;

pub use files::Files;
pub use reader::DocumentReader;

/// What this process needs of its machine for documents.
#[derive(Debug)]
pub struct Documents {
    /// The uploaded files.
    pub files: Files,
    /// Reads them.
    pub reader: DocumentReader,
}

impl Documents {
    /// Puts both together. Nothing is touched yet.
    #[must_use]
    pub fn of(config: &DocumentsConfig) -> Self {
        Self {
            files: Files::new(&config.folder),
            reader: DocumentReader::new(config),
        }
    }
}

/// Returns `/documents` and what is under it.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(handlers::list, handlers::upload))
        .routes(routes!(handlers::search))
        .routes(routes!(handlers::show, handlers::delete))
        // An upload is bounded while it streams, by a limit of its own.
        .layer(DefaultBodyLimit::disable())
}
