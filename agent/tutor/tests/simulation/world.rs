//! One clock, the bridge, and everything around it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use avaaz_tutor::{
    Bridge, BridgeSetup, Brief, Capabilities, EndedTurn, Fault, FaultKind, HandedOver, Input,
    Level, Mode, Moment, Output, Patience, ProviderEvent, ReplyId, ResumeHandle, SessionSetup,
    ToolOffer,
};

use crate::chance::Chance;
use crate::learner::{FRAME, Learner, RATE};
use crate::provider::{Memory, Session};

/// What the network and the listener's buffer hold.
const LAG: Duration = Duration::from_millis(60);
/// How soon our own pings find a socket that hangs.
const WATCHDOG: Duration = Duration::from_secs(15);

struct Playing {
    reply: ReplyId,
    given: Duration,
    sent: Duration,
    heard: Duration,
    /// What has reached the listener's ear, which nobody tells.
    really_heard: Duration,
    log: VecDeque<(Moment, Duration)>,
    finishing: bool,
}

/// How the next openings go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    Works,
    Fails(FaultKind),
}

pub struct World {
    pub bridge: Bridge,
    pub now: Moment,
    pub chance: Chance,
    pub learner: Learner,
    pub can: Capabilities,
    pub main: Option<Session>,
    pub next: Option<Session>,
    /// How the next sessions open; empty: they work.
    pub openings: VecDeque<Opening>,
    /// This provider never opens.
    pub dead_slot: Option<usize>,
    /// Every event of these kinds comes twice until then.
    pub doubled_until: Moment,
    pub hung_since: Option<Moment>,
    slot: usize,
    sessions: usize,
    handles: std::collections::HashMap<ResumeHandle, Memory>,
    pub known_handles: bool,
    playing: VecDeque<Playing>,
    paused: bool,

    pub opened: Vec<SessionSetup>,
    pub opened_at: Vec<Moment>,
    pub hand_overs: Vec<(HandedOver, Duration)>,
    pub turns: Vec<EndedTurn>,
    pub ended: bool,
    /// How much of each thing that was said was written down, or answered.
    pub credited: BTreeMap<usize, usize>,
    /// How long a frame takes to the ear, as we estimate it and as it is.
    pub lag: (Duration, Duration),
    stopped: Option<(ReplyId, Duration)>,
    /// By how much each cut missed what was heard.
    pub errors: Vec<Duration>,
    tool_results: BTreeSet<String>,
    tools_run: BTreeSet<String>,
    tools_running: Vec<(Moment, Arc<str>)>,
    /// How long the sessions took to connect since the last hand-over, and how long failed ones took.
    connecting: Duration,
}

pub fn openai_like() -> Capabilities {
    Capabilities {
        input_rate_hz: RATE,
        output_rate_hz: RATE,
        truncate_replies: true,
        change_setup_midway: true,
        seed_history: true,
        interrupts_by_itself: true,
        finds_turns: true,
        overlaps: true,
        session_limit: Some(Duration::from_secs(3600)),
    }
}

pub fn gemini_like() -> Capabilities {
    Capabilities {
        truncate_replies: false,
        overlaps: false,
        finds_turns: false,
        session_limit: None,
        ..openai_like()
    }
}

pub fn brief() -> Brief {
    Brief {
        learner_name: "Ada".to_owned(),
        mode: Mode::Lesson,
        target_language: "en".to_owned(),
        native_language: "de".to_owned(),
        level: Some(Level::B1),
        goal: None,
        voice: None,
        patience: Patience::Normal,
        push_to_talk: false,
        notes: Vec::new(),
    }
}

