//! The way into the room: made if need be, and tried again while it cannot be reached.

use std::collections::BTreeMap;
use std::time::Duration;

use avaaz_tutor::{AgentState, EndReason, VoiceState};
use tokio::time::{Instant, sleep};

use super::Setting;
use crate::host::HostError;
use crate::room::captions::{self, state_word, voice_word};
use crate::room::{JoinRoom, JoinRoomError, JoinedRoom};

/// After this another runtime may try its luck.
const PATIENCE: Duration = Duration::from_secs(20);
const FIRST_RETRY: Duration = Duration::from_millis(100);
const SLOWEST_RETRY: Duration = Duration::from_secs(1);

/// How entering went.
pub(super) enum Entered {
    Joined(Box<JoinedRoom>),
    /// Someone wanted the end before we were in.
    EndAsked(EndReason),
    /// We are shutting down.
    HandBack,
    /// The room cannot be had.
    Unreachable,
    LeaseLost,
}

/// Joins the room of a conversation.
pub(super) async fn enter(setting: &Setting) -> Entered {
    let mut orders = setting.orders.clone();
    tokio::select! {
        entered = try_to_enter(setting) => entered,
        asked = orders.wait_for(|orders| orders.end.is_some()) => match asked {
            Ok(asked) => asked.end.map_or(Entered::HandBack, Entered::EndAsked),
            Err(_) => Entered::HandBack,
        },
        () = setting.lost.cancelled() => Entered::LeaseLost,
        () = setting.shutdown.begun() => Entered::HandBack,
    }
}

async fn try_to_enter(setting: &Setting) -> Entered {
    let began = Instant::now();
    let mut pause = FIRST_RETRY;
    loop {
        let cause = match ensure_and_join(setting).await {
            Ok(joined) => {
                setting.metrics.join.record(began.elapsed());
                return Entered::Joined(Box::new(joined));
            }
            Err(Refusal::LeaseLost) => return Entered::LeaseLost,
            Err(Refusal::ForGood(cause)) => {
                tracing::error!(cause, "the room refuses us");
                // Not at once again: it would be refused again.
                sleep(SLOWEST_RETRY).await;
                return Entered::Unreachable;
            }
            Err(Refusal::ForNow(cause)) => cause,
        };
        if began.elapsed() + pause > PATIENCE {
            tracing::error!(
                cause,
                "the room cannot be reached; the conversation is given back"
            );
            return Entered::Unreachable;
        }
        tracing::warn!(
            cause,
            retry_in_ms = pause.as_millis(),
            "the room cannot be reached yet"
        );
        sleep(pause).await;
        pause = (pause * 2).min(SLOWEST_RETRY);
    }
}

enum Refusal {
    ForNow(String),
    ForGood(String),
    LeaseLost,
}

async fn ensure_and_join(setting: &Setting) -> Result<JoinedRoom, Refusal> {
    let claimed = &setting.claimed;
    match setting.host.ensure_room(&claimed.room).await {
        Ok(()) => {}
        Err(HostError::LeaseLost) => return Err(Refusal::LeaseLost),
        Err(HostError::Unavailable(cause)) => return Err(Refusal::ForNow(cause)),
        Err(HostError::Refused(cause)) => return Err(Refusal::ForGood(cause)),
    }
    let attributes = BTreeMap::from([
        (
            captions::STATE.to_owned(),
            state_word(AgentState::Initializing).to_owned(),
        ),
        (
            captions::VOICE.to_owned(),
            voice_word(VoiceState::Available).to_owned(),
        ),
        (
            captions::CONVERSATION.to_owned(),
            claimed.lease.conversation.to_string(),
        ),
    ]);
    let request = JoinRoom {
        room: claimed.room.clone(),
        identity: claimed.tutor_identity.clone(),
        name: setting.tutor_name.clone(),
        attributes,
    };
    setting
        .rooms
        .join(request)
        .await
        .map_err(|error| match error {
            JoinRoomError::Refused(_) => Refusal::ForGood(error.to_string()),
            JoinRoomError::Unreachable(_) | JoinRoomError::Media(_) => {
                Refusal::ForNow(error.to_string())
            }
        })
}
