//! Errors on the wire: RFC 9457 problem details with a stable code.

use daemon_types::{ErrorCode, OperationError, Reason};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `application/problem+json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// A URI that stands for the code.
    #[serde(rename = "type")]
    #[schema(format = "uri")]
    pub kind: String,
    /// The error in a few words, French or English by `Accept-Language`.
    pub title: String,
    /// HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    pub status: u16,
    /// Stable code to branch on.
    pub code: String,
    /// What to do, French or English by `Accept-Language`.
    pub detail: String,
    /// Tries that remain, of a wrong code; null where the card, or what stands before it, tells no
    /// number: it may be the last one, or not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u8>)]
    pub tries_left: Option<TriesLeft>,
    /// The field of the request that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Who is in the way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub culprit: Option<String>,
    /// What the code alone does not tell, stable too: of `bad-request` what is wrong with the field,
    /// such as `nonce-form`, or that the request cannot be now (`pin-not-blocked`,
    /// `new-pin-unchanged`); of other codes what to do next, such as `outcome-unknown` when the way
    /// to the card broke while it took a new code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Problem {
    /// A problem with its sentences in the caller's language.
    #[must_use]
    pub fn new(error: &OperationError, title: String, detail: String) -> Self {
        Self {
            kind: format!("urn:cpxd:error:{}", error.code),
            title,
            status: match error.reason {
                Some(Reason::MethodNotAllowed) => 405,
                Some(_) | None => status_of(error.code),
            },
            code: error.code.as_str().into(),
            detail,
            tries_left: is_wrong_code(error.code).then_some(TriesLeft(error.tries_left)),
            field: error.field.clone(),
            culprit: error.culprit.clone(),
            reason: error.reason.map(|reason| reason.as_str().to_owned()),
        }
    }
}

/// Tries that remain of a code, told as null where nobody knows the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TriesLeft(pub Option<u8>);

fn is_wrong_code(code: ErrorCode) -> bool {
    matches!(code, ErrorCode::PinWrong | ErrorCode::UnblockWrong)
}

/// HTTP status of a code (RFC 9110, 15).
fn status_of(code: ErrorCode) -> u16 {
    use ErrorCode as Code;
    match code {
        Code::BadRequest | Code::ClientHeaderMissing => 400,
        Code::TokenInvalid => 401,
        Code::OriginNotGranted
        | Code::RightMissing
        | Code::PeerRefused
        | Code::Cancelled
        | Code::LastTryNotConfirmed
        | Code::PinWrong
        | Code::PinLength
        | Code::UnblockWrong => 403,
        Code::NotFound => 404,
        Code::Timeout => 408,
        Code::NoReader
        | Code::NoCard
        | Code::CardUnknown
        | Code::CardMute
        | Code::CardUnsupported
        | Code::ReaderBusy
        | Code::PinBlocked
        | Code::UnblockBlocked
        | Code::CardDefinitivelyBlocked
        | Code::KeyAbsent
        | Code::CertificateExpired
        | Code::CertificateRevoked
        | Code::CertificateNotYetValid
        | Code::EnvironmentMismatch
        | Code::SessionClosed => 409,
        Code::CardRemoved | Code::ReaderLost => 410,
        Code::BodyTooLarge => 413,
        Code::WrongHost => 421,
        Code::AlgorithmUnsupported => 422,
        Code::RateLimited => 429,
        Code::Internal => 500,
        Code::ModuleFailed => 502,
        Code::Busy | Code::PcscUnavailable => 503,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_client_or_server_error_status() {
        for code in ErrorCode::ALL {
            assert!((400..600).contains(&status_of(*code)), "{code}");
        }
    }

    #[test]
    fn a_reason_stands_beside_its_code() {
        let error = OperationError::new(ErrorCode::BadRequest).because(Reason::PinNotBlocked);
        let problem = Problem::new(&error, "t".into(), "d".into());
        assert_eq!(problem.code, "bad-request");
        assert_eq!(problem.reason.as_deref(), Some("pin-not-blocked"));
    }

    #[test]
    fn absent_facts_leave_no_field_behind() {
        let error = OperationError::new(ErrorCode::PinWrong).with_tries_left(Some(2));
        let problem = Problem::new(&error, "t".into(), "d".into());
        assert_eq!(
            serde_json::to_string(&problem).unwrap(),
            r#"{"type":"urn:cpxd:error:pin-wrong","title":"t","status":403,"code":"pin-wrong","detail":"d","triesLeft":2}"#
        );
    }

    #[test]
    fn tries_that_nobody_counts_are_null_and_no_number() {
        for code in [ErrorCode::PinWrong, ErrorCode::UnblockWrong] {
            let error = OperationError::new(code).with_tries_left(None);
            let problem = Problem::new(&error, "t".into(), "d".into());
            let json = serde_json::to_value(&problem).unwrap();
            assert_eq!(json.get("triesLeft"), Some(&serde_json::Value::Null));
        }
        let error = OperationError::new(ErrorCode::PinBlocked);
        let problem = Problem::new(&error, "t".into(), "d".into());
        let json = serde_json::to_value(&problem).unwrap();
        assert_eq!(json.get("triesLeft"), None);
    }
}
