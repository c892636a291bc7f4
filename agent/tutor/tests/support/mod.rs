//! A small world around a bridge: one clock, a playout that plays in real time, and a provider that says what a test says.
#![allow(dead_code, reason = "every test uses a part of it")]

use std::collections::VecDeque;
use std::time::Duration;

use avaaz_tutor::{
    AgentState, Bridge, BridgeSetup, Brief, Capabilities, Caption, EndedTurn, Fault, FaultKind,
    HandedOver, Input, ItemId, Level, Mode, Moment, Output, PastTurn, Patience, Pcm,
    ProviderCommand, ProviderEvent, ReplyEnd, ReplyId, SessionSetup, Speaker, ToolOffer,
    VoiceState,
};

pub const RATE: u32 = 24_000;
const FRAME: Duration = Duration::from_millis(20);

pub fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

pub fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

/// A voice of so many ms.
pub fn voice(ms: u64) -> Pcm {
    Pcm {
        samples: vec![3000; (RATE as u64 * ms / 1000) as usize].into(),
        rate_hz: RATE,
    }
}

/// Silence of so many ms.
pub fn silence(ms: u64) -> Pcm {
    Pcm {
        samples: vec![0; (RATE as u64 * ms / 1000) as usize].into(),
        rate_hz: RATE,
    }
}

pub fn item(name: &str) -> ItemId {
    ItemId(name.into())
}

pub fn reply(name: &str) -> ReplyId {
    ReplyId(name.into())
}

pub fn fault(kind: FaultKind) -> Fault {
    Fault {
        kind,
        detail: "test".to_owned(),
    }
}

pub fn capabilities() -> Capabilities {
    Capabilities {
        input_rate_hz: RATE,
        output_rate_hz: RATE,
        truncate_replies: true,
        change_setup_midway: true,
        seed_history: true,
        interrupts_by_itself: true,
        finds_turns: true,
        overlaps: true,
        session_limit: Some(secs(3600)),
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
        voice: Some("marin".to_owned()),
        patience: Patience::Normal,
        push_to_talk: false,
        notes: Vec::new(),
    }
}

pub fn past(seq: u32, speaker: Speaker, text: &str) -> PastTurn {
    PastTurn {
        seq,
        speaker,
        text: text.to_owned(),
        interrupted: false,
    }
}

pub fn patience_tool() -> ToolOffer {
    ToolOffer {
        name: "set_patience".to_owned(),
        description: "Waits longer, or less long.".to_owned(),
        parameters: "{}".to_owned(),
    }
}

pub fn bridge_setup() -> BridgeSetup {
    BridgeSetup {
        brief: brief(),
        history: Vec::new(),
        next_seq: 1,
        greeted: false,
        providers: 1,
        capabilities: capabilities(),
        tools: vec![patience_tool()],
        time_limit: secs(3600),
        jitter_seed: 1,
    }
}

struct Playing {
    reply: ReplyId,
    given: Duration,
    sent: Duration,
    heard: Duration,
    finishing: bool,
}

pub struct World {
    pub bridge: Bridge,
    pub now: Moment,
    pub log: Vec<(Moment, Output)>,
    playing: VecDeque<Playing>,
    paused: bool,
    /// What the network and the listener's buffer hold.
    pub lag: Duration,
    pub can: Capabilities,
}

impl World {
    pub fn new(setup: BridgeSetup) -> Self {
        let can = setup.capabilities.clone();
        Self {
            bridge: Bridge::new(setup, Duration::ZERO),
            now: Duration::ZERO,
            log: Vec::new(),
            playing: VecDeque::new(),
            paused: false,
            lag: ms(60),
            can,
        }
    }

    /// A new conversation: the learner is here, the provider is ready, the greeting was said and heard.
    pub fn greeted() -> Self {
        let mut world = Self::new(bridge_setup());
        world.joins();
        world.ready();
        world.says("greeting", &["Hello,", " Ada!"], 400);
        world.run(secs(2));
        world.log.clear();
        world
    }

    pub fn give(&mut self, input: Input) {
        self.bridge.handle(input, self.now);
        while let Some(output) = self.bridge.poll_output() {
            match &output {
                Output::Play { reply, pcm } => match self
                    .playing
                    .iter_mut()
                    .find(|playing| playing.reply == *reply)
                {
                    Some(playing) => playing.given += pcm.duration(),
                    None => self.playing.push_back(Playing {
                        reply: reply.clone(),
                        given: pcm.duration(),
                        sent: Duration::ZERO,
                        heard: Duration::ZERO,
                        finishing: false,
                    }),
                },
                Output::FinishReply { reply } => {
                    self.playing
                        .iter_mut()
                        .find(|playing| playing.reply == *reply)
                        .expect("only what was begun is finished")
                        .finishing = true;
                }
                Output::StopPlayout => {
                    self.playing.clear();
                    self.paused = false;
                }
                Output::PausePlayout => self.paused = true,
                Output::ResumePlayout => self.paused = false,
                _ => {}
            }
            self.log.push((self.now, output));
        }
    }

    pub fn provider(&mut self, event: ProviderEvent) {
        self.give(Input::Provider(event));
    }

