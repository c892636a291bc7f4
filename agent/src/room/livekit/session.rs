//! The one task that keeps a room: it takes signalling and media events in, and tells the conversation what they mean.

use std::collections::HashMap;
use std::future::Future;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use livekit_protocol as proto;
use livekit_signaling::SignalEvent;
use proto::signal_request::Message as Request;
use proto::signal_response::Message as Response;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use webrtc::media_stream::track_remote::TrackRemote;
use webrtc::peer_connection::RTCPeerConnectionState;

use super::LiveKitConfig;
use super::connection::Connection;
use super::outbox::{self, Link, Outgoing};
use super::participants::Participants;
use super::peer::PeerEvent;
pub(super) use super::peer::PeerEvents;
use super::presence::HeardTrack;
use super::recovery::Pause;
use super::shared::Shared;
use super::signal::{self, Verdict};
use crate::deadline;
use crate::room::{AudioOutput, ClosedReason, JoinRoom, JoinRoomError, RoomEvent};

/// From the server's first word to media in both directions.
const ESTABLISHING: Duration = Duration::from_secs(10);
/// How often the network is looked at.
const TICK: Duration = Duration::from_secs(1);
/// Our own questions are answered every second; nothing for this long means that media does not flow.
const SILENCE: Duration = Duration::from_millis(2500);
/// Nothing for this long, while signalling works, means that the path must be looked for anew.
const DEAD_PATH: Duration = Duration::from_secs(12);
/// What a join in flight may still take once the room is to be closed.
const GRACE: Duration = Duration::from_secs(1);

/// What is to be joined, again and again if need be.
pub(super) struct Plan {
    pub config: Arc<LiveKitConfig>,
    pub request: JoinRoom,
}

/// Tells the conversation what happens.
#[derive(Clone)]
pub(super) struct Emitter {
    events: mpsc::Sender<RoomEvent>,
    closing: CancellationToken,
}

impl Emitter {
    /// Queues an event. A conversation that is stuck or gone takes the room with it.
    pub fn emit(&self, event: RoomEvent) {
        if let Err(refused) = self.events.try_send(event) {
            if matches!(refused, mpsc::error::TrySendError::Full(_)) {
                tracing::warn!("the conversation does not take the room's events: leaving");
            }
            self.closing.cancel();
        }
    }
}

/// How far a connection has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Joined; answer, media or channels are missing.
    Establishing {
        deadline: Instant,
    },
    Up,
    /// Signalling is back; media has to get connected anew.
    Resuming {
        deadline: Instant,
        connects_before: u64,
        received_up_to: u32,
    },
}

/// What to do after an event.
pub(super) type Step = ControlFlow<ClosedReason>;

pub(super) struct Session {
    pub plan: Plan,
    pub shared: Arc<Shared>,
    pub events: Emitter,
    pub connection: Connection,
    pub phase: Phase,
    /// Whether the conversation believes that the connection is lost.
    pub reconnecting: bool,
    /// Counts joins.
    pub stay: u64,
    pub last_traffic: Instant,
    /// Whether the next list of participants that names us is the whole one that follows a resume.
    pub whole_list_due: bool,
    pub participants: Participants,
    /// How long to wait before the next attempt to join anew; none while all is well.
    pub join_pause: Option<Pause>,
    link: watch::Sender<Link>,
    joined: Option<oneshot::Sender<Result<(), JoinRoomError>>>,
    pub tracks: HashMap<String, HeardTrack>,
    pub unknown_tracks: Vec<(String, Arc<dyn TrackRemote>)>,
    pub muted_at_server: bool,
    came_in: u64,
}

