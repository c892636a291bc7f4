//! Everything that is kept of a learner: read, exported as one ZIP, erased, and erased by itself once it is old.
//!
//! Each kind of data is a [`Domain`] in a file of its own. Whoever adds a table of learners' data names it in one of them; a test
//! counts every table that there is.

mod account;
mod answers;
mod archive;
mod conversations;
pub mod daily;
mod documents;
mod erase;
mod export;
mod handlers;
mod memories;
pub mod retention;
mod sessions;
mod usage;

use std::fmt;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::Serialize;
use sqlx::PgConnection;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::app::AppState;
use archive::{Archive, ExportError};

/// What is kept of a learner, kind by kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The account itself.
    Account,
    /// Sign-ins that are good, or were until lately.
    SignIns,
    /// The settings of the thread with the tutor.
    Sessions,
    /// Live sittings.
    Conversations,
    /// What was said in them.
    Turns,
    /// What the providers' accounts say.
    Usage,
    /// What conversations were about.
    Summaries,
    /// What the tutor knows of the learner.
    Memories,
    /// What it knew, and tells nobody any more.
    RetiredMemories,
    /// What the learner uploaded.
    Documents,
    /// The pieces of it that are searched.
    Passages,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Account => "account",
            Self::SignIns => "sign-ins",
            Self::Sessions => "sessions",
            Self::Conversations => "conversations",
            Self::Turns => "turns",
            Self::Usage => "usage",
            Self::Summaries => "summaries",
            Self::Memories => "memories",
            Self::RetiredMemories => "retired memories",
            Self::Documents => "documents",
            Self::Passages => "passages",
        })
    }
}

/// How much is kept of one kind.
#[derive(Debug, Clone, Copy)]
struct Kept {
    kind: Kind,
    count: i64,
    /// Only of what is stored as files.
    bytes: Option<i64>,
    oldest_at: Option<DateTime<Utc>>,
}

/// Whose data it is.
#[derive(Debug, Clone, Copy)]
struct Owner {
    id: Uuid,
    /// Where they live, for times that people read.
    zone: Tz,
}

impl Owner {
    fn local(self, at: DateTime<Utc>) -> DateTime<Tz> {
        at.with_timezone(&self.zone)
    }
}

/// One kind of data, or a few that belong together.
#[async_trait]
trait Domain: Sync {
    /// Names the tables that hold it.
    fn tables(&self) -> &'static [&'static str];

    /// Counts what is kept.
    async fn kept(&self, app: &AppState, learner: Uuid) -> sqlx::Result<Vec<Kept>>;

    /// Writes all of it, as JSON and as a text that people can read.
    async fn export(
        &self,
        app: &AppState,
        owner: Owner,
        archive: &mut Archive,
    ) -> Result<(), ExportError>;

    /// Erases rows that do not go by themselves with the account's row.
    async fn erase_rows(&self, _: &mut PgConnection, _: Uuid) -> sqlx::Result<()> {
        Ok(())
    }

    /// Erases what is not in the database, once the rows are gone.
    async fn erase_files(&self, _: &AppState, _: Uuid) -> std::io::Result<()> {
        Ok(())
    }
}

/// All there is, in the order of the export.
const DOMAINS: &[&dyn Domain] = &[
    &account::Account,
    &sessions::Sessions,
    &conversations::Conversations,
    &usage::Usage,
    &memories::Memories,
    &documents::Documents,
];

/// Returns the tables that hold what is kept of learners.
#[must_use]
pub fn tables() -> Vec<&'static str> {
    let tables = DOMAINS.iter().flat_map(|domain| domain.tables());
    tables.copied().collect()
}

/// Returns `/api/v1/my-data` and what is under it.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(handlers::show))
        .routes(routes!(handlers::export))
        .routes(routes!(handlers::erase))
}
