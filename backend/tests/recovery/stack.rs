//! An installation of several processes: Postgres, livekit-server, the simulator, and as many of `avaaz` as a test wants.

use std::fs::File;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use avaaz_agent::room::RoomConnector as _;
use avaaz_backend::auth::generate_key_file;
use avaaz_backend::content::ContentKeys;
use avaaz_backend::sessions::domain::SessionId;
use avaaz_simulator::{Options, Running, Simulator};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;
use sqlx::{AssertSqlSafe, PgPool};
use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::builders;
use crate::database::Postgres;
use crate::learner::{Learner, Manner};
use crate::livekit_server::{KEY, SECRET, Server};
use crate::speech::Speech;
use crate::{standstill, witness};

/// More than anybody says in one of these tests.
const SENTENCES: usize = 300;

/// Everything that an installation is made of.
pub struct Stack {
    pub postgres: Postgres,
    pub livekit: Server,
    pub pool: PgPool,
    pub keys: ContentKeys,
    database: String,
    simulator: Running,
    folder: PathBuf,
    processes: u32,
    _share: Share,
}

/// How many learners a test brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Company {
    /// Other tests may run beside it.
    Few,
    /// It keeps the machine busy by itself.
    Many,
}

static MACHINE: RwLock<()> = RwLock::const_new(());

