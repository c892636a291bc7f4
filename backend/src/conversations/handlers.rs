//! `/conversations/{id}` and the list of a session's conversations.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::answers::{
    ConversationAnswer, ConversationPage, ConversationWithTurns, FoundTurn, FoundTurns, TurnAnswer,
};
use super::domain::ConversationId;
use super::search::{self, Wanted};
use super::store::{self, Place, Summary};
use crate::app::AppState;
use crate::auth::Learner;
use crate::error::ApiError;
use crate::pages::{self, PageParams};
use crate::sessions::store as sessions;
use crate::usage;
use crate::usage::answers::UsageAnswer;

/// More turns than hours of talk can hold.
const ALL_TURNS: i64 = 10_000;

/// What to look for.
#[derive(Debug, Deserialize, IntoParams)]
pub struct SearchParams {
    /// Words that all stand in the turn, in capitals or not; 1 to 200 characters.
    #[serde(default)]
    #[param(required)]
    q: String,
    /// How many, 1 to 100; 20 if it is left out.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<String>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Returns the learner's conversations, newest first.
///
/// # Errors
/// 422 for a limit or a cursor that is none.
#[utoipa::path(
    get,
    path = "/sessions/default/conversations",
    tag = "conversations",
    params(PageParams),
    responses((status = 200, body = ConversationPage))
)]
pub async fn list(
    State(app): State<AppState>,
    learner: Learner,
    Query(params): Query<PageParams>,
) -> Result<Json<ConversationPage>, ApiError> {
    let (limit, before) = params.parse()?;
    let session = sessions::get_or_create_default(&app.pool, learner.id).await?;
    // One more than asked for says whether there is a next page.
    let found = store::list(&app.pool, session.id, before, limit + 1).await?;
    let (found, next_cursor) = pages::page(found, limit, |last| last.id);
    let items = found
        .into_iter()
        .map(|summary| ConversationAnswer::new(summary, &app.keys))
        .collect();
    Ok(Json(ConversationPage { items, next_cursor }))
}

/// Returns one conversation with all that was said in it.
///
/// # Errors
/// 404 also for another learner's.
#[utoipa::path(
    get,
    path = "/conversations/{id}",
    tag = "conversations",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = ConversationWithTurns))
)]
pub async fn show(
    State(app): State<AppState>,
    learner: Learner,
    Path(id): Path<String>,
) -> Result<Json<ConversationWithTurns>, ApiError> {
    let summary = owned(&app, &learner, &id).await?;
    let turns = store::turns(&app.pool, ConversationId(summary.id), ALL_TURNS).await?;
    let usage = usage::store::of_conversation(&app.pool, summary.id).await?;
    let turns = turns
        .into_iter()
        .map(|turn| TurnAnswer::new(turn, &app.keys))
        .collect();
    Ok(Json(ConversationWithTurns {
        conversation: ConversationAnswer::new(summary, &app.keys),
        usage: UsageAnswer::new(usage, app.config.spending.prices.currency()),
        turns,
    }))
}

/// Ends a conversation. Ending twice is fine: the first end stands.
///
/// # Errors
/// 404 also for another learner's.
#[utoipa::path(
    post,
    path = "/conversations/{id}/end",
    tag = "conversations",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = ConversationAnswer))
)]
pub async fn end(
    State(app): State<AppState>,
    learner: Learner,
    Path(id): Path<String>,
) -> Result<Json<ConversationAnswer>, ApiError> {
    let found = owned(&app, &learner, &id).await?;
    store::end_by_learner(&app.pool, ConversationId(found.id)).await?;
    let ended = owned(&app, &learner, &id).await?;
    Ok(Json(ConversationAnswer::new(ended, &app.keys)))
}

/// Deletes a conversation and every word of it. A live one is ended by it.
///
/// # Errors
/// 404 also for another learner's.
#[utoipa::path(
    delete,
    path = "/conversations/{id}",
    tag = "conversations",
    params(("id" = Uuid, Path)),
    responses((status = 204))
)]
pub async fn delete(
    State(app): State<AppState>,
    learner: Learner,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let found = owned(&app, &learner, &id).await?;
    store::delete(&app.pool, ConversationId(found.id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Returns the learner's own turns in which words were said, newest first.
///
/// # Errors
/// 422 for words that are none, a limit or a cursor that is none.
#[utoipa::path(
    get,
    path = "/api/v1/turns/search",
    tag = "conversations",
    params(SearchParams),
    responses((status = 200, body = FoundTurns))
)]
pub async fn search(
    State(app): State<AppState>,
    learner: Learner,
    Query(params): Query<SearchParams>,
) -> Result<Json<FoundTurns>, ApiError> {
    let wanted = Wanted::parse(&params.q).ok_or_else(|| {
        ApiError::invalid_field("q", "invalid_length", "must be 1 to 200 characters")
    })?;
    let limit = pages::parse_limit(params.limit.as_deref())?;
    let before = pages::parse_cursor::<Place>(params.cursor.as_deref())?;
    let limit = usize::try_from(limit).unwrap_or_default();
    app.limits.turn_search(learner.id)?;
    let (found, next) =
        search::search(&app.pool, &app.keys, learner.id, &wanted, before, limit).await?;
    Ok(Json(FoundTurns {
        items: found.into_iter().map(FoundTurn::from).collect(),
        next_cursor: next.map(|place| place.to_string()),
    }))
}

/// Returns the learner's own conversation; one that is not theirs does not exist, nor does what is no id.
async fn owned(app: &AppState, learner: &Learner, id: &str) -> Result<Summary, ApiError> {
    let id = id.parse::<Uuid>().map_err(|_| ApiError::not_found())?;
    store::find_owned(&app.pool, ConversationId(id), learner.id)
        .await?
        .ok_or_else(ApiError::not_found)
}
