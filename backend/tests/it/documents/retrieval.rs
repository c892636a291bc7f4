//! How well the built-in embedding model, the words, and both together find what was asked for.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use avaaz_backend::documents::search::{Ways, search_by};
use avaaz_models::built_in::BuiltInEmbedder;
use serde::Deserialize;

use super::world::{World, materials};
use crate::support::TestApp;

#[derive(Deserialize)]
struct Question {
    question: String,
    document: String,
    /// Words of the passage that answers.
    answer: String,
}

/// How many passages the tutor is given.
const FIRST: usize = 5;

/// The model that `make setup` brings, with its real weights.
fn built_in() -> BuiltInEmbedder {
    let brought = concat!(env!("CARGO_MANIFEST_DIR"), "/../.avaaz/embedding");
    let folder = std::env::var_os("AVAAZ_EMBEDDING_DIR");
    BuiltInEmbedder::in_folder(folder.map_or_else(|| brought.into(), PathBuf::from))
}

async fn recall(world: &World, questions: &[Question], ways: Ways) -> f64 {
    let state = &world.app.state;
    let mut found_count = 0;
    for asked in questions {
        let found = search_by(
            ways,
            &state.pool,
            &state.keys,
            &state.models,
            world.ada.id,
            &asked.question,
            FIRST,
        )
        .await
        .unwrap();
        let is_found = found.iter().any(|found| {
            found.document_name == asked.document && found.text.contains(&asked.answer)
        });
        if is_found {
            found_count += 1;
        } else {
            println!("  {ways:?} does not find: {}", asked.question);
        }
    }
    f64::from(found_count) / questions.len() as f64
}

#[tokio::test(flavor = "multi_thread")]
async fn the_built_in_model_and_the_words_together_find_most_answers() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/questions.json");
    let questions: Vec<Question> = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let materials = materials();
    assert!(questions.len() >= 60 && materials.len() >= 12);
    let mut app = TestApp::start().await;
    app.state.models.embedder = Arc::new(built_in());
    let world = World::with(app).await;
    let mut passages = 0;
    for (name, content) in &materials {
        let document = world.read(name, content).await;
        assert_eq!(document["status"], "ready", "{document}");
        passages += document["passage_count"].as_i64().unwrap();
    }
    let meaning = recall(&world, &questions, Ways::Meaning).await;
    let words = recall(&world, &questions, Ways::Words).await;
    let both = recall(&world, &questions, Ways::Both).await;
    println!(
        "recall@{FIRST} of {} questions over {passages} passages of {} documents: by meaning {meaning:.3}, by words {words:.3}, fused {both:.3}",
        questions.len(),
        materials.len(),
    );
    // Whoever asks must not be worse off than with the better of the two.
    assert!(both >= meaning.max(words) - 0.02, "{both}");
    assert!(
        meaning >= 0.95 && words >= 0.90 && both >= 0.95,
        "{meaning} {words} {both}"
    );
}
