//! Asking, asking again, and reading along.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use eventsource_stream::Eventsource as _;
use futures_util::stream::{self, BoxStream, StreamExt as _};
use reqwest::Response;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout_at};

use super::ServerConfig;
use super::answer::Answer;
use super::endpoint::{Endpoint, is_event_stream, read};
use super::errors::Failure;
use super::manners::Manners;
use super::wire::ChatAnswer;
use crate::text::collect;
use crate::{Completion, ModelError, TextEvent, TextModel, TextRequest, TextStream};

/// A server that goes silent in the middle of an answer has lost it.
const SILENT_AT_MOST: Duration = Duration::from_secs(60);
/// How long we wait for figures once all is said; not every server sends them, or ends.
const FIGURES_WITHIN: Duration = Duration::from_secs(2);

/// A text model behind `/chat/completions`.
#[derive(Debug)]
pub struct ChatModel {
    endpoint: Endpoint,
    model: String,
    first_manners: Manners,
    manners: Mutex<Manners>,
}

/// An answer that has begun.
enum Begun {
    Whole(Vec<TextEvent>),
    Stream(Reading),
}

impl ChatModel {
    /// Asks nothing yet.
    #[must_use]
    pub fn new(config: &ServerConfig) -> Self {
        let first_manners = Manners::of(config);
        Self {
            endpoint: Endpoint::new(config),
            model: config.model.clone(),
            first_manners,
            manners: Mutex::new(first_manners),
        }
    }

    async fn begin(
        &self,
        request: &TextRequest,
        stream: bool,
        deadline: Instant,
    ) -> Result<Begun, ModelError> {
        let response = self.send(request, stream).await?;
        if is_event_stream(&response) {
            // Some servers only tell in the first piece that they will not answer.
            let mut reading = Reading::new(response, deadline);
            reading.read_on().await?;
            return Ok(Begun::Stream(reading));
        }
        let body = read(response).await?;
        let whole: ChatAnswer = serde_json::from_slice(&body)
            .map_err(|_| ModelError::Unusable("it is no answer at all"))?;
        if whole.error.is_none() && whole.choices.is_none() {
            return Err(ModelError::Unusable("there is no answer in it"));
        }
        let mut answer = Answer::default();
        let words = answer.take(whole)?;
        let words = (!words.is_empty()).then_some(TextEvent::Delta(words));
        Ok(Begun::Whole(
            words.into_iter().chain(answer.finish()?).collect(),
        ))
    }

    /// Sends the request in words that the server takes, and notes which these are.
    async fn send(&self, request: &TextRequest, stream: bool) -> Result<Response, ModelError> {
        let known = *self.manners();
        let mut manners = known;
        loop {
            let words = manners.words(request);
            let body = manners.write(&self.model, request, words.as_deref(), stream);
            match self.endpoint.post(&["chat", "completions"], &body).await {
                Ok(response) => {
                    if manners != known {
                        tracing::debug!(?manners, "the text model is asked in another way");
                        *self.manners() = manners;
                    }
                    return Ok(response);
                }
                Err(failure) => {
                    manners = self.after(manners, &failure, request).ok_or(failure)?;
                }
            }
        }
    }

    fn after(&self, manners: Manners, failure: &Failure, request: &TextRequest) -> Option<Manners> {
        match failure {
            Failure::Server(refusal) => manners.after(refusal, request, self.first_manners),
            Failure::Model(_) => None,
        }
    }

