//! What a function returned, in the words of the protocol.

use cryptoki::error::{Error, RvError};

use crate::fault::{Ckr, ModuleFault};

/// The fault behind an error of the wrapper.
pub(super) fn fault_of(error: Error) -> ModuleFault {
    match error {
        Error::Pkcs11(RvError::SlotIdInvalid, _) => ModuleFault::NoReader,
        Error::Pkcs11(code, function) => ModuleFault::Returned {
            function: format!("C_{function:?}"),
            code: ckr_of(&code),
        },
        Error::NullFunctionPointer => {
            ModuleFault::NotAModule("one of its functions is missing".into())
        }
        error @ (Error::NotSupported | _) => ModuleFault::Nonsense(error.to_string()),
    }
}

fn ckr_of(code: &RvError) -> Ckr {
    match code {
        RvError::PinIncorrect => Ckr::PinIncorrect,
        RvError::PinLocked => Ckr::PinLocked,
        RvError::PinLenRange => Ckr::PinLenRange,
        RvError::PinInvalid | RvError::PinTooWeak => Ckr::PinInvalid,
        RvError::UserNotLoggedIn => Ckr::UserNotLoggedIn,
        RvError::UserPinNotInitialized => Ckr::UserPinNotInitialized,
        RvError::FunctionCanceled | RvError::Cancel => Ckr::Canceled,
        RvError::SessionHandleInvalid
        | RvError::SessionClosed
        | RvError::DeviceRemoved
        | RvError::TokenNotPresent
        | RvError::TokenNotRecognized => Ckr::TokenGone,
        RvError::MechanismInvalid
        | RvError::MechanismParamInvalid
        | RvError::KeyFunctionNotPermitted => Ckr::NotDone,
        RvError::OperationActive => Ckr::OperationActive,
        RvError::FunctionNotSupported => Ckr::NotSupported,
        other @ (RvError::GeneralError | _) => Ckr::Other(format!("{other:?}")),
    }
}
