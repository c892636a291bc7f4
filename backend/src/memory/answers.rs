//! Memories as the API shows them.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::brief::{Recollection, estimated_tokens};
use super::domain::FactKind;
use super::store::{StoredMemory, StoredSummary};
use crate::content::{ContentKeys, Place};
use crate::sessions::domain::{Level, Mode, Settings};

/// One fact that the tutor remembers.
#[derive(Debug, Serialize, ToSchema)]
pub struct MemoryAnswer {
    /// Its id.
    pub id: Uuid,
    /// What it is about.
    pub kind: FactKind,
    /// The words; empty when they cannot be decrypted any more.
    pub text: String,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// When a conversation last bore it out.
    pub confirmed_at: DateTime<Utc>,
}

/// One page of what the tutor remembers.
#[derive(Debug, Serialize, ToSchema)]
pub struct MemoryPage {
    /// Newest first.
    pub items: Vec<MemoryAnswer>,
    /// Give it back as `cursor` for the next page; null on the last.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

/// The summary of a conversation.
#[derive(Debug, Serialize, ToSchema)]
pub struct SummaryAnswer {
    /// Of this conversation.
    pub conversation_id: Uuid,
    /// The words; empty when they cannot be decrypted any more.
    pub text: String,
    /// The last turn that is in it.
    pub up_to_seq: i32,
    /// The model that wrote it.
    pub model: String,
    /// When it was written.
    pub updated_at: DateTime<Utc>,
}

/// What the tutor would be told if a conversation began now.
#[derive(Debug, Serialize, ToSchema)]
pub struct BriefAnswer {
    /// The words, as the model gets them.
    pub instructions: String,
    /// About how many tokens they are.
    pub estimated_tokens: usize,
    /// What kind of sitting it would be.
    pub mode: Mode,
    /// The language that is learnt.
    pub target_language: String,
    /// The learner's own language.
    pub native_language: String,
    /// How far the learner is.
    #[schema(required)]
    pub level: Option<Level>,
    /// What the learner wants.
    #[schema(required)]
    pub goal: Option<String>,
    /// Summaries of earlier conversations, the newest first.
    pub summaries: Vec<BriefSummary>,
    /// Facts that are told.
    pub memories: Vec<BriefMemory>,
    /// Passages of the learner's materials.
    pub passages: Vec<String>,
}

/// A summary that is told.
#[derive(Debug, Serialize, ToSchema)]
pub struct BriefSummary {
    /// Of this conversation.
    pub conversation_id: Uuid,
    /// When that began.
    pub started_at: DateTime<Utc>,
    /// The words.
    pub text: String,
}

/// A fact that is told.
#[derive(Debug, Serialize, ToSchema)]
pub struct BriefMemory {
    /// Its id.
    pub id: Uuid,
    /// What it is about.
    pub kind: FactKind,
    /// The words.
    pub text: String,
}

impl MemoryAnswer {
    /// Returns the answer, with the words decrypted. A kind of a newer release is passed over.
    #[must_use]
    pub fn new(memory: StoredMemory, keys: &ContentKeys) -> Option<Self> {
        Some(Self {
            id: memory.id,
            kind: FactKind::from_word(&memory.kind)?,
            text: keys
                .open_in(Place::Memory, memory.id, &memory.words)
                .unwrap_or_default(),
            created_at: memory.created_at,
            confirmed_at: memory.confirmed_at,
        })
    }
}

impl SummaryAnswer {
    /// Returns the answer, with the words decrypted.
    #[must_use]
    pub fn new(summary: StoredSummary, keys: &ContentKeys) -> Self {
        Self {
            conversation_id: summary.conversation,
            text: keys
                .open_in(Place::Memory, summary.id, &summary.words)
                .unwrap_or_default(),
            up_to_seq: summary.up_to_seq,
            model: summary.text_model,
            updated_at: summary.updated_at,
        }
    }
}

impl BriefAnswer {
    /// Returns the answer.
    #[must_use]
    pub fn new(instructions: String, settings: Settings, recollection: Recollection) -> Self {
        let earlier = recollection
            .so_far
            .into_iter()
            .chain(recollection.summaries);
        Self {
            estimated_tokens: estimated_tokens(&instructions),
            instructions,
            mode: settings.mode,
            target_language: settings.target_language,
            native_language: settings.native_language,
            level: settings.level,
            goal: settings.goal,
            summaries: earlier
                .map(|summary| BriefSummary {
                    conversation_id: summary.conversation,
                    started_at: summary.started_at,
                    text: summary.text,
                })
                .collect(),
            memories: recollection
                .facts
                .into_iter()
                .map(|fact| BriefMemory {
                    id: fact.id,
                    kind: fact.kind,
                    text: fact.text,
                })
                .collect(),
            passages: (recollection.materials.passages.iter())
                .map(|passage| format!("{}: {}", passage.source, passage.text))
                .collect(),
        }
    }
}
