//! A provider that finds turns, writes them down, calls tools and answers; it can do what its capabilities say, and be broken.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use avaaz_tutor::{
    Capabilities, ItemId, Moment, PastTurn, Pcm, ProviderCommand, ProviderEvent, ReplyEnd, ReplyId,
    ResumeHandle, SessionSetup, Speaker, ToolCall,
};

use crate::chance::Chance;
use crate::learner::{RATE, VOICE};

/// Silence that ends a turn.
const TURN_ENDS_AFTER_MS: usize = 500;
const WORD: Duration = Duration::from_millis(300);

/// What a session knows of the talk.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    /// What the learner said and nobody answered.
    pub asked: BTreeSet<usize>,
    pub texts: Vec<String>,
}

/// A reply, as the world judges it.
#[derive(Debug, Clone, Default)]
pub struct Said {
    /// What it answers.
    pub answers: BTreeSet<usize>,
    pub received: Duration,
    pub text: String,
    /// Where each piece ends, in bytes.
    pub pieces: Vec<usize>,
}

impl Said {
    /// Returns when the last of these first words has been spoken.
    pub fn spoken_by(&self, words: &str) -> Duration {
        let mut begins = 0;
        let mut at = Duration::ZERO;
        for ends in &self.pieces {
            if words.len() <= *ends {
                let share = (words.len() - begins) as f64 / (*ends - begins) as f64;
                return if words.is_empty() {
                    Duration::ZERO
                } else {
                    at + WORD.mul_f64(share)
                };
            }
            begins = *ends;
            at += WORD;
        }
        at
    }
}

pub struct Session {
    pub name: usize,
    pub slot: usize,
    pub began: Moment,
    pub ready_at: Moment,
    pub is_ready: bool,
    /// Neither hears nor speaks any more, and does not say so.
    pub hangs: bool,
    pub outbox: VecDeque<(Moment, ProviderEvent)>,
    pub memory: Memory,
    pub replies: BTreeMap<ReplyId, Said>,
    /// What was heard of each thing that was said, by stretch of speech.
    pub stretches: BTreeMap<ItemId, BTreeMap<usize, usize>>,
    speaking: Option<ItemId>,
    silence: usize,
    generates: Option<ReplyId>,
    tool: Option<String>,
    count: usize,
    pub resumes: bool,
    resumable: bool,
    pub calls_tools: bool,
    finds_turns: bool,
}

impl Session {
    pub fn new(
        name: usize,
        slot: usize,
        setup: &SessionSetup,
        capabilities: &Capabilities,
        known: Option<Memory>,
        now: Moment,
        connects_in: Duration,
    ) -> Self {
        let resumes = known.is_some();
        let mut memory = known.unwrap_or_default();
        for turn in &setup.history {
            learn(&mut memory, turn);
        }
        Self {
            name,
            slot,
            began: now,
            ready_at: now + connects_in,
            is_ready: false,
            hangs: false,
            outbox: VecDeque::new(),
            memory,
            replies: BTreeMap::new(),
            stretches: BTreeMap::new(),
            speaking: None,
            silence: 0,
            generates: None,
            tool: None,
            count: 0,
            resumable: !capabilities.overlaps,
            resumes,
            finds_turns: capabilities.finds_turns,
            calls_tools: true,
        }
    }

    fn fresh(&mut self, what: &str) -> String {
        self.count += 1;
        format!("{what}-{}-{}", self.name, self.count)
    }

    pub fn says(&mut self, at: Moment, event: ProviderEvent) {
        // In order: nothing overtakes what was said before.
        let at = self.outbox.back().map_or(at, |(last, _)| at.max(*last));
        self.outbox.push_back((at, event));
    }

    /// That somebody speaks does not wait behind words that come late.
    fn says_first(&mut self, at: Moment, event: ProviderEvent) {
        let place = self.outbox.partition_point(|(other, _)| *other <= at);
        self.outbox.insert(place, (at, event));
    }

