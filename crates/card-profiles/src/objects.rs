//! What a card lists by name, for programs that look for objects by their labels (PKCS#15, ISO/IEC 7816-15).

use card_apdu::tlv::{self, Tag, Tlv};
use igc_sante::KeyRole;

use crate::files::FilePath;
use crate::pkcs15::{BitString, OCTET_STRING, SEQUENCE, TYPE_ATTRIBUTES, nth_sequence};

/// The names of a card and of what is on it, in the card's own order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CardObjects {
    /// The card's name for itself (TokenInfo).
    pub label: Option<String>,
    /// Who made it, by its own word (TokenInfo).
    pub manufacturer: Option<String>,
    /// Its serial number, as in [`Identity`](crate::Identity).
    pub serial_number: String,
    /// Private keys, then certificates, then data.
    pub objects: Vec<CardObject>,
}

/// One object that a card lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardObject {
    /// What it is.
    pub kind: ObjectKind,
    /// Its name.
    pub label: String,
    /// The identifier that a key and its certificate share; empty for data.
    pub id: Vec<u8>,
    /// The role of a key or certificate that this program uses.
    pub role: Option<KeyRole>,
    /// Whether it is behind the holder's code.
    pub is_private: bool,
    /// The application that data are of, where the card names one.
    pub application: Option<String>,
    /// The object identifier of data, DER, where the card has one.
    pub object_id: Option<Vec<u8>>,
    pub(crate) path: Option<FilePath>,
}

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectKind {
    /// A private key.
    PrivateKey,
    /// A certificate.
    Certificate,
    /// Bytes of an application.
    Data,
}

/// Label and privacy of an entry (CommonObjectAttributes, 8.2.2), and the identifier of a key or certificate.
pub(crate) fn parse_object(entry: Tlv<'_>, kind: ObjectKind) -> Option<CardObject> {
    let common = nth_sequence(entry, 0)?;
    let label = tlv::find(common, UTF8_STRING).ok()??;
    let flags = BitString::find(common);
    let id = match kind {
        ObjectKind::Data => None,
        ObjectKind::PrivateKey | ObjectKind::Certificate => {
            tlv::find(nth_sequence(entry, 1)?, OCTET_STRING).ok()?
        }
    };
    Some(CardObject {
        kind,
        label: String::from_utf8_lossy(label).into_owned(),
        id: id.unwrap_or_default().to_vec(),
        role: None,
        is_private: flags.is_some_and(|flags| flags.has(FLAG_PRIVATE)),
        application: None,
        object_id: None,
        path: None,
    })
}

/// An entry of the DODF (8.8).
pub(crate) fn parse_data_object(entry: Tlv<'_>, application: &FilePath) -> Option<CardObject> {
    let path = tlv::find_path(entry.value, &[TYPE_ATTRIBUTES, SEQUENCE, OCTET_STRING]);
    let class_attributes = nth_sequence(entry, 1).unwrap_or_default();
    let of_class = |tag| tlv::find(class_attributes, tag).ok().flatten();
    let application_name = of_class(UTF8_STRING);
    Some(CardObject {
        application: application_name.map(|name| String::from_utf8_lossy(name).into_owned()),
        object_id: of_class(OBJECT_IDENTIFIER).map(|id| tlv::encode(OBJECT_IDENTIFIER, id)),
        path: Some(FilePath::resolve(path.ok()??, application)?),
        ..parse_object(entry, ObjectKind::Data)?
    })
}

/// The label of TokenInfo (7.8).
pub(crate) fn parse_token_label(token_info: &[u8]) -> Option<String> {
    let label = tlv::find_path(token_info, &[SEQUENCE, TOKEN_LABEL]).ok()??;
    Some(String::from_utf8_lossy(label).trim_end().to_owned())
}

/// The manufacturer of TokenInfo (7.8): of its fields the one of this type.
pub(crate) fn parse_manufacturer(token_info: &[u8]) -> Option<String> {
    let manufacturer = tlv::find_path(token_info, &[SEQUENCE, UTF8_STRING]).ok()??;
    Some(String::from_utf8_lossy(manufacturer).trim_end().to_owned())
}

const UTF8_STRING: Tag = Tag(0x0C);
const OBJECT_IDENTIFIER: Tag = Tag(0x06);
const TOKEN_LABEL: Tag = Tag(0x80);
const FLAG_PRIVATE: usize = 0;
