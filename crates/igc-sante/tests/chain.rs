//! Paths from certificates to authorities, all made by openssl (`data/README.md`).

#![expect(
    clippy::unwrap_used,
    reason = "a fixture that cannot be made fails its test"
)]

use igc_sante::chain::{ChainError, RevocationStatus, verify_chain, verify_issued_by};
use igc_sante::{CardCertificate, CertificateError, CertificateStatus};
use rcgen::{BasicConstraints, CertificateParams, CustomExtension, IsCa, Issuer, KeyPair};
use time::OffsetDateTime;
use time::macros::datetime;

const NOW: OffsetDateTime = datetime!(2026-11-21 12:00:00 UTC);

const TEST_ROOT: &[u8] = include_bytes!("data/test-root.der");
const STANDARD_ROOT: &[u8] = include_bytes!("data/test-standard-root.der");
const STANDARD_INTERMEDIATE: &[u8] = include_bytes!("data/test-standard-personnes.der");
const TEST_INTERMEDIATE: &[u8] = include_bytes!("data/test-fort-personnes.der");
const TOO_DEEP: &[u8] = include_bytes!("data/test-too-deep.der");
const IMPOSTOR: &[u8] = include_bytes!("data/impostor-fort-personnes.der");
const PRODUCTION_ROOT: &[u8] = include_bytes!("data/production-root.der");
const PRODUCTION_INTERMEDIATE: &[u8] = include_bytes!("data/production-fort-personnes.der");
const CPS_SIGNATURE: &[u8] = include_bytes!("data/cps-signature.der");

const TEST_INTERMEDIATE_NAME: &str =
    "CN=TEST AC IGC-SANTE FORT PERSONNES,OU=IGC-SANTE TEST,OU=0002 187512751,O=ASIP-SANTE,C=FR";
const TEST_ROOT_NAME: &str =
    "CN=TEST AC RACINE IGC-SANTE FORT,OU=IGC-SANTE TEST,OU=0002 187512751,O=ASIP-SANTE,C=FR";

fn card(der: &[u8]) -> CardCertificate {
    CardCertificate::parse(der).unwrap()
}

#[test]
fn a_card_is_proved_up_to_its_root() {
    for der in [
        include_bytes!("data/cps-authentication.der").as_slice(),
        CPS_SIGNATURE,
        include_bytes!("data/cpf-authentication.der"),
    ] {
        assert_proved(der, [TEST_INTERMEDIATE, TEST_ROOT]);
    }
    for der in [
        include_bytes!("data/cpe-authentication.der").as_slice(),
        include_bytes!("data/cpe-pseudonym.der"),
    ] {
        assert_proved(der, [STANDARD_INTERMEDIATE, STANDARD_ROOT]);
    }
}

fn assert_proved(der: &[u8], issuers: [&[u8]; 2]) {
    let intermediates = [
        PRODUCTION_INTERMEDIATE,
        STANDARD_INTERMEDIATE,
        TEST_INTERMEDIATE,
    ];
    let roots = [TEST_ROOT, STANDARD_ROOT];
    let chain = verify_chain(&card(der), &intermediates, &roots, NOW).unwrap();
    assert_eq!(chain.issuers, issuers);
    assert_eq!(chain.revocation, RevocationStatus::NotChecked);
}

#[test]
fn an_intermediate_may_itself_be_trusted() {
    let chain = verify_chain(&card(CPS_SIGNATURE), &[], &[TEST_INTERMEDIATE], NOW).unwrap();
    assert_eq!(chain.issuers, [TEST_INTERMEDIATE]);
}

#[test]
fn a_test_card_is_not_proved_by_production_roots() {
    let refused = verify_chain(
        &card(CPS_SIGNATURE),
        &[TEST_INTERMEDIATE],
        &[PRODUCTION_ROOT],
        NOW,
    );
    assert_eq!(
        refused,
        Err(ChainError::IssuerUnknown {
            issuer: TEST_ROOT_NAME.to_owned()
        })
    );
    let refused = verify_chain(
        &card(CPS_SIGNATURE),
        &[PRODUCTION_INTERMEDIATE],
        &[PRODUCTION_ROOT],
        NOW,
    );
    assert_eq!(
        refused,
        Err(ChainError::IssuerUnknown {
            issuer: TEST_INTERMEDIATE_NAME.to_owned()
        })
    );
}

