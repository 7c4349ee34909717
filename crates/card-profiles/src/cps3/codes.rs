//! The holder's code and the unblock code: counters and VERIFY.

use card_apdu::tlv::{self, Tag};
use card_apdu::{
    ChannelError, CommandApdu, ExpectedLen, KeypadCodes, KeypadEntry, KeypadTime, NotSent,
    ReaderFault, StatusWord,
};
use secrets::Pin;

use super::Cps3;
use crate::card::{CodeCounters, CodeStates, LastTry, Verification};
use crate::code_answers::{CodeState, Presentation, check_tries};
use crate::directory::Directory;
use crate::keypad::{self, CodeSource};
use crate::pkcs15::PinObject;
use crate::{CardError, PinError};

impl Cps3<'_> {
    /// The counters by GET DATA, without any VERIFY; the number of tries that this does not tell of the holder's code
    /// is asked for by an empty one. What the card does not tell in either way stays unknown.
    pub(super) fn read_code_states(&mut self) -> Result<CodeStates, CardError> {
        let (pin, unblock_code) = (self.pin_object()?, self.unblock_object()?);
        if pin.is_none() && unblock_code.is_none() {
            return Ok(CodeStates {
                pin: None,
                unblock_code: None,
            });
        }
        self.select_master_file()?;
        let mut counters = |object: Option<&PinObject>| {
            object
                .map(|object| self.read_counters_as_told(object))
                .transpose()
        };
        let mut states = CodeStates {
            pin: counters(pin.as_ref())?,
            unblock_code: counters(unblock_code.as_ref())?,
        };
        self.complete_pin_counters(pin.as_ref(), &mut states)?;
        Ok(states)
    }

    /// The counters of the holder's code; those of the unblock code only where the first is blocked,
    /// since then they say what can still be done.
    pub(super) fn glance_at_code_states(&mut self) -> Result<CodeStates, CardError> {
        let (pin, unblock_code) = (self.pin_object()?, self.unblock_object()?);
        let mut states = CodeStates {
            pin: None,
            unblock_code: unblock_code.map(|_| CodeCounters::UNKNOWN),
        };
        if let Some(object) = &pin {
            self.select_master_file()?;
            states.pin = Some(self.read_counters_as_told(object)?);
            self.complete_pin_counters(pin.as_ref(), &mut states)?;
        }
        if states.pin.is_some_and(|pin| pin.is_blocked()) {
            return self.read_code_states();
        }
        Ok(states)
    }

    /// Asks for the tries of the holder's code that GET DATA did not tell.
    fn complete_pin_counters(
        &mut self,
        object: Option<&PinObject>,
        states: &mut CodeStates,
    ) -> Result<(), CardError> {
        if let (Some(object), Some(counters)) = (object, &mut states.pin)
            && counters.tries_left.is_none()
        {
            self.select_application()?;
            counters.tries_left = match self.code_state(object.reference) {
                Err(CardError::Refused { .. }) => None,
                state => state?.tries_left(),
            };
        }
        Ok(())
    }

    /// The counters of a code, each unknown where the card does not tell it. 3F00 must be current.
    fn read_counters_as_told(&mut self, object: &PinObject) -> Result<CodeCounters, CardError> {
        if object.unsupported.is_some() {
            return Ok(CodeCounters::UNKNOWN);
        }
        match self.read_counters(object.reference) {
            Err(error @ (CardError::Refused { .. } | CardError::Malformed { .. })) => {
                tracing::warn!(event = "code-counters-unknown", %error, "the counters of a code are not known");
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
            may_be_blocked: false,
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
        self.present(&object, CodeSource::Digits(digits), last_try)
    }

    /// The same with a code that is typed at the keypad.
    pub(super) fn present_pin_at_keypad(
        &mut self,
        time: KeypadTime,
        last_try: LastTry,
    ) -> Result<Verification, PinError> {
        let object = self.pin_object()?.ok_or(PinError::Absent)?;
        self.present(&object, CodeSource::Keypad(time), last_try)
    }

    fn present(
        &mut self,
        object: &PinObject,
        code: CodeSource<'_>,
        last_try: LastTry,
    ) -> Result<Verification, PinError> {
        self.select_application()?;
        let was_verified_before = self.check_pin_before_use(object, last_try)?;
        self.verify_holder_code(object, code, was_verified_before)?;
        Ok(Verification {
            was_verified_before,
        })
    }

    /// Holds the code back where [`check_tries`] says so, and tells whether it was presented already.
    pub(super) fn check_pin_before_use(
        &mut self,
        object: &PinObject,
        last_try: LastTry,
    ) -> Result<bool, PinError> {
        let (tries_left, was_verified_before) = self.ask_tries_left(object)?;
        check_tries(tries_left, last_try)?;
        Ok(was_verified_before)
    }

    /// Tries left, and whether the code was presented already, by an empty VERIFY and else by GET DATA.
    ///
    /// The empty VERIFY tells no number when the code was presented already (9000), and some cards may refuse
    /// it: the official module never sends one. A number that the card does not tell in either way is
    /// missed only before the code was presented; [`check_tries`] says why not afterwards.
    pub(super) fn ask_tries_left(
        &mut self,
        object: &PinObject,
    ) -> Result<(Option<u8>, bool), CardError> {
        let state = match self.code_state(object.reference) {
            Ok(CodeState::NotPresented { tries_left }) => return Ok((Some(tries_left), false)),
            state @ (Ok(CodeState::Presented) | Err(CardError::Refused { .. })) => state,
            Err(error) => return Err(error),
        };
        self.select_master_file()?;
        let tries_left = self.read_counters_as_told(object)?.tries_left;
        self.select_application()?;
        match (state, tries_left) {
            (Err(refusal), None) => Err(refusal),
            (state, _) => Ok((tries_left, state.is_ok())),
        }
    }

    /// VERIFY without data, which costs no try.
    pub(super) fn code_state(&mut self, reference: u8) -> Result<CodeState, CardError> {
        let command = CommandApdu::new(0x00, VERIFY, 0x00, reference);
        CodeState::of_answer(self.channel.transmit(&command)?.sw())
    }

    pub(super) fn verify_holder_code(
        &mut self,
        object: &PinObject,
        code: CodeSource<'_>,
        was_verified_before: bool,
    ) -> Result<(), PinError> {
        match self.verify(object, code, was_verified_before)? {
            Presentation::Accepted => Ok(()),
            Presentation::Wrong { tries_left } => Err(PinError::Wrong {
                tries_left: Some(tries_left),
            }),
            Presentation::Blocked => Err(PinError::Blocked),
            Presentation::NotEntered(reason) => Err(PinError::NotEntered(reason)),
        }
    }

    /// VERIFY (ISO/IEC 7816-4, 11.6.6), sent once whatever comes back.
    pub(super) fn verify(
        &mut self,
        object: &PinObject,
        code: CodeSource<'_>,
        was_verified_before: bool,
    ) -> Result<Presentation, CardError> {
        // The answer may get lost.
        self.leaves_code_presented = !was_verified_before;
        let sw = match code {
            CodeSource::Digits(digits) => {
                let command = CommandApdu::new(0x00, VERIFY, 0x00, object.reference)
                    .with_secret_data(&object.reference_data(digits));
                Ok(self.channel.transmit(&command)?.sw())
            }
            CodeSource::Keypad(time) => {
                let command = [0x00, VERIFY, 0x00, object.reference];
                let entry = object.at_keypad(command, KeypadCodes::Present, time);
                self.enter_code(&entry, object.reference)?
            }
        };
        self.leaves_code_presented &= sw.is_ok_and(StatusWord::is_success);
        match sw {
            Ok(sw) => self.judge_code(object, sw, "VERIFY"),
            Err(reason) => Ok(Presentation::NotEntered(reason)),
        }
    }

    /// Lets the holder type the code. A reader that breaks down at its keypad while the card answers, and knows
    /// of no code and of no try less, has no keypad.
    fn enter_code(
        &mut self,
        entry: &KeypadEntry,
        reference: u8,
    ) -> Result<Result<StatusWord, NotSent>, CardError> {
        let before = self.code_state(reference).ok();
        match keypad::enter(self.channel, entry) {
            Err(ChannelError::Reader(ReaderFault::Mute)) => {
                let after = self.code_state(reference).ok();
                if after.is_some_and(|state| !state.is_presented()) && after == before {
                    return Ok(Err(NotSent::Refused));
                }
                Err(ReaderFault::Mute.into())
            }
            answer => Ok(answer?),
        }
    }

    /// What became of a code, with the number asked for that an answer of 6300 does not tell.
    pub(super) fn judge_code(
        &mut self,
        object: &PinObject,
        sw: StatusWord,
        command: &'static str,
    ) -> Result<Presentation, CardError> {
        if sw == StatusWord::VERIFICATION_FAILED {
            let (tries_left, _) = self.ask_tries_left(object)?;
            return Presentation::failed(tries_left, command);
        }
        Presentation::of_answer(sw, command)
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
