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

use std::future::Future;
use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

/// How many tests run side by side, on however small a machine: they mostly wait. Those that keep it busy see to it that they
/// are alone (see `stack::Company`), so they come last: nobody has to wait behind them.
const SIDE_BY_SIDE: usize = 5;

macro_rules! trials {
    ($($test:path),* $(,)?) => { vec![$(trial(stringify!($test), $test)),*] };
}

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(SIDE_BY_SIDE);
    let trials = trials![
        outages::a_database_that_is_stopped_for_twenty_seconds_gets_every_turn_afterwards,
        outages::a_database_that_hangs_for_a_while_gets_every_turn_afterwards,
        outages::a_room_server_that_is_restarted_finds_both_sides_again_in_the_same_conversation,
        outages::an_api_that_is_restarted_is_not_noticed_by_those_who_talk,
        restarts::a_conversation_waits_for_a_runtime_and_is_served_as_soon_as_there_is_one,
        restarts::a_rolling_restart_of_two_runtimes_drops_none_of_twenty_conversations,
        kills::a_runtime_that_dies_costs_at_most_the_turn_being_spoken,
    ];
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// Makes a test of a function, with a runtime of its own.
fn trial<F: Future<Output = ()> + 'static>(name: &str, test: fn() -> F) -> Trial {
    Trial::test(name, move || {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        runtime.enable_all().build()?.block_on(test());
        Ok(())
    })
}

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
