//! A real Postgres for the whole binary, started once; a database of its own for each test.

use std::fs::File;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use avaaz_backend::database::migrate;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, Uid, User};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, PgPool};
use tempfile::TempDir;
use tokio::sync::OnceCell;
use tokio::time::sleep;
use uuid::Uuid;

/// A database with our schema that the others are copied from.
const TEMPLATE: &str = "template_avaaz";

/// Runs a server until its standard input ends, which it does with this process, however that ends.
const KEEPER: &str = r#"
"$@" & server=$!
read -r _
kill -QUIT $server 2>/dev/null
wait $server
[ -z "$REMOVE" ] || rm -rf "$REMOVE"
"#;

/// Returns a pool on a new database that holds our schema and nothing else.
pub async fn fresh() -> PgPool {
    let url = fresh_url().await;
    let options: PgConnectOptions = url.parse().expect("our own address");
    let pool = PgPoolOptions::new().max_connections(8);
    pool.connect_with(options)
        .await
        .expect("the database was just made")
}

/// Returns the address of a new database that holds our schema and nothing else.
pub async fn fresh_url() -> String {
    static SHARED: OnceCell<Postgres> = OnceCell::const_new();
    let shared = SHARED.get_or_init(|| Postgres::launch(true));
    shared.await.fresh_url().await
}

/// A private server on a free port of loopback.
pub struct Postgres {
    keeper: Option<Child>,
    port: u16,
    folder: PathBuf,
    is_removed_by_keeper: bool,
}

impl Postgres {
    /// Starts a server of one's own, for tests that stop it.
    pub async fn start() -> Self {
        Self::launch(false).await
    }

    async fn launch(is_removed_by_keeper: bool) -> Self {
        let folder = make_folder();
        initdb(&folder);
        let mut server = Self {
            keeper: None,
            port: free_port(),
            folder,
            is_removed_by_keeper,
        };
        server.resume().await;
        server.make_template().await;
        server
    }

    /// Returns the address of one of its databases.
    pub fn url(&self, database: &str) -> String {
        let port = self.port;
        format!("postgres://avaaz@127.0.0.1:{port}/{database}?sslmode=disable")
    }

    /// Makes a database with our schema and returns its address.
    pub async fn fresh_url(&self) -> String {
        let name = format!("test_{}", Uuid::now_v7().simple());
        self.execute(format!("CREATE DATABASE {name} TEMPLATE {TEMPLATE}"))
            .await;
        self.url(&name)
    }

    /// Ends the server at once, as a crash would.
    pub fn stop(&mut self) {
        self.freeze(false);
        if let Some(mut keeper) = self.keeper.take() {
            drop(keeper.stdin.take());
            let _ = keeper.wait();
        }
    }

    /// Stops the server in its tracks, or lets it go on: meanwhile it takes connections and answers nothing.
    pub fn freeze(&self, frozen: bool) {
        let Ok(file) = std::fs::read_to_string(self.folder.join("data/postmaster.pid")) else {
            return;
        };
        let Some(Ok(server)) = file.lines().next().map(str::parse::<i32>) else {
            return;
        };
        let signal = if frozen {
            Signal::SIGSTOP
        } else {
            Signal::SIGCONT
        };
        // First the one that could make others. Its children are sessions of their own: no group holds them all.
        let _ = kill(Pid::from_raw(server), signal);
        let children = std::fs::read_to_string(format!("/proc/{server}/task/{server}/children"));
        let children = children.expect("the system lists a process's children");
        for pid in children
            .split_whitespace()
            .filter_map(|pid| pid.parse().ok())
        {
            let _ = kill(Pid::from_raw(pid), signal);
        }
    }

    /// Starts the server again on the same port.
    pub async fn resume(&mut self) {
        let log = File::create(self.folder.join("log")).expect("a log file");
        let mut keeper = Command::new("sh");
        keeper
            .args(["-c", KEEPER, "keeper"])
            .args(lowered("postgres"))
            .arg("-D")
            .arg(self.folder.join("data"))
            .args(["-p", &self.port.to_string(), "-k"])
            .arg(&self.folder)
            .args(["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"])
            .args(["-c", "max_connections=300"])
            // So that tests can ask when a row was there for others.
            .args(["-c", "track_commit_timestamp=on"])
            .current_dir(&self.folder)
            .env("LC_ALL", "C")
            // A Ctrl-C is for the tests; the keeper still has to clean up.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(log.try_clone().expect("a log file"))
            .stderr(log);
        if self.is_removed_by_keeper {
            keeper.env("REMOVE", &self.folder);
        }
        self.keeper = Some(keeper.spawn().expect("sh can be started"));
        for _ in 0..400 {
            if PgConnection::connect(&self.url("postgres")).await.is_ok() {
                return;
            }
            sleep(Duration::from_millis(25)).await;
        }
        let log = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        panic!("Postgres did not come up:\n{log}");
    }

    async fn make_template(&self) {
        self.execute(format!("CREATE DATABASE {TEMPLATE}")).await;
        let pool = PgPool::connect(&self.url(TEMPLATE))
            .await
            .expect("the template is there");
        migrate(&pool).await.expect("the migrations apply");
        // Nobody may be connected to a template while it is copied.
        pool.close().await;
    }

    async fn execute(&self, statement: String) {
        let mut connection = PgConnection::connect(&self.url("postgres"))
            .await
            .expect("the server is up");
        connection
            .execute(AssertSqlSafe(statement))
            .await
            .expect("the statement works");
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.stop();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Makes a folder that the unprivileged user can reach.
fn make_folder() -> PathBuf {
    let folder = tempfile::Builder::new().prefix("avaaz-test-pg-").tempdir();
    let folder = folder.map(TempDir::keep).expect("a folder");
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755))
        .expect("the folder is ours");
    if let Some(nobody) = nobody() {
        let (uid, gid) = (nobody.uid.as_raw(), nobody.gid.as_raw());
        chown(&folder, Some(uid), Some(gid)).expect("root may give a folder away");
    }
    folder
}

fn initdb(folder: &Path) {
    let mut words = lowered("initdb").into_iter();
    let made = Command::new(words.next().expect("a program"))
        .args(words)
        .arg("-D")
        .arg(folder.join("data"))
        .args(["-U", "avaaz", "--auth=trust", "-E", "UTF8", "--no-sync"])
        .args(["--locale-provider=builtin", "--locale=C.UTF-8"])
        .current_dir(folder)
        .env("LC_ALL", "C")
        .output()
        .expect("initdb can be started");
    let said = String::from_utf8_lossy(&made.stderr);
    assert!(made.status.success(), "initdb: {said}");
}

/// The words that start one of Postgres' programs. It does not run as root: root hands it to an unprivileged user.
fn lowered(program: &str) -> Vec<PathBuf> {
    let folder = std::env::var_os("AVAAZ_PG_BIN").map(PathBuf::from);
    let folder = folder.expect(
        "AVAAZ_PG_BIN names the folder of a Postgres 18 with pgvector; `make test` sets it",
    );
    let mut words: Vec<PathBuf> = Vec::new();
    if nobody().is_some() {
        let setpriv = [
            "setpriv",
            "--reuid=nobody",
            "--regid=nogroup",
            "--clear-groups",
        ];
        words.extend(setpriv.map(PathBuf::from));
    }
    words.push(folder.join(program));
    words
}

fn nobody() -> Option<User> {
    let is_root = Uid::effective().is_root();
    is_root.then(|| User::from_name("nobody").ok().flatten())?
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("it is bound").port()
}
