use async_trait::async_trait;

use crate::{Embedder, ModelError, TextModel, TextRequest, TextStream};

/// Stands where no model is configured: it says what to set, whatever it is asked.
#[derive(Debug, Clone)]
pub struct Missing {
    advice: String,
}

impl Missing {
    /// Gives this advice.
    pub fn new(advice: impl Into<String>) -> Self {
        Self {
            advice: advice.into(),
        }
    }

    fn error(&self) -> ModelError {
        ModelError::NotConfigured(self.advice.clone())
    }
}

#[async_trait]
impl TextModel for Missing {
    fn model(&self) -> &'static str {
        "none"
    }

    async fn stream(&self, _request: TextRequest) -> Result<TextStream, ModelError> {
        Err(self.error())
    }
}

#[async_trait]
impl Embedder for Missing {
    fn model(&self) -> &'static str {
        "none"
    }

    async fn dimensions(&self) -> Result<usize, ModelError> {
        Err(self.error())
    }

    fn max_tokens(&self) -> usize {
        0
    }

    async fn embed(&self, _texts: Vec<String>) -> Result<Vec<Vec<f32>>, ModelError> {
        Err(self.error())
    }
}
