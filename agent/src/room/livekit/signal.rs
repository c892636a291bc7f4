//! The signalling connection: how we introduce ourselves, and what its errors mean to us.

use std::time::Duration;

use livekit_protocol as proto;
use livekit_signaling::{SignalError, SignalOptions};

use crate::room::{ClosedReason, JoinRoomError};

/// A server on the same machine answers in milliseconds; one across the world within this.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Describes our media stack, not that of the official SDK, whose figures are the crate's defaults.
pub(super) fn options() -> SignalOptions {
    let mut options = SignalOptions::default();
    options.single_peer_connection = true;
    options.connect_timeout = CONNECT_TIMEOUT;
    options.region_failover = false;
    // 18 would mean data channels with fixed ids, capabilities video trailers and compression, client protocol 2 compressed streams.
    options.protocol_version = 17;
    options.client_capabilities = Vec::new();
    options.client_protocol = 0;
    options
}

/// Says whether trying to join again can help.
pub(super) fn join_error(error: &SignalError) -> JoinRoomError {
    match error {
        SignalError::UrlParse(_)
        | SignalError::TokenFormat
        | SignalError::TransportNotConfigured => JoinRoomError::Refused(error.to_string()),
        // Only these say that the request itself is wrong; a proxy in front may answer 404 or 429 for a moment.
        SignalError::Client(status, _) | SignalError::Handshake { status }
            if matches!(status.as_u16(), 401 | 403) =>
        {
            JoinRoomError::Refused(format!("status {}", status.as_u16()))
        }
        SignalError::LeaveRequest {
            reason,
            action: proto::leave_request::Action::Disconnect,
        } => JoinRoomError::Refused(format!("{reason:?}")),
        other => JoinRoomError::Unreachable(other.to_string()),
    }
}

/// What a lost signalling connection asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The same stay may go on.
    Resume,
    /// The server has forgotten this stay.
    JoinAnew,
    /// We are not wanted here any more.
    Stop(ClosedReason),
}

/// Reads the server's `Leave`.
pub(super) fn verdict(leave: &proto::LeaveRequest) -> Verdict {
    match leave.action() {
        proto::leave_request::Action::Resume => Verdict::Resume,
        proto::leave_request::Action::Reconnect => Verdict::JoinAnew,
        proto::leave_request::Action::Disconnect => match closed_reason(leave.reason()) {
            Some(reason) => Verdict::Stop(reason),
            None => Verdict::JoinAnew,
        },
    }
}

/// Reads the error of an attempt to resume.
pub(super) fn resume_verdict(error: &SignalError) -> Verdict {
    match error {
        SignalError::LeaveRequest { reason, action } => verdict(&proto::LeaveRequest {
            reason: *reason as i32,
            action: *action as i32,
            ..proto::LeaveRequest::default()
        }),
        // The token of the resume may have grown too old; a fresh one decides.
        SignalError::Client(..) | SignalError::InvalidState(_) => Verdict::JoinAnew,
        _ => Verdict::Resume,
    }
}

/// Returns why the room is closed to us, or nothing when the reason is the server's own trouble.
fn closed_reason(reason: proto::DisconnectReason) -> Option<ClosedReason> {
    use proto::DisconnectReason as Reason;
    match reason {
        Reason::DuplicateIdentity => Some(ClosedReason::DuplicateIdentity),
        Reason::ParticipantRemoved | Reason::UserRejected => Some(ClosedReason::Removed),
        Reason::RoomDeleted | Reason::RoomClosed => Some(ClosedReason::RoomClosed),
        Reason::ServerShutdown
        | Reason::StateMismatch
        | Reason::Migration
        | Reason::SignalClose
        | Reason::ConnectionTimeout
        | Reason::MediaFailure
        | Reason::JoinFailure => None,
        other => Some(ClosedReason::Refused(other.as_str_name().to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leave(
        reason: proto::DisconnectReason,
        action: proto::leave_request::Action,
    ) -> proto::LeaveRequest {
        proto::LeaveRequest {
            reason: reason as i32,
            action: action as i32,
            ..proto::LeaveRequest::default()
        }
    }

    #[test]
    fn a_duplicate_identity_stops_and_a_forgotten_stay_joins_anew() {
        use proto::DisconnectReason as Reason;
        use proto::leave_request::Action;
        assert_eq!(
            verdict(&leave(Reason::DuplicateIdentity, Action::Disconnect)),
            Verdict::Stop(ClosedReason::DuplicateIdentity)
        );
        assert_eq!(
            verdict(&leave(Reason::RoomClosed, Action::Disconnect)),
            Verdict::Stop(ClosedReason::RoomClosed)
        );
        assert_eq!(
            verdict(&leave(Reason::StateMismatch, Action::Reconnect)),
            Verdict::JoinAnew
        );
        assert_eq!(
            verdict(&leave(Reason::ServerShutdown, Action::Disconnect)),
            Verdict::JoinAnew
        );
        assert_eq!(
            verdict(&leave(Reason::UnknownReason, Action::Resume)),
            Verdict::Resume
        );
    }

    #[test]
    fn an_unreachable_server_can_be_tried_again_and_a_refusal_cannot() {
        let lost = SignalError::Connection("connection refused".into());
        assert!(matches!(join_error(&lost), JoinRoomError::Unreachable(_)));
        assert_eq!(resume_verdict(&lost), Verdict::Resume);
        assert!(matches!(
            join_error(&SignalError::TokenFormat),
            JoinRoomError::Refused(_)
        ));
    }
}
