//! READ BINARY and UPDATE BINARY (ISO/IEC 7816-4, 11.2).

use card_apdu::{CommandApdu, ExpectedLen, StatusWord};

use super::applet::Applet;
use super::file_system::{Content, ElementaryFile};
use crate::transmission::Outcome;

impl Applet {
    /// READ BINARY of the current file, or of the file that P1 names by its short identifier.
    pub(super) fn read_binary(&mut self, command: &CommandApdu) -> Outcome {
        let asked = match command.le() {
            ExpectedLen::Exactly(count) => usize::from(count),
            ExpectedLen::AsMuchAsPossible => 256,
            ExpectedLen::Nothing => return Err(StatusWord::WRONG_LENGTH),
        };
        if !command.data().is_empty() {
            return Err(StatusWord::WRONG_LENGTH);
        }
        let offset = self.address(command)?;
        let file = self.current_file().ok_or(NO_CURRENT_FILE)?;
        self.require(file.rules.read)?;
        let content = match &file.content {
            Content::Fixed(content) => content,
            Content::HolderData { .. } => &self.store.state().holder_data,
        };
        let from_offset = content.get(offset..).unwrap_or_default();
        if from_offset.is_empty() {
            return Err(StatusWord::WRONG_OFFSET);
        }
        Ok(from_offset.iter().copied().take(asked).collect())
    }

    /// UPDATE BINARY. Only CPS_DATA can be written without the issuer's secure messaging.
    pub(super) fn update_binary(&mut self, command: &CommandApdu) -> Outcome {
        let data = command.data();
        if data.is_empty() {
            return Err(StatusWord::WRONG_LENGTH);
        }
        let offset = self.address(command)?;
        let file = self.current_file().ok_or(NO_CURRENT_FILE)?;
        self.require(file.rules.update)?;
        let mut next = self.store.state().clone();
        if offset >= next.holder_data.len() {
            return Err(StatusWord::WRONG_OFFSET);
        }
        next.holder_data
            .get_mut(offset..offset + data.len())
            .ok_or(StatusWord::WRONG_LENGTH)?
            .copy_from_slice(data);
        self.remember(next)?;
        Ok(Vec::new())
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

/// 6986: command not allowed, no current EF.
const NO_CURRENT_FILE: StatusWord = StatusWord(0x6986);
