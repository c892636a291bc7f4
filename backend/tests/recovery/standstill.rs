//! Times at which nobody got the processor: a virtual machine that was paused, a machine that is busy with something else. They
//! are nobody's fault, and count for nobody's delay.

use std::sync::{Mutex, OnceLock};
use std::thread;
use std::time::Duration;

use tokio::time::Instant;

const LOOK_EVERY: Duration = Duration::from_millis(50);
/// A thread that asked for 50 ms and got this many waited for the processor.
const STOOD_STILL: Duration = Duration::from_millis(300);

static GAPS: OnceLock<Mutex<Vec<(Instant, Instant)>>> = OnceLock::new();

/// Begins to watch, once for all tests.
pub fn watch() {
    GAPS.get_or_init(|| {
        thread::spawn(|| {
            let mut before = Instant::now();
            loop {
                thread::sleep(LOOK_EVERY);
                let now = Instant::now();
                if now - before > STOOD_STILL {
                    gaps().lock().unwrap().push((before + LOOK_EVERY, now));
                }
                before = now;
            }
        });
        Mutex::default()
    });
}

/// Returns how long it was between two moments, without the times at which everything stood still.
pub fn between(from: Instant, to: Instant) -> Duration {
    let gaps = gaps().lock().unwrap();
    let stood_still: Duration = gaps
        .iter()
        .map(|(began, ended)| {
            (*ended)
                .min(to)
                .saturating_duration_since((*began).max(from))
        })
        .sum();
    to.saturating_duration_since(from)
        .saturating_sub(stood_still)
}

fn gaps() -> &'static Mutex<Vec<(Instant, Instant)>> {
    GAPS.get().expect("it is watched")
}
