//! A new code for the holder: after the old one, or after the unblock code.
//!
//! The official module ignores most answers to these commands and would report success for a
//! card that refused them. Here each answer is looked at, and only 9000 goes on.

use card_apdu::{CommandApdu, KeypadCodes, KeypadTime, NotSent};
use secrets::{Pin, UnblockCode};

use super::{CHANNEL_1, Cps4};
use crate::card::LastTry;
use crate::code_answers::{
    NewCodeFault, Presentation, UNBLOCK_CODE_OF_ANOTHER_LENGTH, check_counter_after, check_tries,
    new_code_taken,
};
use crate::directory::Directory;
use crate::keypad::{self, CodeSource};
use crate::pkcs15::PinObject;
use crate::{CardError, PinError, UnblockError};

impl Cps4<'_> {
    /// Selection, counter, VERIFY of the old code, CHANGE REFERENCE DATA with the new one, counter.
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
        self.verify_holder_code(&object, CodeSource::Digits(old), last_try)?;
        self.change_reference_data(&object, new)?;
        Ok(self.check_pin_after(&object)?)
    }

    /// The same with codes that are typed at the keypad, one after the other.
    pub(super) fn change_code_at_keypad(
        &mut self,
        time: KeypadTime,
        last_try: LastTry,
        go_on: &dyn Fn() -> bool,
    ) -> Result<(), PinError> {
        let object = self.pin_object()?.ok_or(PinError::Absent)?;
        let stopped = || Err(PinError::NotEntered(NotSent::Cancelled));
        if !go_on() {
            return stopped();
        }
        self.verify_holder_code(&object, CodeSource::Keypad(time), last_try)?;
        if !go_on() {
            return stopped();
        }
        self.enter_new_code(&object, time)?;
        Ok(self.check_pin_after(&object)?)
    }

    /// Selection, counter, VERIFY of the unblock code, RESET RETRY COUNTER, CHANGE REFERENCE DATA, counter.
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
        self.reset_retry_counter(&pin)?;
        self.change_reference_data(&pin, new)?;
        Ok(self.check_pin_after(&pin)?)
    }

    /// Selection, counter, VERIFY of the unblock code.
    fn present_unblock_code(
        &mut self,
        unblock: &PinObject,
        code: &[u8],
        last_try: LastTry,
    ) -> Result<(), UnblockError> {
        self.enter_application()?;
        let state = self.code_state(unblock.reference)?;
        check_tries(state.tries_left(), last_try)?;
        match self.verify(unblock, CodeSource::Digits(code), false)? {
            Presentation::Accepted => Ok(()),
            Presentation::Wrong { tries_left } => Err(UnblockError::Wrong {
                tries_left: Some(tries_left),
                uses_left: None,
            }),
            Presentation::Blocked => Err(UnblockError::Blocked),
            Presentation::NotEntered(reason) => Err(UnblockError::NotEntered(reason)),
        }
    }

    /// CHANGE REFERENCE DATA (ISO/IEC 7816-4, 11.6.7), P1 = 01: the new code alone, since the
    /// old one or the unblock code was presented before.
    fn change_reference_data(&mut self, pin: &PinObject, new: &[u8]) -> Result<(), NewCodeFault> {
        let command = CommandApdu::new(CHANNEL_1, CHANGE_REFERENCE_DATA, 0x01, pin.reference)
            .with_secret_data(&pin.reference_data(new));
        let answer = self.channel.transmit(&command);
        new_code_taken(answer.map(|response| response.sw()), CHANGE_NAME)
    }

    /// The same with a new code that is typed at the keypad.
    fn enter_new_code(&mut self, pin: &PinObject, time: KeypadTime) -> Result<(), NewCodeFault> {
        let command = [CHANNEL_1, CHANGE_REFERENCE_DATA, 0x01, pin.reference];
        let entry = pin.at_keypad(command, KeypadCodes::NewTwice, time);
        keypad::new_code_entered(keypad::enter(self.channel, &entry), CHANGE_NAME)
    }

    /// RESET RETRY COUNTER (ISO/IEC 7816-4, 11.6.10), P1 = 03: no data; it takes the reference with its high bit.
    fn reset_retry_counter(&mut self, pin: &PinObject) -> Result<(), CardError> {
        let reference = pin.reference | REFERENCE_IN_DF;
        let command = CommandApdu::new(CHANNEL_1, RESET_RETRY_COUNTER, 0x03, reference);
        let response = self.channel.transmit(&command)?;
        if response.sw().is_success() {
            return Ok(());
        }
        Err(CardError::Refused {
            command: "RESET RETRY COUNTER",
            sw: response.sw(),
        })
    }

    fn check_pin_after(&mut self, pin: &PinObject) -> Result<(), CardError> {
        let state = self.code_state(pin.reference);
        check_counter_after(state.map(|state| state.tries_left()))
    }
}

const CHANGE_NAME: &str = "CHANGE REFERENCE DATA";
const CHANGE_REFERENCE_DATA: u8 = 0x24;
const RESET_RETRY_COUNTER: u8 = 0x2C;
/// Bit 8 of a reference: it belongs to the current DF (ISO/IEC 7816-4, table 93).
const REFERENCE_IN_DF: u8 = 0x80;