/// Joins, keeps the room until it is over, leaves.
pub(super) async fn run(
    plan: Plan,
    shared: Arc<Shared>,
    events: mpsc::Sender<RoomEvent>,
    outgoing: mpsc::Receiver<Outgoing>,
    joined: oneshot::Sender<Result<(), JoinRoomError>>,
) {
    let events = Emitter {
        events,
        closing: shared.closing.clone(),
    };
    let establishing = or_closing(
        &shared.closing,
        Connection::establish(&plan, &shared, &events),
    );
    let (connection, join) = match Box::pin(establishing).await {
        Some(Ok(connected)) => connected,
        failed => {
            shared.closing.cancel();
            let given_up = JoinRoomError::Unreachable("the join was given up".to_owned());
            let _ = joined.send(Err(failed.and_then(Result::err).unwrap_or(given_up)));
            return;
        }
    };
    let (link, link_seen) = watch::channel(Link::Down);
    let writing = outbox::run(
        outgoing,
        link_seen,
        plan.request.identity.clone(),
        shared.closing.clone(),
    );
    shared.tasks.spawn(writing);
    let now = Instant::now();
    let mut session = Session {
        plan,
        shared,
        events,
        connection,
        phase: Phase::Establishing {
            deadline: now + ESTABLISHING,
        },
        reconnecting: false,
        stay: 1,
        last_traffic: now,
        whole_list_due: false,
        participants: Participants::default(),
        join_pause: None,
        link,
        joined: Some(joined),
        tracks: HashMap::new(),
        unknown_tracks: Vec::new(),
        muted_at_server: false,
        came_in: 0,
    };
    session.welcome(join);
    let reason = Box::pin(session.serve()).await;
    Box::pin(session.finish(reason)).await;
}

/// Awaits, but not for long once the room is to be closed.
pub(super) async fn or_closing<F: Future>(
    closing: &CancellationToken,
    future: F,
) -> Option<F::Output> {
    tokio::pin!(future);
    tokio::select! {
        output = &mut future => Some(output),
        () = closing.cancelled() => tokio::time::timeout(GRACE, future).await.ok(),
    }
}

