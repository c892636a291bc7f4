//! Stand-ins for tests: no network, no files, always the same result.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use futures_util::stream::{self, StreamExt as _};

use crate::{
    Embedder, FinishReason, Message, ModelError, TextEvent, TextModel, TextRequest, TextStream,
    TokenUsage, normalize,
};

/// A text model that says what it was told to, in pieces of a word each, and notes what it was asked.
pub struct FakeTextModel {
    answer: Answer,
    asked: Mutex<Vec<TextRequest>>,
}

type ByRule = Box<dyn Fn(&TextRequest) -> Result<String, ModelError> + Send + Sync>;

enum Answer {
    InOrder(Mutex<VecDeque<Result<String, ModelError>>>),
    ByRule(ByRule),
}

impl FakeTextModel {
    /// Says these in order, and then fails as a server that is out of reach.
    pub fn saying<S: Into<String>>(answers: impl IntoIterator<Item = S>) -> Self {
        Self::answering(answers.into_iter().map(|answer| Ok(answer.into())))
    }

    /// Answers or fails with these in order, and then fails as a server that is out of reach.
    pub fn answering(answers: impl IntoIterator<Item = Result<String, ModelError>>) -> Self {
        Self::with(Answer::InOrder(Mutex::new(answers.into_iter().collect())))
    }

    /// Answers by a rule.
    pub fn by_rule(
        rule: impl Fn(&TextRequest) -> Result<String, ModelError> + Send + Sync + 'static,
    ) -> Self {
        Self::with(Answer::ByRule(Box::new(rule)))
    }

    fn with(answer: Answer) -> Self {
        Self {
            answer,
            asked: Mutex::default(),
        }
    }

    /// Returns what it was asked so far.
    pub fn asked(&self) -> Vec<TextRequest> {
        locked(&self.asked).clone()
    }
}

impl std::fmt::Debug for FakeTextModel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FakeTextModel").finish_non_exhaustive()
    }
}

#[async_trait]
impl TextModel for FakeTextModel {
    fn model(&self) -> &'static str {
        "fake-text"
    }

    async fn stream(&self, request: TextRequest) -> Result<TextStream, ModelError> {
        let answer = match &self.answer {
            Answer::InOrder(answers) => locked(answers)
                .pop_front()
                .unwrap_or(Err(ModelError::Unreachable)),
            Answer::ByRule(rule) => rule(&request),
        };
        let usage = answer.as_ref().ok().map(|text| TokenUsage {
            input_tokens: request.messages.iter().map(words_of).sum(),
            cached_tokens: 0,
            output_tokens: words(text),
        });
        locked(&self.asked).push(request);
        let reason = FinishReason::Stop;
        let pieces: Vec<_> = answer?
            .split_inclusive(' ')
            .map(|piece| Ok(TextEvent::Delta(piece.to_owned())))
            .chain([Ok(TextEvent::Finished { reason, usage })])
            .collect();
        Ok(stream::iter(pieces).boxed())
    }
}

fn words_of(message: &Message) -> u64 {
    words(&message.content)
}

fn words(text: &str) -> u64 {
    text.split_whitespace().count() as u64
}

/// An embedder that counts words: texts are the more alike, the more words they share.
#[derive(Debug, Clone)]
pub struct FakeEmbedder {
    model: String,
    dimensions: usize,
}

impl Default for FakeEmbedder {
    fn default() -> Self {
        Self::new("fake-embedding", 64)
    }
}

impl FakeEmbedder {
    /// Another name is another model: its vectors differ.
    pub fn new(model: impl Into<String>, dimensions: usize) -> Self {
        Self {
            model: model.into(),
            dimensions,
        }
    }

    fn vector(&self, text: &str) -> Vec<f32> {
        let mut vector = vec![0.0; self.dimensions];
        let words = text
            .split(|letter: char| !letter.is_alphanumeric())
            .filter(|word| !word.is_empty());
        for word in words {
            let hash = fnv1a(&self.model, &word.to_lowercase());
            let place = usize::try_from(hash % self.dimensions as u64).unwrap_or_default();
            vector[place] += 1.0;
        }
        if vector.iter().all(|x| *x == 0.0) {
            vector[0] = 1.0;
        }
        normalize(&mut vector);
        vector
    }
}

/// The same on every machine and in every release, other than the standard library's.
fn fnv1a(model: &str, word: &str) -> u64 {
    let bytes = model.bytes().chain([0]).chain(word.bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[async_trait]
impl Embedder for FakeEmbedder {
    fn model(&self) -> &str {
        &self.model
    }

    async fn dimensions(&self) -> Result<usize, ModelError> {
        Ok(self.dimensions)
    }

    fn max_tokens(&self) -> usize {
        256
    }

    async fn embed(&self, texts: Vec<String>) -> Result<Vec<Vec<f32>>, ModelError> {
        Ok(texts.iter().map(|text| self.vector(text)).collect())
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cosine_similarity;

    #[tokio::test]
    async fn answers_come_in_order_and_then_the_model_is_gone() {
        let model = FakeTextModel::saying(["One two", "Three"]);
        let request = || TextRequest::new([Message::user("Count!")]);
        let first = model.complete(request()).await.unwrap();
        assert_eq!(first.text, "One two");
        assert_eq!(first.usage.unwrap().output_tokens, 2);
        assert_eq!(model.complete(request()).await.unwrap().text, "Three");
        let gone = model.complete(request()).await;
        assert_eq!(gone, Err(ModelError::Unreachable));
        assert_eq!(model.asked().len(), 3);
    }

    #[tokio::test]
    async fn texts_that_share_words_are_alike_and_another_model_has_other_vectors() {
        let texts = ["I like red wine", "Red wine I like", "Trains are late"];
        let texts: Vec<String> = texts.map(str::to_owned).into();
        let vectors = FakeEmbedder::default().embed(texts.clone()).await.unwrap();
        assert!(cosine_similarity(&vectors[0], &vectors[1]) > 0.99);
        assert!(cosine_similarity(&vectors[0], &vectors[2]) < 0.5);
        let other = FakeEmbedder::new("another", 64).embed(texts).await.unwrap();
        assert_ne!(vectors, other);
    }

    #[tokio::test]
    async fn nothing_has_a_vector_of_length_one_too() {
        let vector = FakeEmbedder::default().embed_one(" ,").await.unwrap();
        assert!((cosine_similarity(&vector, &vector) - 1.0).abs() < 1e-6);
    }
}
