//! The PKCS#15 files of the contact application (PKCS#15 v1.1, as real CPS3 write them).
//!
//! What a file says is, in this order, what a real card showed, what the official module and
//! OpenSC accept, and a guess. The identifiers of PrKDF, PuKDF, DODF and of the second
//! certificate are guesses: readers follow the ODF.

use card_apdu::tlv::{Tag, encode};

use crate::parameters::CardParameters;

/// An object of the DODF.
pub(super) struct DataObject {
    pub(super) label: String,
    pub(super) file_id: u16,
    pub(super) access: DataAccess,
}

/// What the DODF says about reading and writing a data object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DataAccess {
    /// Read without a code.
    Public,
    /// Read without a code, written after it: CPS_DATA alone.
    HolderWritable,
    /// Read after the holder's code.
    Private,
}

/// ODF (5031): where the other files are.
pub(super) fn object_directory() -> Vec<u8> {
    [
        (0xA8, AODF),
        (0xA0, PRKDF),
        (0xA1, PUKDF),
        (0xA4, CDF),
        (0xA7, DODF),
    ]
    .map(|(tag, file_id)| encode(Tag(tag), &path(file_id)))
    .concat()
}

/// TokenInfo (5032). The table of algorithms is that of other IAS-ECC cards; without it OpenSC
/// can do nothing with a key.
pub(super) fn token_info(card: &CardParameters, serial_number: &[u8]) -> Vec<u8> {
    let algorithms = [
        algorithm(1, &[0x02, 0x20], HASH, "2B0E03021A", 0x10),
        algorithm(2, &[0x02, 0x50], HASH, "608648016503040201", 0x40),
        algorithm(3, &[0x06], SIGN, "2A864886F70D010105", 0x12),
        algorithm(4, &[0x40], SIGN, "2A864886F70D01010B", 0x42),
        algorithm(5, &[0x01], SIGN, "2A864886F70D010101", 0x02),
        algorithm(6, &[0x01], DECIPHER, "2A864886F70D010101", 0x1A),
    ];
    sequence(&[
        integer(&[0]),
        octets(serial_number),
        utf8("CPXD TEST"),
        encode(Tag(0x80), format!("CPS3v3-{}", card.number).as_bytes()),
        bits(5, &[0x60]),
        encode(Tag(0xA2), &algorithms.concat()),
    ])
}

/// AODF (7001): the holder's code, and the unblock code with the soPin flag, without which the
/// official module cannot unblock.
pub(super) fn authentication_objects(card: &CardParameters) -> Vec<u8> {
    let pin_maximum_len = u8::try_from(card.pin_maximum_len()).unwrap_or(8);
    let holder_code = sequence(&[
        sequence(&[
            utf8("Code porteur de la carte CPX"),
            malformed_bits(0xC0),
            octets(&[UNBLOCK_CODE]),
            sequence(&[
                access_rule(bits(6, &[UPDATE]), null()),
                access_rule(bits(5, &[EXECUTE]), null()),
                access_rule(bits(3, &[ATTRIBUTE]), octets(&[UNBLOCK_CODE])),
            ]),
        ]),
        sequence(&[octets(&[HOLDER_CODE])]),
        code_attributes(bits(3, &[INITIALIZED]), HOLDER_CODE, 4, pin_maximum_len),
    ]);
    let unblock_code = sequence(&[
        sequence(&[
            utf8("Code de deblocage de la carte CPX"),
            malformed_bits(0xC0),
        ]),
        sequence(&[octets(&[UNBLOCK_CODE])]),
        code_attributes(bits(0, &[UNBLOCKING_SO_PIN]), UNBLOCK_CODE, 8, 8),
    ]);
    [holder_code, unblock_code].concat()
}

/// PrKDF (7002): no algorithm reference and an empty path, as on real cards.
pub(super) fn private_keys() -> Vec<u8> {
    let signature = sequence(&[
        sequence(&[
            utf8("CPS_PRIV_SIG"),
            bits(7, &[0x80]),
            octets(&[HOLDER_CODE]),
            sequence(&[access_rule(bits(2, &[0x04]), octets(&[HOLDER_CODE]))]),
        ]),
        key_attributes(SIGNATURE_ID, bits(6, &[0x00, 0x40]), 0x81),
        rsa_2048(),
    ]);
    let authentication = sequence(&[
        sequence(&[
            utf8("CPS_PRIV_AUT"),
            bits(5, &[0xE0]),
            octets(&[HOLDER_CODE]),
            sequence(&[
                access_rule(bits(0, &[0x01]), octets(&[HOLDER_CODE])),
                access_rule(bits(6, &[0x00, 0x40]), octets(&[HOLDER_CODE])),
            ]),
        ]),
        key_attributes(AUTHENTICATION_ID, bits(5, &[0x60]), 0x82),
        rsa_2048(),
    ]);
    [signature, authentication].concat()
}

