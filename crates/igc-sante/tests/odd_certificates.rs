//! Certificates that no authority should issue, but that a card may hold.

#![expect(
    clippy::unwrap_used,
    reason = "a fixture that cannot be made fails its test"
)]

use igc_sante::{CardCertificate, CardType, CertificateError, Environment, KeyRole, oids};
use rcgen::string::{BmpString, TeletexString};
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType, DnValue, IsCa,
    Issuer, KeyPair, KeyUsagePurpose,
};

fn arcs(oid: &str) -> Vec<u64> {
    oid.split('.').map(|arc| arc.parse().unwrap()).collect()
}

fn extension(oid: &str, value: &[u8]) -> CustomExtension {
    CustomExtension::from_oid_content(&arcs(oid), value.to_vec())
}

fn category(value: u8) -> CustomExtension {
    extension(oids::CARD_CATEGORY, &[0x04, 0x01, value])
}

fn issuer_name(unit: &str, common_name: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::OrganizationalUnitName, unit);
    name.push(DnType::CommonName, common_name);
    name
}

fn test_authority() -> DistinguishedName {
    issuer_name("IGC-SANTE TEST", "TEST AC IGC-SANTE FORT PERSONNES")
}

fn issue(issuer: DistinguishedName, change: impl FnOnce(&mut CertificateParams)) -> Vec<u8> {
    let mut authority = CertificateParams::default();
    authority.distinguished_name = issuer;
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = Issuer::new(authority, KeyPair::generate().unwrap());

    let mut card = CertificateParams::default();
    card.distinguished_name = DistinguishedName::new();
    change(&mut card);
    card.signed_by(&KeyPair::generate().unwrap(), &authority)
        .unwrap()
        .der()
        .to_vec()
}

fn parse_with(extensions: Vec<CustomExtension>) -> Result<CardCertificate, CertificateError> {
    CardCertificate::parse(&issue(test_authority(), |card| {
        card.custom_extensions = extensions
    }))
}

#[test]
fn refuses_to_decide_between_extension_and_issuer() {
    let production = || issuer_name("IGC-SANTE", "AC IGC-SANTE FORT PERSONNES");
    let foreign = || issuer_name("AILLEURS", "AC AILLEURS");
    for (issuer, extensions) in [
        (test_authority(), vec![category(0x00)]),
        (production(), vec![category(0x80)]),
        (production(), vec![category(0x42)]),
        (
            issuer_name("IGC-SANTE", "TEST AC IGC-SANTE FORT PERSONNES"),
            vec![category(0x00)],
        ),
        (foreign(), vec![category(0x00)]),
        (foreign(), vec![category(0x80)]),
        (foreign(), vec![]),
    ] {
        let der = issue(issuer.clone(), |card| card.custom_extensions = extensions);
        let certificate = CardCertificate::parse(&der).unwrap();
        assert!(certificate.environment().is_err(), "{issuer:?}");
    }
}

#[test]
fn takes_the_issuer_s_word_when_the_extension_is_absent() {
    let der = issue(
        issuer_name("IGC-SANTE", "AC IGC-SANTE STANDARD PERSONNES"),
        |_| {},
    );
    assert_eq!(
        CardCertificate::parse(&der).unwrap().environment(),
        Ok(Environment::Production)
    );
    assert_eq!(
        parse_with(vec![]).unwrap().environment(),
        Ok(Environment::Test)
    );
}

#[test]
fn refuses_a_category_of_the_wrong_form() {
    for value in [&[0x80][..], &[0x04, 0x00], &[0x02, 0x01, 0x00]] {
        let refused = parse_with(vec![extension(oids::CARD_CATEGORY, value)]);
        assert_eq!(
            refused,
            Err(CertificateError::MalformedExtension {
                oid: oids::CARD_CATEGORY.to_owned()
            }),
            "{value:?}"
        );
    }
}

#[test]
fn what_is_only_shown_is_left_out_when_it_has_the_wrong_form() {
    for (oid, value) in [
        (oids::CARD_TYPE, &[0x04, 0x01, 0x00][..]),
        (oids::CARD_TYPE, &[]),
        (oids::CARD_NUMBER, &[0x02, 0x01, 0x00]),
        (oids::PROFESSION, &[0x02, 0x01, 0x0A, 0x00]),
        (oids::PROFESSION_IN_TRAINING, &[0x02, 0x01, 0xFF]),
    ] {
        let certificate = parse_with(vec![extension(oid, value), category(0x80)]).unwrap();
        assert_eq!(certificate.card_type(), Ok(None));
        assert_eq!(certificate.card_number(), None);
        assert_eq!(certificate.profession(), None);
        assert_eq!(certificate.category(), Some(0x80));
    }
}

