//! The files that the issuer writes on a CPS3: system files, PKCS#15 objects, the holder's data.

use card_apdu::tlv::{Tag, encode};

use super::applet::Interface;
use super::file_system::{Directory, ElementaryFile, FileRules};
use super::pkcs15;
use crate::application_data::{DataAccess, DataFile, contactless_data_files, data_files};
use crate::parameters::CardParameters;
use crate::pkcs15::{data_objects, object_directory, public_keys};
use crate::pki::Certificate;
use crate::transparent_file::Content;

/// All elementary files that can be reached from one side of a card. EF.ACTUA (D010) is absent, as
/// on a card that was never updated.
pub(super) fn files(
    interface: Interface,
    card: &CardParameters,
    certificates: &[Certificate],
) -> Vec<ElementaryFile> {
    let mut files = system_files(card);
    files.extend(match interface {
        Interface::Contact => contact_files(card, certificates),
        Interface::Contactless => contactless_files(card, certificates),
    });
    files
}

fn system_files(card: &CardParameters) -> Vec<ElementaryFile> {
    let file = |id, sfi, content, rules| ElementaryFile {
        parent: Directory::MasterFile,
        id,
        sfi: Some(sfi),
        content: Content::Fixed(content),
        rules,
    };
    let serial_number = encode(Tag(0x5A), &card.number.serial_number());
    vec![
        file(0x2F00, 0x1E, application_directory(), FileRules::PUBLIC),
        file(0x2F01, 0x1D, EF_ATR.to_vec(), FileRules::PUBLIC),
        file(0xD003, 0x1C, serial_number, FileRules::FROZEN),
    ]
}

fn contact_files(card: &CardParameters, certificates: &[Certificate]) -> Vec<ElementaryFile> {
    let data = data_files(card);
    let mut application = Application::new(Directory::Contact, certificates, &data);
    application.add(
        0x5031,
        object_directory(&pkcs15::CONTACT_FILES),
        FileRules::PUBLIC,
    );
    application.add(
        0x5032,
        pkcs15::token_info(card, &card.number.serial_number()),
        FileRules::PUBLIC,
    );
    application.add(
        pkcs15::AODF,
        pkcs15::authentication_objects(card),
        FileRules::CONTACT_ONLY,
    );
    application.add(pkcs15::PUKDF, public_keys(), FileRules::PUBLIC);
    application.files.extend(data.into_iter().map(contact_data));
    application.files
}

/// The rest of a card stands behind rules that refuse the antenna, and is left out.
fn contactless_files(card: &CardParameters, certificates: &[Certificate]) -> Vec<ElementaryFile> {
    let data = contactless_data_files(card);
    let mut application = Application::new(Directory::Contactless, certificates, &data);
    application.add(
        0x5031,
        object_directory(&pkcs15::CONTACTLESS_FILES),
        FileRules::PUBLIC,
    );
    application.add(
        0x5032,
        pkcs15::token_info(card, &card.number.serial_number()),
        FileRules::PUBLIC,
    );
    let public = |file: DataFile| ElementaryFile {
        parent: Directory::Contactless,
        id: file.id,
        sfi: None,
        content: file.content,
        rules: FileRules::PUBLIC,
    };
    application.files.extend(data.into_iter().map(public));
    application.files
}

fn contact_data(file: DataFile) -> ElementaryFile {
    ElementaryFile {
        parent: Directory::Contact,
        id: file.id,
        sfi: None,
        content: file.content,
        rules: match file.access {
            DataAccess::Public => FileRules::PUBLIC,
            DataAccess::HolderWritable => FileRules::HOLDER_DATA,
            DataAccess::Private => FileRules::PRIVATE,
        },
    }
}

/// The files of one PKCS#15 application, as they are put together.
struct Application {
    directory: Directory,
    files: Vec<ElementaryFile>,
}

impl Application {
    /// Keys, certificates and the list of data objects, which every application has.
    fn new(directory: Directory, certificates: &[Certificate], data: &[DataFile]) -> Self {
        let mut application = Self {
            directory,
            files: Vec::new(),
        };
        let keys = pkcs15::private_keys(certificates);
        application.add(pkcs15::PRKDF, keys, FileRules::PUBLIC);
        let list = pkcs15::certificates(certificates);
        application.add(pkcs15::CDF, list, FileRules::PUBLIC);
        application.add(pkcs15::DODF, data_objects(data), FileRules::PUBLIC);
        for certificate in certificates {
            let id = pkcs15::certificate_file(certificate.role);
            application.add(id, certificate.der.clone(), FileRules::PUBLIC);
        }
        application
    }

    fn add(&mut self, id: u16, content: Vec<u8>, rules: FileRules) {
        self.files.push(ElementaryFile {
            parent: self.directory,
            id,
            sfi: None,
            content: Content::Fixed(content),
            rules,
        });
    }
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

    fn all_files(interface: Interface) -> Vec<ElementaryFile> {
        let card = CardParameters::new(datetime!(2026-11-21 19:00 UTC));
        files(interface, &card, &[])
    }

    fn content(id: u16) -> Vec<u8> {
        let file = all_files(Interface::Contact)
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
        for interface in [Interface::Contact, Interface::Contactless] {
            let mut places: Vec<(u16, u16)> = all_files(interface)
                .into_iter()
                .map(|file| (file.parent.id(), file.id))
                .collect();
            let count = places.len();
            places.sort_unstable();
            places.dedup();
            assert_eq!(places.len(), count);
            assert!(places.iter().all(|(_, id)| *id != 0xD010));
        }
    }
}