/// PuKDF (7003): nothing but padding.
pub(super) fn public_keys() -> Vec<u8> {
    vec![0, 0]
}

/// CDF (7005), with the lengths of the two certificates.
pub(super) fn certificates(signature_len: usize, authentication_len: usize) -> Vec<u8> {
    [
        certificate(
            "Certificat de Signature CPS",
            SIGNATURE_ID,
            SIGNATURE_CERTIFICATE,
            signature_len,
        ),
        certificate(
            "Certificat d'Authentification CPS",
            AUTHENTICATION_ID,
            AUTHENTICATION_CERTIFICATE,
            authentication_len,
        ),
    ]
    .concat()
}

/// DODF (7006).
pub(super) fn data_objects(objects: &[DataObject]) -> Vec<u8> {
    objects.iter().flat_map(data_object).collect()
}

pub(super) const AODF: u16 = 0x7001;
pub(super) const PRKDF: u16 = 0x7002;
pub(super) const PUKDF: u16 = 0x7003;
pub(super) const CDF: u16 = 0x7005;
pub(super) const DODF: u16 = 0x7006;
pub(super) const SIGNATURE_CERTIFICATE: u16 = 0xA001;
pub(super) const AUTHENTICATION_CERTIFICATE: u16 = 0xA002;

fn data_object(object: &DataObject) -> Vec<u8> {
    let access = match object.access {
        DataAccess::Public => vec![encode(BIT_STRING, &[0])],
        DataAccess::HolderWritable => vec![bits(6, &[0x40]), octets(&[HOLDER_CODE])],
        DataAccess::Private => vec![bits(7, &[0x80]), octets(&[HOLDER_CODE])],
    };
    sequence(&[
        sequence(&[utf8(&object.label), access.concat()]),
        sequence(&[utf8("CPS")]),
        encode(TYPE_ATTRIBUTES, &path(object.file_id)),
    ])
}

fn certificate(label: &str, id: u8, file_id: u16, len: usize) -> Vec<u8> {
    let len = u16::try_from(len).unwrap_or(u16::MAX).to_be_bytes();
    let place = sequence(&[
        octets(&file_id.to_be_bytes()),
        integer(&[0]),
        encode(Tag(0x80), &len),
    ]);
    sequence(&[
        sequence(&[utf8(label), malformed_bits(0x40)]),
        sequence(&[octets(&object_id(id))]),
        encode(TYPE_ATTRIBUTES, &sequence(&[place])),
    ])
}

fn code_attributes(flags: Vec<u8>, reference: u8, minimum_len: u8, maximum_len: u8) -> Vec<u8> {
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

/// Access flags: sensitive, always sensitive, never extractable. The reference is two bytes,
/// for an INTEGER above 7F.
fn key_attributes(id: u8, usage: Vec<u8>, reference: u8) -> Vec<u8> {
    sequence(&[
        octets(&object_id(id)),
        usage,
        bits(4, &[0xB0]),
        integer(&[0, reference]),
    ])
}

fn rsa_2048() -> Vec<u8> {
    let attributes = sequence(&[sequence(&[octets(&[])]), integer(&[0x08, 0x00])]);
    encode(TYPE_ATTRIBUTES, &attributes)
}

/// Mechanism, operation bit and the reference that MANAGE SECURITY ENVIRONMENT takes.
fn algorithm(
    reference: u8,
    mechanism: &[u8],
    operations: (u8, u8),
    identifier: &str,
    card_reference: u8,
) -> Vec<u8> {
    let identifier = hex::decode(identifier).unwrap_or_default();
    sequence(&[
        integer(&[reference]),
        integer(mechanism),
        null(),
        bits(operations.0, &[operations.1]),
        encode(Tag(0x06), &identifier),
        integer(&[card_reference]),
    ])
}

fn object_id(last_byte: u8) -> [u8; 14] {
    [
        0xE8, 0x28, 0xBD, 0x08, 0x0F, 0x80, 0x25, 0x00, 0x00, 0x01, 0xFF, 0x00, 0x10, last_byte,
    ]
}

fn path(file_id: u16) -> Vec<u8> {
    sequence(&[octets(&file_id.to_be_bytes())])
}

fn access_rule(modes: Vec<u8>, condition: Vec<u8>) -> Vec<u8> {
    sequence(&[modes, condition])
}

fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    encode(Tag(0x30), &parts.concat())
}

fn integer(bytes: &[u8]) -> Vec<u8> {
    encode(Tag(0x02), bytes)
}

fn octets(bytes: &[u8]) -> Vec<u8> {
    encode(Tag(0x04), bytes)
}

fn utf8(text: &str) -> Vec<u8> {
    encode(Tag(0x0C), text.as_bytes())
}

fn null() -> Vec<u8> {
    encode(Tag(0x05), &[])
}

