//! The holder's code and the unblock code: counters and VERIFY.

use card_apdu::tlv::{self, Tag};
use card_apdu::{CommandApdu, ExpectedLen, StatusWord};
use secrets::Pin;

use super::Cps3;
use crate::card::{CodeCounters, CodeStates, LastTry, Verification};
use crate::holder_code::{check_keys, holder_code, unblock_code};
use crate::pkcs15::PinObject;
use crate::{CardError, PinError};

impl Cps3<'_> {
    /// The holder's code, which neither the other codes nor the keys contradict as far as they are known.
    pub(super) fn pin_object(&mut self) -> Result<Option<PinObject>, CardError> {
        let pins = self.pin_objects()?;
        let pin = holder_code(&pins)?;
        if let (Some(pin), Some(keys)) = (pin, &self.memory.private_keys) {
            check_keys(pin, &pins, keys)?;
        }
        Ok(pin.cloned())
    }

    pub(super) fn read_code_states(&mut self) -> Result<CodeStates, CardError> {
        let pins = self.pin_objects()?;
        let (pin, unblock_code) = (holder_code(&pins)?, unblock_code(&pins)?);
        self.select_master_file()?;
        let mut counters = |object: Option<&PinObject>| {
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
            tries_left: u8::try_from(tries_left).map_err(|_| CardError::malformed(what))?,
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
        let fits = usize::from(object.limits.minimum_len)..=usize::from(object.limits.maximum_len);
        if !fits.contains(&digits.len()) {
            return Err(PinError::Length(object.limits));
        }
        self.select_application()?;
        let (tries_left, was_verified_before) = self.tries_before_verify(object.reference)?;
        match tries_left {
            0 => return Err(PinError::Blocked),
            1 if last_try == LastTry::NotConfirmed => return Err(PinError::LastTryNotConfirmed),
            _ => {}
        }
        self.verify(&object, digits)?;
        Ok(Verification {
            was_verified_before,
        })
    }

    /// The counter by an empty VERIFY, which answers 9000 when the code was
    /// presented already and tells no number then: GET DATA does.
    fn tries_before_verify(&mut self, reference: u8) -> Result<(u8, bool), CardError> {
        let response = self
            .channel
            .transmit(&CommandApdu::new(0x00, VERIFY, 0x00, reference))?;
        match (response.sw(), response.sw().tries_left()) {
            (_, Some(tries_left)) => Ok((tries_left, false)),
            (StatusWord::AUTHENTICATION_METHOD_BLOCKED, _) => Ok((0, false)),
            (StatusWord::SUCCESS, _) => {
                self.select_master_file()?;
                let tries_left = self.read_counters(reference)?.tries_left;
                self.select_application()?;
                Ok((tries_left, true))
            }
            (sw, _) => Err(CardError::Refused {
                command: "VERIFY (status)",
                sw,
            }),
        }
    }

    fn verify(&mut self, object: &PinObject, digits: &[u8]) -> Result<(), PinError> {
        let command = CommandApdu::new(0x00, VERIFY, 0x00, object.reference);
        let padded = padded(digits, object.padding);
        let response = self.channel.transmit(&command.with_secret_data(&padded))?;
        match (response.sw(), response.sw().tries_left()) {
            (StatusWord::SUCCESS, _) => Ok(()),
            (StatusWord::AUTHENTICATION_METHOD_BLOCKED, _) | (_, Some(0)) => Err(PinError::Blocked),
            (_, Some(tries_left)) => Err(PinError::Wrong { tries_left }),
            (sw, None) => Err(PinError::Card(CardError::Refused {
                command: "VERIFY",
                sw,
            })),
        }
    }
}

fn padded(digits: &[u8], padding: Option<(u8, u8)>) -> zeroize::Zeroizing<Vec<u8>> {
    let (len, byte) = padding.map_or((0, 0), |(len, byte)| (usize::from(len), byte));
    let mut padded = zeroize::Zeroizing::new(Vec::with_capacity(digits.len().max(len)));
    padded.extend_from_slice(digits);
    while padded.len() < len {
        padded.push(byte);
    }
    padded
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
