//! Nothing is lost: real `avaaz` processes on a real Postgres and a real livekit-server are killed, stopped and restarted
//! while learners talk. `AVAAZ_SIMULATE=all` makes the runs as long as `make soak` wants them.

#![allow(clippy::unwrap_used)] // Everything here is test code, the helpers outside of test functions too.
#![allow(dead_code)] // The neighbours' helpers hold more than is needed here.

#[path = "../it/support/builders.rs"]
mod builders;
#[path = "../it/support/database.rs"]
mod database;
mod kills;
mod learner;
#[path = "../../../agent/tests/livekit/server.rs"]
mod livekit_server;
mod outages;
mod restarts;
#[path = "../../../agent/tests/talk/speech.rs"]
mod speech;
mod stack;
mod standstill;
mod verdict;
mod witness;

/// What `speech` knows of the neighbours' guests.
mod guest {
    use std::sync::Arc;
    use std::time::Duration;

    use avaaz_agent::room::AudioOutput;

    pub const FRAME: Duration = Duration::from_millis(20);

    /// Somebody with a voice.
    pub struct Guest {
        pub audio: Arc<dyn AudioOutput>,
    }
}

/// Whether the long runs are wanted.
fn is_soak() -> bool {
    std::env::var("AVAAZ_SIMULATE").is_ok_and(|what| what == "all")
}
