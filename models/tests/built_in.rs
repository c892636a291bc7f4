//! The built-in embedder with its real weights, which `make setup` brings.

#![allow(clippy::unwrap_used)] // Everything here is test code, the helpers outside of test functions too.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use avaaz_models::built_in::BuiltInEmbedder;
use avaaz_models::{Embedder as _, ModelError, cosine_similarity};
use tokio::time::timeout;

fn folder() -> PathBuf {
    let brought = concat!(env!("CARGO_MANIFEST_DIR"), "/../.avaaz/embedding");
    std::env::var_os("AVAAZ_EMBEDDING_DIR").map_or_else(|| brought.into(), PathBuf::from)
}

fn embedder() -> BuiltInEmbedder {
    BuiltInEmbedder::in_folder(folder())
}

async fn vectors(texts: &[&str]) -> Vec<Vec<f32>> {
    let texts = texts.iter().map(|text| (*text).to_owned()).collect();
    embedder().embed(texts).await.unwrap()
}

#[tokio::test]
async fn likeness_is_that_of_sentence_transformers() {
    // The figures of its documentation for this model.
    let texts = [
        "The weather is lovely today.",
        "It's so sunny outside!",
        "He drove to the stadium.",
    ];
    let vectors = vectors(&texts).await;
    for (a, b, expected) in [(0, 1, 0.6660), (0, 2, 0.1046), (1, 2, 0.1411)] {
        let likeness = cosine_similarity(&vectors[a], &vectors[b]);
        assert!((likeness - expected).abs() < 1e-3, "{a} {b}: {likeness}");
    }
    for vector in &vectors {
        assert_eq!(vector.len(), 384);
        let length = vector.iter().map(|x| x * x).sum::<f32>();
        assert!((length - 1.0).abs() < 1e-5, "{length}");
    }
}

#[tokio::test]
async fn what_means_the_same_is_nearer_than_what_does_not() {
    let vectors = vectors(&[
        "The learner wants to travel to Lisbon in May.",
        "She plans a trip to Portugal in spring.",
        "He mixes up the past tenses.",
    ])
    .await;
    let likeness = |a: usize, b: usize| cosine_similarity(&vectors[a], &vectors[b]);
    assert!(likeness(0, 1) > 0.5, "{}", likeness(0, 1));
    assert!(likeness(0, 2) < 0.2, "{}", likeness(0, 2));
}

#[tokio::test]
async fn a_text_has_the_same_vector_alone_and_among_others() {
    let long = "She plans a trip to Portugal in spring, and asks what to see. ".repeat(60);
    let mut texts = vec!["Olá!", "", &long, "こんにちは、元気ですか"];
    texts.extend(["A sentence of some words that stands here often."; 30]);
    let together = vectors(&texts).await;
    for (text, vector) in texts.iter().zip(&together).take(5) {
        let alone = &vectors(&[text]).await[0];
        let likeness = cosine_similarity(alone, vector);
        assert!(likeness > 0.9999, "{text}: {likeness}");
    }
}

#[tokio::test]
async fn a_question_does_not_wait_for_a_document() {
    let embedder = Arc::new(embedder());
    embedder.embed_one("warm").await.unwrap();
    let passage =
        "A passage of a document has many words, and there are many such passages. ".repeat(8);
    let document = vec![passage; 2_000];
    let reader = Arc::clone(&embedder);
    let document = tokio::spawn(async move { reader.embed(document).await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    let asked = embedder.embed_one("Which passage?");
    timeout(Duration::from_secs(30), asked)
        .await
        .unwrap()
        .unwrap();
    assert!(!document.is_finished());
    document.abort();
}

#[tokio::test]
async fn a_folder_without_the_model_is_told_by_name() {
    let embedder = BuiltInEmbedder::in_folder("/nowhere/embedding");
    let error = embedder.embed_one("Hello").await.unwrap_err();
    assert!(matches!(&error, ModelError::BuiltIn(_)) && !error.retry_helps());
    assert!(error.to_string().contains("/nowhere/embedding"), "{error}");
}
