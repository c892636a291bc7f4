//! The built-in embedder: `all-MiniLM-L6-v2`, a sentence-transformer of 23 million parameters, computed in this process.
//!
//! A thread of its own does the arithmetic, at a lower priority than everything that a learner hears. Few texts, as a question has, go
//! before many, as a document has; the many go on in turns.

mod lanes;
mod sentence_model;

use std::path::PathBuf;
use std::sync::Arc;
use std::thread::available_parallelism;

use async_trait::async_trait;
use rayon::ThreadPool;
use tokio::sync::{OnceCell, oneshot};

use crate::{Embedder, ModelError};
use lanes::Lanes;
use sentence_model::SentenceModel;

/// The model's name, as it is kept with its vectors.
pub const MODEL: &str = "all-minilm-l6-v2";
/// Threads that one batch is spread over, on a big machine.
const THREADS_AT_MOST: usize = 4;
/// What is left of the processor after the voices.
const NICENESS: i32 = 10;

/// Computes vectors in this process. It is loaded, from a folder with the model's files, when it is first used.
#[derive(Debug)]
pub struct BuiltInEmbedder {
    folder: PathBuf,
    lanes: OnceCell<Lanes>,
}

impl BuiltInEmbedder {
    /// Reads nothing yet. The folder has to hold `config.json`, `tokenizer.json` and `model.safetensors`.
    #[must_use]
    pub fn in_folder(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            lanes: OnceCell::new(),
        }
    }

    /// Returns whether the files are there; if not, which one is not.
    ///
    /// # Errors
    /// A sentence for the person who hosts it.
    pub fn check(&self) -> Result<(), ModelError> {
        let missing = sentence_model::FILES
            .iter()
            .find(|name| !self.folder.join(name).is_file());
        match missing {
            None => Ok(()),
            Some(name) => Err(ModelError::BuiltIn(format!(
                "there is no {name} in {}; AVAAZ_EMBEDDING_DIR says where the model is, and `make setup` brings it",
                self.folder.display()
            ))),
        }
    }

    async fn lanes(&self) -> Result<&Lanes, ModelError> {
        self.lanes
            .get_or_try_init(async || {
                self.check()?;
                let pool = Arc::new(pool()?);
                let folder = self.folder.clone();
                let model = on(&pool, move || SentenceModel::load(&folder)).await??;
                Ok(Lanes::start(pool, Arc::new(model)))
            })
            .await
    }
}

#[async_trait]
impl Embedder for BuiltInEmbedder {
    fn model(&self) -> &'static str {
        MODEL
    }

    async fn dimensions(&self) -> Result<usize, ModelError> {
        Ok(sentence_model::DIMENSIONS)
    }

    fn max_tokens(&self) -> usize {
        sentence_model::MAX_TOKENS
    }

    async fn embed(&self, texts: Vec<String>) -> Result<Vec<Vec<f32>>, ModelError> {
        if texts.is_empty() {
            return Ok(Vec::new());
        }
        self.lanes().await?.embed(texts).await
    }
}

/// The threads that compute. The library spreads its work over whichever pool it is called in.
fn pool() -> Result<ThreadPool, ModelError> {
    let processors = available_parallelism().map_or(1, usize::from);
    rayon::ThreadPoolBuilder::new()
        .num_threads((processors / 2).clamp(1, THREADS_AT_MOST))
        .thread_name(|number| format!("embedding-{number}"))
        .start_handler(|_| {
            // On Linux that is the calling thread alone. Refused, it computes as fast as everybody else.
            let _ = rustix::process::setpriority_process(Some(rustix::thread::gettid()), NICENESS);
        })
        // Whoever waits for the thread is told by the end of its channel.
        .panic_handler(|_| tracing::error!("computing an embedding panicked"))
        .build()
        .map_err(|error| ModelError::BuiltIn(error.to_string()))
}

/// Computes something in the pool.
async fn on<T: Send + 'static>(
    pool: &ThreadPool,
    compute: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ModelError> {
    let (tell, told) = oneshot::channel();
    pool.spawn(move || {
        // Nobody waits any more when it was given up meanwhile.
        let _ = tell.send(compute());
    });
    told.await
        .map_err(|_| ModelError::BuiltIn("its computation failed".to_owned()))
}
