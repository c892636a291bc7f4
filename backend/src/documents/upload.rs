//! Takes a file in: bounded while it streams, looked at before it is kept, never whole in memory.

use std::time::Duration;

use axum::extract::Multipart;
use axum::extract::multipart::{Field, MultipartError};
use axum::http::StatusCode;
use bytes::Bytes;
use tokio::time::timeout;
use uuid::Uuid;

use super::domain::{DocumentId, Kind, file_name};
use super::ingest::ReadDocument;
use super::store::{self, Kept, NewDocument};
use super::vault::MaterialKey;
use crate::app::AppState;
use crate::config::DocumentsConfig;
use crate::error::ApiError;
use crate::{http, jobs};

/// A sender that says nothing for so long is gone.
const STALLED: Duration = Duration::from_secs(30);
/// The name of the part of the form that holds the file.
const FILE: &str = "file";

/// Stores the file of a form, and has it read.
///
/// # Errors
/// A code of the contract for a file that is not taken.
pub(super) async fn receive(
    app: &AppState,
    learner: Uuid,
    mut form: Multipart,
) -> Result<DocumentId, ApiError> {
    let mut field = loop {
        match next_field(&mut form).await? {
            Some(field) if field.name() == Some(FILE) => break field,
            Some(_) => {}
            None => {
                return Err(ApiError::invalid_field(
                    FILE,
                    "required",
                    "must be a part of the form (multipart/form-data)",
                ));
            }
        }
    };
    let stored = store_file(app, learner, &mut field).await;
    if stored.is_err() {
        // Many clients read an answer only after they have sent everything.
        http::drain(&mut field).await;
    }
    let (document, key) = stored?;
    match keep(app, &key, &document).await {
        Ok(()) => Ok(document.id),
        Err(error) => {
            remove(app, &document).await;
            Err(error)
        }
    }
}

/// Writes the file to the disk, if it is one that is taken.
async fn store_file(
    app: &AppState,
    learner: Uuid,
    field: &mut Field<'_>,
) -> Result<(NewDocument, MaterialKey), ApiError> {
    let config = &app.config.documents;
    allow(config, store::kept(&app.pool, learner).await?, 1)?;
    let file_name = file_name(field.file_name().unwrap_or_default());
    let kind = Kind::of_name(&file_name).ok_or_else(|| unsupported(KINDS))?;
    let mut head = Vec::new();
    while head.len() < Kind::HEAD_BYTES {
        let Some(bytes) = next_bytes(field).await? else {
            break;
        };
        head.extend_from_slice(&bytes);
    }
    if head.is_empty() {
        return Err(ApiError::invalid_field(FILE, "empty", "must not be empty"));
    }
    if !kind.fits(&head[..head.len().min(Kind::HEAD_BYTES)]) {
        return Err(unsupported(&format!(
            "The file does not hold what its name ({}) says.",
            kind.as_str()
        )));
    }
    let key = store::get_or_create_key(&app.pool, &app.keys, learner).await?;
    let id = DocumentId(Uuid::now_v7());
    let mut file = app
        .documents
        .files
        .create(learner, id.0, &key)
        .await
        .map_err(disk)?;
    let mut size = Size {
        bytes: 0,
        most: config.max_bytes,
    };
    size.grow(&head)?;
    file.write(&head).await.map_err(disk)?;
    while let Some(bytes) = next_bytes(field).await? {
        size.grow(&bytes)?;
        file.write(&bytes).await.map_err(disk)?;
    }
    file.finish().await.map_err(disk)?;
    let document = NewDocument {
        id,
        learner,
        kind,
        file_name,
        size_bytes: i64::try_from(size.bytes).unwrap_or(i64::MAX),
    };
    Ok((document, key))
}

/// Stores the row and the job that reads the file.
async fn keep(app: &AppState, key: &MaterialKey, document: &NewDocument) -> Result<(), ApiError> {
    let mut transaction = app.pool.begin().await?;
    let kept = store::insert(&mut transaction, key, document).await?;
    // Others may have been stored while this one streamed in.
    allow(&app.config.documents, kept, 0)?;
    let read = ReadDocument::of(document.id, document.learner, &app.config.documents);
    jobs::enqueue(&mut transaction, &read).await?;
    transaction.commit().await?;
    Ok(())
}

async fn remove(app: &AppState, document: &NewDocument) {
    if let Err(error) = app
        .documents
        .files
        .remove(document.learner, document.id.0)
        .await
    {
        tracing::warn!(document.id = %document.id.0, error = %error.kind(), "an upload that was not taken stays on the disk");
    }
}

/// Refuses more than a learner may keep.
fn allow(config: &DocumentsConfig, kept: Kept, more: i64) -> Result<(), ApiError> {
    let is_within = kept.documents + more <= config.max_count
        && u64::try_from(kept.bytes).is_ok_and(|bytes| bytes <= config.max_total_bytes)
        && kept.passages < config.max_passages;
    if is_within {
        return Ok(());
    }
    Err(ApiError::refuse(
        StatusCode::CONFLICT,
        "documents_full",
        format!(
            "You can keep {} documents of {} bytes and {} passages together; delete some first.",
            config.max_count, config.max_total_bytes, config.max_passages
        ),
    ))
}

struct Size {
    bytes: u64,
    most: u64,
}

impl Size {
    fn grow(&mut self, by: &[u8]) -> Result<(), ApiError> {
        self.bytes += by.len() as u64;
        if self.bytes > self.most {
            let most = usize::try_from(self.most).unwrap_or(usize::MAX);
            return Err(ApiError::payload_too_large(most));
        }
        Ok(())
    }
}

async fn next_field(form: &mut Multipart) -> Result<Option<Field<'_>>, ApiError> {
    let next = timeout(STALLED, form.next_field()).await;
    next.map_err(|_| ApiError::timed_out())?.map_err(broken)
}

async fn next_bytes(field: &mut Field<'_>) -> Result<Option<Bytes>, ApiError> {
    let next = timeout(STALLED, field.chunk()).await;
    next.map_err(|_| ApiError::timed_out())?.map_err(broken)
}

const KINDS: &str =
    "Documents are PDF, DOCX, PPTX, HTML, Markdown, plain text or EPUB, and named so.";

fn unsupported(detail: &str) -> ApiError {
    ApiError::refuse(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported_media_type",
        detail.to_owned(),
    )
}

/// The form breaks off, or is none.
fn broken(_cause: MultipartError) -> ApiError {
    ApiError::refuse(
        StatusCode::UNPROCESSABLE_ENTITY,
        "validation_failed",
        "The form cannot be read: it breaks off, or is not multipart/form-data.",
    )
}

fn disk(error: std::io::Error) -> ApiError {
    ApiError::internal(format!("a document cannot be stored: {}", error.kind()))
}
