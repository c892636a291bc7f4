//! The loop of a conversation: carries out what the tutor asks for, waits for the next thing that happens, and hands it over.
//!
//! Every arm of the one `select!` is cancel-safe, and nothing that is carried out waits on a peer.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use avaaz_tutor::{
    Bridge, BridgeSetup, Capabilities, EndReason, HandOverCause, HandedOver, Input, Moment, Output,
    ProviderCommand, ProviderEvent, Spending,
};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::ear::Ear;
use super::learner::Learner;
use super::tools::Tools;
use super::turns::Turns;
use super::voice::Voice;
use super::writer::{Entry, Writer};
use super::writing::Writing;
use super::{Orders, Setting};
use crate::audio::playout::Playout;
use crate::audio::receive::Heard;
use crate::audio::schedule::PlayoutEvent;
use crate::audio::stored;
use crate::deadline;
use crate::metrics::Metrics;
use crate::realtime::Provider;
use crate::room::captions::Captions;
use crate::room::{ClosedReason, JoinedRoom, RoomEvent};
use crate::shutdown::Shutdown;

/// How long the tutor may take to end its turns once the room is gone.
const ROOM_GONE: Duration = Duration::from_secs(2);
/// When to try again what the room had no place for.
const CATCH_UP: Duration = Duration::from_millis(50);

/// Why the loop ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Finish {
    End(EndReason),
    HandBack,
    RoomLost,
    Cut,
    LeaseLost,
    Displaced,
}

/// Something that happened.
enum Happened {
    Input(Input),
    Room(Option<RoomEvent>),
    Heard(Heard, bool),
    Playout(PlayoutEvent),
    Orders,
    CatchUp,
    Over(Finish),
}

/// One conversation in its room.
pub(super) struct Loop {
    bridge: Bridge,
    events: mpsc::Receiver<RoomEvent>,
    learner: Learner,
    ear: Ear,
    voice: Voice,
    playout: Playout,
    captions: Captions,
    turns: Turns,
    tools: Tools,
    writing: Writing,
    orders: watch::Receiver<Orders>,
    lost: CancellationToken,
    shutdown: Shutdown,
    metrics: Arc<Metrics>,
    began: Instant,
    /// What follows from what was carried out; goes before anything else.
    follows: VecDeque<Input>,
    /// When the packet arrived that is being handed on.
    arrived: Option<std::time::Instant>,
    brief_seen: Option<Arc<avaaz_tutor::Brief>>,
    spending_seen: Option<Spending>,
    end_seen: bool,
    closing_told: bool,
    /// Until when the tutor may end its turns after the room is gone.
    room_gone: Option<Instant>,
}

impl Loop {
    pub(super) fn new(setting: Setting, joined: JoinedRoom) -> Self {
        let Setting {
            claimed,
            host,
            providers,
            mut orders,
            lost,
            shutdown,
            metrics,
            jitter_seed,
            ..
        } = setting;
        let JoinedRoom {
            room,
            events,
            audio,
        } = joined;
        orders.mark_changed();
        let began = Instant::now();
        let began_at = SystemTime::now();
        let spent = began_at
            .duration_since(claimed.started_at)
            .unwrap_or_default();
        let captions = Captions::new(
            Arc::clone(&room),
            Arc::clone(&audio),
            claimed.lease.conversation.to_string(),
            claimed.learner_identity.clone(),
            &claimed.history,
        );
        let tools = Tools::new(Arc::clone(&host), claimed.lease);
        let writing = Writing::new(Arc::clone(&host), claimed.lease);
        let offered = host.tools();
        let writer = Writer::start(
            host,
            claimed.lease,
            claimed.room.clone(),
            lost.clone(),
            Arc::clone(&metrics),
        );
        // The runtime gives at least one.
        let first = Arc::clone(&providers[0].provider);
        let setup = BridgeSetup {
            brief: claimed.brief,
            history: claimed.history,
            next_seq: claimed.next_seq,
            greeted: claimed.greeted,
            providers: providers.len(),
            capabilities: assumed(&*first),
            tools: offered,
            time_limit: claimed.time_limit.saturating_sub(spent),
            jitter_seed,
        };
        Self {
            bridge: Bridge::new(setup, Moment::ZERO),
            events,
            learner: Learner::new(claimed.learner_identity),
            ear: Ear::new(first.input_rate_hz()),
            turns: Turns::new(
                writer,
                began_at,
                first.name().to_owned(),
                Arc::clone(&metrics),
            ),
            tools,
            writing,
            voice: Voice::new(providers),
            playout: Playout::start(audio, room, Arc::clone(&metrics)),
            captions,
            orders,
            lost,
            shutdown,
            metrics,
            began,
            follows: VecDeque::new(),
            arrived: None,
            brief_seen: None,
            spending_seen: None,
            end_seen: false,
            closing_told: false,
            room_gone: None,
        }
    }

