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
            Kind::Conversations | Kind::Turns => self.conversations,
            Kind::Usage => self.usage,
            Kind::Account | Kind::SignIns | Kind::Sessions => None,
        }
    }

    pub(super) fn read(reader: &Reader<'_>) -> Self {
        Self {
            conversations: days(reader, "AVAAZ_RETENTION_CONVERSATIONS_DAYS", 0),
            usage: days(reader, "AVAAZ_RETENTION_USAGE_DAYS", 0),
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
