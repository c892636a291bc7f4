//! `/documents`

use axum::Json;
use axum::extract::multipart::MultipartRejection;
use axum::extract::{Multipart, Path, Query, State};
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;

use super::answers::{DocumentAnswer, DocumentPage, FoundPassages, UploadForm};
use super::domain::DocumentId;
use super::store::{self, Document};
use super::{search, upload};
use crate::app::AppState;
use crate::auth::Learner;
use crate::error::ApiError;
use crate::pages::{self, PageParams};

const FOUND: usize = 5;
const MOST_FOUND: usize = 20;

/// What to look for.
#[derive(Debug, Deserialize, IntoParams)]
pub struct SearchParams {
    /// A question, or a few words.
    #[serde(default)]
    q: String,
    /// How many passages, 1 to 20; 5 if it is left out.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 20)]
    limit: Option<String>,
}

/// Takes a document in. It is read afterwards: ask for it again to see how far it has come.
///
/// # Errors
/// 413, 415 or 422 for a file that is not taken; 409 when the learner keeps as much as they may.
#[utoipa::path(
    post,
    path = "/documents",
    tag = "documents",
    request_body(content = UploadForm, content_type = "multipart/form-data"),
    responses((status = 201, body = DocumentAnswer))
)]
pub async fn upload(
    State(app): State<AppState>,
    learner: Learner,
    form: Result<Multipart, MultipartRejection>,
) -> Result<(StatusCode, Json<DocumentAnswer>), ApiError> {
    app.limits.upload(learner.id)?;
    let form = form.map_err(|_| {
        ApiError::refuse(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "Send the file as multipart/form-data, in a part named file.",
        )
    })?;
    let id = upload::receive(&app, learner.id, form).await?;
    let document = find(&app, &learner, id).await?;
    Ok((StatusCode::CREATED, Json(document.into())))
}

/// Returns the learner's documents, newest first.
///
/// # Errors
/// 422 for a limit or a cursor that is none.
#[utoipa::path(
    get,
    path = "/documents",
    tag = "documents",
    params(PageParams),
    responses((status = 200, body = DocumentPage))
)]
pub async fn list(
    State(app): State<AppState>,
    learner: Learner,
    Query(params): Query<PageParams>,
) -> Result<Json<DocumentPage>, ApiError> {
    let (limit, before) = params.parse()?;
    let key = store::find_key(&app.pool, &app.keys, learner.id).await?;
    // One more than asked for says whether there is a next page.
    let found = store::list(&app.pool, key.as_ref(), learner.id, before, limit + 1).await?;
    let (found, next_cursor) = pages::page(found, limit, |last| last.id.0);
    let items = found.into_iter().map(DocumentAnswer::from).collect();
    Ok(Json(DocumentPage { items, next_cursor }))
}

/// Returns one document, and how far it has come.
///
/// # Errors
/// 404 also for another learner's.
#[utoipa::path(
    get,
    path = "/documents/{id}",
    tag = "documents",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = DocumentAnswer))
)]
pub async fn show(
    State(app): State<AppState>,
    learner: Learner,
    Path(id): Path<String>,
) -> Result<Json<DocumentAnswer>, ApiError> {
    let document = find(&app, &learner, document_id(&id)?).await?;
    Ok(Json(document.into()))
}

/// Deletes a document with its file and all its passages.
///
/// # Errors
/// 404 also for another learner's.
#[utoipa::path(
    delete,
    path = "/documents/{id}",
    tag = "documents",
    params(("id" = Uuid, Path)),
    responses((status = 204))
)]
pub async fn delete(
    State(app): State<AppState>,
    learner: Learner,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let id = document_id(&id)?;
    if !store::delete(&app.pool, id, learner.id).await? {
        return Err(ApiError::not_found());
    }
    let removed = app.documents.files.remove(learner.id, id.0).await;
    if let Err(error) = removed {
        // The hourly job tries again; without its document's row the file is never read.
        tracing::warn!(document.id = %id.0, error = %error.kind(), "the file of a deleted document stays for now");
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Returns the passages of the learner's documents that answer best, by meaning and by word.
///
/// # Errors
/// 422 for an empty question or a limit that is none.
#[utoipa::path(
    get,
    path = "/documents/search",
    tag = "documents",
    params(SearchParams),
    responses((status = 200, body = FoundPassages))
)]
pub async fn search(
    State(app): State<AppState>,
    learner: Learner,
    Query(params): Query<SearchParams>,
) -> Result<Json<FoundPassages>, ApiError> {
    let question = params.q.trim();
    if question.is_empty() {
        return Err(ApiError::invalid_field(
            "q",
            "required",
            "must not be empty",
        ));
    }
    let limit = params.limit()?;
    app.limits.document_search(learner.id)?;
    let found = search::search(
        &app.pool,
        &app.keys,
        &app.models,
        learner.id,
        question,
        limit,
    )
    .await?;
    let items = found.into_iter().map(Into::into).collect();
    Ok(Json(FoundPassages { items }))
}

/// Returns the learner's own document; one that is not theirs does not exist.
async fn find(app: &AppState, learner: &Learner, id: DocumentId) -> Result<Document, ApiError> {
    let key = store::find_key(&app.pool, &app.keys, learner.id).await?;
    store::find_owned(&app.pool, key.as_ref(), id, learner.id)
        .await?
        .ok_or_else(ApiError::not_found)
}

/// What is no id names nothing.
fn document_id(id: &str) -> Result<DocumentId, ApiError> {
    id.parse()
        .map(DocumentId)
        .map_err(|_| ApiError::not_found())
}

impl SearchParams {
    fn limit(&self) -> Result<usize, ApiError> {
        let Some(limit) = &self.limit else {
            return Ok(FOUND);
        };
        let limit = limit
            .parse()
            .ok()
            .filter(|limit| (1..=MOST_FOUND).contains(limit));
        limit.ok_or_else(|| {
            ApiError::invalid_field("limit", "out_of_range", "must be a number from 1 to 20")
        })
    }
}
