//! A host in memory.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use avaaz_agent::host::{Claimed, HostError, Lease, Notice, TurnRecord, TutorHost, UsageRecord};
use avaaz_tutor::{
    Author, Brief, EndReason, Mode, PastTurn, Patience, ToolOffer, WritingRequest, WrittenAnswer,
};
use tokio::sync::{Notify, mpsc};
use uuid::Uuid;

/// Everything that the agent did to its host.
#[derive(Default, Clone)]
pub struct Written {
    pub turns: Vec<TurnRecord>,
    pub usage: Vec<UsageRecord>,
    pub presence: Vec<bool>,
    pub provider: Vec<(String, String)>,
    pub rooms: Vec<String>,
    pub ended: Vec<EndReason>,
    pub released: Vec<Lease>,
    /// Tools that were run, with their arguments.
    pub tools: Vec<(String, String)>,
    /// Turns that were refused because the lease was lost.
    pub refused: usize,
}

struct State {
    waiting: Vec<Claimed>,
    written: Written,
    is_down: bool,
    lease_is_lost: bool,
    epoch: i64,
}

pub struct FakeHost {
    state: Mutex<State>,
    changed: Notify,
    notices: tokio::sync::Mutex<mpsc::Receiver<Notice>>,
    notify: mpsc::Sender<Notice>,
}

