use std::num::NonZeroU32;

use super::env::Reader;

/// How often something may be asked for; none is as often as one likes.
pub type RatePerMinute = Option<NonZeroU32>;

/// How much one address, account or learner may ask for in a minute. 0 turns a limit off.
#[derive(Debug, Clone)]
pub struct LimitsConfig {
    /// `AVAAZ_LOGINS_PER_ADDRESS`
    pub logins_per_address: RatePerMinute,
    /// `AVAAZ_LOGINS_PER_ACCOUNT`
    pub logins_per_account: RatePerMinute,
    /// `AVAAZ_REGISTRATIONS_PER_ADDRESS`
    pub registrations_per_address: RatePerMinute,
    /// `AVAAZ_REGISTRATIONS_PER_ACCOUNT`
    pub registrations_per_account: RatePerMinute,
    /// `AVAAZ_TOKENS_PER_LEARNER`
    pub tokens_per_learner: RatePerMinute,
    /// `AVAAZ_EXPORTS_PER_LEARNER`
    pub exports_per_learner: RatePerMinute,
    /// `AVAAZ_UPLOADS_PER_LEARNER`
    pub uploads_per_learner: RatePerMinute,
    /// `AVAAZ_SEARCHES_PER_LEARNER`
    pub searches_per_learner: RatePerMinute,
    /// `AVAAZ_VOICE_SAMPLES_PER_LEARNER`
    pub voice_samples_per_learner: RatePerMinute,
}

impl LimitsConfig {
    pub(super) fn read(reader: &Reader<'_>) -> Self {
        let rate = |name, default| NonZeroU32::new(reader.parsed(name, default));
        Self {
            logins_per_address: rate("AVAAZ_LOGINS_PER_ADDRESS", 60),
            logins_per_account: rate("AVAAZ_LOGINS_PER_ACCOUNT", 20),
            registrations_per_address: rate("AVAAZ_REGISTRATIONS_PER_ADDRESS", 30),
            registrations_per_account: rate("AVAAZ_REGISTRATIONS_PER_ACCOUNT", 10),
            tokens_per_learner: rate("AVAAZ_TOKENS_PER_LEARNER", 60),
            exports_per_learner: rate("AVAAZ_EXPORTS_PER_LEARNER", 6),
            uploads_per_learner: rate("AVAAZ_UPLOADS_PER_LEARNER", 60),
            searches_per_learner: rate("AVAAZ_SEARCHES_PER_LEARNER", 60),
            voice_samples_per_learner: rate("AVAAZ_VOICE_SAMPLES_PER_LEARNER", 30),
        }
    }
}
