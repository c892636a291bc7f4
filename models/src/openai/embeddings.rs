//! Vectors from a server.

use std::sync::OnceLock;
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::time::Instant;

use super::ServerConfig;
use super::endpoint::{Endpoint, read};
use super::errors::{Failure, ServerError};
use super::wire::{EmbeddingAnswer, EmbeddingRequest, Vector};
use crate::{Embedder, ModelError, normalize};

/// So many texts go into one request, if they are short.
const BATCH_TEXTS: usize = 64;
const BATCH_CHARS: usize = 120_000;
/// A local model is read from disk at its first request.
const BATCH_WITHIN: Duration = Duration::from_secs(120);
/// How much of a text is sent. A model that reads less says so, and is sent less.
const TEXT_CHARS: [usize; 3] = [24_000, 6_000, 1_200];
/// What any model reads; more is not known of one elsewhere.
const MAX_TOKENS: usize = 512;

/// An embedder behind `/embeddings`.
#[derive(Debug)]
pub struct EmbeddingServer {
    endpoint: Endpoint,
    model: String,
    dimensions: OnceLock<usize>,
}

impl EmbeddingServer {
    /// Asks nothing yet.
    #[must_use]
    pub fn new(config: &ServerConfig) -> Self {
        Self {
            endpoint: Endpoint::new(config),
            model: config.model.clone(),
            dimensions: OnceLock::new(),
        }
    }

    async fn embed_batch(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, ModelError> {
        let deadline = Instant::now() + BATCH_WITHIN;
        let _slot = self.endpoint.slot(deadline).await?;
        let mut done = Err(ModelError::TooLong);
        for chars in TEXT_CHARS {
            let input: Vec<&str> = texts.iter().map(|text| beginning(text, chars)).collect();
            done = self
                .endpoint
                .try_until(deadline, || self.ask(input.clone()))
                .await;
            if done != Err(ModelError::TooLong) {
                break;
            }
        }
        let vectors = done?;
        let length = vectors.first().map_or(0, Vec::len);
        if vectors.iter().any(|vector| vector.len() != length) {
            return Err(ModelError::Unusable("its vectors differ in length"));
        }
        if *self.dimensions.get_or_init(|| length) != length {
            return Err(ModelError::Unusable(
                "its vectors are of another length than before",
            ));
        }
        Ok(vectors)
    }

    async fn ask(&self, input: Vec<&str>) -> Result<Vec<Vec<f32>>, ModelError> {
        let wanted = input.len();
        let request = EmbeddingRequest {
            model: &self.model,
            input,
            encoding_format: "float",
        };
        let response = self.endpoint.post(&["embeddings"], &request).await?;
        let body = read(response).await?;
        let answer: EmbeddingAnswer = serde_json::from_slice(&body)
            .map_err(|_| ModelError::Unusable("there are no vectors in it"))?;
        if let Some(error) = answer.error.filter(|error| !error.is_null()) {
            return Err(Failure::from(ServerError::from_json(200, &error)).into());
        }
        let mut vectors: Vec<Option<Vec<f32>>> = vec![None; wanted];
        for (position, item) in answer.data.into_iter().flatten().enumerate() {
            let place = vectors.get_mut(item.index.unwrap_or(position));
            let place = place.ok_or(ModelError::Unusable("it has vectors of no text"))?;
            *place = Some(usable(item.embedding)?);
        }
        vectors
            .into_iter()
            .collect::<Option<_>>()
            .ok_or(ModelError::Unusable("a text has no vector in it"))
    }
}

#[async_trait]
impl Embedder for EmbeddingServer {
    fn model(&self) -> &str {
        &self.model
    }

    async fn dimensions(&self) -> Result<usize, ModelError> {
        match self.dimensions.get() {
            Some(dimensions) => Ok(*dimensions),
            None => Ok(self.embed_one("dimensions").await?.len()),
        }
    }

    fn max_tokens(&self) -> usize {
        MAX_TOKENS
    }

    async fn embed(&self, texts: Vec<String>) -> Result<Vec<Vec<f32>>, ModelError> {
        let mut vectors = Vec::with_capacity(texts.len());
        let mut rest = texts.as_slice();
        while !rest.is_empty() {
            let (batch, others) = rest.split_at(batch_size(rest));
            vectors.extend(self.embed_batch(batch).await?);
            rest = others;
        }
        Ok(vectors)
    }
}

fn batch_size(texts: &[String]) -> usize {
    let mut chars = 0;
    let fits = texts.iter().take(BATCH_TEXTS).take_while(|text| {
        chars += text.len().min(TEXT_CHARS[0]);
        chars <= BATCH_CHARS
    });
    fits.count().max(1)
}

/// Returns the beginning of a text. Servers refuse an empty one.
fn beginning(text: &str, chars: usize) -> &str {
    let end = text
        .char_indices()
        .nth(chars)
        .map_or(text.len(), |(at, _)| at);
    match &text[..end] {
        blank if blank.trim().is_empty() => ".",
        text => text,
    }
}

/// Reads a vector and gives it the length one, which servers only do for some models.
fn usable(vector: Vector) -> Result<Vec<f32>, ModelError> {
    let mut vector = match vector {
        Vector::Numbers(numbers) => numbers,
        Vector::Base64(text) => {
            let bytes = STANDARD
                .decode(text)
                .map_err(|_| ModelError::Unusable("a vector is no base64"))?;
            let (numbers, rest) = bytes.as_chunks::<4>();
            if !rest.is_empty() {
                return Err(ModelError::Unusable("a vector is cut off"));
            }
            numbers
                .iter()
                .map(|bytes| f32::from_le_bytes(*bytes))
                .collect()
        }
    };
    if vector.is_empty() || vector.iter().any(|number| !number.is_finite()) {
        return Err(ModelError::Unusable("a vector is empty or not finite"));
    }
    normalize(&mut vector);
    Ok(vector)
}
