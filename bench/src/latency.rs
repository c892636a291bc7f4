//! One run with so many conversations at once.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use avaaz_simulator::{Options, Simulator};

use crate::clock::Clock;
use crate::histogram::TurnLatency;
use crate::learner::Learner;
use crate::measure::{Delays, Used, used};
use crate::scenario::{Actor, Seen};
use crate::stack::Stack;
use crate::timeline::{Connection, Timeline};

const BURSTS: usize = 40;
const REPLY: &str = "Let us go through it slowly, one sentence after the other, so that you can hear every word of it. \
                     There is no hurry at all, and you may stop me whenever you like, because that is what a conversation is for.";

/// The figures of one run.
pub struct Report {
    provider: String,
    turn_latency: TurnLatency,
    at_once: usize,
    ready_after: Duration,
    joined: Delays,
    up: Delays,
    down: Delays,
    silence: Delays,
    cpu_percent_each: f64,
    memory_each: f64,
}

/// Runs the scenario.
///
/// # Errors
/// When a part does not start, or a learner gets no tutor.
pub async fn run(
    avaaz: &Path,
    provider: &str,
    at_once: usize,
    exchanges: usize,
) -> anyhow::Result<Report> {
    // Where we find the learner's turns ourselves, a tone is no speech and never goes up: there is nothing to time.
    let bursts = if provider == "gemini" { 0 } else { BURSTS };
    let script = serde_json::json!({"default": {"greeting": "Hello.", "replies": vec![REPLY; exchanges * 2 + BURSTS], "language": "en"}});
    let simulator = Simulator::start(Options {
        script: serde_json::from_value(script)?,
        ..Default::default()
    })
    .await?;
    let base_url = simulator.base_url();
    let stack = Stack::start(avaaz, &base_url).await?;
    let pid = stack.avaaz_pid()?;
    let before = used(pid)?;
    let clock = Clock::start();
    let mut timeline = Timeline::new(&base_url);
    let mut joined = Delays::new();
    let mut actors = Vec::new();
    for number in 0..at_once {
        // One after the other, so that each learner is known to have the newest connection.
        let learner = Learner::join(&stack, provider, number).await?;
        joined.add(learner.tutor_after);
        timeline.read().await?;
        let connection = timeline.newest().context("the simulator was not called")?;
        actors.push((connection, Actor::new(learner, clock)?));
    }
    let speech = speak("Excuse me, could you please say that once more for me?")?;
    let (seen, cpu, lasted, after) =
        act(actors, &speech, (bursts, exchanges), pid, &mut timeline).await?;

    let (mut up, mut down, mut silence) = (Delays::new(), Delays::new(), Delays::new());
    for (number, seen) in &seen {
        let connection = timeline.connection(*number);
        measure_up(&connection, seen, &mut up);
        measure_down(&connection, seen, &mut down);
        measure_silence(&connection, seen, &mut silence);
    }
    let report = Report {
        provider: provider.to_owned(),
        turn_latency: TurnLatency::read(&stack.api_url).await?,
        at_once,
        ready_after: stack.ready_after,
        joined,
        up,
        down,
        silence,
        cpu_percent_each: 100.0 * cpu.as_secs_f64() / lasted.as_secs_f64() / at_once as f64,
        memory_each: (after.resident_bytes.saturating_sub(before.resident_bytes)) as f64
            / 1e6
            / at_once as f64,
    };
    stack.stop().await;
    simulator.shutdown().await;
    Ok(report)
}

/// Lets all learners act at once and measures the server meanwhile.
async fn act(
    actors: Vec<(u64, Actor)>,
    speech: &[i16],
    (bursts, exchanges): (usize, usize),
    pid: i32,
    timeline: &mut Timeline,
) -> anyhow::Result<(Vec<(u64, Seen)>, Duration, Duration, Used)> {
    let (begun, before) = (Instant::now(), used(pid)?);
    let mut tasks = tokio::task::JoinSet::new();
    for (index, (number, mut actor)) in actors.into_iter().enumerate() {
        let speech = speech.to_vec();
        tasks.spawn(async move {
            tokio::time::sleep(Duration::from_millis(37 * index as u64)).await;
            actor.let_the_tutor_finish().await?;
            actor.make_bursts(bursts).await?;
            actor.converse(&speech, exchanges).await?;
            anyhow::Ok((number, actor))
        });
    }
    let mut acted = Vec::new();
    let mut read = tokio::time::interval(Duration::from_secs(1));
    while !tasks.is_empty() {
        tokio::select! {
            done = tasks.join_next() => if let Some(done) = done { acted.push(done??) },
            _ = read.tick() => timeline.read().await?,
        }
    }
    timeline.read().await?;
    let (after, lasted) = (used(pid)?, begun.elapsed());
    let mut seen = Vec::new();
    for (number, actor) in acted {
        seen.push((number, actor.finish().await));
    }
    Ok((seen, after.cpu.saturating_sub(before.cpu), lasted, after))
}

