//! VERIFY, CHANGE REFERENCE DATA, RESET RETRY COUNTER (ISO/IEC 7816-4, 11.6), in the forms of the
//! official module.

use card_apdu::{CommandApdu, StatusWord};

use super::applet::Applet;
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

    /// CHANGE REFERENCE DATA with the new code alone (P1 = 01). The old code was verified before;
    /// after RESET RETRY COUNTER the unblock code will do (OURS: the official module counts on it).
    pub(super) fn change_reference_data(&mut self, command: &CommandApdu) -> Outcome {
        if command.p1() != NEW_CODE_ALONE {
            return Err(StatusWord::WRONG_P1_P2);
        }
        let is_allowed = match self.code_of_reference(command.p2())? {
            Code::Pin => [Code::Pin, Code::Unblock]
                .into_iter()
                .any(|code| self.codes.is_verified(code)),
            Code::Unblock => false,
        };
        if !is_allowed {
            return Err(StatusWord::SECURITY_STATUS_NOT_SATISFIED);
        }
        self.codes.replace_pin(command.data())
    }

    /// RESET RETRY COUNTER without any code (P1 = 03), after the unblock code was verified; each
    /// success uses the unblock code up by one. The reference comes with its bit 80.
    pub(super) fn reset_retry_counter(&mut self, command: &CommandApdu) -> Outcome {
        if command.p1() != WITHOUT_CODES {
            return Err(StatusWord::WRONG_P1_P2);
        }
        if command.p2() != self.references.pin() | LOCAL {
            return Err(StatusWord::REFERENCE_DATA_NOT_FOUND);
        }
        if !command.data().is_empty() {
            return Err(StatusWord::WRONG_LENGTH);
        }
        self.codes.unblock_pin(None)
    }

    fn code_of_reference(&self, reference: u8) -> Result<Code, StatusWord> {
        if reference == self.references.pin() {
            Ok(Code::Pin)
        } else if reference == self.references.unblock_code() {
            Ok(Code::Unblock)
        } else {
            Err(StatusWord::REFERENCE_DATA_NOT_FOUND)
        }
    }
}

/// P1 of CHANGE REFERENCE DATA.
const NEW_CODE_ALONE: u8 = 0x01;
/// P1 of RESET RETRY COUNTER.
const WITHOUT_CODES: u8 = 0x03;
/// Bit of a reference: of the application, not of the whole card.
const LOCAL: u8 = 0x80;
