//! The bridge between a learner and a provider: takes what happens, says what to do.
//!
//! This file holds the state, the doors and the order in which due things are settled. What happens on each side is in
//! `bridge/learner.rs` and `bridge/tutor.rs`, the provider's line in `bridge/line.rs`, its replacement
//! in `bridge/handover.rs`, how one that hangs is found in `bridge/watch.rs`, the choice of a provider in `bridge/failover.rs`,
//! answers while there is none in `bridge/writing.rs`, the ways out in `bridge/leaving.rs`.

mod barge_in;
mod failover;
mod handover;
mod learner;
mod leaving;
mod line;
mod tools;
mod tutor;
mod watch;
mod writing;

use std::collections::VecDeque;
use std::time::Duration;

use crate::allowance::{Allowance, LastReply};
use crate::backoff::Backoff;
use crate::ear::Ear;
use crate::floor::{Floor, Holder};
use crate::reply::Reply;
use crate::reply_timer::ReplyTimer;
use crate::{
    AgentState, Brief, Capabilities, EndReason, HandOverCause, Input, Moment, Output, PastTurn,
    ProviderCommand, ProviderEvent, ReplyId, ToolOffer, TurnId, VoiceState,
};
use barge_in::Hearing;
use leaving::{Leaving, Way};
use line::Line;
use tools::Tools;

/// After so long without the learner the provider is closed: it costs money.
const CLOSE_PROVIDER_AFTER: Duration = Duration::from_secs(20);
/// After so long without the learner the conversation is over.
const GONE_AFTER: Duration = Duration::from_secs(60);

/// All that a [`Bridge`] begins with.
#[derive(Debug, Clone)]
pub struct BridgeSetup {
    /// What the tutor is told.
    pub brief: Brief,
    /// The turns so far, oldest first; not empty after a take-over.
    pub history: Vec<PastTurn>,
    /// The `seq` of the next turn.
    pub next_seq: u32,
    /// Whether this conversation was greeted before, though no turn tells of it.
    pub greeted: bool,
    /// How many providers may serve; the first one is wanted. At least one.
    pub providers: usize,
    /// What to assume of the provider until a session of it says what it can do.
    pub capabilities: Capabilities,
    /// Tools that the shell can run; each call comes out as [`Output::RunTool`].
    pub tools: Vec<ToolOffer>,
    /// How long the conversation may still take, from `now` on.
    pub time_limit: Duration,
    /// Where the jitter of the back-off comes from; anything, but different for each conversation.
    pub jitter_seed: u64,
}

/// Decides everything in one conversation, from its claim to its end or hand-back on this runtime.
#[derive(Debug)]
pub struct Bridge {
    out: VecDeque<Output>,
    now: Moment,
    over: bool,

    brief: Brief,
    can: Capabilities,
    allowance: Allowance,
    leaving: Option<Leaving>,

    /// Since when the learner is away; `None` while they are here.
    away_since: Option<Moment>,
    ear: Ear,
    floor: Floor,
    /// Replies that are received or played, in order; the first is the one that sounds.
    replies: VecDeque<Reply>,
    /// Replies that are over: what still comes of them is ignored.
    past_replies: VecDeque<PastReply>,
    expecting: Option<Expecting>,
    owed: Option<Owed>,
    /// Not before.
    owed_from: Moment,
    /// What was tried to get a reply that does not come.
    tried: Tried,
    timer: ReplyTimer,
    watch: watch::Watch,
    greeted: bool,
    wrap_up_owed: bool,
    /// Whether presses of the key are told, not only releases.
    knows_presses: bool,
    tools: Tools,
    hearing: Hearing,

