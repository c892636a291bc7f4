//! The provider's side of a conversation: opening, open, or closed; never waited for. A second session may open beside the first.

use std::collections::VecDeque;
use std::sync::Arc;

use avaaz_tutor::{
    Capabilities, Fault, FaultKind, Input, ProviderCommand, ProviderEvent, SessionSetup,
};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::oneshot;
use tokio_util::task::AbortOnDropHandle;

use crate::realtime::{Provider, ProviderSession};
use avaaz_circuit::Circuit;

/// What a session that waits to take over may say before; all of it is told then.
const MOST_KEPT: usize = 64;

/// The connections to the provider.
pub(super) struct Voice {
    /// Those that may serve, the wanted one first.
    providers: Vec<Candidate>,
    in_use: usize,
    next_in_use: usize,
    line: Line,
    next: Line,
    /// What the second session said, but for being ready.
    kept: VecDeque<ProviderEvent>,
    /// What the second session can do, and its model, once it is ready.
    next_is: Option<(Capabilities, String)>,
    /// Said by the session that took over, before it did.
    before: VecDeque<ProviderEvent>,
}

/// A provider that may serve, and whether it is worth a try.
#[derive(Clone)]
pub(crate) struct Candidate {
    pub(crate) provider: Arc<dyn Provider>,
    pub(crate) circuit: Arc<Circuit>,
}

/// One connection.
enum Line {
    Closed,
    /// It was not even tried.
    Passed,
    Opening {
        circuit: Arc<Circuit>,
        opened: oneshot::Receiver<Result<ProviderSession, Fault>>,
        _task: AbortOnDropHandle<()>,
    },
    Open {
        circuit: Arc<Circuit>,
        session: ProviderSession,
        ready: bool,
    },
}

/// What comes over a line.
enum Said {
    Event(ProviderEvent),
    /// It never was ready.
    Failed(Fault),
    /// It was.
    Ended(Fault),
}

impl Voice {
    /// Begins with the first of them; there is at least one.
    pub(super) fn new(providers: Vec<Candidate>) -> Self {
        Self {
            providers,
            in_use: 0,
            next_in_use: 0,
            line: Line::Closed,
            next: Line::Closed,
            kept: VecDeque::new(),
            next_is: None,
            before: VecDeque::new(),
        }
    }

    pub(super) fn provider_name(&self) -> &str {
        self.name_of(self.in_use)
    }

    pub(super) fn name_of(&self, slot: usize) -> &str {
        self.providers
            .get(slot)
            .map_or("none", |candidate| candidate.provider.name())
    }

    /// Sessions are opened with another provider from now on.
    pub(super) fn use_provider(&mut self, slot: usize) {
        self.in_use = slot;
    }

    /// Returns where a provider stands, by its name.
    pub(super) fn slot_of(&self, name: &str) -> Option<usize> {
        self.providers
            .iter()
            .position(|candidate| candidate.provider.name() == name)
    }

    /// Opens a session in a task of its own; [`Self::next`] tells how it went.
    pub(super) fn open(&mut self, setup: SessionSetup) {
        self.before.clear();
        self.line = Line::open(self.providers.get(self.in_use), setup);
    }

    /// Closes the session; nothing it still says is handed over.
    pub(super) fn close(&mut self) {
        self.before.clear();
        self.line = Line::Closed;
    }

    /// Opens a second session beside the first.
    pub(super) fn open_next(&mut self, slot: usize, setup: SessionSetup) {
        self.close_next();
        self.next_in_use = slot;
        self.next = Line::open(self.providers.get(slot), setup);
    }

    /// Closes the second session.
    pub(super) fn close_next(&mut self) {
        self.next = Line::Closed;
        self.kept.clear();
        self.next_is = None;
    }

    /// Lets the second session take the place of the first, which is closed. Returns what it can do, and its model.
    pub(super) fn switch(&mut self) -> Option<(Capabilities, String)> {
        self.line = std::mem::replace(&mut self.next, Line::Closed);
        self.in_use = self.next_in_use;
        self.before = std::mem::take(&mut self.kept);
        self.next_is.take()
    }