#[test]
fn a_path_without_a_trusted_root_proves_nothing() {
    let refused = verify_chain(
        &card(CPS_SIGNATURE),
        &[TEST_INTERMEDIATE, TEST_ROOT],
        &[],
        NOW,
    );
    assert!(
        matches!(refused, Err(ChainError::TooLong { .. })),
        "a root among the intermediates: {refused:?}"
    );
    assert!(matches!(
        verify_chain(&card(CPS_SIGNATURE), &[], &[], NOW),
        Err(ChainError::IssuerUnknown { .. })
    ));
}

#[test]
fn an_authority_of_the_same_name_does_not_hide_the_true_one() {
    let chain = verify_chain(
        &card(CPS_SIGNATURE),
        &[IMPOSTOR, TEST_INTERMEDIATE],
        &[TEST_ROOT],
        NOW,
    )
    .unwrap();
    assert_eq!(chain.issuers, [TEST_INTERMEDIATE, TEST_ROOT]);
}

#[test]
fn an_impostor_with_the_right_name_is_refused() {
    let refused = verify_chain(&card(CPS_SIGNATURE), &[IMPOSTOR], &[TEST_ROOT], NOW);
    assert_eq!(
        refused,
        Err(ChainError::KeyIdentifierDiffers {
            issuer: TEST_INTERMEDIATE_NAME.to_owned()
        })
    );
}

#[test]
fn a_changed_byte_is_found() {
    let signature_byte = CPS_SIGNATURE.len() - 1;
    let name_byte = CPS_SIGNATURE
        .windows(6)
        .position(|window| window == b"DUPONT")
        .unwrap();
    for position in [signature_byte, name_byte] {
        let mut der = CPS_SIGNATURE.to_vec();
        der[position] ^= 0x01;
        let refused = verify_chain(&card(&der), &[TEST_INTERMEDIATE], &[TEST_ROOT], NOW);
        assert_eq!(
            refused,
            Err(ChainError::SignatureInvalid {
                issuer: TEST_INTERMEDIATE_NAME.to_owned()
            })
        );
    }
}

#[test]
fn dates_are_those_of_the_card_and_of_each_authority() {
    let at = |now| {
        verify_chain(
            &card(CPS_SIGNATURE),
            &[TEST_INTERMEDIATE],
            &[TEST_ROOT],
            now,
        )
    };
    assert_eq!(
        at(datetime!(2029-01-01 00:00:01 UTC)),
        Err(ChainError::CardOutOfDates(CertificateStatus::Expired))
    );
    assert_eq!(
        at(datetime!(2025-12-31 23:59:59 UTC)),
        Err(ChainError::CardOutOfDates(CertificateStatus::NotYetValid))
    );
}

/// A certificate, and the self-signed issuer that `change` spoils.
fn issued_by(change: impl FnOnce(&mut CertificateParams)) -> (CardCertificate, Vec<u8>) {
    let key = KeyPair::generate().unwrap();
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    change(&mut authority);
    let authority_der = authority.self_signed(&key).unwrap().der().to_vec();
    let issued = CertificateParams::default()
        .signed_by(&KeyPair::generate().unwrap(), &Issuer::new(authority, key))
        .unwrap();
    (card(issued.der()), authority_der)
}

#[test]
fn a_certificate_without_the_right_to_issue_proves_nothing() {
    let (card, issuer) = issued_by(|authority| authority.is_ca = IsCa::ExplicitNoCa);
    assert!(matches!(
        verify_issued_by(&card, &issuer),
        Err(ChainError::NotAnAuthority { .. })
    ));
    let (card, issuer) = issued_by(|authority| {
        authority.key_usages = vec![rcgen::KeyUsagePurpose::CrlSign];
    });
    assert!(matches!(
        verify_issued_by(&card, &issuer),
        Err(ChainError::NotAnAuthority { .. })
    ));
}