enum Share {
    Some(RwLockReadGuard<'static, ()>),
    All(RwLockWriteGuard<'static, ()>),
}

/// One process of `avaaz`, which ends with this value.
pub struct Process {
    child: Child,
    /// The name under which it writes into the database.
    pub who: String,
}

impl Stack {
    /// Starts all but `avaaz`. Logs are kept under the test's name. Times are measured here, so whoever brings many learners
    /// has the machine alone.
    pub async fn start(test: &str, company: Company) -> Self {
        let share = match company {
            Company::Few => Share::Some(MACHINE.read().await),
            Company::Many => Share::All(MACHINE.write().await),
        };
        avaaz_backend::tls::install();
        standstill::watch();
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(test);
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        ContentKeys::generate_file(&folder.join("content-keys.json")).unwrap();
        generate_key_file(&folder.join("jwt.pem")).unwrap();
        let postgres = Postgres::start().await;
        let url = postgres.fresh_url().await;
        let database = url.rsplit('/').next().unwrap();
        let database = database.split('?').next().unwrap().to_owned();
        let pool = PgPool::connect(&url).await.unwrap();
        witness::install(&pool).await;
        let options = Options {
            script: serde_json::from_value(script()).unwrap(),
            ..Options::default()
        };
        Self {
            keys: ContentKeys::load(&folder.join("content-keys.json")).unwrap(),
            livekit: Server::start(),
            simulator: Simulator::start(options).await.unwrap(),
            postgres,
            pool,
            database,
            folder,
            processes: 0,
            _share: share,
        }
    }

    /// Starts an `avaaz agent`.
    pub async fn agent(&mut self) -> Process {
        self.spawn(&["agent"], None).await
    }

    /// Starts an `avaaz serve` without a runtime, on this port.
    pub async fn api(&mut self, port: u16) -> Process {
        let mut process = self.spawn(&["serve", "--without-agent"], Some(port)).await;
        let began = Instant::now();
        let url = format!("http://127.0.0.1:{port}/health");
        while reqwest::get(&url).await.is_err() {
            assert!(process.child.try_wait().unwrap().is_none(), "the API ended");
            let waited = standstill::between(began, Instant::now());
            assert!(waited < Duration::from_secs(20), "the API does not come up");
            sleep(Duration::from_millis(50)).await;
        }
        process
    }

    async fn spawn(&mut self, arguments: &[&str], port: Option<u16>) -> Process {
        self.processes += 1;
        let who = format!("avaaz_{}", self.processes);
        // A role of its own: what a process writes can be told from what another one does.
        let role = format!("CREATE ROLE {who} LOGIN SUPERUSER");
        sqlx::query(AssertSqlSafe(role))
            .execute(&self.pool)
            .await
            .unwrap();
        let url = self
            .postgres
            .url(&self.database)
            .replace("//avaaz@", &format!("//{who}@"));
        let log = File::create(self.folder.join(format!("{who}.log"))).unwrap();
        let port = port.unwrap_or(0);
        let child = Command::new(env!("CARGO_BIN_EXE_avaaz"))
            .args(arguments)
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .env("RUST_LOG", "info")
            .env("DATABASE_URL", url)
            .env("AVAAZ_HTTP_ADDR", format!("127.0.0.1:{port}"))
            .env("AVAAZ_WEB_ADDR", "127.0.0.1:0")
            .env("AVAAZ_DATA_DIR", &self.folder)
            .env("AVAAZ_JWT_KEY_FILE", self.folder.join("jwt.pem"))
            .env(
                "LIVEKIT_URL",
                format!("ws://127.0.0.1:{}", self.livekit.port()),
            )
            .env("LIVEKIT_API_KEY", KEY)
            .env("LIVEKIT_API_SECRET", SECRET)
            .env("OPENAI_API_KEY", "sk-test")
            .env("OPENAI_BASE_URL", self.simulator.base_url())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        Process { child, who }
    }

    /// Learners who have asked for the tutor and are in their rooms.
    pub async fn learners(&self, count: usize, manner: Manner) -> Vec<Learner> {
        let speech = Speech::say("I would like to tell you something.").into_frames();
        let mut learners = Vec::new();
        for number in 0..count {
            let (user, id) = builders::waiting_conversation(&self.pool).await;
            let session: Uuid =
                sqlx::query_scalar("SELECT session_id FROM conversations WHERE id = $1")
                    .bind(id.0)
                    .fetch_one(&self.pool)
                    .await
                    .unwrap();
            let request = avaaz_agent::room::JoinRoom {
                room: SessionId(session).room(),
                identity: format!("learner-{user}"),
                name: "Ada".to_owned(),
                attributes: Default::default(),
            };
            let joined = self.livekit.people().join(request).await.unwrap();
            let seed = number as u64;
            learners.push(Learner::enter(id.0, joined, speech.clone(), manner, seed));
        }
        learners
    }

    /// Ends the server of rooms and starts it again; returns when it is reachable.
    pub fn restart_livekit(&mut self) -> Instant {
        // It waits, and learners have to be heard meanwhile.
        tokio::task::block_in_place(|| self.livekit.restart());
        Instant::now()
    }
}

impl Process {
    /// Ends it in the middle of whatever it does.
    pub fn kill(&mut self) {
        self.signal(Signal::SIGKILL);
        let _ = self.child.wait();
    }

    /// Stops it in its tracks, or lets it go on.
    pub fn freeze(&self, frozen: bool) {
        self.signal(if frozen {
            Signal::SIGSTOP
        } else {
            Signal::SIGCONT
        });
    }

    /// Asks it to go, and waits until it has gone.
    pub async fn go(mut self) -> ExitStatus {
        self.signal(Signal::SIGTERM);
        let asked = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            let waited = standstill::between(asked, Instant::now());
            assert!(waited < Duration::from_secs(40), "{} does not go", self.who);
            sleep(Duration::from_millis(20)).await;
        }
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.child.id().try_into().unwrap());
        let _ = kill(pid, signal);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.signal(Signal::SIGKILL);
        let _ = self.child.wait();
    }
}

/// A port on which nobody listens.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// Every sentence has a number, on both sides, so that none can be taken for another.
fn script() -> serde_json::Value {
    let says: Vec<_> = (1..=SENTENCES)
        .map(|number| json!({"text": format!("Question {number}."), "delay_ms": 100 + number * 137 % 900}))
        .collect();
    let replies: Vec<_> = (1..=SENTENCES)
        .map(|number| {
            let more = ["and so it is", "and that is all there is to say of it", ""][number % 3];
            json!({"text": format!("Answer {number} is here {more}."), "beeps": true})
        })
        .collect();
    json!({"default": {
        "greeting": {"text": "Hello Ada.", "beeps": true},
        "replies": replies,
        "learner_says": says,
    }})
}
