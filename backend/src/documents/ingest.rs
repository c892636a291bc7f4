//! The jobs that make a file findable: read it into passages, then make vectors of those, a few at a time.

use std::io::ErrorKind;
use std::time::Duration;

use avaaz_reader::Reading;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use uuid::Uuid;

use super::domain::{DocumentId, Failure, Status};
use super::reader::ReadError;
use super::store::{self, Document, Names};
use super::vault::MaterialKey;
use super::{languages, passage_store};
use crate::app::AppState;
use crate::jobs::{self, Job, JobError};
use crate::vectors::{Space, SpaceError};

/// How many documents are worked on at once, in all processes: summaries of conversations use the same workers.
const LANES: u128 = 2;
/// How many passages are given to the embedder at once.
const BATCH: i64 = 32;
/// A job that makes vectors gives way to others after this long, and goes on later.
const TURN: Duration = Duration::from_secs(3);

/// A file that is not there after so long will not come any more.
const LOST_AFTER: TimeDelta = TimeDelta::minutes(30);
/// The table of vectors.
const VECTORS: &str = "passage_vectors";

/// Reads an uploaded file into passages.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReadDocument {
    document: Uuid,
    learner: Uuid,
}

/// Makes vectors of passages.
#[derive(Debug, Serialize, Deserialize)]
pub struct EmbedPassages {
    document: Uuid,
    learner: Uuid,
}

/// Looks after what is on the disk and in the database: files without a document go, documents that the embedder of today has
/// not seen are given to it.
#[derive(Debug, Serialize, Deserialize)]
pub struct TidyDocuments {}

impl ReadDocument {
    pub(super) fn of(document: DocumentId, learner: Uuid) -> Self {
        Self {
            document: document.0,
            learner,
        }
    }
}

impl Job for ReadDocument {
    const NAME: &'static str = "read_document";

    fn lane(&self) -> Option<String> {
        Some(lane(self.learner))
    }

    fn key(&self) -> Option<String> {
        Some(format!("read_document:{}", self.document))
    }

    async fn run(self, app: AppState) -> Result<(), JobError> {
        let id = DocumentId(self.document);
        let key = store::find_key(&app.pool, &app.keys, self.learner).await?;
        let found = store::find_owned(&app.pool, key.as_ref(), id, self.learner).await?;
        let (Some(key), Some(document)) = (key, found) else {
            // Deleted meanwhile.
            return Ok(());
        };
        if !matches!(document.status, Status::Waiting | Status::Reading) {
            return Ok(());
        }
        let Some(names) = document.names.clone() else {
            return Err(JobError::because("the document's name cannot be decrypted"));
        };
        store::begin_reading(&app.pool, id).await?;
        let read = match read_file(&app, &document, &key).await? {
            Ok(read) => read,
            Err(failure) => {
                tracing::info!(document.id = %self.document, failure = failure.as_str(), "a document cannot be read");
                store::fail(&app.pool, id, failure).await?;
                return Ok(());
            }
        };
        let names = Names {
            title: read.title.clone(),
            ..names
        };
        let mut transaction = app.pool.begin().await?;
        if !store::lock(&mut transaction, id).await? {
            return Ok(());
        }
        let configuration = languages::configuration(read.language.as_deref());
        passage_store::replace(
            &mut transaction,
            &key,
            id,
            self.learner,
            configuration,
            names.shown(),
            &read.passages,
        )
        .await?;
        store::finish_reading(&mut transaction, &key, id, &names, &read).await?;
        jobs::enqueue(&mut transaction, &EmbedPassages::of(id, self.learner)).await?;
        transaction.commit().await?;
        Ok(())
    }
}

/// Has the file read. What is wrong with the file is a failure of the document; what is wrong with us is tried again.
async fn read_file(
    app: &AppState,
    document: &Document,
    key: &MaterialKey,
) -> Result<Result<Reading, Failure>, JobError> {
    let opened = app
        .documents
        .files
        .open(document.learner, document.id.0, key)
        .await;
    let age = app.clock.now() - document.created_at;
    let read = match opened {
        Ok(file) => app.documents.reader.read(document.kind, file).await,
        // Another machine's folder may be late; a file that stays away is lost.
        Err(error) if error.kind() == ErrorKind::NotFound && age > LOST_AFTER => {
            return Ok(Err(Failure::Damaged));
        }
        Err(error) => Err(ReadError::File(error)),
    };
    match read {
        Ok(read) => Ok(read),
        Err(ReadError::File(error))
            if matches!(
                error.kind(),
                ErrorKind::InvalidData | ErrorKind::UnexpectedEof
            ) =>
        {
            Ok(Err(Failure::Damaged))
        }
        Err(error) => Err(JobError::with_kind(
            "the document cannot be read now",
            error,
        )),
    }
}

