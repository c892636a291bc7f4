//! Uploaded files on disk: encrypted piece by piece, so that no file is ever in memory, and none readable on the disk.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use chacha20poly1305::XChaCha20Poly1305;
use chacha20poly1305::aead::OsRng;
use chacha20poly1305::aead::rand_core::RngCore as _;
use chacha20poly1305::aead::stream::{DecryptorBE32, EncryptorBE32};
use futures_util::{Stream, stream};
use tokio::fs::{self, File};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use uuid::Uuid;

use super::vault::{FILE_NONCE_BYTES, MaterialKey};

const PIECE_BYTES: usize = 64 * 1024;
const TAG_BYTES: usize = 16;
/// What is still being uploaded has this ending. One that is older than an hour was given up.
const UNFINISHED: &str = "part";
const GIVEN_UP_AFTER: Duration = Duration::from_secs(60 * 60);
/// How often a learner's folder is made anew when it is removed in the same moment.
const ATTEMPTS: u32 = 10;

/// The folder of uploaded files, with a folder for each learner.
#[derive(Debug, Clone)]
pub struct Files {
    folder: PathBuf,
}

impl Files {
    /// Keeps files in a folder, which is made when it is needed.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    /// Begins to write a document's file.
    ///
    /// # Errors
    /// When the disk does not let us.
    pub(super) async fn create(
        &self,
        learner: Uuid,
        document: Uuid,
        key: &MaterialKey,
    ) -> io::Result<Writing> {
        let path = self.path(learner, document);
        let unfinished = path.with_extension(UNFINISHED);
        let mut file = self.open_new(learner, &unfinished).await?;
        let mut nonce = [0; FILE_NONCE_BYTES];
        OsRng.fill_bytes(&mut nonce);
        file.write_all(&nonce).await?;
        Ok(Writing {
            file,
            encryptor: key.file_encryptor(document, &nonce),
            piece: Vec::with_capacity(PIECE_BYTES + TAG_BYTES),
            unfinished: Removed(unfinished),
            path,
        })
    }

    /// Opens a file in the learner's folder, which somebody may remove just now because it is empty.
    async fn open_new(&self, learner: Uuid, path: &Path) -> io::Result<File> {
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        let mut attempts = 0;
        loop {
            let opened = match fs::create_dir_all(self.of(learner)).await {
                Ok(()) => options.open(path).await,
                Err(error) => Err(error),
            };
            attempts += 1;
            match opened.as_ref().map_err(io::Error::kind) {
                Err(io::ErrorKind::NotFound | io::ErrorKind::AlreadyExists)
                    if attempts < ATTEMPTS => {}
                _ => return opened,
            }
        }
    }

    /// Opens a document's file.
    ///
    /// # Errors
    /// `NotFound` when it is not on this machine.
    pub(crate) async fn open(
        &self,
        learner: Uuid,
        document: Uuid,
        key: &MaterialKey,
    ) -> io::Result<Reading> {
        let mut file = File::open(self.path(learner, document)).await?;
        let mut nonce = [0; FILE_NONCE_BYTES];
        file.read_exact(&mut nonce).await?;
        let mut reading = Reading {
            file,
            decryptor: Some(key.file_decryptor(document, &nonce)),
            next: Vec::new(),
        };
        reading.next = reading.read_piece().await?;
        Ok(reading)
    }

    /// Removes a document's file, and the learner's folder with the last one; what is not there is fine.
    ///
    /// # Errors
    /// When the disk does not let us.
    pub async fn remove(&self, learner: Uuid, document: Uuid) -> io::Result<()> {
        missing_is_fine(fs::remove_file(self.path(learner, document)).await)?;
        // One with files in it stays.
        let _ = fs::remove_dir(self.of(learner)).await;
        Ok(())
    }

    /// Removes all the files of a learner.
    ///
    /// # Errors
    /// When the disk does not let us.
    pub async fn remove_all(&self, learner: Uuid) -> io::Result<()> {
        missing_is_fine(fs::remove_dir_all(self.of(learner)).await)
    }

