//! Words at rest (of turns and memories, and the keys of learners' documents): encrypted before they reach Postgres, bound to
//! their row, with the key's id beside them.
//!
//! The first key of the key file writes; every key in it reads. A process reads the file again while it serves, so that
//! keys can be rotated under it: `avaaz rotate-keys` (see [`rotation`]).

pub mod key_file;
mod readers;
pub mod rotation;

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use chacha20poly1305::aead::{Aead as _, AeadCore as _, KeyInit as _, OsRng, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use sqlx::PgPool;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use key_file::KeyFile;
pub use key_file::LoadKeysError;

const NONCE_BYTES: usize = 24;
/// How often a process looks whether the key file has changed.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// How long it may take to tell the database which keys are held; it is told again with the next look.
const TELL_WITHIN: Duration = Duration::from_secs(2);

/// Whose words they are, so that a text can never be moved to another column that uses the same keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// `turns.words_ciphertext`
    Turn,
    /// `memories.words_ciphertext`
    Memory,
    /// `material_keys.words_ciphertext`
    MaterialKey,
}

impl Place {
    /// All of them: a rotation of the keys goes through each.
    const ALL: [Self; 3] = [Self::Turn, Self::Memory, Self::MaterialKey];

    fn name(self) -> &'static [u8] {
        match self {
            Self::Turn => b"avaaz/turn/words/1/",
            Self::Memory => b"avaaz/memory/words/1/",
            Self::MaterialKey => b"avaaz/material/key/1/",
        }
    }

    /// The table, in which the columns of words are called alike everywhere.
    fn table(self) -> &'static str {
        match self {
            Self::Turn => "turns",
            Self::Memory => "memories",
            Self::MaterialKey => "material_keys",
        }
    }

    /// The column that names the row whose words they are.
    fn row(self) -> &'static str {
        match self {
            Self::Turn | Self::Memory => "id",
            Self::MaterialKey => "user_id",
        }
    }
}

/// The keys that read and write words at rest.
pub struct ContentKeys {
    ring: RwLock<Arc<Ring>>,
    /// Where they were read from; none for those of tests.
    path: Option<PathBuf>,
    opened: AtomicU64,
}

/// The keys of one reading of the file.
struct Ring {
    /// In the order of the file: the first one writes.
    ids: Vec<String>,
    ciphers: HashMap<String, XChaCha20Poly1305>,
}

/// Encrypted words as a row holds them.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedWords {
    /// The words and their authentication tag.
    pub ciphertext: Vec<u8>,
    /// Drawn at random for every text.
    pub nonce: Vec<u8>,
    /// Which key of the file wrote it.
    pub key_id: String,
}

/// Why stored words cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenWordsError {
    /// The key is not in the file (any more).
    #[error("the content key {0:?} is not in the key file")]
    UnknownKey(String),
    /// The text was changed, or belongs to another row.
    #[error("the words do not belong to this row or are damaged")]
    Damaged,
}

impl ContentKeys {
    /// Reads the key file.
    ///
    /// # Errors
    /// [`LoadKeysError`] when it is missing, open to others, empty, or malformed.
    pub fn load(path: &Path) -> Result<Self, LoadKeysError> {
        let ring = Ring::read(path)?;
        Ok(Self {
            ring: RwLock::new(Arc::new(ring)),
            path: Some(path.to_owned()),
            opened: AtomicU64::new(0),
        })
    }

    /// Writes a new key file with one random key, for whoever has none yet. Never overwrites.
    ///
    /// # Errors
    /// [`LoadKeysError::Io`] when the file exists or cannot be written.
    pub fn generate_file(path: &Path) -> Result<(), LoadKeysError> {
        key_file::generate(path)
    }

    /// Returns keys that exist only in this process: for tests.
    #[must_use]
    pub fn ephemeral() -> Self {
        let key = XChaCha20Poly1305::generate_key(&mut OsRng);
        let ring = Ring {
            ids: vec!["ephemeral".into()],
            ciphers: HashMap::from([("ephemeral".into(), XChaCha20Poly1305::new(&key))]),
        };
        Self {
            ring: RwLock::new(Arc::new(ring)),
            path: None,
            opened: AtomicU64::new(0),
        }
    }

