//! One server: how it is reached, and how much it is asked at once.

use std::sync::Arc;
use std::time::Duration;

use avaaz_circuit::Circuit;
use backon::{BackoffBuilder as _, ExponentialBuilder};
use reqwest::{Client, Response, header};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::ServerConfig;
use super::errors::{Failure, ServerError};
use crate::ModelError;

const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// More requests than these wait for their turn.
const AT_ONCE: usize = 16;
const TRIES: usize = 4;
const FIRST_PAUSE: Duration = Duration::from_millis(400);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// Whatever is longer is not what was asked for.
const LONGEST_BODY: usize = 32 << 20;

/// A server and the way to it.
#[derive(Debug)]
pub(super) struct Endpoint {
    client: Client,
    base_url: Url,
    api_key: Option<SecretString>,
    circuit: Circuit,
    slots: Arc<Semaphore>,
}

impl Endpoint {
    pub(super) fn new(config: &ServerConfig) -> Self {
        // An error says that a library was chosen before, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .connect_timeout(CONNECT_WITHIN)
            // Followed, a request would become another one.
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .expect("a client with built-in root certificates needs nothing from outside");
        Self {
            client,
            base_url: config.base_url.clone(),
            api_key: config.api_key.clone(),
            circuit: Circuit::default(),
            slots: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    /// Waits for its turn among the requests of this process.
    pub(super) async fn slot(&self, deadline: Instant) -> Result<OwnedSemaphorePermit, ModelError> {
        let slot = timeout_at(deadline, Arc::clone(&self.slots).acquire_owned()).await;
        slot.map_err(|_| ModelError::TimedOut)?
            .map_err(|_| ModelError::Unreachable)
    }

    /// Sends one request, and returns an answer whose body is still to be read.
    pub(super) async fn post(
        &self,
        path: &[&str],
        body: &impl Serialize,
    ) -> Result<Response, Failure> {
        let mut url = self.base_url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        let mut request = self.client.post(url).json(body);
        if let Some(key) = &self.api_key {
            request = request.bearer_auth(key.expose_secret());
        }
        let response = request.send().await.map_err(|_| ModelError::Unreachable)?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let headers = response.headers().clone();
        let body = read(response).await.unwrap_or_default();
        Err(ServerError::read(status.as_u16(), &headers, &body).into())
    }

    /// Tries until it works, or until another try makes no sense or comes too late. Each try asks the circuit and tells it.
    pub(super) async fn try_until<T, F>(
        &self,
        deadline: Instant,
        attempt: impl Fn() -> F,
    ) -> Result<T, ModelError>
    where
        F: Future<Output = Result<T, ModelError>>,
    {
        let mut pauses = ExponentialBuilder::default()
            .with_min_delay(FIRST_PAUSE)
            .with_max_delay(LONGEST_PAUSE)
            .with_max_times(TRIES - 1)
            .with_jitter()
            .build();
        loop {
            if !self.circuit.lets_through() {
                return Err(ModelError::Resting {
                    retry_after: self.circuit.rests_for(),
                });
            }
            let done = timeout_at(deadline, attempt()).await;
            let done = done.unwrap_or(Err(ModelError::TimedOut));
            self.note(&done);
            let error = match done {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            let Some(pause) = pauses.next().filter(|_| error.retry_helps()) else {
                return Err(error);
            };
            let pause = pause.max(error.retry_after().unwrap_or_default());
            // Whoever can wait longer than this request may is told how long.
            if Instant::now() + pause >= deadline {
                return Err(error);
            }
            tracing::debug!(%error, pause_ms = pause.as_millis(), "the model is asked again");
            tokio::time::sleep(pause).await;
        }
    }

    /// A server that refuses is there; one that says nothing, or fails by its own fault, is not.
    fn note<T>(&self, done: &Result<T, ModelError>) {
        match done {
            Err(
                ModelError::Unreachable | ModelError::TimedOut | ModelError::ServerFailed { .. },
            ) => self.circuit.failed(),
            _ => self.circuit.succeeded(),
        }
    }
}

/// Reads a body that is not too long.
pub(super) async fn read(mut response: Response) -> Result<Vec<u8>, ModelError> {
    let mut body = Vec::new();
    while let Some(piece) = response
        .chunk()
        .await
        .map_err(|_| ModelError::Unreachable)?
    {
        if body.len() + piece.len() > LONGEST_BODY {
            return Err(ModelError::Unusable("it is too long"));
        }
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

/// Returns whether a body comes as events.
pub(super) fn is_event_stream(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE);
    kind.and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| kind.trim_start().starts_with("text/event-stream"))
}
