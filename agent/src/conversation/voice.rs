//! The provider's side of a conversation: opening, open, or closed; never waited for.

use std::sync::Arc;

use avaaz_tutor::{Fault, FaultKind, Input, ProviderCommand, ProviderEvent, SessionSetup};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::oneshot;
use tokio_util::task::AbortOnDropHandle;

use crate::realtime::{Provider, ProviderSession};

/// The connection to the provider.
pub(super) struct Voice {
    provider: Arc<dyn Provider>,
    state: State,
}

enum State {
    Closed,
    Opening {
        opened: oneshot::Receiver<Result<ProviderSession, Fault>>,
        _task: AbortOnDropHandle<()>,
    },
    Open {
        session: ProviderSession,
        ready: bool,
    },
}

impl Voice {
    pub(super) fn new(provider: Arc<dyn Provider>) -> Self {
        Self {
            provider,
            state: State::Closed,
        }
    }

    pub(super) fn provider_name(&self) -> &str {
        self.provider.name()
    }

    /// Opens a session in a task of its own; [`Self::next`] tells how it went.
    pub(super) fn open(&mut self, setup: SessionSetup) {
        let provider = Arc::clone(&self.provider);
        let (tell, opened) = oneshot::channel();
        let task = tokio::spawn(async move {
            // Nobody waits any more when it was closed meanwhile; the session is dropped, which closes it.
            let _ = tell.send(provider.open(&setup).await);
        });
        self.state = State::Opening {
            opened,
            _task: AbortOnDropHandle::new(task),
        };
    }

    /// Closes the session; nothing it still says is handed over.
    pub(super) fn close(&mut self) {
        self.state = State::Closed;
    }

    /// Asks the provider for something; never waits. Gives back what has to be told when it does not keep up.
    pub(super) fn ask(&mut self, command: ProviderCommand) -> Option<Input> {
        let State::Open { session, ready } = &self.state else {
            tracing::debug!("asked a provider that is not open");
            return None;
        };
        match session.commands.try_send(command) {
            Ok(()) => None,
            // Its last event says why.
            Err(TrySendError::Closed(_)) => None,
            Err(TrySendError::Full(_)) => {
                let ready = *ready;
                self.state = State::Closed;
                Some(ended(ready, broken("the provider does not keep up")))
            }
        }
    }

    /// Waits for what the provider says. Cancel-safe; pending for ever while it is closed.
    pub(super) async fn next(&mut self) -> Input {
        loop {
            match &mut self.state {
                State::Closed => return std::future::pending().await,
                State::Opening { opened, .. } => match opened.await {
                    Ok(Ok(session)) => {
                        self.state = State::Open {
                            session,
                            ready: false,
                        };
                    }
                    Ok(Err(fault)) => {
                        self.state = State::Closed;
                        return Input::ProviderFailed(fault);
                    }
                    Err(_) => {
                        self.state = State::Closed;
                        return Input::ProviderFailed(broken("opening the session panicked"));
                    }
                },
                State::Open { session, ready } => {
                    let event = session.events.recv().await;
                    let ready_before = *ready;
                    *ready |= matches!(event, Some(ProviderEvent::Ready { .. }));
                    return match event {
                        Some(ProviderEvent::Closed(fault)) => {
                            self.state = State::Closed;
                            ended(ready_before, fault)
                        }
                        Some(event) => Input::Provider(event),
                        None => {
                            self.state = State::Closed;
                            ended(ready_before, broken("the session ended without a word"))
                        }
                    };
                }
            }
        }
    }
}

fn ended(was_ready: bool, fault: Fault) -> Input {
    if was_ready {
        Input::Provider(ProviderEvent::Closed(fault))
    } else {
        Input::ProviderFailed(fault)
    }
}

fn broken(detail: &str) -> Fault {
    Fault {
        kind: FaultKind::Broken,
        detail: detail.to_owned(),
    }
}