impl FakeHost {
    pub fn new() -> Arc<Self> {
        let (notify, notices) = mpsc::channel(64);
        Arc::new(Self {
            state: Mutex::new(State {
                waiting: Vec::new(),
                written: Written::default(),
                is_down: false,
                lease_is_lost: false,
                epoch: 0,
            }),
            changed: Notify::new(),
            notices: tokio::sync::Mutex::new(notices),
            notify,
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// A conversation waits for a runtime.
    pub async fn open(&self, history: Vec<PastTurn>) -> Uuid {
        let conversation = Uuid::now_v7();
        let next_seq = history.last().map_or(1, |turn| turn.seq + 1);
        let claimed = Claimed {
            lease: Lease {
                conversation,
                runtime: Uuid::nil(),
                epoch: 0,
            },
            session: Uuid::now_v7(),
            room: "session-1".to_owned(),
            learner_identity: "learner-ada".to_owned(),
            tutor_identity: format!("tutor-{conversation}"),
            started_at: SystemTime::now(),
            brief: brief(),
            greeted: !history.is_empty(),
            history,
            next_seq,
            provider: None,
            time_limit: Duration::from_secs(3600),
            spending: None,
        };
        self.state().waiting.push(claimed);
        self.notify(Notice::WorkMayWait).await;
        conversation
    }

    pub async fn notify(&self, notice: Notice) {
        self.notify.send(notice).await.unwrap();
    }

    pub fn set_down(&self, is_down: bool) {
        self.state().is_down = is_down;
    }

    /// Another runtime took the conversations.
    pub fn lose_leases(&self) {
        self.state().lease_is_lost = true;
    }

    pub fn written(&self) -> Written {
        self.state().written.clone()
    }

    /// Waits until the agent has done something.
    pub async fn until(&self, what: impl Fn(&Written) -> bool) -> Written {
        loop {
            let changed = self.changed.notified();
            let written = self.written();
            if what(&written) {
                return written;
            }
            changed.await;
        }
    }

    fn write(&self, change: impl FnOnce(&mut Written)) -> Result<(), HostError> {
        let mut state = self.state();
        if state.is_down {
            return Err(HostError::Unavailable("down for a test".to_owned()));
        }
        if state.lease_is_lost {
            state.written.refused += 1;
            return Err(HostError::LeaseLost);
        }
        change(&mut state.written);
        drop(state);
        self.changed.notify_waiters();
        Ok(())
    }
}

pub fn brief() -> Brief {
    Brief {
        learner_name: "Ada".to_owned(),
        mode: Mode::FreeTalk,
        target_language: "en".to_owned(),
        native_language: "de".to_owned(),
        level: None,
        goal: None,
        voice: None,
        patience: Patience::Normal,
        push_to_talk: false,
        notes: Vec::new(),
    }
}

#[async_trait]
impl TutorHost for FakeHost {
    async fn claim(&self, runtime: Uuid, room_for: usize) -> Result<Vec<Claimed>, HostError> {
        let mut state = self.state();
        if state.is_down {
            return Err(HostError::Unavailable("down for a test".to_owned()));
        }
        let count = room_for.min(state.waiting.len());
        let mut claimed: Vec<Claimed> = state.waiting.drain(..count).collect();
        for claimed in &mut claimed {
            state.epoch += 1;
            claimed.lease.runtime = runtime;
            claimed.lease.epoch = state.epoch;
        }
        Ok(claimed)
    }

    async fn renew(&self, leases: &[Lease]) -> Result<Vec<Lease>, HostError> {
        let state = self.state();
        if state.is_down {
            return Err(HostError::Unavailable("down for a test".to_owned()));
        }
        Ok(if state.lease_is_lost {
            leases.to_vec()
        } else {
            Vec::new()
        })
    }

    async fn release(&self, lease: Lease) -> Result<(), HostError> {
        self.write(|written| written.released.push(lease))
    }

    async fn end(
        &self,
        _lease: Lease,
        reason: EndReason,
        _ended_at: SystemTime,
    ) -> Result<(), HostError> {
        self.write(|written| written.ended.push(reason))
    }

    async fn record_turn(&self, _lease: Lease, turn: TurnRecord) -> Result<(), HostError> {
        self.write(|written| written.turns.push(turn))
    }

    async fn record_words(&self, _lease: Lease, turn: Uuid, text: String) -> Result<(), HostError> {
        self.write(|written| {
            let pending = written.turns.iter_mut().find(|known| known.id == turn);
            let pending = pending.expect("words come after their turn");
            assert!(std::mem::replace(&mut pending.text_pending, false));
            pending.text = text;
        })
    }

    async fn record_usage(&self, _lease: Lease, usage: UsageRecord) -> Result<(), HostError> {
        self.write(|written| written.usage.push(usage))
    }

    async fn record_presence(&self, _lease: Lease, present: bool) -> Result<(), HostError> {
        self.write(|written| written.presence.push(present))
    }

    async fn record_provider(
        &self,
        _lease: Lease,
        provider: &str,
        model: &str,
    ) -> Result<(), HostError> {
        self.write(|written| {
            written
                .provider
                .push((provider.to_owned(), model.to_owned()));
        })
    }

    async fn ensure_room(&self, room: &str) -> Result<(), HostError> {
        self.write(|written| written.rooms.push(room.to_owned()))
    }

    fn tools(&self) -> Vec<ToolOffer> {
        vec![ToolOffer {
            name: "set_patience".to_owned(),
            description: "Waits longer, or less long.".to_owned(),
            parameters: r#"{"type":"object"}"#.to_owned(),
        }]
    }

    async fn run_tool(
        &self,
        _lease: Lease,
        name: &str,
        arguments: &str,
    ) -> Result<String, HostError> {
        if arguments.contains("panic") {
            panic!("a tool that panics");
        }
        self.write(|written| written.tools.push((name.to_owned(), arguments.to_owned())))?;
        Ok(r#"{"ok":true}"#.to_owned())
    }

    async fn compose(
        &self,
        _lease: Lease,
        request: WritingRequest,
    ) -> Result<WrittenAnswer, HostError> {
        let last = &request.history.last().expect("somebody is answered").text;
        Ok(WrittenAnswer {
            text: format!("You wrote: {last}"),
            author: Author {
                provider: "text".into(),
                model: "writer-1".into(),
            },
        })
    }

    async fn next_notice(&self) -> Notice {
        let mut notices = self.notices.lock().await;
        match notices.recv().await {
            Some(notice) => notice,
            None => std::future::pending().await,
        }
    }
}
