//! The holder's code and the unblock code: counters and VERIFY.

use card_apdu::{
    ChannelError, CommandApdu, KeypadCodes, KeypadEntry, KeypadTime, NotSent, ReaderFault,
    StatusWord,
};
use secrets::Pin;

use super::{CHANNEL_1, Cps4};
use crate::card::{CodeCounters, CodeStates, LastTry, Verification};
use crate::code_answers::{CodeState, Presentation, check_tries};
use crate::directory::Directory;
use crate::keypad::{self, CodeSource};
use crate::pkcs15::PinObject;
use crate::{CardError, PinError};

impl Cps4<'_> {
    pub(super) fn read_code_states(&mut self) -> Result<CodeStates, CardError> {
        let (pin, unblock_code) = (self.pin_object()?, self.unblock_object()?);
        self.enter_applet()?;
        let mut read = |object: Option<PinObject>| {
            object.map(|object| self.read_counters(&object)).transpose()
        };
        Ok(CodeStates {
            pin: read(pin)?,
            unblock_code: read(unblock_code)?,
        })
    }

    /// The state of the holder's code; that of the unblock code only where the first is blocked,
    /// since then it says what can still be done.
    pub(super) fn glance_at_code_states(&mut self) -> Result<CodeStates, CardError> {
        let (pin, unblock_code) = (self.pin_object()?, self.unblock_object()?);
        self.enter_applet()?;
        let mut states = CodeStates {
            pin: pin.map(|pin| self.read_counters(&pin)).transpose()?,
            unblock_code: unblock_code.as_ref().map(|_| CodeCounters::UNKNOWN),
        };
        if let (Some(pin), Some(code)) = (states.pin, unblock_code)
            && pin.is_blocked()
        {
            states.unblock_code = Some(self.read_counters(&code)?);
        }
        Ok(states)
    }

    fn read_counters(&mut self, object: &PinObject) -> Result<CodeCounters, CardError> {
        if object.unsupported.is_some() {
            return Ok(CodeCounters::UNKNOWN);
        }
        self.code_state(object.reference).map(counters)
    }

    /// VERIFY without data, which costs no try and is the only counter that there is.
    ///
    /// It must be asked where the applet is current: [`enter_applet`](Self::enter_applet).
    pub(super) fn code_state(&mut self, reference: u8) -> Result<CodeState, CardError> {
        let command = CommandApdu::new(CHANNEL_1, VERIFY, 0x00, reference);
        CodeState::of_answer(self.channel.transmit(&command)?.sw())
    }

    /// Selection, counter, VERIFY: in this order, in this transaction, each once.
    ///
    /// A code that another program presented already has no counter to read. It is presented all
    /// the same, because nobody may use a key by another one's code; see [`check_tries`] for why
    /// this cannot be the last try.
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
        let code = CodeSource::Digits(digits);
        let was_verified_before = self.verify_holder_code(&object, code, last_try)?;
        Ok(Verification {
            was_verified_before,
        })
    }

    /// The same with a code that is typed at the keypad.
    pub(super) fn present_pin_at_keypad(
        &mut self,
        time: KeypadTime,
        last_try: LastTry,
    ) -> Result<Verification, PinError> {
        let object = self.pin_object()?.ok_or(PinError::Absent)?;
        let code = CodeSource::Keypad(time);
        let was_verified_before = self.verify_holder_code(&object, code, last_try)?;
        Ok(Verification {
            was_verified_before,
        })
    }

    /// Selection, counter, VERIFY of a code of the right length; tells whether it was presented before.
    pub(super) fn verify_holder_code(
        &mut self,
        object: &PinObject,
        code: CodeSource<'_>,
        last_try: LastTry,
    ) -> Result<bool, PinError> {
        self.enter_application()?;
        let state = self.code_state(object.reference)?;
        check_tries(state.tries_left(), last_try)?;
        match self.verify(object, code, state.is_presented())? {
            Presentation::Accepted => Ok(state.is_presented()),
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
        self.code_was_sent = true;
        // The answer may get lost.
        self.leaves_code_presented = !was_verified_before;
        let sw = match code {
            CodeSource::Digits(digits) => {
                let command = CommandApdu::new(CHANNEL_1, VERIFY, 0x00, object.reference)
                    .with_secret_data(&object.reference_data(digits));
                Ok(self.channel.transmit(&command)?.sw())
            }
            CodeSource::Keypad(time) => {
                let command = [CHANNEL_1, VERIFY, 0x00, object.reference];
                let entry = object.at_keypad(command, KeypadCodes::Present, time);
                self.enter_code(&entry, object.reference)?
            }
        };
        self.leaves_code_presented &= sw.is_ok_and(StatusWord::is_success);
        let sw = match sw {
            Ok(sw) => sw,
            Err(reason) => return Ok(Presentation::NotEntered(reason)),
        };
        if sw == StatusWord::VERIFICATION_FAILED {
            let state = self.code_state(object.reference)?;
            return Presentation::failed(state.tries_left(), "VERIFY");
        }
        Presentation::of_answer(sw, "VERIFY")
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
}

/// The card tells tries left and nothing else; that three wrong codes block it stands only in documents.
fn counters(state: CodeState) -> CodeCounters {
    CodeCounters {
        tries_left: state.tries_left(),
        ..CodeCounters::UNKNOWN
    }
}

const VERIFY: u8 = 0x20;