    /// Returns whether a tool runs.
    pub fn waits_for_a_tool(&self) -> bool {
        self.tool.is_some()
    }

    pub fn command(&mut self, command: ProviderCommand, now: Moment, chance: &mut Chance) {
        if self.hangs {
            return;
        }
        match command {
            ProviderCommand::Audio(pcm) => self.hear(&pcm, now, chance),
            ProviderCommand::Text(_) => self.answer(now, chance),
            ProviderCommand::Reply { instructions } => {
                if instructions.is_none() {
                    self.answer(now, chance);
                } else {
                    self.speak(BTreeSet::new(), now + chance.ms(200, 600));
                }
            }
            ProviderCommand::Cancel { reply } => {
                if self.generates.as_ref() == Some(&reply) {
                    self.interrupt(now);
                }
            }
            ProviderCommand::Truncate {
                reply,
                heard,
                heard_text,
            } => {
                let said = self
                    .replies
                    .get_mut(&reply)
                    .expect("a reply of this session");
                assert!(heard <= said.received, "more than was received");
                assert!(said.text.starts_with(&heard_text), "words that were said");
                self.memory.texts.retain(|text| *text != said.text);
                self.memory.texts.push(heard_text);
            }
            ProviderCommand::ToolResult { call, .. } => {
                assert_eq!(
                    self.tool.take().as_deref(),
                    Some(&*call),
                    "a call that waits, once"
                );
                self.answer_now(now, chance);
            }
            ProviderCommand::BeginTurn if !self.finds_turns => {
                assert!(self.speaking.is_none(), "one turn at a time");
                self.interrupt(now);
                let item = ItemId(self.fresh("speech").into());
                self.stretches.insert(item.clone(), BTreeMap::new());
                self.speaking = Some(item);
            }
            ProviderCommand::Commit if !self.finds_turns => self.turn_ends(now, chance),
            ProviderCommand::Change(_) | ProviderCommand::BeginTurn | ProviderCommand::Commit => {}
        }
    }

    fn hear(&mut self, pcm: &Pcm, now: Moment, chance: &mut Chance) {
        for sample in pcm.samples.iter() {
            if *sample > VOICE {
                let what = usize::try_from(*sample - VOICE).expect("a voice");
                self.silence = 0;
                let item = match &self.speaking {
                    Some(item) => item.clone(),
                    // Nobody began a turn: it is not heard.
                    None if !self.finds_turns => continue,
                    None => {
                        let item = ItemId(self.fresh("speech").into());
                        self.speaking = Some(item.clone());
                        self.interrupt(now);
                        let event = ProviderEvent::SpeechStarted { item: item.clone() };
                        self.says_first(now + chance.ms(40, 160), event);
                        item
                    }
                };
                *self
                    .stretches
                    .entry(item)
                    .or_default()
                    .entry(what)
                    .or_default() += 1;
            } else if self.finds_turns && self.speaking.is_some() {
                self.silence += 1;
                if self.silence == TURN_ENDS_AFTER_MS {
                    self.turn_ends(now, chance);
                }
            }
        }
    }

    fn turn_ends(&mut self, now: Moment, chance: &mut Chance) {
        let Some(item) = self.speaking.take() else {
            return;
        };
        let said: BTreeSet<usize> = self.stretches[&item].keys().copied().collect();
        self.memory.asked.extend(&said);
        let text = said
            .iter()
            .map(|n| format!("u{n}"))
            .collect::<Vec<_>>()
            .join(" ");
        self.memory.texts.push(text.clone());
        if self.finds_turns {
            self.says(
                now + chance.ms(20, 60),
                ProviderEvent::SpeechStopped { item: item.clone() },
            );
        }
        let words = ProviderEvent::LearnerWords { item, text };
        let late = chance.percent(20);
        if !late {
            self.says(now + chance.ms(100, 300), words.clone());
        }
        // Otherwise it is asked to.
        if self.finds_turns {
            self.answer(now, chance);
        }
        if late {
            // While it already answers.
            self.says(now + chance.ms(600, 1500), words);
        }
    }

