//! What is done after a conversation, and when the embedding model changes.

use std::time::Duration;

use avaaz_models::ModelError;
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use uuid::Uuid;

use super::domain::{self, Change, FactKind, KnownFact};
use super::extraction::{self, Extract, Passage};
use super::store::{self, Behind, NewMemory, Origin, Said};
use crate::app::AppState;
use crate::content::{ContentKeys, Place};
use crate::jobs::{self, Job, JobError};
use crate::usage::text;
use crate::vectors::{Space, SpaceError};

/// A long conversation is summed up every so many turns, so that not all of it waits for the end.
pub const EVERY_TURNS: i32 = 40;
/// How much of a conversation the model reads at once.
const PART_TURNS: i64 = 200;
const PART_CHARS: usize = 20_000;
/// How often a part, and what is told with it, is halved for a model that reads less.
const MOST_HALVINGS: u32 = 4;
/// How many known facts the model is shown.
const SHOWN_FACTS: usize = 60;
/// How long after a turn its words may still come.
const WORDS_COME_WITHIN: TimeDelta = TimeDelta::seconds(5);
const LOOK_AGAIN_AFTER: TimeDelta = TimeDelta::milliseconds(700);
const LANES: u128 = 1_024;
/// How many memories get their vectors at once.
const BATCH: i64 = 64;

/// Sums a conversation up, as far as it has come, and takes facts from it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Remember {
    /// The conversation.
    pub conversation: Uuid,
    /// Whose it is.
    pub user: Uuid,
    /// Whether it ended long ago: those that end now come first.
    #[serde(default)]
    pub is_late: bool,
}

impl Remember {
    pub(super) fn late(behind: Behind) -> Self {
        Self {
            conversation: behind.conversation,
            user: behind.user,
            is_late: true,
        }
    }

    /// Stores the job for a conversation; one that is gone needs none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn enqueue(connection: &mut PgConnection, conversation: Uuid) -> sqlx::Result<()> {
        let user = sqlx::query_scalar!(
            "SELECT s.user_id FROM conversations c JOIN sessions s ON s.id = c.session_id WHERE c.id = $1",
            conversation
        )
        .fetch_optional(&mut *connection)
        .await?;
        match user {
            Some(user) => {
                let job = Self {
                    conversation,
                    user,
                    is_late: false,
                };
                jobs::enqueue(connection, &job).await
            }
            None => Ok(()),
        }
    }
}

impl Job for Remember {
    const NAME: &'static str = "remember_conversation";

    /// A learner's facts are changed by one conversation at a time. Learners share lanes: the queue keeps each one's name for good.
    fn lane(&self) -> Option<String> {
        Some(format!("memory:{}", self.user.as_u128() % LANES))
    }

    fn key(&self) -> Option<String> {
        Some(format!("remember:{}", self.conversation))
    }

    fn gives_way(&self) -> bool {
        self.is_late
    }

    async fn run(self, app: AppState) -> Result<(), JobError> {
        let Some(origin) = store::origin(&app.pool, self.conversation).await? else {
            return Ok(());
        };
        let before = store::summary(&app.pool, self.conversation).await?;
        let summed_up_to = before.as_ref().map_or(0, |summary| summary.up_to_seq);
        let done_to = summed_up_to.max(origin.passed_over_to);
        let turns = store::turns_after(&app.pool, self.conversation, done_to, PART_TURNS).await?;
        let so_far = before.as_ref().and_then(|summary| {
            app.keys
                .open_in(Place::Memory, summary.id, &summary.words)
                .ok()
        });
        let id = before
            .as_ref()
            .map_or_else(Uuid::now_v7, |summary| summary.id);
        let writing = Writing {
            app: &app,
            origin: &origin,
            conversation: self.conversation,
            summary: id,
        };
        let mut halvings = 0;
        let part = loop {
            let part = match Part::of(&turns, &origin, &app.keys, PART_CHARS >> halvings) {
                Next::Part(part) => part,
                Next::Nothing => return Ok(()),
                Next::Later => return self.again(&app, LOOK_AGAIN_AFTER).await,
            };
            if !part.is_of_the_learner() {
                store::pass_over(&app.pool, self.conversation, part.up_to).await?;
                break part;
            }
            let shown = SHOWN_FACTS >> halvings;
            match Box::pin(writing.write(so_far.as_deref(), &part, shown)).await {
                Ok(()) => break part,
                Err(NotWritten::Model(ModelError::TooLong)) if halvings < MOST_HALVINGS => {
                    halvings += 1;
                }
                // It would decline again; what comes after it may be told.
                Err(NotWritten::Model(ModelError::Declined)) => {
                    tracing::warn!(conversation.id = %self.conversation, "the text model declines a part of a conversation, which is passed over");
                    store::pass_over(&app.pool, self.conversation, part.up_to).await?;
                    break part;
                }
                Err(NotWritten::Model(error)) => return Err(error.into()),
                Err(NotWritten::Job(error)) => return Err(error),
            }
        };
        if part.up_to < origin.last_turn_seq && origin.ended_at.is_some() {
            return self.again(&app, TimeDelta::zero()).await;
        }
        if let Some(ended_at) = origin.ended_at {
            let delay = (app.clock.now() - ended_at).to_std().unwrap_or_default();
            metrics::histogram!("conversation_summary_delay_seconds").record(delay.as_secs_f64());
        }
        Ok(())
    }
}