impl Session {
    async fn serve(&mut self) -> ClosedReason {
        let closing = self.shared.closing.clone();
        let changed = self.shared.changed.clone();
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let deadline = match self.phase {
                Phase::Establishing { deadline } | Phase::Resuming { deadline, .. } => {
                    Some(deadline)
                }
                Phase::Up => None,
            };
            let step = tokio::select! {
                biased;
                () = closing.cancelled() => return ClosedReason::ByUs,
                event = self.connection.signal_events.recv() => self.on_signal(event).await,
                Some(event) = self.connection.peer_events.recv() => self.on_peer(event).await,
                () = changed.notified() => self.tell_changes().await,
                () = deadline::at(deadline) => self.on_deadline().await,
                _ = ticks.tick() => self.on_tick().await,
            };
            if let ControlFlow::Break(reason) = step {
                return reason;
            }
        }
    }

    async fn on_signal(&mut self, event: Option<SignalEvent>) -> Step {
        match event {
            Some(SignalEvent::Message(message)) => self.on_message(*message).await,
            Some(SignalEvent::Close(_)) | None => {
                if !self.connection.is_lost() {
                    return Step::Continue(());
                }
                match self.phase {
                    Phase::Establishing { .. } => {
                        self.failed_to_establish("the server closed the connection")
                            .await
                    }
                    Phase::Up | Phase::Resuming { .. } => {
                        self.resume(proto::ReconnectReason::RrSignalDisconnected)
                            .await
                    }
                }
            }
        }
    }

    async fn on_message(&mut self, message: Response) -> Step {
        let negotiated = match message {
            Response::Answer(answer) => self.connection.answer(answer).await,
            Response::Trickle(trickle) => self.connection.trickle(&trickle).await.map(|()| false),
            Response::MediaSectionsRequirement(wanted) => self
                .connection
                .make_room(wanted.num_audios)
                .await
                .map(|()| false),
            Response::TrackPublished(published) => {
                if let Some(track) = published.track {
                    self.shared.microphone.set_track_id(&track.sid);
                    self.connection.published = Some(track);
                }
                Ok(false)
            }
            Response::Update(update) => {
                self.on_participants(update.participants).await;
                Ok(false)
            }
            Response::Leave(leave) => return self.on_leave(&leave).await,
            Response::RequestResponse(answer) if answer.reason != 0 => {
                tracing::warn!(
                    reason = answer.reason().as_str_name(),
                    "the room server refused a request"
                );
                Ok(false)
            }
            _ => Ok(false),
        };
        match negotiated {
            Ok(answered) => {
                if answered {
                    let track = self.connection.peer.local_track().await;
                    self.shared.microphone.set_track(Some(track));
                }
                self.progress().await
            }
            Err(error) => {
                tracing::warn!(%error, "negotiation with the room server failed");
                match self.phase {
                    Phase::Establishing { .. } => {
                        self.failed_to_establish("negotiation failed").await
                    }
                    Phase::Up | Phase::Resuming { .. } => self.join_anew().await,
                }
            }
        }
    }

    async fn on_leave(&mut self, leave: &proto::LeaveRequest) -> Step {
        tracing::info!(
            reason = leave.reason().as_str_name(),
            action = leave.action().as_str_name(),
            "the room server says leave"
        );
        match (signal::verdict(leave), self.phase) {
            (Verdict::Stop(reason), _) => Step::Break(reason),
            (Verdict::Resume | Verdict::JoinAnew, Phase::Establishing { .. }) => {
                self.failed_to_establish("the server said leave").await
            }
            (Verdict::Resume, _) => {
                self.resume(proto::ReconnectReason::RrSignalDisconnected)
                    .await
            }
            (Verdict::JoinAnew, _) => self.join_anew().await,
        }
    }

    async fn on_peer(&mut self, event: PeerEvent) -> Step {
        let failed = matches!(event, PeerEvent::State(RTCPeerConnectionState::Failed));
        self.take_peer_event(event);
        if failed && self.phase == Phase::Up {
            return self.resume(proto::ReconnectReason::RrPublisherFailed).await;
        }
        self.progress().await
    }

    fn take_peer_event(&mut self, event: PeerEvent) {
        match event {
            PeerEvent::ChannelOpen(id) => self.connection.channel_open(id),
            PeerEvent::Track { track_id, track } => self.hear(track_id, track),
            PeerEvent::State(state) => {
                tracing::debug!(%state, "media");
                self.connection.media_state(state);
                if state == RTCPeerConnectionState::Connected {
                    self.last_traffic = Instant::now();
                }
                self.refresh_media();
            }
        }
    }

    /// Moves on when what a phase waits for has come.
    async fn progress(&mut self) -> Step {
        match self.phase {
            Phase::Establishing { .. } if self.connection.is_ready() => {
                self.phase = Phase::Up;
                self.join_pause = None;
                self.set_link(None);
                self.refresh_media();
                let microphone = self.shared.microphone.clone();
                self.shared
                    .tasks
                    .spawn(async move { microphone.announce().await });
                if let Some(joined) = self.joined.take() {
                    let _ = joined.send(Ok(()));
                }
                self.back(true);
                return self.tell_changes().await;
            }
            Phase::Resuming {
                connects_before,
                received_up_to,
                ..
            } if self.connection.connects > connects_before && self.connection.is_ready() => {
                self.phase = Phase::Up;
                self.set_link(Some(received_up_to));
                self.connection.signal.set_reconnected().await;
                self.refresh_media();
                self.back(false);
            }
            _ => {}
        }
        Step::Continue(())
    }

    fn back(&mut self, fresh: bool) {
        if std::mem::take(&mut self.reconnecting) {
            tracing::info!(fresh, "back in the room");
            self.events.emit(RoomEvent::Reconnected { fresh });
        }
    }

    async fn on_deadline(&mut self) -> Step {
        match self.phase {
            Phase::Establishing { .. } => {
                self.failed_to_establish("media did not get connected")
                    .await
            }
            Phase::Resuming { .. } => self.join_anew().await,
            Phase::Up => Step::Continue(()),
        }
    }

    async fn on_tick(&mut self) -> Step {
        self.observe_network().await;
        if self.phase == Phase::Up && self.last_traffic.elapsed() > DEAD_PATH {
            return self.resume(proto::ReconnectReason::RrPublisherFailed).await;
        }
        Step::Continue(())
    }

    async fn observe_network(&mut self) {
        let (statistics, came_in) = self.connection.peer.statistics().await;
        self.shared.set_statistics(statistics);
        if came_in != self.came_in {
            self.came_in = came_in;
            self.last_traffic = Instant::now();
        }
        self.refresh_media();
    }

    /// Keeps an eye on media while signalling is being repaired.
    pub async fn watch_media(&mut self) {
        while let Ok(event) = self.connection.peer_events.try_recv() {
            self.take_peer_event(event);
        }
        self.observe_network().await;
    }

    /// Says whether media flows, when that has changed.
    pub fn refresh_media(&mut self) {
        let established = !matches!(self.phase, Phase::Establishing { .. });
        let up = established && self.connection.can_send() && self.last_traffic.elapsed() < SILENCE;
        if self.shared.microphone.set_up(up) {
            self.events.emit(if up {
                RoomEvent::MediaUp
            } else {
                RoomEvent::MediaDown
            });
        }
    }

    /// Tells the server what the conversation changed.
    async fn tell_changes(&mut self) -> Step {
        if matches!(self.phase, Phase::Establishing { .. }) {
            return Step::Continue(());
        }
        let attributes = self.shared.take_untold_attributes();
        if !attributes.is_empty() {
            let update = proto::UpdateParticipantMetadata {
                attributes: attributes.into_iter().collect(),
                request_id: self.connection.signal.next_request_id(),
                ..proto::UpdateParticipantMetadata::default()
            };
            self.connection
                .signal
                .send(Request::UpdateMetadata(update))
                .await;
        }
        let muted = self.shared.microphone.is_muted();
        if muted != self.muted_at_server {
            self.muted_at_server = muted;
            let sid = self.shared.microphone.track_id();
            self.connection
                .signal
                .send(Request::Mute(proto::MuteTrackRequest { sid, muted }))
                .await;
        }
        Step::Continue(())
    }

    /// Lets data flow into this stay's channel; after a resume, from where the server left off.
    fn set_link(&self, received_up_to: Option<u32>) {
        let channel = self.connection.peer.reliable.clone();
        self.link.send_replace(Link::Up {
            channel,
            stay: self.stay,
            received_up_to,
        });
    }

    pub fn cut_link(&self) {
        self.link.send_replace(Link::Down);
    }

    /// The first join fails for its caller; a later one is tried again.
    async fn failed_to_establish(&mut self, why: &str) -> Step {
        match self.joined.take() {
            Some(joined) => {
                let _ = joined.send(Err(JoinRoomError::Media(why.to_owned())));
                Step::Break(ClosedReason::Unreachable(why.to_owned()))
            }
            None => self.join_anew().await,
        }
    }

    pub fn establish_until(&self) -> Phase {
        Phase::Establishing {
            deadline: Instant::now() + ESTABLISHING,
        }
    }

    async fn finish(mut self, reason: ClosedReason) {
        if let Some(joined) = self.joined.take() {
            let _ = joined.send(Err(match &reason {
                ClosedReason::ByUs => {
                    JoinRoomError::Unreachable("the join was given up".to_owned())
                }
                other => JoinRoomError::Refused(format!("{other:?}")),
            }));
        }
        self.shared.microphone.close();
        self.cut_link();
        if reason == ClosedReason::ByUs {
            // Without it others would see us for another 20 s.
            let leave = proto::LeaveRequest {
                reason: proto::DisconnectReason::ClientInitiated as i32,
                action: proto::leave_request::Action::Disconnect as i32,
                ..proto::LeaveRequest::default()
            };
            let _ = tokio::time::timeout(GRACE, self.connection.signal.send(Request::Leave(leave)))
                .await;
        }
        self.lose_all_tracks();
        self.events.emit(RoomEvent::Closed(reason));
        self.shared.closing.cancel();
        self.connection.close().await;
    }
}
