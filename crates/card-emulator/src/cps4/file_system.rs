//! The files of a CPS4: identifiers, who may read and write, file control information.

use card_apdu::tlv::{Tag, encode};

use crate::application_data::DataAccess;
use crate::transparent_file::Content;

/// A dedicated file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) enum Directory {
    /// 3F00.
    #[default]
    MasterFile,
    /// 3F00/0001, the PKCS#15 application.
    Application,
}

/// A transparent elementary file.
#[derive(Debug)]
pub(super) struct ElementaryFile {
    pub(super) parent: Directory,
    pub(super) id: u16,
    pub(super) content: Content,
    pub(super) access: DataAccess,
}

/// What is selected: a directory, and perhaps a file in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) struct Selection {
    pub(super) directory: Directory,
    /// Index of the current elementary file in the card's list.
    pub(super) file: Option<usize>,
}

impl Directory {
    /// File control information. That of the MF was never asked for.
    pub(super) fn control_information(self) -> Vec<u8> {
        match self {
            Self::MasterFile => Vec::new(),
            Self::Application => encode(
                FILE_CONTROL_INFORMATION,
                &[
                    encode(Tag(0x82), &[0x38]),
                    encode(Tag(0x83), &APPLICATION_ID.to_be_bytes()),
                    encode(Tag(0x84), &APPLICATION_AID),
                    encode(Tag(0x8A), &[ACTIVATED]),
                ]
                .concat(),
            ),
        }
    }
}

impl ElementaryFile {
    /// File control information, which opens with 6F on this card: the official module takes
    /// nothing else.
    pub(super) fn control_information(&self) -> Vec<u8> {
        let size = u16::try_from(self.content.len()).unwrap_or(u16::MAX);
        let information = [
            encode(Tag(0x80), &size.to_be_bytes()),
            encode(Tag(0x82), &[0x01]),
            encode(Tag(0x83), &self.id.to_be_bytes()),
            encode(Tag(0x8A), &[ACTIVATED]),
        ];
        encode(FILE_CONTROL_INFORMATION, &information.concat())
    }
}

pub(super) const APPLICATION_ID: u16 = 0x0001;
/// Name of the PKCS#15 application in EF.DIR. It is not selected by it.
pub(super) const APPLICATION_AID: [u8; 13] = [
    0xE8, 0x28, 0xBD, 0x08, 0x0F, 0x80, 0x25, 0x00, 0x00, 0x01, 0xFF, 0x00, 0x10,
];

const FILE_CONTROL_INFORMATION: Tag = Tag(0x6F);
/// Life cycle status: operational, activated.
const ACTIVATED: u8 = 0x05;