    /// Answers what was asked, perhaps with the help of a tool.
    fn answer(&mut self, now: Moment, chance: &mut Chance) {
        if self.calls_tools && self.tool.is_none() && chance.percent(15) {
            let id = self.fresh("call");
            self.tool = Some(id.clone());
            let call = ToolCall {
                id: id.into(),
                name: "look_up".to_owned(),
                arguments: "{".to_owned(),
            };
            self.says(now + chance.ms(100, 400), ProviderEvent::ToolCalled(call));
        } else {
            self.answer_now(now, chance);
        }
    }

    fn answer_now(&mut self, now: Moment, chance: &mut Chance) {
        let answers = std::mem::take(&mut self.memory.asked);
        self.speak(answers, now + chance.ms(200, 700));
    }

    fn speak(&mut self, answers: BTreeSet<usize>, at: Moment) {
        self.interrupt(at);
        let reply = ReplyId(self.fresh("reply").into());
        let mut words = vec![format!("This {}", reply.0)];
        words.extend(answers.iter().map(|n| format!(" answers a{n}")));
        words.extend([" and", " says", " more", " than", " that."].map(str::to_owned));
        self.says(
            at,
            ProviderEvent::ReplyStarted {
                reply: reply.clone(),
            },
        );
        let mut text = String::new();
        let mut pieces = Vec::new();
        for (n, word) in words.into_iter().enumerate() {
            text.push_str(&word);
            pieces.push(text.len());
            let at = at + Duration::from_millis(30) * u32::try_from(n).expect("few words");
            self.says(
                at,
                ProviderEvent::ReplyWords {
                    reply: reply.clone(),
                    delta: word,
                },
            );
            let pcm = Pcm {
                samples: vec![3_000; WORD.as_millis() as usize].into(),
                rate_hz: RATE,
            };
            self.says(
                at,
                ProviderEvent::ReplyAudio {
                    reply: reply.clone(),
                    pcm,
                },
            );
        }
        self.memory.texts.push(text.clone());
        let said = Said {
            answers,
            received: Duration::ZERO,
            text,
            pieces,
        };
        self.replies.insert(reply.clone(), said);
        self.generates = Some(reply.clone());
        let end = ProviderEvent::ReplyEnded {
            reply,
            how: ReplyEnd::Complete,
            usage: None,
        };
        self.says(at + Duration::from_millis(300), end);
        if self.resumable {
            let handle = ResumeHandle(self.fresh("handle").into());
            let event = ProviderEvent::Resumable {
                handle: Some(handle),
            };
            self.says(at + Duration::from_millis(320), event);
        }
    }

    /// Stops to generate.
    fn interrupt(&mut self, at: Moment) {
        let Some(reply) = self.generates.take() else {
            return;
        };
        let before = self.outbox.len();
        self.outbox.retain(|(_, event)| match event {
            ProviderEvent::ReplyStarted { reply: of }
            | ProviderEvent::ReplyWords { reply: of, .. }
            | ProviderEvent::ReplyAudio { reply: of, .. }
            | ProviderEvent::ReplyEnded { reply: of, .. } => *of != reply,
            _ => true,
        });
        if self.outbox.len() < before {
            let how = ReplyEnd::Cancelled;
            self.says(
                at,
                ProviderEvent::ReplyEnded {
                    reply,
                    how,
                    usage: None,
                },
            );
        }
    }
}

/// What a turn of the past tells a session.
fn learn(memory: &mut Memory, turn: &PastTurn) {
    match turn.speaker {
        Speaker::Learner => {
            let said = turn.text.split_whitespace();
            memory
                .asked
                .extend(said.filter_map(|word| word.strip_prefix('u')?.parse::<usize>().ok()));
        }
        Speaker::Tutor => memory.asked.clear(),
    }
    memory.texts.push(turn.text.clone());
}
