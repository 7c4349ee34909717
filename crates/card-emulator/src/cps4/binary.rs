//! READ BINARY and UPDATE BINARY (ISO/IEC 7816-4, 11.2) of the current file.

use card_apdu::{CommandApdu, StatusWord};

use super::applet::Applet;
use crate::application_data::DataAccess;
use crate::codes::Code;
use crate::transmission::Outcome;
use crate::transparent_file::{NO_CURRENT_FILE, asked_len};

impl Applet {
    /// READ BINARY.
    pub(super) fn read_binary(&self, command: &CommandApdu) -> Outcome {
        let asked = asked_len(command)?;
        let offset = offset(command)?;
        let file = self.current_file().ok_or(NO_CURRENT_FILE)?;
        match file.access {
            DataAccess::Public | DataAccess::HolderWritable => {}
            DataAccess::Private => self.require_pin()?,
        }
        file.content.read(&self.codes, offset, asked)
    }

    /// UPDATE BINARY: CPS_DATA, after the holder's code.
    pub(super) fn update_binary(&mut self, command: &CommandApdu) -> Outcome {
        let data = command.data();
        if data.is_empty() {
            return Err(StatusWord::WRONG_LENGTH);
        }
        let offset = offset(command)?;
        let file = self.current_file().ok_or(NO_CURRENT_FILE)?;
        if file.access != DataAccess::HolderWritable {
            return Err(StatusWord::SECURITY_STATUS_NOT_SATISFIED);
        }
        self.require_pin()?;
        self.codes.write_holder_data(offset, data)
    }

    pub(super) fn require_pin(&self) -> Result<(), StatusWord> {
        if self.codes.is_verified(Code::Pin) {
            Ok(())
        } else {
            Err(StatusWord::SECURITY_STATUS_NOT_SATISFIED)
        }
    }
}

/// P1 and P2. Short identifiers (P1 from 80 on) were never seen on this card.
fn offset(command: &CommandApdu) -> Result<usize, StatusWord> {
    if command.p1() & 0x80 != 0 {
        return Err(StatusWord::WRONG_P1_P2);
    }
    let offset = u16::from_be_bytes([command.p1(), command.p2()]);
    Ok(usize::from(offset))
}
