//! Coming back: the same stay over a new transport when the server still knows us, a new stay otherwise.

use std::ops::ControlFlow;
use std::time::Duration;

use livekit_protocol as proto;
use tokio::time::Instant;

use super::connection::Connection;
use super::session::{Phase, Session, Step, or_closing};
use super::signal::{self, Verdict};
use crate::room::{ClosedReason, JoinRoomError, RoomEvent};

/// The server forgets a stay 20 s after its transport was lost: later attempts join anew.
const RESUME_ATTEMPTS_FOR: Duration = Duration::from_secs(15);
/// From the server's word that we may go on to media in both directions.
const RESUMING: Duration = Duration::from_secs(10);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// A learner who is back does not wait for us: we are in the room within two seconds of its being reachable, and joining takes its
/// time, too.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

impl Session {
    /// Continues this stay over a new signalling transport. Media and data flow on meanwhile, as far as their path is alive.
    pub(super) async fn resume(&mut self, reason: proto::ReconnectReason) -> Step {
        self.announce_loss();
        let give_up = Instant::now() + RESUME_ATTEMPTS_FOR;
        let mut pause = Pause::new();
        let closing = self.shared.closing.clone();
        loop {
            let Some(restarted) =
                or_closing(&closing, Box::pin(self.connection.signal.restart(reason))).await
            else {
                return Step::Break(ClosedReason::ByUs);
            };
            match restarted {
                Ok(response) => {
                    let connects_before = self.connection.connects;
                    let deadline = Instant::now() + RESUMING;
                    self.whole_list_due = true;
                    self.cut_link();
                    if let Err(error) = self.connection.synchronise().await {
                        tracing::warn!(%error, "a resume failed");
                        return self.join_anew().await;
                    }
                    // While the path is looked for anew, packets would be lost.
                    self.phase = Phase::Resuming {
                        deadline,
                        connects_before,
                        received_up_to: response.last_message_seq,
                    };
                    self.refresh_media();
                    return Step::Continue(());
                }
                Err(error) => {
                    tracing::debug!(%error, "an attempt to resume failed");
                    match signal::resume_verdict(&error) {
                        Verdict::Stop(reason) => return Step::Break(reason),
                        Verdict::JoinAnew => return self.join_anew().await,
                        Verdict::Resume if Instant::now() >= give_up => {
                            return self.join_anew().await;
                        }
                        Verdict::Resume => {}
                    }
                }
            }
            if self.wait(pause.next()).await.is_break() {
                return Step::Break(ClosedReason::ByUs);
            }
            self.watch_media().await;
        }
    }

    /// Joins as if for the first time, until it works, the server refuses us, or we are told to leave.
    pub(super) async fn join_anew(&mut self) -> Step {
        self.announce_loss();
        self.cut_link();
        self.connection.media_connected = false;
        self.refresh_media();
        self.shared.microphone.set_track(None);
        self.lose_all_tracks();
        let closing = self.shared.closing.clone();
        loop {
            // A server that takes us in and drops us at once is not asked without end either.
            if let Some(pause) = self.join_pause.as_mut().map(Pause::next)
                && self.wait(pause).await.is_break()
            {
                return Step::Break(ClosedReason::ByUs);
            }
            self.join_pause.get_or_insert_with(Pause::new);
            let attempt = Box::pin(Connection::establish(
                &self.plan,
                &self.shared,
                &self.events,
            ));
            match or_closing(&closing, attempt).await {
                Some(Ok((connection, join))) => {
                    let old = std::mem::replace(&mut self.connection, connection);
                    // A dead transport may take seconds to close.
                    self.shared.tasks.spawn(old.close());
                    self.stay += 1;
                    self.whole_list_due = false;
                    self.phase = self.establish_until();
                    self.last_traffic = Instant::now();
                    self.welcome(join);
                    return Step::Continue(());
                }
                Some(Err(JoinRoomError::Refused(why))) => {
                    return Step::Break(ClosedReason::Refused(why));
                }
                Some(Err(error)) => tracing::debug!(%error, "an attempt to join anew failed"),
                None => return Step::Break(ClosedReason::ByUs),
            }
        }
    }

    fn announce_loss(&mut self) {
        if !std::mem::replace(&mut self.reconnecting, true) {
            tracing::info!("the connection to the room was lost");
            self.events.emit(RoomEvent::Reconnecting);
        }
    }

    async fn wait(&self, pause: Duration) -> ControlFlow<()> {
        tokio::select! {
            () = self.shared.closing.cancelled() => ControlFlow::Break(()),
            () = tokio::time::sleep(pause) => ControlFlow::Continue(()),
        }
    }
}

/// Pauses that grow, with some chance in them, so that many rooms do not come back at the same moment.
pub(super) struct Pause(Duration);

impl Pause {
    fn new() -> Self {
        Self(FIRST_PAUSE)
    }

    fn next(&mut self) -> Duration {
        let pause = self.0.mul_f64(rand::random_range(0.75..1.25));
        self.0 = (self.0 * 2).min(LONGEST_PAUSE);
        pause
    }
}
