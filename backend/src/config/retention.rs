use super::env::Reader;
use super::{ConfigError, Env};
use crate::my_data::Kind;

/// Caps on a day's talk are reckoned from what happened since midnight, somewhere on earth.
const SHORTEST_DAYS: u32 = 2;
const LONGEST_DAYS: u32 = 36_500;

/// How many days what learners leave behind is kept; none is until they erase it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RetentionConfig {
    /// `AVAAZ_RETENTION_CONVERSATIONS_DAYS`: after their end, with their turns and their summaries.
    pub conversations: Option<u32>,
    /// `AVAAZ_RETENTION_USAGE_DAYS`: what the providers' accounts say.
    pub usage: Option<u32>,
    /// `AVAAZ_RETENTION_MEMORIES_DAYS`: facts, after a conversation last bore them out.
    pub memories: Option<u32>,
    /// `AVAAZ_RETENTION_RETIRED_MEMORIES_DAYS`: facts that are told to nobody any more, because something else is true by now.
    pub retired_memories: Option<u32>,
    /// `AVAAZ_RETENTION_DOCUMENTS_DAYS`: after they were uploaded, with their passages; the files go within the hour after.
    pub documents: Option<u32>,
    /// `AVAAZ_RETENTION_DRY_RUN`: the daily job only says what it would erase.
    pub is_dry_run: bool,
}

impl RetentionConfig {
    /// Reads this section alone, for commands that need no more.
    ///
    /// # Errors
    /// When a number of days is none.
    pub fn read_alone(env: &Env) -> Result<Self, ConfigError> {
        let reader = env.reader();
        let section = Self::read(&reader);
        reader.finish(section)
    }

    /// Returns after how many days a kind of data is erased.
    #[must_use]
    pub fn days_of(&self, kind: Kind) -> Option<u32> {
        match kind {
            Kind::Conversations | Kind::Turns | Kind::Summaries => self.conversations,
            Kind::Usage => self.usage,
            Kind::Memories => self.memories,
            Kind::RetiredMemories => self.retired_memories,
            Kind::Documents | Kind::Passages => self.documents,
            Kind::Account | Kind::SignIns | Kind::Sessions => None,
        }
    }

    pub(super) fn read(reader: &Reader<'_>) -> Self {
        Self {
            conversations: days(reader, "AVAAZ_RETENTION_CONVERSATIONS_DAYS", 0),
            usage: days(reader, "AVAAZ_RETENTION_USAGE_DAYS", 0),
            memories: days(reader, "AVAAZ_RETENTION_MEMORIES_DAYS", 0),
            retired_memories: days(reader, "AVAAZ_RETENTION_RETIRED_MEMORIES_DAYS", 30),
            documents: days(reader, "AVAAZ_RETENTION_DOCUMENTS_DAYS", 0),
            is_dry_run: reader.flag("AVAAZ_RETENTION_DRY_RUN", false),
        }
    }
}

/// 0 is for ever, as with the other limits.
fn days(reader: &Reader<'_>, name: &str, default: u32) -> Option<u32> {
    let days: u32 = reader.parsed(name, default);
    if days == 0 {
        return None;
    }
    if !(SHORTEST_DAYS..=LONGEST_DAYS).contains(&days) {
        reader.refuse(format!(
            "{name} is {days}; it must be from {SHORTEST_DAYS} to {LONGEST_DAYS} days, or 0 to keep things until they are erased."
        ));
    }
    Some(days)
}