    /// Lets time pass: the playout plays, and timeouts fire.
    pub fn run(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            let mut ticks = 0;
            while let Some(due) = self.bridge.poll_timeout()
                && due <= self.now + FRAME
            {
                self.now = due.max(self.now);
                self.give(Input::Tick);
                ticks += 1;
                assert!(ticks < 100, "the bridge wants ticks for ever");
            }
            self.now = (self.now + FRAME).min(end.max(self.now));
            self.play_a_frame();
        }
    }

    fn play_a_frame(&mut self) {
        if self.paused {
            return;
        }
        let Some(front) = self.playing.front_mut() else {
            return;
        };
        if front.sent < front.given {
            front.sent = (front.sent + FRAME).min(front.given);
            front.heard = front.heard.max(front.sent.saturating_sub(self.lag));
        } else if front.heard < front.given {
            front.heard = (front.heard + FRAME).min(front.given);
        } else if front.finishing {
            let reply = front.reply.clone();
            self.playing.pop_front();
            self.give(Input::PlayoutDrained { reply });
            return;
        } else {
            return;
        }
        let (reply, sent, heard) = (front.reply.clone(), front.sent, front.heard);
        self.give(Input::Played { reply, sent, heard });
    }

    pub fn joins(&mut self) {
        self.give(Input::LearnerJoined);
    }

    pub fn ready(&mut self) {
        let capabilities = self.can.clone();
        self.provider(ProviderEvent::Ready {
            capabilities,
            model: "m".to_owned(),
        });
    }

    /// The session that was prepared is ready.
    pub fn next_ready(&mut self) {
        let capabilities = self.can.clone();
        self.give(Input::NextReady(capabilities));
    }

    pub fn hand_overs(&self) -> Vec<HandedOver> {
        self.log
            .iter()
            .filter_map(|(_, output)| match output {
                Output::HandedOver(handed_over) => Some(*handed_over),
                _ => None,
            })
            .collect()
    }

    /// The provider says a whole reply at once: each word with its sound.
    pub fn says(&mut self, name: &str, words: &[&str], ms_each: u64) {
        self.says_without_end(name, words, ms_each);
        self.ends(name, ReplyEnd::Complete);
    }

    pub fn says_without_end(&mut self, name: &str, words: &[&str], ms_each: u64) {
        let reply = reply(name);
        self.provider(ProviderEvent::ReplyStarted {
            reply: reply.clone(),
        });
        for word in words {
            self.provider(ProviderEvent::ReplyWords {
                reply: reply.clone(),
                delta: (*word).to_owned(),
            });
            self.provider(ProviderEvent::ReplyAudio {
                reply: reply.clone(),
                pcm: voice(ms_each),
            });
        }
    }

    pub fn ends(&mut self, name: &str, how: ReplyEnd) {
        self.provider(ProviderEvent::ReplyEnded {
            reply: reply(name),
            how,
            usage: None,
        });
    }

    pub fn starts_speaking(&mut self, name: &str) {
        self.provider(ProviderEvent::SpeechStarted { item: item(name) });
    }

    pub fn stops_speaking(&mut self, name: &str) {
        self.provider(ProviderEvent::SpeechStopped { item: item(name) });
    }

    pub fn words(&mut self, name: &str, text: &str) {
        self.provider(ProviderEvent::LearnerWords {
            item: item(name),
            text: text.to_owned(),
        });
    }

    /// The learner speaks for a second, and is understood.
    pub fn learner_says(&mut self, name: &str, text: &str) {
        self.starts_speaking(name);
        self.run(secs(1));
        self.stops_speaking(name);
        self.words(name, text);
    }

    pub fn outputs(&self) -> Vec<&Output> {
        self.log.iter().map(|(_, output)| output).collect()
    }

    pub fn commands(&self) -> Vec<&ProviderCommand> {
        self.log
            .iter()
            .filter_map(|(_, output)| match output {
                Output::ToProvider(command) => Some(command),
                _ => None,
            })
            .collect()
    }

    /// Commands but for audio.
    pub fn requests(&self) -> Vec<&ProviderCommand> {
        self.commands()
            .into_iter()
            .filter(|command| !matches!(command, ProviderCommand::Audio(_)))
            .collect()
    }

    pub fn replies_asked(&self) -> Vec<Option<&str>> {
        self.commands()
            .into_iter()
            .filter_map(|command| match command {
                ProviderCommand::Reply { instructions } => Some(instructions.as_deref()),
                _ => None,
            })
            .collect()
    }

    pub fn turns(&self) -> Vec<&EndedTurn> {
        self.log
            .iter()
            .filter_map(|(_, output)| match output {
                Output::TurnEnded(turn) => Some(turn),
                _ => None,
            })
            .collect()
    }

    pub fn opened(&self) -> Vec<(Moment, &SessionSetup)> {
        self.log
            .iter()
            .filter_map(|(at, output)| match output {
                Output::OpenProvider(setup) => Some((*at, setup.as_ref())),
                _ => None,
            })
            .collect()
    }

    pub fn states(&self) -> Vec<AgentState> {
        self.log
            .iter()
            .filter_map(|(_, output)| match output {
                Output::State(state) => Some(*state),
                _ => None,
            })
            .collect()
    }

    pub fn voices(&self) -> Vec<VoiceState> {
        self.log
            .iter()
            .filter_map(|(_, output)| match output {
                Output::Voice(voice) => Some(*voice),
                _ => None,
            })
            .collect()
    }

    /// What a caption shows now, by turn.
    pub fn caption(&self, turn: u32) -> String {
        let mut shown = String::new();
        for (_, output) in &self.log {
            match output {
                Output::Caption(Caption::Append { turn: of, text }) if of.0 == turn => {
                    shown.push_str(text);
                }
                Output::Caption(Caption::Final { turn: of, text, .. }) if of.0 == turn => {
                    shown.clone_from(text);
                }
                _ => {}
            }
        }
        shown
    }

    pub fn has(&self, wanted: &Output) -> bool {
        self.log.iter().any(|(_, output)| output == wanted)
    }
}
