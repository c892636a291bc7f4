use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use nix::sys::signal::Signal;
use nix::unistd::Uid;
use tokio::process::{Child, Command};

/// A log past this is put aside as `NAME.log.old` at the next start.
const LOG_LIMIT_BYTES: u64 = 20 * 1024 * 1024;
const TAIL_BYTES: i64 = 4096;

/// A program that `avaaz dev` keeps running.
#[derive(Debug, Clone)]
pub struct Program {
    /// What a person is told it is; also names its log.
    pub name: &'static str,
    /// Its path.
    pub path: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// Where what it prints is kept.
    pub log: PathBuf,
    /// How it is asked to end.
    pub stop_signal: Signal,
    /// How long it may take to end before it is killed.
    pub grace: Duration,
    /// How it ends when we are killed outright and can ask nothing any more.
    pub orphan_signal: &'static str,
    /// It refuses to run as root.
    pub unprivileged: bool,
}

impl Program {
    /// Starts it in a process group of its own, so that Ctrl-C reaches only us and we end it in order.
    ///
    /// The kernel ends it when the *thread* that starts it ends: start programs on the main thread.
    pub(super) fn spawn(&self) -> io::Result<Child> {
        let log = open_log(&self.log)?;
        let mut command = Command::new("setpriv");
        command.arg("--pdeathsig").arg(self.orphan_signal);
        if self.unprivileged && Uid::effective().is_root() {
            command.args(AS_NOBODY);
        }
        command
            .arg("--")
            .arg(&self.path)
            .args(&self.args)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .current_dir(self.path.parent().unwrap_or(Path::new("/")))
            .process_group(0)
            .spawn()
    }

    /// The last lines that it printed.
    pub(super) fn last_lines(&self) -> String {
        last_lines(&self.log, 8).unwrap_or_default()
    }
}

/// Arguments of `setpriv` for a program that must not run as root.
pub(super) const AS_NOBODY: [&str; 3] = ["--reuid=nobody", "--regid=nogroup", "--clear-groups"];

fn open_log(path: &Path) -> io::Result<File> {
    if path.metadata().is_ok_and(|log| log.len() > LOG_LIMIT_BYTES) {
        std::fs::rename(path, path.with_extension("log.old"))?;
    }
    OpenOptions::new().create(true).append(true).open(path)
}

fn last_lines(path: &Path, count: usize) -> io::Result<String> {
    let mut file = File::open(path)?;
    let length = i64::try_from(file.metadata()?.len()).unwrap_or(i64::MAX);
    file.seek(SeekFrom::End(-length.min(TAIL_BYTES)))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    Ok(lines[lines.len().saturating_sub(count)..].join("\n"))
}
