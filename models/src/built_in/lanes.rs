//! Who is next.

use std::collections::VecDeque;
use std::future::ready;
use std::sync::Arc;

use rayon::ThreadPool;
use tokio::sync::{mpsc, oneshot};
use tokio::task::AbortHandle;

use super::on;
use super::sentence_model::SentenceModel;
use crate::ModelError;

/// A request of so few texts is somebody's question, and does not wait for documents.
const FEW: usize = 4;
/// Requests of each kind that wait; whoever comes next waits to be let in.
const WAITING: usize = 64;
/// So many big requests are worked on in turns.
const AT_ONCE: usize = 8;
/// So many texts of a big request are computed before somebody else's turn.
const BATCH: usize = 16;

type Vectors = Vec<Vec<f32>>;

/// The ways to the model. Dropping them stops the work after the batch that is being computed.
#[derive(Debug)]
pub(super) struct Lanes {
    few: mpsc::Sender<Request>,
    many: mpsc::Sender<Request>,
    task: AbortHandle,
}

#[derive(Debug)]
struct Request {
    texts: Vec<String>,
    done: Vectors,
    answer: oneshot::Sender<Result<Vectors, ModelError>>,
}

impl Lanes {
    pub(super) fn start(pool: Arc<ThreadPool>, model: Arc<SentenceModel>) -> Self {
        let (few, few_waiting) = mpsc::channel(WAITING);
        let (many, many_waiting) = mpsc::channel(WAITING);
        let task = tokio::spawn(serve(pool, model, few_waiting, many_waiting)).abort_handle();
        Self { few, many, task }
    }

    pub(super) async fn embed(&self, texts: Vec<String>) -> Result<Vectors, ModelError> {
        let lane = if texts.len() <= FEW {
            &self.few
        } else {
            &self.many
        };
        let (answer, told) = oneshot::channel();
        let done = Vec::with_capacity(texts.len());
        let request = Request {
            texts,
            done,
            answer,
        };
        let stopped = || ModelError::BuiltIn("it was stopped".to_owned());
        lane.send(request).await.map_err(|_| stopped())?;
        told.await.map_err(|_| stopped())?
    }
}

impl Drop for Lanes {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(
    pool: Arc<ThreadPool>,
    model: Arc<SentenceModel>,
    mut few: mpsc::Receiver<Request>,
    mut many: mpsc::Receiver<Request>,
) {
    let mut begun: VecDeque<Request> = VecDeque::new();
    loop {
        let request = tokio::select! {
            biased;
            Some(request) = few.recv() => request,
            Some(request) = many.recv(), if begun.len() < AT_ONCE => {
                begun.push_back(request);
                continue;
            }
            () = ready(()), if !begun.is_empty() => match begun.pop_front() {
                Some(request) => request,
                None => continue,
            },
            else => return,
        };
        if let Some(unfinished) = compute_some(&pool, &model, request).await {
            begun.push_back(unfinished);
        }
    }
}

/// Computes one batch of a request, and returns what is left of it.
async fn compute_some(
    pool: &ThreadPool,
    model: &Arc<SentenceModel>,
    mut request: Request,
) -> Option<Request> {
    if request.answer.is_closed() {
        return None;
    }
    let from = request.done.len();
    let to = request.texts.len().min(from + BATCH);
    let texts: Vec<String> = request.texts[from..to]
        .iter_mut()
        .map(std::mem::take)
        .collect();
    let model = Arc::clone(model);
    match on(pool, move || model.embed(&texts)).await {
        Ok(Ok(vectors)) => request.done.extend(vectors),
        Ok(Err(error)) | Err(error) => {
            // Whoever asked may have left.
            let _ = request.answer.send(Err(error));
            return None;
        }
    }
    if request.done.len() < request.texts.len() {
        return Some(request);
    }
    let _ = request.answer.send(Ok(request.done));
    None
}
