//! SELECT of files (ISO/IEC 7816-4, 11.1.1), in the forms that were seen.

use card_apdu::{CommandApdu, ExpectedLen, Protocol, StatusWord};

use super::applet::Applet;
use super::file_system::{APPLICATION_ID, Directory, ElementaryFile, Selection};
use crate::transmission::Outcome;

impl Applet {
    /// SELECT by a path without 3F00 (P1 = 08), or of the MF (P1 = 00).
    pub(super) fn select(&mut self, command: &CommandApdu) -> Outcome {
        let is_silent = match command.p2() {
            WITH_CONTROL_INFORMATION => self.wants_no_data(command),
            WITHOUT_DATA => true,
            _ => return Err(StatusWord::WRONG_P1_P2),
        };
        let selection = match (command.p1(), parse_path(command.data()).as_deref()) {
            (BY_ID, Some([] | [MASTER_FILE])) => Selection::default(),
            (PATH_FROM_MASTER_FILE, Some(path)) => self.locate(path)?,
            (BY_ID | PATH_FROM_MASTER_FILE, _) => return Err(StatusWord::WRONG_DATA),
            _ => return Err(StatusWord::WRONG_P1_P2),
        };
        self.make_current(selection);
        Ok(match self.current_file() {
            _ if is_silent => Vec::new(),
            Some(file) => file.control_information(),
            None => selection.directory.control_information(),
        })
    }

    pub(super) fn current_file(&self) -> Option<&ElementaryFile> {
        let file = self.volatile.selection.file?;
        self.files.get(file)
    }

    /// With T=1 a command without Le has room for a status word alone; with T=0 it says nothing
    /// about what its sender wants.
    fn wants_no_data(&self, command: &CommandApdu) -> bool {
        self.protocol == Protocol::T1 && command.le() == ExpectedLen::Nothing
    }

    fn locate(&self, path: &[u16]) -> Result<Selection, StatusWord> {
        let (directory, id) = match path {
            [APPLICATION_ID] => return Ok(Directory::Application.into()),
            [id] => (Directory::MasterFile, *id),
            [APPLICATION_ID, id] => (Directory::Application, *id),
            [] => return Err(StatusWord::WRONG_DATA),
            _ => return Err(StatusWord::FILE_NOT_FOUND),
        };
        let file = self
            .files
            .iter()
            .position(|file| file.parent == directory && file.id == id)
            .ok_or(StatusWord::FILE_NOT_FOUND)?;
        Ok(Selection {
            directory,
            file: Some(file),
        })
    }

    /// Another directory forgets the security environment (ISO/IEC 7816-4, 10.3.3).
    fn make_current(&mut self, selection: Selection) {
        if selection.directory != self.volatile.selection.directory {
            self.volatile.environment = Default::default();
        }
        self.volatile.selection = selection;
    }
}

impl From<Directory> for Selection {
    fn from(directory: Directory) -> Self {
        Self {
            directory,
            file: None,
        }
    }
}

fn parse_path(data: &[u8]) -> Option<Vec<u16>> {
    let (ids, rest) = data.as_chunks::<2>();
    rest.is_empty()
        .then(|| ids.iter().copied().map(u16::from_be_bytes).collect())
}

const BY_ID: u8 = 0x00;
const PATH_FROM_MASTER_FILE: u8 = 0x08;
const MASTER_FILE: u16 = 0x3F00;

/// P2 of SELECT.
const WITH_CONTROL_INFORMATION: u8 = 0x00;
const WITHOUT_DATA: u8 = 0x0C;
