//! The holder's code and the unblock code: counters and VERIFY.

use card_apdu::tlv::{self, Tag};
use card_apdu::{CommandApdu, ExpectedLen};
use secrets::Pin;

use super::Cps3;
use crate::card::{CodeCounters, CodeStates, LastTry, Verification};
use crate::code_answers::{CodeState, Presentation, check_tries};
use crate::directory::Directory;
use crate::pkcs15::PinObject;
use crate::{CardError, PinError};

impl Cps3<'_> {
    pub(super) fn read_code_states(&mut self) -> Result<CodeStates, CardError> {
        let (pin, unblock_code) = (self.pin_object()?, self.unblock_object()?);
        if pin.is_none() && unblock_code.is_none() {
            return Ok(CodeStates {
                pin: None,
                unblock_code: None,
            });
        }
        self.select_master_file()?;
        let mut counters = |object: Option<PinObject>| {
            object
                .map(|object| self.read_counters(object.reference))
                .transpose()
        };
        Ok(CodeStates {
            pin: counters(pin)?,
            unblock_code: counters(unblock_code)?,
        })
    }

    /// GET DATA on the control parameters of a code (IAS-ECC, SDO class 01). 3F00 must be current.
    fn read_counters(&mut self, reference: u8) -> Result<CodeCounters, CardError> {
        let object = [0xBF, 0x81, reference, 0x02, 0xA0, 0x80];
        let data = [&[0x4D, 0x08, 0x70, 0x06], &object[..]].concat();
        let command = CommandApdu::new(0x00, GET_DATA, 0x3F, 0xFF)
            .with_data(data)
            .with_le(ExpectedLen::AsMuchAsPossible);
        let response = self.channel.transmit(&command)?;
        if !response.sw().is_success() {
            return Err(CardError::Refused {
                command: "GET DATA",
                sw: response.sw(),
            });
        }
        let sdo = Tag(u32::from_be_bytes([0x00, 0xBF, 0x81, reference]));
        let what = "the counters of a code";
        let parameters = tlv::find_path(response.data(), &[Tag(0x70), sdo, Tag(0xA0)])
            .map_err(CardError::tlv(what))?
            .ok_or(CardError::malformed(what))?;
        let number = |tag| {
            tlv::find(parameters, tag)
                .map_err(CardError::tlv(what))
                .map(|value| value.and_then(small_number))
        };
        let tries_left = number(TRIES_LEFT)?.ok_or(CardError::malformed(what))?;
        Ok(CodeCounters {
            tries_left: Some(u8::try_from(tries_left).map_err(|_| CardError::malformed(what))?),
            tries_maximum: number(TRIES_MAXIMUM)?.and_then(|max| u8::try_from(max).ok()),
            uses_left: number(USES_LEFT)?,
        })
    }

    /// Selection, counter, VERIFY: in this order, in this transaction, each once.
    pub(super) fn present_pin(
        &mut self,
        pin: &Pin,
        last_try: LastTry,
    ) -> Result<Verification, PinError> {
        let object = self.pin_object()?.ok_or(PinError::Absent)?;
        let digits = pin.digits().expose();
        if !object.takes(digits) {
            return Err(PinError::Length(object.limits));
        }
        self.select_application()?;
        let was_verified_before = self.check_pin_before_use(object.reference, last_try)?;
        self.verify_holder_code(&object, digits)?;
        self.leaves_code_presented = !was_verified_before;
        Ok(Verification {
            was_verified_before,
        })
    }

    /// Holds the code back where [`check_tries`] says so, and tells whether it was presented already.
    pub(super) fn check_pin_before_use(
        &mut self,
        reference: u8,
        last_try: LastTry,
    ) -> Result<bool, PinError> {
        let state = self.code_state(reference)?;
        let tries_left = match state {
            CodeState::NotPresented { tries_left } => Some(tries_left),
            CodeState::Presented => self.tries_left_by_get_data(reference)?,
        };
        check_tries(tries_left, last_try)?;
        Ok(state.is_presented())
    }

    /// VERIFY without data, which costs no try.
    pub(super) fn code_state(&mut self, reference: u8) -> Result<CodeState, CardError> {
        let command = CommandApdu::new(0x00, VERIFY, 0x00, reference);
        CodeState::of_answer(self.channel.transmit(&command)?.sw())
    }

    /// The number that the empty VERIFY does not tell; the application is selected again after it.
    pub(super) fn tries_left_by_get_data(
        &mut self,
        reference: u8,
    ) -> Result<Option<u8>, CardError> {
        self.select_master_file()?;
        let tries_left = self.read_counters(reference)?.tries_left;
        self.select_application()?;
        Ok(tries_left)
    }

    pub(super) fn verify_holder_code(
        &mut self,
        object: &PinObject,
        digits: &[u8],
    ) -> Result<(), PinError> {
        match self.verify(object, digits)? {
            Presentation::Accepted => Ok(()),
            Presentation::Wrong { tries_left } => Err(PinError::Wrong { tries_left }),
            Presentation::Blocked => Err(PinError::Blocked),
        }
    }

    /// VERIFY (ISO/IEC 7816-4, 11.6.6), sent once whatever comes back.
    pub(super) fn verify(
        &mut self,
        object: &PinObject,
        digits: &[u8],
    ) -> Result<Presentation, CardError> {
        let command = CommandApdu::new(0x00, VERIFY, 0x00, object.reference)
            .with_secret_data(&object.reference_data(digits));
        Presentation::of_answer(self.channel.transmit(&command)?.sw(), "VERIFY")
    }
}

fn small_number(bytes: &[u8]) -> Option<u16> {
    match *bytes {
        [low] => Some(u16::from(low)),
        [high, low] => Some(u16::from_be_bytes([high, low])),
        _ => None,
    }
}

const VERIFY: u8 = 0x20;
const GET_DATA: u8 = 0xCB;
const TRIES_MAXIMUM: Tag = Tag(0x9A);
const TRIES_LEFT: Tag = Tag(0x9B);
const USES_LEFT: Tag = Tag(0x9D);
