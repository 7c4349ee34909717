//! What certificates made by openssl in the image of the IGC-Santé say (`data/README.md`).

#![expect(
    clippy::expect_used,
    reason = "a fixture that cannot be made fails its test"
)]

use igc_sante::nomenclature::Table;
use igc_sante::{
    CardCertificate, CardType, CardTypeContradiction, CertificateError, CertificateStatus,
    Environment, IssuedTypes, KeyRole, MAX_CERTIFICATE_LENGTH, NationalIdKind,
};
use time::macros::datetime;

const CPS_AUTHENTICATION: &[u8] = include_bytes!("data/cps-authentication.der");

fn parse(der: &[u8]) -> CardCertificate {
    CardCertificate::parse(der).expect("the fixture is a certificate")
}

#[test]
fn reads_the_holder_of_a_cps_from_the_multi_valued_rdn() {
    let holder = parse(CPS_AUTHENTICATION).holder();
    assert_eq!(holder.family_name.as_deref(), Some("DUPONT"));
    assert_eq!(holder.given_name.as_deref(), Some("CAMILLE"));
    assert_eq!(holder.title.as_deref(), Some("Médecin"));
    let national_id = holder.national_id.expect("a CPS has a national id");
    assert_eq!(national_id.value, "899700000001");
    assert_eq!(national_id.kind, NationalIdKind::Rpps);
    assert_eq!(
        (holder.structure_id, holder.structure_name, holder.pseudonym),
        (None, None, None)
    );
}

#[test]
fn reads_the_private_extensions_of_a_cps() {
    let certificate = parse(CPS_AUTHENTICATION);
    assert_eq!(certificate.card_type(), Ok(Some(CardType::Cps)));
    assert_eq!(certificate.card_number(), Some("9900000001"));
    assert_eq!(certificate.category(), Some(0x80));
    assert_eq!(certificate.environment(), Ok(Environment::Test));
    assert_eq!(certificate.know_how(), ["SM26"]);
    let profession = certificate.profession().expect("a CPS has a profession");
    assert_eq!(profession.code, "10");
    assert_eq!(profession.table(), Table::Professions);
}

#[test]
fn writes_names_in_the_manner_of_rfc_4514() {
    let certificate = parse(CPS_AUTHENTICATION);
    assert_eq!(
        certificate.subject(),
        "SN=DUPONT+GN=CAMILLE+CN=899700000001,title=Médecin,C=FR"
    );
    assert_eq!(
        certificate.issuer(),
        "CN=TEST AC IGC-SANTE FORT PERSONNES,OU=IGC-SANTE TEST,OU=0002 187512751,O=ASIP-SANTE,C=FR"
    );
    let cpe = parse(include_bytes!("data/cpe-authentication.der"));
    assert!(
        cpe.subject().contains(r"O=HÔPITAL FICTIF\, SITE NORD"),
        "{}",
        cpe.subject()
    );
}

#[test]
fn tells_the_two_keys_of_a_card_apart() {
    let authentication = parse(CPS_AUTHENTICATION);
    assert_eq!(authentication.role(), Some(KeyRole::Authentication));
    assert!(authentication.has_client_auth());
    let usage = authentication
        .key_usage()
        .expect("the fixture has a key usage");
    assert!(usage.digital_signature() && usage.key_encipherment());
    assert!(!usage.non_repudiation() && !usage.data_encipherment());

    let signature = parse(include_bytes!("data/cps-signature.der"));
    assert_eq!(signature.role(), Some(KeyRole::Signature));
    assert!(!signature.has_client_auth());
}

#[test]
fn an_authority_has_no_card_role() {
    assert_eq!(
        parse(include_bytes!("data/test-fort-personnes.der")).role(),
        None
    );
}

#[test]
fn reads_a_professional_in_training() {
    let certificate = parse(include_bytes!("data/cpf-authentication.der"));
    assert_eq!(certificate.card_type(), Ok(Some(CardType::Cpf)));
    assert_eq!(certificate.holder().given_name.as_deref(), Some("LÉA"));
    let profession = certificate
        .profession()
        .expect("a CPF has a profession in training");
    assert_eq!(profession.code, "50");
    assert_eq!(profession.table(), Table::ProfessionsInTraining);
}

#[test]
fn reads_a_member_of_staff_without_rpps_or_profession() {
    let certificate = parse(include_bytes!("data/cpe-authentication.der"));
    assert_eq!(certificate.card_type(), Ok(Some(CardType::Cpe)));
    assert_eq!(certificate.profession(), None);
    let holder = certificate.holder();
    assert_eq!(holder.family_name.as_deref(), Some("DURAND"));
    assert_eq!(holder.structure_id.as_deref(), Some("1990000001"));
    assert_eq!(holder.local_id.as_deref(), Some("0000000042"));
    assert_eq!(
        holder.structure_name.as_deref(),
        Some("HÔPITAL FICTIF, SITE NORD")
    );
    assert_eq!(holder.locality.as_deref(), Some("VILLENEUVE (99)"));
    let national_id = holder
        .national_id
        .expect("structure id and local id make a national id");
    assert_eq!(
        (national_id.value.as_str(), national_id.kind),
        ("3990000001/0000000042", NationalIdKind::Finess)
    );
}

