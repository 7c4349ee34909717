//! Objects of PKCS#15 files in DER (PKCS#15 v1.1, 6), as every card of the family writes them.
//!
//! Each generation puts its own files together of these; what it adds stands there.

use card_apdu::tlv::{Tag, encode};

use crate::application_data::{DataAccess, DataFile};

/// ODF: where the files of each type of object are.
pub(crate) fn object_directory(files: &[(ObjectType, u16)]) -> Vec<u8> {
    files
        .iter()
        .flat_map(|(object_type, file_id)| encode(object_type.tag(), &path(*file_id)))
        .collect()
}

/// The types of objects that an ODF lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ObjectType {
    PrivateKeys,
    PublicKeys,
    Certificates,
    DataObjects,
    AuthenticationObjects,
}

impl ObjectType {
    fn tag(self) -> Tag {
        match self {
            Self::PrivateKeys => Tag(0xA0),
            Self::PublicKeys => Tag(0xA1),
            Self::Certificates => Tag(0xA4),
            Self::DataObjects => Tag(0xA7),
            Self::AuthenticationObjects => Tag(0xA8),
        }
    }
}

/// DODF.
pub(crate) fn data_objects<'a>(files: impl IntoIterator<Item = &'a DataFile>) -> Vec<u8> {
    files.into_iter().flat_map(data_object).collect()
}

/// PuKDF: nothing but padding, since programs take public keys from certificates.
pub(crate) fn public_keys() -> Vec<u8> {
    vec![0, 0]
}

/// An entry of a CDF: the certificate of key `id` is a file of `len` bytes.
pub(crate) fn certificate(
    label: &str,
    flags: Vec<u8>,
    id: &[u8],
    file_id: u16,
    len: usize,
) -> Vec<u8> {
    let len = u16::try_from(len).unwrap_or(u16::MAX).to_be_bytes();
    let place = sequence(&[
        octets(&file_id.to_be_bytes()),
        integer(&[0]),
        encode(Tag(0x80), &len),
    ]);
    sequence(&[
        sequence(&[utf8(label), flags]),
        sequence(&[octets(id)]),
        encode(TYPE_ATTRIBUTES, &sequence(&[place])),
    ])
}

/// The attributes of a code: ASCII digits, not padded.
pub(crate) fn code_attributes(
    flags: Vec<u8>,
    reference: u8,
    minimum_len: u8,
    maximum_len: u8,
) -> Vec<u8> {
    let attributes = sequence(&[
        flags,
        encode(Tag(0x0A), &[ASCII_NUMERIC]),
        integer(&[minimum_len]),
        integer(&[maximum_len]),
        integer(&[maximum_len]),
        encode(Tag(0x80), &[reference]),
        octets(&[0xFF]),
    ]);
    encode(TYPE_ATTRIBUTES, &attributes)
}

/// The attributes of a private key that never leaves the card: sensitive, always sensitive, never
/// extractable.
pub(crate) fn key_attributes(id: &[u8], usage: Vec<u8>, reference: u8) -> Vec<u8> {
    let reference = match reference {
        0x00..=0x7F => integer(&[reference]),
        0x80..=0xFF => integer(&[0, reference]),
    };
    sequence(&[octets(id), usage, bits(4, &[0xB0]), reference])
}

/// The type of every private key: RSA of 2048 bits, with an empty path.
pub(crate) fn rsa_2048() -> Vec<u8> {
    let attributes = sequence(&[sequence(&[octets(&[])]), integer(&[0x08, 0x00])]);
    encode(TYPE_ATTRIBUTES, &attributes)
}

/// Identifier of a key and its certificate: the name of the application, and one byte.
pub(crate) fn object_id(application: &[u8], last_byte: u8) -> Vec<u8> {
    [application, &[last_byte]].concat()
}

/// Usage of a key: sign.
pub(crate) fn usage_sign() -> Vec<u8> {
    bits(5, &[0x20])
}

/// Usage of a key: decrypt and sign.
pub(crate) fn usage_decrypt_and_sign() -> Vec<u8> {
    bits(5, &[0x60])
}

/// Usage of a key: sign what its holder cannot deny.
pub(crate) fn usage_non_repudiation() -> Vec<u8> {
    bits(6, &[0x00, 0x40])
}

