//! How much memory this process has, and the server with it: it runs in the same one.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;
use tokio_util::task::AbortOnDropHandle;

/// Looks at the memory of this process all the time.
pub struct Resident {
    before: u64,
    most: watch::Receiver<u64>,
    _watching: AbortOnDropHandle<()>,
}

impl Resident {
    pub fn watch() -> Self {
        let before = now();
        let (seen, most) = watch::channel(before);
        let watching = async move {
            loop {
                seen.send_modify(|most| *most = now().max(*most));
                sleep(Duration::from_millis(5)).await;
            }
        };
        Self {
            before,
            most,
            _watching: AbortOnDropHandle::new(tokio::spawn(watching)),
        }
    }

    /// Returns by how many megabytes it grew at most.
    pub fn growth(&self) -> u64 {
        (*self.most.borrow()).saturating_sub(self.before) >> 20
    }
}

/// In bytes.
fn now() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kilobytes: u64 = line
        .and_then(|line| line.split_whitespace().nth(1))
        .and_then(|number| number.parse().ok())
        .unwrap();
    kilobytes * 1024
}
