//! The data objects of the PKCS#15 application: the holder's name, card number, places of work.
//!
//! How real cards encode them is not published: tags are ours, except those of an activity and the
//! know-how that ends CPS_INFO_PS, which third parties saw.

use card_apdu::tlv::{Tag, encode};

use crate::holder::HolderName;
use crate::parameters::CardParameters;
use crate::persistent_state::HOLDER_DATA_LEN;
use crate::transparent_file::Content;

/// A data object of the DODF, with its file.
#[derive(Debug)]
pub(crate) struct DataFile {
    pub(crate) label: String,
    pub(crate) id: u16,
    pub(crate) access: DataAccess,
    pub(crate) content: Content,
}

/// What it takes to read and write a data object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DataAccess {
    /// Read without a code.
    Public,
    /// Read without a code, written after it: CPS_DATA alone.
    HolderWritable,
    /// Read after the holder's code.
    Private,
}

/// All data objects of a card.
pub(crate) fn data_files(card: &CardParameters) -> Vec<DataFile> {
    let mut files = vec![
        fixed("CPS_NAME_PS", NAME, DataAccess::Public, name(card)),
        fixed(
            "CPS_ID_CARD",
            CARD_IDENTITY,
            DataAccess::Public,
            card_identity(card),
        ),
        fixed(
            "CPS_LANG_PS",
            LANGUAGE,
            DataAccess::Public,
            encode(Tag(0x30), &utf8("fr")),
        ),
        fixed(
            "CPS_INFO_PS",
            INFORMATION,
            DataAccess::Public,
            information(card),
        ),
        holder_data(),
    ];
    if card.has_activities {
        files.extend(ACTIVITIES.iter().map(Activity::file));
    }
    files
}

/// Those that were seen in the application of the antenna.
pub(crate) fn contactless_data_files(card: &CardParameters) -> Vec<DataFile> {
    vec![
        fixed("CPS_NAME_PS", NAME, DataAccess::Public, name(card)),
        holder_data(),
    ]
}

fn fixed(label: &str, id: u16, access: DataAccess, content: Vec<u8>) -> DataFile {
    DataFile {
        label: label.to_owned(),
        id,
        access,
        content: Content::Fixed(content),
    }
}

fn holder_data() -> DataFile {
    DataFile {
        label: "CPS_DATA".to_owned(),
        id: HOLDER_DATA,
        access: DataAccess::HolderWritable,
        content: Content::HolderData {
            len: HOLDER_DATA_LEN,
        },
    }
}

fn name(card: &CardParameters) -> Vec<u8> {
    let names = match &card.holder.name {
        HolderName::Person {
            family_name,
            given_name,
        } => [utf8(family_name), utf8(given_name)].concat(),
        HolderName::Pseudonym(pseudonym) => utf8(pseudonym),
    };
    encode(Tag(0x30), &names)
}

fn card_identity(card: &CardParameters) -> Vec<u8> {
    let identity = [
        utf8(&card.number.to_string()),
        utf8(&card.holder.national_id),
    ];
    encode(Tag(0x30), &identity.concat())
}

/// Profession and know-how; of a holder without profession, the structure.
fn information(card: &CardParameters) -> Vec<u8> {
    let profession = card.holder.profession;
    let mut information: Vec<u8> = profession
        .into_iter()
        .flat_map(|code| [utf8(&format!("{code:02}")), utf8("SM26")].concat())
        .collect();
    if let Some(structure) = &card.holder.structure {
        information.extend(utf8(&structure.id));
    }
    encode(Tag(0x30), &information)
}

fn utf8(text: &str) -> Vec<u8> {
    encode(Tag(0x0C), text.as_bytes())
}

/// A place where the holder works ("situation").
struct Activity {
    /// 1 to 16; real cards have holes.
    number: u16,
    place: &'static str,
    structure: &'static str,
    sector: &'static str,
}

impl Activity {
    fn file(&self) -> DataFile {
        let fields = [
            encode(Tag(0x84), self.place.as_bytes()),
            encode(Tag(0x85), self.structure.as_bytes()),
            encode(Tag(0x86), self.sector.as_bytes()),
        ];
        fixed(
            &format!("CPS_ACTIVITY_{:02}_PS", self.number),
            FIRST_ACTIVITY + (self.number - 1),
            DataAccess::Private,
            encode(Tag(0xEE), &fields.concat()),
        )
    }
}

const ACTIVITIES: [Activity; 2] = [
    Activity {
        number: 1,
        place: "CABINET DE TEST",
        structure: "1990000001",
        sector: "SA07",
    },
    Activity {
        number: 3,
        place: "CENTRE DE SANTE DE TEST",
        structure: "1990000002",
        sector: "SA05",
    },
];

const NAME: u16 = 0xD101;
const CARD_IDENTITY: u16 = 0xD102;
const LANGUAGE: u16 = 0xD103;
const INFORMATION: u16 = 0xD104;
/// The one identifier of a data object that the official module names.
const HOLDER_DATA: u16 = 0xD107;
const FIRST_ACTIVITY: u16 = 0xD120;