    /// Runs until the conversation leaves this runtime.
    pub(super) async fn run(&mut self) -> Finish {
        loop {
            while let Some(output) = self.bridge.poll_output() {
                if let Some(finish) = self.carry_out(output) {
                    return finish;
                }
            }
            self.arrived = None;
            let happened = match self.follows.pop_front() {
                Some(input) => Happened::Input(input),
                None => self.next().await,
            };
            if let Some(finish) = self.take(happened) {
                return finish;
            }
        }
    }

    /// Waits until all turns are written, but no longer than `at_most`.
    pub(super) async fn last_writes(&mut self, at_most: Duration) -> bool {
        self.voice.close();
        self.turns.finish(at_most).await
    }

    /// Shows that the conversation is over.
    pub(super) fn show_end(&self, reason: EndReason) {
        self.captions.ended(reason.as_str());
    }

    async fn next(&mut self) -> Happened {
        let began = self.began;
        let tick = self.bridge.poll_timeout().map(|moment| began + moment);
        let catch_up = self.captions.is_behind().then(|| Instant::now() + CATCH_UP);
        let room_is_there = self.room_gone.is_none();
        tokio::select! {
            event = self.events.recv(), if room_is_there => Happened::Room(event),
            (heard, is_voice) = self.ear.next(), if room_is_there => Happened::Heard(heard, is_voice),
            said = self.voice.next() => Happened::Input(said),
            returned = self.tools.next() => Happened::Input(returned),
            written = self.writing.next() => Happened::Input(written),
            played = self.playout.next() => Happened::Playout(played),
            // The runtime keeps the other end as long as we run.
            Ok(()) = self.orders.changed() => Happened::Orders,
            () = self.lost.cancelled() => Happened::Over(Finish::LeaseLost),
            () = self.shutdown.is_cut() => Happened::Over(Finish::Cut),
            () = self.shutdown.begun(), if !self.closing_told => Happened::Input(Input::HostIsClosing),
            () = deadline::at(tick) => Happened::Input(Input::Tick),
            () = deadline::at(catch_up) => Happened::CatchUp,
            () = deadline::at(self.room_gone) => Happened::Over(Finish::RoomLost),
        }
    }

    fn take(&mut self, happened: Happened) -> Option<Finish> {
        match happened {
            Happened::Input(input) => self.hand_over(input),
            Happened::Room(event) => return self.on_room(event),
            Happened::Heard(heard, is_voice) => {
                self.arrived = heard.arrived;
                self.follows.push_back(Input::LearnerVoice { is_voice });
                self.hand_over(Input::LearnerAudio(heard.pcm));
            }
            Happened::Playout(PlayoutEvent::Played { reply, sent, heard }) => {
                self.hand_over(Input::Played { reply, sent, heard });
            }
            Happened::Playout(PlayoutEvent::Drained { reply }) => {
                self.hand_over(Input::PlayoutDrained { reply });
            }
            Happened::Orders => self.on_orders(),
            Happened::CatchUp => self.captions.catch_up(),
            Happened::Over(finish) => return Some(finish),
        }
        None
    }

    fn hand_over(&mut self, input: Input) {
        match &input {
            Input::Provider(ProviderEvent::Ready {
                capabilities,
                model,
            }) => {
                self.ear.set_rate(capabilities.input_rate_hz);
                self.turns.set_model(model);
            }
            Input::Provider(ProviderEvent::Closed(fault)) | Input::ProviderFailed(fault) => {
                self.metrics.provider_faults.increase();
                tracing::warn!(kind = ?fault.kind, detail = %fault.detail, provider = self.voice.provider_name(), "the provider's session ended");
            }
            Input::NextFailed(fault) => {
                self.metrics.provider_faults.increase();
                tracing::warn!(kind = ?fault.kind, detail = %fault.detail, provider = self.voice.provider_name(), "a session could not be prepared");
            }
            Input::Provider(ProviderEvent::Complained(fault)) => {
                tracing::warn!(kind = ?fault.kind, detail = %fault.detail, provider = self.voice.provider_name(), "the provider complained");
            }
            Input::HostIsClosing => self.closing_told = true,
            _ => {}
        }
        self.bridge.handle(input, self.began.elapsed());
    }

