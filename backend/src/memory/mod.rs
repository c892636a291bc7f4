//! What is kept of conversations for later ones: a summary of each, and facts about the learner.
//!
//! After a conversation, and every so many turns of a long one, [`jobs::Remember`] reads what was said, lets the text model sum it up
//! (`extraction.rs`), decides what that does to the facts (`domain.rs`), and stores both with their vectors;
//! [`catch_up::CatchUp`] finds conversations that it missed. [`brief`] chooses what a
//! tutor is told of it.

pub mod answers;
pub mod brief;
pub mod catch_up;
pub mod domain;
pub mod extraction;
mod handlers;
pub mod jobs;
pub mod store;
mod told_materials;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::AppState;

/// Returns the learner's memories, the brief, and the summary of a conversation.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(handlers::list))
        .routes(routes!(handlers::forget))
        .routes(routes!(handlers::brief))
        .routes(routes!(handlers::summary))
}