pub(crate) fn path(file_id: u16) -> Vec<u8> {
    sequence(&[octets(&file_id.to_be_bytes())])
}

pub(crate) fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    encode(Tag(0x30), &parts.concat())
}

pub(crate) fn integer(bytes: &[u8]) -> Vec<u8> {
    encode(Tag(0x02), bytes)
}

pub(crate) fn octets(bytes: &[u8]) -> Vec<u8> {
    encode(Tag(0x04), bytes)
}

pub(crate) fn utf8(text: &str) -> Vec<u8> {
    encode(Tag(0x0C), text.as_bytes())
}

pub(crate) fn null() -> Vec<u8> {
    encode(Tag(0x05), &[])
}

pub(crate) fn bits(unused: u8, bytes: &[u8]) -> Vec<u8> {
    let mut value = vec![unused];
    value.extend_from_slice(bytes);
    encode(BIT_STRING, &value)
}

/// Real CPS3 leave out the byte that counts the unused bits; the flags stand alone, and a
/// strict reader refuses the object (OpenSC issue 2224).
pub(crate) fn malformed_bits(flags: u8) -> Vec<u8> {
    encode(BIT_STRING, &[flags])
}

fn data_object(file: &DataFile) -> Vec<u8> {
    let access = match file.access {
        DataAccess::Public => vec![encode(BIT_STRING, &[0])],
        DataAccess::HolderWritable => vec![bits(6, &[0x40]), octets(&[HOLDER_CODE])],
        DataAccess::Private => vec![bits(7, &[0x80]), octets(&[HOLDER_CODE])],
    };
    sequence(&[
        sequence(&[utf8(&file.label), access.concat()]),
        sequence(&[utf8("CPS")]),
        encode(TYPE_ATTRIBUTES, &path(file.id)),
    ])
}

/// Authentication identifiers of the two codes; not their references.
pub(crate) const HOLDER_CODE: u8 = 1;
pub(crate) const UNBLOCK_CODE: u8 = 2;

/// pinFlags: initialized.
pub(crate) const INITIALIZED: u8 = 0x08;
/// pinFlags: change disabled, unblock disabled, initialized, unblockingPin, soPin.
pub(crate) const UNBLOCKING_SO_PIN: u8 = 0x3B;

pub(crate) const HOLDER_CODE_LABEL: &str = "Code porteur de la carte CPX";
pub(crate) const UNBLOCK_CODE_LABEL: &str = "Code de deblocage de la carte CPX";
pub(crate) const SIGNATURE_KEY_LABEL: &str = "CPS_PRIV_SIG";
pub(crate) const AUTHENTICATION_KEY_LABEL: &str = "CPS_PRIV_AUT";
pub(crate) const SIGNATURE_CERTIFICATE_LABEL: &str = "Certificat de Signature CPS";
pub(crate) const AUTHENTICATION_CERTIFICATE_LABEL: &str = "Certificat d'Authentification CPS";

const BIT_STRING: Tag = Tag(0x03);
/// `[1]`, the attributes of the type of object.
const TYPE_ATTRIBUTES: Tag = Tag(0xA1);
/// pinType.
const ASCII_NUMERIC: u8 = 1;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transparent_file::Content;

    #[test]
    fn the_data_objects_are_the_recorded_ones() {
        let files = [
            ("CPS_NAME_PS", 0xD101, DataAccess::Public),
            ("CPS_DATA", 0xD107, DataAccess::HolderWritable),
            ("CPS_ACTIVITY_01_PS", 0xD120, DataAccess::Private),
        ]
        .map(|(label, id, access)| DataFile {
            label: label.to_owned(),
            id,
            access,
            content: Content::Fixed(Vec::new()),
        });
        assert_eq!(
            hex::encode_upper(data_objects(&files)),
            "302130100C0B4350535F4E414D455F50530301003005 0C03435053A10630040402D101\
             302230110C084350535F444154410302064004010130050C03435053A10630040402D107\
             302C301B0C124350535F41435449564954595F30315F50530302078004010130050C03435053A10630040402D120"
                .replace(' ', "")
        );
    }
}
