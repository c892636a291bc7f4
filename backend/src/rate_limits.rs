//! How often an address, an account or a learner may ask. Kept in memory, per process.

use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use uuid::Uuid;

use crate::auth::EmailAddress;
use crate::config::{LimitsConfig, RatePerMinute};
use crate::error::ApiError;

/// All the limits.
#[derive(Debug)]
pub struct RateLimits {
    logins_per_address: Limit<IpAddr>,
    logins_per_account: Limit<String>,
    registrations_per_address: Limit<IpAddr>,
    registrations_per_account: Limit<String>,
    tokens_per_learner: Limit<Uuid>,
    exports_per_learner: Limit<Uuid>,
    uploads_per_learner: Limit<Uuid>,
    document_searches_per_learner: Limit<Uuid>,
    turn_searches_per_learner: Limit<Uuid>,
    voice_samples_per_learner: Limit<Uuid>,
}

impl RateLimits {
    /// Sets the limits up.
    #[must_use]
    pub fn new(config: &LimitsConfig) -> Self {
        Self {
            logins_per_address: Limit::new(config.logins_per_address),
            logins_per_account: Limit::new(config.logins_per_account),
            registrations_per_address: Limit::new(config.registrations_per_address),
            registrations_per_account: Limit::new(config.registrations_per_account),
            tokens_per_learner: Limit::new(config.tokens_per_learner),
            exports_per_learner: Limit::new(config.exports_per_learner),
            uploads_per_learner: Limit::new(config.uploads_per_learner),
            document_searches_per_learner: Limit::new(config.searches_per_learner),
            turn_searches_per_learner: Limit::new(config.searches_per_learner),
            voice_samples_per_learner: Limit::new(config.voice_samples_per_learner),
        }
    }

    /// Counts an attempt to sign in (or to prove a password).
    ///
    /// # Errors
    /// `rate_limited`.
    pub fn login(&self, address: IpAddr, account: &EmailAddress) -> Result<(), ApiError> {
        self.logins_per_address.count(network(address))?;
        self.logins_per_account.count(account.as_str().to_owned())
    }

    /// Counts an attempt to register.
    ///
    /// # Errors
    /// `rate_limited`.
    pub fn registration(&self, address: IpAddr, account: &EmailAddress) -> Result<(), ApiError> {
        self.registrations_per_address.count(network(address))?;
        self.registrations_per_account
            .count(account.as_str().to_owned())
    }

    /// Counts a LiveKit token.
    ///
    /// # Errors
    /// `rate_limited`.
    pub fn token(&self, learner: Uuid) -> Result<(), ApiError> {
        self.tokens_per_learner.count(learner)
    }

    /// Counts an export of everything that is kept of a learner.
    ///
    /// # Errors
    /// `rate_limited`.
    pub fn export(&self, learner: Uuid) -> Result<(), ApiError> {
        self.exports_per_learner.count(learner)
    }

    /// Counts an upload.
    ///
    /// # Errors
    /// `rate_limited`.
    pub fn upload(&self, learner: Uuid) -> Result<(), ApiError> {
        self.uploads_per_learner.count(learner)
    }

    /// Counts a search in documents.
    ///
    /// # Errors
    /// `rate_limited`.
    pub fn document_search(&self, learner: Uuid) -> Result<(), ApiError> {
        self.document_searches_per_learner.count(learner)
    }

    /// Counts a search in turns.
    ///
    /// # Errors
    /// `rate_limited`.
    pub fn turn_search(&self, learner: Uuid) -> Result<(), ApiError> {
        self.turn_searches_per_learner.count(learner)
    }

    /// Counts a sample of a voice.
    ///
    /// # Errors
    /// `rate_limited`.
    pub fn voice_sample(&self, learner: Uuid) -> Result<(), ApiError> {
        self.voice_samples_per_learner.count(learner)
    }

    /// Forgets whoever has been quiet: what is remembered stays bounded by what a minute can bring.
    pub fn forget_the_quiet(&self) {
        self.logins_per_address.forget();
        self.logins_per_account.forget();
        self.registrations_per_address.forget();
        self.registrations_per_account.forget();
        self.tokens_per_learner.forget();
        self.exports_per_learner.forget();
        self.uploads_per_learner.forget();
        self.document_searches_per_learner.forget();
        self.turn_searches_per_learner.forget();
        self.voice_samples_per_learner.forget();
    }
}

/// One household has a whole IPv6 network: its first 64 bits count.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) & !u128::from(u64::MAX)).into()),
    }
}

struct Limit<K: Hash + Eq + Clone>(Option<DefaultKeyedRateLimiter<K>>);

impl<K: Hash + Eq + Clone> Limit<K> {
    fn new(rate: RatePerMinute) -> Self {
        Self(rate.map(|rate: NonZeroU32| RateLimiter::keyed(Quota::per_minute(rate))))
    }

    fn count(&self, key: K) -> Result<(), ApiError> {
        let Some(limiter) = &self.0 else {
            return Ok(());
        };
        limiter.check_key(&key).map_err(|refused| {
            let wait: Duration = refused.wait_time_from(DefaultClock::default().now());
            ApiError::rate_limited(wait)
        })
    }

    fn forget(&self) {
        if let Some(limiter) = &self.0 {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }
}

impl<K: Hash + Eq + Clone> std::fmt::Debug for Limit<K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_some() { "Limit" } else { "NoLimit" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_household_count_as_one() {
        let a: IpAddr = "2001:db8:1:2:aaaa::1".parse().unwrap();
        let b: IpAddr = "2001:db8:1:2:bbbb::9".parse().unwrap();
        let other: IpAddr = "2001:db8:1:3::1".parse().unwrap();
        assert_eq!(network(a), network(b));
        assert_ne!(network(a), network(other));
    }

    #[test]
    fn a_limit_counts_each_key_alone_and_says_how_long_to_wait() {
        let limit = Limit::new(NonZeroU32::new(2));
        for _ in 0..2 {
            limit.count("ada").unwrap();
        }
        assert_eq!(limit.count("ada").unwrap_err().code(), "rate_limited");
        limit.count("bob").unwrap();
    }
}
