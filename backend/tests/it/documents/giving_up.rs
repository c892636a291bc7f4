//! Documents that cannot be read for a reason of ours: each ends as failed, and says so with a code of its own.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use avaaz_backend::documents::ingest::ReadDocument;
use avaaz_backend::jobs::Job as _;
use serde_json::{Value, json};
use uuid::Uuid;

use super::world::{World, upload_as};
use crate::support::{Persona, TestApp};

/// Writes a program to be started in place of the one that reads, and returns it.
fn program(folder: &Path, script: &str) -> PathBuf {
    let program = folder.join("reader");
    std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
    program
}

async fn world_with(program: &Path) -> World {
    World::configured(|env| env.set("AVAAZ_DOCUMENT_READER", program.to_string_lossy())).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_whose_reader_is_killed_from_outside_is_tried_once_more() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let script = format!("echo again >> {}\nkill -KILL $$", log.display());
    let world = world_with(&program(folder.path(), &script)).await;
    let document = world.read("any.txt", "some words").await;
    assert_eq!(document["failure"]["code"], "too_large", "{document}");
    let attempts = std::fs::read_to_string(log).unwrap();
    assert_eq!(attempts.lines().count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_reader_cannot_be_confined_or_started_documents_fail_within_seconds() {
    let folder = tempfile::tempdir().unwrap();
    let unconfined = program(
        folder.path(),
        "echo 'this process cannot be confined: EPERM' >&2\nexit 3",
    );
    let missing = folder.path().join("missing");
    let read = async |program: &Path| {
        let world = world_with(program).await;
        let document = world.read("any.txt", "some words").await;
        let checked = world.app.state.documents.reader.check().await;
        (document, checked.unwrap_err().to_string())
    };
    for (document, why) in <[_; 2]>::from(tokio::join!(read(&unconfined), read(&missing))) {
        assert_eq!(document["failure"]["code"], "not_read", "{document}");
        assert!(why.contains("cannot be"), "{why}");
    }
}

#[tokio::test]
async fn the_reader_can_be_tried_with_a_line_of_text() {
    let app = TestApp::start().await;
    app.state.documents.reader.check().await.unwrap();
}

/// Uploads a document that no worker reads.
async fn waiting(app: &TestApp) -> (Persona, Uuid) {
    let ada = app.learner().await;
    let uploaded = upload_as(&ada, "any.txt", "some words").await;
    (ada, uploaded.text("id").parse().unwrap())
}

/// Tries to read a document so often, in vain.
async fn try_in_vain(app: &TestApp, learner: Uuid, document: Uuid, attempts: u32) {
    for _ in 0..attempts {
        read(app, learner, document).await.unwrap_err();
    }
}

async fn read(
    app: &TestApp,
    learner: Uuid,
    document: Uuid,
) -> Result<(), avaaz_backend::jobs::JobError> {
    let job = json!({"document": document, "learner": learner});
    let job: ReadDocument = serde_json::from_value(job).unwrap();
    job.run(app.state.clone()).await
}

async fn failure(ada: &Persona, document: Uuid) -> Value {
    let document = ada.get(&format!("/documents/{document}")).await.body;
    document["failure"]["code"].clone()
}

#[tokio::test]
async fn a_document_whose_name_or_key_cannot_be_decrypted_fails() {
    for spoil in [
        "UPDATE documents SET sealed_names = decode(repeat('00', 80), 'hex')",
        "UPDATE material_keys SET words_ciphertext = decode(repeat('00', 48), 'hex')",
    ] {
        let app = TestApp::start().await;
        let (ada, document) = waiting(&app).await;
        sqlx::query(spoil).execute(&app.pool).await.unwrap();
        try_in_vain(&app, ada.id, document, 2).await;
        read(&app, ada.id, document).await.unwrap();
        let failed: String = sqlx::query_scalar("SELECT failure FROM documents")
            .fetch_one(&app.pool)
            .await
            .unwrap();
        assert_eq!(failed, "not_read", "{spoil}");
    }
}

#[tokio::test]
async fn a_document_whose_file_does_not_come_fails_with_the_last_attempt() {
    let app = TestApp::start().await;
    let (ada, document) = waiting(&app).await;
    let files = &app.state.documents.files;
    files.remove(ada.id, document).await.unwrap();
    try_in_vain(&app, ada.id, document, 11).await;
    assert_eq!(failure(&ada, document).await, Value::Null);
    read(&app, ada.id, document).await.unwrap();
    assert_eq!(failure(&ada, document).await, "not_read");
    // Once it has failed there is nothing to do.
    read(&app, ada.id, document).await.unwrap();
}
