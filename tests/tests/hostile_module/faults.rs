//! The columns of the matrix: what a call does in place of its work.

use crate::told::Told;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    Crash,
    Hang,
    NonsenseLength,
    DeviceRemoved,
    SessionHandleInvalid,
    TokenNotRecognized,
    GeneralError,
}

impl Fault {
    pub(crate) const ALL: [Self; 7] = [
        Self::Crash,
        Self::Hang,
        Self::NonsenseLength,
        Self::DeviceRemoved,
        Self::SessionHandleInvalid,
        Self::TokenNotRecognized,
        Self::GeneralError,
    ];

    /// As the plan of the test module and its trace call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Crash => "crash",
            Self::Hang => "hang",
            Self::NonsenseLength => "nonsense-length",
            Self::DeviceRemoved => "CKR_DEVICE_REMOVED",
            Self::SessionHandleInvalid => "CKR_SESSION_HANDLE_INVALID",
            Self::TokenNotRecognized => "CKR_TOKEN_NOT_RECOGNIZED",
            Self::GeneralError => "CKR_GENERAL_ERROR",
        }
    }

    /// What is true of it, beside what is true of the operation itself.
    pub(crate) fn may_be_told(self) -> &'static [Told] {
        match self {
            Self::Crash | Self::Hang | Self::NonsenseLength | Self::GeneralError => {
                &[Told::ModuleFailed, Told::OutcomeUnknown]
            }
            Self::DeviceRemoved | Self::SessionHandleInvalid | Self::TokenNotRecognized => {
                &[Told::CardRemoved, Told::OutcomeUnknown]
            }
        }
    }
}

/// Every function that a host calls on a card.
pub(crate) const FUNCTIONS: [&str; 21] = [
    "C_GetFunctionList",
    "C_Initialize",
    "C_GetSlotList",
    "C_GetSlotInfo",
    "C_GetTokenInfo",
    "C_GetMechanismList",
    "C_OpenSession",
    "C_GetSessionInfo",
    "C_FindObjectsInit",
    "C_FindObjects",
    "C_FindObjectsFinal",
    "C_GetAttributeValue",
    "C_Login",
    "C_Logout",
    "C_SetPIN",
    "C_InitPIN",
    "C_SignInit",
    "C_Sign",
    "C_DecryptInit",
    "C_Decrypt",
    "C_CloseSession",
];
