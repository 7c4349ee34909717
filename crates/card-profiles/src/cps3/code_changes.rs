//! A new code for the holder: after the old one, or after the unblock code.

use card_apdu::{CommandApdu, KeypadCodes, KeypadTime, NotSent, StatusWord};
use secrets::{Pin, UnblockCode};
use zeroize::Zeroizing;

use super::Cps3;
use crate::card::LastTry;
use crate::code_answers::{
    Presentation, UNBLOCK_CODE_OF_ANOTHER_LENGTH, check_counter_after, check_tries, new_code_taken,
};
use crate::directory::Directory;
use crate::keypad::{self, CodeSource};
use crate::pkcs15::PinObject;
use crate::{PinError, UnblockError};

impl Cps3<'_> {
    /// Selection, counter, CHANGE REFERENCE DATA with both codes, counter again.
    ///
    /// The two codes lie side by side in the command and the card cuts them by the length of the
    /// one it knows. Where it takes several lengths, an old code typed too long would lend its
    /// last digits to the new one; so there the old code is presented by itself first.
    pub(super) fn change_code(
        &mut self,
        old: &Pin,
        new: &Pin,
        last_try: LastTry,
    ) -> Result<(), PinError> {
        let object = self.pin_object()?.ok_or(PinError::Absent)?;
        let (old, new) = (old.digits().expose(), new.digits().expose());
        if !object.takes(old) {
            return Err(PinError::Length(object.limits));
        }
        if !object.takes(new) {
            return Err(PinError::NewCodeLength(object.limits));
        }
        self.select_application()?;
        let was_verified_before = self.check_pin_before_use(&object, last_try)?;
        if object.has_several_lengths() {
            let old = CodeSource::Digits(old);
            self.verify_holder_code(&object, old, was_verified_before)?;
        }
        let changed = self.change_reference_data(&object, old, new);
        self.settle_change(&object, changed, was_verified_before)
    }

    /// The same with codes that are typed at the keypad, both into one command: only where each has
    /// its place there ([`keypad_uses`](crate::CpxCard::keypad_uses)).
    pub(super) fn change_code_at_keypad(
        &mut self,
        time: KeypadTime,
        last_try: LastTry,
        go_on: &dyn Fn() -> bool,
    ) -> Result<(), PinError> {
        let object = self.pin_object()?.ok_or(PinError::Absent)?;
        self.select_application()?;
        let was_verified_before = self.check_pin_before_use(&object, last_try)?;
        let command = [0x00, CHANGE_REFERENCE_DATA, 0x00, object.reference];
        let entry = object.at_keypad(command, KeypadCodes::OldThenNewTwice, time);
        if !go_on() {
            return Err(PinError::NotEntered(NotSent::Cancelled));
        }
        let entered = keypad::enter(self.channel, &entry);
        let changed = match self.judge_old_code(&object, entered.as_ref().ok().copied()) {
            Some(fault) => Err(fault),
            None => keypad::new_code_entered(entered, CHANGE_NAME).map_err(PinError::from),
        };
        self.settle_change(&object, changed, was_verified_before)
    }

    /// The counter after a change, and whose doing it is that the card knows of a code.
    fn settle_change(
        &mut self,
        object: &PinObject,
        changed: Result<(), PinError>,
        was_verified_before: bool,
    ) -> Result<(), PinError> {
        if matches!(changed, Err(PinError::OutcomeUnknown(_))) {
            self.leaves_code_presented = !was_verified_before;
        }
        changed?;
        let after = self.code_state(object.reference);
        let is_presented = after.as_ref().map_or(true, |state| state.is_presented());
        self.leaves_code_presented = is_presented && !was_verified_before;
        Ok(check_counter_after(after.map(|state| state.tries_left()))?)
    }

    /// CHANGE REFERENCE DATA (ISO/IEC 7816-4, 11.6.7), P1 = 00: old code, then new code.
    fn change_reference_data(
        &mut self,
        object: &PinObject,
        old: &[u8],
        new: &[u8],
    ) -> Result<(), PinError> {
        let (old, new) = (object.reference_data(old), object.reference_data(new));
        let mut both = Zeroizing::new(Vec::with_capacity(old.len() + new.len()));
        both.extend_from_slice(&old);
        both.extend_from_slice(&new);
        let command = CommandApdu::new(0x00, CHANGE_REFERENCE_DATA, 0x00, object.reference)
            .with_secret_data(&both);
        let answer = self.channel.transmit(&command);
        let answer = answer.map(|response| response.sw());
        match self.judge_old_code(object, answer.as_ref().ok().copied().map(Ok)) {
            Some(fault) => Err(fault),
            None => Ok(new_code_taken(answer, CHANGE_NAME)?),
        }
    }

    /// What the card says against the old code in a command that carried both.
    fn judge_old_code(
        &mut self,
        object: &PinObject,
        answer: Option<Result<StatusWord, NotSent>>,
    ) -> Option<PinError> {
        let sw = answer?.ok()?;
        match self.judge_code(object, sw, CHANGE_NAME) {
            Ok(Presentation::Wrong { tries_left }) => Some(PinError::Wrong {
                tries_left: Some(tries_left),
            }),
            Ok(Presentation::Blocked) => Some(PinError::Blocked),
            Ok(Presentation::Accepted | Presentation::NotEntered(_)) | Err(_) => None,
        }
    }

    /// Both counters, selection, VERIFY of the unblock code, RESET RETRY COUNTER, counter again.
    pub(super) fn set_code_by_unblock_code(
        &mut self,
        code: &UnblockCode,
        new: &Pin,
        last_try: LastTry,
    ) -> Result<(), UnblockError> {
        let (pin, unblock) = self.both_code_objects()?;
        let (code, new) = (code.digits().expose(), new.digits().expose());
        if !pin.takes(new) {
            return Err(UnblockError::NewCodeLength(pin.limits));
        }
        if !unblock.takes(code) {
            return Err(UNBLOCK_CODE_OF_ANOTHER_LENGTH.into());
        }
        self.present_unblock_code(&unblock, code, last_try)?;
        self.reset_retry_counter(&pin, new)?;
        self.check_pin_after_unblocking()
    }

    /// Both counters, selection, VERIFY of the unblock code.
    fn present_unblock_code(
        &mut self,
        unblock: &PinObject,
        code: &[u8],
        last_try: LastTry,
    ) -> Result<(), UnblockError> {
        self.check_unblock_code_before_use(unblock, last_try)?;
        self.select_application()?;
        match self.verify(unblock, CodeSource::Digits(code), false)? {
            Presentation::Accepted => Ok(()),
            Presentation::Wrong { tries_left } => {
                let uses_left = self.uses_left_after_wrong_code();
                Err(UnblockError::Wrong {
                    tries_left: Some(tries_left),
                    uses_left,
                })
            }
            Presentation::Blocked => Err(UnblockError::Blocked),
            Presentation::NotEntered(reason) => Err(UnblockError::NotEntered(reason)),
        }
    }

    fn check_pin_after_unblocking(&mut self) -> Result<(), UnblockError> {
        let tries_left = self.read_code_states().map(|states| {
            let pin = states.pin?;
            pin.tries_left
        });
        Ok(check_counter_after(tries_left)?)
    }

    /// Holds the unblock code back where it has no use left, and where [`check_tries`] says so.
    fn check_unblock_code_before_use(
        &mut self,
        unblock: &PinObject,
        last_try: LastTry,
    ) -> Result<(), UnblockError> {
        let counters = self.read_code_states()?.unblock_code;
        let counters = counters.ok_or(UnblockError::Absent)?;
        if counters.is_blocked() {
            return Err(UnblockError::Blocked);
        }
        let mut tries_left = counters.tries_left;
        if tries_left.is_none() {
            self.select_application()?;
            tries_left = self.ask_tries_left(unblock)?.0;
        }
        Ok(check_tries(tries_left, last_try)?)
    }

    /// A wrong code may have cost a use besides a try; only the card knows.
    fn uses_left_after_wrong_code(&mut self) -> Option<u16> {
        let states = self.read_code_states().ok()?;
        states.unblock_code?.uses_left
    }

    /// RESET RETRY COUNTER (ISO/IEC 7816-4, 11.6.10), P1 = 02: the new code alone, since the
    /// unblock code was presented before.
    fn reset_retry_counter(&mut self, pin: &PinObject, new: &[u8]) -> Result<(), UnblockError> {
        let command = CommandApdu::new(0x00, RESET_RETRY_COUNTER, 0x02, pin.reference)
            .with_secret_data(&pin.reference_data(new));
        let answer = self.channel.transmit(&command);
        let answer = answer.map(|response| response.sw());
        Ok(new_code_taken(answer, RESET_NAME)?)
    }
}

const CHANGE_NAME: &str = "CHANGE REFERENCE DATA";
const RESET_NAME: &str = "RESET RETRY COUNTER";
const CHANGE_REFERENCE_DATA: u8 = 0x24;
const RESET_RETRY_COUNTER: u8 = 0x2C;