impl Remember {
    async fn again(&self, app: &AppState, after: TimeDelta) -> Result<(), JobError> {
        let mut connection = app.pool.acquire().await?;
        jobs::enqueue_at(&mut connection, self, app.clock.now() + after).await?;
        Ok(())
    }
}

/// What the model reads at once.
struct Part {
    said: Vec<(bool, String)>,
    up_to: i32,
}

enum Next {
    Part(Part),
    /// Words are still to come.
    Later,
    Nothing,
}

impl Part {
    /// Takes the next turns that have their words, or never get them: so many letters at most.
    fn of(turns: &[Said], origin: &Origin, keys: &ContentKeys, most: usize) -> Next {
        let mut part = Self {
            said: Vec::new(),
            up_to: 0,
        };
        let mut chars = 0;
        for turn in turns {
            let Some(words) = &turn.words else {
                if origin.now - turn.ended_at < WORDS_COME_WITHIN {
                    // At the end the summary waits for the last words, so that it is written once.
                    if origin.ended_at.is_some() {
                        return Next::Later;
                    }
                    break;
                }
                part.up_to = turn.seq;
                continue;
            };
            match keys.open(turn.id, words) {
                Ok(words) => {
                    chars += words.chars().count();
                    if chars > most && part.up_to > 0 {
                        break;
                    }
                    if !words.trim().is_empty() {
                        let words = domain::bounded(&words, most);
                        part.said.push((turn.by_learner, words));
                    }
                }
                Err(error) => {
                    tracing::warn!(turn.id = %turn.id, %error, "a turn cannot be read, and is not summed up");
                }
            }
            part.up_to = turn.seq;
        }
        if part.up_to == 0 {
            return Next::Nothing;
        }
        Next::Part(part)
    }

    fn is_of_the_learner(&self) -> bool {
        self.said.iter().any(|(by_learner, _)| *by_learner)
    }
}

/// One part of a conversation on its way into memory.
struct Writing<'a> {
    app: &'a AppState,
    origin: &'a Origin,
    conversation: Uuid,
    summary: Uuid,
}

/// Why a part did not become a memory.
enum NotWritten {
    Model(ModelError),
    Job(JobError),
}

impl From<ModelError> for NotWritten {
    fn from(error: ModelError) -> Self {
        Self::Model(error)
    }
}

impl From<JobError> for NotWritten {
    fn from(error: JobError) -> Self {
        Self::Job(error)
    }
}

impl From<sqlx::Error> for NotWritten {
    fn from(error: sqlx::Error) -> Self {
        Self::Job(error.into())
    }
}

