//! The tutor's words in writing, from whoever can write: one request at a time, in a task that ends with the conversation.

use std::sync::Arc;

use avaaz_tutor::{Input, WritingRequest, WrittenAnswer};
use tokio::sync::oneshot;
use tokio_util::task::AbortOnDropHandle;

use crate::host::{Lease, TutorHost};

/// What is being written.
pub(super) struct Writing {
    host: Arc<dyn TutorHost>,
    lease: Lease,
    running: Option<(
        oneshot::Receiver<Option<WrittenAnswer>>,
        AbortOnDropHandle<()>,
    )>,
}

impl Writing {
    pub(super) fn new(host: Arc<dyn TutorHost>, lease: Lease) -> Self {
        Self {
            host,
            lease,
            running: None,
        }
    }

    /// Asks for words; [`Self::next`] tells them. What was asked for before is given up.
    pub(super) fn ask(&mut self, request: WritingRequest) {
        let (host, lease) = (Arc::clone(&self.host), self.lease);
        let (tell, told) = oneshot::channel();
        let task = tokio::spawn(async move {
            let written = host.compose(lease, request).await;
            if let Err(error) = &written {
                tracing::warn!(%error, "nobody writes in place of the voice");
            }
            // Nobody waits any more once a voice is back.
            let _ = tell.send(written.ok());
        });
        self.running = Some((told, AbortOnDropHandle::new(task)));
    }

    /// Gives up what is being written.
    pub(super) fn stop(&mut self) {
        self.running = None;
    }

    /// Waits for the words. Cancel-safe.
    pub(super) async fn next(&mut self) -> Input {
        let Some((told, _)) = &mut self.running else {
            return std::future::pending().await;
        };
        let written = told.await.unwrap_or(None);
        self.running = None;
        Input::Written(written)
    }
}
