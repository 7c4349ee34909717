//! From what went wrong on the card to what the caller is told, exhaustively.

use card_apdu::{ReaderFault, StatusWord};
use card_profiles::{CardError, PinError};
use daemon_types::{ErrorCode, OperationError};

use crate::UseKeyError;

pub(crate) fn from_reader_fault(fault: ReaderFault) -> OperationError {
    let code = match &fault {
        ReaderFault::Removed | ReaderFault::Reset => ErrorCode::CardRemoved,
        ReaderFault::Busy => ErrorCode::ReaderBusy,
        ReaderFault::Mute => ErrorCode::CardMute,
        ReaderFault::ReaderGone => ErrorCode::ReaderLost,
        ReaderFault::ServiceGone => ErrorCode::PcscUnavailable,
        ReaderFault::Other { .. } | _ => ErrorCode::ReaderLost,
    };
    OperationError::new(code).caused_by(fault)
}

pub(crate) fn from_card_error(error: CardError) -> OperationError {
    let code = match error {
        CardError::Reader(fault) => return from_reader_fault(fault),
        CardError::KeyAbsent(_) => ErrorCode::KeyAbsent,
        CardError::AlgorithmUnsupported => ErrorCode::AlgorithmUnsupported,
        CardError::Refused { sw, .. } if sw == StatusWord::AUTHENTICATION_METHOD_BLOCKED => {
            ErrorCode::PinBlocked
        }
        CardError::Bug(_) => ErrorCode::Internal,
        CardError::Malformed { .. }
        | CardError::CardMisbehaved(_)
        | CardError::CardUnsupported(_)
        | CardError::Refused { .. }
        | _ => ErrorCode::CardUnsupported,
    };
    OperationError::new(code).caused_by(error)
}

pub(crate) fn from_pin_error(error: PinError) -> UseKeyError {
    let code = match error {
        PinError::Wrong { tries_left } => return UseKeyError::WrongCode { tries_left },
        PinError::LastTryNotConfirmed => return UseKeyError::LastTryNotConfirmed,
        PinError::Card(error) | PinError::OutcomeUnknown(error) => {
            return UseKeyError::Operation(from_card_error(error));
        }
        PinError::Blocked => ErrorCode::PinBlocked,
        PinError::Absent => ErrorCode::KeyAbsent,
        PinError::Length(_) | PinError::NewCodeLength(_) | PinError::NewCodeRefused { .. } => {
            ErrorCode::PinLength
        }
    };
    UseKeyError::Operation(OperationError::new(code).caused_by(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reader_fault_has_its_code() {
        for (fault, code) in [
            (ReaderFault::Removed, ErrorCode::CardRemoved),
            (ReaderFault::Reset, ErrorCode::CardRemoved),
            (ReaderFault::Busy, ErrorCode::ReaderBusy),
            (ReaderFault::Mute, ErrorCode::CardMute),
            (ReaderFault::ReaderGone, ErrorCode::ReaderLost),
            (ReaderFault::ServiceGone, ErrorCode::PcscUnavailable),
        ] {
            assert_eq!(from_reader_fault(fault).code, code);
        }
    }
}