    line: Line,
    change: handover::Change,
    providers: failover::Providers,
    writing: writing::Writing,
    backoff: Backoff,
    failing_since: Option<Moment>,
    /// Whether this session of the provider has given sound.
    proved: bool,
    was_ready: bool,
    voice_in_use: Option<String>,
    change_due: bool,
    /// When the session is replaced at the next turn boundary, and when without waiting for one.
    recycle: Option<(Moment, Moment)>,
    /// Typed after the provider was asked to open.
    unsent_text: Vec<String>,
    /// Up to here on the ear's clock the provider was given everything.
    sent_until: Duration,
    /// From here on the next session has to be given everything.
    replay_from: Duration,
    /// From here on the ear's clock there is a voice of which the provider said nothing yet: it may be dead.
    unnoticed: Option<Duration>,
    /// Up to here it was given at once what was kept for it.
    replay_until: Duration,
    /// What the learner said up to here was taken as a whole.
    taken_until: Duration,
    /// Until then the next session hears what was replayed to it.
    replay_over: Moment,

    shown_state: Option<AgentState>,
    voice: Option<VoiceState>,
}

/// A reply that is over, and the turn that it was, if it was heard.
#[derive(Debug)]
struct PastReply {
    id: ReplyId,
    turn: Option<TurnId>,
}

/// A reply that ought to come.
#[derive(Debug)]
struct Expecting {
    since: Moment,
    /// When the learner stopped.
    answers: Option<Moment>,
    /// With which it was asked for.
    instructions: Option<String>,
    /// The learner's speech turned out to be nothing.
    nothing_said: bool,
    /// It answers the result of a tool: the reply that made the call still ends first.
    after_tool: bool,
}

/// What was tried to get a reply that does not come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tried {
    Nothing,
    AskingAgain,
    AnotherSession,
}

/// A reply that has to be asked for as soon as nobody speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owed {
    Greeting,
    Answer,
    /// The rest of a reply that was lost by a fault.
    Rest,
}

impl Bridge {
    /// Makes a bridge. The learner is away until [`Input::LearnerJoined`].
    #[must_use]
    pub fn new(setup: BridgeSetup, now: Moment) -> Self {
        Self {
            out: VecDeque::new(),
            now,
            over: false,
            greeted: setup.greeted || !setup.history.is_empty(),
            floor: Floor::new(setup.next_seq, setup.history),
            brief: setup.brief,
            can: setup.capabilities,
            allowance: Allowance::new(setup.time_limit, now),
            leaving: None,
            away_since: Some(now),
            ear: Ear::default(),
            replies: VecDeque::new(),
            past_replies: VecDeque::new(),
            expecting: None,
            owed: None,
            owed_from: now,
            tried: Tried::Nothing,
            timer: ReplyTimer::default(),
            watch: watch::Watch::default(),
            wrap_up_owed: false,
            knows_presses: false,
            tools: Tools::new(setup.tools),
            hearing: Hearing::default(),
            line: Line::Down,
            change: handover::Change::default(),
            providers: failover::Providers::new(setup.providers),
            writing: writing::Writing::default(),
            backoff: Backoff::new(setup.jitter_seed),
            failing_since: None,
            proved: false,
            was_ready: false,
            voice_in_use: None,
            change_due: false,
            recycle: None,
            unsent_text: Vec::new(),
            sent_until: Duration::ZERO,
            replay_from: Duration::ZERO,
            unnoticed: None,
            replay_until: Duration::ZERO,
            taken_until: Duration::ZERO,
            replay_over: now,
            shown_state: None,
            voice: None,
        }
    }

