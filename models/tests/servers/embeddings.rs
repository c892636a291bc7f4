//! Vectors from servers.

use avaaz_models::openai::EmbeddingServer;
use avaaz_models::{Embedder as _, ModelError, cosine_similarity};
use base64::Engine as _;
use serde_json::json;

use crate::raw::{Answer, RawServer};
use crate::{at, simulator};

#[tokio::test]
async fn many_texts_come_back_in_order_and_in_few_requests() {
    let simulator =
        simulator(json!({"faults": [{"kind": "http_status", "at": "embeddings"}]})).await;
    let embedder = EmbeddingServer::new(&at(&simulator.base_url()));
    let mut texts: Vec<String> = (0..150).map(|number| format!("number {number}")).collect();
    texts[7].clear();
    let vectors = embedder.embed(texts.clone()).await.unwrap();
    assert_eq!(vectors.len(), 150);
    // One that failed, three batches.
    assert_eq!(simulator.stats().received("embeddings"), 4);
    let again = embedder.embed_one(&texts[149]).await.unwrap();
    assert!((cosine_similarity(&vectors[149], &again) - 1.0).abs() < 1e-5);
    assert!(cosine_similarity(&vectors[148], &again) < 0.9);
    assert_eq!(embedder.dimensions().await.unwrap(), 384);
}

#[tokio::test]
async fn vectors_are_put_in_order_and_given_the_length_one_whatever_their_form() {
    let bytes: Vec<u8> = [3.0_f32, 4.0]
        .iter()
        .flat_map(|x| x.to_le_bytes())
        .collect();
    let coded = base64::engine::general_purpose::STANDARD.encode(bytes);
    let answer =
        json!({"data": [{"index": 1, "embedding": coded}, {"index": 0, "embedding": [0.0, 2.0]}]});
    let server = RawServer::answering(vec![Answer::json(200, &answer)]).await;
    let embedder = EmbeddingServer::new(&at(&server.base_url));
    let vectors = embedder.embed(vec!["a".into(), "b".into()]).await.unwrap();
    assert_eq!(vectors, [[0.0, 1.0], [0.6, 0.8]]);
    assert_eq!(server.asked()[0]["encoding_format"], "float");
}

#[tokio::test]
async fn a_text_that_is_too_long_for_the_model_is_sent_shorter() {
    let too_long = json!({"error": "the input length exceeds the context length"});
    let vector = json!({"data": [{"embedding": [1.0]}]});
    let server = RawServer::answering(vec![
        Answer::json(400, &too_long),
        Answer::json(200, &vector),
    ])
    .await;
    let embedder = EmbeddingServer::new(&at(&server.base_url));
    embedder.embed_one(&"ñ".repeat(30_000)).await.unwrap();
    let asked = server.asked();
    let lengths: Vec<_> = asked
        .iter()
        .map(|asked| asked["input"][0].as_str().unwrap().chars().count())
        .collect();
    assert_eq!(lengths, [24_000, 6_000]);
}

#[tokio::test]
async fn vectors_that_cannot_be_right_are_refused() {
    for data in [
        json!([]),
        json!([{"embedding": [1.0]}]),
        json!([{"embedding": [1.0]}, {"embedding": [1.0, 2.0]}]),
        json!([{"index": 0, "embedding": [1.0]}, {"index": 2, "embedding": [1.0]}]),
        json!([{"embedding": []}, {"embedding": []}]),
    ] {
        let server = RawServer::answering(vec![Answer::json(200, &json!({"data": data}))]).await;
        let embedder = EmbeddingServer::new(&at(&server.base_url));
        let done = embedder.embed(vec!["a".into(), "b".into()]).await;
        assert!(
            matches!(done, Err(ModelError::Unusable(_))),
            "{data}: {done:?}"
        );
    }
}
