use std::future::{Future, pending};
use std::process::ExitStatus;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use futures_util::future::{FutureExt as _, select_all};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::process::Child;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::program::Program;

const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// A program that ran this long starts with a short pause again.
const STEADY_AFTER: Duration = Duration::from_secs(60);
const READY_WITHIN: Duration = Duration::from_secs(60);
const PROBE_EVERY: Duration = Duration::from_millis(50);

/// The programs that `avaaz dev` started: kept running, and ended in the opposite order of their start.
///
/// Use it on the main thread (see [`Program`]).
#[derive(Default)]
pub struct Family {
    members: Vec<Member>,
}

struct Member {
    program: Program,
    state: State,
    started_at: Instant,
    pause: Duration,
}

enum State {
    Running(Child),
    Down { again_at: Instant },
}

impl Family {
    /// Starts a program and waits until `probe` says that it answers.
    ///
    /// # Errors
    /// When it cannot be started, ends, or does not answer in time: with the last lines it printed.
    pub async fn start<P, F>(&mut self, program: Program, mut probe: P) -> Result<()>
    where
        P: FnMut() -> F,
        F: Future<Output = bool>,
    {
        let name = program.name;
        let child = program
            .spawn()
            .with_context(|| format!("{name} could not be started"))?;
        // Known from here on: whatever comes next, it will be ended.
        self.members.push(Member::new(program, child));
        let member = self.members.last_mut().expect("it was pushed a moment ago");
        let answered = async {
            while !probe().await {
                sleep(PROBE_EVERY).await;
            }
        };
        let State::Running(child) = &mut member.state else {
            unreachable!("it was just started")
        };
        tokio::select! {
            status = child.wait() => {
                let ended = describe(status?);
                bail!("{name} ended at its start ({ended}). {}", member.program.explained());
            }
            answered = timeout(READY_WITHIN, answered) => {
                if answered.is_err() {
                    let seconds = READY_WITHIN.as_secs();
                    bail!("{name} does not answer after {seconds} s. {}", member.program.explained());
                }
            }
        }
        Ok(())
    }

    /// Starts again whatever ends. Never returns; stopping to await it is fine at any time.
    pub async fn keep_running(&mut self) {
        loop {
            if self.members.is_empty() {
                return pending().await;
            }
            let changes = self
                .members
                .iter_mut()
                .map(|member| member.change().boxed());
            let (ended, index, _) = select_all(changes).await;
            self.members[index].turn(ended);
        }
    }

    /// Ends every program, the last started first; without asking once `cut` is cancelled.
    pub async fn stop(&mut self, cut: &CancellationToken) {
        while let Some(member) = self.members.pop() {
            if let State::Running(child) = member.state {
                end(&member.program, child, cut).await;
            }
        }
    }
}

impl Member {
    fn new(program: Program, child: Child) -> Self {
        Self {
            program,
            state: State::Running(child),
            started_at: Instant::now(),
            pause: FIRST_PAUSE,
        }
    }

    /// Waits until it ended (`Some`) or until it is time to start it again (`None`).
    async fn change(&mut self) -> Option<std::io::Result<ExitStatus>> {
        match &mut self.state {
            State::Running(child) => Some(child.wait().await),
            State::Down { again_at } => {
                sleep_until(*again_at).await;
                None
            }
        }
    }

    fn turn(&mut self, ended: Option<std::io::Result<ExitStatus>>) {
        let name = self.program.name;
        match ended {
            Some(status) => {
                let status = status.map_or_else(|error| error.to_string(), describe);
                tracing::warn!(program = name, %status, "ended by itself; starting it again");
                if self.started_at.elapsed() >= STEADY_AFTER {
                    self.pause = FIRST_PAUSE;
                }
                self.rest();
            }
            None => match self.program.spawn() {
                Ok(child) => {
                    self.state = State::Running(child);
                    self.started_at = Instant::now();
                }
                Err(error) => {
                    tracing::error!(program = name, %error, "could not be started again");
                    self.rest();
                }
            },
        }
    }

    fn rest(&mut self) {
        self.state = State::Down {
            again_at: Instant::now() + self.pause,
        };
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
    }
}

impl Program {
    fn explained(&self) -> String {
        format!(
            "It said:\n{}\n(all of it: {})",
            self.last_lines(),
            self.log.display()
        )
    }
}

/// Asks, asks again half-way (livekit-server first waits for calls to end), and kills in the end.
async fn end(program: &Program, mut child: Child, cut: &CancellationToken) {
    for _ in 0..2 {
        signal(&child, program.stop_signal);
        tokio::select! {
            _ = child.wait() => return,
            () = sleep(program.grace / 2) => {}
            () = cut.cancelled() => break,
        }
    }
    tracing::warn!(
        program = program.name,
        "does not end when asked; killing it"
    );
    signal(&child, Signal::SIGKILL);
    if let Err(error) = child.wait().await {
        tracing::error!(program = program.name, %error, "cannot tell whether it ended");
    }
}

fn signal(child: &Child, signal: Signal) {
    // No id: it ended already. A group of its own, so that what it started itself ends with it.
    if let Some(id) = child.id().and_then(|id| i32::try_from(id).ok()) {
        let whom = if signal == Signal::SIGKILL { -id } else { id };
        if let Err(error) = kill(Pid::from_raw(whom), signal) {
            tracing::debug!(%error, "the signal found nobody");
        }
    }
}

fn describe(status: ExitStatus) -> String {
    status.to_string()
}

#[cfg(test)]
mod tests;
