//! A process gives up what it does not need to read a document.

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, LandlockStatus, RestrictionStatus, Ruleset,
    RulesetAttr as _, RulesetError, RulesetStatus, Scope,
};
use nix::sys::prctl;
use nix::sys::resource::{Resource, setrlimit};
use nix::unistd::alarm;
use serde::{Deserialize, Serialize};

/// What is left of the processor after the voices.
const NICENESS: i32 = 10;
/// How long after the signal that can be told apart from others comes the one that nobody survives.
const GRACE_SECONDS: u64 = 2;

/// How much a process may take to read one document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// What it may allocate.
    pub memory_bytes: u64,
    /// How long it may take, on the clock and of a processor.
    pub seconds: u32,
}

/// Confines this process, for good, and returns the version of Landlock that helps with it, where the kernel has one. It must not have
/// begun a second thread: Landlock holds for the one that calls it and for those that it begins.
///
/// With no file descriptor to be had, nothing can be opened and nobody can be called. What is open already stays open: the
/// document on the standard input, the answer on the standard output. Files could still be removed or renamed, and other processes
/// of this user killed: against that there is Landlock.
pub(crate) fn confine(limits: Limits) -> nix::Result<Option<ABI>> {
    // Refused, it reads as fast as everybody else.
    let _ = rustix::process::nice(NICENESS);
    prctl::set_no_new_privs()?;
    // No other process of this user reads a learner's document in this one's memory, and a crash leaves no copy of it.
    prctl::set_dumpable(false)?;
    // It needs a file descriptor for a moment.
    let landlock = forbid_all().ok().and_then(enforced);
    setrlimit(Resource::RLIMIT_CORE, 0, 0)?;
    setrlimit(Resource::RLIMIT_FSIZE, 0, 0)?;
    setrlimit(Resource::RLIMIT_NOFILE, 0, 0)?;
    // At the first the kernel sends SIGXCPU, at the second SIGKILL, which may come from anybody.
    let seconds = u64::from(limits.seconds);
    setrlimit(Resource::RLIMIT_CPU, seconds, seconds + GRACE_SECONDS)?;
    // Not RLIMIT_AS: that counts the program itself, which maps far more than it holds.
    setrlimit(
        Resource::RLIMIT_DATA,
        limits.memory_bytes,
        limits.memory_bytes,
    )?;
    // Whoever started us ends us in time; should they be gone, this does. Nobody catches the signal.
    alarm::set(limits.seconds.saturating_add(1));
    Ok(landlock)
}

/// Forbids all that this kernel's Landlock can: every file and folder, every port, signals to others and their abstract sockets.
fn forbid_all() -> Result<RestrictionStatus, RulesetError> {
    Ruleset::default()
        .handle_access(AccessFs::from_all(ABI::V7))?
        .handle_access(AccessNet::from_all(ABI::V7))?
        .scope(Scope::from_all(ABI::V7))?
        .create()?
        .restrict_self()
}

fn enforced(status: RestrictionStatus) -> Option<ABI> {
    match (status.ruleset, status.landlock) {
        (RulesetStatus::NotEnforced, _) => None,
        (_, LandlockStatus::Available { effective_abi, .. }) => Some(effective_abi),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::process::{Command, exit};

    use nix::sys::signal::kill;
    use nix::unistd::getppid;

    use super::*;

    /// Set in the process that is confined: the folder in which it does what it must not.
    const INSIDE: &str = "CONFINED_IN";
    const THIS_TEST: &str =
        "confine::tests::a_confined_process_can_open_remove_and_rename_nothing_and_signal_nobody";
    const OPENED: i32 = 1;
    const REMOVED: i32 = 2;
    const RENAMED: i32 = 4;
    const SIGNALLED: i32 = 8;
    const WITH_LANDLOCK: i32 = 16;
    const WITH_SCOPES: i32 = 32;

    /// Tries everything, and returns what could be done.
    fn misbehave(folder: &std::path::Path) -> i32 {
        let limits = Limits {
            memory_bytes: 512 << 20,
            seconds: 20,
        };
        let landlock = confine(limits).unwrap();
        let mut done = 0;
        let mut note = |could: bool, what: i32| done |= if could { what } else { 0 };
        note(std::fs::File::open(folder.join("letter")).is_ok(), OPENED);
        note(
            std::fs::rename(folder.join("letter"), folder.join("taken")).is_ok(),
            RENAMED,
        );
        note(std::fs::remove_file(folder.join("will")).is_ok(), REMOVED);
        note(kill(getppid(), None).is_ok(), SIGNALLED);
        note(landlock.is_some(), WITH_LANDLOCK);
        note(landlock >= Some(ABI::V6), WITH_SCOPES);
        done
    }

    #[test]
    fn a_confined_process_can_open_remove_and_rename_nothing_and_signal_nobody() {
        if let Some(folder) = std::env::var_os(INSIDE) {
            exit(misbehave(&PathBuf::from(folder)));
        }
        let folder = tempfile::tempdir().unwrap();
        for name in ["letter", "will"] {
            std::fs::write(folder.path().join(name), "words").unwrap();
        }
        // This test once more, in a process of its own that will be confined.
        let ended = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", THIS_TEST])
            .env(INSIDE, folder.path())
            .output()
            .unwrap();
        let done = ended.status.code().unwrap();
        assert_eq!(done & OPENED, 0);
        // A kernel without Landlock lets the rest through; that is said in the log of the server.
        let expected = |present: i32, what: i32| if done & present == 0 { what } else { 0 };
        assert_eq!(done & REMOVED, expected(WITH_LANDLOCK, REMOVED));
        assert_eq!(done & RENAMED, expected(WITH_LANDLOCK, RENAMED));
        assert_eq!(done & SIGNALLED, expected(WITH_SCOPES, SIGNALLED));
        let left = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(left, if done & WITH_LANDLOCK == 0 { 1 } else { 2 });
    }
}
