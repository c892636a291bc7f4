//! Text models and embeddings: what the rest of Avaaz asks for in writing.
//!
//! - [`TextModel`] answers a [`TextRequest`], whole or piece by piece; [`complete_json`] reads an answer that follows a JSON schema.
//! - [`Embedder`] turns texts into vectors of length one, whose dot product is their likeness.
//! - [`ModelError`] says what went wrong and whether another try helps.
//! - [`openai`] is any server that speaks OpenAI's protocol; [`built_in`] is a small embedder in our own process.
//! - [`fake`] stands in for both in tests, without a network and always with the same result.
//!
//! ```
//! use std::time::Duration;
//! use avaaz_models::{Message, TextModel, TextRequest, fake::FakeTextModel};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
//! let model = FakeTextModel::saying(["Bom dia!"]);
//! let request = TextRequest::new([Message::system("You teach Portuguese."), Message::user("Good morning?")])
//!     .max_tokens(200)
//!     .within(Duration::from_secs(30));
//! let answer = model.complete(request).await.unwrap();
//! assert_eq!(answer.text, "Bom dia!");
//! # });
//! ```

pub mod built_in;
mod embedding;
mod error;
pub mod fake;
mod json_answer;
mod missing;
pub mod openai;
mod text;

pub use embedding::{Embedder, cosine_similarity, normalize};
pub use error::ModelError;
pub use json_answer::{JsonAnswer, complete_json, read_json};
pub use missing::Missing;
pub use text::{
    AnswerFormat, Completion, FinishReason, JsonSchema, Message, Role, TextEvent, TextModel,
    TextRequest, TextStream, TokenUsage, collect,
};
