//! What the service's errors mean for us. Its messages may quote keys and words, so only codes reach a [`Fault`].

use avaaz_tutor::{Fault, FaultKind};

use super::wire::ErrorInfo;
use crate::realtime::socket::Close;

/// Codes after which another try with the same key, model and account is useless.
const REFUSALS: [&str; 10] = [
    "invalid_api_key",
    "invalid_model",
    "missing_model",
    "model_not_found",
    "insufficient_quota",
    "account_deactivated",
    "billing_hard_limit_reached",
    "billing_not_active",
    "beta_api_shape_disabled",
    "unsupported_country_region_territory",
];

/// Reads an `error` event.
pub(super) fn of_event(error: &ErrorInfo) -> Fault {
    let code = error.code.as_deref().unwrap_or_default();
    let kind = match code {
        code if REFUSALS.contains(&code) => FaultKind::Refused,
        "session_expired" => FaultKind::Expired,
        code if code.contains("rate_limit") => FaultKind::Busy,
        // The rest are races that the protocol allows for, or a mistake of ours that harms one request.
        _ => FaultKind::Nonsense,
    };
    Fault {
        kind,
        detail: detail(error),
    }
}

/// Reads why a response failed.
pub(super) fn of_response(error: Option<ErrorInfo>) -> Fault {
    let error = error.unwrap_or_default();
    let fault = of_event(&error);
    let kind = if fault.kind == FaultKind::Nonsense {
        FaultKind::Broken
    } else {
        fault.kind
    };
    Fault { kind, ..fault }
}

/// Reads how the socket closed.
pub(super) fn of_close(close: Close<'_>) -> Fault {
    let Close::Frame { code, reason } = close else {
        return Fault {
            kind: FaultKind::Broken,
            detail: "the connection broke".to_owned(),
        };
    };
    let expired = reason.contains("maximum duration") || reason.contains("session_expired");
    let kind = match code {
        _ if expired => FaultKind::Expired,
        _ if REFUSALS.iter().any(|code| reason.contains(code)) => FaultKind::Refused,
        3000 | 4000 => FaultKind::Refused,
        1013 => FaultKind::Busy,
        _ => FaultKind::Broken,
    };
    Fault {
        kind,
        detail: format!("closed with {code} {}", plain(reason)),
    }
}

fn detail(error: &ErrorInfo) -> String {
    let parts = [&error.kind, &error.code, &error.param];
    let parts: Vec<String> = parts
        .into_iter()
        .flatten()
        .map(|part| plain(part))
        .collect();
    if parts.is_empty() {
        "an error without a code".to_owned()
    } else {
        parts.join(" ")
    }
}

/// Keeps what a code is made of; anything else could be somebody's words, or a key.
pub(super) fn plain(text: &str) -> String {
    let is_code = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-' | '[' | ']');
    if text.len() <= 120 && text.chars().all(is_code) && !text.contains("sk-") {
        text.to_owned()
    } else {
        "(a message)".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(code: u16, reason: &str) -> FaultKind {
        of_close(Close::Frame { code, reason }).kind
    }

    #[test]
    fn closes_say_whether_another_try_helps() {
        assert_eq!(
            close(3000, "invalid_request_error.invalid_api_key"),
            FaultKind::Refused
        );
        assert_eq!(
            close(4000, "invalid_request_error.invalid_model"),
            FaultKind::Refused
        );
        assert_eq!(
            close(1001, "Your session hit the maximum duration of 60 minutes."),
            FaultKind::Expired
        );
        assert_eq!(close(1011, "keepalive ping timeout"), FaultKind::Broken);
        assert_eq!(close(1013, ""), FaultKind::Busy);
        assert_eq!(of_close(Close::Lost).kind, FaultKind::Broken);
    }

    #[test]
    fn a_message_never_reaches_a_fault() {
        let error = ErrorInfo {
            kind: Some("invalid_request_error".to_owned()),
            code: Some("invalid_api_key".to_owned()),
            message: Some("Incorrect API key provided: sk-abc".to_owned()),
            ..ErrorInfo::default()
        };
        assert_eq!(
            of_event(&error).detail,
            "invalid_request_error invalid_api_key"
        );
        assert_eq!(
            of_close(Close::Frame {
                code: 1001,
                reason: "she said hello"
            })
            .detail,
            "closed with 1001 (a message)"
        );
        assert_eq!(plain("sk-abc"), "(a message)");
    }

    #[test]
    fn a_failed_response_is_a_fault_even_without_a_code() {
        assert_eq!(of_response(None).kind, FaultKind::Broken);
        let error = ErrorInfo {
            code: Some("inference_rate_limit_exceeded".to_owned()),
            ..ErrorInfo::default()
        };
        assert_eq!(of_response(Some(error)).kind, FaultKind::Busy);
    }
}
