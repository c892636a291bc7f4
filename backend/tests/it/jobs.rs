//! The job queue on a real Postgres.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use avaaz_agent::shutdown::Shutdown;
use avaaz_backend::app::AppState;
use avaaz_backend::jobs::{self, Job, JobError, Registry};
use avaaz_models::ModelError;
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

use crate::support::app::TestApp;
use crate::support::database::Postgres;

/// What jobs of this binary have done: `(who, what)`.
static DONE: LazyLock<Mutex<Vec<(Uuid, &str)>>> = LazyLock::new(Mutex::default);

fn note(who: Uuid, what: &'static str) {
    DONE.lock().unwrap().push((who, what));
}

fn done(who: Uuid) -> Vec<&'static str> {
    let all = DONE.lock().unwrap();
    all.iter()
        .filter(|(of, _)| *of == who)
        .map(|(_, what)| *what)
        .collect()
}

async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !is_so().await {
        assert!(begun.elapsed() < Duration::from_secs(30), "never: {what}");
        sleep(Duration::from_millis(20)).await;
    }
}

fn work(app: &TestApp) -> (Shutdown, JoinHandle<()>) {
    work_with(app.state.clone())
}

fn work_with(app: AppState) -> (Shutdown, JoinHandle<()>) {
    let registry = Registry::default()
        .with::<Greet>()
        .with::<Fail>()
        .with::<Slow>()
        .with::<Lane>()
        .with::<Hourly>()
        .with::<Ask>();
    work_on(registry, app)
}

fn work_on(registry: Registry, app: AppState) -> (Shutdown, JoinHandle<()>) {
    let shutdown = Shutdown::default();
    let worker = tokio::spawn(jobs::run(registry, app, shutdown.clone()));
    (shutdown, worker)
}

async fn end((shutdown, worker): (Shutdown, JoinHandle<()>)) {
    shutdown.begin();
    timeout(Duration::from_secs(10), worker)
        .await
        .expect("the worker ends")
        .unwrap();
}

async fn enqueue<J: Job>(pool: &PgPool, job: &J) {
    let mut connection = pool.acquire().await.unwrap();
    jobs::enqueue(&mut connection, job).await.unwrap();
}

#[derive(Serialize, Deserialize)]
struct Greet {
    who: Uuid,
}

impl Job for Greet {
    const NAME: &'static str = "test_greet";

    fn key(&self) -> Option<String> {
        Some(format!("greet:{}", self.who))
    }

    async fn run(self, _: AppState) -> Result<(), JobError> {
        note(self.who, "greeted");
        Ok(())
    }
}

#[derive(Serialize, Deserialize)]
struct Fail {
    who: Uuid,
    panics: bool,
}

impl Job for Fail {
    const NAME: &'static str = "test_fail";
    const ATTEMPTS: i16 = 1;

    async fn run(self, _: AppState) -> Result<(), JobError> {
        note(self.who, "failed");
        assert!(!self.panics, "the learner said: my secret");
        Err(JobError::because("the model did not answer"))
    }
}

static SLOW_ENDS: AtomicBool = AtomicBool::new(false);

#[derive(Serialize, Deserialize)]
struct Slow {
    who: Uuid,
    is_endless: bool,
}

impl Job for Slow {
    const NAME: &'static str = "test_slow";

    async fn run(self, _: AppState) -> Result<(), JobError> {
        note(self.who, "begun");
        while self.is_endless || !SLOW_ENDS.load(Ordering::SeqCst) {
            sleep(Duration::from_millis(10)).await;
        }
        note(self.who, "ended");
        Ok(())
    }
}

static IN_LANE: AtomicUsize = AtomicUsize::new(0);

#[derive(Serialize, Deserialize)]
struct Lane {
    who: Uuid,
}

impl Job for Lane {
    const NAME: &'static str = "test_lane";

    fn lane(&self) -> Option<String> {
        Some(format!("lane:{}", self.who))
    }

    async fn run(self, _: AppState) -> Result<(), JobError> {
        let others = IN_LANE.fetch_add(1, Ordering::SeqCst);
        sleep(Duration::from_millis(30)).await;
        IN_LANE.fetch_sub(1, Ordering::SeqCst);
        note(self.who, if others == 0 { "alone" } else { "in company" });
        Ok(())
    }
}