impl EmbedPassages {
    fn of(document: DocumentId, learner: Uuid) -> Self {
        Self {
            document: document.0,
            learner,
        }
    }
}

impl Job for EmbedPassages {
    const NAME: &'static str = "embed_passages";

    fn lane(&self) -> Option<String> {
        Some(lane(self.learner))
    }

    fn key(&self) -> Option<String> {
        Some(format!("embed_passages:{}", self.document))
    }

    async fn run(self, app: AppState) -> Result<(), JobError> {
        let id = DocumentId(self.document);
        let key = store::find_key(&app.pool, &app.keys, self.learner).await?;
        let found = store::find_owned(&app.pool, key.as_ref(), id, self.learner).await?;
        let (Some(key), Some(document)) = (key, found) else {
            return Ok(());
        };
        let names = document.names.as_ref();
        let name = names.map(Names::shown).unwrap_or_default();
        let space = Space::of(&app.pool, app.models.embedder.as_ref()).await?;
        let begun = Instant::now();
        loop {
            let next = passage_store::without_vector(&app.pool, &key, id, space, BATCH).await?;
            if next.is_empty() {
                store::note_embedded(&app.pool, id, space.id).await?;
                return Ok(());
            }
            let texts = next
                .iter()
                .map(|(_, words)| match words {
                    Some(words) => {
                        passage_store::in_context(name, words.heading.as_deref(), &words.text)
                    }
                    // It cannot be decrypted, and is found by nothing.
                    None => String::new(),
                })
                .collect();
            let vectors = app.models.embedder.embed(texts).await?;
            let vectors: Vec<_> = next.into_iter().map(|(id, _)| id).zip(vectors).collect();
            passage_store::store_vectors(&app.pool, space, self.learner, &vectors).await?;
            store::note_embedded(&app.pool, id, space.id).await?;
            if begun.elapsed() >= TURN {
                let mut connection = app.pool.acquire().await?;
                jobs::enqueue(&mut connection, &self).await?;
                return Ok(());
            }
        }
    }
}

impl Job for TidyDocuments {
    const NAME: &'static str = "tidy_documents";
    const EVERY: Option<&'static str> = Some("17 * * * *");

    async fn run(self, app: AppState) -> Result<(), JobError> {
        let stored = app.documents.files.stored().await;
        let stored = stored
            .map_err(|error| JobError::with_kind("the folder cannot be read", error.kind()))?;
        let ids: Vec<Uuid> = stored.iter().map(|(_, document)| *document).collect();
        let existing = store::existing(&app.pool, &ids).await?;
        let hour_ago = app.clock.now() - TimeDelta::hours(1);
        for (learner, document) in stored {
            // An upload gets its row a moment after its file has its name.
            if existing.contains(&document) || is_younger(document, hour_ago) {
                continue;
            }
            if let Err(error) = app.documents.files.remove(learner, document).await {
                tracing::warn!(document.id = %document, error = %error.kind(), "a file without a document stays on the disk");
            }
        }
        let space = Space::of(&app.pool, app.models.embedder.as_ref()).await?;
        space.ensure_index(&app.pool, VECTORS).await?;
        passage_store::drop_replaced_vectors(&app.pool, space).await?;
        space.drop_other_indexes(&app.pool, VECTORS).await?;
        let mut connection = app.pool.acquire().await?;
        for (document, learner) in store::without_vectors(&app.pool, space.id).await? {
            jobs::enqueue(&mut connection, &EmbedPassages { document, learner }).await?;
        }
        Ok(())
    }
}

/// Returns whether an id was made after a time.
fn is_younger(id: Uuid, than: DateTime<Utc>) -> bool {
    let made = id.get_timestamp().map(|time| time.to_unix().0);
    made.is_some_and(|made| i64::try_from(made).is_ok_and(|made| made > than.timestamp()))
}

fn lane(learner: Uuid) -> String {
    format!("documents:{}", learner.as_u128() % LANES)
}

impl From<SpaceError> for JobError {
    fn from(error: SpaceError) -> Self {
        match error {
            SpaceError::Model(error) => error.into(),
            SpaceError::Database(error) => error.into(),
        }
    }
}
