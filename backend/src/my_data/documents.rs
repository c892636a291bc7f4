//! What a learner uploaded: the files, what is known of them, and the passages that were made of them.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use super::archive::{Archive, ExportError};
use super::{Domain, Kept, Kind, Owner};
use crate::app::AppState;
use crate::documents::domain::Place;
use crate::documents::passage_store;
use crate::documents::store::{self, Document};
use crate::documents::vault::MaterialKey;

const DOCUMENTS: i64 = 100;
const PASSAGES: i64 = 200;

/// See the module.
pub(super) struct Documents;

#[derive(Serialize)]
struct Exported {
    id: Uuid,
    /// Null when it cannot be decrypted any more.
    name: Option<String>,
    title: Option<String>,
    kind: &'static str,
    size_bytes: i64,
    status: &'static str,
    failure: Option<&'static str>,
    language: Option<String>,
    passage_count: i32,
    is_cut: bool,
    created_at: DateTime<Utc>,
    /// Where in this archive the file is; null when the server has lost it.
    file: Option<String>,
}

#[derive(Serialize)]
struct ExportedPassage {
    document_id: Uuid,
    seq: i32,
    page: Option<u32>,
    slide: Option<u32>,
    /// Null when it cannot be decrypted any more.
    heading: Option<String>,
    text: Option<String>,
}

#[async_trait]
impl Domain for Documents {
    fn tables(&self) -> &'static [&'static str] {
        &["documents", "passages", "passage_vectors", "material_keys"]
    }

    async fn kept(&self, app: &AppState, learner: Uuid) -> sqlx::Result<Vec<Kept>> {
        let row = sqlx::query!(
            r#"SELECT count(*) AS "documents!", coalesce(sum(size_bytes), 0)::bigint AS "bytes!", min(created_at) AS oldest_at,
                      coalesce(sum(passage_count), 0)::bigint AS "passages!",
                      min(created_at) FILTER (WHERE passage_count > 0) AS oldest_read
               FROM documents WHERE user_id = $1"#,
            learner
        )
        .fetch_one(&app.pool)
        .await?;
        let kept = |kind, count, bytes, oldest_at| Kept {
            kind,
            count,
            bytes,
            oldest_at,
        };
        Ok(vec![
            kept(
                Kind::Documents,
                row.documents,
                Some(row.bytes),
                row.oldest_at,
            ),
            kept(Kind::Passages, row.passages, None, row.oldest_read),
        ])
    }

    async fn export(
        &self,
        app: &AppState,
        owner: Owner,
        archive: &mut Archive,
    ) -> Result<(), ExportError> {
        let key = store::find_key(&app.pool, &app.keys, owner.id).await;
        let key = match key {
            Err(sqlx::Error::ColumnDecode { .. }) => None,
            key => key?,
        };
        let documents = all(app, owner.id, key.as_ref()).await?;
        let mut exported = Vec::new();
        for document in documents {
            let file = match &key {
                Some(key) => file(app, key, &document, archive).await?,
                None => None,
            };
            exported.push(Exported::new(document, file));
        }
        archive.json("documents.json", &exported).await?;
        archive.begin("documents.txt").await?;
        for document in &exported {
            archive.write(document.text(owner)).await?;
        }
        archive.begin_list("passages.json").await?;
        for document in &exported {
            let mut after = 0;
            loop {
                let page = passages(app, key.as_ref(), document.id, after).await?;
                let Some(last) = page.last() else { break };
                after = last.seq;
                for passage in &page {
                    archive.item(passage).await?;
                }
            }
        }
        archive.end_list().await
    }

    async fn erase_files(&self, app: &AppState, learner: Uuid) -> std::io::Result<()> {
        app.documents.files.remove_all(learner).await
    }
}

async fn all(
    app: &AppState,
    learner: Uuid,
    key: Option<&MaterialKey>,
) -> sqlx::Result<Vec<Document>> {
    let mut documents: Vec<Document> = Vec::new();
    loop {
        let before = documents.last().map(|document| document.id.0);
        let page = store::list(&app.pool, key, learner, before, DOCUMENTS).await?;
        if page.is_empty() {
            return Ok(documents);
        }
        documents.extend(page);
    }
}

/// Writes a file into the archive, and returns where it is. One that is lost or damaged is left out, or ends where the damage is:
/// the rest of the export is worth having.
async fn file(
    app: &AppState,
    key: &MaterialKey,
    document: &Document,
    archive: &mut Archive,
) -> Result<Option<String>, ExportError> {
    let id = document.id.0;
    let opened = app.documents.files.open(document.learner, id, key).await;
    let Ok(mut file) = opened else {
        return Ok(None);
    };
    let own = document.names.as_ref().map(|names| names.file.as_str());
    let name = format!("documents/{id}_{}", own.unwrap_or(document.kind.as_str()));
    archive.begin(&name).await?;
    loop {
        match file.next().await {
            Ok(Some(piece)) => archive.write(piece).await?,
            Ok(None) => return Ok(Some(name)),
            Err(error) => {
                tracing::warn!(document.id = %id, error = %error.kind(), "an exported document is damaged");
                return Ok(None);
            }
        }
    }
}

async fn passages(
    app: &AppState,
    key: Option<&MaterialKey>,
    document: Uuid,
    after: i32,
) -> sqlx::Result<Vec<ExportedPassage>> {
    let page = passage_store::page(&app.pool, key, document, after, PASSAGES).await?;
    Ok(page
        .into_iter()
        .map(|(seq, place, words)| {
            let (heading, text) =
                words.map_or((None, None), |words| (words.heading, Some(words.text)));
            ExportedPassage {
                document_id: document,
                seq,
                page: match place {
                    Some(Place::Page(page)) => Some(page),
                    _ => None,
                },
                slide: match place {
                    Some(Place::Slide(slide)) => Some(slide),
                    _ => None,
                },
                heading,
                text,
            }
        })
        .collect())
}

impl Exported {
    fn new(document: Document, file: Option<String>) -> Self {
        let (name, title) = document
            .names
            .map_or((None, None), |names| (Some(names.file), names.title));
        Self {
            id: document.id.0,
            name,
            title,
            kind: document.kind.as_str(),
            size_bytes: document.size_bytes,
            status: document.status.as_str(),
            failure: document.failure.map(|failure| failure.as_str()),
            language: document.language,
            passage_count: document.passage_count,
            is_cut: document.is_cut,
            created_at: document.created_at,
            file,
        }
    }

    fn text(&self, owner: Owner) -> String {
        let state = self.failure.unwrap_or(self.status);
        format!(
            "{}, uploaded {}\n{} bytes, {state}, {} passages\n\n",
            self.name.as_deref().unwrap_or("(its name cannot be read)"),
            owner.local(self.created_at).format("%-d %B %Y, %H:%M"),
            self.size_bytes,
            self.passage_count
        )
    }
}