static HOURLY: AtomicUsize = AtomicUsize::new(0);

#[derive(Serialize, Deserialize)]
struct Hourly {}

impl Job for Hourly {
    const NAME: &'static str = "test_hourly";
    const EVERY: Option<&'static str> = Some("0 * * * *");

    async fn run(self, _: AppState) -> Result<(), JobError> {
        HOURLY.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

#[derive(Serialize, Deserialize)]
struct HourlyInVain {}

impl Job for HourlyInVain {
    const NAME: &'static str = "test_hourly_in_vain";
    const EVERY: Option<&'static str> = Some("0 * * * *");
    const ATTEMPTS: i16 = 3;

    async fn run(self, _: AppState) -> Result<(), JobError> {
        Err(JobError::because("it never works"))
    }
}

/// Asks a model that answers with an error: 401, or that it wants to be left alone.
#[derive(Serialize, Deserialize)]
struct Ask {
    who: Uuid,
    is_refused: bool,
}

impl Job for Ask {
    const NAME: &'static str = "test_ask";

    async fn run(self, _: AppState) -> Result<(), JobError> {
        note(self.who, "asked");
        let error = if self.is_refused {
            ModelError::KeyRefused { status: 401 }
        } else {
            ModelError::RateLimited {
                retry_after: Some(Duration::from_secs(300)),
            }
        };
        Err(error.into())
    }
}

#[tokio::test]
async fn a_model_that_refuses_is_asked_once_and_one_that_wants_to_be_left_alone_after_that() {
    let app = TestApp::start().await;
    let worker = work(&app);
    let (refused, limited) = (Uuid::now_v7(), Uuid::now_v7());
    for (who, is_refused) in [(refused, true), (limited, false)] {
        enqueue(&app.pool, &Ask { who, is_refused }).await;
    }
    until("both were tried", async || {
        let is_tried = !done(refused).is_empty() && !done(limited).is_empty();
        is_tried && jobs::counts(&app.pool).await.unwrap().running == 0
    })
    .await;
    let asked: Vec<(bool, i16, f64)> = sqlx::query_as(
        "SELECT attempts >= max_attempts, max_attempts, extract(epoch FROM run_at - now())::float8
         FROM graphile_worker.jobs WHERE task_identifier = 'test_ask' ORDER BY id",
    )
    .fetch_all(&app.pool)
    .await
    .unwrap();
    let [(is_dead, _, _), (waits, _, seconds)] = asked[..] else {
        panic!("{asked:?}");
    };
    assert!(is_dead && !waits, "{asked:?}");
    assert!((250.0..400.0).contains(&seconds), "{asked:?}");
    let letters = jobs::dead_letters(&app.pool, 10).await.unwrap();
    let refusals: Vec<&str> = (letters.iter())
        .filter_map(|letter| letter.last_error.as_deref())
        .collect();
    assert!(refusals[0].contains("refuses the key"), "{refusals:?}");
    end(worker).await;
    assert_eq!((done(refused).len(), done(limited).len()), (1, 1));
}

#[tokio::test]
async fn a_repeated_job_is_tried_as_often_as_it_says() {
    let app = TestApp::start().await;
    let registry = Registry::default().with::<HourlyInVain>();
    let worker = work_on(registry, app.state.clone());
    let attempts = async || -> Option<(i16, i16)> {
        sqlx::query_as(
            "SELECT attempts, max_attempts FROM graphile_worker.jobs
             WHERE task_identifier = 'test_hourly_in_vain' AND locked_at IS NULL AND attempts > 0",
        )
        .fetch_optional(&app.pool)
        .await
        .unwrap()
    };
    until("it failed", async || attempts().await.is_some()).await;
    assert_eq!(attempts().await.map(|(_, most)| most), Some(3));
    end(worker).await;
}

#[tokio::test]
async fn a_repeated_job_is_done_at_the_start_too() {
    let app = TestApp::start().await;
    let before = HOURLY.load(Ordering::SeqCst);
    let worker = work(&app);
    until("it is done", async || {
        HOURLY.load(Ordering::SeqCst) > before
    })
    .await;
    end(worker).await;
}

#[tokio::test]
async fn a_job_is_done_once_its_transaction_commits_and_never_when_it_does_not() {
    let app = TestApp::start().await;
    let worker = work(&app);
    let (kept, dropped) = (Uuid::now_v7(), Uuid::now_v7());
    let mut transaction = app.pool.begin().await.unwrap();
    jobs::enqueue(&mut transaction, &Greet { who: dropped })
        .await
        .unwrap();
    transaction.rollback().await.unwrap();
    let mut transaction = app.pool.begin().await.unwrap();
    jobs::enqueue(&mut transaction, &Greet { who: kept })
        .await
        .unwrap();
    sleep(Duration::from_millis(300)).await;
    assert!(done(kept).is_empty(), "it was not committed yet");
    transaction.commit().await.unwrap();
    until("the job is done", async || !done(kept).is_empty()).await;
    until("the queue is empty", async || {
        jobs::counts(&app.pool).await.unwrap().running == 0
    })
    .await;
    assert_eq!(done(kept), ["greeted"]);
    assert!(done(dropped).is_empty());
    end(worker).await;
}

#[tokio::test]
async fn the_same_key_waits_once_and_two_workers_do_each_job_once() {
    let app = TestApp::start().await;
    let learners: Vec<Uuid> = (0..40).map(|_| Uuid::now_v7()).collect();
    for who in &learners {
        enqueue(&app.pool, &Greet { who: *who }).await;
        enqueue(&app.pool, &Greet { who: *who }).await;
    }
    assert_eq!(jobs::counts(&app.pool).await.unwrap().waiting, 40);
    let (one, other) = (work(&app), work(&app));
    until("all are done", async || {
        learners.iter().all(|who| !done(*who).is_empty())
    })
    .await;
    end(one).await;
    end(other).await;
    assert!(learners.iter().all(|who| done(*who) == ["greeted"]));
}

#[tokio::test]
async fn jobs_of_one_lane_follow_each_other_over_all_workers() {
    let app = TestApp::start().await;
    let who = Uuid::now_v7();
    for _ in 0..8 {
        enqueue(&app.pool, &Lane { who }).await;
    }
    let (one, other) = (work(&app), work(&app));
    until("all are done", async || done(who).len() == 8).await;
    end(one).await;
    end(other).await;
    assert!(done(who).iter().all(|how| *how == "alone"));
}

#[tokio::test]
async fn what_cannot_be_done_is_a_dead_letter_that_names_no_words_and_can_be_tried_again_or_dropped()
 {
    let app = TestApp::start().await;
    let worker = work(&app);
    let who = Uuid::now_v7();
    enqueue(&app.pool, &Fail { who, panics: false }).await;
    enqueue(&app.pool, &Fail { who, panics: true }).await;
    until("both are dead", async || {
        jobs::counts(&app.pool).await.unwrap().dead == 2
    })
    .await;
    let letters = jobs::dead_letters(&app.pool, 10).await.unwrap();
    let mut errors: Vec<&str> = letters
        .iter()
        .filter_map(|letter| letter.last_error.as_deref())
        .collect();
    errors.sort_unstable();
    assert_eq!(errors.len(), 2);
    assert!(errors[0].contains("it panicked"), "{errors:?}");
    assert!(errors[1].contains("the model did not answer"), "{errors:?}");
    assert!(errors.iter().all(|error| !error.contains("secret")));
    assert!(letters.iter().all(|letter| letter.job == "test_fail"));

    let retried = jobs::retry_dead(&app.pool, Some(&[letters[0].id]))
        .await
        .unwrap();
    assert_eq!(retried, 1);
    until("it was tried again", async || done(who).len() == 3).await;
    until("it is dead again", async || {
        jobs::counts(&app.pool).await.unwrap().dead == 2
    })
    .await;
    assert_eq!(jobs::drop_dead(&app.pool, None).await.unwrap(), 2);
    assert!(jobs::dead_letters(&app.pool, 10).await.unwrap().is_empty());
    end(worker).await;
}

#[tokio::test]
async fn jobs_that_name_somebody_who_is_erased_are_forgotten() {
    let app = TestApp::start().await;
    let (who, other) = (Uuid::now_v7(), Uuid::now_v7());
    enqueue(&app.pool, &Greet { who }).await;
    enqueue(&app.pool, &Fail { who, panics: false }).await;
    enqueue(&app.pool, &Greet { who: other }).await;
    let mut connection = app.pool.acquire().await.unwrap();
    assert_eq!(jobs::forget(&mut connection, "who", who).await.unwrap(), 2);
    assert_eq!(jobs::counts(&app.pool).await.unwrap().waiting, 1);
}

#[tokio::test]
async fn a_job_that_fails_with_attempts_left_waits_longer_each_time() {
    let app = TestApp::start().await;
    let who = Uuid::now_v7();
    enqueue(&app.pool, &Fail { who, panics: false }).await;
    sqlx::query("UPDATE graphile_worker._private_jobs SET max_attempts = 5")
        .execute(&app.pool)
        .await
        .unwrap();
    let worker = work(&app);
    let mut waits = Vec::new();
    for attempt in 1..=3 {
        until("it was tried", async || done(who).len() == attempt).await;
        until("it waits", async || {
            jobs::counts(&app.pool).await.unwrap().running == 0
        })
        .await;
        let wait: f64 = sqlx::query_scalar(
            "SELECT extract(epoch FROM run_at - now())::float8 FROM graphile_worker.jobs WHERE task_identifier = 'test_fail'",
        )
        .fetch_one(&app.pool)
        .await
        .unwrap();
        waits.push(wait);
        sqlx::query("UPDATE graphile_worker._private_jobs SET run_at = now()")
            .execute(&app.pool)
            .await
            .unwrap();
    }
    assert!(waits.is_sorted() && waits[2] > 15.0, "{waits:?}");
    end(worker).await;
}

#[tokio::test]
async fn the_first_step_of_a_shutdown_lets_a_job_finish_and_the_second_gives_it_back() {
    let app = TestApp::start().await;
    let (who, endless) = (Uuid::now_v7(), Uuid::now_v7());
    let slow = |who, is_endless| Slow { who, is_endless };
    enqueue(&app.pool, &slow(who, false)).await;
    let (shutdown, worker) = work(&app);
    until("it is begun", async || !done(who).is_empty()).await;
    shutdown.begin();
    // Who was just looking for a job ends that.
    sleep(Duration::from_millis(300)).await;
    enqueue(&app.pool, &slow(endless, true)).await;
    sleep(Duration::from_millis(300)).await;
    assert!(!worker.is_finished(), "the job is still at work");
    SLOW_ENDS.store(true, Ordering::SeqCst);
    timeout(Duration::from_secs(5), worker)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(done(who), ["begun", "ended"]);
    assert!(done(endless).is_empty(), "nothing new is begun");

    let (shutdown, worker) = work(&app);
    until("it is begun", async || !done(endless).is_empty()).await;
    shutdown.cut();
    timeout(Duration::from_secs(5), worker)
        .await
        .unwrap()
        .unwrap();
    let counts = jobs::counts(&app.pool).await.unwrap();
    assert_eq!((counts.running, counts.dead), (0, 0));
    assert!(counts.waiting >= 1, "it was given back");
}

#[tokio::test]
async fn jobs_go_on_after_the_database_was_away() {
    let mut postgres = Postgres::start().await;
    let url = postgres.fresh_url().await;
    let app = Arc::new(TestApp::on_database(&url, |_| {}).await);
    let worker = work(&app);
    let (before, after) = (Uuid::now_v7(), Uuid::now_v7());
    enqueue(&app.pool, &Greet { who: before }).await;
    until("the first is done", async || !done(before).is_empty()).await;
    postgres.stop();
    sleep(Duration::from_secs(2)).await;
    postgres.resume().await;
    until("the database answers", async || {
        sqlx::query("SELECT 1").execute(&app.pool).await.is_ok()
    })
    .await;
    enqueue(&app.pool, &Greet { who: after }).await;
    until("the second is done", async || !done(after).is_empty()).await;
    end(worker).await;
}
