//! The PKCS#15 files of a CPS3 (PKCS#15 v1.1, as real cards write them).
//!
//! What a file says is, in this order, what a real card showed, what the official module and
//! OpenSC accept, and a guess. The identifiers of PrKDF, PuKDF, DODF and of the second
//! certificate are guesses: readers follow the ODF.

use card_apdu::tlv::{Tag, encode};

use super::file_system::{CONTACT_AID, CONTACTLESS_AID};
use crate::parameters::CardParameters;
use crate::pkcs15::{
    AUTHENTICATION_CERTIFICATE_LABEL, AUTHENTICATION_KEY_LABEL, HOLDER_CODE, HOLDER_CODE_LABEL,
    INITIALIZED, ObjectType, SIGNATURE_CERTIFICATE_LABEL, SIGNATURE_KEY_LABEL, UNBLOCK_CODE,
    UNBLOCK_CODE_LABEL, UNBLOCKING_SO_PIN, bits, certificate, code_attributes, integer,
    key_attributes, malformed_bits, null, object_id, octets, rsa_2048, sequence,
    usage_decrypt_and_sign, usage_non_repudiation, usage_sign, utf8,
};
use crate::pki::{Certificate, KeyRole};

/// Where the files of the contact application are.
pub(super) const CONTACT_FILES: [(ObjectType, u16); 5] = [
    (ObjectType::AuthenticationObjects, AODF),
    (ObjectType::PrivateKeys, PRKDF),
    (ObjectType::PublicKeys, PUKDF),
    (ObjectType::Certificates, CDF),
    (ObjectType::DataObjects, DODF),
];

/// Where the files of the contactless application are. There is no AODF: the official module
/// shows no token when one is named and cannot be read.
pub(super) const CONTACTLESS_FILES: [(ObjectType, u16); 3] = [
    (ObjectType::PrivateKeys, PRKDF),
    (ObjectType::Certificates, CDF),
    (ObjectType::DataObjects, DODF),
];

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
            utf8(HOLDER_CODE_LABEL),
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
        sequence(&[utf8(UNBLOCK_CODE_LABEL), malformed_bits(0xC0)]),
        sequence(&[octets(&[UNBLOCK_CODE])]),
        code_attributes(bits(0, &[UNBLOCKING_SO_PIN]), UNBLOCK_CODE, 8, 8),
    ]);
    [holder_code, unblock_code].concat()
}

/// PrKDF (7002): no algorithm reference and an empty path, as on real cards.
pub(super) fn private_keys(certificates: &[Certificate]) -> Vec<u8> {
    certificates
        .iter()
        .flat_map(|certificate| private_key(certificate.role))
        .collect()
}

/// CDF (7005).
pub(super) fn certificates(certificates: &[Certificate]) -> Vec<u8> {
    let entry = |of: &Certificate| {
        let label = match of.role {
            KeyRole::Signature => SIGNATURE_CERTIFICATE_LABEL,
            KeyRole::Authentication => AUTHENTICATION_CERTIFICATE_LABEL,
            KeyRole::Technical => "Certificat Technique CPS",
        };
        let (id, file_id) = (key_id(of.role), certificate_file(of.role));
        certificate(label, malformed_bits(0x40), &id, file_id, of.der.len())
    };
    certificates.iter().flat_map(entry).collect()
}

/// The file of a certificate, in the application of its key.
pub(super) fn certificate_file(role: KeyRole) -> u16 {
    match role {
        KeyRole::Signature | KeyRole::Technical => 0xA001,
        KeyRole::Authentication => 0xA002,
    }
}

pub(super) const AODF: u16 = 0x7001;
pub(super) const PRKDF: u16 = 0x7002;
pub(super) const PUKDF: u16 = 0x7003;
pub(super) const CDF: u16 = 0x7005;
pub(super) const DODF: u16 = 0x7006;

