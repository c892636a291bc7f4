//! What the service's closes mean for us: it has no error messages, only close frames. Their reasons may quote what we sent, so
//! only codes and what we know of them reach a [`Fault`].

use avaaz_tutor::{Fault, FaultKind, ReplyEnd};

use crate::realtime::socket::Close;

/// What was known of the session when it closed.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Known {
    /// It had been set up.
    pub(super) was_ready: bool,
    /// It was to go on with an earlier one.
    pub(super) resumed: bool,
    /// The service had said that it would close.
    pub(super) was_told: bool,
}

/// Stands in the reason both when a day's quota is gone and when there were too many requests in a minute.
const QUOTA: &str = "quota";

/// Pieces of reasons, in small letters, and what they mean whenever they come.
const REASONS: [(&str, FaultKind, &str); 11] = [
    ("api key", FaultKind::Refused, "the key is refused"),
    (
        "unregistered caller",
        FaultKind::Refused,
        "the key is missing",
    ),
    (
        "permission",
        FaultKind::Refused,
        "the account has no permission",
    ),
    (QUOTA, FaultKind::Refused, "the quota is used up"),
    ("user location", FaultKind::Refused, "not served here"),
    (
        "not found for api version",
        FaultKind::Refused,
        "the model is unknown",
    ),
    (
        "media_chunks",
        FaultKind::Refused,
        "a field is not taken any more",
    ),
    ("unavailable", FaultKind::Busy, "the service is unavailable"),
    ("overloaded", FaultKind::Busy, "the service is overloaded"),
    (
        "deadline expired",
        FaultKind::Expired,
        "the session reached its age",
    ),
    ("was aborted", FaultKind::Expired, "the session was aborted"),
];

/// Reads why a turn of the model is complete.
pub(super) fn of_turn(reason: Option<&str>) -> ReplyEnd {
    match reason {
        None | Some("TURN_COMPLETE_REASON_UNSPECIFIED" | "NEED_MORE_INPUT") => ReplyEnd::Complete,
        // The model made a mistake; another try may go better.
        Some("RESPONSE_REJECTED" | "MALFORMED_FUNCTION_CALL") => ReplyEnd::Failed(Fault {
            kind: FaultKind::Broken,
            detail: "the service rejected its own reply".to_owned(),
        }),
        // The rest are filters.
        Some(_) => ReplyEnd::Incomplete,
    }
}

