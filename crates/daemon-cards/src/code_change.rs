//! A new code for the holder, set in one transaction.

use card_profiles::CpxCard;

use crate::card::{HolderCodeError, NewCode, NewPin, Proof, last_try};
use crate::fault::{from_pin_error, from_unblock_error};
use crate::open_card::{AfterCode, GoOn, OpenCard};
use crate::source::AfterUse;

impl OpenCard {
    /// Sets the new code, and ends without the state that the code which proves it has made.
    pub(crate) fn set_pin(
        &mut self,
        new_code: &NewCode,
        after_use: AfterUse,
        go_on: &GoOn<'_>,
    ) -> Result<(), HolderCodeError> {
        let after = after_proof(new_code, after_use);
        self.present_code(after, |card| {
            go_on()?;
            match new_code {
                NewCode::Typed(new_pin) => prove_and_set(card, new_pin),
                NewCode::ChangeAtKeypad(at_keypad) => at_keypad.change_pin(card, go_on),
            }
        })
    }
}

fn prove_and_set(card: &mut dyn CpxCard, new_pin: &NewPin) -> Result<(), HolderCodeError> {
    let last_try = last_try(new_pin.last_try_confirmed);
    match &new_pin.proof {
        Proof::OldPin(old) => card
            .change_pin(old, &new_pin.pin, last_try)
            .map_err(from_pin_error),
        Proof::UnblockCode(code) => card
            .unblock_pin(code, &new_pin.pin, last_try)
            .map_err(from_unblock_error),
    }
}

/// A presented unblock code lets any program set a new code, so that no setting leaves it behind.
fn after_proof(new_code: &NewCode, after_use: AfterUse) -> AfterCode<'static> {
    let is_unblocking = match new_code {
        NewCode::Typed(new_pin) => matches!(new_pin.proof, Proof::UnblockCode(_)),
        NewCode::ChangeAtKeypad(_) => false,
    };
    if is_unblocking {
        AfterCode::Drop
    } else {
        after_use.into()
    }
}
