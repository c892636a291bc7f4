//! Finds passages, by meaning and by word, and says where they are from.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::time::Duration;

use sqlx::PgPool;
use tokio::time::timeout;
use uuid::Uuid;

use super::domain::{self, DocumentId, Place, fuse};
use super::passage_store::VECTORS;
use super::store::Names;
use super::vault::MaterialKey;
use super::{languages, passage_store, store};
use crate::content::ContentKeys;
use crate::models::Models;
use crate::vectors::{Space, SpaceError};

/// How many each way of searching brings before the two are fused.
const CANDIDATES: i64 = 40;
/// A learner waits for no embedder longer than this: what is found by its words is shown then.
const EMBEDDING_TAKES_AT_MOST: Duration = Duration::from_millis(1500);
/// Longer questions are cut: nothing reads more of them.
const LONGEST_QUESTION: usize = 2_000;

/// A passage that answers, and where it is from.
#[derive(Debug, Clone)]
pub struct Found {
    /// Its id.
    pub id: Uuid,
    /// The document.
    pub document: DocumentId,
    /// What the document is called.
    pub document_name: String,
    /// Where in it.
    pub place: Option<Place>,
    /// Under which heading.
    pub heading: Option<String>,
    /// The words.
    pub text: String,
}

impl Found {
    /// Returns where it is from, as a person would say it.
    #[must_use]
    pub fn source(&self) -> String {
        domain::source(&self.document_name, self.place, self.heading.as_deref())
    }
}

/// Which ways of searching are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ways {
    /// Only what is alike in meaning.
    Meaning,
    /// Only what shares words.
    Words,
    /// Both, fused.
    Both,
}

/// Returns the learner's passages that answer best, the best first. While the embedder is away they are found by their words.
///
/// # Errors
/// When the database fails.
pub async fn search(
    pool: &PgPool,
    keys: &ContentKeys,
    models: &Models,
    learner: Uuid,
    question: &str,
    limit: usize,
) -> sqlx::Result<Vec<Found>> {
    search_by(Ways::Both, pool, keys, models, learner, question, limit).await
}

/// As [`search`], in one way.
///
/// # Errors
/// When the database fails.
pub async fn search_by(
    ways: Ways,
    pool: &PgPool,
    keys: &ContentKeys,
    models: &Models,
    learner: Uuid,
    question: &str,
    limit: usize,
) -> sqlx::Result<Vec<Found>> {
    let question: String = question.chars().take(LONGEST_QUESTION).collect();
    let Some(key) = store::find_key(pool, keys, learner).await? else {
        return Ok(Vec::new());
    };
    let by_meaning = async {
        if ways == Ways::Words {
            return Ok(Vec::new());
        }
        by_meaning(pool, models, learner, &question).await
    };
    let by_words = async {
        if ways == Ways::Meaning {
            return Ok(Vec::new());
        }
        by_words(pool, &key, learner, &question).await
    };
    let (by_meaning, by_words) = tokio::try_join!(by_meaning, by_words)?;
    let best = fuse(&[by_meaning, by_words], limit);
    with_sources(pool, &key, learner, &best).await
}

/// Returns the learner's passages that lie nearest to a vector, such as that of the last summary. No model is asked.
///
/// # Errors
/// When the database fails.
pub async fn nearest(
    pool: &PgPool,
    keys: &ContentKeys,
    learner: Uuid,
    space: Space,
    vector: &[f32],
    limit: i64,
) -> sqlx::Result<Vec<Found>> {
    let Some(key) = store::find_key(pool, keys, learner).await? else {
        return Ok(Vec::new());
    };
    let ids = passage_store::by_meaning(pool, space, learner, vector, limit).await?;
    with_sources(pool, &key, learner, &ids).await
}

async fn by_meaning(
    pool: &PgPool,
    models: &Models,
    learner: Uuid,
    question: &str,
) -> sqlx::Result<Vec<Uuid>> {
    let asked = async {
        let space = Space::of(pool, models.embedder.as_ref()).await?;
        // What another model knows better is found by its words until this one has seen it all: otherwise passages that it has seen would
        // push better ones aside.
        if !space.leads(pool, VECTORS, learner).await? {
            return Ok(None);
        }
        let vector = models.embedder.embed_one(question).await?;
        Ok::<_, SpaceError>(Some((space, vector)))
    };
    match timeout(EMBEDDING_TAKES_AT_MOST, asked).await {
        Ok(Ok(Some((space, vector)))) => {
            passage_store::by_meaning(pool, space, learner, &vector, CANDIDATES).await
        }
        Ok(Ok(None)) => Ok(Vec::new()),
        Ok(Err(SpaceError::Database(error))) => Err(error),
        Ok(Err(SpaceError::Model(error))) => {
            tracing::warn!(%error, "documents are searched by their words only");
            Ok(Vec::new())
        }
        Err(_) => {
            tracing::warn!(
                "documents are searched by their words only: the embedder takes too long"
            );
            Ok(Vec::new())
        }
    }
}

async fn by_words(
    pool: &PgPool,
    key: &MaterialKey,
    learner: Uuid,
    question: &str,
) -> sqlx::Result<Vec<Uuid>> {
    let spoken = passage_store::languages(pool, learner).await?;
    let configurations: Vec<String> = spoken
        .iter()
        .map(|language| languages::configuration(language.as_deref()).to_owned())
        .collect();
    passage_store::by_words(pool, key, learner, &configurations, question, CANDIDATES).await
}

async fn with_sources(
    pool: &PgPool,
    key: &MaterialKey,
    learner: Uuid,
    ids: &[Uuid],
) -> sqlx::Result<Vec<Found>> {
    let passages = passage_store::load(pool, key, learner, ids).await?;
    let mut names: HashMap<DocumentId, String> = HashMap::new();
    let mut found = Vec::new();
    for passage in passages {
        let id = passage.document;
        if let Entry::Vacant(unknown) = names.entry(id) {
            let document = store::find_owned(pool, Some(key), id, learner).await?;
            let name = document.and_then(|document| document.names);
            let name = name.as_ref().map(Names::shown).unwrap_or_default();
            unknown.insert(name.to_owned());
        }
        found.push(Found {
            id: passage.id,
            document: id,
            document_name: names[&id].clone(),
            place: passage.place,
            heading: passage.words.heading,
            text: passage.words.text,
        });
    }
    Ok(found)
}
