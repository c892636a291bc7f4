//! Another embedding model: the old one's vectors stay while somebody uses them, and nothing is found worse meanwhile than by its words.

use std::sync::Arc;

use avaaz_backend::app::AppState;
use avaaz_backend::documents::ingest::{EmbedPassages, TidyDocuments};
use avaaz_backend::documents::search::{Ways, search_by};
use avaaz_backend::jobs::Job as _;
use avaaz_models::fake::FakeEmbedder;
use serde_json::json;

use super::world::World;

async fn tidy(state: &AppState) {
    let job: TidyDocuments = serde_json::from_str("{}").unwrap();
    job.run(state.clone()).await.unwrap();
}

async fn found(world: &World, state: &AppState, ways: Ways) -> usize {
    search_by(
        ways,
        &state.pool,
        &state.keys,
        &state.models,
        world.ada.id,
        "the grey heron",
        5,
    )
    .await
    .unwrap()
    .len()
}

async fn later(world: &World, statement: &'static str) {
    sqlx::query(statement)
        .execute(&world.app.pool)
        .await
        .unwrap();
}

#[tokio::test]
async fn another_model_answers_once_it_has_seen_all_and_two_servers_leave_each_others_vectors() {
    let world = World::start().await;
    let old = world.app.state.clone();
    let mut new = old.clone();
    new.models.embedder = Arc::new(FakeEmbedder::new("another", 96));
    let mut documents = Vec::new();
    for name in ["herons.txt", "storks.txt"] {
        let text = format!("The grey heron of {name} fishes at dusk.");
        documents.push(world.read(name, text).await["id"].clone());
    }
    let embed = async |document: usize| {
        let job = json!({"document": documents[document], "learner": world.ada.id});
        let job: EmbedPassages = serde_json::from_value(job).unwrap();
        job.run(new.clone()).await.unwrap();
    };

    // Half of the way: the new server finds all by words, the old one by meaning, too.
    embed(0).await;
    assert_eq!(found(&world, &new, Ways::Meaning).await, 0);
    assert_eq!(found(&world, &new, Ways::Both).await, 2);
    assert_eq!(found(&world, &old, Ways::Meaning).await, 2);

    embed(1).await;
    for state in [&old, &new] {
        assert_eq!(found(&world, state, Ways::Meaning).await, 2);
    }
    later(
        &world,
        "UPDATE passage_vectors SET created_at = created_at - interval '25 hours'",
    )
    .await;
    for state in [&old, &new, &old] {
        tidy(state).await;
        assert_eq!(world.count("passage_vectors").await, 4, "both are used");
    }

    // A day after the last server with the old one.
    later(
        &world,
        "UPDATE embedding_models SET used_at = used_at - interval '25 hours' WHERE name <> 'another'",
    )
    .await;
    tidy(&new).await;
    assert_eq!(world.count("passage_vectors").await, 2);
    assert_eq!(found(&world, &new, Ways::Meaning).await, 2);
}
