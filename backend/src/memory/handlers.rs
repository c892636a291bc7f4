//! What the tutor remembers, and what it would be told.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use uuid::Uuid;

use super::answers::{BriefAnswer, MemoryAnswer, MemoryPage, SummaryAnswer};
use super::{brief, store};
use crate::app::AppState;
use crate::auth::Learner;
use crate::conversations::domain::ConversationId;
use crate::conversations::store as conversations;
use crate::error::ApiError;
use crate::pages::{self, PageParams};
use crate::sessions::store as sessions;

/// Returns what the tutor remembers of the learner, newest first.
///
/// # Errors
/// 422 for a limit or a cursor that is none.
#[utoipa::path(
    get,
    path = "/sessions/default/memories",
    tag = "memory",
    params(PageParams),
    responses((status = 200, body = MemoryPage))
)]
pub async fn list(
    State(app): State<AppState>,
    learner: Learner,
    Query(params): Query<PageParams>,
) -> Result<Json<MemoryPage>, ApiError> {
    let (limit, before) = params.parse()?;
    let found = store::list(&app.pool, learner.id, before, limit + 1).await?;
    let (found, next_cursor) = pages::page(found, limit, |last| last.id);
    let items = found.into_iter();
    Ok(Json(MemoryPage {
        items: items
            .filter_map(|memory| MemoryAnswer::new(memory, &app.keys))
            .collect(),
        next_cursor,
    }))
}

/// Forgets something for good.
///
/// # Errors
/// 404 also for another learner's.
#[utoipa::path(
    delete,
    path = "/sessions/default/memories/{id}",
    tag = "memory",
    params(("id" = Uuid, Path)),
    responses((status = 204))
)]
pub async fn forget(
    State(app): State<AppState>,
    learner: Learner,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let id = id.parse::<Uuid>().map_err(|_| ApiError::not_found())?;
    if !store::forget(&app.pool, learner.id, id).await? {
        return Err(ApiError::not_found());
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Returns what the tutor would be told if a conversation began now.
///
/// # Errors
/// See [`ApiError`].
#[utoipa::path(get, path = "/sessions/default/brief", tag = "memory", responses((status = 200, body = BriefAnswer)))]
pub async fn brief(
    State(app): State<AppState>,
    learner: Learner,
) -> Result<Json<BriefAnswer>, ApiError> {
    let settings = sessions::get_or_create_default(&app.pool, learner.id)
        .await?
        .settings;
    let recollection = brief::recollect(&app.pool, &app.keys, learner.id, None).await?;
    let mut told = settings.brief(learner.display_name, settings.mode, settings.voice.clone());
    told.notes.extend(recollection.note());
    let instructions = avaaz_tutor::instructions(&told);
    Ok(Json(BriefAnswer::new(instructions, settings, recollection)))
}

/// Returns the summary of a conversation, once there is one: some seconds after its end, or in the middle of a long one.
///
/// # Errors
/// 404 also for another learner's, and while there is none.
#[utoipa::path(
    get,
    path = "/conversations/{id}/summary",
    tag = "memory",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = SummaryAnswer))
)]
pub async fn summary(
    State(app): State<AppState>,
    learner: Learner,
    Path(id): Path<String>,
) -> Result<Json<SummaryAnswer>, ApiError> {
    let id = id.parse::<Uuid>().map_err(|_| ApiError::not_found())?;
    conversations::find_owned(&app.pool, ConversationId(id), learner.id)
        .await?
        .ok_or_else(ApiError::not_found)?;
    let summary = store::summary(&app.pool, id)
        .await?
        .ok_or_else(ApiError::not_found)?;
    Ok(Json(SummaryAnswer::new(summary, &app.keys)))
}
