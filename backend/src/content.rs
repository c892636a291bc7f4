//! Words at rest (of turns and of memories): encrypted before they reach Postgres, bound to their row, with the key's id beside
//! them.
//!
//! The key file is JSON, `{"keys": [{"id": "...", "key": "<32 bytes in base64>"}]}`, mode 0600. The first key writes; every
//! key in it reads. To rotate: put a new key first and restart; drop the old one when no row names it any more.

use std::collections::HashMap;
use std::fmt;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chacha20poly1305::aead::{Aead as _, AeadCore as _, KeyInit as _, OsRng, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

const NONCE_BYTES: usize = 24;
const KEY_BYTES: usize = 32;

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
    fn name(self) -> &'static [u8] {
        match self {
            Self::Turn => b"avaaz/turn/words/1/",
            Self::Memory => b"avaaz/memory/words/1/",
            Self::MaterialKey => b"avaaz/material/key/1/",
        }
    }
}

/// The keys that read and write words at rest.
pub struct ContentKeys {
    current: String,
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

/// Why a key file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LoadKeysError {
    /// The file cannot be read or written.
    #[error("the content key file {path} cannot be used: {cause}")]
    Io {
        /// Where it should be.
        path: String,
        /// What the system said.
        cause: std::io::Error,
    },
    /// The file is not what a key file looks like.
    #[error("the content key file {path} is not valid: {detail}")]
    Invalid {
        /// Where it is.
        path: String,
        /// What is wrong with it.
        detail: String,
    },
}

#[derive(Serialize, Deserialize)]
struct KeyFile {
    keys: Vec<KeyEntry>,
}

#[derive(Serialize, Deserialize)]
struct KeyEntry {
    id: String,
    key: String,
}

impl ContentKeys {
    /// Reads the key file.
    ///
    /// # Errors
    /// [`LoadKeysError`] when it is missing, open to others, empty, or malformed.
    pub fn load(path: &Path) -> Result<Self, LoadKeysError> {
        let metadata = std::fs::metadata(path).map_err(|cause| io_error(path, cause))?;
        if metadata.permissions().mode() & 0o077 != 0 {
            return Err(invalid(path, "others may read it; run chmod 600 on it"));
        }
        let text = std::fs::read_to_string(path).map_err(|cause| io_error(path, cause))?;
        // The parser's own message could quote a key.
        let file: KeyFile = serde_json::from_str(&text)
            .map_err(|_| invalid(path, "it is not a JSON object with a list of keys"))?;
        Self::from_entries(file.keys).map_err(|detail| invalid(path, &detail))
    }

    /// Writes a new key file with one random key, for whoever has none yet. Never overwrites.
    ///
    /// # Errors
    /// [`LoadKeysError::Io`] when the file exists or cannot be written.
    pub fn generate_file(path: &Path) -> Result<(), LoadKeysError> {
        let entry = KeyEntry {
            id: Uuid::now_v7().to_string(),
            key: BASE64.encode(XChaCha20Poly1305::generate_key(&mut OsRng)),
        };
        let text = serde_json::to_string_pretty(&KeyFile { keys: vec![entry] })
            .map_err(|cause| io_error(path, cause.into()))?;
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .map_err(|cause| io_error(path, cause))?;
        file.write_all(text.as_bytes())
            .and_then(|()| file.sync_all())
            .map_err(|cause| io_error(path, cause))
    }

    /// Returns keys that exist only in this process: for tests.
    #[must_use]
    pub fn ephemeral() -> Self {
        let key = XChaCha20Poly1305::generate_key(&mut OsRng);
        Self {
            current: "ephemeral".into(),
            ciphers: HashMap::from([("ephemeral".into(), XChaCha20Poly1305::new(&key))]),
        }
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
        let ciphertext = self.ciphers[&self.current]
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
            key_id: self.current.clone(),
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
        let cipher = self
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

    fn from_entries(entries: Vec<KeyEntry>) -> Result<Self, String> {
        let current = entries
            .first()
            .map(|entry| entry.id.clone())
            .ok_or("it holds no key")?;
        let mut ciphers = HashMap::new();
        for entry in entries {
            let key = BASE64
                .decode(&entry.key)
                .ok()
                .filter(|key| key.len() == KEY_BYTES);
            let key =
                key.ok_or_else(|| format!("the key {:?} is not 32 bytes in base64", entry.id))?;
            let cipher = XChaCha20Poly1305::new_from_slice(&key)
                .map_err(|_| "a key has the wrong length".to_owned())?;
            if ciphers.insert(entry.id.clone(), cipher).is_some() {
                return Err(format!("the id {:?} is there twice", entry.id));
            }
        }
        Ok(Self { current, ciphers })
    }
}

impl fmt::Debug for ContentKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContentKeys")
            .field("current", &self.current)
            .finish_non_exhaustive()
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

fn io_error(path: &Path, cause: std::io::Error) -> LoadKeysError {
    LoadKeysError::Io {
        path: path.display().to_string(),
        cause,
    }
}

fn invalid(path: &Path, detail: &str) -> LoadKeysError {
    LoadKeysError::Invalid {
        path: path.display().to_string(),
        detail: detail.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: &str, byte: u8) -> KeyEntry {
        KeyEntry {
            id: id.into(),
            key: BASE64.encode([byte; KEY_BYTES]),
        }
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
        let before = ContentKeys::from_entries(vec![entry("old", 1)]).unwrap();
        let sealed = before.seal(turn, "from before");
        let after = ContentKeys::from_entries(vec![entry("new", 2), entry("old", 1)]).unwrap();
        assert_eq!(after.open(turn, &sealed).unwrap(), "from before");
        assert_eq!(after.seal(turn, "from now on").key_id, "new");
        let forgotten = ContentKeys::from_entries(vec![entry("new", 2)]).unwrap();
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
        assert!(ContentKeys::from_entries(vec![entry("a", 1), entry("a", 2)]).is_err());
    }
}
