//! `GET /documents/search`

use std::sync::Arc;

use avaaz_models::Missing;
use axum::http::StatusCode;

use super::world::World;
use crate::support::TestApp;

#[tokio::test]
async fn what_is_found_says_where_it_is_from() {
    let world = World::start().await;
    world
        .read(
            "birds.md",
            "# Herons\n\nThe grey heron fishes at dusk in shallow water.",
        )
        .await;
    world
        .read("trees.txt", "Oaks grow slowly and live for centuries.")
        .await;
    let found = world
        .ada
        .get("/documents/search?q=When%20do%20herons%20fish%3F")
        .await;
    assert_eq!(found.status, StatusCode::OK, "{found:?}");
    let best = &found.body["items"][0];
    assert_eq!(best["document_name"], "birds.md");
    assert_eq!(best["heading"], "Herons");
    assert_eq!(best["source"], "birds.md, “Herons”");
    assert!(best["text"].as_str().unwrap().contains("fishes at dusk"));
    assert!(best["page"].is_null() && best["slide"].is_null());
    let one = world
        .ada
        .get("/documents/search?q=trees%20and%20herons&limit=1")
        .await
        .body;
    assert_eq!(one["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn words_are_found_in_their_other_forms_in_the_language_of_the_document() {
    let world = World::start().await;
    let text = "Los gatos duermen durante el día y cazan por la noche. Las ventanas de la casa estaban siempre abiertas, \
                y los vecinos escuchaban las canciones que cantaba la abuela mientras cocinaba para toda la familia.";
    let document = world.read("cuento.txt", text).await;
    assert_eq!(document["language"], "spa", "{document}");
    let found = world.ada.get("/documents/search?q=canci%C3%B3n").await.body;
    assert_eq!(found["items"][0]["document_name"], "cuento.txt", "{found}");
}

#[tokio::test]
async fn a_search_that_cannot_be_is_refused_with_the_field() {
    let world = World::start().await;
    for (query, field) in [
        ("q=", "q"),
        ("q=%20", "q"),
        ("q=x&limit=0", "limit"),
        ("q=x&limit=21", "limit"),
    ] {
        let refused = world.ada.get(&format!("/documents/search?{query}")).await;
        assert_eq!(refused.problem(), "validation_failed", "{query}");
        assert_eq!(refused.body["errors"][0]["field"], field);
    }
    let nothing = world.ada.get("/documents/search?q=anything").await;
    assert_eq!(nothing.body["items"].as_array().unwrap().len(), 0);
    for odd in [
        "%27%20%7C%20%21",
        "%3A*%20%26%20%28",
        "the%20of%20and",
        "%F0%9F%90%A6",
    ] {
        let answer = world.ada.get(&format!("/documents/search?q={odd}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{odd}: {answer:?}");
    }
}

#[tokio::test]
async fn while_the_embedder_is_away_documents_are_found_by_their_words() {
    let mut app = TestApp::start().await;
    app.state.models.embedder = Arc::new(Missing::new("start it"));
    let world = World::with(app).await;
    let uploaded = world
        .upload("birds.md", "The grey heron fishes at dusk.")
        .await;
    let id = uploaded.text("id");
    let mut document = uploaded.body;
    for _ in 0..500 {
        if document["status"] == "embedding" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        document = world.ada.get(&format!("/documents/{id}")).await.body;
    }
    assert_eq!(
        (&document["status"], &document["progress"]),
        (&"embedding".into(), &10.into())
    );
    // The API still has its embedder; what the worker could not make is not there.
    let found = world.ada.get("/documents/search?q=heron").await.body;
    assert_eq!(found["items"][0]["document_name"], "birds.md", "{found}");
}

#[tokio::test]
async fn the_next_brief_names_what_was_uploaded() {
    let world = World::start().await;
    let before = world.ada.get("/sessions/default/brief").await;
    assert!(!before.text("instructions").contains("search_materials"));
    world
        .read("birds.md", "The grey heron fishes at dusk.")
        .await;
    let brief = world.ada.get("/sessions/default/brief").await;
    let told = brief.text("instructions");
    assert!(told.contains("Documents: birds.md"), "{told}");
    assert_eq!(brief.body["passages"], serde_json::json!([]));
    let eve = world.app.learner().await;
    let told = eve.get("/sessions/default/brief").await;
    assert!(!told.text("instructions").contains("birds.md"));
}