    /// Takes one thing that happened, at the time of its happening. After the end it does nothing.
    pub fn handle(&mut self, input: Input, now: Moment) {
        if self.over {
            return;
        }
        self.now = self.now.max(now);
        match input {
            Input::LearnerJoined => self.learner_joined(),
            Input::LearnerLeft => self.learner_left(),
            Input::LearnerAudio(pcm) => self.learner_audio(pcm),
            Input::LearnerVoice { is_voice } => self.learner_voice(is_voice),
            Input::LearnerTyped(text) => self.learner_typed(&text),
            Input::LearnerPressed => self.learner_pressed(),
            Input::LearnerReleased => self.learner_released(),
            Input::ProviderFailed(fault) => self.provider_lost(&fault),
            Input::Provider(event) => self.provider_said(event),
            Input::NextReady(capabilities) => self.next_ready(capabilities),
            Input::NextFailed(fault) => self.next_failed(&fault),
            Input::Played { reply, sent, heard } => self.played(&reply, sent, heard),
            Input::PlayoutDrained { reply } => self.playout_drained(&reply),
            Input::ToolReturned { call, output } => self.tool_returned(&call, output),
            Input::Written(answer) => self.written(answer),
            Input::BriefChanged(brief) => self.brief_changed(*brief),
            Input::ProviderWanted { slot } => self.provider_wanted(slot),
            Input::Spent(spending) => self.spent(spending),
            Input::EndRequested(reason) => self.end_requested(reason),
            Input::HostIsClosing => self.leave(Way::HandBack, leaving::HAND_BACK_TAKES_AT_MOST),
            Input::Tick => {}
        }
        self.settle();
    }

