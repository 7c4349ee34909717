//! The files of a CPS3: identifiers, access rules, FCP (ISO/IEC 7816-4, 7; IAS-ECC).

use card_apdu::tlv::{Tag, encode};

use super::applet::Interface;
use crate::transparent_file::Content;

/// A dedicated file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) enum Directory {
    /// 3F00.
    #[default]
    MasterFile,
    /// 3F00/0001, the PKCS#15 application of the contacts.
    Contact,
    /// 3F00/0002, the one of the antenna; seen through the contacts it is there and empty.
    Contactless,
}

/// A transparent elementary file.
#[derive(Debug)]
pub(super) struct ElementaryFile {
    pub(super) parent: Directory,
    pub(super) id: u16,
    /// Short identifier, 1 to 30.
    pub(super) sfi: Option<u8>,
    pub(super) content: Content,
    pub(super) rules: FileRules,
}

/// Security condition byte (IAS-ECC): what must be true before an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    /// 00.
    Always,
    /// FF.
    Never,
    /// 11: the holder's code was verified.
    HolderCode,
    /// 13: the code that security environment 3 names was verified, which is the unblock code.
    UnblockCode,
    /// 45: secure messaging with security environment 5, which only the issuer has.
    IssuerSecureMessaging,
}

/// Who may read and update a file; the other operations are the issuer's or nobody's.
#[derive(Clone, Copy, Debug)]
pub(super) struct FileRules {
    read: Condition,
    update: Condition,
    read_contactless: Condition,
    administration: Condition,
}

impl Directory {
    pub(super) const ALL: [Self; 3] = [Self::MasterFile, Self::Contact, Self::Contactless];

    pub(super) fn id(self) -> u16 {
        match self {
            Self::MasterFile => 0x3F00,
            Self::Contact => 0x0001,
            Self::Contactless => 0x0002,
        }
    }

    /// Name of the application, for those that SELECT by name answers with an FCP.
    pub(super) fn application_name(self) -> Option<&'static [u8]> {
        match self {
            Self::MasterFile => None,
            Self::Contact => Some(&CONTACT_AID),
            Self::Contactless => Some(&CONTACTLESS_AID),
        }
    }

    /// File control parameters; the MF has none (seen on a real card).
    pub(super) fn fcp(self) -> Vec<u8> {
        let Some(name) = self.application_name() else {
            return Vec::new();
        };
        let frozen = access_rule([Condition::Never; 5], Condition::Always);
        let rules = [encode(Tag(0x8C), &frozen), encode(Tag(0x9C), &frozen)];
        let fcp = [
            encode(Tag(0x82), &[0x38]),
            encode(Tag(0x83), &self.id().to_be_bytes()),
            encode(Tag(0x84), name),
            encode(Tag(0xA1), &rules.concat()),
            encode(Tag(0x8A), &[ACTIVATED]),
        ];
        encode(Tag(0x62), &fcp.concat())
    }
}

impl ElementaryFile {
    /// File control parameters in the order of a real card's EF.ATR.
    pub(super) fn fcp(&self) -> Vec<u8> {
        let size = u16::try_from(self.content.len()).unwrap_or(u16::MAX);
        let sfi: &[u8] = &self
            .sfi
            .map(|sfi| sfi << 3)
            .into_iter()
            .collect::<Vec<u8>>();
        let fcp = [
            encode(Tag(0x80), &size.to_be_bytes()),
            encode(Tag(0x82), &[0x01]),
            encode(Tag(0x83), &self.id.to_be_bytes()),
            encode(Tag(0x88), sfi),
            encode(Tag(0xA1), &self.rules.encode()),
            encode(Tag(0x8A), &[ACTIVATED]),
        ];
        encode(Tag(0x62), &fcp.concat())
    }
}

impl Condition {
    pub(super) fn byte(self) -> u8 {
        match self {
            Self::Always => 0x00,
            Self::Never => 0xFF,
            Self::HolderCode => 0x11,
            Self::UnblockCode => 0x13,
            Self::IssuerSecureMessaging => 0x45,
        }
    }
}

