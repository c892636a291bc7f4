//! A provider that says what a test tells it to.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use avaaz_agent::realtime::{Provider, ProviderSession};
use avaaz_tutor::{
    Capabilities, Fault, FaultKind, ItemId, Pcm, ProviderCommand, ProviderEvent, ReplyEnd, ReplyId,
    SessionSetup, Usage,
};
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;

#[derive(Default)]
pub struct ScriptedProvider {
    lines: Mutex<Vec<Arc<Line>>>,
    faults: Mutex<VecDeque<Fault>>,
    /// It leaves the learner's turns to us.
    leaves_turns: bool,
    opened: Notify,
}

/// One session, seen from the provider's side.
pub struct Line {
    pub setup: SessionSetup,
    events: mpsc::Sender<ProviderEvent>,
    asked: Arc<Mutex<Asked>>,
    finds_turns: bool,
}

#[derive(Default)]
struct Asked {
    commands: Vec<ProviderCommand>,
    heard: Duration,
    first_audio: Option<Instant>,
    closed: bool,
}

impl ScriptedProvider {
    pub fn that_leaves_turns_to_us() -> Self {
        Self {
            leaves_turns: true,
            ..Self::default()
        }
    }

    /// Fails the next opening (several: in this order).
    pub fn refuse(&self, kind: FaultKind) {
        self.faults.lock().unwrap().push_back(Fault {
            kind,
            detail: "for a test".to_owned(),
        });
    }

    /// Waits for a session, counted from 0.
    pub async fn line(&self, number: usize) -> Arc<Line> {
        loop {
            let opened = self.opened.notified();
            if let Some(line) = self.lines.lock().unwrap().get(number) {
                return Arc::clone(line);
            }
            opened.await;
        }
    }

    pub fn count(&self) -> usize {
        self.lines.lock().unwrap().len()
    }
}

#[async_trait]
impl Provider for ScriptedProvider {
    fn name(&self) -> &str {
        "simulator"
    }

    fn input_rate_hz(&self) -> u32 {
        24_000
    }

    fn finds_turns(&self) -> bool {
        !self.leaves_turns
    }

    async fn open(&self, setup: &SessionSetup) -> Result<ProviderSession, Fault> {
        let fault = self.faults.lock().unwrap().pop_front();
        if let Some(fault) = fault {
            return Err(fault);
        }
        let (events_in, events) = mpsc::channel(256);
        let (commands, mut queue) = mpsc::channel(256);
        let asked = Arc::new(Mutex::new(Asked::default()));
        let line = Arc::new(Line {
            setup: setup.clone(),
            events: events_in,
            asked: Arc::clone(&asked),
            finds_turns: !self.leaves_turns,
        });
        tokio::spawn(async move {
            while let Some(command) = queue.recv().await {
                let mut asked = asked.lock().unwrap();
                if let ProviderCommand::Audio(pcm) = &command {
                    asked.heard += pcm.duration();
                    asked.first_audio.get_or_insert(Instant::now());
                } else {
                    asked.commands.push(command);
                }
            }
            asked.lock().unwrap().closed = true;
        });
        self.lines.lock().unwrap().push(line);
        self.opened.notify_waiters();
        Ok(ProviderSession { commands, events })
    }
}

impl Line {
    pub async fn tells(&self, event: ProviderEvent) {
        let _ = self.events.send(event).await;
    }

    pub async fn is_ready(&self) {
        self.tells(ProviderEvent::Ready {
            capabilities: Capabilities {
                input_rate_hz: 24_000,
                output_rate_hz: 24_000,
                truncate_replies: true,
                change_setup_midway: true,
                seed_history: true,
                interrupts_by_itself: true,
                finds_turns: self.finds_turns,
                overlaps: false,
                session_limit: None,
            },
            model: "scripted-1".to_owned(),
        })
        .await;
    }

    /// The whole of a reply at once, as providers do: faster than it sounds.
    pub async fn replies(&self, name: &str, words: &str, length: Duration) {
        let reply = ReplyId(name.into());
        self.begins(name, words, length).await;
        self.tells(ProviderEvent::ReplyEnded {
            reply,
            how: ReplyEnd::Complete,
            usage: Some(Usage {
                output_audio_tokens: 20,
                ..Usage::default()
            }),
        })
        .await;
    }

    pub async fn begins(&self, name: &str, words: &str, length: Duration) {
        let reply = ReplyId(name.into());
        self.tells(ProviderEvent::ReplyStarted {
            reply: reply.clone(),
        })
        .await;
        let pieces: Vec<&str> = words.split_inclusive(' ').collect();
        let each = length / u32::try_from(pieces.len()).unwrap();
        for piece in pieces {
            self.tells(ProviderEvent::ReplyWords {
                reply: reply.clone(),
                delta: piece.to_owned(),
            })
            .await;
            let samples = vec![2000; usize::try_from(each.as_millis()).unwrap() * 24];
            self.tells(ProviderEvent::ReplyAudio {
                reply: reply.clone(),
                pcm: Pcm {
                    samples: samples.into(),
                    rate_hz: 24_000,
                },
            })
            .await;
        }
    }

    /// The learner began to speak.
    pub async fn hears_speech(&self, item: &str) {
        self.tells(ProviderEvent::SpeechStarted {
            item: ItemId(item.into()),
        })
        .await;
    }

    /// The learner stopped; these were the words.
    pub async fn understands(&self, item: &str, words: &str) {
        let item = ItemId(item.into());
        self.tells(ProviderEvent::SpeechStopped { item: item.clone() })
            .await;
        self.tells(ProviderEvent::LearnerWords {
            item,
            text: words.to_owned(),
        })
        .await;
    }

    pub async fn breaks(&self) {
        self.tells(ProviderEvent::Closed(Fault {
            kind: FaultKind::Broken,
            detail: "cut by a test".to_owned(),
        }))
        .await;
    }

    /// Everything it was asked for, the audio apart.
    pub fn asked(&self) -> Vec<ProviderCommand> {
        self.asked.lock().unwrap().commands.clone()
    }

    /// How much of the learner it was given.
    pub fn heard(&self) -> Duration {
        self.asked.lock().unwrap().heard
    }

    pub fn is_closed(&self) -> bool {
        self.asked.lock().unwrap().closed
    }
}
