//! Passwords at rest: argon2id, off the async threads, a few at once.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use tokio::sync::Semaphore;
use tokio::task::{JoinError, spawn_blocking};

use super::domain::Password;

/// A hash of nothing, at the same cost as a real one: whoever has no account waits as long as whoever has one.
const NOBODYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGtub3dzIHRoaXM$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Hashes and verifies passwords.
#[derive(Debug)]
pub struct PasswordHasher {
    slots: Semaphore,
}

/// Why no hash could be made.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// The algorithm refused.
    #[error("a password cannot be hashed: {0}")]
    Algorithm(#[from] argon2::password_hash::Error),
    /// The thread ended.
    #[error("a password's hashing was cut off: {0}")]
    Thread(#[from] JoinError),
}

impl PasswordHasher {
    /// Hashes at most so many at once; each takes 19 MiB and a core.
    #[must_use]
    pub fn new(at_once: usize) -> Self {
        Self {
            slots: Semaphore::new(at_once.max(1)),
        }
    }

    /// Returns a password's hash, with a salt of its own.
    ///
    /// # Errors
    /// [`HashError`].
    pub async fn hash(&self, password: Password) -> Result<String, HashError> {
        let _slot = self.slots.acquire().await;
        let hash = spawn_blocking(move || Argon2::default().hash_password(password.expose_bytes()))
            .await??;
        Ok(hash.to_string())
    }

    /// Returns whether a password is the one that was hashed. Without a hash the answer is no, after the same time.
    ///
    /// # Errors
    /// [`HashError`].
    pub async fn verify(
        &self,
        password: Password,
        hash: Option<String>,
    ) -> Result<bool, HashError> {
        let _slot = self.slots.acquire().await;
        let verified = spawn_blocking(move || {
            let expected = PasswordHash::new(hash.as_deref().unwrap_or(NOBODYS))?;
            let fits = Argon2::default()
                .verify_password(password.expose_bytes(), &expected)
                .is_ok();
            Ok::<_, argon2::password_hash::Error>(fits && hash.is_some())
        });
        Ok(verified.await??)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Password {
        Password::parse_offered(text.to_owned().into()).unwrap()
    }

    #[tokio::test]
    async fn a_hash_knows_its_password_and_no_other() {
        let hasher = PasswordHasher::new(1);
        let hash = hasher.hash(password("correct horse")).await.unwrap();
        assert!(
            hasher
                .verify(password("correct horse"), Some(hash.clone()))
                .await
                .unwrap()
        );
        assert!(
            !hasher
                .verify(password("correct horsf"), Some(hash))
                .await
                .unwrap()
        );
        assert!(
            !hasher
                .verify(password("correct horse"), None)
                .await
                .unwrap()
        );
    }

    #[tokio::test]
    async fn the_hash_that_stands_in_for_nobodys_costs_what_a_real_one_does() {
        let real = PasswordHasher::new(1)
            .hash(password("correct horse"))
            .await
            .unwrap();
        let (real, nobodys) = (
            PasswordHash::new(&real).unwrap(),
            PasswordHash::new(NOBODYS).unwrap(),
        );
        assert_eq!(real.params, nobodys.params);
        assert_eq!(real.algorithm, nobodys.algorithm);
        assert_eq!(real.hash.unwrap().len(), nobodys.hash.unwrap().len());
    }
}