    /// Returns every stored document, with its learner; uploads that were given up are removed on the way, and empty folders.
    ///
    /// # Errors
    /// When the disk does not let us.
    pub(super) async fn stored(&self) -> io::Result<Vec<(Uuid, Uuid)>> {
        let mut found = Vec::new();
        let mut learners = match fs::read_dir(&self.folder).await {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(found),
            opened => opened?,
        };
        while let Some(entry) = learners.next_entry().await? {
            let Some(learner) = id(&entry.path()) else {
                continue;
            };
            let folder = entry.path();
            let mut files = match fs::read_dir(&folder).await {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                opened => opened?,
            };
            let mut is_empty = true;
            while let Some(entry) = files.next_entry().await? {
                is_empty = false;
                let path = entry.path();
                if path.extension().is_some_and(|ending| ending == UNFINISHED) {
                    let changed = entry.metadata().await?.modified()?;
                    let age = SystemTime::now()
                        .duration_since(changed)
                        .unwrap_or_default();
                    if age > GIVEN_UP_AFTER {
                        missing_is_fine(fs::remove_file(path).await)?;
                    }
                } else if let Some(document) = id(&path) {
                    found.push((learner, document));
                }
            }
            if is_empty {
                // Not if something has come into it meanwhile.
                let _ = fs::remove_dir(&folder).await;
            }
        }
        Ok(found)
    }

    fn of(&self, learner: Uuid) -> PathBuf {
        self.folder.join(learner.to_string())
    }

    fn path(&self, learner: Uuid, document: Uuid) -> PathBuf {
        self.of(learner).join(document.to_string())
    }
}

/// A file that is being written. Dropped before it is finished, it leaves nothing behind.
pub(super) struct Writing {
    file: File,
    encryptor: EncryptorBE32<XChaCha20Poly1305>,
    piece: Vec<u8>,
    unfinished: Removed,
    path: PathBuf,
}

impl Writing {
    /// Writes more.
    pub(super) async fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            // A full piece is kept until more comes: the last one is encrypted as the last.
            if self.piece.len() == PIECE_BYTES {
                self.encryptor
                    .encrypt_next_in_place(&[], &mut self.piece)
                    .map_err(|_| io::Error::other("the file is too long"))?;
                self.file.write_all(&self.piece).await?;
                self.piece.clear();
            }
            let (now, later) = bytes.split_at(bytes.len().min(PIECE_BYTES - self.piece.len()));
            self.piece.extend_from_slice(now);
            bytes = later;
        }
        Ok(())
    }

    /// Writes what is left, and gives the file its name.
    pub(super) async fn finish(mut self) -> io::Result<()> {
        self.encryptor
            .encrypt_last_in_place(&[], &mut self.piece)
            .map_err(|_| io::Error::other("the file is too long"))?;
        self.file.write_all(&self.piece).await?;
        self.file.sync_all().await?;
        fs::rename(&self.unfinished.0, &self.path).await
    }
}

/// A file that is being read.
pub(crate) struct Reading {
    file: File,
    decryptor: Option<DecryptorBE32<XChaCha20Poly1305>>,
    /// The next piece, still encrypted: only with the one after it is it known whether it is the last.
    next: Vec<u8>,
}

impl Reading {
    /// Returns the next piece; none after the last.
    ///
    /// # Errors
    /// `InvalidData` when the file was changed or cut off.
    pub(crate) async fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        let Some(mut decryptor) = self.decryptor.take() else {
            return Ok(None);
        };
        let after = self.read_piece().await?;
        let mut piece = std::mem::replace(&mut self.next, after);
        let opened = if self.next.is_empty() {
            decryptor.decrypt_last_in_place(&[], &mut piece)
        } else {
            let opened = decryptor.decrypt_next_in_place(&[], &mut piece);
            self.decryptor = Some(decryptor);
            opened
        };
        opened.map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
        Ok(Some(piece))
    }

    /// Returns the pieces one after the other, as [`Self::next`] does.
    pub(super) fn pieces(self) -> impl Stream<Item = io::Result<Vec<u8>>> {
        stream::try_unfold(self, |mut file| async move {
            Ok(file.next().await?.map(|piece| (piece, file)))
        })
    }

    async fn read_piece(&mut self) -> io::Result<Vec<u8>> {
        let mut piece = Vec::with_capacity(PIECE_BYTES + TAG_BYTES);
        let mut limited = (&mut self.file).take((PIECE_BYTES + TAG_BYTES) as u64);
        limited.read_to_end(&mut piece).await?;
        Ok(piece)
    }
}

/// A path whose file is removed with this value, and its folder if it was alone there. After it was given another name there is none.
struct Removed(PathBuf);

impl Drop for Removed {
    fn drop(&mut self) {
        if std::fs::remove_file(&self.0).is_ok() {
            let _ = self.0.parent().map(std::fs::remove_dir);
        }
    }
}

fn id(path: &Path) -> Option<Uuid> {
    path.file_name()?.to_str()?.parse().ok()
}

