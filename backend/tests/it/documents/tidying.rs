//! What is left of documents when they are gone, and what must not go.

use std::io;
use std::time::Duration;

use avaaz_backend::documents::ingest::TidyDocuments;
use avaaz_backend::jobs::Job as _;
use axum::http::StatusCode;
use futures_util::stream;
use reqwest::Body;
use serde_json::json;
use tokio::time::sleep;

use super::world::{World, form, head, tail, upload_as};
use crate::support::TestApp;
use crate::support::personas::PASSWORD;

async fn tidy(world: &World) {
    let job: TidyDocuments = serde_json::from_str("{}").unwrap();
    job.run(world.app.state.clone()).await.unwrap();
}

#[tokio::test]
async fn with_a_document_goes_what_was_still_to_be_done_for_it() {
    let app = TestApp::start().await;
    let ada = app.learner().await;
    let jobs = async || -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM graphile_worker._private_jobs WHERE payload ->> 'document' IS NOT NULL")
            .fetch_one(&app.pool)
            .await
            .unwrap()
    };
    let gone = upload_as(&ada, "gone.txt", "some words").await.text("id");
    upload_as(&ada, "kept.txt", "some words").await;
    assert_eq!(jobs().await, 2);
    let deleted = ada.delete(&format!("/documents/{gone}")).await;
    assert_eq!(deleted.status, StatusCode::NO_CONTENT);
    assert_eq!(jobs().await, 1);
}

#[tokio::test]
async fn the_files_stay_when_the_database_is_not_theirs() {
    let world = World::configured(|env| env.set("AVAAZ_RETENTION_DOCUMENTS_DAYS", "30")).await;
    for name in ["one.txt", "two.txt", "three.txt"] {
        world.read(name, "Some words that stay.").await;
    }
    let forget = async |documents: i64| {
        sqlx::query("DELETE FROM documents WHERE id IN (SELECT id FROM documents LIMIT $1)")
            .bind(documents)
            .execute(&world.app.pool)
            .await
            .unwrap();
    };
    world.app.wait(Duration::from_secs(2 * 60 * 60));
    forget(2).await;
    tidy(&world).await;
    assert_eq!(world.files().len(), 3, "an old copy of the database");
    forget(1).await;
    tidy(&world).await;
    assert_eq!(world.files().len(), 3, "an empty database");

    // What is too old to be kept goes, whoever knows of it.
    world.app.wait(Duration::from_secs(31 * 24 * 60 * 60));
    tidy(&world).await;
    assert_eq!(world.files().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_in_flight_leaves_nothing_of_a_learner_who_erases_everything() {
    let world = World::start().await;
    let folder = world.app.state.config.documents.folder.clone();
    let mut outcomes = Vec::new();
    for round in 0..12 {
        let ada = world.app.learner().await;
        // It takes a third of a second, and begins later each time.
        let pieces = (0..30).map(|piece| match piece {
            0 => head("flight.txt"),
            29 => tail(),
            _ => "Some words of a long text. ".repeat(100),
        });
        let pieces = stream::unfold(pieces, |mut pieces| async move {
            sleep(Duration::from_millis(10)).await;
            Some((Ok::<_, io::Error>(pieces.next()?), pieces))
        });
        let upload = async {
            sleep(Duration::from_millis(25 * round)).await;
            let sent = form(&ada, Body::wrap_stream(pieces)).send().await;
            sent.ok().map(|answer| answer.status().as_u16())
        };
        let body = json!({"current_password": PASSWORD});
        let erase = ada.post_json("/api/v1/my-data/erase", &body);
        let (uploaded, erased) = tokio::join!(upload, erase);
        assert_eq!(erased.status, StatusCode::NO_CONTENT, "{erased:?}");
        outcomes.push(uploaded);
        let own = folder.join(ada.id.to_string());
        assert!(!own.exists(), "round {round}: {uploaded:?}");
    }
    println!("answers to the uploads: {outcomes:?}");
    for table in ["documents", "passages", "material_keys"] {
        assert_eq!(world.count(table).await, 0, "{table}");
    }
}
