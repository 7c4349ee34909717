//! READ BINARY and UPDATE BINARY (ISO/IEC 7816-4, 11.2).

use card_apdu::{CommandApdu, StatusWord};

use super::applet::Applet;
use super::file_system::ElementaryFile;
use crate::transmission::Outcome;
use crate::transparent_file::{NO_CURRENT_FILE, asked_len};

impl Applet {
    /// READ BINARY of the current file, or of the file that P1 names by its short identifier.
    pub(super) fn read_binary(&mut self, command: &CommandApdu) -> Outcome {
        let asked = asked_len(command)?;
        let offset = self.address(command)?;
        let file = self.current_file().ok_or(NO_CURRENT_FILE)?;
        self.require(file.rules.read(self.interface))?;
        file.content.read(&self.codes, offset, asked)
    }

    /// UPDATE BINARY. Only CPS_DATA can be written without the issuer's secure messaging.
    pub(super) fn update_binary(&mut self, command: &CommandApdu) -> Outcome {
        let data = command.data();
        if data.is_empty() {
            return Err(StatusWord::WRONG_LENGTH);
        }
        let offset = self.address(command)?;
        let file = self.current_file().ok_or(NO_CURRENT_FILE)?;
        self.require(file.rules.update(self.interface))?;
        self.codes.write_holder_data(offset, data)
    }

    pub(super) fn current_file(&self) -> Option<&ElementaryFile> {
        self.volatile
            .selection
            .file
            .and_then(|file| self.files.get(file))
    }

    /// The offset; a short identifier makes its file the current one.
    fn address(&mut self, command: &CommandApdu) -> Result<usize, StatusWord> {
        if command.p1() & 0x80 == 0 {
            return Ok(usize::from(u16::from_be_bytes([
                command.p1(),
                command.p2(),
            ])));
        }
        if command.p1() & 0x60 != 0 {
            return Err(StatusWord::WRONG_P1_P2);
        }
        let directory = self.volatile.selection.directory;
        let sfi = Some(command.p1() & 0x1F);
        let file = self
            .files
            .iter()
            .position(|file| file.parent == directory && file.sfi == sfi)
            .ok_or(StatusWord::FILE_NOT_FOUND)?;
        self.volatile.selection.file = Some(file);
        Ok(usize::from(command.p2()))
    }
}