    /// Reads the key file again. Returns whether its keys are others now, or stand in another order. What cannot be used
    /// changes nothing: the keys of before still count.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn read_again(&self) -> Result<bool, LoadKeysError> {
        let Some(path) = &self.path else {
            return Ok(false);
        };
        let ring = Ring::read(path)?;
        if ring.ids == self.ring().ids {
            return Ok(false);
        }
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(ring);
        Ok(true)
    }

    /// Reads the key file again and again until it is told to stop, and says in the database which keys are held: a rotation
    /// waits for that.
    pub async fn follow(self: Arc<Self>, pool: PgPool, stop: CancellationToken) {
        let process = Uuid::now_v7();
        let mut ticks = interval(LOOK_AGAIN);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut told = None;
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                _ = ticks.tick() => {}
            }
            let keys = Arc::clone(&self);
            let read = tokio::task::spawn_blocking(move || keys.read_again()).await;
            let Ok(read) = read else { continue };
            match read {
                Ok(changed) => {
                    told = None;
                    if changed {
                        tracing::info!(current = %self.current(), "the content keys were read again");
                    }
                }
                Err(error) => {
                    let error = error.to_string();
                    if told.as_ref() != Some(&error) {
                        tracing::error!(error, "the content keys of before are used on");
                        told = Some(error);
                    }
                }
            }
            let telling = timeout(TELL_WITHIN, readers::report(&pool, process, &self.ids())).await;
            if !matches!(telling, Ok(Ok(()))) {
                tracing::debug!(
                    "a rotation of the content keys could not be told which ones are held"
                );
            }
        }
        // Otherwise it counts for a while as one that lives.
        let _ = timeout(TELL_WITHIN, readers::leave(&pool, process)).await;
    }

    /// Returns the ids of all keys; the first one writes.
    #[must_use]
    pub fn ids(&self) -> Vec<String> {
        self.ring().ids.clone()
    }

    /// Returns the id of the key that writes.
    #[must_use]
    pub fn current(&self) -> String {
        self.ring().current().to_owned()
    }

    /// Returns how many texts were decrypted so far.
    #[must_use]
    pub fn opened(&self) -> u64 {
        self.opened.load(Ordering::Relaxed)
    }

    /// Encrypts the words of a turn with the current key.
    #[must_use]
    pub fn seal(&self, turn: Uuid, words: &str) -> SealedWords {
        self.seal_in(Place::Turn, turn, words)
    }

    /// Encrypts the words of a row with the current key.
    #[must_use]
    pub fn seal_in(&self, place: Place, row: Uuid, words: &str) -> SealedWords {
        let nonce = XChaCha20Poly1305::generate_nonce(&mut OsRng);
        let aad = associated_data(place, row);
        let ring = self.ring();
        let ciphertext = ring.ciphers[ring.current()]
            .encrypt(
                &nonce,
                Payload {
                    msg: words.as_bytes(),
                    aad: &aad,
                },
            )
            .expect("a text in memory is far below the cipher's limit of 256 GB");
        SealedWords {
            ciphertext,
            nonce: nonce.to_vec(),
            key_id: ring.current().to_owned(),
        }
    }

    /// Decrypts the words of a turn.
    ///
    /// # Errors
    /// [`OpenWordsError`]; only this turn is affected.
    pub fn open(&self, turn: Uuid, sealed: &SealedWords) -> Result<String, OpenWordsError> {
        self.open_in(Place::Turn, turn, sealed)
    }

    /// Decrypts the words of a row.
    ///
    /// # Errors
    /// [`OpenWordsError`]; only this row is affected.
    pub fn open_in(
        &self,
        place: Place,
        row: Uuid,
        sealed: &SealedWords,
    ) -> Result<String, OpenWordsError> {
        self.opened.fetch_add(1, Ordering::Relaxed);
        let ring = self.ring();
        let cipher = ring
            .ciphers
            .get(&sealed.key_id)
            .ok_or_else(|| OpenWordsError::UnknownKey(sealed.key_id.clone()))?;
        if sealed.nonce.len() != NONCE_BYTES {
            return Err(OpenWordsError::Damaged);
        }
        let aad = associated_data(place, row);
        let words = cipher
            .decrypt(
                XNonce::from_slice(&sealed.nonce),
                Payload {
                    msg: &sealed.ciphertext,
                    aad: &aad,
                },
            )
            .map_err(|_| OpenWordsError::Damaged)?;
        String::from_utf8(words).map_err(|_| OpenWordsError::Damaged)
    }

    #[cfg(test)]
    fn of(file: &KeyFile) -> Result<Self, String> {
        Ok(Self {
            ring: RwLock::new(Arc::new(Ring::of(file)?)),
            path: None,
            opened: AtomicU64::new(0),
        })
    }

    fn ring(&self) -> Arc<Ring> {
        Arc::clone(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Ring {
    fn read(path: &Path) -> Result<Self, LoadKeysError> {
        let file = KeyFile::read(path)?;
        Self::of(&file).map_err(|detail| key_file::invalid(path, &detail))
    }

    fn of(file: &KeyFile) -> Result<Self, String> {
        if file.keys.is_empty() {
            return Err("it holds no key".to_owned());
        }
        let mut ring = Self {
            ids: Vec::new(),
            ciphers: HashMap::new(),
        };
        for entry in &file.keys {
            let cipher = entry.cipher()?;
            if ring.ciphers.insert(entry.id.clone(), cipher).is_some() {
                return Err(format!("the id {:?} is there twice", entry.id));
            }
            ring.ids.push(entry.id.clone());
        }
        Ok(ring)
    }

    /// The id of the key that writes: a ring is never empty.
    fn current(&self) -> &str {
        &self.ids[0]
    }
}

impl fmt::Debug for ContentKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContentKeys")
            .field("current", &self.current())
            .finish_non_exhaustive()
    }
}

