//! Whole conversations in virtual time: a learner who speaks, a provider that answers and fails, a playout that plays.
//!
//! `cargo test` runs a seeded sample; with `AVAAZ_SIMULATE=all` everything is run (see `scripts/soak`).

mod chance;
mod faults;
mod interruptions;
mod learner;
mod provider;
mod two_hours;
mod world;

/// Returns how many cases to run: all of them when asked to, else a sample.
fn cases(all: u64, sample: u64) -> u64 {
    match std::env::var("AVAAZ_SIMULATE").as_deref() {
        Ok("all") => all,
        _ => sample,
    }
}
