//! The files that the issuer writes on a card: system files, PKCS#15 objects, the holder's data.

use card_apdu::tlv::{Tag, encode};

use super::file_system::{Content, Directory, ElementaryFile, FileRules};
use super::pkcs15::{self, DataAccess, DataObject};
use crate::parameters::CardParameters;

/// The two certificates of a card, DER.
pub(super) struct Certificates {
    pub(super) signature: Vec<u8>,
    pub(super) authentication: Vec<u8>,
}

/// All elementary files of a card. EF.ACTUA (D010) is absent, as on a card that was never updated.
pub(super) fn files(card: &CardParameters, certificates: Certificates) -> Vec<ElementaryFile> {
    let mut files = system_files(card);
    files.extend(pkcs15_files(card, certificates));
    files.extend(data_files(card));
    files
}

/// The serial number of the token and of EF.SN: issuer, number, Luhn digit, filler F.
pub(super) fn serial_number(card: &CardParameters) -> Vec<u8> {
    hex::decode(format!("{}F", card.number.primary_account_number())).unwrap_or_default()
}

fn system_files(card: &CardParameters) -> Vec<ElementaryFile> {
    let file = |id, sfi, content, rules| ElementaryFile {
        parent: Directory::MasterFile,
        id,
        sfi: Some(sfi),
        content: Content::Fixed(content),
        rules,
    };
    let serial_number = encode(Tag(0x5A), &serial_number(card));
    vec![
        file(0x2F00, 0x1E, application_directory(), FileRules::PUBLIC),
        file(0x2F01, 0x1D, EF_ATR.to_vec(), FileRules::PUBLIC),
        file(0xD003, 0x1C, serial_number, FileRules::FROZEN),
    ]
}

fn pkcs15_files(card: &CardParameters, certificates: Certificates) -> Vec<ElementaryFile> {
    let cdf = pkcs15::certificates(
        certificates.signature.len(),
        certificates.authentication.len(),
    );
    let dodf = pkcs15::data_objects(&data_objects());
    [
        (0x5031, pkcs15::object_directory(), FileRules::PUBLIC),
        (
            0x5032,
            pkcs15::token_info(card, &serial_number(card)),
            FileRules::PUBLIC,
        ),
        (
            pkcs15::AODF,
            pkcs15::authentication_objects(card),
            FileRules::CONTACT_ONLY,
        ),
        (pkcs15::PRKDF, pkcs15::private_keys(), FileRules::PUBLIC),
        (pkcs15::PUKDF, pkcs15::public_keys(), FileRules::PUBLIC),
        (pkcs15::CDF, cdf, FileRules::PUBLIC),
        (pkcs15::DODF, dodf, FileRules::PUBLIC),
        (
            pkcs15::SIGNATURE_CERTIFICATE,
            certificates.signature,
            FileRules::PUBLIC,
        ),
        (
            pkcs15::AUTHENTICATION_CERTIFICATE,
            certificates.authentication,
            FileRules::PUBLIC,
        ),
    ]
    .map(|(id, content, rules)| application_file(id, Content::Fixed(content), rules))
    .into()
}

/// The files behind the DODF. How real cards encode them is not published: tags are ours,
/// except those of an activity and the know-how that ends CPS_INFO_PS, which third parties saw.
fn data_files(card: &CardParameters) -> Vec<ElementaryFile> {
    let mut files = vec![
        public_data(NAME, name(card)),
        public_data(CARD_IDENTITY, card_identity(card)),
        public_data(LANGUAGE, encode(Tag(0x30), &utf8("fr"))),
        public_data(INFORMATION, information(card)),
        application_file(
            HOLDER_DATA,
            Content::HolderData {
                len: HOLDER_DATA_LEN,
            },
            FileRules::HOLDER_DATA,
        ),
    ];
    files.extend(ACTIVITIES.iter().map(|activity| {
        application_file(
            FIRST_ACTIVITY + (activity.number - 1),
            Content::Fixed(activity.encode()),
            FileRules::PRIVATE,
        )
    }));
    files
}

fn data_objects() -> Vec<DataObject> {
    let object = |label: &str, file_id, access| DataObject {
        label: label.to_owned(),
        file_id,
        access,
    };
    let mut objects = vec![
        object("CPS_NAME_PS", NAME, DataAccess::Public),
        object("CPS_ID_CARD", CARD_IDENTITY, DataAccess::Public),
        object("CPS_LANG_PS", LANGUAGE, DataAccess::Public),
        object("CPS_INFO_PS", INFORMATION, DataAccess::Public),
        object("CPS_DATA", HOLDER_DATA, DataAccess::HolderWritable),
    ];
    objects.extend(ACTIVITIES.iter().map(|activity| {
        object(
            &format!("CPS_ACTIVITY_{:02}_PS", activity.number),
            FIRST_ACTIVITY + (activity.number - 1),
            DataAccess::Private,
        )
    }));
    objects
}

