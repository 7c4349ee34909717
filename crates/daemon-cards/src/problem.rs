//! Why a card could not be identified, and whether another look is worth it.

use card_apdu::ReaderFault;
use daemon_types::{ErrorCode, OperationError};

use crate::fault::from_reader_fault;

/// Why a card could not be identified.
pub(crate) struct Problem {
    pub(crate) error: OperationError,
    pub(crate) atr: Option<String>,
    /// Another program reset the card meanwhile: worth another look at once.
    pub(crate) was_disturbed: bool,
    /// What stands in the way may go without PC/SC saying so: worth another look later.
    pub(crate) may_pass: bool,
}

impl Problem {
    pub(crate) fn lasting(error: OperationError, atr: String) -> Self {
        Self {
            error,
            atr: Some(atr),
            was_disturbed: false,
            may_pass: false,
        }
    }

    pub(crate) fn while_reading(error: OperationError, atr: Option<String>) -> Self {
        let was_disturbed = error.code == ErrorCode::CardRemoved;
        Self {
            was_disturbed,
            may_pass: may_pass(error.code),
            atr,
            error,
        }
    }
}

impl From<ReaderFault> for Problem {
    fn from(fault: ReaderFault) -> Self {
        let was_disturbed = fault == ReaderFault::Reset;
        let error = from_reader_fault(fault);
        Self {
            was_disturbed,
            may_pass: may_pass(error.code),
            error,
            atr: None,
        }
    }
}

fn may_pass(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::CardRemoved
            | ErrorCode::ReaderBusy
            | ErrorCode::CardMute
            | ErrorCode::ReaderLost
            | ErrorCode::ModuleFailed
    )
}