/// Reads how the socket closed.
pub(super) fn of_close(close: Close<'_>, known: Known) -> Fault {
    let Close::Frame { code, reason } = close else {
        let (kind, detail) = if known.was_told {
            (FaultKind::Expired, "closed as it had been told")
        } else {
            (FaultKind::Broken, "the connection broke")
        };
        return Fault {
            kind,
            detail: detail.to_owned(),
        };
    };
    let reason = reason.to_ascii_lowercase();
    let meaning = REASONS.iter().find(|(piece, ..)| reason.contains(piece));
    let is_fresh = !known.was_ready;
    let means = meaning.map(|(piece, kind, _)| {
        // To a session that worked it is the minute's limit.
        if *piece == QUOTA && known.was_ready {
            FaultKind::Busy
        } else {
            *kind
        }
    });
    let kind = match (code, means) {
        (_, Some(FaultKind::Refused)) => FaultKind::Refused,
        // Whatever it says, it is the handle that is new about this attempt.
        (1007 | 1008 | 1011, _) if is_fresh && known.resumed => FaultKind::StaleHandle,
        (_, Some(FaultKind::Busy)) => FaultKind::Busy,
        (1013, _) => FaultKind::Busy,
        (_, Some(kind)) if known.was_ready => kind,
        _ if known.was_told => FaultKind::Expired,
        // A setup, a model or a key that is not taken will not be taken the next time.
        (1007 | 1008, None) if is_fresh => FaultKind::Refused,
        _ => FaultKind::Broken,
    };
    let detail = meaning.map_or_else(
        || format!("closed with {code}"),
        |(_, _, says)| format!("closed with {code}: {says}"),
    );
    Fault { kind, detail }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRESH: Known = Known {
        was_ready: false,
        resumed: false,
        was_told: false,
    };
    const READY: Known = Known {
        was_ready: true,
        ..FRESH
    };
    const RESUMED: Known = Known {
        resumed: true,
        ..FRESH
    };

    fn close(code: u16, reason: &str, known: Known) -> FaultKind {
        of_close(Close::Frame { code, reason }, known).kind
    }

    #[test]
    fn a_key_a_model_or_a_setup_that_is_refused_is_refused_again() {
        for known in [FRESH, RESUMED] {
            for (code, reason) in [
                (1007, "API key not valid. Please pass a valid API key."),
                (
                    1008,
                    "models/x is not found for API version v1beta, or is not supported for bidiGenerateContent.",
                ),
                (1007, "User location is not supported for the API use."),
                (
                    1011,
                    "You exceeded your current quota, please check your plan.",
                ),
            ] {
                assert_eq!(close(code, reason, known), FaultKind::Refused, "{reason}");
            }
        }
        assert_eq!(
            close(1007, "Request contains an invalid argument.", FRESH),
            FaultKind::Refused
        );
    }

    #[test]
    fn a_setup_with_a_handle_that_is_refused_is_a_stale_handle() {
        for (code, reason) in [
            (1007, "Request contains an invalid argument."),
            (1008, "Requested entity was not found."),
            (1011, "Internal error occurred."),
        ] {
            assert_eq!(close(code, reason, RESUMED), FaultKind::StaleHandle);
        }
        // A network that fails says nothing about the handle.
        assert_eq!(of_close(Close::Lost, RESUMED).kind, FaultKind::Broken);
    }

    #[test]
    fn a_session_that_worked_is_worth_another_try() {
        let known = Known {
            resumed: true,
            ..READY
        };
        for known in [READY, known] {
            assert_eq!(
                close(1007, "Request contains an invalid argument.", known),
                FaultKind::Broken
            );
            assert_eq!(
                close(1008, "Requested entity was not found.", known),
                FaultKind::Broken
            );
            assert_eq!(
                close(1011, "Internal error occurred.", known),
                FaultKind::Broken
            );
            assert_eq!(
                close(1011, "The service is currently unavailable.", known),
                FaultKind::Busy
            );
            assert_eq!(
                close(
                    1011,
                    "Deadline expired before operation could complete.",
                    known
                ),
                FaultKind::Expired
            );
            assert_eq!(close(1000, "", known), FaultKind::Broken);
        }
    }

    #[test]
    fn a_limit_that_ends_a_session_that_worked_is_soon_over() {
        let reason = "You exceeded your current quota, please check your plan.";
        assert_eq!(close(1011, reason, READY), FaultKind::Busy);
    }

    #[test]
    fn a_close_that_was_announced_is_the_sessions_age() {
        let told = Known {
            was_told: true,
            ..READY
        };
        assert_eq!(close(1000, "", told), FaultKind::Expired);
        assert_eq!(of_close(Close::Lost, told).kind, FaultKind::Expired);
    }

    #[test]
    fn a_turn_may_be_complete_because_of_a_filter_or_a_mistake() {
        assert_eq!(of_turn(None), ReplyEnd::Complete);
        assert_eq!(of_turn(Some("NEED_MORE_INPUT")), ReplyEnd::Complete);
        assert_eq!(
            of_turn(Some("GENERATED_AUDIO_SAFETY")),
            ReplyEnd::Incomplete
        );
        assert_eq!(of_turn(Some("NEWS")), ReplyEnd::Incomplete);
        assert!(matches!(
            of_turn(Some("RESPONSE_REJECTED")),
            ReplyEnd::Failed(fault) if fault.kind == FaultKind::Broken
        ));
    }

    #[test]
    fn a_reason_never_reaches_a_fault() {
        let fault = of_close(
            Close::Frame {
                code: 1007,
                reason: "API key AIzaSecret not valid",
            },
            FRESH,
        );
        assert_eq!(fault.detail, "closed with 1007: the key is refused");
        let fault = of_close(
            Close::Frame {
                code: 1011,
                reason: "she said hello",
            },
            FRESH,
        );
        assert_eq!(fault.detail, "closed with 1011");
    }
}