#[test]
fn refuses_an_extension_that_occurs_twice() {
    let refused = parse_with(vec![category(0x80), category(0x00)]);
    assert_eq!(
        refused,
        Err(CertificateError::DuplicateExtension {
            oid: oids::CARD_CATEGORY.to_owned()
        })
    );
}

#[test]
fn refuses_a_malformed_key_usage() {
    let refused = parse_with(vec![extension("2.5.29.15", &[0x02, 0x01, 0x05])]);
    assert_eq!(
        refused,
        Err(CertificateError::MalformedExtension {
            oid: "2.5.29.15".to_owned()
        })
    );
}

#[test]
fn passes_unknown_codes_through() {
    let certificate = parse_with(vec![
        extension(oids::CARD_TYPE, &[0x02, 0x01, 0x09]),
        extension(oids::PROFESSION, &[0x02, 0x01, 0x05]),
    ])
    .unwrap();
    assert_eq!(certificate.card_type(), Ok(Some(CardType::Unknown(9))));
    let profession = certificate.profession().unwrap();
    assert_eq!(profession.code, "05");
}

#[test]
fn a_card_number_of_another_issuer_is_no_cpx_number() {
    let certificate = parse_with(vec![extension(oids::CARD_NUMBER, b"\x13\x05123/4")]).unwrap();
    assert_eq!(certificate.card_number(), None);
}

#[test]
fn a_certificate_that_says_nothing_answers_nothing() {
    let certificate = parse_with(vec![]).unwrap();
    assert_eq!(certificate.holder(), igc_sante::Holder::default());
    assert_eq!(
        (
            certificate.card_type(),
            certificate.card_number(),
            certificate.category()
        ),
        (Ok(None), None, None)
    );
    assert_eq!(
        (
            certificate.profession(),
            certificate.role(),
            certificate.key_usage()
        ),
        (None, None, None)
    );
    assert!(!certificate.has_client_auth());
    assert_eq!(
        certificate.rsa_modulus_bits(),
        None,
        "an elliptic-curve key"
    );
}

#[test]
fn a_key_for_login_and_legal_signature_has_no_role() {
    let der = issue(test_authority(), |card| {
        card.key_usages = vec![
            KeyUsagePurpose::DigitalSignature,
            KeyUsagePurpose::ContentCommitment,
        ];
    });
    assert_eq!(CardCertificate::parse(&der).unwrap().role(), None);
    let der = issue(test_authority(), |card| {
        card.key_usages = vec![KeyUsagePurpose::DigitalSignature]
    });
    assert_eq!(
        CardCertificate::parse(&der).unwrap().role(),
        Some(KeyRole::Authentication)
    );
}

#[test]
fn reads_the_string_types_of_older_authorities() {
    let der = issue(test_authority(), |card| {
        let name = &mut card.distinguished_name;
        name.push(
            DnType::CommonName,
            DnValue::TeletexString(TeletexString::try_from("00B9900001").unwrap()),
        );
        name.push(
            DnType::OrganizationalUnitName,
            DnValue::BmpString(BmpString::try_from("Médecin").unwrap()),
        );
    });
    let holder = CardCertificate::parse(&der).unwrap().holder();
    assert_eq!(holder.national_id.unwrap().value, "00B9900001");
    assert_eq!(
        holder.structure_id, None,
        "words are no structure identifier"
    );
}

#[test]
fn a_name_cannot_drive_the_terminal_that_shows_it() {
    let der = issue(test_authority(), |card| {
        card.distinguished_name
            .push(DnType::CommonName, "8\u{1B}[2J\u{202E}");
    });
    let certificate = CardCertificate::parse(&der).unwrap();
    assert_eq!(
        certificate.holder().common_name.as_deref(),
        Some("8\u{FFFD}[2J\u{FFFD}")
    );
    assert_eq!(certificate.holder().national_id, None);
    assert_eq!(certificate.subject(), "CN=8\u{FFFD}[2J\u{FFFD}");
}