#[test]
fn doubts_a_member_of_staff_whose_card_the_authority_of_the_professionals_issued() {
    let certificate = parse(include_bytes!("data/cpe-of-fort.der"));
    let doubted = certificate.card_type();
    assert_eq!(
        doubted,
        Err(CardTypeContradiction {
            extension: CardType::Cpe,
            issuer: IssuedTypes::Professionals,
        })
    );
    assert_eq!(
        doubted.map_err(|error| error.to_string()),
        Err(
            "type of the card is undecided: its extension says CPE, its issuer issues CPS and CPF"
                .to_owned()
        )
    );
    assert_eq!(certificate.environment(), Ok(Environment::Test));
}

#[test]
fn reads_a_card_that_names_nobody() {
    let holder = parse(include_bytes!("data/cpe-pseudonym.der")).holder();
    assert_eq!(holder.pseudonym.as_deref(), Some("ACCUEIL URGENCES"));
    assert_eq!((holder.family_name, holder.given_name), (None, None));
}

#[test]
fn a_name_that_occurs_twice_names_nobody() {
    let holder = parse(include_bytes!("data/two-common-names.der")).holder();
    assert_eq!((holder.common_name, holder.national_id), (None, None));
    assert_eq!(holder.family_name.as_deref(), Some("DUPONT"));
}

#[test]
fn tells_a_production_card_from_a_test_card() {
    let certificate = parse(include_bytes!("data/production-cps-signature.der"));
    assert_eq!(certificate.environment(), Ok(Environment::Production));
}

#[test]
fn follows_its_dates() {
    let certificate = parse(CPS_AUTHENTICATION);
    assert_eq!(certificate.not_before(), datetime!(2026-01-01 00:00:00 UTC));
    assert_eq!(certificate.not_after(), datetime!(2029-01-01 00:00:00 UTC));
    for (now, status, days_left) in [
        (
            datetime!(2025-12-31 00:00:00 UTC),
            CertificateStatus::NotYetValid,
            1097,
        ),
        (
            datetime!(2026-11-21 12:00:00 UTC),
            CertificateStatus::Valid,
            771,
        ),
        (
            datetime!(2029-01-02 00:00:00 UTC),
            CertificateStatus::Expired,
            -1,
        ),
    ] {
        assert_eq!(
            (certificate.validity_at(now), certificate.days_left(now)),
            (status, days_left),
            "{now}"
        );
    }
}

#[test]
fn describes_its_public_key() {
    let certificate = parse(CPS_AUTHENTICATION);
    assert_eq!(certificate.rsa_modulus_bits(), Some(2048));
    assert!(certificate.public_key_der().starts_with(&[0x30, 0x82]));
    assert!(
        CPS_AUTHENTICATION
            .windows(certificate.public_key_der().len())
            .any(|w| w == certificate.public_key_der())
    );
    assert_eq!(certificate.der(), CPS_AUTHENTICATION);
    assert!(
        certificate
            .serial_number()
            .chars()
            .all(|digit| matches!(digit, '0'..='9' | 'A'..='F'))
    );
}

#[test]
fn keeps_the_holder_out_of_its_debug_form() {
    let printed = format!("{:?}", parse(CPS_AUTHENTICATION));
    assert!(
        printed.contains("TEST AC IGC-SANTE FORT PERSONNES"),
        "{printed}"
    );
    assert!(
        !printed.contains("DUPONT") && !printed.contains("899700000001"),
        "{printed}"
    );
}

#[test]
fn refuses_bytes_after_the_certificate() {
    let mut der = CPS_AUTHENTICATION.to_vec();
    der.extend([0, 0]);
    assert_eq!(
        CardCertificate::parse(&der),
        Err(CertificateError::TrailingBytes { count: 2 })
    );
}

#[test]
fn refuses_a_wrong_tag_outside_the_signed_part() {
    let algorithm_after_signed_part = CPS_AUTHENTICATION.len() - 276;
    for (position, tag) in [(0, 0x70), (algorithm_after_signed_part, 0x10)] {
        let mut der = CPS_AUTHENTICATION.to_vec();
        assert_eq!(der[position], 0x30, "a SEQUENCE");
        der[position] = tag;
        assert_eq!(
            CardCertificate::parse(&der),
            Err(CertificateError::NotCanonical)
        );
    }
}

#[test]
fn refuses_a_truncated_certificate() {
    for length in 0..CPS_AUTHENTICATION.len() {
        let refused = CardCertificate::parse(&CPS_AUTHENTICATION[..length]);
        assert!(
            matches!(refused, Err(CertificateError::Malformed(_))),
            "{length} bytes: {refused:?}"
        );
    }
}

#[test]
fn refuses_more_than_the_limit_before_parsing() {
    let mut der = CPS_AUTHENTICATION.to_vec();
    der.resize(MAX_CERTIFICATE_LENGTH + 1, 0);
    assert_eq!(
        CardCertificate::parse(&der),
        Err(CertificateError::TooLong {
            length: MAX_CERTIFICATE_LENGTH + 1
        })
    );
}