impl World {
    pub fn new(
        seed: u64,
        can: Capabilities,
        providers: usize,
        learner: Learner,
        limit: Duration,
    ) -> Self {
        let setup = BridgeSetup {
            brief: brief(),
            history: Vec::new(),
            next_seq: 1,
            greeted: false,
            providers,
            tools: vec![ToolOffer {
                name: "look_up".to_owned(),
                description: "Looks something up.".to_owned(),
                parameters: "{}".to_owned(),
            }],
            capabilities: can.clone(),
            time_limit: limit,
            jitter_seed: seed,
        };
        let mut world = Self {
            bridge: Bridge::new(setup, Duration::ZERO),
            now: Duration::ZERO,
            chance: Chance::new(seed),
            learner,
            can,
            main: None,
            next: None,
            openings: VecDeque::new(),
            dead_slot: None,
            doubled_until: Duration::ZERO,
            hung_since: None,
            slot: 0,
            sessions: 0,
            handles: std::collections::HashMap::new(),
            known_handles: true,
            playing: VecDeque::new(),
            paused: false,
            opened: Vec::new(),
            opened_at: Vec::new(),
            hand_overs: Vec::new(),
            turns: Vec::new(),
            ended: false,
            credited: BTreeMap::new(),
            lag: (LAG, LAG),
            stopped: None,
            errors: Vec::new(),
            tool_results: BTreeSet::new(),
            tools_run: BTreeSet::new(),
            tools_running: Vec::new(),
            connecting: Duration::ZERO,
        };
        world.give(Input::LearnerJoined);
        world
    }

    /// Twenty milliseconds pass.
    pub fn step(&mut self) {
        self.now += FRAME;
        let mut ticks = 0;
        while !self.ended
            && self
                .bridge
                .poll_timeout()
                .is_some_and(|due| due <= self.now)
        {
            self.give(Input::Tick);
            ticks += 1;
            assert!(ticks < 100, "ticks without end");
        }
        while let Some(index) = self
            .tools_running
            .iter()
            .position(|(at, _)| *at <= self.now)
        {
            let (_, call) = self.tools_running.remove(index);
            let output = Ok("{}".to_owned());
            self.give(Input::ToolReturned { call, output });
        }
        self.sessions_speak();
        let hears = self.play_a_frame();
        let pcm = self.learner.frame(self.now, hears, &mut self.chance);
        self.give(Input::LearnerAudio(pcm));
        let is_voice = self.learner.speaks();
        self.give(Input::LearnerVoice { is_voice });
    }

    pub fn give(&mut self, input: Input) {
        if self.ended {
            return;
        }
        self.bridge.handle(input, self.now);
        let mut overflow = 0;
        while let Some(output) = self.bridge.poll_output() {
            self.carry_out(output);
            overflow += 1;
            assert!(overflow < 10_000, "outputs without end");
        }
    }

    fn open(&mut self, slot: usize, setup: SessionSetup) -> Session {
        self.sessions += 1;
        let known = setup
            .resume
            .as_ref()
            .and_then(|handle| self.handles.get(handle).cloned());
        let connects_in = self.chance.ms(100, 700);
        let session = Session::new(
            self.sessions,
            slot,
            &setup,
            &self.can,
            known,
            self.now,
            connects_in,
        );
        for told in setup.history.iter().filter(|turn| turn.interrupted) {
            let kept = self.turns.iter().find(|turn| turn.turn.0 == told.seq);
            assert!(
                kept.is_none_or(|kept| kept.text == told.text),
                "told what was not heard"
            );
        }
        self.opened.push(setup);
        self.opened_at.push(self.now);
        session
    }

