//! Starts the process that reads a document, and takes its answer.

use std::io;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use avaaz_reader::child::{Answer, MAX_ANSWER_BYTES};
use avaaz_reader::{Failure, Kind, Limits, Reading};
use nix::sys::signal::Signal;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{ChildStdin, Command};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::files;
use crate::config::DocumentsConfig;

/// What a process says on its standard error is looked at, not kept: only its beginning.
const COMPLAINT_BYTES: u64 = 4 * 1024;
/// Starting a process and handing it the file takes its time, too.
const START: Duration = Duration::from_secs(2);

/// Reads documents, a few at a time, each in a process of its own.
#[derive(Debug)]
pub struct DocumentReader {
    program: PathBuf,
    limits: Limits,
    room: Semaphore,
}

/// Why there is no answer about the document. It may be read another time.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file cannot be read from the disk.
    #[error("the file cannot be read: {}", .0.kind())]
    File(io::Error),
    /// The process cannot be started or asked.
    #[error("the reader cannot be asked: {}", .0.kind())]
    Process(io::Error),
    /// The process gave up on itself.
    #[error("the reader ended with {0}")]
    Ended(ExitStatus),
}

impl DocumentReader {
    /// Sets up a reader.
    #[must_use]
    pub fn new(config: &DocumentsConfig) -> Self {
        Self {
            program: config.reader.clone(),
            limits: config.limits,
            room: Semaphore::new(config.readers),
        }
    }

    /// Reads a document. `Ok(Err(..))` is about the document, `Err(..)` about us.
    pub(super) async fn read(
        &self,
        kind: Kind,
        file: files::Reading,
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
            tokio::join!(fed, answered, complained)
        };
        let limit = Duration::from_secs(self.limits.seconds.into()) + START;
        let Ok((fed, answer, complaint)) = timeout(limit, asked).await else {
            // Dropping the child kills it; waiting here takes it off the list of processes.
            let _ = child.kill().await;
            return Ok(Err(Failure::TooSlow));
        };
        let _ = child.start_kill();
        let status = child.wait().await.map_err(ReadError::Process)?;
        fed?;
        let answer = answer.map_err(ReadError::Process)?;
        if answer.len() as u64 > MAX_ANSWER_BYTES {
            return Ok(Err(Failure::TooLarge));
        }
        match serde_json::from_slice(&answer) {
            Ok(Answer::Read(reading)) => Ok(Ok(reading)),
            Ok(Answer::Failed(failure)) => Ok(Err(failure)),
            Err(_) => ended(status, &complaint.unwrap_or_default()).map(Err),
        }
    }
}

/// Hands the file over, piece by piece. A process that wants no more of it is about to say why.
async fn feed(mut stdin: ChildStdin, mut file: files::Reading) -> Result<(), ReadError> {
    while let Some(piece) = file.next().await.map_err(ReadError::File)? {
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
fn ended(status: ExitStatus, complaint: &[u8]) -> Result<Failure, ReadError> {
    use std::os::unix::process::ExitStatusExt as _;
    let complaint = String::from_utf8_lossy(complaint);
    match status.signal().map(Signal::try_from) {
        Some(Ok(Signal::SIGXCPU | Signal::SIGALRM)) => Ok(Failure::TooSlow),
        Some(Ok(Signal::SIGABRT)) if complaint.contains("memory allocation") => {
            Ok(Failure::TooLarge)
        }
        // Too deep for the stack, for instance. It would be so again.
        Some(Ok(Signal::SIGABRT | Signal::SIGSEGV | Signal::SIGBUS | Signal::SIGILL)) => {
            Ok(Failure::Damaged)
        }
        _ => Err(ReadError::Ended(status)),
    }
}
