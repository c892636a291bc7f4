//! Passwords at rest: argon2id, off the async threads, a few at once.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use tokio::sync::Semaphore;
use tokio::task::{JoinError, spawn_blocking};

use super::domain::Password;

/// A hash of nothing, at the same cost as a real one: whoever has no account waits as long as whoever has one.
const NOBODYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGtub3dzIHRoaXM$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Hashes and verifies passwords.
#[derive(Debug)]
pub struct PasswordHasher {
    slots: Semaphore,
    memory: Arc<Memory>,
}

/// Why no hash could be made.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// The algorithm refused, or a stored hash is none.
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
            memory: Arc::default(),
        }
    }

    /// Returns a password's hash, with a salt of its own.
    ///
    /// # Errors
    /// [`HashError`].
    pub async fn hash(&self, password: Password) -> Result<String, HashError> {
        let _slot = self.slots.acquire().await;
        let memory = Arc::clone(&self.memory);
        Ok(spawn_blocking(move || memory.hash(&password)).await??)
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
        let memory = Arc::clone(&self.memory);
        let verified = spawn_blocking(move || {
            let fits = memory.fits(&password, hash.as_deref().unwrap_or(NOBODYS))?;
            Ok::<_, argon2::password_hash::Error>(fits && hash.is_some())
        });
        Ok(verified.await??)
    }
}

/// The memory that hashing works in, kept for the next hash: given back to the allocator, 19 MiB at a time would stay with the
/// process all the same, once for every thread that ever hashed. There are as many as hashes at once, at most.
#[derive(Default)]
struct Memory(Mutex<Vec<Vec<Block>>>);

impl Memory {
    fn hash(&self, password: &Password) -> argon2::password_hash::Result<String> {
        let params = Params::default();
        let salt = Salt::generate();
        let output = self.work(
            password,
            &salt,
            Params::DEFAULT_OUTPUT_LEN,
            Argon2::default(),
        )?;
        let hash = PasswordHash {
            algorithm: Algorithm::default().ident(),
            version: Some(Version::default().into()),
            params: ParamsString::try_from(&params)?,
            salt: Some(salt),
            hash: Some(output),
        };
        Ok(hash.to_string())
    }

    fn fits(&self, password: &Password, hash: &str) -> argon2::password_hash::Result<bool> {
        let expected = PasswordHash::new(hash)?;
        let (Some(salt), Some(output)) = (expected.salt, expected.hash) else {
            return Ok(false);
        };
        let algorithm = Algorithm::try_from(expected.algorithm.as_str())?;
        let version = expected.version.map(Version::try_from).transpose()?;
        let argon2 = Argon2::new(
            algorithm,
            version.unwrap_or_default(),
            Params::try_from(&expected)?,
        );
        // The comparison takes the same time wherever they differ.
        Ok(self.work(password, &salt, output.len(), argon2)? == output)
    }

    fn work(
        &self,
        password: &Password,
        salt: &Salt,
        output_len: usize,
        argon2: Argon2<'_>,
    ) -> argon2::password_hash::Result<Output> {
        let mut blocks = self.idle().pop().unwrap_or_default();
        let needed = argon2.params().block_count();
        if blocks.len() < needed {
            blocks.resize(needed, Block::default());
        }
        let mut output = [0; Output::MAX_LENGTH];
        let output = &mut output[..output_len];
        let done = argon2.hash_password_into_with_memory(
            password.expose_bytes(),
            salt,
            output,
            &mut blocks,
        );
        self.idle().push(blocks);
        done?;
        Ok(Output::new(output)?)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Vec<Block>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Memory {
    /// What stands in the blocks comes from passwords.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Memory({} idle)", self.idle().len())
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

    #[tokio::test]
    async fn hashes_one_after_another_work_in_the_same_memory() {
        let hasher = PasswordHasher::new(2);
        let hash = hasher.hash(password("correct horse")).await.unwrap();
        let first = hasher.memory.idle()[0].as_ptr();
        for _ in 0..3 {
            assert!(
                hasher
                    .verify(password("correct horse"), Some(hash.clone()))
                    .await
                    .unwrap()
            );
        }
        let idle = hasher.memory.idle();
        assert_eq!(idle.len(), 1);
        assert_eq!(idle[0].as_ptr(), first);
        assert_eq!(idle[0].len(), Params::default().block_count());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn many_hashes_at_once_take_no_more_memory_than_may_work_at_once() {
        let hasher = Arc::new(PasswordHasher::new(2));
        let hashing: Vec<_> = (0..6)
            .map(|_| {
                let hasher = Arc::clone(&hasher);
                tokio::spawn(async move { hasher.hash(password("correct horse")).await })
            })
            .collect();
        for hash in hashing {
            hash.await.unwrap().unwrap();
        }
        assert!((1..=2).contains(&hasher.memory.idle().len()));
    }

    #[tokio::test]
    async fn a_hash_is_one_that_the_algorithms_own_verifier_knows() {
        use argon2::password_hash::PasswordVerifier as _;
        let hash = PasswordHasher::new(1)
            .hash(password("correct horse"))
            .await
            .unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        let hash = PasswordHash::new(&hash).unwrap();
        assert!(
            Argon2::default()
                .verify_password(b"correct horse", &hash)
                .is_ok()
        );
    }
}
