//! Tools on their way to the host: each call in a task of its own, ended with the conversation.

use std::collections::HashMap;
use std::sync::Arc;

use avaaz_tutor::{Input, ToolCall};
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

use crate::host::{HostError, Lease, TutorHost};

/// More than the tutor ever runs at once.
const RESULTS: usize = 16;

/// The calls that are being run.
pub(super) struct Tools {
    host: Arc<dyn TutorHost>,
    lease: Lease,
    running: HashMap<Arc<str>, AbortOnDropHandle<()>>,
    returned: mpsc::Receiver<Returned>,
    give: mpsc::Sender<Returned>,
}

struct Returned {
    call: Arc<str>,
    output: Result<String, String>,
}

impl Tools {
    pub(super) fn new(host: Arc<dyn TutorHost>, lease: Lease) -> Self {
        let (give, returned) = mpsc::channel(RESULTS);
        Self {
            host,
            lease,
            running: HashMap::new(),
            returned,
            give,
        }
    }

    /// Runs a tool; [`Self::next`] tells what came of it.
    pub(super) fn run(&mut self, call: ToolCall) {
        let (host, lease, give) = (Arc::clone(&self.host), self.lease, self.give.clone());
        let id = Arc::clone(&call.id);
        let task = tokio::spawn(async move {
            let output = host
                .run_tool(lease, &call.name, &call.arguments)
                .await
                .map_err(|error| for_the_model(&call.name, &error));
            let call = call.id;
            // Nobody waits any more once the conversation is over.
            let _ = give.send(Returned { call, output }).await;
        });
        self.running.insert(id, AbortOnDropHandle::new(task));
    }

    /// Stops a call.
    pub(super) fn cancel(&mut self, call: &str) {
        self.running.remove(call);
    }

    /// Waits for the next result. Cancel-safe.
    pub(super) async fn next(&mut self) -> Input {
        match self.returned.recv().await {
            Some(Returned { call, output }) => {
                self.running.remove(&call);
                Input::ToolReturned { call, output }
            }
            // We hold a sender ourselves.
            None => std::future::pending().await,
        }
    }
}

/// A model is told what it can do better; what is wrong with us is for the log.
fn for_the_model(tool: &str, error: &HostError) -> String {
    tracing::warn!(tool, %error, "a tool failed");
    match error {
        HostError::Refused(why) => why.clone(),
        HostError::LeaseLost | HostError::Unavailable(_) => "it cannot be done now".to_owned(),
    }
}