    fn carry_out(&mut self, output: Output) -> Option<Finish> {
        match output {
            Output::OpenProvider(setup) => self.voice.open(*setup),
            Output::ToProvider(command) => {
                if matches!(command, ProviderCommand::Audio(_))
                    && let Some(arrived) = self.arrived.take()
                {
                    let now = Instant::now().into_std();
                    self.metrics
                        .packet_to_provider
                        .record(now.saturating_duration_since(arrived));
                }
                self.follows.extend(self.voice.ask(command));
            }
            Output::CloseProvider => self.voice.close(),
            Output::UseProvider { slot } => {
                self.voice.use_provider(slot);
                self.turns.set_provider(self.voice.provider_name());
            }
            Output::OpenNext { slot, setup } => self.voice.open_next(slot, *setup),
            Output::SwitchToNext => {
                if let Some((capabilities, model)) = self.voice.switch() {
                    self.turns.set_provider(self.voice.provider_name());
                    self.ear.set_rate(capabilities.input_rate_hz);
                    self.turns.set_model(&model);
                }
            }
            Output::CloseNext => self.voice.close_next(),
            Output::HandedOver(handed_over) => self.on_handed_over(handed_over),
            Output::Play { reply, pcm } => {
                if !self.playout.play(&reply, &pcm) {
                    tracing::warn!("a reply is longer than can be kept; the rest is not spoken");
                }
            }
            Output::FinishReply { reply } => self.playout.finish(&reply),
            Output::PausePlayout => self.playout.pause(),
            Output::ResumePlayout => self.playout.resume(),
            Output::StopPlayout => self.playout.stop(),
            Output::PlayStored(phrase) => {
                let (name, pcm) = stored::phrase(phrase);
                if self.playout.play(&name, &pcm) {
                    self.playout.finish(&name);
                }
            }
            Output::RunTool(call) => self.tools.run(call),
            Output::CancelTool { call } => self.tools.cancel(&call),
            Output::Write(request) => self.writing.ask(*request),
            Output::StopWriting => self.writing.stop(),
            Output::Caption(caption) => self.captions.show(caption),
            Output::State(state) => self.captions.state(state),
            Output::Voice(voice) => self.captions.voice(voice),
            Output::TurnEnded(turn) => self.turns.ended(turn),
            Output::TurnWords { turn, text } => self.turns.words(turn, text),
            Output::Used { turn, usage } => self.turns.used(turn, usage),
            Output::End(reason) => return Some(Finish::End(reason)),
            Output::HandBack if self.room_gone.is_some() => return Some(Finish::RoomLost),
            Output::HandBack => return Some(Finish::HandBack),
        }
        None
    }

    fn on_handed_over(&mut self, handed_over: HandedOver) {
        let planned = handed_over.is_planned();
        let (counter, gaps) = if planned {
            (
                &self.metrics.planned_hand_overs,
                &self.metrics.planned_hand_over_gap,
            )
        } else {
            (
                &self.metrics.unplanned_hand_overs,
                &self.metrics.unplanned_hand_over_gap,
            )
        };
        counter.increase();
        gaps.record(handed_over.gap);
        if handed_over.cause == HandOverCause::Silent {
            self.metrics.provider_hung.record(handed_over.hung);
        }
        tracing::info!(
            planned,
            cause = handed_over.cause.as_str(),
            from = self.voice.name_of(handed_over.from),
            to = self.voice.name_of(handed_over.to),
            gap_ms = handed_over.gap.as_millis(),
            waited_ms = handed_over.waited.as_millis(),
            hung_ms = handed_over.hung.as_millis(),
            "another session of the provider has taken over"
        );
    }

