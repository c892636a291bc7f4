//! `POST /documents`, `GET /documents`, `GET /documents/{id}`, `DELETE /documents/{id}`

use std::time::Duration;

use avaaz_backend::documents::ingest::TidyDocuments;
use avaaz_backend::jobs::Job as _;
use axum::http::StatusCode;
use serde_json::Value;
use uuid::Uuid;

use super::world::{World, head, send, tail, upload_as};

const NOTES: &str = "# Herons\n\nThe grey heron fishes at dusk in shallow water. It stands without moving for a very long time, and then \
                     it strikes with its beak before the fish has noticed anything.\n\n# Storks\n\nStorks nest on chimneys near wet \
                     meadows, and they come back to the same nest in the spring of every year.";

#[tokio::test]
async fn an_upload_is_read_and_its_progress_is_seen() {
    let world = World::start().await;
    let uploaded = world.upload("birds.md", NOTES).await;
    assert_eq!(uploaded.status, StatusCode::CREATED, "{uploaded:?}");
    assert_eq!(
        (&uploaded.body["name"], &uploaded.body["kind"]),
        (&"birds.md".into(), &"markdown".into())
    );
    assert_eq!(uploaded.body["size_bytes"], NOTES.len());
    assert!(uploaded.body["failure"].is_null());
    let ready = world.settled(&uploaded.text("id")).await;
    assert_eq!(
        (&ready["status"], &ready["progress"], &ready["language"]),
        (&"ready".into(), &100.into(), &"eng".into())
    );
    assert!(ready["passage_count"].as_i64().unwrap() >= 1, "{ready}");
    let listed = world.ada.get("/documents").await.body;
    assert_eq!(listed["items"], Value::Array(vec![ready]));
    assert!(listed["next_cursor"].is_null());
}

#[tokio::test]
async fn nothing_of_a_document_is_readable_in_the_database_or_on_the_disk() {
    let world = World::start().await;
    world.read("heron-diary.md", NOTES).await;
    let files = world.files();
    assert_eq!(files.len(), 1);
    let mut raw = std::fs::read(&files[0]).unwrap();
    for table in ["documents", "passages", "material_keys", "passage_vectors"] {
        let statement = format!("SELECT coalesce(string_agg(t::text, ' '), '') FROM {table} t");
        let rows: String = sqlx::query_scalar(sqlx::AssertSqlSafe(statement))
            .fetch_one(&world.app.pool)
            .await
            .unwrap();
        // Bytes are shown in hexadecimal.
        raw.extend(rows.bytes());
    }
    for word in ["heron", "Heron", "stork", "Stork", "chimney", "dusk"] {
        let hex: String = word.bytes().map(|byte| format!("{byte:02x}")).collect();
        for shape in [word.as_bytes(), hex.as_bytes()] {
            assert!(
                !raw.windows(shape.len()).any(|part| part == shape),
                "{word}"
            );
        }
    }
}

#[tokio::test]
async fn a_deleted_document_leaves_no_row_and_no_file() {
    let world = World::start().await;
    let kept = world
        .read("kept.txt", "A second text that stays where it is.")
        .await;
    let gone = world.read("birds.md", NOTES).await;
    let path = format!("/documents/{}", gone["id"].as_str().unwrap());
    assert_eq!(world.ada.delete(&path).await.status, StatusCode::NO_CONTENT);
    assert_eq!(world.ada.delete(&path).await.problem(), "not_found");
    assert_eq!(world.ada.get(&path).await.problem(), "not_found");
    assert_eq!(world.files().len(), 1);
    let passages = kept["passage_count"].as_i64().unwrap();
    assert_eq!(world.count("documents").await, 1);
    assert_eq!(world.count("passages").await, passages);
    assert_eq!(world.count("passage_vectors").await, passages);
    let found = world
        .ada
        .get("/documents/search?q=herons%20fishing")
        .await
        .body;
    assert!(!found.to_string().contains("birds.md"), "{found}");
}

#[tokio::test]
async fn the_list_is_newest_first_and_page_by_page() {
    let world = World::start().await;
    for name in ["first.txt", "second.txt", "third.txt"] {
        world.upload(name, "Some words of a text.").await;
    }
    let page = world.ada.get("/documents?limit=2").await.body;
    let names: Vec<_> = page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| &item["name"])
        .collect();
    assert_eq!(names, ["third.txt", "second.txt"]);
    let cursor = page["next_cursor"].as_str().unwrap();
    let rest = world
        .ada
        .get(&format!("/documents?limit=2&cursor={cursor}"))
        .await
        .body;
    assert_eq!(rest["items"][0]["name"], "first.txt");
    assert!(rest["next_cursor"].is_null());
    for query in ["limit=0", "limit=x", "cursor=x"] {
        assert_eq!(
            world
                .ada
                .get(&format!("/documents?{query}"))
                .await
                .problem(),
            "validation_failed"
        );
    }
}

