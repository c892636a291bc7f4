//! Documents as the API shows them.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::domain::{self, Failure, Kind, Place, Status};
use super::search::Found;
use super::store::Document;

/// What a learner uploaded, and how far it has come.
#[derive(Debug, Serialize, ToSchema)]
pub struct DocumentAnswer {
    /// Its id.
    pub id: Uuid,
    /// The name of its file; empty when the key that encrypted it is gone.
    pub name: String,
    /// What the document calls itself.
    #[schema(required)]
    pub title: Option<String>,
    /// What it is.
    #[schema(value_type = KindAnswer)]
    pub kind: Kind,
    /// How large the file is.
    pub size_bytes: i64,
    /// How far it has come.
    pub status: Status,
    /// The same in percent; 100 once all of it is found.
    pub progress: i64,
    /// Why it cannot be read; null unless `status` is `failed`.
    #[schema(required)]
    pub failure: Option<FailureAnswer>,
    /// The language of most of it (ISO 639-3), when that is plain.
    #[schema(required)]
    pub language: Option<String>,
    /// How many passages it has.
    pub passage_count: i32,
    /// Whether it is so long that only its beginning was taken.
    pub is_cut: bool,
    /// When it was uploaded.
    pub created_at: DateTime<Utc>,
}

/// Why a document cannot be read.
#[derive(Debug, Serialize, ToSchema)]
pub struct FailureAnswer {
    /// Stable: part of the contract.
    #[schema(value_type = FailureCode)]
    pub code: Failure,
    /// A sentence for people.
    pub detail: String,
}

/// One page of a learner's documents.
#[derive(Debug, Serialize, ToSchema)]
pub struct DocumentPage {
    /// Newest first.
    pub items: Vec<DocumentAnswer>,
    /// Give it back as `cursor` for the next page; null on the last.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

/// Passages that answer a question.
#[derive(Debug, Serialize, ToSchema)]
pub struct FoundPassages {
    /// The best first.
    pub items: Vec<PassageAnswer>,
}

/// A passage, and where it is from.
#[derive(Debug, Serialize, ToSchema)]
pub struct PassageAnswer {
    /// Its id.
    pub id: Uuid,
    /// The document that it is from.
    pub document_id: Uuid,
    /// The name of the document's file.
    pub document_name: String,
    /// Where it is from, as a person would say it.
    pub source: String,
    /// The page, in documents that have them.
    #[schema(required)]
    pub page: Option<u32>,
    /// The slide, in presentations.
    #[schema(required)]
    pub slide: Option<u32>,
    /// The heading that it stands under.
    #[schema(required)]
    pub heading: Option<String>,
    /// The words.
    pub text: String,
}

/// The kinds of documents.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum KindAnswer {
    /// Portable Document Format.
    Pdf,
    /// A text of Word.
    Docx,
    /// Slides of PowerPoint.
    Pptx,
    /// A web page.
    Html,
    /// Markdown.
    Markdown,
    /// Plain text.
    Text,
    /// An electronic book.
    Epub,
}

/// Why a document cannot be read.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FailureCode {
    /// The content is not what the name promises.
    WrongType,
    /// It breaks off, or makes no sense.
    Damaged,
    /// It asks for a password.
    Encrypted,
    /// There are no words in it.
    NoText,
    /// It took longer than a document may take.
    TooSlow,
    /// It unpacks to more than is taken.
    TooLarge,
    /// The learner keeps as many passages as they may.
    NoRoom,
    /// Something is wrong with the server.
    NotRead,
}

/// The file of a form.
#[derive(Debug, ToSchema)]
pub struct UploadForm {
    /// PDF, DOCX, PPTX, HTML, Markdown, plain text or EPUB; its name says which.
    #[schema(value_type = String, format = Binary)]
    pub file: Vec<u8>,
}

impl From<Document> for DocumentAnswer {
    fn from(document: Document) -> Self {
        let progress = domain::progress(
            document.status,
            document.embedded_count,
            document.passage_count,
        );
        let (name, title) = document
            .names
            .map_or((String::new(), None), |names| (names.file, names.title));
        Self {
            id: document.id.0,
            name,
            title,
            kind: document.kind,
            size_bytes: document.size_bytes,
            status: document.status,
            progress,
            failure: document.failure.map(|code| FailureAnswer {
                code,
                detail: code.to_string(),
            }),
            language: document.language,
            passage_count: document.passage_count,
            is_cut: document.is_cut,
            created_at: document.created_at,
        }
    }
}

impl From<Found> for PassageAnswer {
    fn from(found: Found) -> Self {
        let (page, slide) = match found.place {
            Some(Place::Page(page)) => (Some(page), None),
            Some(Place::Slide(slide)) => (None, Some(slide)),
            None => (None, None),
        };
        Self {
            source: found.source(),
            id: found.id,
            document_id: found.document.0,
            document_name: found.document_name,
            page,
            slide,
            heading: found.heading,
            text: found.text,
        }
    }
}
