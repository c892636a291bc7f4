//! A process gives up what it does not need to read a document.

use nix::sys::prctl;
use nix::sys::resource::{Resource, setrlimit};
use nix::unistd::alarm;
use serde::{Deserialize, Serialize};

/// How much a process may take to read one document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// What it may allocate.
    pub memory_bytes: u64,
    /// How long it may take, on the clock and of a processor.
    pub seconds: u32,
}

/// Confines this process, for good.
///
/// With no file descriptor to be had, nothing can be opened and nobody can be called. What is open already stays open: the
/// document on the standard input, the answer on the standard output.
pub(crate) fn confine(limits: Limits) -> nix::Result<()> {
    prctl::set_no_new_privs()?;
    // No other process of this user reads a learner's document in this one's memory, and a crash leaves no copy of it.
    prctl::set_dumpable(false)?;
    setrlimit(Resource::RLIMIT_CORE, 0, 0)?;
    setrlimit(Resource::RLIMIT_FSIZE, 0, 0)?;
    setrlimit(Resource::RLIMIT_NOFILE, 0, 0)?;
    setrlimit(
        Resource::RLIMIT_CPU,
        limits.seconds.into(),
        limits.seconds.into(),
    )?;
    // Not RLIMIT_AS: that counts the program itself, which maps far more than it holds.
    setrlimit(
        Resource::RLIMIT_DATA,
        limits.memory_bytes,
        limits.memory_bytes,
    )?;
    // Whoever started us ends us in time; should they be gone, this does. Nobody catches the signal.
    alarm::set(limits.seconds.saturating_add(1));
    Ok(())
}