    fn carry_out(&mut self, output: Output) {
        match output {
            Output::UseProvider { slot } => self.slot = slot,
            Output::OpenProvider(setup) => {
                assert!(self.main.is_none(), "one at a time");
                self.main = Some(self.open(self.slot, *setup));
            }
            Output::OpenNext { slot, setup } => {
                assert!(
                    self.can.overlaps || slot != self.slot,
                    "two are not allowed"
                );
                self.next = Some(self.open(slot, *setup));
            }
            Output::SwitchToNext => {
                self.main = self.next.take();
                self.slot = self.main.as_ref().expect("a prepared session").slot;
                self.hung_since = None;
            }
            Output::CloseNext => self.next = None,
            Output::CloseProvider => {
                self.main = None;
                self.hung_since = None;
            }
            Output::ToProvider(command) => {
                if let avaaz_tutor::ProviderCommand::ToolResult { call, .. } = &command {
                    assert!(
                        self.tool_results.insert(call.to_string()),
                        "a tool was run twice"
                    );
                }
                if let avaaz_tutor::ProviderCommand::Truncate { reply, heard, .. } = &command
                    && let Some((_, really)) = self.stopped.as_ref().filter(|(of, _)| of == reply)
                {
                    self.errors.push(heard.abs_diff(*really));
                }
                let session = self.main.as_mut().expect("an open session");
                assert!(session.is_ready, "a session that is ready");
                session.command(command, self.now, &mut self.chance);
            }
            Output::HandedOver(handed_over) => {
                let connecting = std::mem::take(&mut self.connecting);
                self.hand_overs.push((handed_over, connecting));
            }
            Output::Play { reply, pcm } => {
                match self
                    .playing
                    .iter_mut()
                    .find(|playing| playing.reply == reply)
                {
                    Some(playing) => playing.given += pcm.duration(),
                    None => self.playing.push_back(Playing {
                        reply,
                        given: pcm.duration(),
                        sent: Duration::ZERO,
                        heard: Duration::ZERO,
                        really_heard: Duration::ZERO,
                        log: VecDeque::new(),
                        finishing: false,
                    }),
                }
            }
            Output::FinishReply { reply } => {
                if let Some(playing) = self
                    .playing
                    .iter_mut()
                    .find(|playing| playing.reply == reply)
                {
                    playing.finishing = true;
                }
            }
            Output::StopPlayout => {
                let front = self.playing.front();
                self.stopped = front.map(|front| (front.reply.clone(), front.really_heard));
                self.playing.clear();
                self.paused = false;
            }
            Output::PausePlayout => self.paused = true,
            Output::ResumePlayout => self.paused = false,
            Output::RunTool(call) => {
                assert!(
                    self.tools_run.insert(call.id.to_string()),
                    "a tool was run twice"
                );
                let takes = self.chance.ms(50, 1_200);
                self.tools_running.push((self.now + takes, call.id));
            }
            Output::CancelTool { call } => self.tools_running.retain(|(_, id)| *id != call),
            Output::TurnEnded(turn) => self.turn_ended(turn),
            Output::TurnWords { turn, text } => {
                if let Some(ended) = self.turns.iter_mut().find(|ended| ended.turn == turn) {
                    ended.text = text;
                }
            }
            Output::End(_) | Output::HandBack => self.ended = true,
            Output::Caption(_) | Output::State(_) | Output::Voice(_) => {}
            #[allow(
                unreachable_patterns,
                reason = "outputs that are no business of these tests"
            )]
            _ => {}
        }
    }

    fn turn_ended(&mut self, turn: EndedTurn) {
        if let Some((reply, heard)) = self.stopped.take().filter(|_| turn.interrupted) {
            let said = self
                .main
                .as_ref()
                .and_then(|session| session.replies.get(&reply));
            let spoken = said.map_or(Duration::ZERO, |said| said.spoken_by(&turn.text));
            assert!(
                spoken <= heard,
                "{:?} was not heard: {spoken:?} of {heard:?}",
                turn.text
            );
        }
        self.turns.push(turn);
    }

    /// Hands over what the sessions say.
    fn sessions_speak(&mut self) {
        if let Some(since) = self.hung_since
            && self.now >= since + WATCHDOG
        {
            self.breaks(FaultKind::Broken);
        }
        self.connect_main();
        self.connect_next();
        loop {
            let now = self.now;
            let Some(session) = self
                .main
                .as_mut()
                .filter(|session| session.is_ready && !session.hangs)
            else {
                return;
            };
            let Some((_, event)) = session.outbox.pop_front_if(|(at, _)| *at <= now) else {
                return;
            };
            self.told(event);
        }
    }

    fn told(&mut self, event: ProviderEvent) {
        let session = self.main.as_mut().expect("it speaks");
        match &event {
            ProviderEvent::LearnerWords { item, .. } => {
                for (what, samples) in session.stretches.get(item).into_iter().flatten() {
                    let credited = self.credited.entry(*what).or_default();
                    *credited = (*credited).max(*samples);
                }
            }
            ProviderEvent::ReplyAudio { reply, pcm } => {
                if let Some(said) = session.replies.get_mut(reply) {
                    said.received += pcm.duration();
                    for what in &said.answers {
                        let heard = session
                            .stretches
                            .values()
                            .filter_map(|of| of.get(what))
                            .max();
                        let credited = self.credited.entry(*what).or_default();
                        *credited = (*credited).max(heard.copied().unwrap_or(0));
                    }
                }
            }
            ProviderEvent::Resumable {
                handle: Some(handle),
            } => {
                self.handles.insert(handle.clone(), session.memory.clone());
            }
            _ => {}
        }
        let twice = self.now < self.doubled_until
            && matches!(
                event,
                ProviderEvent::SpeechStarted { .. }
                    | ProviderEvent::SpeechStopped { .. }
                    | ProviderEvent::LearnerWords { .. }
                    | ProviderEvent::ReplyStarted { .. }
                    | ProviderEvent::ReplyEnded { .. }
                    | ProviderEvent::ToolCalled(_)
            );
        if twice {
            self.give(Input::Provider(event.clone()));
        }
        self.give(Input::Provider(event));
    }

    fn how_it_opens(&mut self, slot: usize, resumes: bool) -> Opening {
        if self.dead_slot == Some(slot) {
            return Opening::Fails(FaultKind::Broken);
        }
        if resumes && !self.known_handles {
            return Opening::Fails(FaultKind::StaleHandle);
        }
        self.openings.pop_front().unwrap_or(Opening::Works)
    }

    fn connect_main(&mut self) {
        let now = self.now;
        let Some((slot, resumes)) = self
            .main
            .as_ref()
            .filter(|session| !session.is_ready && now >= session.ready_at)
            .map(|session| (session.slot, session.resumes))
        else {
            return;
        };
        let session = self.main.as_mut().expect("it was there");
        self.connecting += now.saturating_sub(session.began);
        match self.how_it_opens(slot, resumes) {
            Opening::Works => {
                self.main.as_mut().expect("it was there").is_ready = true;
                let capabilities = self.can.clone();
                self.give(Input::Provider(ProviderEvent::Ready {
                    capabilities,
                    model: "m".to_owned(),
                }));
            }
            Opening::Fails(kind) => {
                self.main = None;
                self.give(Input::ProviderFailed(fault(kind)));
            }
        }
    }

    fn connect_next(&mut self) {
        let now = self.now;
        let Some(slot) = self
            .next
            .as_ref()
            .filter(|session| !session.is_ready && now >= session.ready_at)
            .map(|session| session.slot)
        else {
            return;
        };
        match self.how_it_opens(slot, false) {
            Opening::Works => {
                self.next.as_mut().expect("it was there").is_ready = true;
                self.give(Input::NextReady(self.can.clone()));
            }
            Opening::Fails(kind) => {
                self.next = None;
                self.give(Input::NextFailed(fault(kind)));
            }
        }
    }

    /// The open session ends by a fault; does nothing without one.
    pub fn breaks(&mut self, kind: FaultKind) {
        self.hung_since = None;
        if let Some(session) = self.main.take() {
            self.connecting = Duration::ZERO;
            let fault = fault(kind);
            self.give(if session.is_ready {
                Input::Provider(ProviderEvent::Closed(fault))
            } else {
                Input::ProviderFailed(fault)
            });
        }
    }

    /// Returns whether the learner hears something.
    fn play_a_frame(&mut self) -> bool {
        let Some(front) = self.playing.front_mut().filter(|_| !self.paused) else {
            return false;
        };
        let (estimated, really) = self.lag;
        if front.sent < front.given {
            front.sent = (front.sent + FRAME).min(front.given);
            front.log.push_back((self.now, front.sent));
            front.heard = front.heard.max(front.sent.saturating_sub(estimated));
            while front
                .log
                .front()
                .is_some_and(|(at, _)| *at + really <= self.now)
            {
                front.really_heard = front
                    .log
                    .pop_front()
                    .map_or(front.really_heard, |(_, upto)| upto);
            }
        } else if front.heard < front.given {
            front.heard = (front.heard + FRAME).min(front.given);
            front.really_heard = (front.really_heard + FRAME).min(front.given);
        } else if front.finishing {
            let reply = front.reply.clone();
            self.playing.pop_front();
            self.give(Input::PlayoutDrained { reply });
            return false;
        } else {
            return false;
        }
        let (reply, sent, heard) = (front.reply.clone(), front.sent, front.heard);
        self.give(Input::Played { reply, sent, heard });
        true
    }
}

pub fn fault(kind: FaultKind) -> Fault {
    Fault {
        kind,
        detail: "simulated".to_owned(),
    }
}
