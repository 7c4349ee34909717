//! The PKCS#15 files of a CPS4, as the official module was seen to accept them.

use card_apdu::tlv::{Tag, encode};

use super::file_system::APPLICATION_AID;
use super::security_environment::{AUTHENTICATION_KEY, SIGNATURE_KEY};
use crate::parameters::CardParameters;
use crate::pkcs15::{
    AUTHENTICATION_CERTIFICATE_LABEL, AUTHENTICATION_KEY_LABEL, HOLDER_CODE, HOLDER_CODE_LABEL,
    INITIALIZED, ObjectType, SIGNATURE_CERTIFICATE_LABEL, SIGNATURE_KEY_LABEL, UNBLOCK_CODE,
    UNBLOCK_CODE_LABEL, UNBLOCKING_SO_PIN, bits, certificate, code_attributes, integer,
    key_attributes, object_id, octets, rsa_2048, sequence, usage_decrypt_and_sign,
    usage_non_repudiation, utf8,
};
use crate::pki::{Certificate, KeyRole};

/// Where the files of each type of object are; the identifiers are free.
pub(super) const FILES: [(ObjectType, u16); 5] = [
    (ObjectType::AuthenticationObjects, AODF),
    (ObjectType::PrivateKeys, PRKDF),
    (ObjectType::PublicKeys, PUKDF),
    (ObjectType::Certificates, CDF),
    (ObjectType::DataObjects, DODF),
];

/// TokenInfo (5032), without a table of algorithms.
pub(super) fn token_info(card: &CardParameters) -> Vec<u8> {
    sequence(&[
        integer(&[0]),
        octets(&card.number.serial_number()),
        utf8("CPXD TEST"),
        encode(Tag(0x80), format!("CPS4v1-{}", card.number).as_bytes()),
        bits(5, &[0x60]),
    ])
}

/// AODF: both codes, the unblock code with the soPin flag.
pub(super) fn authentication_objects(card: &CardParameters) -> Vec<u8> {
    let references = card.cps4.references;
    let pin_maximum_len = u8::try_from(card.pin_maximum_len()).unwrap_or(8);
    let holder_code = sequence(&[
        sequence(&[
            utf8(HOLDER_CODE_LABEL),
            bits(6, &[0xC0]),
            octets(&[UNBLOCK_CODE]),
        ]),
        sequence(&[octets(&[HOLDER_CODE])]),
        code_attributes(
            bits(3, &[INITIALIZED]),
            references.pin(),
            4,
            pin_maximum_len,
        ),
    ]);
    let unblock_code = sequence(&[
        sequence(&[utf8(UNBLOCK_CODE_LABEL), bits(6, &[0xC0])]),
        sequence(&[octets(&[UNBLOCK_CODE])]),
        code_attributes(
            bits(0, &[UNBLOCKING_SO_PIN]),
            references.unblock_code(),
            8,
            8,
        ),
    ]);
    [holder_code, unblock_code].concat()
}

/// PrKDF. Reference 20 of the authentication key is not free.
pub(super) fn private_keys(certificates: &[Certificate]) -> Vec<u8> {
    let key = |certificate: &Certificate| {
        let (label, usage) = match certificate.role {
            KeyRole::Signature => (SIGNATURE_KEY_LABEL, usage_non_repudiation()),
            KeyRole::Authentication | KeyRole::Technical => {
                (AUTHENTICATION_KEY_LABEL, usage_decrypt_and_sign())
            }
        };
        let reference = key_reference(certificate.role);
        sequence(&[
            sequence(&[utf8(label), bits(7, &[0x80]), octets(&[HOLDER_CODE])]),
            key_attributes(&key_id(certificate.role), usage, reference),
            rsa_2048(),
        ])
    };
    certificates.iter().flat_map(key).collect()
}

