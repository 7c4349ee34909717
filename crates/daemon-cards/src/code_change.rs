//! A new code for the holder, set in one transaction.

use crate::card::{HolderCodeError, NewPin, Proof, last_try};
use crate::fault::{from_pin_error, from_unblock_error};
use crate::source::AfterUse;
use crate::worker::OpenCard;

impl OpenCard {
    /// Sets the new code, and ends without the state that the code which proves it has made.
    pub(crate) fn set_pin(
        &mut self,
        new_pin: &NewPin,
        after_use: AfterUse,
    ) -> Result<(), HolderCodeError> {
        self.in_transaction(|mut transaction, profile, memory| {
            let mut card = profile.open(transaction.channel(), memory);
            let last_try = last_try(new_pin.last_try_confirmed);
            let outcome = match &new_pin.proof {
                Proof::OldPin(old) => card
                    .change_pin(old, &new_pin.pin, last_try)
                    .map_err(from_pin_error),
                Proof::UnblockCode(code) => card
                    .unblock_pin(code, &new_pin.pin, last_try)
                    .map_err(from_unblock_error),
            };
            let leaves_code_presented = card.leaves_code_presented();
            drop(card);
            if leaves_code_presented && must_be_dropped(&new_pin.proof, after_use) {
                // What the card said of the new code holds, whatever becomes of the reset.
                if let Err(fault) = transaction.end_with_reset() {
                    tracing::warn!(?fault, "the card was not reset after a change of its code");
                }
            }
            outcome
        })
    }
}

/// A presented unblock code lets any program set a new code, so that no setting leaves it behind.
fn must_be_dropped(proof: &Proof, after_use: AfterUse) -> bool {
    match proof {
        Proof::UnblockCode(_) => true,
        Proof::OldPin(_) => after_use == AfterUse::Reset,
    }
}
