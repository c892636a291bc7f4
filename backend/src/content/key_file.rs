//! The file that holds the content keys: JSON, `{"keys": [{"id": "...", "key": "<32 bytes in base64>"}]}`, mode 0600.
//!
//! Every change replaces the whole file at once, so that whoever reads it sees it before or after, never between.

use std::fmt;
use std::fs::{File, Metadata, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown};
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
    /// A changed file would be readable by other processes than before.
    #[error(
        "the content key file {path} belongs to user {user} and group {group}, which cannot be kept ({cause}); \
         run this as that user, or as root"
    )]
    Owner {
        /// Where it is.
        path: String,
        /// Whose it is.
        user: u32,
        /// And which group's.
        group: u32,
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
    /// Grows with every key that is added; zero for those that somebody wrote by hand.
    #[serde(default)]
    generation: u32,
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

    /// The file stays whose it was: whoever reads it now can read it afterwards.
    fn replace(&self, path: &Path) -> Result<(), LoadKeysError> {
        // What is replaced is the file, not a link to it.
        let path = &path.canonicalize().map_err(|cause| io_error(path, cause))?;
        let of_before = std::fs::metadata(path).map_err(|cause| io_error(path, cause))?;
        let next = path.with_extension("next");
        // Left behind by somebody who was interrupted.
        if let Err(cause) = std::fs::remove_file(&next)
            && cause.kind() != std::io::ErrorKind::NotFound
        {
            return Err(io_error(&next, cause));
        }
        let replaced = self
            .write_new(&next)
            .and_then(|file| keep_owner(&file, &of_before, path))
            .and_then(|()| std::fs::rename(&next, path).map_err(|cause| io_error(path, cause)));
        if replaced.is_err() {
            let _ = std::fs::remove_file(&next);
        }
        replaced?;
        // Words are written with a new key as soon as it is there: it must not be gone after a power cut.
        let folder = path.parent().unwrap_or(Path::new("/"));
        File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(|cause| io_error(folder, cause))
    }

    fn write_new(&self, path: &Path) -> Result<File, LoadKeysError> {
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
            .map_err(|cause| io_error(path, cause))?;
        Ok(file)
    }

    fn newest(&self) -> Option<&KeyEntry> {
        self.keys.iter().max_by_key(|entry| entry.generation)
    }
}

fn keep_owner(file: &File, of_before: &Metadata, path: &Path) -> Result<(), LoadKeysError> {
    let now = file.metadata().map_err(|cause| io_error(path, cause))?;
    let (user, group) = (of_before.uid(), of_before.gid());
    if (now.uid(), now.gid()) != (user, group) {
        fchown(file, Some(user), Some(group)).map_err(|cause| LoadKeysError::Owner {
            path: path.display().to_string(),
            user,
            group,
            cause,
        })?;
    }
    file.set_permissions(of_before.permissions())
        .map_err(|cause| io_error(path, cause))
}

impl KeyEntry {
    fn generate(generation: u32) -> Self {
        let key = XChaCha20Poly1305::generate_key(&mut OsRng);
        Self {
            generation,
            ..Self::of(&Uuid::now_v7().to_string(), &key)
        }
    }

    pub(super) fn of(id: &str, key: &[u8]) -> Self {
        Self {
            id: id.to_owned(),
            key: BASE64.encode(key),
            generation: 0,
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
        keys: vec![KeyEntry::generate(1)],
    };
    file.write_new(path).map(drop)
}

/// Adds a new random key behind the others and returns its id: it reads, and does not write yet.
///
/// # Errors
/// [`LoadKeysError`] when the file cannot be read or written.
pub fn add(path: &Path) -> Result<String, LoadKeysError> {
    let mut file = KeyFile::read(path)?;
    let newest = file.newest().map_or(0, |entry| entry.generation);
    let entry = KeyEntry::generate(newest.saturating_add(1));
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

/// Returns the id of the newest key: the last one that was made here, whatever the ids of others look like.
///
/// # Errors
/// [`LoadKeysError`] when the file cannot be read, or holds none that was made here.
pub fn newest(path: &Path) -> Result<String, LoadKeysError> {
    let file = KeyFile::read(path)?;
    let newest = file.newest().filter(|entry| entry.generation > 0);
    newest.map(|entry| entry.id.clone()).ok_or_else(|| {
        invalid(
            path,
            "no key was added to it; the step before this one is `add`",
        )
    })
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

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{chown, symlink};

    use super::*;

    fn made_by_hand(path: &Path, ids: &[&str]) {
        let keys = ids.iter().map(|id| KeyEntry::of(id, &[7; KEY_BYTES]));
        let file = KeyFile {
            keys: keys.collect(),
        };
        file.write_new(path).unwrap();
    }

    fn ids(path: &Path) -> Vec<String> {
        let keys = KeyFile::read(path).unwrap().keys;
        keys.into_iter().map(|entry| entry.id).collect()
    }

    #[test]
    fn the_newest_key_is_the_one_that_was_added_whatever_the_others_are_called() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.json");
        made_by_hand(&path, &["main", "zebra"]);
        assert!(newest(&path).unwrap_err().to_string().contains("`add`"));
        let first = add(&path).unwrap();
        assert_eq!(newest(&path).unwrap(), first);
        for _ in 0..2 {
            // Once more changes nothing.
            put_first(&path, &newest(&path).unwrap()).unwrap();
            assert_eq!(ids(&path), [first.as_str(), "main", "zebra"]);
        }
        let second = add(&path).unwrap();
        assert_eq!(newest(&path).unwrap(), second);
        assert_eq!(keep_only(&path, &second).unwrap(), 3);
        assert_eq!(ids(&path), [second]);
    }

    #[test]
    fn a_changed_file_stays_whose_it_was_as_private_as_it_was_and_where_its_link_points_to() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("keys.json"), folder.path().join("link"));
        generate(&path).unwrap();
        symlink(&path, &link).unwrap();
        // Only root can give it away; it is then root who changes what is the server's.
        let _ = chown(&path, Some(65_534), Some(65_534));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o400)).unwrap();
        let owner = || {
            let metadata = std::fs::metadata(&path).unwrap();
            (metadata.uid(), metadata.gid(), metadata.mode())
        };
        let before = owner();
        let key = add(&link).unwrap();
        put_first(&link, &key).unwrap();
        assert_eq!(keep_only(&link, &key).unwrap(), 1);
        assert_eq!(owner(), before);
        assert_eq!(ids(&path), [key]);
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}