fn private_key(role: KeyRole) -> Vec<u8> {
    let holder_code = || octets(&[HOLDER_CODE]);
    let (common, usage, reference) = match role {
        KeyRole::Signature => (
            sequence(&[
                utf8(SIGNATURE_KEY_LABEL),
                bits(7, &[0x80]),
                holder_code(),
                sequence(&[access_rule(bits(2, &[0x04]), holder_code())]),
            ]),
            usage_non_repudiation(),
            0x81,
        ),
        KeyRole::Authentication => (
            sequence(&[
                utf8(AUTHENTICATION_KEY_LABEL),
                bits(5, &[0xE0]),
                holder_code(),
                sequence(&[
                    access_rule(bits(0, &[0x01]), holder_code()),
                    access_rule(bits(6, &[0x00, 0x40]), holder_code()),
                ]),
            ]),
            usage_decrypt_and_sign(),
            0x82,
        ),
        KeyRole::Technical => (
            sequence(&[utf8("CPS_PRIV_TECH_AUT"), bits(0, &[])]),
            usage_sign(),
            0x83,
        ),
    };
    let attributes = key_attributes(&key_id(role), usage, reference);
    sequence(&[common, attributes, rsa_2048()])
}

fn key_id(role: KeyRole) -> Vec<u8> {
    match role {
        KeyRole::Signature => object_id(&CONTACT_AID, 1),
        KeyRole::Authentication => object_id(&CONTACT_AID, 2),
        KeyRole::Technical => object_id(&CONTACTLESS_AID, 1),
    }
}

fn access_rule(modes: Vec<u8>, condition: Vec<u8>) -> Vec<u8> {
    sequence(&[modes, condition])
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

/// accessMode: change, verify, and (GUESS, real cards have a third rule of this length) reset.
const UPDATE: u8 = 0x40;
const EXECUTE: u8 = 0x20;
const ATTRIBUTE: u8 = 0x08;

/// Operations of an algorithm: unused bits and flags.
const HASH: (u8, u8) = (1, 0x02);
const SIGN: (u8, u8) = (6, 0x40);
const DECIPHER: (u8, u8) = (2, 0x04);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pkcs15::object_directory;
    use time::macros::datetime;

    fn card() -> CardParameters {
        CardParameters::new(datetime!(2026-11-21 19:00 UTC))
    }

    fn certificate_of(role: KeyRole, len: usize) -> Certificate {
        let der = vec![0; len];
        Certificate { role, der }
    }

    fn both_certificates() -> [Certificate; 2] {
        [
            certificate_of(KeyRole::Signature, 0x334),
            certificate_of(KeyRole::Authentication, 0x342),
        ]
    }

    #[test]
    fn odf_and_prkdf_are_the_recorded_ones() {
        assert_eq!(
            hex::encode_upper(object_directory(&CONTACT_FILES)),
            "A80630040402 7001A006300404027002A106300404027003A406300404027005A706300404027006"
                .replace(' ', "")
        );
        assert_eq!(
            hex::encode_upper(private_keys(&both_certificates())),
            "304D30200C0C4350535F505249565F5349470302078004010130093007030202040401\
             01301D040EE828BD080F8025000001FF001001030306004003020 4B002020081A10A3008\
             300204000202080030 56302A0C0C4350535F505249565F415554030205E004010130133007\
             0302000104010130080303060040040101301C040EE828BD080F8025000001FF0010020302\
             0560030204B002020082A10A30083002040002020800"
                .replace(' ', "")
        );
    }

    #[test]
    fn the_contactless_files_are_the_recorded_ones() {
        let technical = [certificate_of(KeyRole::Technical, 0x342)];
        assert_eq!(
            hex::encode_upper(object_directory(&CONTACTLESS_FILES)),
            "A006300404027002A406300404027005A706300404027006"
        );
        assert_eq!(
            hex::encode_upper(private_keys(&technical)),
            "304230160C114350535F505249565F544543485F415554030100301C040EE828BD080F8025000001\
             FF00200103020520030204B002020083A10A30083002040002020800"
        );
        let cdf = hex::encode_upper(certificates(&technical));
        assert!(cdf.contains("0C184365727469666963617420546563686E6971756520435053"));
        assert!(cdf.ends_with("300D300B0402A00102010080020342"));
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
        let cdf = certificates(&both_certificates());
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
