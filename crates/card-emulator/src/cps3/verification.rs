//! VERIFY, CHANGE REFERENCE DATA, RESET RETRY COUNTER (ISO/IEC 7816-4, 11.6) on CHV 1, the
//! holder's code, and CHV 2, the unblock code.

use card_apdu::{CommandApdu, StatusWord};

use super::applet::{Applet, Interface};
use super::file_system::Condition;
use crate::codes::Code;
use crate::transmission::Outcome;

impl Applet {
    /// VERIFY. Without data it asks for the state: 9000 verified, 63Cx, 6983 blocked.
    pub(super) fn verify(&mut self, command: &CommandApdu) -> Outcome {
        if command.p1() != 0 {
            return Err(StatusWord::WRONG_P1_P2);
        }
        let code = self.code_of_reference(command.p2())?;
        if command.data().is_empty() {
            return self.codes.status(code);
        }
        self.codes.verify(code, command.data())
    }

    /// CHANGE REFERENCE DATA with old and new code in one data field. The card knows how long the
    /// old one is.
    pub(super) fn change_reference_data(&mut self, command: &CommandApdu) -> Outcome {
        if command.p1() != 0 {
            return Err(StatusWord::WRONG_P1_P2);
        }
        match self.code_of_reference(command.p2())? {
            Code::Pin => self.codes.change_pin(command.data()),
            Code::Unblock => Err(StatusWord::SECURITY_STATUS_NOT_SATISFIED),
        }
    }

    /// RESET RETRY COUNTER with a new code (P1 = 02), after the unblock code was verified. Each
    /// success uses the unblock code up by one.
    pub(super) fn reset_retry_counter(&mut self, command: &CommandApdu) -> Outcome {
        if command.p1() != NEW_CODE_WITHOUT_UNBLOCK_CODE {
            return Err(StatusWord::WRONG_P1_P2);
        }
        match self.code_of_reference(command.p2())? {
            Code::Pin => self.codes.unblock_pin(Some(command.data())),
            Code::Unblock => Err(StatusWord::SECURITY_STATUS_NOT_SATISFIED),
        }
    }

    /// Whether a condition holds now.
    pub(super) fn require(&self, condition: Condition) -> Result<(), StatusWord> {
        let holds = match condition {
            Condition::Always => true,
            Condition::Never | Condition::IssuerSecureMessaging => false,
            Condition::HolderCode => self.codes.is_verified(Code::Pin),
            Condition::UnblockCode => self.codes.is_verified(Code::Unblock),
        };
        if holds {
            Ok(())
        } else {
            Err(StatusWord::SECURITY_STATUS_NOT_SATISFIED)
        }
    }

    /// Through the antenna there is no code at all (GUESS: what a real card answers there was not
    /// seen, only that programs find no code object).
    fn code_of_reference(&self, reference: u8) -> Result<Code, StatusWord> {
        match (self.interface, reference) {
            (Interface::Contact, 0x01) => Ok(Code::Pin),
            (Interface::Contact, 0x02) => Ok(Code::Unblock),
            (Interface::Contact | Interface::Contactless, _) => {
                Err(StatusWord::REFERENCE_DATA_NOT_FOUND)
            }
        }
    }
}

/// P1 of RESET RETRY COUNTER: the data field is the new code alone.
const NEW_CODE_WITHOUT_UNBLOCK_CODE: u8 = 0x02;