impl FileRules {
    /// Read by everybody, also through the antenna; written by the issuer.
    pub(super) const PUBLIC: Self = Self {
        read: Condition::Always,
        update: Condition::IssuerSecureMessaging,
        read_contactless: Condition::Always,
        administration: Condition::IssuerSecureMessaging,
    };
    /// Read by everybody, written by nobody.
    pub(super) const FROZEN: Self = Self {
        read: Condition::Always,
        update: Condition::Never,
        read_contactless: Condition::Always,
        administration: Condition::Never,
    };
    /// Read through the contacts alone: the AODF, which tells the two sides of a card apart.
    pub(super) const CONTACT_ONLY: Self = Self {
        read_contactless: Condition::Never,
        ..Self::PUBLIC
    };
    /// Read after the holder's code.
    pub(super) const PRIVATE: Self = Self {
        read: Condition::HolderCode,
        read_contactless: Condition::Never,
        ..Self::PUBLIC
    };
    /// Read by everybody, written after the holder's code.
    pub(super) const HOLDER_DATA: Self = Self {
        update: Condition::HolderCode,
        ..Self::PUBLIC
    };

    /// What reading takes.
    pub(super) fn read(self, interface: Interface) -> Condition {
        match interface {
            Interface::Contact => self.read,
            Interface::Contactless => self.read_contactless,
        }
    }

    /// What writing takes; through the antenna nobody writes.
    pub(super) fn update(self, interface: Interface) -> Condition {
        match interface {
            Interface::Contact => self.update,
            Interface::Contactless => Condition::Never,
        }
    }

    /// Access rules in contact (8C) and contactless (9C).
    fn encode(self) -> Vec<u8> {
        let never = Condition::Never;
        let contact = [self.administration, never, never, never, self.update];
        let contactless = [never; 5];
        [
            encode(Tag(0x8C), &access_rule(contact, self.read)),
            encode(Tag(0x9C), &access_rule(contactless, self.read_contactless)),
        ]
        .concat()
    }
}

/// Access mode byte 7B (delete, terminate, activate, deactivate, update, read), then one
/// condition for each, reading last.
fn access_rule(others: [Condition; 5], read: Condition) -> Vec<u8> {
    let mut rule = vec![ACCESS_MODES];
    rule.extend(others.map(Condition::byte));
    rule.push(read.byte());
    rule
}

/// Names of the two PKCS#15 applications.
pub(super) const CONTACT_AID: [u8; 13] = [
    0xE8, 0x28, 0xBD, 0x08, 0x0F, 0x80, 0x25, 0x00, 0x00, 0x01, 0xFF, 0x00, 0x10,
];
pub(super) const CONTACTLESS_AID: [u8; 13] = [
    0xE8, 0x28, 0xBD, 0x08, 0x0F, 0x80, 0x25, 0x00, 0x00, 0x01, 0xFF, 0x00, 0x20,
];
/// Life cycle status: operational, activated.
const ACTIVATED: u8 = 0x05;
const ACCESS_MODES: u8 = 0x7B;

#[cfg(test)]
mod tests {
    use super::*;

    fn file(id: u16, sfi: Option<u8>, len: usize, rules: FileRules) -> ElementaryFile {
        ElementaryFile {
            parent: Directory::MasterFile,
            id,
            sfi,
            content: Content::Fixed(vec![0; len]),
            rules,
        }
    }

    #[test]
    fn the_fcp_of_ef_atr_is_the_one_of_a_real_card() {
        let fcp = file(0x2F01, Some(0x1D), 0x39, FileRules::PUBLIC).fcp();
        let real = "62258002003982010183022F018801E8A1128C077B45FFFFFF45009C077BFFFFFFFFFF008A0105";
        assert_eq!(hex::encode_upper(fcp), real);
    }

    #[test]
    fn the_fcps_of_an_application_and_of_its_files_are_the_recorded_ones() {
        assert_eq!(
            hex::encode_upper(Directory::Contact.fcp()),
            "622D82013883020001840DE828BD080F8025000001FF0010A1128C077BFFFFFFFFFF009C077BFFFFFFFFFF008A0105"
        );
        assert_eq!(
            hex::encode_upper(file(0xD120, None, 15, FileRules::PRIVATE).fcp()),
            "62248002000F8201018302D1208800A1128C077B45FFFFFF45119C077BFFFFFFFFFFFF8A0105"
        );
        assert!(Directory::MasterFile.fcp().is_empty());
    }
}
