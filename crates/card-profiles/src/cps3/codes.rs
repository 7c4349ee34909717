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

    /// The counters by GET DATA, without any VERIFY; the number of tries that this does not tell of the holder's code
    /// is asked for by an empty one. What the card does not tell in either way stays unknown.
    pub(super) fn read_code_states(&mut self) -> Result<CodeStates, CardError> {
        let pins = self.pin_objects()?;
        let (pin, unblock_code) = (self.pin_object()?, unblock_code(&pins)?);
        self.select_master_file()?;
        let mut counters = |object: Option<&PinObject>| {
            object
                .map(|object| self.read_counters_as_told(object))
                .transpose()
        };
        let mut states = CodeStates {
            pin: counters(pin.as_ref())?,
            unblock_code: counters(unblock_code)?,
        };
        if let (Some(object), Some(counters)) = (&pin, &mut states.pin)
            && counters.tries_left.is_none()
        {
            self.select_application()?;
            counters.tries_left = self.empty_verify(object.reference)?.tries_left();
        }
        Ok(states)
    }

    /// The counters of a code, each unknown where the card does not tell it. 3F00 must be current.
    fn read_counters_as_told(&mut self, object: &PinObject) -> Result<CodeCounters, CardError> {
        if object.unsupported.is_some() {
            return Ok(CodeCounters::UNKNOWN);
        }
        match self.read_counters(object.reference) {
            Err(error @ (CardError::Refused { .. } | CardError::Malformed { .. })) => {
                tracing::warn!(%error, "the counters of a code are not known");
                Ok(CodeCounters::UNKNOWN)
            }
            outcome => outcome,
        }
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
        Ok(CodeCounters {
            tries_left: number(TRIES_LEFT)?.and_then(|left| u8::try_from(left).ok()),
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
        let (tries_left, was_verified_before) = self.ask_tries_left(&object)?;
        match tries_left {
            Some(0) => return Err(PinError::Blocked),
            Some(1) if last_try == LastTry::NotConfirmed => {
                return Err(PinError::LastTryNotConfirmed);
            }
            Some(_) | None => {}
        }
        self.verify(&object, digits)?;
        Ok(Verification {
            was_verified_before,
        })
    }

    /// Tries left, and whether the code was presented already, by an empty VERIFY and else by GET DATA.
    ///
    /// The empty VERIFY tells no number when the code was presented already (9000), and some cards may refuse
    /// it: the official module never sends one. A number that the card does not tell in either way is
    /// missed only before the code was presented: afterwards the last presentation has succeeded, so that
    /// the next one is not the last try.
    fn ask_tries_left(&mut self, object: &PinObject) -> Result<(Option<u8>, bool), CardError> {
        let state = self.empty_verify(object.reference)?;
        let was_verified_before = state == EmptyVerify::Verified;
        if let EmptyVerify::TriesLeft(tries_left) = state {
            return Ok((Some(tries_left), false));
        }
        self.select_master_file()?;
        let tries_left = self.read_counters_as_told(object)?.tries_left;
        self.select_application()?;
        match (state, tries_left) {
            (EmptyVerify::Refused(sw), None) => Err(CardError::Refused {
                command: "VERIFY (status)",
                sw,
            }),
            _ => Ok((tries_left, was_verified_before)),
        }
    }

    /// VERIFY without data, which costs no try (ISO/IEC 7816-4, 11.6.6).
    fn empty_verify(&mut self, reference: u8) -> Result<EmptyVerify, CardError> {
        let command = CommandApdu::new(0x00, VERIFY, 0x00, reference);
        let sw = self.channel.transmit(&command)?.sw();
        Ok(match (sw, sw.tries_left()) {
            (_, Some(tries_left)) => EmptyVerify::TriesLeft(tries_left),
            (StatusWord::AUTHENTICATION_METHOD_BLOCKED, _) => EmptyVerify::TriesLeft(0),
            (StatusWord::SUCCESS, _) => EmptyVerify::Verified,
            (sw, None) => EmptyVerify::Refused(sw),
        })
    }

    fn verify(&mut self, object: &PinObject, digits: &[u8]) -> Result<(), PinError> {
        let command = CommandApdu::new(0x00, VERIFY, 0x00, object.reference);
        let padded = padded(digits, object.padding);
        let sw = self
            .channel
            .transmit(&command.with_secret_data(&padded))?
            .sw();
        let tries_left = match (sw, sw.tries_left()) {
            (StatusWord::SUCCESS, _) => return Ok(()),
            (StatusWord::AUTHENTICATION_METHOD_BLOCKED, _) => Some(0),
            (StatusWord::VERIFICATION_FAILED, _) => self.ask_tries_left(object)?.0,
            (_, tries_left) => tries_left,
        };
        Err(match tries_left {
            Some(0) => PinError::Blocked,
            Some(tries_left) => PinError::Wrong { tries_left },
            None => PinError::Card(CardError::Refused {
                command: "VERIFY",
                sw,
            }),
        })
    }
}

/// What a card answers to a VERIFY without data.
#[derive(Clone, Copy, PartialEq, Eq)]
enum EmptyVerify {
    /// The code was presented already; no number is told then.
    Verified,
    /// It was not, and so many wrong ones may still be.
    TriesLeft(u8),
    /// The card does not take such a command.
    Refused(StatusWord),
}

impl EmptyVerify {
    fn tries_left(self) -> Option<u8> {
        match self {
            Self::TriesLeft(tries_left) => Some(tries_left),
            Self::Verified | Self::Refused(_) => None,
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
