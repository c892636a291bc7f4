//! How long models take, and how they fail: `model_request_seconds{kind,outcome}`.

use std::sync::Arc;

use async_trait::async_trait;
use avaaz_models::{Completion, Embedder, ModelError, TextModel, TextRequest, TextStream};
use tokio::time::Instant;

const DURATION: &str = "model_request_seconds";

/// A model whose requests are measured. Of a stream, the time to its beginning counts.
#[derive(Debug)]
pub(super) struct Measured<M: ?Sized>(pub(super) Arc<M>);

fn note<T>(kind: &'static str, begun: Instant, done: &Result<T, ModelError>) {
    let outcome = done.as_ref().map_or_else(ModelError::kind, |_| "ok");
    metrics::histogram!(DURATION, "kind" => kind, "outcome" => outcome)
        .record(begun.elapsed().as_secs_f64());
}

#[async_trait]
impl TextModel for Measured<dyn TextModel> {
    fn model(&self) -> &str {
        self.0.model()
    }

    async fn stream(&self, request: TextRequest) -> Result<TextStream, ModelError> {
        let begun = Instant::now();
        let done = self.0.stream(request).await;
        note("text_stream", begun, &done);
        done
    }

    async fn complete(&self, request: TextRequest) -> Result<Completion, ModelError> {
        let begun = Instant::now();
        let done = self.0.complete(request).await;
        note("text", begun, &done);
        done
    }
}

#[async_trait]
impl Embedder for Measured<dyn Embedder> {
    fn model(&self) -> &str {
        self.0.model()
    }

    async fn dimensions(&self) -> Result<usize, ModelError> {
        self.0.dimensions().await
    }

    fn max_tokens(&self) -> usize {
        self.0.max_tokens()
    }

    async fn embed(&self, texts: Vec<String>) -> Result<Vec<Vec<f32>>, ModelError> {
        let begun = Instant::now();
        let done = self.0.embed(texts).await;
        note("embedding", begun, &done);
        done
    }
}
