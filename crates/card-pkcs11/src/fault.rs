//! What goes wrong with a module, sorted by what can be done about it.

use card_apdu::ReaderFault;
use card_profiles::CardError;
use serde::{Deserialize, Serialize};

/// Why a module did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum ModuleFault {
    /// There is no such file.
    #[error("there is no PKCS#11 module at this place: {0}")]
    Missing(String),
    /// A library for another kind of processor, such as 32 bits beside a 64-bit agent.
    #[error("the PKCS#11 module is built for another system (32 bits, perhaps): {0}")]
    OtherArchitecture(String),
    /// The file is no library, or none with C_GetFunctionList.
    #[error("the file is not a PKCS#11 module: {0}")]
    NotAModule(String),
    /// Others than the administrator and this user can write the file, or its folder.
    #[error("others can write the PKCS#11 module or its folder, so it is not loaded: {0}")]
    NotTrusted(String),
    /// A function returned something else than CKR_OK.
    #[error("the PKCS#11 module returned {code:?} from {function}")]
    Returned {
        /// The function, such as `C_Login`.
        function: String,
        /// What it returned.
        code: Ckr,
    },
    /// The module does not know the reader, or not any more.
    #[error("the PKCS#11 module does not know the reader")]
    NoReader,
    /// There is no token in the reader, or not any more.
    #[error("the PKCS#11 module sees no card in the reader")]
    NoToken,
    /// The token is there and has nothing on it.
    #[error("the token was never initialised")]
    NotInitialised,
    /// No key of the token has the label or the id.
    #[error("the PKCS#11 module has no such key")]
    NoKey,
    /// The module ended its process.
    #[error("the PKCS#11 module crashed")]
    Crashed,
    /// The module did not come back from a call.
    #[error("the PKCS#11 module does not come back from a call")]
    Hung,
    /// The host's program cannot be started.
    #[error("the program for the PKCS#11 module cannot be started: {0}")]
    NotStarted(String),
    /// What the module gave makes no sense.
    #[error("the PKCS#11 module gave nonsense: {0}")]
    Nonsense(String),
}

/// Return values (PKCS #11 2.40, 5.1) that are told apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ckr {
    /// CKR_PIN_INCORRECT.
    PinIncorrect,
    /// CKR_PIN_LOCKED.
    PinLocked,
    /// CKR_PIN_LEN_RANGE.
    PinLenRange,
    /// CKR_PIN_INVALID and CKR_PIN_TOO_WEAK.
    PinInvalid,
    /// CKR_USER_NOT_LOGGED_IN.
    UserNotLoggedIn,
    /// CKR_USER_PIN_NOT_INITIALIZED.
    UserPinNotInitialized,
    /// CKR_FUNCTION_CANCELED and CKR_CANCEL, at a keypad.
    Canceled,
    /// CKR_SESSION_HANDLE_INVALID, CKR_SESSION_CLOSED, CKR_DEVICE_REMOVED, CKR_TOKEN_NOT_PRESENT and
    /// CKR_TOKEN_NOT_RECOGNIZED: the card that the session was opened on has left.
    TokenGone,
    /// CKR_MECHANISM_INVALID, CKR_MECHANISM_PARAM_INVALID and CKR_KEY_FUNCTION_NOT_PERMITTED: the key does not
    /// do this. CKR_KEY_TYPE_INCONSISTENT is none of them: the official module says so of a card that another
    /// program took away under it.
    NotDone,
    /// CKR_OPERATION_ACTIVE: a search or a signature that was begun before did not end.
    OperationActive,
    /// CKR_FUNCTION_NOT_SUPPORTED: nothing was done.
    NotSupported,
    /// Any other, by its name.
    Other(String),
}

impl ModuleFault {
    /// What the reader is said to have done.
    pub(crate) fn into_reader_fault(self) -> ReaderFault {
        match self {
            Self::NoReader => ReaderFault::ReaderGone,
            Self::NoToken
            | Self::Returned {
                code: Ckr::TokenGone,
                ..
            } => ReaderFault::Removed,
            Self::Returned {
                code: Ckr::NotSupported | Ckr::NotDone,
                ..
            } => ReaderFault::ModuleCannot {
                what: self.to_string(),
            },
            fault @ (Self::Missing(_)
            | Self::OtherArchitecture(_)
            | Self::NotAModule(_)
            | Self::NotTrusted(_)
            | Self::Returned { .. }
            | Self::NotInitialised
            | Self::NoKey
            | Self::Crashed
            | Self::Hung
            | Self::NotStarted(_)
            | Self::Nonsense(_)) => ReaderFault::ModuleFailed {
                what: fault.to_string(),
            },
        }
    }

    /// What it returned, if it returned.
    pub(crate) fn returned(&self) -> Option<&Ckr> {
        if let Self::Returned { code, .. } = self {
            Some(code)
        } else {
            None
        }
    }
}

impl From<ModuleFault> for CardError {
    fn from(fault: ModuleFault) -> Self {
        Self::Reader(fault.into_reader_fault())
    }
}