impl Writing<'_> {
    async fn write(
        &self,
        so_far: Option<&str>,
        part: &Part,
        most_shown: usize,
    ) -> Result<(), NotWritten> {
        let (pool, models) = (&self.app.pool, &self.app.models);
        let space = match Space::of(pool, models.embedder.as_ref()).await {
            Ok(space) => Some(space),
            Err(SpaceError::Model(_)) => None,
            Err(SpaceError::Database(error)) => return Err(error.into()),
        };
        let known = self.known(space).await?;
        let shown = &known[..known.len().min(most_shown)];
        let passage = Passage {
            target_language: &self.origin.target_language,
            so_far,
            turns: &part.said,
            known: shown,
        };
        let answer = extraction::ask(models.text.as_ref(), &passage).await?;
        // It was paid for, also if it makes no sense.
        if let Some(used) = answer.usage {
            let account = text::account(models.text.model(), used);
            let prices = &self.app.config.spending.prices;
            text::record(pool, prices, self.conversation, &account).await?;
        }
        let mut extract = extraction::understand(&answer, shown)?;
        let vectors = self.vectors(space, &mut extract).await;
        let Extract {
            summary,
            facts,
            confirmed,
            untrue,
        } = extract;
        let changes = if self.origin.is_overtaken {
            domain::merge(&known, domain::said_before(&known, facts), &confirmed, &[])
        } else {
            domain::merge(&known, facts, &confirmed, &untrue)
        };

        let mut transaction = pool.begin().await?;
        let words = self.app.keys.seal_in(Place::Memory, self.summary, &summary);
        let memory = self.memory(self.summary, &words);
        // Another worker may have had the same job, because this one was thought dead: then its facts stand.
        let saved = store::save_summary(&mut transaction, &memory, part.up_to).await?;
        if saved.is_none() {
            return Ok(());
        }
        if let Some((space, vector)) = &vectors {
            store::save_vector(&mut transaction, self.summary, &words, *space, vector).await?;
        }
        for change in changes {
            self.apply(&mut transaction, change, space).await?;
        }
        let keep = i64::try_from(domain::MOST_FACTS).unwrap_or(i64::MAX);
        store::make_room(&mut transaction, self.origin.user, keep).await?;
        if vectors.is_none() {
            jobs::enqueue(&mut transaction, &EmbedMemories {}).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Returns the facts that hold, the latest confirmed first. One that cannot be read is left as it is.
    async fn known(&self, space: Option<Space>) -> Result<Vec<KnownFact>, JobError> {
        let (pool, user) = (&self.app.pool, self.origin.user);
        let most = i64::try_from(domain::MOST_FACTS).unwrap_or(i64::MAX);
        let mut vectors = match space {
            Some(space) => store::vectors_of(pool, user, space).await?,
            None => std::collections::HashMap::new(),
        };
        let facts = store::facts(pool, user, most).await?;
        let known = facts.into_iter().filter_map(|fact| {
            Some(KnownFact {
                id: fact.id,
                kind: FactKind::from_word(&fact.kind)?,
                text: self
                    .app
                    .keys
                    .open_in(Place::Memory, fact.id, &fact.words)
                    .ok()?,
                vector: vectors.remove(&fact.id),
            })
        });
        Ok(known.collect())
    }

    /// Gives the facts their vectors, and returns that of the summary. Without an embedder they come later.
    async fn vectors(
        &self,
        space: Option<Space>,
        extract: &mut Extract,
    ) -> Option<(Space, Vec<f32>)> {
        let space = space?;
        let facts = extract.facts.iter().map(|fact| fact.text.clone());
        let texts = std::iter::once(extract.summary.clone())
            .chain(facts)
            .collect();
        match self.app.models.embedder.embed(texts).await {
            Ok(vectors) => {
                let mut vectors = vectors.into_iter();
                let of_summary = vectors.next()?;
                for (fact, vector) in extract.facts.iter_mut().zip(vectors) {
                    fact.vector = Some(vector);
                }
                Some((space, of_summary))
            }
            Err(error) => {
                tracing::warn!(%error, "memories get their vectors later");
                None
            }
        }
    }

    async fn apply(
        &self,
        connection: &mut PgConnection,
        change: Change,
        space: Option<Space>,
    ) -> sqlx::Result<()> {
        match change {
            Change::Add { fact, replaced } => {
                let id = Uuid::now_v7();
                let words = self.app.keys.seal_in(Place::Memory, id, &fact.text);
                let memory = self.memory(id, &words);
                store::add_fact(connection, &memory, fact.kind.as_str(), &replaced).await?;
                if let Some((space, vector)) = space.zip(fact.vector) {
                    store::save_vector(connection, id, &words, space, &vector).await?;
                }
                Ok(())
            }
            Change::Confirm(id) => store::confirm(connection, id, self.conversation).await,
            Change::Retire(id) => store::retire(connection, &[id], None).await,
        }
    }

    fn memory<'b>(&'b self, id: Uuid, words: &'b crate::content::SealedWords) -> NewMemory<'b> {
        NewMemory {
            id,
            user: self.origin.user,
            conversation: self.conversation,
            words,
            text_model: self.app.models.text.model(),
        }
    }
}

/// Gives every memory its vector of the present embedding model, and forgets those of former models once all is done. Until then the
/// former model's vectors answer.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct EmbedMemories {}

impl Job for EmbedMemories {
    const NAME: &'static str = "embed_memories";
    const EVERY: Option<&'static str> = Some("7 * * * *");

    async fn run(self, app: AppState) -> Result<(), JobError> {
        let embedder = app.models.embedder.as_ref();
        let space = match Space::of(&app.pool, embedder).await {
            Ok(space) => space,
            // Nobody wants vectors here.
            Err(SpaceError::Model(ModelError::NotConfigured(_))) => return Ok(()),
            Err(SpaceError::Model(error)) => return Err(error.into()),
            Err(SpaceError::Database(error)) => return Err(error.into()),
        };
        let mut after = Uuid::nil();
        loop {
            let memories = store::without_vector(&app.pool, space, after, BATCH).await?;
            let Some(last) = memories.last() else { break };
            after = last.id;
            let (readable, texts): (Vec<_>, Vec<_>) = memories
                .iter()
                .filter_map(|memory| {
                    let text = app
                        .keys
                        .open_in(Place::Memory, memory.id, &memory.words)
                        .ok()?;
                    Some((memory, text))
                })
                .unzip();
            let vectors = embedder.embed(texts).await?;
            let mut transaction = app.pool.begin().await?;
            for (memory, vector) in readable.iter().zip(&vectors) {
                store::save_vector(&mut transaction, memory.id, &memory.words, space, vector)
                    .await?;
            }
            transaction.commit().await?;
            // Learners who talk come first.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        space.ensure_index(&app.pool, store::VECTORS).await?;
        store::drop_superseded_vectors(&app.pool, space).await?;
        space.drop_other_indexes(&app.pool, store::VECTORS).await?;
        Ok(())
    }
}
