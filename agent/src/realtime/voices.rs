//! The voices of a provider.

/// Which voices a provider has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Voices {
    /// Their names at the provider.
    pub names: Vec<String>,
    /// The one that speaks when none is asked for, where that is known.
    pub default: Option<String>,
    /// Whether there may be others that we do not know of.
    pub takes_others: bool,
}

impl Voices {
    /// Returns whether the provider would speak with this voice, as far as we know.
    #[must_use]
    pub fn take(&self, name: &str) -> bool {
        self.takes_others || self.names.iter().any(|known| known == name)
    }
}

/// Finds a voice among the known ones, however its name is written.
pub(super) fn find(known: &[&'static str], wanted: &str) -> Option<&'static str> {
    known
        .iter()
        .copied()
        .find(|voice| voice.eq_ignore_ascii_case(wanted))
}
