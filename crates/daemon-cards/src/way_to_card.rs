//! How the card of a connection is reached: by commands of its profile, or by whoever drives it.

use card_apdu::Atr;
use card_profiles::{CardMemory, CpxCard, Profile, Recognition, recognise};
use daemon_types::{ErrorCode, OperationError};

use crate::problem::Problem;
use crate::source::{CardTransaction, WayToCard};

/// The profile that an answer to reset names.
pub(crate) fn profile_of(atr: &Atr) -> Result<Profile, Problem> {
    let code = match recognise(atr) {
        Recognition::Known(profile) => return Ok(profile),
        Recognition::UnsupportedCpx => ErrorCode::CardUnsupported,
        Recognition::Unknown => ErrorCode::CardUnknown,
    };
    Err(Problem::lasting(code.into(), atr.to_string()))
}

/// The card of a transaction.
pub(crate) fn open<'a>(
    transaction: &'a mut (dyn CardTransaction + '_),
    profile: Option<Profile>,
    memory: &'a mut CardMemory,
) -> Result<Box<dyn CpxCard + 'a>, OperationError> {
    match (transaction.way(), profile) {
        (WayToCard::Channel(channel), Some(profile)) => Ok(profile.open(channel, memory)),
        (WayToCard::Card(card), _) => Ok(card),
        (WayToCard::Channel(_), None) => Err(OperationError::new(ErrorCode::Internal)
            .caused_by("a channel to a card that gave no answer to reset")),
    }
}

pub(crate) fn has_keypad(transaction: &mut (dyn CardTransaction + '_)) -> bool {
    match transaction.way() {
        WayToCard::Channel(channel) => channel.keypad().is_some(),
        WayToCard::Card(_) => false,
    }
}
