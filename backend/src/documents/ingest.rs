//! The jobs that make a file findable: read it into passages, then make vectors of those, a few at a time.

use std::io::ErrorKind;
use std::time::Duration;

use avaaz_reader::Reading;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use uuid::Uuid;

use super::domain::{DocumentId, Failure};
use super::passage_store::VECTORS;
use super::reader::ReadError;
use super::store::{self, Document, Names};
use super::vault::MaterialKey;
use super::{languages, passage_store};
use crate::app::AppState;
use crate::config::DocumentsConfig;
use crate::jobs::{self, Job, JobError};
use crate::vectors::{Space, SpaceError};

/// How many passages are given to the embedder at once.
const BATCH: i64 = 32;
/// A job that makes vectors gives way to others after this long, and goes on later.
const TURN: Duration = Duration::from_secs(3);

/// A file that is not there after so long will not come any more.
const LOST_AFTER: TimeDelta = TimeDelta::minutes(30);
/// What a document does to its reader once, it may do by chance; twice, it is too large for this machine.
const KILLED_TWICE: i16 = 2;
/// A process that cannot be started, or words that cannot be decrypted: it is hardly better after some seconds.
const HOPELESS_AFTER: i16 = 3;
/// Reads an uploaded file into passages.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReadDocument {
    document: Uuid,
    learner: Uuid,
    #[serde(default)]
    lane: u16,
}

/// Makes vectors of passages.
#[derive(Debug, Serialize, Deserialize)]
pub struct EmbedPassages {
    document: Uuid,
    learner: Uuid,
    #[serde(default)]
    lane: u16,
}

/// Looks after what is on the disk and in the database: files without a document go, documents that the embedder of today has
/// not seen are given to it.
#[derive(Debug, Serialize, Deserialize)]
pub struct TidyDocuments {}

impl ReadDocument {
    pub(super) fn of(document: DocumentId, learner: Uuid, config: &DocumentsConfig) -> Self {
        Self {
            document: document.0,
            learner,
            lane: lane(learner, config),
        }
    }

    async fn read(&self, app: &AppState) -> Result<(), NotRead> {
        let id = DocumentId(self.document);
        let key = store::find_key(&app.pool, &app.keys, self.learner).await?;
        let found = store::find_owned(&app.pool, key.as_ref(), id, self.learner).await?;
        let (Some(key), Some(document)) = (key, found) else {
            // Deleted meanwhile.
            return Ok(());
        };
        let names = document.names.clone();
        let names = names.ok_or_else(|| {
            NotRead::hopeless(JobError::because("the document's name cannot be decrypted"))
        })?;
        let mut read = match read_file(app, &document, &key).await? {
            Ok(read) => read,
            Err(failure) => return Ok(fail(app, id, failure).await?),
        };
        let names = Names {
            title: read.title.clone(),
            ..names
        };
        let mut transaction = app.pool.begin().await?;
        if !store::lock(&mut transaction, id).await? {
            return Ok(());
        }
        let kept = store::kept(&mut *transaction, self.learner).await?;
        let room = app.config.documents.max_passages - kept.passages;
        let room = usize::try_from(room).unwrap_or_default();
        if room == 0 {
            transaction.rollback().await?;
            return Ok(fail(app, id, Failure::NoRoom).await?);
        }
        if read.passages.len() > room {
            read.passages.truncate(room);
            read.is_cut = true;
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
        let embed = EmbedPassages::of(self.document, self.learner, &app.config.documents);
        jobs::enqueue(&mut transaction, &embed).await?;
        transaction.commit().await?;
        Ok(())
    }
}

impl Job for ReadDocument {
    const NAME: &'static str = "read_document";

    fn lane(&self) -> Option<String> {
        Some(lane_name(self.lane))
    }

    fn key(&self) -> Option<String> {
        Some(format!("read_document:{}", self.document))
    }

    async fn run(self, app: AppState) -> Result<(), JobError> {
        let id = DocumentId(self.document);
        let Some(attempt) = store::begin_reading(&app.pool, id).await? else {
            // Deleted meanwhile, or read already.
            return Ok(());
        };
        match self.read(&app).await {
            Ok(()) => Ok(()),
            Err(not_read) if attempt < not_read.attempts => Err(not_read.why),
            Err(not_read) => {
                tracing::error!(document.id = %self.document, error = %not_read.why, attempt, "a document is given up");
                Ok(fail(&app, id, not_read.failure).await?)
            }
        }
    }
}

/// Why a document was not read this time, and what becomes of it once it was not read so often.
#[derive(Debug)]
struct NotRead {
    why: JobError,
    attempts: i16,
    failure: Failure,
}

impl NotRead {
    fn hopeless(why: JobError) -> Self {
        Self {
            why,
            attempts: HOPELESS_AFTER,
            failure: Failure::NotRead,
        }
    }
}

impl From<sqlx::Error> for NotRead {
    fn from(error: sqlx::Error) -> Self {
        if let sqlx::Error::ColumnDecode { .. } = error {
            return Self::hopeless(JobError::because("the learner's key cannot be decrypted"));
        }
        Self {
            why: error.into(),
            attempts: ReadDocument::ATTEMPTS,
            failure: Failure::NotRead,
        }
    }
}

impl From<ReadError> for NotRead {
    fn from(error: ReadError) -> Self {
        let (attempts, failure) = match &error {
            // A disk that is away comes back.
            ReadError::File(_) => (ReadDocument::ATTEMPTS, Failure::NotRead),
            ReadError::Killed => (KILLED_TWICE, Failure::TooLarge),
            ReadError::Process(_)
            | ReadError::Unconfined
            | ReadError::Ended(_)
            | ReadError::Useless => (HOPELESS_AFTER, Failure::NotRead),
        };
        tracing::warn!(%error, "a document is not read; `avaaz doctor` tries the process that reads them");
        Self {
            why: JobError::with_kind("the document cannot be read now", error),
            attempts,
            failure,
        }
    }
}

async fn fail(app: &AppState, id: DocumentId, failure: Failure) -> sqlx::Result<()> {
    tracing::info!(document.id = %id.0, failure = failure.as_str(), "a document cannot be read");
    store::fail(&app.pool, id, failure).await
}

/// Has the file read. What is wrong with the file is a failure of the document; what is wrong with us is tried again.
async fn read_file(
    app: &AppState,
    document: &Document,
    key: &MaterialKey,
) -> Result<Result<Reading, Failure>, ReadError> {
    let opened = app
        .documents
        .files
        .open(document.learner, document.id.0, key)
        .await;
    let age = app.clock.now() - document.created_at;
    let read = match opened {
        Ok(file) => {
            let reader = &app.documents.reader;
            reader.read(document.kind, file.pieces()).await
        }
        // Another machine's folder may be late; a file that stays away is lost.
        Err(error) if error.kind() == ErrorKind::NotFound && age > LOST_AFTER => {
            return Ok(Err(Failure::Damaged));
        }
        Err(error) => Err(ReadError::File(error)),
    };
    match read {
        Err(ReadError::File(error))
            if matches!(
                error.kind(),
                ErrorKind::InvalidData | ErrorKind::UnexpectedEof
            ) =>
        {
            Ok(Err(Failure::Damaged))
        }
        read => read,
    }
}

impl EmbedPassages {
    fn of(document: Uuid, learner: Uuid, config: &DocumentsConfig) -> Self {
        Self {
            document,
            learner,
            lane: lane(learner, config),
        }
    }
}

impl Job for EmbedPassages {
    const NAME: &'static str = "embed_passages";

