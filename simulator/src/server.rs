//! The simulator as a server: starting, stopping, and what all connections share.

use std::collections::HashSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::chat::{self, WritingFaults};
use crate::fault_plan::{Entry, FaultPlan};
use crate::faulty_stream::{FaultyListener, Wire};
use crate::gemini_live;
use crate::openai_realtime;
use crate::record::Recorder;
use crate::script::{Chosen, PlannedFault, ReplySlot, Script};
use crate::stats::{Counters, Stats};
use crate::timeline::{Excerpt, Timeline};
use crate::voice::Voice;

const SESSION_LIMIT: Duration = Duration::from_secs(60 * 60);
const PING_EVERY: Duration = Duration::from_secs(20);

/// How a simulator is set up. The default listens on a free port of the loopback interface.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where to listen; port 0 picks a free one.
    pub addr: SocketAddr,
    /// What is said and what goes wrong.
    pub script: Script,
    /// The only key that is accepted. Without one, any key is but those that look wrong.
    pub api_key: Option<String>,
    /// How long a session lives, unless the script says.
    pub session_limit: Duration,
    /// How often a connection is pinged.
    pub ping_every: Duration,
    /// A file that frames from clients are appended to.
    pub record: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            addr: (Ipv4Addr::LOCALHOST, 0).into(),
            script: Script::default(),
            api_key: None,
            session_limit: SESSION_LIMIT,
            ping_every: PING_EVERY,
            record: None,
        }
    }
}

/// Starts simulators.
#[derive(Debug)]
pub struct Simulator;

/// A simulator that listens. Dropping it stops it.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub addr: SocketAddr,
    shared: Arc<Shared>,
    stop: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
}

/// What all connections share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) script: Script,
    pub(crate) api_key: Option<String>,
    pub(crate) session_limit: Duration,
    pub(crate) ping_every: Duration,
    pub(crate) voice: Arc<Voice>,
    pub(crate) counters: Counters,
    pub(crate) timeline: Timeline,
    pub(crate) recorder: Mutex<Option<Recorder>>,
    pub(crate) next_connection: AtomicUsize,
    pub(crate) stop: CancellationToken,
    pub(crate) connections: TaskTracker,
    pub(crate) faults: FaultPlan,
    pub(crate) writing_faults: WritingFaults,
    pub(crate) gemini_sessions: gemini_live::Sessions,
    fired_faults: Mutex<HashSet<(Option<usize>, ReplySlot, bool)>>,
}

