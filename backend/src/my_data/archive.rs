//! A ZIP that leaves while it is written: no disk and no memory ever holds it whole.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Datelike as _, Timelike as _, Utc};
use serde::Serialize;
use tokio::sync::mpsc;
use tokio::time::timeout;
use zip::result::ZipError;
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, ZipWriter};

/// How much is compressed before others have their turn.
const PIECE_BYTES: usize = 16 * 1024;
/// How much leaves at once.
const PARCEL_BYTES: usize = 32 * 1024;
/// How many parcels may wait for whoever reads.
const PARCELS: usize = 4;
/// Whoever takes nothing for so long is gone.
const STALLED: Duration = Duration::from_secs(60);

/// Why an export breaks off.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The database fails.
    #[error("the database fails")]
    Database(#[from] sqlx::Error),
    /// A file cannot be read, or cannot be written into the archive.
    #[error("a file fails: {}", .0.kind())]
    Io(#[from] io::Error),
    /// The archive takes no more.
    #[error("the archive fails")]
    Zip(#[from] ZipError),
    /// A value has no JSON.
    #[error("a value cannot be written as JSON")]
    Json(#[from] serde_json::Error),
    /// Nobody takes what is written.
    #[error("nobody reads the archive any more")]
    Unread,
}

/// An archive on its way out. Each file of it begins, is written, and ends where the next one begins.
pub struct Archive {
    zip: ZipWriter<StreamWriter<Outbox>>,
    outbox: Outbox,
    parcels: mpsc::Sender<Bytes>,
    options: SimpleFileOptions,
    patience: Duration,
    list_is_empty: bool,
}

impl Archive {
    /// Begins an archive, and returns where its parcels come out.
    #[must_use]
    pub fn new(at: DateTime<Utc>) -> (Self, mpsc::Receiver<Bytes>) {
        let (parcels, receiver) = mpsc::channel(PARCELS);
        let outbox = Outbox::default();
        let archive = Self {
            zip: ZipWriter::new_stream(outbox.clone()),
            outbox,
            parcels,
            options: SimpleFileOptions::default()
                .compression_method(CompressionMethod::Deflated)
                .last_modified_time(zip_time(at))
                .unix_permissions(0o600),
            patience: STALLED,
            list_is_empty: true,
        };
        (archive, receiver)
    }

    /// Begins a file.
    ///
    /// # Errors
    /// [`ExportError`]
    pub async fn begin(&mut self, name: &str) -> Result<(), ExportError> {
        self.zip.start_file(name, self.options)?;
        self.send().await
    }

    /// Writes more of the file, and waits for whoever reads.
    ///
    /// # Errors
    /// [`ExportError`]
    pub async fn write(&mut self, bytes: impl AsRef<[u8]>) -> Result<(), ExportError> {
        for piece in bytes.as_ref().chunks(PIECE_BYTES) {
            self.zip.write_all(piece)?;
            self.send().await?;
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    /// Writes a file that holds one value as JSON.
    ///
    /// # Errors
    /// [`ExportError`]
    pub async fn json(&mut self, name: &str, value: &impl Serialize) -> Result<(), ExportError> {
        let text = serde_json::to_vec_pretty(value)?;
        self.begin(name).await?;
        self.write(text).await?;
        self.write("\n").await
    }

    /// Begins a file that holds a list as JSON.
    ///
    /// # Errors
    /// [`ExportError`]
    pub async fn begin_list(&mut self, name: &str) -> Result<(), ExportError> {
        self.begin(name).await?;
        self.list_is_empty = true;
        self.write("[").await
    }

    /// Begins a file that holds an object as JSON, and in it, as its last field, a list.
    ///
    /// # Errors
    /// [`ExportError`]
    pub async fn begin_list_in(
        &mut self,
        name: &str,
        object: &impl Serialize,
        field: &str,
    ) -> Result<(), ExportError> {
        let mut text = serde_json::to_string(object)?;
        // The object stays open for its list.
        text.pop();
        self.begin(name).await?;
        self.list_is_empty = true;
        self.write(text).await?;
        self.write(format!(", \"{field}\": [")).await
    }

    /// Writes the next item of the list.
    ///
    /// # Errors
    /// [`ExportError`]
    pub async fn item(&mut self, item: &impl Serialize) -> Result<(), ExportError> {
        let separator = if self.list_is_empty { "\n" } else { ",\n" };
        self.list_is_empty = false;
        self.write(separator).await?;
        self.write(serde_json::to_vec(item)?).await
    }

    /// Ends the list.
    ///
    /// # Errors
    /// [`ExportError`]
    pub async fn end_list(&mut self) -> Result<(), ExportError> {
        self.write("\n]\n").await
    }

    /// Ends the list, and the object that it is in.
    ///
    /// # Errors
    /// [`ExportError`]
    pub async fn end_list_in(&mut self) -> Result<(), ExportError> {
        self.write("\n]}\n").await
    }

    /// Writes the table of contents, and ends the archive.
    ///
    /// # Errors
    /// [`ExportError`]
    pub async fn finish(self) -> Result<(), ExportError> {
        let Self {
            zip,
            outbox,
            parcels,
            patience,
            ..
        } = self;
        zip.finish()?;
        match outbox.take(1) {
            Some(last) => hand_over(&parcels, last, patience).await,
            None => Ok(()),
        }
    }

    async fn send(&mut self) -> Result<(), ExportError> {
        match self.outbox.take(PARCEL_BYTES) {
            Some(parcel) => hand_over(&self.parcels, parcel, self.patience).await,
            None => Ok(()),
        }
    }
}

async fn hand_over(
    parcels: &mpsc::Sender<Bytes>,
    parcel: Bytes,
    patience: Duration,
) -> Result<(), ExportError> {
    match timeout(patience, parcels.send(parcel)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(ExportError::Unread),
    }
}

/// What was compressed and has not left yet. The compressor's end of it never blocks.
#[derive(Clone, Default)]
struct Outbox(Arc<Mutex<Vec<u8>>>);

impl Outbox {
    fn take(&self, at_least: usize) -> Option<Bytes> {
        let mut bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (bytes.len() >= at_least).then(|| std::mem::take(&mut *bytes).into())
    }
}

impl Write for Outbox {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A ZIP knows the years from 1980 on; a clock that is further off than that gets the first of them.
fn zip_time(at: DateTime<Utc>) -> zip::DateTime {
    let part = |number: u32| u8::try_from(number).unwrap_or_default();
    zip::DateTime::from_date_and_time(
        u16::try_from(at.year()).unwrap_or_default(),
        part(at.month()),
        part(at.day()),
        part(at.hour()),
        part(at.minute()),
        part(at.second()),
    )
    .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read as _};

    use rand::RngExt as _;
    use tokio::task::yield_now;
    use zip::ZipArchive;

    use super::*;

    async fn collected(mut parcels: mpsc::Receiver<Bytes>) -> Vec<u8> {
        let mut whole = Vec::new();
        while let Some(parcel) = parcels.recv().await {
            whole.extend_from_slice(&parcel);
        }
        whole
    }

    fn at() -> DateTime<Utc> {
        "2026-11-21T12:30:40Z".parse().unwrap()
    }

    #[tokio::test]
    async fn any_zip_reader_finds_the_files() {
        let (mut archive, parcels) = Archive::new(at());
        let writing = async {
            archive.json("account.json", &"Ada").await.unwrap();
            archive.begin_list("empty.json").await.unwrap();
            archive.end_list().await.unwrap();
            let head = serde_json::json!({"id": 1});
            archive
                .begin_list_in("olá/list.json", &head, "turns")
                .await
                .unwrap();
            for number in 0..3 {
                archive.item(&number).await.unwrap();
            }
            archive.end_list_in().await.unwrap();
            archive.finish().await.unwrap();
        };
        let (whole, ()) = tokio::join!(collected(parcels), writing);
        let mut read = ZipArchive::new(Cursor::new(whole)).unwrap();
        let mut json = |name: &str| -> serde_json::Value {
            let mut text = String::new();
            let mut file = read.by_name(name).unwrap();
            assert_eq!(file.last_modified().unwrap().hour(), 12);
            file.read_to_string(&mut text).unwrap();
            serde_json::from_str(&text).unwrap()
        };
        assert_eq!(json("account.json"), "Ada");
        assert_eq!(json("empty.json"), serde_json::json!([]));
        let list = serde_json::json!({"id": 1, "turns": [0, 1, 2]});
        assert_eq!(json("olá/list.json"), list);
    }

    #[tokio::test]
    async fn what_nobody_has_read_yet_stays_small_however_much_is_written() {
        let (mut archive, mut parcels) = Archive::new(at());
        let outbox = archive.outbox.clone();
        let mut noise = vec![0; 4 * 1024 * 1024];
        rand::rng().fill(&mut noise[..]);
        let expected = noise.clone();
        let writing = tokio::spawn(async move {
            archive.begin("noise").await.unwrap();
            archive.write(noise).await.unwrap();
            archive.finish().await.unwrap();
        });
        for _ in 0..10_000 {
            yield_now().await;
        }
        assert!(!writing.is_finished());
        assert_eq!(parcels.len(), PARCELS);
        let mut whole = Vec::new();
        while let Some(parcel) = parcels.recv().await {
            assert!(parcel.len() <= PARCEL_BYTES + 2 * PIECE_BYTES);
            whole.extend_from_slice(&parcel);
            let waiting = outbox.0.lock().unwrap().len();
            assert!(waiting <= PARCEL_BYTES + 2 * PIECE_BYTES, "{waiting}");
        }
        writing.await.unwrap();
        let mut read = ZipArchive::new(Cursor::new(whole)).unwrap();
        let mut content = Vec::new();
        read.by_name("noise")
            .unwrap()
            .read_to_end(&mut content)
            .unwrap();
        assert!(content == expected);
    }

    #[tokio::test]
    async fn whoever_takes_nothing_is_not_waited_for_for_ever() {
        let (mut archive, parcels) = Archive::new(at());
        archive.patience = Duration::from_millis(50);
        let mut noise = vec![0; 1024 * 1024];
        rand::rng().fill(&mut noise[..]);
        archive.begin("noise").await.unwrap();
        assert!(matches!(
            archive.write(&noise).await,
            Err(ExportError::Unread)
        ));
        drop(parcels);
        assert!(matches!(
            archive.write(&noise).await,
            Err(ExportError::Unread)
        ));
    }
}
