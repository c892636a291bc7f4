//! Times at which this process stood still: a virtual machine that was paused, a test that was stopped and continued. They are
//! nobody's fault, and count for nobody's delay. A machine that is merely busy is no excuse.

use std::sync::{Mutex, OnceLock};
use std::thread;
use std::time::Duration;

use tokio::time::Instant;

const LOOK_EVERY: Duration = Duration::from_millis(50);
/// A thread that asked for 50 ms and got this much did not run at all.
const STOOD_STILL: Duration = Duration::from_secs(1);

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
                    println!("this process stood still for {:?}", now - before);
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
