//! Whatever bytes a card holds, the answer is a value or a typed error.

use igc_sante::CardCertificate;
use igc_sante::chain::{verify_chain, verify_issued_by};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use time::{Duration, OffsetDateTime};

const TEST_ROOT: &[u8] = include_bytes!("data/test-root.der");
const TEST_INTERMEDIATE: &[u8] = include_bytes!("data/test-fort-personnes.der");

const CERTIFICATES: [&[u8]; 4] = [
    include_bytes!("data/cps-authentication.der"),
    include_bytes!("data/cpe-pseudonym.der"),
    include_bytes!("data/cpf-authentication.der"),
    TEST_INTERMEDIATE,
];

/// Asks a certificate everything there is to ask; mutants of a card are never proved.
fn ask_everything(der: &[u8], now: OffsetDateTime) -> Option<bool> {
    let certificate = CardCertificate::parse(der).ok()?;
    assert_eq!(certificate.der(), der);
    let _ = format!(
        "{certificate:?} {} {}",
        certificate.subject(),
        certificate.issuer()
    );
    let _ = certificate
        .holder()
        .national_id
        .map(|id| id.luhn_is_valid());
    let _ = (
        certificate.environment(),
        certificate.profession(),
        certificate.role(),
        certificate.rsa_modulus_bits(),
    );
    let _ = (certificate.validity_at(now), certificate.days_left(now));
    let _ = certificate.card_type();
    let is_issued = verify_issued_by(&certificate, TEST_INTERMEDIATE).is_ok();
    let is_proved =
        verify_chain(&certificate, &[TEST_INTERMEDIATE, der], &[TEST_ROOT], now).is_ok();
    Some(is_issued || is_proved)
}

fn any_time() -> impl Strategy<Value = OffsetDateTime> {
    (-377_705_116_800_i64..=253_402_300_799)
        .prop_map(|seconds| OffsetDateTime::UNIX_EPOCH + Duration::seconds(seconds))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn random_bytes_are_no_certificate(bytes in vec(any::<u8>(), 0..600), now in any_time()) {
        prop_assert_eq!(ask_everything(&bytes, now), None);
    }

    #[test]
    fn a_changed_certificate_is_never_proved(
        which in 0..CERTIFICATES.len(),
        changes in vec((any::<Index>(), any::<u8>()), 1..6),
        now in any_time(),
    ) {
        let original = CERTIFICATES[which];
        let mut der = original.to_vec();
        for (position, value) in changes {
            let position = position.index(der.len());
            der[position] = value;
        }
        prop_assume!(der != original);
        prop_assert_ne!(ask_everything(&der, now), Some(true));
    }

    #[test]
    fn a_cut_or_grown_certificate_is_refused(
        which in 0..CERTIFICATES.len(),
        position in any::<Index>(),
        removed in 0_usize..20,
        inserted in vec(any::<u8>(), 0..20),
        now in any_time(),
    ) {
        let original = CERTIFICATES[which];
        let start = position.index(original.len());
        let end = (start + removed).min(original.len());
        let der = [&original[..start], &inserted, &original[end..]].concat();
        prop_assume!(der != original);
        prop_assert_ne!(ask_everything(&der, now), Some(true));
    }

    #[test]
    fn an_authority_of_random_bytes_proves_nothing(bytes in vec(any::<u8>(), 0..600)) {
        let certificate = CardCertificate::parse(CERTIFICATES[0]).unwrap();
        prop_assert!(verify_issued_by(&certificate, &bytes).is_err());
    }
}
