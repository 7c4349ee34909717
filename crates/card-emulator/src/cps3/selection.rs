//! SELECT (ISO/IEC 7816-4, 11.1.1), in the forms and with the answers of a real CPS3.

use card_apdu::{CommandApdu, StatusWord};

use super::applet::Applet;
use super::file_system::Directory;
use crate::cps2ter;
use crate::transmission::Outcome;

/// What is selected: a directory, and perhaps a file in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) struct Selection {
    pub(super) directory: Directory,
    /// Index of the current elementary file in the card's list.
    pub(super) file: Option<usize>,
}

/// One of the two sets of commands ("volets") that a CPS3 carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) enum View {
    /// IAS-ECC, class 00.
    #[default]
    Ias,
    /// The old CPS2ter, class A0: in it every command of class 00 but the way back is 6E00.
    Cps2ter,
}

/// What P2 asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    /// 04: file control parameters.
    Fcp,
    /// 0C: nothing.
    Nothing,
    /// Any other value, which a real card refuses nearly everywhere.
    Other,
}

impl Applet {
    /// SELECT in class 00.
    pub(super) fn select(&mut self, command: &CommandApdu) -> Outcome {
        let wanted = match command.p2() {
            0x04 => Wanted::Fcp,
            0x0C => Wanted::Nothing,
            _ => Wanted::Other,
        };
        if command.p1() == BY_NAME {
            return self.select_by_name(command.data(), wanted);
        }
        if wanted == Wanted::Other {
            return Err(StatusWord::WRONG_P1_P2);
        }
        let selection = self.locate(command.p1(), command.data())?;
        Ok(self.make_current(selection, wanted))
    }

    /// The way back from CPS2ter: the root application by its name, whatever P2.
    pub(super) fn select_leaves_cps2ter(command: &CommandApdu) -> bool {
        command.ins() == SELECT && command.p1() == BY_NAME && command.data() == ROOT_AID
    }

    /// The root application brings the IAS view and the MF; it never answers with data.
    fn select_by_name(&mut self, name: &[u8], wanted: Wanted) -> Outcome {
        if name == ROOT_AID {
            self.volatile.view = View::Ias;
            return Ok(self.make_current(Selection::default(), Wanted::Nothing));
        }
        if name == cps2ter::AID {
            self.volatile.view = View::Cps2ter;
            return Ok(Vec::new());
        }
        let directory = Directory::ALL
            .into_iter()
            .find(|directory| directory.application_name() == Some(name))
            .ok_or(StatusWord::FILE_NOT_FOUND)?;
        if wanted == Wanted::Other {
            return Err(StatusWord::WRONG_P1_P2);
        }
        Ok(self.make_current(directory.into(), wanted))
    }

    fn locate(&self, p1: u8, data: &[u8]) -> Result<Selection, StatusWord> {
        let path = parse_path(data).ok_or(StatusWord::WRONG_DATA)?;
        let current = self.volatile.selection.directory;
        match (p1, path.as_slice()) {
            (BY_ID, [] | [MASTER_FILE]) | (FILE_IN_CURRENT, [MASTER_FILE]) => {
                Ok(Selection::default())
            }
            (BY_ID, [id]) => self.child(current, *id),
            (DIRECTORY_IN_CURRENT, [id]) => self
                .child(current, *id)
                .and_then(Selection::directory_alone),
            (FILE_IN_CURRENT, [id]) => self.child(current, *id).and_then(Selection::file_alone),
            (PARENT, []) => Ok(Selection::default()),
            (PATH_FROM_MASTER_FILE, path) => self.descend(Directory::MasterFile, path),
            (PATH, [MASTER_FILE, path @ ..]) => self.descend(Directory::MasterFile, path),
            (PATH, [_, ..]) => self.descend(current, &path),
            (BY_ID | DIRECTORY_IN_CURRENT | FILE_IN_CURRENT | PARENT | PATH, _) => {
                Err(StatusWord::WRONG_DATA)
            }
            _ => Err(StatusWord::WRONG_P1_P2),
        }
    }

    fn descend(&self, from: Directory, path: &[u16]) -> Result<Selection, StatusWord> {
        let mut selection = Selection::from(from);
        for id in path {
            if selection.file.is_some() {
                return Err(StatusWord::FILE_NOT_FOUND);
            }
            selection = self.child(selection.directory, *id)?;
        }
        Ok(selection)
    }

    fn child(&self, parent: Directory, id: u16) -> Result<Selection, StatusWord> {
        if parent == Directory::MasterFile
            && let Some(directory) = Directory::ALL
                .into_iter()
                .filter(|directory| *directory != Directory::MasterFile)
                .find(|directory| directory.id() == id)
        {
            return Ok(directory.into());
        }
        let file = self
            .files
            .iter()
            .position(|file| file.parent == parent && file.id == id)
            .ok_or(StatusWord::FILE_NOT_FOUND)?;
        Ok(Selection {
            directory: parent,
            file: Some(file),
        })
    }

    /// Another directory forgets the security environment (ISO/IEC 7816-4, 10.3.3), not the codes:
    /// those are global to the card.
    fn make_current(&mut self, selection: Selection, wanted: Wanted) -> Vec<u8> {
        if selection.directory != self.volatile.selection.directory {
            self.volatile.environment = Default::default();
        }
        self.volatile.selection = selection;
        match (wanted, self.current_file()) {
            (Wanted::Nothing | Wanted::Other, _) => Vec::new(),
            (Wanted::Fcp, Some(file)) => file.fcp(),
            (Wanted::Fcp, None) => selection.directory.fcp(),
        }
    }
}

impl Selection {
    fn directory_alone(self) -> Result<Self, StatusWord> {
        match self.file {
            None => Ok(self),
            Some(_) => Err(StatusWord::FILE_NOT_FOUND),
        }
    }

    fn file_alone(self) -> Result<Self, StatusWord> {
        match self.file {
            Some(_) => Ok(self),
            None => Err(StatusWord::FILE_NOT_FOUND),
        }
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

pub(super) const SELECT: u8 = 0xA4;

/// P1 of SELECT. 09 takes paths from the MF with 3F00, which ISO does not say, and relative ones.
const BY_ID: u8 = 0x00;
const DIRECTORY_IN_CURRENT: u8 = 0x01;
const FILE_IN_CURRENT: u8 = 0x02;
const PARENT: u8 = 0x03;
const BY_NAME: u8 = 0x04;
const PATH_FROM_MASTER_FILE: u8 = 0x08;
const PATH: u8 = 0x09;

const MASTER_FILE: u16 = 0x3F00;

/// The IAS root, which EF.ATR names in tag 4F.
const ROOT_AID: [u8; 8] = [0x80, 0x25, 0x00, 0x00, 0x01, 0xFF, 0x01, 0x00];
