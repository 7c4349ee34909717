//! From what went wrong on the card to what the caller is told, exhaustively.

use card_apdu::{ReaderFault, StatusWord};
use card_profiles::{CardError, NotSent, PinError, UnblockError};
use daemon_types::{ErrorCode, NotTaken, OperationError, Reason};

use crate::{CodeForKey, HolderCodeError};

pub(crate) fn from_reader_fault(fault: ReaderFault) -> OperationError {
    let code = match &fault {
        ReaderFault::ModuleCannot { .. } => {
            return OperationError::new(ErrorCode::ModuleFailed)
                .because(Reason::ModuleCannot)
                .caused_by(fault);
        }
        ReaderFault::Removed | ReaderFault::Reset => ErrorCode::CardRemoved,
        ReaderFault::Busy => ErrorCode::ReaderBusy,
        ReaderFault::Mute => ErrorCode::CardMute,
        ReaderFault::ReaderGone => ErrorCode::ReaderLost,
        ReaderFault::ServiceGone => ErrorCode::PcscUnavailable,
        ReaderFault::ModuleFailed { .. } => ErrorCode::ModuleFailed,
        ReaderFault::Other { .. } | _ => ErrorCode::ReaderLost,
    };
    OperationError::new(code).caused_by(fault)
}

pub(crate) fn from_card_error(error: CardError) -> OperationError {
    let code = match error {
        CardError::Reader(fault) => return from_reader_fault(fault),
        CardError::KeyAbsent(_) => ErrorCode::KeyAbsent,
        CardError::AlgorithmUnsupported => ErrorCode::AlgorithmUnsupported,
        CardError::NotDeciphered => {
            return OperationError::bad_request("cryptogram", Reason::NotDeciphered);
        }
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

/// The same of a use of a key: where it rests on a code that was kept, a card that misses a code
/// has dropped that one.
pub(crate) fn from_key_error(error: CardError, code: &CodeForKey) -> HolderCodeError {
    match (&error, code) {
        (CardError::Refused { sw, .. }, CodeForKey::Kept(_))
            if *sw == StatusWord::SECURITY_STATUS_NOT_SATISFIED =>
        {
            HolderCodeError::NotPresented
        }
        (
            CardError::CodeWasWrong {
                tries_left: Some(0),
            },
            _,
        ) => HolderCodeError::Blocked,
        (CardError::CodeWasWrong { tries_left }, _) => HolderCodeError::WrongCode {
            tries_left: *tries_left,
        },
        _ => from_card_error(error).into(),
    }
}

pub(crate) fn from_pin_error(error: PinError) -> HolderCodeError {
    let operation_error = match error {
        PinError::Wrong { tries_left } => return HolderCodeError::WrongCode { tries_left },
        PinError::Blocked => return HolderCodeError::Blocked,
        PinError::LastTryNotConfirmed => return HolderCodeError::LastTryNotConfirmed,
        PinError::NotEntered(reason) => return from_keypad(reason),
        PinError::Card(error) => from_card_error(error),
        PinError::OutcomeUnknown(error) => from_card_error(error).because(Reason::OutcomeUnknown),
        PinError::Absent => OperationError::new(ErrorCode::KeyAbsent).caused_by(error),
        PinError::Length(_) => OperationError::new(ErrorCode::PinLength).caused_by(error),
        PinError::NewCodeLength(_) | PinError::NewCodeRefused(_) => {
            OperationError::new(ErrorCode::PinLength)
                .because(Reason::NewPinRefused)
                .caused_by(error)
        }
    };
    HolderCodeError::Operation(operation_error)
}

pub(crate) fn from_unblock_error(error: UnblockError) -> HolderCodeError {
    let operation_error = match error {
        UnblockError::Wrong { tries_left, .. } => return HolderCodeError::WrongCode { tries_left },
        UnblockError::Blocked => return HolderCodeError::Blocked,
        UnblockError::LastTryNotConfirmed => return HolderCodeError::LastTryNotConfirmed,
        UnblockError::NotEntered(reason) => return from_keypad(reason),
        UnblockError::Card(error) => from_card_error(error),
        UnblockError::OutcomeUnknown(error) => {
            from_card_error(error).because(Reason::OutcomeUnknown)
        }
        UnblockError::Absent => OperationError::new(ErrorCode::KeyAbsent).caused_by(error),
        UnblockError::NewCodeLength(_) | UnblockError::NewCodeRefused(_) => {
            OperationError::new(ErrorCode::PinLength)
                .because(Reason::NewPinRefused)
                .caused_by(error)
        }
    };
    HolderCodeError::Operation(operation_error)
}

/// A keypad that sent nothing to the card.
fn from_keypad(reason: NotSent) -> HolderCodeError {
    let code = match reason {
        NotSent::TimedOut => ErrorCode::Timeout,
        NotSent::Cancelled => ErrorCode::Cancelled,
        NotSent::NewCodesDiffer => return HolderCodeError::NotTaken(NotTaken::NewCodesDiffer),
        NotSent::Length => return HolderCodeError::NotTaken(NotTaken::Length),
        NotSent::Refused => return HolderCodeError::KeypadUnusable,
    };
    OperationError::new(code).caused_by(reason).into()
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
            (
                ReaderFault::ModuleFailed {
                    what: "it crashed".into(),
                },
                ErrorCode::ModuleFailed,
            ),
        ] {
            assert_eq!(from_reader_fault(fault).code, code);
        }
    }

    fn said(error: HolderCodeError) -> (Option<ErrorCode>, Option<Reason>) {
        match error {
            HolderCodeError::Operation(error) => (Some(error.code), error.reason),
            HolderCodeError::WrongCode { .. }
            | HolderCodeError::Blocked
            | HolderCodeError::LastTryNotConfirmed
            | HolderCodeError::NotPresented
            | HolderCodeError::NotTaken(_)
            | HolderCodeError::KeypadUnusable => (None, None),
        }
    }

    #[test]
    fn tries_that_nobody_counts_stay_unknown() {
        let tries = |error| {
            let HolderCodeError::WrongCode { tries_left } = error else {
                return None;
            };
            Some(tries_left)
        };
        for tries_left in [None, Some(1), Some(2)] {
            let uses_left = None;
            let of_pin = from_pin_error(PinError::Wrong { tries_left });
            let of_unblock_code = from_unblock_error(UnblockError::Wrong {
                tries_left,
                uses_left,
            });
            assert_eq!(tries(of_pin), Some(tries_left));
            assert_eq!(tries(of_unblock_code), Some(tries_left));
        }
    }

    #[test]
    fn an_outcome_that_nobody_knows_is_told_as_such() {
        let removed = || CardError::Reader(ReaderFault::Removed);
        let unknown = (Some(ErrorCode::CardRemoved), Some(Reason::OutcomeUnknown));
        assert_eq!(
            said(from_pin_error(PinError::OutcomeUnknown(removed()))),
            unknown
        );
        assert_eq!(
            said(from_unblock_error(UnblockError::OutcomeUnknown(removed()))),
            unknown
        );
        let known = (Some(ErrorCode::CardRemoved), None);
        assert_eq!(said(from_pin_error(PinError::Card(removed()))), known);
        assert_eq!(
            said(from_unblock_error(UnblockError::Card(removed()))),
            known
        );
    }

    #[test]
    fn a_new_code_that_the_card_does_not_take_is_no_wrong_code() {
        let answer = || CardError::Refused {
            command: "CHANGE REFERENCE DATA",
            sw: StatusWord::WRONG_DATA,
        };
        let refused = (Some(ErrorCode::PinLength), Some(Reason::NewPinRefused));
        assert_eq!(
            said(from_pin_error(PinError::NewCodeRefused(answer()))),
            refused
        );
        assert_eq!(
            said(from_unblock_error(UnblockError::NewCodeRefused(answer()))),
            refused
        );
    }
}