impl SealedWords {
    /// Returns what a row holds whose words may be missing.
    #[must_use]
    pub fn of_columns(
        ciphertext: Option<Vec<u8>>,
        nonce: Option<Vec<u8>>,
        key_id: Option<String>,
    ) -> Option<Self> {
        Some(Self {
            ciphertext: ciphertext?,
            nonce: nonce?,
            key_id: key_id?,
        })
    }
}

impl fmt::Debug for SealedWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedWords")
            .field("key_id", &self.key_id)
            .finish_non_exhaustive()
    }
}

fn associated_data(place: Place, row: Uuid) -> Vec<u8> {
    [place.name(), row.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::content::key_file::KeyEntry;

    fn keys(entries: &[(&str, u8)]) -> Result<ContentKeys, String> {
        let keys = entries
            .iter()
            .map(|(id, byte)| KeyEntry::of(id, &[*byte; 32]));
        ContentKeys::of(&KeyFile {
            keys: keys.collect(),
        })
    }

    #[test]
    fn words_come_back_and_are_not_readable_in_between() {
        let keys = ContentKeys::ephemeral();
        let turn = Uuid::now_v7();
        let sealed = keys.seal(turn, "bom dia, Ada");
        assert!(
            !sealed
                .ciphertext
                .windows(3)
                .any(|part| part == b"bom" || part == b"Ada")
        );
        assert_eq!(keys.open(turn, &sealed).unwrap(), "bom dia, Ada");
    }

    #[test]
    fn the_same_words_never_look_the_same() {
        let keys = ContentKeys::ephemeral();
        let turn = Uuid::now_v7();
        assert_ne!(
            keys.seal(turn, "yes").ciphertext,
            keys.seal(turn, "yes").ciphertext
        );
    }

    #[test]
    fn words_moved_to_another_turn_are_refused() {
        let keys = ContentKeys::ephemeral();
        let sealed = keys.seal(Uuid::now_v7(), "mine");
        assert_eq!(
            keys.open(Uuid::now_v7(), &sealed),
            Err(OpenWordsError::Damaged)
        );
    }

    #[test]
    fn words_moved_to_another_column_are_refused() {
        let keys = ContentKeys::ephemeral();
        let row = Uuid::now_v7();
        let sealed = keys.seal_in(Place::Memory, row, "mine");
        assert_eq!(keys.open_in(Place::Memory, row, &sealed).unwrap(), "mine");
        assert_eq!(keys.open(row, &sealed), Err(OpenWordsError::Damaged));
    }

    #[test]
    fn changed_words_are_refused() {
        let keys = ContentKeys::ephemeral();
        let turn = Uuid::now_v7();
        let mut sealed = keys.seal(turn, "mine");
        sealed.ciphertext[0] ^= 1;
        assert_eq!(keys.open(turn, &sealed), Err(OpenWordsError::Damaged));
        sealed.nonce.clear();
        assert_eq!(keys.open(turn, &sealed), Err(OpenWordsError::Damaged));
    }

    #[test]
    fn after_a_rotation_old_words_are_read_and_new_ones_use_the_new_key() {
        let turn = Uuid::now_v7();
        let before = keys(&[("old", 1)]).unwrap();
        let sealed = before.seal(turn, "from before");
        let after = keys(&[("new", 2), ("old", 1)]).unwrap();
        assert_eq!(after.open(turn, &sealed).unwrap(), "from before");
        assert_eq!(after.seal(turn, "from now on").key_id, "new");
        let forgotten = keys(&[("new", 2)]).unwrap();
        assert_eq!(
            forgotten.open(turn, &sealed),
            Err(OpenWordsError::UnknownKey("old".into()))
        );
    }

    #[test]
    fn a_generated_file_is_private_is_read_again_and_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("content-keys.json");
        ContentKeys::generate_file(&path).unwrap();
        assert_eq!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        let turn = Uuid::now_v7();
        let sealed = ContentKeys::load(&path).unwrap().seal(turn, "kept");
        assert_eq!(
            ContentKeys::load(&path)
                .unwrap()
                .open(turn, &sealed)
                .unwrap(),
            "kept"
        );
        assert!(matches!(
            ContentKeys::generate_file(&path),
            Err(LoadKeysError::Io { .. })
        ));
    }

    #[test]
    fn a_file_that_others_may_read_or_that_is_malformed_is_refused_without_quoting_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.json");
        ContentKeys::generate_file(&path).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(
            ContentKeys::load(&path)
                .unwrap_err()
                .to_string()
                .contains("chmod 600")
        );

        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        for text in [
            "",
            "{\"keys\": []}",
            "{\"keys\": [{\"id\": \"a\", \"key\": \"c2VjcmV0\"}]}",
            "c2VjcmV0",
        ] {
            std::fs::write(&path, text).unwrap();
            let error = ContentKeys::load(&path).unwrap_err().to_string();
            assert!(!error.contains("c2VjcmV0"), "{error}");
        }
    }

    #[test]
    fn two_keys_with_one_id_are_refused() {
        assert!(keys(&[("a", 1), ("a", 2)]).is_err());
    }

    #[test]
    fn a_key_file_that_changes_is_followed_and_a_broken_one_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("content-keys.json");
        ContentKeys::generate_file(&path).unwrap();
        let keys = ContentKeys::load(&path).unwrap();
        let turn = Uuid::now_v7();
        let sealed = keys.seal(turn, "from before");
        assert!(!keys.read_again().unwrap());

        let new = key_file::add(&path).unwrap();
        assert!(keys.read_again().unwrap());
        assert_ne!(keys.current(), new, "added, and not used yet");
        key_file::put_first(&path, &new).unwrap();
        assert!(keys.read_again().unwrap());
        assert_eq!(keys.current(), new);
        assert_eq!(keys.open(turn, &sealed).unwrap(), "from before");

        std::fs::write(&path, "half a fi").unwrap();
        assert!(keys.read_again().is_err());
        assert_eq!(keys.current(), new);
        assert_eq!(keys.open(turn, &sealed).unwrap(), "from before");
    }
}
