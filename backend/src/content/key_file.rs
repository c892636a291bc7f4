//! The file that holds the content keys: JSON, `{"keys": [{"id": "...", "key": "<32 bytes in base64>"}]}`, mode 0600.
//!
//! Every change replaces the whole file at once, so that whoever reads it sees it before or after, never between.

use std::fmt;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chacha20poly1305::XChaCha20Poly1305;
use chacha20poly1305::aead::{KeyInit as _, OsRng};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

const KEY_BYTES: usize = 32;

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

/// What the file holds.
#[derive(Serialize, Deserialize)]
pub(super) struct KeyFile {
    /// The first one writes.
    pub(super) keys: Vec<KeyEntry>,
}

/// One key.
#[derive(Serialize, Deserialize)]
pub(super) struct KeyEntry {
    pub(super) id: String,
    key: String,
}

impl KeyFile {
    pub(super) fn read(path: &Path) -> Result<Self, LoadKeysError> {
        let metadata = std::fs::metadata(path).map_err(|cause| io_error(path, cause))?;
        if metadata.permissions().mode() & 0o077 != 0 {
            return Err(invalid(path, "others may read it; run chmod 600 on it"));
        }
        let text = std::fs::read_to_string(path).map_err(|cause| io_error(path, cause))?;
        // The parser's own message could quote a key.
        serde_json::from_str(&text)
            .map_err(|_| invalid(path, "it is not a JSON object with a list of keys"))
    }

    fn replace(&self, path: &Path) -> Result<(), LoadKeysError> {
        let next = path.with_extension("next");
        // Left behind by somebody who was interrupted.
        if let Err(cause) = std::fs::remove_file(&next)
            && cause.kind() != std::io::ErrorKind::NotFound
        {
            return Err(io_error(&next, cause));
        }
        self.write_new(&next)?;
        std::fs::rename(&next, path).map_err(|cause| io_error(path, cause))
    }

    fn write_new(&self, path: &Path) -> Result<(), LoadKeysError> {
        let text =
            serde_json::to_string_pretty(self).map_err(|cause| io_error(path, cause.into()))?;
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
}

impl KeyEntry {
    fn generate() -> Self {
        let key = XChaCha20Poly1305::generate_key(&mut OsRng);
        Self::of(&Uuid::now_v7().to_string(), &key)
    }

    pub(super) fn of(id: &str, key: &[u8]) -> Self {
        Self {
            id: id.to_owned(),
            key: BASE64.encode(key),
        }
    }

    pub(super) fn cipher(&self) -> Result<XChaCha20Poly1305, String> {
        let key = BASE64.decode(&self.key).ok();
        key.filter(|key| key.len() == KEY_BYTES)
            .and_then(|key| XChaCha20Poly1305::new_from_slice(&key).ok())
            .ok_or_else(|| format!("the key {:?} is not 32 bytes in base64", self.id))
    }
}

impl fmt::Debug for KeyEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyEntry")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// Writes a new file with one random key. Never overwrites.
pub(super) fn generate(path: &Path) -> Result<(), LoadKeysError> {
    let file = KeyFile {
        keys: vec![KeyEntry::generate()],
    };
    file.write_new(path)
}

/// Adds a new random key behind the others and returns its id: it reads, and does not write yet.
///
/// # Errors
/// [`LoadKeysError`] when the file cannot be read or written.
pub fn add(path: &Path) -> Result<String, LoadKeysError> {
    let mut file = KeyFile::read(path)?;
    let entry = KeyEntry::generate();
    let id = entry.id.clone();
    file.keys.push(entry);
    file.replace(path)?;
    Ok(id)
}

/// Puts a key first: it writes from now on.
///
/// # Errors
/// [`LoadKeysError`] when the file cannot be read or written, or the key is not in it.
pub fn put_first(path: &Path, id: &str) -> Result<(), LoadKeysError> {
    let mut file = KeyFile::read(path)?;
    let place = file.keys.iter().position(|entry| entry.id == id);
    let place = place.ok_or_else(|| invalid(path, "the key is not in it any more"))?;
    file.keys[..=place].rotate_right(1);
    file.replace(path)
}

/// Removes all keys but one. Returns how many.
///
/// # Errors
/// [`LoadKeysError`] when the file cannot be read or written, or the key is not in it.
pub fn keep_only(path: &Path, id: &str) -> Result<usize, LoadKeysError> {
    let mut file = KeyFile::read(path)?;
    let before = file.keys.len();
    file.keys.retain(|entry| entry.id == id);
    if file.keys.is_empty() {
        return Err(invalid(path, "the key is not in it any more"));
    }
    file.replace(path)?;
    Ok(before - file.keys.len())
}

/// Returns the id of the newest key: the last one that was made.
///
/// # Errors
/// [`LoadKeysError`] when the file cannot be read, or holds no key.
pub fn newest(path: &Path) -> Result<String, LoadKeysError> {
    let file = KeyFile::read(path)?;
    let ids = file.keys.into_iter().map(|entry| entry.id);
    // Ids of our own making sort by time.
    ids.max().ok_or_else(|| invalid(path, "it holds no key"))
}

fn io_error(path: &Path, cause: std::io::Error) -> LoadKeysError {
    LoadKeysError::Io {
        path: path.display().to_string(),
        cause,
    }
}

pub(super) fn invalid(path: &Path, detail: &str) -> LoadKeysError {
    LoadKeysError::Invalid {
        path: path.display().to_string(),
        detail: detail.to_owned(),
    }
}
