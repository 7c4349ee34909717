//! The files that the issuer writes on a CPS4.

use card_apdu::tlv::{Tag, encode};

use super::file_system::{APPLICATION_AID, Directory, ElementaryFile};
use super::pkcs15;
use crate::application_data::{DataAccess, DataFile, data_files};
use crate::parameters::CardParameters;
use crate::pkcs15::{data_objects, object_directory, public_keys};
use crate::pki::Certificate;
use crate::transparent_file::Content;

/// All elementary files of a card.
pub(super) fn files(card: &CardParameters, certificates: &[Certificate]) -> Vec<ElementaryFile> {
    let data = data_files(card);
    let mut files = vec![
        public(Directory::MasterFile, 0x2F00, application_directory()),
        public(Directory::MasterFile, 0xD003, serial_number(card)),
    ];
    files.extend(
        [
            (0x5031, object_directory(&pkcs15::FILES)),
            (0x5032, pkcs15::token_info(card)),
            (pkcs15::AODF, pkcs15::authentication_objects(card)),
            (pkcs15::PRKDF, pkcs15::private_keys(certificates)),
            (pkcs15::PUKDF, public_keys()),
            (pkcs15::CDF, pkcs15::certificates(certificates)),
            (pkcs15::DODF, data_objects(&data)),
        ]
        .map(|(id, content)| public(Directory::Application, id, content)),
    );
    files.extend(certificates.iter().map(|certificate| {
        let id = pkcs15::certificate_file(certificate.role);
        public(Directory::Application, id, certificate.der.clone())
    }));
    files.extend(data.into_iter().map(application_data));
    files
}

/// EF.SN.
fn serial_number(card: &CardParameters) -> Vec<u8> {
    encode(Tag(0x5A), &card.number.serial_number())
}

/// EF.DIR: one application, with its path, without which the official module does not find it.
fn application_directory() -> Vec<u8> {
    let name = encode(Tag(0x4F), &APPLICATION_AID);
    let template = [
        name.clone(),
        encode(Tag(0x50), b"CPX IAS"),
        encode(Tag(0x51), &[0x3F, 0x00, 0x00, 0x01]),
        encode(Tag(0x73), &name),
    ];
    encode(Tag(0x61), &template.concat())
}

fn public(parent: Directory, id: u16, content: Vec<u8>) -> ElementaryFile {
    ElementaryFile {
        parent,
        id,
        content: Content::Fixed(content),
        access: DataAccess::Public,
    }
}

fn application_data(file: DataFile) -> ElementaryFile {
    ElementaryFile {
        parent: Directory::Application,
        id: file.id,
        content: file.content,
        access: file.access,
    }
}
