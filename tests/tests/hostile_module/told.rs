//! What a caller is told, as the agent sorts it.

use card_apdu::ReaderFault;
use card_profiles::{CardError, PinError, UnblockError};

/// An error of the agent's interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Told {
    CardRemoved,
    ReaderLost,
    ModuleFailed,
    CardUnsupported,
    KeyAbsent,
    AlgorithmUnsupported,
    NotDeciphered,
    PinWrong(Option<u8>),
    PinBlocked,
    LastTryNotConfirmed,
    PinLength,
    /// The module or the card does not take the new code; the old one holds.
    NewPinRefused,
    /// Either code may hold.
    OutcomeUnknown,
    Cancelled,
    Internal,
}

impl Told {
    pub(crate) fn name(self) -> String {
        let debug = format!("{self:?}");
        debug.split('(').next().unwrap_or_default().to_owned()
    }
}

pub(crate) fn told_of_reader(fault: ReaderFault) -> Told {
    match fault {
        ReaderFault::Removed | ReaderFault::Reset => Told::CardRemoved,
        ReaderFault::ReaderGone => Told::ReaderLost,
        ReaderFault::ModuleFailed { .. } | ReaderFault::ModuleCannot { .. } => Told::ModuleFailed,
        _ => Told::Internal,
    }
}

pub(crate) fn told_of_card(error: CardError) -> Told {
    match error {
        CardError::Reader(fault) => told_of_reader(fault),
        CardError::KeyAbsent(_) => Told::KeyAbsent,
        CardError::AlgorithmUnsupported => Told::AlgorithmUnsupported,
        CardError::NotDeciphered => Told::NotDeciphered,
        CardError::CodeWasWrong {
            tries_left: Some(0),
        } => Told::PinBlocked,
        CardError::CodeWasWrong { tries_left } => Told::PinWrong(tries_left),
        CardError::Bug(_) => Told::Internal,
        _ => Told::CardUnsupported,
    }
}

pub(crate) fn told_of_pin(error: PinError) -> Told {
    match error {
        PinError::Wrong { tries_left } => Told::PinWrong(tries_left),
        PinError::Blocked => Told::PinBlocked,
        PinError::Absent => Told::KeyAbsent,
        PinError::Length(_) => Told::PinLength,
        PinError::LastTryNotConfirmed => Told::LastTryNotConfirmed,
        PinError::NewCodeLength(_) | PinError::NewCodeRefused(_) => Told::NewPinRefused,
        PinError::OutcomeUnknown(_) => Told::OutcomeUnknown,
        PinError::NotEntered(_) => Told::Cancelled,
        PinError::Card(error) => told_of_card(error),
    }
}

pub(crate) fn told_of_unblocking(error: UnblockError) -> Told {
    match error {
        UnblockError::Wrong { tries_left, .. } => Told::PinWrong(tries_left),
        UnblockError::Blocked => Told::PinBlocked,
        UnblockError::Absent => Told::KeyAbsent,
        UnblockError::LastTryNotConfirmed => Told::LastTryNotConfirmed,
        UnblockError::NewCodeLength(_) | UnblockError::NewCodeRefused(_) => Told::NewPinRefused,
        UnblockError::OutcomeUnknown(_) => Told::OutcomeUnknown,
        UnblockError::NotEntered(_) => Told::Cancelled,
        UnblockError::Card(error) => told_of_card(error),
    }
}