fn missing_is_fine(done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn stored(files: &Files, key: &MaterialKey, content: &[u8]) -> (Uuid, Uuid) {
        let (learner, document) = (Uuid::now_v7(), Uuid::now_v7());
        let mut writing = files.create(learner, document, key).await.unwrap();
        for part in content.chunks(10_007) {
            writing.write(part).await.unwrap();
        }
        writing.finish().await.unwrap();
        (learner, document)
    }

    async fn read(mut reading: Reading) -> io::Result<Vec<u8>> {
        let mut content = Vec::new();
        while let Some(piece) = reading.next().await? {
            content.extend(piece);
        }
        Ok(content)
    }

    #[tokio::test]
    async fn a_file_comes_back_whatever_its_size_and_is_not_readable_in_between() {
        let folder = tempfile::tempdir().unwrap();
        let (files, key) = (
            Files::new(folder.path().join("documents")),
            MaterialKey::generate(),
        );
        for size in [
            1,
            PIECE_BYTES - 1,
            PIECE_BYTES,
            PIECE_BYTES + 1,
            3 * PIECE_BYTES,
        ] {
            let content: Vec<u8> = b"herons ".iter().copied().cycle().take(size).collect();
            let (learner, document) = stored(&files, &key, &content).await;
            let raw = std::fs::read(files.path(learner, document)).unwrap();
            assert!(!raw.windows(6).any(|part| part == b"herons"));
            let reading = files.open(learner, document, &key).await.unwrap();
            assert_eq!(read(reading).await.unwrap(), content, "{size}");
            files.remove(learner, document).await.unwrap();
            files.remove(learner, document).await.unwrap();
        }
        assert!(files.stored().await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_file_that_was_cut_or_changed_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (files, key) = (Files::new(folder.path()), MaterialKey::generate());
        let (learner, document) = stored(&files, &key, &vec![7; 2 * PIECE_BYTES]).await;
        let path = files.path(learner, document);
        let whole = std::fs::read(&path).unwrap();
        let at_a_piece = FILE_NONCE_BYTES + PIECE_BYTES + TAG_BYTES;
        let mut changed = whole.clone();
        changed[at_a_piece + 5] ^= 1;
        for broken in [
            whole[..at_a_piece].to_vec(),
            whole[..at_a_piece + 100].to_vec(),
            changed,
        ] {
            std::fs::write(&path, broken).unwrap();
            let reading = files.open(learner, document, &key).await.unwrap();
            assert_eq!(
                read(reading).await.unwrap_err().kind(),
                io::ErrorKind::InvalidData
            );
        }
    }

    #[tokio::test]
    async fn an_upload_that_is_given_up_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let (files, key) = (Files::new(folder.path()), MaterialKey::generate());
        let learner = Uuid::now_v7();
        let mut writing = files.create(learner, Uuid::now_v7(), &key).await.unwrap();
        writing.write(&[1; 100_000]).await.unwrap();
        drop(writing);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn an_upload_that_comes_after_everything_was_erased_leaves_no_folder() {
        let folder = tempfile::tempdir().unwrap();
        let (files, key) = (Files::new(folder.path()), MaterialKey::generate());
        let (learner, document) = stored(&files, &key, b"herons").await;
        files.remove_all(learner).await.unwrap();
        for is_finished in [true, false] {
            let mut writing = files.create(learner, document, &key).await.unwrap();
            writing.write(b"herons").await.unwrap();
            if is_finished {
                writing.finish().await.unwrap();
                files.remove(learner, document).await.unwrap();
            } else {
                files.remove_all(learner).await.unwrap();
                let unnamed = writing.finish().await.unwrap_err();
                assert_eq!(unnamed.kind(), io::ErrorKind::NotFound);
            }
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        }
        std::fs::create_dir(files.of(learner)).unwrap();
        assert_eq!(files.stored().await.unwrap(), []);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn an_upload_does_not_suffer_from_the_removal_of_the_last_file() {
        let folder = tempfile::tempdir().unwrap();
        let (files, key) = (Files::new(folder.path()), MaterialKey::generate());
        let learner = Uuid::now_v7();
        let again_and_again = async |files: Files| {
            for _ in 0..200 {
                let document = Uuid::now_v7();
                let mut writing = files.create(learner, document, &key).await.unwrap();
                writing.write(b"herons").await.unwrap();
                writing.finish().await.unwrap();
                files.remove(learner, document).await.unwrap();
            }
        };
        tokio::join!(
            again_and_again(files.clone()),
            again_and_again(files.clone()),
            again_and_again(files.clone())
        );
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