/// Why a simulator could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is taken or not ours.
    #[error("cannot listen on {addr}: {source}")]
    Listen {
        /// The address.
        addr: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file of the recording cannot be opened.
    #[error("cannot record to {path}: {source}")]
    Record {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

impl Simulator {
    /// Starts to listen.
    pub async fn start(options: Options) -> Result<Running, StartError> {
        let addr = options.addr;
        let listener = TcpListener::bind(addr)
            .await
            .map_err(|source| StartError::Listen { addr, source })?;
        let addr = listener
            .local_addr()
            .map_err(|source| StartError::Listen { addr, source })?;
        let mut tasks = Vec::new();
        let mut recorder = None;
        if let Some(path) = options.record {
            let (opened, task) = Recorder::open(&path)
                .await
                .map_err(|source| StartError::Record { path, source })?;
            recorder = Some(opened);
            tasks.push(task);
        }
        let stop = CancellationToken::new();
        let session_limit = options
            .script
            .session_limit_ms
            .map_or(options.session_limit, Duration::from_millis);
        let mut script = options.script;
        let shared = Arc::new(Shared {
            faults: FaultPlan::new(std::mem::take(&mut script.faults)),
            writing_faults: WritingFaults::new(std::mem::take(&mut script.writing.faults)),
            script,
            api_key: options.api_key,
            session_limit,
            ping_every: options.ping_every,
            voice: Arc::default(),
            counters: Counters::default(),
            timeline: Timeline::default(),
            recorder: Mutex::new(recorder),
            next_connection: AtomicUsize::new(0),
            stop: stop.clone(),
            connections: TaskTracker::new(),
            gemini_sessions: gemini_live::Sessions::default(),
            fired_faults: Mutex::default(),
        });
        let app = routes(Arc::clone(&shared));
        let app = app.into_make_service_with_connect_info::<Wire>();
        let stopped = stop.clone().cancelled_owned();
        tasks.push(tokio::spawn(async move {
            if let Err(error) = axum::serve(FaultyListener(listener), app)
                .with_graceful_shutdown(stopped)
                .await
            {
                tracing::error!(%error, "the simulator stops");
            }
        }));
        Ok(Running {
            addr,
            shared,
            stop,
            tasks,
        })
    }
}

fn routes(shared: Arc<Shared>) -> Router {
    Router::new()
        .merge(openai_realtime::routes())
        .merge(gemini_live::routes())
        .merge(chat::routes())
        .route(
            "/health",
            get(async || Json(serde_json::json!({"status": "ok"}))),
        )
        .route(
            "/_simulator/stats",
            get(async |State(shared): State<Arc<Shared>>| Json(shared.counters.snapshot())),
        )
        .route("/_simulator/timeline", get(timeline))
        .route(
            "/_simulator/faults",
            get(faults).post(add_faults).delete(call_off_faults),
        )
        .with_state(shared)
}

#[derive(Debug, Default, Deserialize)]
struct TimelineQuery {
    #[serde(default)]
    since: u64,
}

async fn timeline(
    State(shared): State<Arc<Shared>>,
    Query(query): Query<TimelineQuery>,
) -> Json<Excerpt> {
    Json(shared.timeline.since(query.since))
}

/// One fault or several.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Faults {
    Several(Vec<PlannedFault>),
    One(Box<PlannedFault>),
}

async fn faults(State(shared): State<Arc<Shared>>) -> Json<Vec<Entry>> {
    Json(shared.faults.entries())
}

async fn add_faults(
    State(shared): State<Arc<Shared>>,
    Json(faults): Json<Faults>,
) -> (StatusCode, Json<Vec<Entry>>) {
    let faults = match faults {
        Faults::Several(faults) => faults,
        Faults::One(fault) => vec![*fault],
    };
    let status = if shared.faults.add(faults) {
        StatusCode::OK
    } else {
        StatusCode::INSUFFICIENT_STORAGE
    };
    (status, Json(shared.faults.entries()))
}

async fn call_off_faults(State(shared): State<Arc<Shared>>) -> Json<Vec<Entry>> {
    shared.faults.call_off();
    Json(shared.faults.entries())
}

impl Running {
    /// Returns what goes into `OPENAI_BASE_URL`.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.addr)
    }

    /// Returns what goes into `GEMINI_BASE_URL`.
    pub fn gemini_base_url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Returns the counters as they are now.
    pub fn stats(&self) -> Stats {
        self.shared.counters.snapshot()
    }

    /// Returns the timeline from the entry with the number `since` on.
    pub fn timeline(&self, since: u64) -> Excerpt {
        self.shared.timeline.since(since)
    }

    /// Plans a fault.
    pub fn plan_fault(&self, fault: PlannedFault) {
        self.shared.faults.add(vec![fault]);
    }

    /// Closes all connections and waits until everything has ended.
    pub async fn shutdown(mut self) {
        self.stop.cancel();
        self.shared.connections.close();
        self.shared.connections.wait().await;
        *self
            .shared
            .recorder
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = None;
        for task in self.tasks.drain(..) {
            if let Err(error) = task.await {
                tracing::error!(%error, "a task of the simulator failed");
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.cancel();
        *self
            .shared
            .recorder
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Shared {
    /// Returns whether the fault of this reply has not happened before, and notes that it happens now.
    pub(crate) fn fires_first_time(&self, chosen: &Chosen) -> bool {
        let key = (chosen.learner, chosen.slot, chosen.is_follow_up);
        self.fired_faults
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(key)
    }

    pub(crate) fn recorder(&self) -> Option<Recorder> {
        self.recorder
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}