fn bits(unused: u8, bytes: &[u8]) -> Vec<u8> {
    let mut value = vec![unused];
    value.extend_from_slice(bytes);
    encode(BIT_STRING, &value)
}

/// Real cards leave out the byte that counts the unused bits; the flags stand alone, and a
/// strict reader refuses the object (OpenSC issue 2224).
fn malformed_bits(flags: u8) -> Vec<u8> {
    encode(BIT_STRING, &[flags])
}

const BIT_STRING: Tag = Tag(0x03);
/// `[1]`, the attributes of the type of object.
const TYPE_ATTRIBUTES: Tag = Tag(0xA1);

const HOLDER_CODE: u8 = 1;
const UNBLOCK_CODE: u8 = 2;
const SIGNATURE_ID: u8 = 1;
const AUTHENTICATION_ID: u8 = 2;

/// accessMode: change, verify, and (GUESS, real cards have a third rule of this length) reset.
const UPDATE: u8 = 0x40;
const EXECUTE: u8 = 0x20;
const ATTRIBUTE: u8 = 0x08;
/// pinFlags: initialized.
const INITIALIZED: u8 = 0x08;
/// pinFlags: change disabled, unblock disabled, initialized, unblockingPin, soPin.
const UNBLOCKING_SO_PIN: u8 = 0x3B;
/// pinType.
const ASCII_NUMERIC: u8 = 1;

/// Operations of an algorithm: unused bits and flags.
const HASH: (u8, u8) = (1, 0x02);
const SIGN: (u8, u8) = (6, 0x40);
const DECIPHER: (u8, u8) = (2, 0x04);

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    fn card() -> CardParameters {
        CardParameters::new(datetime!(2026-11-21 19:00 UTC))
    }

    #[test]
    fn odf_and_prkdf_are_the_recorded_ones() {
        assert_eq!(
            hex::encode_upper(object_directory()),
            "A80630040402 7001A006300404027002A106300404027003A406300404027005A706300404027006"
                .replace(' ', "")
        );
        assert_eq!(
            hex::encode_upper(private_keys()),
            "304D30200C0C4350535F505249565F5349470302078004010130093007030202040401\
             01301D040EE828BD080F8025000001FF001001030306004003020 4B002020081A10A3008\
             300204000202080030 56302A0C0C4350535F505249565F415554030205E004010130133007\
             0302000104010130080303060040040101301C040EE828BD080F8025000001FF0010020302\
             0560030204B002020082A10A30083002040002020800"
                .replace(' ', "")
        );
    }

    #[test]
    fn the_data_objects_are_the_recorded_ones() {
        let objects = [
            ("CPS_NAME_PS", 0xD101, DataAccess::Public),
            ("CPS_DATA", 0xD107, DataAccess::HolderWritable),
            ("CPS_ACTIVITY_01_PS", 0xD120, DataAccess::Private),
        ]
        .map(|(label, file_id, access)| DataObject {
            label: label.to_owned(),
            file_id,
            access,
        });
        assert_eq!(
            hex::encode_upper(data_objects(&objects)),
            "302130100C0B4350535F4E414D455F50530301003005 0C03435053A10630040402D101\
             302230110C084350535F444154410302064004010130050C03435053A10630040402D107\
             302C301B0C124350535F41435449564954595F30315F50530302078004010130050C03435053A10630040402D120"
                .replace(' ', "")
        );
    }

    #[test]
    fn the_algorithms_of_token_info_are_the_recorded_ones() {
        let token_info = token_info(&card(), &[0x80]);
        let recorded = "A281A6301702010102020220050003020102\
             06052B0E03021A020110301B02010202020250050003020102060960864801650304020102\
             0140301A020103020106050003020640\
             06092A864886F70D010105020112301A020104020140050003020640\
             06092A864886F70D01010B020142301A020105020101050003020640\
             06092A864886F70D010101020102301A02010602010105000302020406092A864886F70D01010102011A";
        assert!(hex::encode_upper(token_info).ends_with(recorded));
    }

    #[test]
    fn the_flags_of_aodf_and_cdf_lack_their_unused_bits_byte() {
        let aodf = authentication_objects(&card());
        let malformed = [0x03, 0x01, 0xC0];
        let count = aodf.windows(3).filter(|bytes| *bytes == malformed).count();
        assert_eq!(count, 2);
        let cdf = certificates(0x334, 0x342);
        let malformed = [0x03, 0x01, 0x40];
        let count = cdf.windows(3).filter(|bytes| *bytes == malformed).count();
        assert_eq!(count, 2);
    }

    #[test]
    fn the_longest_code_stands_in_the_aodf() {
        let short = authentication_objects(&card());
        assert!(hex::encode(&short).contains("020104020104020104800101"));
        let mut card = card();
        card.pin_maximum_len = Some(8);
        let long = authentication_objects(&card);
        assert!(hex::encode(&long).contains("020104020108020108800101"));
    }
}