/// EF.DIR: the contactless application first, because OpenSC 0.23 binds the second entry.
fn application_directory() -> Vec<u8> {
    [
        (Directory::Contactless, "CPX IAS CL"),
        (Directory::Contact, "CPX IAS"),
    ]
    .map(|(directory, label)| {
        let path = [
            Directory::MasterFile.id().to_be_bytes(),
            directory.id().to_be_bytes(),
        ];
        let contact_name = application_name(Directory::Contact);
        let template = [
            application_name(directory),
            encode(Tag(0x50), label.as_bytes()),
            encode(Tag(0x51), &path.concat()),
            encode(Tag(0x73), &contact_name),
        ];
        encode(Tag(0x61), &template.concat())
    })
    .concat()
}

fn application_name(directory: Directory) -> Vec<u8> {
    encode(Tag(0x4F), directory.application_name().unwrap_or_default())
}

fn application_file(id: u16, content: Content, rules: FileRules) -> ElementaryFile {
    ElementaryFile {
        parent: Directory::Contact,
        id,
        sfi: None,
        content,
        rules,
    }
}

fn public_data(id: u16, content: Vec<u8>) -> ElementaryFile {
    application_file(id, Content::Fixed(content), FileRules::PUBLIC)
}

fn name(card: &CardParameters) -> Vec<u8> {
    let names = [
        utf8(&card.holder.family_name),
        utf8(&card.holder.given_name),
    ];
    encode(Tag(0x30), &names.concat())
}

fn card_identity(card: &CardParameters) -> Vec<u8> {
    let identity = [
        utf8(&card.number.to_string()),
        utf8(&card.holder.national_id),
    ];
    encode(Tag(0x30), &identity.concat())
}

fn information(card: &CardParameters) -> Vec<u8> {
    let profession = format!("{:02}", card.holder.profession);
    let information = [utf8(&profession), utf8("SM26")];
    encode(Tag(0x30), &information.concat())
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
    fn encode(&self) -> Vec<u8> {
        let fields = [
            encode(Tag(0x84), self.place.as_bytes()),
            encode(Tag(0x85), self.structure.as_bytes()),
            encode(Tag(0x86), self.sector.as_bytes()),
        ];
        encode(Tag(0xEE), &fields.concat())
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

/// CPS_DATA: empty when the card is new, and some kilobytes on a real card.
pub(super) const HOLDER_DATA_LEN: usize = 512;

const NAME: u16 = 0xD101;
const CARD_IDENTITY: u16 = 0xD102;
const LANGUAGE: u16 = 0xD103;
const INFORMATION: u16 = 0xD104;
/// The one identifier of a data object that the official module names.
const HOLDER_DATA: u16 = 0xD107;
const FIRST_ACTIVITY: u16 = 0xD120;

/// EF.ATR of a real card: category, card service, pre-issuing data, capabilities, root AID,
/// buffer sizes, OID 1.3.162.15480.2, status.
const EF_ATR: [u8; 57] = [
    0x80, 0x43, 0x01, 0xB8, 0x46, 0x04, 0x04, 0xB0, 0xEC, 0xC1, 0x47, 0x03, 0x94, 0x01, 0x80, 0x4F,
    0x08, 0x80, 0x25, 0x00, 0x00, 0x01, 0xFF, 0x01, 0x00, 0xE0, 0x10, 0x02, 0x02, 0x01, 0x04, 0x02,
    0x02, 0x01, 0x04, 0x02, 0x02, 0x01, 0x00, 0x02, 0x02, 0x01, 0x00, 0x78, 0x08, 0x06, 0x06, 0x2B,
    0x81, 0x22, 0xF8, 0x78, 0x02, 0x82, 0x02, 0x90, 0x00,
];

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    fn content(id: u16) -> Vec<u8> {
        let card = CardParameters::new(datetime!(2026-11-21 19:00 UTC));
        let certificates = Certificates {
            signature: vec![1; 300],
            authentication: vec![2; 400],
        };
        let file = files(&card, certificates)
            .into_iter()
            .find(|file| file.id == id)
            .unwrap();
        match file.content {
            Content::Fixed(content) => content,
            Content::HolderData { len } => vec![0; len],
        }
    }

    #[test]
    fn ef_dir_is_the_recorded_one() {
        let recorded = "61324F0DE828BD080F8025000001FF0020500A43505820494153 20434C51043F000002\
             730F4F0DE828BD080F8025000001FF0010612F4F0DE828BD080F8025000001FF00105007\
             4350582049415351043F000001730F4F0DE828BD080F8025000001FF0010"
            .replace(' ', "");
        assert_eq!(hex::encode_upper(content(0x2F00)), recorded);
        assert_eq!(content(0x2F00).len(), 101);
    }

    #[test]
    fn ef_sn_is_the_recorded_one() {
        let recorded = "5A0A8025000001991234565F";
        assert_eq!(hex::encode_upper(content(0xD003)), recorded);
    }

    #[test]
    fn no_two_files_have_the_same_place() {
        let card = CardParameters::new(datetime!(2026-11-21 19:00 UTC));
        let certificates = Certificates {
            signature: Vec::new(),
            authentication: Vec::new(),
        };
        let mut places: Vec<u16> = files(&card, certificates)
            .into_iter()
            .map(|file| file.id)
            .collect();
        let count = places.len();
        places.sort_unstable();
        places.dedup();
        assert_eq!(places.len(), count);
        assert!(!places.contains(&0xD010));
    }
}
