//! The seam to a model that turns texts into vectors.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::ModelError;

/// Turns texts into vectors. Shared by everybody who asks: it bounds, by itself, how much it does at once.
#[async_trait]
pub trait Embedder: Debug + Send + Sync {
    /// Returns the model's name, which is kept with each vector: vectors of two models cannot be compared.
    fn model(&self) -> &str;

    /// Returns how long each vector is. A model elsewhere is asked once.
    ///
    /// # Errors
    /// When it cannot be asked.
    async fn dimensions(&self) -> Result<usize, ModelError>;

    /// Returns how many tokens of a text are read; the rest of a longer text is not.
    fn max_tokens(&self) -> usize;

    /// Returns a vector of length one for each text, in the order of the texts. Any number of texts may be given: they are worked on in
    /// batches. An empty text has a vector, too.
    ///
    /// # Errors
    /// When one of them cannot be had.
    async fn embed(&self, texts: Vec<String>) -> Result<Vec<Vec<f32>>, ModelError>;

    /// Returns the vector of one text.
    ///
    /// # Errors
    /// As [`Self::embed`].
    async fn embed_one(&self, text: &str) -> Result<Vec<f32>, ModelError> {
        let mut vectors = self.embed(vec![text.to_owned()]).await?;
        vectors
            .pop()
            .ok_or(ModelError::Unusable("there is no vector in it"))
    }
}

/// Gives a vector the length one; one of zeros stays.
pub fn normalize(vector: &mut [f32]) {
    let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
    if length > 0.0 {
        for x in vector {
            *x /= length;
        }
    }
}

/// Returns how alike two vectors are: 1 for the same direction, 0 for nothing in common.
#[must_use]
pub fn cosine_similarity(a: &[f32], b: &[f32]) -> f32 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f32>();
    let lengths = (dot(a, a) * dot(b, b)).sqrt();
    if lengths > 0.0 {
        dot(a, b) / lengths
    } else {
        0.0
    }
}