    /// Asks the provider for something; never waits. Gives back what has to be told when it does not keep up.
    pub(super) fn ask(&mut self, command: ProviderCommand) -> Option<Input> {
        let Line::Open { session, ready, .. } = &self.line else {
            tracing::debug!("asked a provider that is not open");
            return None;
        };
        match session.commands.try_send(command) {
            Ok(()) => None,
            // Its last event says why.
            Err(TrySendError::Closed(_)) => None,
            Err(TrySendError::Full(_)) => {
                let ready = *ready;
                self.close();
                Some(told(ended(ready, broken("the provider does not keep up"))))
            }
        }
    }

    /// Waits for what the provider says. Cancel-safe; pending for ever while it is closed.
    pub(super) async fn next(&mut self) -> Input {
        if let Some(event) = self.before.pop_front() {
            return Input::Provider(event);
        }
        loop {
            let of_the_next = tokio::select! {
                said = self.line.next() => return told(said),
                said = self.next.next() => said,
            };
            match of_the_next {
                Said::Event(ProviderEvent::Ready {
                    capabilities,
                    model,
                }) => {
                    self.next_is = Some((capabilities.clone(), model));
                    return Input::NextReady(capabilities);
                }
                Said::Event(event) if self.kept.len() < MOST_KEPT => self.kept.push_back(event),
                Said::Event(_) => {
                    self.close_next();
                    return Input::NextFailed(broken("it talks before it is asked"));
                }
                Said::Failed(fault) | Said::Ended(fault) => {
                    self.close_next();
                    return Input::NextFailed(fault);
                }
            }
        }
    }
}

impl Line {
    fn open(candidate: Option<&Candidate>, setup: SessionSetup) -> Self {
        let Some(Candidate { provider, circuit }) = candidate.cloned() else {
            return Self::Passed;
        };
        if !circuit.lets_through() {
            return Self::Passed;
        }
        let (tell, opened) = oneshot::channel();
        let task = tokio::spawn(async move {
            // Nobody waits any more when it was closed meanwhile; the session is dropped, which closes it.
            let _ = tell.send(provider.open(&setup).await);
        });
        Self::Opening {
            circuit,
            opened,
            _task: AbortOnDropHandle::new(task),
        }
    }

    /// Waits for what is said. Cancel-safe; pending for ever while it is closed.
    async fn next(&mut self) -> Said {
        loop {
            match self {
                Self::Closed => return std::future::pending().await,
                Self::Passed => {
                    *self = Self::Closed;
                    return Said::Failed(Fault {
                        kind: FaultKind::Unavailable,
                        detail: "it failed too often of late".to_owned(),
                    });
                }
                Self::Opening {
                    opened, circuit, ..
                } => {
                    let fault = match opened.await {
                        Ok(Ok(session)) => {
                            *self = Self::Open {
                                circuit: Arc::clone(circuit),
                                session,
                                ready: false,
                            };
                            continue;
                        }
                        Ok(Err(fault)) => fault,
                        Err(_) => broken("opening the session panicked"),
                    };
                    note_failure(circuit, &fault);
                    *self = Self::Closed;
                    return Said::Failed(fault);
                }
                Self::Open {
                    session,
                    ready,
                    circuit,
                } => {
                    let fault = match session.events.recv().await {
                        Some(ProviderEvent::Closed(fault)) => fault,
                        Some(event) => {
                            if matches!(event, ProviderEvent::Ready { .. }) {
                                *ready = true;
                                circuit.succeeded();
                            }
                            return Said::Event(event);
                        }
                        None => broken("the session ended without a word"),
                    };
                    let ready = *ready;
                    if !ready {
                        note_failure(circuit, &fault);
                    }
                    *self = Self::Closed;
                    return ended(ready, fault);
                }
            }
        }
    }
}

/// A handle that is not known any more says nothing about the provider.
fn note_failure(circuit: &Circuit, fault: &Fault) {
    if !matches!(fault.kind, FaultKind::StaleHandle | FaultKind::ClosedByUs) {
        circuit.failed();
    }
}

fn told(said: Said) -> Input {
    match said {
        Said::Event(event) => Input::Provider(event),
        Said::Failed(fault) => Input::ProviderFailed(fault),
        Said::Ended(fault) => Input::Provider(ProviderEvent::Closed(fault)),
    }
}

fn ended(was_ready: bool, fault: Fault) -> Said {
    if was_ready {
        Said::Ended(fault)
    } else {
        Said::Failed(fault)
    }
}

fn broken(detail: &str) -> Fault {
    Fault {
        kind: FaultKind::Broken,
        detail: detail.to_owned(),
    }
}