    fn on_room(&mut self, event: Option<RoomEvent>) -> Option<Finish> {
        let event = event.unwrap_or_else(|| {
            RoomEvent::Closed(ClosedReason::Unreachable("its events ended".to_owned()))
        });
        match event {
            RoomEvent::Joined(who) if self.learner.is(&who.identity) => {
                let was_here = self.learner.is_here();
                if self.learner.came(who.sid) {
                    self.captions.send_again(self.learner.identity());
                }
                if !was_here {
                    self.turns.write(Entry::Presence(true));
                    self.hand_over(Input::LearnerJoined);
                }
            }
            RoomEvent::Left { identity, sid }
                if self.learner.is(&identity) && self.learner.left(&sid) =>
            {
                self.turns.write(Entry::Presence(false));
                self.hand_over(Input::LearnerLeft);
            }
            RoomEvent::TrackUp {
                identity,
                track_id,
                microphone: true,
                muted,
                audio,
            } if self.learner.is(&identity) => {
                self.captions.set_learner_track(Some(track_id.clone()));
                self.ear.listen(track_id, muted, audio);
            }
            RoomEvent::TrackDown { identity, track_id } if self.learner.is(&identity) => {
                self.ear.lose(&track_id);
            }
            RoomEvent::TrackMuted {
                identity,
                track_id,
                muted,
            } if self.learner.is(&identity) => {
                self.ear.set_muted(&track_id, muted);
                // With push-to-talk the key opens and closes the microphone; otherwise the tutor takes no notice.
                self.hand_over(if muted {
                    Input::LearnerReleased
                } else {
                    Input::LearnerPressed
                });
            }
            RoomEvent::Text {
                from,
                topic,
                stream_id,
                text,
                ..
            } if self.learner.is(&from) => {
                if let Some(text) = self.learner.typed(&topic, &stream_id, &text) {
                    self.hand_over(Input::LearnerTyped(text));
                }
            }
            RoomEvent::Reconnected { fresh: true } => {
                // A server that was started anew made the room with its own limits: ours keep it open through a refresh.
                self.turns.write(Entry::Room);
                if self.learner.is_here() {
                    self.captions.send_again(self.learner.identity());
                }
            }
            RoomEvent::Closed(reason) => return self.on_closed(&reason),
            // Other people's tracks and words are none of the tutor's business; the playout watches the media itself.
            _ => {}
        }
        None
    }

    fn on_closed(&mut self, reason: &ClosedReason) -> Option<Finish> {
        if *reason == ClosedReason::DuplicateIdentity {
            tracing::info!("another runtime has taken our place in the room");
            return Some(Finish::Displaced);
        }
        tracing::warn!(?reason, "the room is gone; the conversation is given back");
        self.room_gone = Some(Instant::now() + ROOM_GONE);
        if self.learner.gone() {
            self.turns.write(Entry::Presence(false));
            self.follows.push_back(Input::LearnerLeft);
        }
        self.follows.push_back(Input::HostIsClosing);
        None
    }

    fn on_orders(&mut self) {
        let Orders {
            brief,
            provider,
            spending,
            end,
        } = self.orders.borrow_and_update().clone();
        if let Some(brief) = brief
            && !self
                .brief_seen
                .as_ref()
                .is_some_and(|seen| Arc::ptr_eq(seen, &brief))
        {
            self.brief_seen = Some(Arc::clone(&brief));
            self.hand_over(Input::BriefChanged(Box::new((*brief).clone())));
            // Without a wish the server's choice goes on, whatever it was.
            if let Some(name) = provider {
                match self.voice.slot_of(&name) {
                    Some(slot) => self.hand_over(Input::ProviderWanted { slot }),
                    None => {
                        tracing::warn!(
                            wanted = name,
                            "a provider that is not set up was asked for"
                        );
                    }
                }
            }
        }
        if let Some(spending) = spending
            && self.spending_seen.replace(spending) != Some(spending)
        {
            self.hand_over(Input::Spent(spending));
        }
        if let Some(reason) = end
            && !std::mem::replace(&mut self.end_seen, true)
        {
            self.hand_over(Input::EndRequested(reason));
        }
    }
}

/// What to assume of a provider before its first session tells.
fn assumed(provider: &dyn Provider) -> Capabilities {
    Capabilities {
        input_rate_hz: provider.input_rate_hz(),
        output_rate_hz: 24_000,
        truncate_replies: false,
        change_setup_midway: false,
        seed_history: true,
        interrupts_by_itself: true,
        finds_turns: provider.finds_turns(),
        overlaps: false,
        session_limit: None,
    }
}
