//! What is kept, as the API shows it.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Kept, Kind};

/// Everything that is kept of a learner.
#[derive(Debug, Serialize, ToSchema)]
pub struct MyDataAnswer {
    /// One for each kind, also where nothing is kept.
    pub items: Vec<KeptAnswer>,
}

/// How much is kept of one kind, and for how long.
#[derive(Debug, Serialize, ToSchema)]
pub struct KeptAnswer {
    /// What it is.
    pub kind: Kind,
    /// How many.
    pub count: i64,
    /// How large they are together; null for what is not stored as files.
    #[schema(required)]
    pub bytes: Option<i64>,
    /// When the oldest of them was made; null when there is none.
    #[schema(required)]
    pub oldest_at: Option<DateTime<Utc>>,
    /// After how many days the server erases it by itself; null when the learner alone does.
    #[schema(required)]
    pub retention_days: Option<u32>,
}

/// A ZIP.
#[derive(Debug, ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "it only describes the answer")]
pub struct ExportFile(Vec<u8>);

impl KeptAnswer {
    pub(super) fn new(kept: Kept, retention_days: Option<u32>) -> Self {
        Self {
            kind: kept.kind,
            count: kept.count,
            bytes: kept.bytes,
            oldest_at: kept.oldest_at,
            retention_days,
        }
    }
}