#[test]
fn an_authority_out_of_its_dates_proves_nothing() {
    let (card, issuer) =
        issued_by(|authority| authority.not_after = datetime!(2026-01-01 00:00:00 UTC));
    let refused = verify_chain(&card, &[], &[&issuer], NOW);
    assert!(
        matches!(
            refused,
            Err(ChainError::AuthorityOutOfDates {
                status: CertificateStatus::Expired,
                ..
            })
        ),
        "{refused:?}"
    );
}

#[test]
fn an_authority_with_a_critical_extension_that_cannot_be_read_proves_nothing() {
    let mut name_constraints = CustomExtension::from_oid_content(&[2, 5, 29, 30], vec![0x30, 0x00]);
    let mut policies = CustomExtension::from_oid_content(&[2, 5, 29, 32], vec![0x02, 0x01, 0x05]);
    name_constraints.set_criticality(true);
    policies.set_criticality(true);
    for extension in [name_constraints, policies] {
        let (card, issuer) = issued_by(|authority| authority.custom_extensions = vec![extension]);
        let refused = verify_chain(&card, &[], &[&issuer], NOW);
        assert!(
            matches!(refused, Err(ChainError::UnknownCriticalExtension { .. })),
            "{refused:?}"
        );
    }
}

#[test]
fn only_rsa_with_sha_2_is_accepted() {
    let (card, issuer) = issued_by(|_| {});
    let ecdsa_with_sha_256 = ChainError::AlgorithmRefused {
        oid: "1.2.840.10045.4.3.2".to_owned(),
    };
    assert_eq!(
        verify_chain(&card, &[], &[&issuer], NOW),
        Err(ecdsa_with_sha_256)
    );
}

#[test]
fn sha_1_proves_nothing() {
    let der = include_bytes!("data/cps-signed-with-sha1.der");
    let refused = verify_chain(&card(der), &[TEST_INTERMEDIATE], &[TEST_ROOT], NOW);
    assert_eq!(
        refused,
        Err(ChainError::AlgorithmRefused {
            oid: "1.2.840.113549.1.1.5".to_owned()
        })
    );
}

#[test]
fn an_unknown_critical_extension_is_refused() {
    let der = include_bytes!("data/cps-with-critical-extension.der");
    let refused = verify_chain(&card(der), &[TEST_INTERMEDIATE], &[TEST_ROOT], NOW);
    assert_eq!(
        refused,
        Err(ChainError::UnknownCriticalExtension {
            oid: "1.2.250.1.71.1.2.99".to_owned()
        })
    );
}

#[test]
fn a_path_length_is_respected() {
    let card = card(include_bytes!("data/cps-of-too-deep.der"));
    let refused = verify_chain(&card, &[TOO_DEEP, TEST_INTERMEDIATE], &[TEST_ROOT], NOW);
    assert_eq!(
        refused,
        Err(ChainError::TooLong {
            issuer: TEST_INTERMEDIATE_NAME.to_owned()
        })
    );
}

#[test]
fn the_issuer_is_recognised_without_its_own_chain() {
    let card = card(CPS_SIGNATURE);
    assert_eq!(verify_issued_by(&card, TEST_INTERMEDIATE), Ok(()));
    assert_eq!(
        verify_issued_by(&card, TEST_ROOT),
        Err(ChainError::IssuerNameDiffers {
            named: TEST_INTERMEDIATE_NAME.to_owned(),
            given: TEST_ROOT_NAME.to_owned()
        })
    );
    assert!(matches!(
        verify_issued_by(&card, IMPOSTOR),
        Err(ChainError::KeyIdentifierDiffers { .. })
    ));
}

#[test]
fn an_authority_that_does_not_parse_is_an_error_not_a_gap() {
    let refused = verify_chain(
        &card(CPS_SIGNATURE),
        &[b"junk", TEST_INTERMEDIATE],
        &[TEST_ROOT],
        NOW,
    );
    assert!(
        matches!(
            refused,
            Err(ChainError::Certificate(CertificateError::Malformed(_)))
        ),
        "{refused:?}"
    );
}
