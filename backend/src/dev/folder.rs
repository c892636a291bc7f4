use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use rand::RngExt as _;
use rand::distr::Alphanumeric;

const SECRET_CHARACTERS: usize = 43;

/// The folder that everything of `avaaz dev` stands in, held by one process at a time.
pub struct DataFolder {
    path: PathBuf,
    _lock: File,
}

impl DataFolder {
    /// Makes the folder if need be, and holds it.
    ///
    /// # Errors
    /// When it cannot be written, or another `avaaz dev` holds it.
    pub fn open(path: &Path) -> Result<Self> {
        let cannot = || {
            format!(
                "the data folder {} (AVAAZ_DATA_DIR) cannot be used",
                path.display()
            )
        };
        // Open to look into, because an unprivileged Postgres must pass; each secret in it is closed by itself.
        DirBuilder::new()
            .recursive(true)
            .mode(0o755)
            .create(path)
            .with_context(cannot)?;
        let path = path.canonicalize().with_context(cannot)?;
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path.join("lock"))
            .with_context(cannot)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => bail!(
                "Another `avaaz dev` runs on the data in {}. Stop it first, or set AVAAZ_DATA_DIR.",
                path.display()
            ),
            Err(TryLockError::Error(error)) => return Err(error).with_context(cannot),
        }
        fs::create_dir_all(path.join("logs")).with_context(cannot)?;
        Ok(Self { path, _lock: lock })
    }

    /// Where it is, in full.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The log of a program.
    #[must_use]
    pub fn log(&self, name: &str) -> PathBuf {
        self.path.join("logs").join(format!("{name}.log"))
    }

    /// A random secret that is drawn once and kept in a file that only we can read.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn secret(&self, name: &str) -> Result<String> {
        let path = self.path.join(name);
        match fs::read_to_string(&path) {
            Ok(kept) if kept.trim().len() >= SECRET_CHARACTERS => Ok(kept.trim().to_owned()),
            Ok(_) => bail!(
                "{} holds no secret. Remove it and start again.",
                path.display()
            ),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let drawn = draw(SECRET_CHARACTERS);
                write_private(&path, &drawn)?;
                Ok(drawn)
            }
            Err(error) => Err(error).with_context(|| format!("{} cannot be read", path.display())),
        }
    }
}

fn draw(characters: usize) -> String {
    rand::rng()
        .sample_iter(Alphanumeric)
        .take(characters)
        .map(char::from)
        .collect()
}

/// Writes a file that only its owner can read, whole or not at all.
pub(super) fn write_private(path: &Path, content: &str) -> Result<()> {
    let draft = path.with_extension("draft");
    let write = || {
        let mut file = OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(true)
            .mode(0o600)
            .open(&draft)?;
        // An older file keeps its mode when it is opened.
        file.set_permissions(fs::Permissions::from_mode(0o600))?;
        file.write_all(content.as_bytes())?;
        file.sync_all()?;
        fs::rename(&draft, path)
    };
    write().with_context(|| format!("{} cannot be written", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_process_at_a_time_holds_the_folder() {
        let temp = tempfile::tempdir().unwrap();
        let held = DataFolder::open(&temp.path().join("data")).unwrap();
        let refused = DataFolder::open(held.path()).err().unwrap();
        assert!(
            refused.to_string().contains("Another `avaaz dev` runs"),
            "{refused}"
        );
        let path = held.path().to_owned();
        drop(held);
        DataFolder::open(&path).unwrap();
    }

    #[test]
    fn a_secret_is_drawn_once_and_closed_to_others() {
        let temp = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(temp.path()).unwrap();
        let first = folder.secret("a-secret").unwrap();
        assert_eq!(first.len(), SECRET_CHARACTERS);
        assert_eq!(folder.secret("a-secret").unwrap(), first);
        assert_ne!(folder.secret("another").unwrap(), first);
        let mode = fs::metadata(temp.path().join("a-secret"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let temp = tempfile::tempdir().unwrap();
        let file = temp.path().join("file");
        fs::write(&file, "").unwrap();
        let refused = DataFolder::open(&file.join("data")).err().unwrap();
        assert!(refused.to_string().contains("AVAAZ_DATA_DIR"), "{refused}");
    }
}