    fn lane(&self) -> Option<String> {
        Some(lane_name(self.lane))
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
        tidy_files(&app).await?;
        let config = &app.config.documents;
        let mut connection = app.pool.acquire().await?;
        // What was tried for the last time while the database was away: it is tried once more, or given up.
        for (document, learner) in store::forgotten(&app.pool).await? {
            let read = ReadDocument::of(DocumentId(document), learner, config);
            jobs::enqueue(&mut connection, &read).await?;
        }
        let space = Space::of(&app.pool, app.models.embedder.as_ref()).await?;
        space.ensure_index(&app.pool, VECTORS).await?;
        space
            .drop_superseded(&app.pool, VECTORS, "passage_id")
            .await?;
        space.drop_other_indexes(&app.pool, VECTORS).await?;
        for (document, learner) in store::without_vectors(&app.pool, space.id).await? {
            let embed = EmbedPassages::of(document, learner, config);
            jobs::enqueue(&mut connection, &embed).await?;
        }
        Ok(())
    }
}

/// Removes files without a document, unless it looks as if this database were not the one that the folder belongs to.
async fn tidy_files(app: &AppState) -> Result<(), JobError> {
    let stored = app.documents.files.stored().await;
    let stored =
        stored.map_err(|error| JobError::with_kind("the folder cannot be read", error.kind()))?;
    let ids: Vec<Uuid> = stored.iter().map(|(_, document)| *document).collect();
    let existing = store::existing(&app.pool, &ids).await?;
    let now = app.clock.now();
    let hour_ago = now - TimeDelta::hours(1);
    // An upload gets its row a moment after its file has its name.
    let mut orphans: Vec<(Uuid, Uuid)> = (stored.iter().copied())
        .filter(|(_, document)| !existing.contains(document) && !is_younger(*document, hour_ago))
        .collect();
    // Those that are too old to be kept have no document in any database.
    let retention = &app.config.retention;
    let kept_since = retention.documents.filter(|_| !retention.is_dry_run);
    let kept_since = kept_since.map(|days| now - TimeDelta::days(days.into()));
    let is_unexpected =
        |document: Uuid| kept_since.is_none_or(|kept_since| is_younger(document, kept_since));
    let unexpected = (orphans.iter())
        .filter(|(_, document)| is_unexpected(*document))
        .count();
    if unexpected > 0 && (existing.is_empty() || unexpected * 2 > stored.len()) {
        tracing::error!(
            files = stored.len(),
            without_document = unexpected,
            "most files in the folder of documents belong to no document: they stay, for the database may be another one or an old copy.              If it is the right one, remove them by hand"
        );
        orphans.retain(|(_, document)| !is_unexpected(*document));
    }
    for (learner, document) in orphans {
        if let Err(error) = app.documents.files.remove(learner, document).await {
            tracing::warn!(document.id = %document, error = %error.kind(), "a file without a document stays on the disk");
        }
    }
    Ok(())
}

/// Returns whether an id was made after a time.
fn is_younger(id: Uuid, than: DateTime<Utc>) -> bool {
    let made = id.get_timestamp().map(|time| time.to_unix().0);
    made.is_some_and(|made| i64::try_from(made).is_ok_and(|made| made > than.timestamp()))
}

/// Returns which of the lanes a learner's documents take, in all processes: summaries of conversations use the same workers.
fn lane(learner: Uuid, config: &DocumentsConfig) -> u16 {
    let lanes = u16::try_from(config.readers).unwrap_or(u16::MAX).max(1);
    u16::try_from(learner.as_u128() % u128::from(lanes)).unwrap_or_default()
}

fn lane_name(lane: u16) -> String {
    format!("documents:{lane}")
}

impl From<SpaceError> for JobError {
    fn from(error: SpaceError) -> Self {
        match error {
            SpaceError::Model(error) => error.into(),
            SpaceError::Database(error) => error.into(),
        }
    }
}