/// From the bystander's ear to the provider's socket: what the server adds to what LiveKit needs anyway.
fn measure_up(connection: &Connection, seen: &Seen, up: &mut Delays) {
    for heard in &seen.bystander_onsets {
        // The bystander may be a little later than the server.
        if let Some(received) = connection
            .onsets
            .iter()
            .find(|at| (-15_000..200_000).contains(&(*at - heard)))
        {
            up.add(micros(received - heard));
        }
    }
}

/// From the provider's first sound to the learner's ear.
fn measure_down(connection: &Connection, seen: &Seen, down: &mut Delays) {
    for sent in &connection.first_audio_sent {
        if let Some((first, _)) = seen
            .replies
            .iter()
            .find(|(first, _)| (0..1_000_000).contains(&(first - sent)))
        {
            down.add(micros(first - sent));
        }
    }
}

/// From the provider's word that the learner speaks to the last packet of the reply.
fn measure_silence(connection: &Connection, seen: &Seen, silence: &mut Delays) {
    for known in &connection.speech_started {
        if let Some((_, last)) = seen
            .replies
            .iter()
            .find(|(first, last)| first < known && *last > known - 20_000)
        {
            silence.add(micros(last - known));
        }
    }
}

fn micros(us: i64) -> Duration {
    Duration::from_micros(u64::try_from(us).unwrap_or(0))
}

/// Speaks a sentence with espeak-ng. Its 22.05 kHz are taken for 24: a slightly higher voice is a voice, too.
fn speak(text: &str) -> anyhow::Result<Vec<i16>> {
    let spoken = Command::new("espeak-ng")
        .args(["--stdout", text])
        .output()
        .context("espeak-ng is missing: `make run` brings it")?;
    let samples = spoken.stdout.get(44..).context("espeak-ng said nothing")?;
    Ok(samples
        .chunks_exact(2)
        .map(|pair| i16::from_le_bytes([pair[0], pair[1]]))
        .collect())
}

impl Report {
    /// Prints the figures beside their budgets.
    pub fn print(&self) {
        println!(
            "\n{} conversation(s) at once, {} on the wire",
            self.at_once, self.provider
        );
        println!("{:<52} {:>9} {:>9} {:>7}   budget", "", "p50", "p99", "n");
        line(
            "added delay up: room to provider socket",
            &self.up,
            "p99 <= 5 ms",
        );
        line(
            "added delay down: provider delta to learner's packet",
            &self.down,
            "p99 <= 20 ms",
        );
        line(
            "silence after an interruption is known",
            &self.silence,
            "<= 40 ms",
        );
        line(
            "token asked for to the tutor's first packet",
            &self.joined,
            "(in the room <= 300 ms)",
        );
        println!(
            "{:<52} {:>7.2} %                     <= 1.2 % of a core",
            "CPU for one talking conversation, all in", self.cpu_percent_each
        );
        println!(
            "{:<52} {:>6.2} MB                     <= 3 MB",
            "memory for one conversation, all in", self.memory_each
        );
        println!(
            "{:<52} {:>6.0} ms                     (< 300 ms without the database's start)",
            "process ready, database's start included",
            self.ready_after.as_secs_f64() * 1000.0
        );
        self.turn_latency.print();
    }
}

fn line(what: &str, delays: &Delays, budget: &str) {
    if delays.count() == 0 {
        println!(
            "{what:<52} {:>9} {:>9} {:>7}   {budget} (not measured here)",
            "-", "-", 0
        );
        return;
    }
    println!(
        "{what:<52} {:>6.1} ms {:>6.1} ms {:>7}   {budget}",
        delays.at_ms(0.5),
        delays.at_ms(0.99),
        delays.count()
    );
}
