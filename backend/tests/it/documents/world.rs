//! A server with a worker that reads documents, and a learner who uploads them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use avaaz_agent::shutdown::Shutdown;
use avaaz_backend::config::Env;
use avaaz_backend::jobs;
use axum::http::{Method, StatusCode};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Body, RequestBuilder};
use serde_json::Value;
use tokio::time::{Instant, sleep};
use tokio_util::task::AbortOnDropHandle;

use crate::support::{Answer, Persona, TestApp};

const BOUNDARY: &str = "a-boundary-that-no-document-holds";
const PATIENCE: Duration = Duration::from_secs(60);

/// A server, its worker, and Ada.
pub struct World {
    pub app: TestApp,
    pub ada: Persona,
    _worker: AbortOnDropHandle<()>,
}

impl World {
    pub async fn start() -> Self {
        Self::configured(|_| {}).await
    }

    pub async fn configured(change: impl FnOnce(&mut Env)) -> Self {
        Self::with(TestApp::configured(change).await).await
    }

    pub async fn with(app: TestApp) -> Self {
        let worker = jobs::run(jobs::all(), app.state.clone(), Shutdown::default());
        Self {
            ada: app.learner().await,
            _worker: AbortOnDropHandle::new(tokio::spawn(worker)),
            app,
        }
    }

    /// Uploads a file as a browser does.
    pub async fn upload(&self, name: &str, content: impl AsRef<[u8]>) -> Answer {
        upload_as(&self.ada, name, content).await
    }

    /// Uploads a file that is taken, and waits until it is ready or has failed.
    pub async fn read(&self, name: &str, content: impl AsRef<[u8]>) -> Value {
        let answer = self.upload(name, content).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        self.settled(&answer.text("id")).await
    }

    /// Waits until a document is ready or has failed.
    pub async fn settled(&self, id: &str) -> Value {
        settled(&self.ada, id).await
    }

    /// Sees that the next document of another learner is read and found as if nothing had been.
    pub async fn reads_on(&self) {
        let eve = self.app.learner().await;
        let uploaded = upload_as(&eve, "calm.txt", "The grey heron fishes at dusk.").await;
        assert_eq!(uploaded.status, StatusCode::CREATED, "{uploaded:?}");
        let read = settled(&eve, &uploaded.text("id")).await;
        assert_eq!(read["status"], "ready", "{read}");
        let found = eve.get("/documents/search?q=heron").await.body;
        assert_eq!(found["items"][0]["document_name"], "calm.txt", "{found}");
    }

    /// All files in the folder of documents.
    pub fn files(&self) -> Vec<PathBuf> {
        files_under(&self.app.state.config.documents.folder)
    }

    pub async fn count(&self, table: &'static str) -> i64 {
        let statement = format!("SELECT count(*) FROM {table}");
        sqlx::query_scalar(sqlx::AssertSqlSafe(statement))
            .fetch_one(&self.app.pool)
            .await
            .unwrap()
    }
}

/// Waits until a learner's document is ready or has failed.
async fn settled(learner: &Persona, id: &str) -> Value {
    let begun = Instant::now();
    loop {
        let answer = learner.get(&format!("/documents/{id}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        if matches!(answer.body["status"].as_str(), Some("ready" | "failed")) {
            return answer.body;
        }
        assert!(begun.elapsed() < PATIENCE, "still not read: {answer:?}");
        sleep(Duration::from_millis(20)).await;
    }
}

pub async fn upload_as(learner: &Persona, name: &str, content: impl AsRef<[u8]>) -> Answer {
    let body = [head(name).as_bytes(), content.as_ref(), tail().as_bytes()].concat();
    send(learner, body.into()).await
}

/// Sends a form as it is.
pub async fn send(learner: &Persona, body: Body) -> Answer {
    learner.send(form(learner, body)).await
}

/// The request with a form.
pub fn form(learner: &Persona, body: Body) -> RequestBuilder {
    learner
        .request(Method::POST, "/documents")
        .header(
            CONTENT_TYPE,
            format!("multipart/form-data; boundary={BOUNDARY}"),
        )
        .body(body)
}

pub fn head(name: &str) -> String {
    format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n"
    )
}

pub fn tail() -> String {
    format!("\r\n--{BOUNDARY}--\r\n")
}

/// The texts that the repository brings for these tests.
pub fn materials() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/materials");
    let mut found: Vec<_> = files_under(&folder)
        .into_iter()
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read(path).unwrap())
        })
        .collect();
    found.sort();
    found
}

fn files_under(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            found.extend(files_under(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found
}
