//! Starts the process that reads a document, and takes its answer.

use std::io;
use std::path::PathBuf;
use std::pin::pin;
use std::process::{ExitStatus, Stdio};
use std::sync::Once;
use std::time::Duration;

use avaaz_reader::child::{Answer, MAX_ANSWER_BYTES, NOT_CONFINED, WITHOUT_LANDLOCK};
use avaaz_reader::{Failure, Kind, Limits, Reading};
use futures_util::{Stream, StreamExt as _, stream};
use nix::sys::signal::Signal;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{ChildStdin, Command};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::config::DocumentsConfig;

/// What a process says on its standard error is looked at, not kept: only its beginning.
const COMPLAINT_BYTES: u64 = 4 * 1024;
/// Starting a process and handing it the file takes its time, too.
const START: Duration = Duration::from_secs(2);
/// What is read to see whether anything can be.
const SAMPLE: &str = "The grey heron fishes at dusk.";

/// Reads documents, a few at a time, each in a process of its own.
#[derive(Debug)]
pub struct DocumentReader {
    program: PathBuf,
    limits: Limits,
    room: Semaphore,
    without_landlock: Once,
}

/// Why there is no answer about the document. It may be read another time.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file cannot be read from the disk.
    #[error("the file cannot be read: {}", .0.kind())]
    File(io::Error),
    /// The process cannot be started or asked.
    #[error("the process that reads documents cannot be started: {}", .0.kind())]
    Process(io::Error),
    /// The process may not give up what it does not need, so it reads nothing.
    #[error("the process that reads documents cannot be confined")]
    Unconfined,
    /// Somebody else ended the process; mostly the kernel, for want of memory.
    #[error("the process that reads documents was killed")]
    Killed,
    /// The process gave up on itself.
    #[error("the process that reads documents ended with {0}")]
    Ended(ExitStatus),
    /// It read something else than it was given.
    #[error("the process that reads documents does not read a line of plain text")]
    Useless,
}

impl DocumentReader {
    /// Sets up a reader.
    #[must_use]
    pub fn new(config: &DocumentsConfig) -> Self {
        Self {
            program: config.reader.clone(),
            limits: config.limits,
            room: Semaphore::new(config.readers),
            without_landlock: Once::new(),
        }
    }

    /// Has a line of plain text read: what fails then fails for every document.
    ///
    /// # Errors
    /// [`ReadError`]
    pub async fn check(&self) -> Result<(), ReadError> {
        let line = stream::iter([Ok(SAMPLE.as_bytes().to_vec())]);
        match self.read(Kind::Text, line).await? {
            Ok(reading) if reading.passages.iter().any(|read| read.text == SAMPLE) => Ok(()),
            _ => Err(ReadError::Useless),
        }
    }

    /// Reads a document, which comes in pieces. `Ok(Err(..))` is about the document, `Err(..)` about us.
    pub(super) async fn read(
        &self,
        kind: Kind,
        file: impl Stream<Item = io::Result<Vec<u8>>>,
    ) -> Result<Result<Reading, Failure>, ReadError> {
        let _room = self
            .room
            .acquire()
            .await
            .map_err(|_| ReadError::Process(io::ErrorKind::BrokenPipe.into()))?;
        let mut child = Command::new(&self.program)
            .arg0("avaaz")
            .arg("parse-document")
            .args(["--kind", kind.as_str()])
            .args(["--memory-bytes", &self.limits.memory_bytes.to_string()])
            .args(["--seconds", &self.limits.seconds.to_string()])
            // Nothing that we know is any of its business.
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(ReadError::Process)?;
        let (stdin, stdout, stderr) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let asked = async {
            let fed = async {
                match stdin {
                    Some(stdin) => feed(stdin, file).await,
                    None => Ok(()),
                }
            };
            let answered = take(stdout, MAX_ANSWER_BYTES + 1);
            let complained = take(stderr, COMPLAINT_BYTES);
            let said = tokio::join!(fed, answered, complained);
            // It ends by itself once it has answered, so that a signal is never ours.
            (said, child.wait().await)
        };
        let limit = Duration::from_secs(self.limits.seconds.into()) + START;
        let Ok(((fed, answer, complaint), status)) = timeout(limit, asked).await else {
            // Dropping the child kills it; waiting here takes it off the list of processes.
            let _ = child.kill().await;
            return Ok(Err(Failure::TooSlow));
        };
        let status = status.map_err(ReadError::Process)?;
        let complaint = complaint.unwrap_or_default();
        let complaint = String::from_utf8_lossy(&complaint);
        if complaint.contains(WITHOUT_LANDLOCK) {
            self.without_landlock.call_once(|| {
                tracing::warn!(
                    "this kernel has no Landlock (or does not let it be used): what reads documents could remove files of its user"
                );
            });
        }
        fed?;
        let answer = answer.map_err(ReadError::Process)?;
        if answer.len() as u64 > MAX_ANSWER_BYTES {
            return Ok(Err(Failure::TooLarge));
        }
        match serde_json::from_slice(&answer) {
            Ok(Answer::Read(reading)) => Ok(Ok(reading)),
            Ok(Answer::Failed(failure)) => Ok(Err(failure)),
            Err(_) => ended(status, &complaint).map(Err),
        }
    }
}

/// Hands the file over, piece by piece. A process that wants no more of it is about to say why.
async fn feed(
    mut stdin: ChildStdin,
    file: impl Stream<Item = io::Result<Vec<u8>>>,
) -> Result<(), ReadError> {
    let mut file = pin!(file);
    while let Some(piece) = file.next().await {
        let piece = piece.map_err(ReadError::File)?;
        if stdin.write_all(&piece).await.is_err() {
            break;
        }
    }
    Ok(())
}

async fn take(from: Option<impl AsyncRead + Unpin>, most: u64) -> io::Result<Vec<u8>> {
    let mut taken = Vec::new();
    if let Some(from) = from {
        from.take(most).read_to_end(&mut taken).await?;
    }
    Ok(taken)
}

/// Returns what a process without an answer died of.
fn ended(status: ExitStatus, complaint: &str) -> Result<Failure, ReadError> {
    use std::os::unix::process::ExitStatusExt as _;
    match status.signal().map(Signal::try_from) {
        Some(Ok(Signal::SIGXCPU | Signal::SIGALRM)) => Ok(Failure::TooSlow),
        Some(Ok(Signal::SIGABRT)) if complaint.contains("memory allocation") => {
            Ok(Failure::TooLarge)
        }
        // Too deep for the stack, for instance. It would be so again.
        Some(Ok(Signal::SIGABRT | Signal::SIGSEGV | Signal::SIGBUS | Signal::SIGILL)) => {
            Ok(Failure::Damaged)
        }
        Some(Ok(Signal::SIGKILL)) => Err(ReadError::Killed),
        None if status.code() == Some(NOT_CONFINED.into()) => Err(ReadError::Unconfined),
        _ => Err(ReadError::Ended(status)),
    }
}