    /// Returns the next thing to bring about, in order; `None` when all is said.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    /// Returns when [`Input::Tick`] is wanted at the latest; `None` when only something happening can change anything.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Moment> {
        if self.over {
            return None;
        }
        let away = self.away_since;
        let recycle = if self.is_ready() { self.recycle } else { None };
        [
            self.floor.words_due(),
            away.filter(|_| self.line != Line::Down)
                .map(|since| since + CLOSE_PROVIDER_AFTER),
            away.map(|since| since + GONE_AFTER),
            self.line_due(),
            self.replay_due(),
            self.watch_due(),
            self.tools.due(),
            self.hearing_due(),
            self.owed.map(|_| self.owed_from),
            self.allowance.notice(),
            Some(self.allowance.limit()),
            recycle.map(|(soft, _)| soft),
            recycle.map(|(_, hard)| hard),
            recycle.and_then(|_| self.change_due()),
            self.telling_due(),
            self.writing_due(),
            self.leaving.as_ref().map(|leaving| leaving.until),
        ]
        .into_iter()
        .flatten()
        // What is due and was not done waits for something to happen, not for time.
        .filter(|due| *due > self.now && *due < Moment::MAX)
        .min()
    }

    /// Returns whether [`Output::End`] or [`Output::HandBack`] was put out; nothing follows then.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.over
    }

    fn provider_said(&mut self, event: ProviderEvent) {
        if !matches!(event, ProviderEvent::Closed(_)) {
            self.provider_is_heard();
            self.provider_is_alive();
        }
        if !matches!(self.line, Line::Opening { .. } | Line::Ready { .. }) {
            return;
        }
        match event {
            ProviderEvent::Ready { capabilities, .. } => self.provider_ready(capabilities),
            ProviderEvent::SpeechStarted { item } => self.speech_started(item),
            ProviderEvent::SpeechStopped { item } => self.speech_stopped(&item),
            ProviderEvent::LearnerWordsDelta { item, delta } => {
                if !self.hearing.doubts(&item) {
                    self.floor.words_delta(&item, delta, &mut self.out);
                }
            }
            ProviderEvent::LearnerWords { item, text } => self.learner_words(&item, text),
            ProviderEvent::ReplyStarted { reply } => self.reply_started(reply),
            ProviderEvent::ReplyAudio { reply, pcm } => self.reply_audio(reply, pcm),
            ProviderEvent::ReplyWords { reply, delta } => self.reply_words(reply, &delta),
            ProviderEvent::ReplyEnded { reply, how, usage } => self.reply_ended(&reply, how, usage),
            ProviderEvent::ToolCalled(call) => self.tool_called(call),
            ProviderEvent::ToolCancelled { call } => self.tool_cancelled(&call),
            ProviderEvent::Used { reply, usage } => self.used(reply.as_ref(), usage),
            ProviderEvent::Complained(_) => {}
            ProviderEvent::Resumable { handle } => self.resumable(handle),
            ProviderEvent::ClosingSoon { left } => {
                self.change.cause = Some(HandOverCause::Announced);
                self.recycle = Some((self.now, self.now.saturating_add(left.mul_f64(0.8))));
            }
            ProviderEvent::Closed(fault) => self.provider_lost(&fault),
        }
    }

    /// Does all that is due, in an order in which nothing undoes what came before.
    fn settle(&mut self) {
        self.floor.give_up_words(Some(self.now), &mut self.out);
        if self.replay_due().is_some_and(|due| self.now >= due) {
            // Speech that went on when the last session was lost, or that only we have heard, and that this one does not hear.
            self.floor.end_speech(self.now, &mut self.out);
            if !self.hearing.provider_acts() {
                self.owed = Some(Owed::Rest);
                self.owed_from = self.now;
            }
        }
        self.settle_hearing();
        self.settle_absence();
        self.settle_line();
        self.settle_watch();
        self.settle_tools();
        if self.allowance.take_notice(self.now) {
            self.wrap_up_owed = true;
        }
        if self.now >= self.allowance.limit() {
            self.leave(
                Way::End(EndReason::TimeLimit),
                leaving::LAST_SENTENCE_TAKES_AT_MOST,
            );
        }
        if self.allowance.last_reply() == LastReply::Begun && self.replies.is_empty() {
            self.leave(
                Way::End(EndReason::TimeLimit),
                leaving::LAST_SENTENCE_TAKES_AT_MOST,
            );
        }
        self.settle_recycling();
        self.settle_telling();
        self.settle_writing();
        self.settle_owed();
        self.settle_acts();
        self.show_state();
        self.settle_leaving();
    }

    fn settle_absence(&mut self) {
        let Some(since) = self.away_since else { return };
        if self.now >= since + CLOSE_PROVIDER_AFTER && self.line != Line::Down {
            if self.cut_replies(false) {
                self.owed = Some(Owed::Rest);
            }
            self.close_provider();
            self.forget_gap();
            self.floor.end_speech(self.now, &mut self.out);
            self.floor.give_up_words(None, &mut self.out);
        }
        if self.now >= since + GONE_AFTER {
            self.leave(Way::End(EndReason::LearnerGone), Duration::ZERO);
        }
    }

    fn ask(&mut self, command: ProviderCommand) {
        self.out.push_back(Output::ToProvider(command));
    }

    fn is_ready(&self) -> bool {
        matches!(self.line, Line::Ready { .. })
    }

    /// Returns when speech that a new session has to notice in what was replayed to it must have been noticed.
    fn replay_due(&self) -> Option<Moment> {
        (self.is_ready()
            && !self.brief.push_to_talk
            && !self.finds_turns_itself()
            && self.floor.speaks_unplaced())
        .then_some(self.replay_over)
    }

    /// Returns whether this is a boundary between turns: nobody speaks, and nothing is on its way.
    fn is_quiet(&self) -> bool {
        self.floor.holder() == Holder::Nobody
            && self.replies.is_empty()
            && self.expecting.is_none()
            && !self.tools.are_running()
    }

    fn show_state(&mut self) {
        let state = if self.away_since.is_some() {
            AgentState::Idle
        } else {
            match self.floor.holder() {
                Holder::Tutor { .. } => AgentState::Speaking,
                Holder::Learner => AgentState::Listening,
                Holder::Nobody
                    if self.expecting.is_some()
                        || !self.replies.is_empty()
                        || self.tools.are_running() =>
                {
                    AgentState::Thinking
                }
                Holder::Nobody if !self.was_ready => AgentState::Initializing,
                Holder::Nobody => AgentState::Listening,
            }
        };
        if self.shown_state != Some(state) {
            self.shown_state = Some(state);
            self.out.push_back(Output::State(state));
        }
    }

    fn voice_is_missing(&self) -> bool {
        self.voice == Some(VoiceState::Unavailable)
    }

    fn show_voice(&mut self, voice: VoiceState) {
        if self.voice != Some(voice) {
            self.voice = Some(voice);
            self.out.push_back(Output::Voice(voice));
        }
    }
}