/// CDF.
pub(super) fn certificates(certificates: &[Certificate]) -> Vec<u8> {
    let entry = |of: &Certificate| {
        let label = match of.role {
            KeyRole::Signature => SIGNATURE_CERTIFICATE_LABEL,
            KeyRole::Authentication | KeyRole::Technical => AUTHENTICATION_CERTIFICATE_LABEL,
        };
        let (id, file_id) = (key_id(of.role), certificate_file(of.role));
        certificate(label, bits(6, &[0x40]), &id, file_id, of.der.len())
    };
    certificates.iter().flat_map(entry).collect()
}

/// The file of a certificate.
pub(super) fn certificate_file(role: KeyRole) -> u16 {
    match role {
        KeyRole::Signature => 0xA001,
        KeyRole::Authentication | KeyRole::Technical => 0xA002,
    }
}

pub(super) const AODF: u16 = 0x7001;
pub(super) const PRKDF: u16 = 0x7002;
pub(super) const PUKDF: u16 = 0x7003;
pub(super) const CDF: u16 = 0x7005;
pub(super) const DODF: u16 = 0x7006;

/// Keys and certificates are called by the reference of the key.
fn key_id(role: KeyRole) -> Vec<u8> {
    object_id(&APPLICATION_AID, key_reference(role))
}

fn key_reference(role: KeyRole) -> u8 {
    match role {
        KeyRole::Signature => SIGNATURE_KEY,
        KeyRole::Authentication | KeyRole::Technical => AUTHENTICATION_KEY,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cps4::CodeReferences;
    use crate::pkcs15::object_directory;
    use time::macros::datetime;

    fn both_certificates() -> [Certificate; 2] {
        [KeyRole::Signature, KeyRole::Authentication].map(|role| Certificate {
            role,
            der: vec![0; 0x326],
        })
    }

    fn card() -> CardParameters {
        CardParameters::new(datetime!(2026-11-21 19:00 UTC))
    }

    #[test]
    fn odf_prkdf_and_cdf_are_the_recorded_ones() {
        assert_eq!(
            hex::encode_upper(object_directory(&FILES)),
            "A806300404027001A006300404027002A106300404027003A406300404027005A706300404027006"
        );
        assert_eq!(
            hex::encode_upper(private_keys(&both_certificates())),
            "304130150C0C4350535F505249565F5349470302078004010130 1C040EE828BD080F8025000001FF001010\
             03030600400302 04B0020110A10A30083002040002020800\
             304030150C0C4350535F505249565F41555403020780040101301B040EE828BD080F8025000001FF001020\
             03020560030204B0020120A10A30083002040002020800"
                .replace(' ', "")
        );
        assert_eq!(
            hex::encode_upper(certificates(&both_certificates())),
            "304630210C1B4365727469666963617420646520 5369676E617475726520435053030206403010\
             040EE828BD080F8025000001FF001010A10F300D300B0402A0010201008002 0326\
             304C30270C21436572746966696361742064 2741757468656E74696669636174696F6E20435053\
             030206403010040EE828BD080F8025000001FF001020A10F300D300B0402A00202010080020326"
                .replace(' ', "")
        );
    }

    #[test]
    fn the_aodf_is_the_recorded_one() {
        assert_eq!(
            hex::encode_upper(authentication_objects(&card())),
            "304630250C1C436F646520706F7274657572206465206C6120636172746520435058030206C0040102\
             3003040101A118301603020308 0A0101020104020104020104800101 0401FF\
             304830270C21436F6465206465206465626C6F63616765206465206C6120636172746520435058\
             030206C03003040102A1183016030200 3B0A0101020108020108020108800102 0401FF"
                .replace(' ', "")
        );
    }

    #[test]
    fn the_references_of_the_codes_stand_in_the_aodf() {
        let mut card = card();
        card.cps4.references = CodeReferences::Local;
        let aodf = hex::encode(authentication_objects(&card));
        assert!(aodf.contains("020104800181") && aodf.contains("020108800182"));
    }
}