    fn manners(&self) -> MutexGuard<'_, Manners> {
        self.manners.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl TextModel for ChatModel {
    fn model(&self) -> &str {
        &self.model
    }

    async fn stream(&self, request: TextRequest) -> Result<TextStream, ModelError> {
        let deadline = Instant::now() + request.deadline;
        let slot = self.endpoint.slot(deadline).await?;
        let attempt = || self.begin(&request, true, deadline);
        let begun = self.endpoint.try_until(deadline, attempt).await?;
        Ok(match begun {
            Begun::Whole(events) => stream::iter(events.into_iter().map(Ok)).boxed(),
            Begun::Stream(reading) => reading.into_stream(Some(slot)),
        })
    }

    async fn complete(&self, request: TextRequest) -> Result<Completion, ModelError> {
        let deadline = Instant::now() + request.deadline;
        let _slot = self.endpoint.slot(deadline).await?;
        let attempt = || async {
            let answer = match self.begin(&request, false, deadline).await? {
                Begun::Whole(events) => stream::iter(events.into_iter().map(Ok)).boxed(),
                Begun::Stream(reading) => reading.into_stream(None),
            };
            collect(answer).await
        };
        self.endpoint.try_until(deadline, attempt).await
    }
}

/// An answer while it is read.
struct Reading {
    pieces: BoxStream<'static, Result<Piece, ModelError>>,
    /// Until the end.
    answer: Option<Answer>,
    ready: VecDeque<TextEvent>,
    deadline: Instant,
}

enum Piece {
    Answer(Box<ChatAnswer>),
    /// Something that is no piece of an answer.
    Other,
    Done,
}

impl Reading {
    fn new(response: Response, deadline: Instant) -> Self {
        let events = response.bytes_stream().eventsource();
        let pieces = events.map(|event| match event {
            Ok(event) if event.data.trim() == "[DONE]" => Ok(Piece::Done),
            Ok(event) => Ok(piece(&event.event, &event.data)),
            Err(_) => Err(ModelError::Unreachable),
        });
        Self {
            pieces: pieces.boxed(),
            answer: Some(Answer::default()),
            ready: VecDeque::new(),
            deadline,
        }
    }

    /// Reads until there is something to say, or the end.
    async fn read_on(&mut self) -> Result<(), ModelError> {
        while self.ready.is_empty() {
            let Some(answer) = &mut self.answer else {
                return Ok(());
            };
            let patience = if answer.is_said() {
                FIGURES_WITHIN
            } else {
                SILENT_AT_MOST
            };
            let until = self.deadline.min(Instant::now() + patience);
            let is_over = match timeout_at(until, self.pieces.next()).await {
                Ok(Some(Ok(Piece::Answer(piece)))) => {
                    let words = answer.take(*piece)?;
                    if !words.is_empty() {
                        self.ready.push_back(TextEvent::Delta(words));
                    }
                    answer.is_complete()
                }
                Ok(Some(Ok(Piece::Other))) => false,
                Ok(Some(Ok(Piece::Done))) => true,
                // All was said: whatever goes wrong now is no matter.
                Ok(None | Some(Err(_))) | Err(_) if answer.is_said() => true,
                // Servers forget to say that they are done; one that has said nothing at all has failed.
                Ok(None) if answer.has_said() => true,
                Ok(None) => return Err(ModelError::Unreachable),
                Ok(Some(Err(error))) => return Err(error),
                Err(_) => return Err(ModelError::TimedOut),
            };
            if is_over {
                let rest = self.answer.take().map(Answer::finish).transpose()?;
                self.ready.extend(rest.into_iter().flatten());
            }
        }
        Ok(())
    }

    /// The slot is kept for as long as somebody reads.
    fn into_stream(self, slot: Option<OwnedSemaphorePermit>) -> TextStream {
        stream::unfold(Some((self, slot)), async |reading| {
            let (mut reading, slot) = reading?;
            if let Err(error) = reading.read_on().await {
                return Some((Err(error), None));
            }
            let event = reading.ready.pop_front()?;
            Some((Ok(event), Some((reading, slot))))
        })
        .boxed()
    }
}

fn piece(kind: &str, data: &str) -> Piece {
    // Some servers name the event instead of putting `error` around it.
    match serde_json::from_str::<ChatAnswer>(data) {
        Ok(answer) if kind == "error" && answer.error.is_none() => {
            let error = serde_json::from_str(data).ok();
            Piece::Answer(Box::new(ChatAnswer {
                error,
                ..ChatAnswer::default()
            }))
        }
        Ok(answer) => Piece::Answer(Box::new(answer)),
        Err(_) => Piece::Other,
    }
}