#[tokio::test]
async fn another_learners_document_does_not_exist() {
    let world = World::start().await;
    let eve = world.app.learner().await;
    let document = world.read("birds.md", NOTES).await;
    let path = format!("/documents/{}", document["id"].as_str().unwrap());
    for answer in [
        eve.get(&path).await,
        eve.delete(&path).await,
        eve.get(&format!("/documents/{}", Uuid::now_v7())).await,
        eve.get("/documents/no-id").await,
    ] {
        assert_eq!(answer.problem(), "not_found");
    }
    assert!(
        eve.get("/documents").await.body["items"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        upload_as(&eve, "eve.txt", "The moon pulls the tides.")
            .await
            .status,
        StatusCode::CREATED
    );
    let found = eve.get("/documents/search?q=heron").await.body;
    assert!(!found.to_string().contains("birds.md"), "{found}");
    assert_eq!(world.ada.get(&path).await.status, StatusCode::OK);
}

#[tokio::test]
async fn what_is_no_file_of_a_form_is_refused_with_what_is_wrong() {
    let world = World::start().await;
    let json = world
        .ada
        .post_raw("/documents", "application/json", "{}".into())
        .await;
    assert_eq!(json.problem(), "unsupported_media_type");
    let empty = world.upload("empty.txt", "").await;
    assert_eq!(
        (empty.problem(), &empty.body["errors"][0]["code"]),
        ("validation_failed", &"empty".into())
    );
    let other_part = head("a.txt").replace("name=\"file\"", "name=\"picture\"") + "x" + &tail();
    let missing = send(&world.ada, other_part.into()).await;
    assert_eq!(
        (missing.problem(), &missing.body["errors"][0]["code"]),
        ("validation_failed", &"required".into())
    );
    let broken_off = send(&world.ada, (head("a.txt") + "some words and then").into()).await;
    assert_eq!(broken_off.problem(), "validation_failed");
    assert_eq!(
        (world.count("documents").await, world.files().len()),
        (0, 0)
    );
}

#[tokio::test]
async fn a_learner_keeps_so_much_and_no_more() {
    let world = World::configured(|env| env.set("AVAAZ_DOCUMENTS_PER_LEARNER", "2")).await;
    for name in ["one.txt", "two.txt"] {
        assert_eq!(
            world.upload(name, "Some words.").await.status,
            StatusCode::CREATED
        );
    }
    let refused = world.upload("three.txt", "Some words.").await;
    assert_eq!(
        (refused.status, refused.problem()),
        (StatusCode::CONFLICT, "documents_full")
    );
    assert_eq!(world.files().len(), 2);

    let world = World::configured(|env| env.set("AVAAZ_DOCUMENT_BYTES_PER_LEARNER", "100")).await;
    assert_eq!(
        world.upload("one.txt", "words ".repeat(10)).await.status,
        StatusCode::CREATED
    );
    let refused = world.upload("two.txt", "words ".repeat(10)).await;
    assert_eq!(refused.problem(), "documents_full");
    assert_eq!(
        (world.count("documents").await, world.files().len()),
        (1, 1)
    );
}

#[tokio::test]
async fn a_file_whose_document_is_gone_goes_with_the_hourly_job() {
    let world = World::start().await;
    let kept = world.read("kept.txt", "Some words that stay.").await;
    let gone = world.read("gone.txt", "Some words that go.").await;
    let gone: Uuid = gone["id"].as_str().unwrap().parse().unwrap();
    sqlx::query("DELETE FROM documents WHERE id = $1")
        .bind(gone)
        .execute(&world.app.pool)
        .await
        .unwrap();
    let tidy = async || {
        let job: TidyDocuments = serde_json::from_str("{}").unwrap();
        job.run(world.app.state.clone()).await.unwrap();
    };
    tidy().await;
    assert_eq!(world.files().len(), 2, "it may be an upload under way");
    world.app.wait(Duration::from_secs(2 * 60 * 60));
    tidy().await;
    let files = world.files();
    assert_eq!(files.len(), 1);
    assert!(files[0].ends_with(kept["id"].as_str().unwrap()));
}
