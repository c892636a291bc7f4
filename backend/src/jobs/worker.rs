//! The worker that every `avaaz serve` runs.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use avaaz_agent::shutdown::Shutdown;
use futures_util::FutureExt as _;
use graphile_worker::{
    IntoTaskHandlerResult, JobComplete, JobDefinition, JobFail, JobPermanentlyFail, TaskHandler,
    WorkerContext, WorkerOptions, WorkerRecoveryConfig,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::{Job, JobError, SCHEMA, letters};
use crate::app::AppState;

/// How many jobs one process carries out at once. They mostly wait, for models and for the database; what takes more than patience has
/// lanes or a limit of its own (reading documents, the built-in embedding model).
const AT_ONCE: usize = 16;
/// Notifications wake the worker; this is for those that were lost, and for jobs whose turn comes later than their notification.
const POLL_EVERY: Duration = Duration::from_secs(1);
/// How long a job may go on once the server stops, unless it is told to cut. Each can be repeated, and somebody waits for the server.
const GRACE: Duration = Duration::from_secs(5);
/// How soon the queue is served again after the database was away.
const PAUSE: Duration = Duration::from_secs(1);
/// A worker that was not seen for so long is dead, and its jobs are given to others.
const DEAD_AFTER: Duration = Duration::from_secs(30);
const COUNT_EVERY: Duration = Duration::from_secs(15);

/// The jobs that a worker knows.
#[derive(Clone, Default)]
pub struct Registry {
    jobs: Vec<JobDefinition>,
    repeated: Vec<Repeated>,
}

#[derive(Debug, Clone, Copy)]
struct Repeated {
    name: &'static str,
    every: &'static str,
    attempts: i16,
}

impl Registry {
    /// Adds a job.
    #[must_use]
    pub fn with<J: Job>(mut self) -> Self {
        self.jobs.push(Task::<J>::definition());
        if let Some(every) = J::EVERY {
            self.repeated.push(Repeated {
                name: J::NAME,
                every,
                attempts: J::ATTEMPTS,
            });
        }
        self
    }
}

/// Carries out jobs until the shutdown: its first step lets those that were begun finish, the second drops them. Waits while
/// the database is away.
pub async fn run(registry: Registry, app: AppState, shutdown: Shutdown) {
    loop {
        let served = serve(&registry, &app, &shutdown).await;
        if shutdown.is_begun() {
            return;
        }
        if let Err(error) = served {
            tracing::warn!(%error, "jobs wait for the database");
        }
        tokio::select! {
            () = shutdown.begun() => return,
            () = sleep(PAUSE) => {}
        }
    }
}

async fn serve(registry: &Registry, app: &AppState, shutdown: &Shutdown) -> anyhow::Result<()> {
    let begun = shutdown.begun_token();
    let recovery = WorkerRecoveryConfig::default()
        .heartbeat_interval(DEAD_AFTER / 5)
        .sweep_interval(DEAD_AFTER / 3)
        .sweep_threshold(DEAD_AFTER)
        .recovery_delay(Duration::ZERO);
    let crontab: String = (registry.repeated.iter())
        .map(|job| {
            let (every, name, attempts) = (job.every, job.name, job.attempts);
            format!("{every} {name} ?job_key={name}&queue={name}&max={attempts}\n")
        })
        .collect();
    let worker = WorkerOptions::default()
        .pg_pool(app.pool.clone())
        .schema(SCHEMA)
        .concurrency(AT_ONCE)
        .poll_interval(POLL_EVERY)
        .worker_recovery(recovery)
        .listen_os_shutdown_signals(false)
        .shutdown_signal(async move { begun.cancelled().await })
        .shutdown_grace_period(GRACE)
        .shutdown_interrupted_job_retry_delay(Duration::ZERO)
        .define_jobs(registry.jobs.iter().cloned())
        .with_cron(crontab)?
        .add_extension(Workplace {
            app: app.clone(),
            shutdown: shutdown.clone(),
        })
        .on(JobComplete, |done| async move {
            let name = done.job.task_identifier().clone();
            metrics::histogram!("job_duration_seconds", "job" => name.clone())
                .record(done.duration.as_secs_f64());
            metrics::counter!("jobs_finished_total", "job" => name, "outcome" => "done")
                .increment(1);
        })
        .on(JobFail, |failed| async move {
            let name = failed.job.task_identifier().clone();
            metrics::counter!("jobs_finished_total", "job" => name, "outcome" => "failed")
                .increment(1);
        })
        .on(JobPermanentlyFail, |failed| async move {
            let name = failed.job.task_identifier().clone();
            metrics::counter!("jobs_finished_total", "job" => name, "outcome" => "dead")
                .increment(1);
        })
        .init()
        .await?;
    for job in &registry.repeated {
        let mut connection = app.pool.acquire().await?;
        super::insert_repeated(&mut connection, job.name, job.attempts).await?;
    }
    tokio::select! {
        done = worker.run() => done?,
        () = count(app) => {}
    }
    Ok(())
}

/// Keeps the figures of the queue for `/metrics`.
async fn count(app: &AppState) {
    let mut ticks = interval(COUNT_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Ok(counts) = letters::counts(&app.pool).await {
            for (state, count) in [
                ("waiting", counts.waiting),
                ("running", counts.running),
                ("dead", counts.dead),
            ] {
                metrics::gauge!("jobs", "state" => state)
                    .set(u32::try_from(count).map_or(f64::MAX, f64::from));
            }
        }
    }
}

/// What a job is carried out with.
#[derive(Debug, Clone)]
struct Workplace {
    app: AppState,
    shutdown: Shutdown,
}

/// A job as the queue knows it.
#[derive(Serialize, Deserialize)]
#[serde(
    transparent,
    bound(serialize = "J: Serialize", deserialize = "J: DeserializeOwned")
)]
struct Task<J>(J);

impl<J: Job> TaskHandler for Task<J> {
    const IDENTIFIER: &'static str = J::NAME;

    async fn run(self, context: WorkerContext) -> impl IntoTaskHandlerResult {
        let Some(Workplace { app, shutdown }) = context.get_ext::<Workplace>().cloned() else {
            return Err(JobError::because("the worker was started without a server"));
        };
        let pool = app.pool.clone();
        // A panic's message may quote words, and the queue would store it.
        let job = AssertUnwindSafe(self.0.run(app)).catch_unwind();
        let done = tokio::select! {
            done = job => done.unwrap_or_else(|_| Err(JobError::because("it panicked"))),
            () = shutdown.is_cut() => return Err(JobError::because("the server was stopped")),
        };
        if let Err(error) = &done {
            let (id, worker) = (*context.job().id(), context.worker_id());
            let noted = letters::note_failure(&pool, id, worker, error.next).await;
            if let Err(error) = noted.map_err(JobError::from) {
                tracing::warn!(job.id = id, %error, "when to try a job again could not be noted");
            }
        }
        done
    }
}
