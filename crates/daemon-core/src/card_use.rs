//! Which card and which certificate may be used at all.

use daemon_types::{
    CertificateStatus, CertificateSummary, Environment, ErrorCode, OperationError, Reason,
    SignatureAlgorithm,
};
use time::OffsetDateTime;

/// Whether a certificate may be used now: never out of its dates, since
/// téléservices ban workstations that try.
///
/// # Errors
/// `certificate-expired` or `certificate-not-yet-valid`.
pub fn certificate_may_sign(
    certificate: &CertificateSummary,
    now: OffsetDateTime,
) -> Result<(), ErrorCode> {
    match certificate.status_at(now) {
        CertificateStatus::Valid => Ok(()),
        CertificateStatus::Expired => Err(ErrorCode::CertificateExpired),
        CertificateStatus::NotYetValid => Err(ErrorCode::CertificateNotYetValid),
    }
}

/// Whether the key of a certificate signs by this algorithm, as far as its card has told yet.
///
/// # Errors
/// `algorithm-unsupported`.
pub fn key_signs_by(
    certificate: &CertificateSummary,
    algorithm: SignatureAlgorithm,
) -> Result<(), ErrorCode> {
    match &certificate.signature_algorithms {
        Some(known) if !known.contains(&algorithm) => Err(ErrorCode::AlgorithmUnsupported),
        Some(_) | None => Ok(()),
    }
}

/// Whether a card belongs to the environment of this agent.
///
/// # Errors
/// `environment-mismatch`, with [`Reason::TestCard`] or [`Reason::RealCard`].
pub fn environment_fits(agent: Environment, card: Environment) -> Result<(), OperationError> {
    let reason = match card {
        _ if agent == card => return Ok(()),
        Environment::Test => Reason::TestCard,
        Environment::Production => Reason::RealCard,
    };
    Err(OperationError::new(ErrorCode::EnvironmentMismatch).because(reason))
}

#[cfg(test)]
mod tests {
    use super::*;
    use daemon_types::{HashAlgorithm, KeyRole};
    use time::macros::datetime;

    fn certificate(signature_algorithms: Option<Vec<SignatureAlgorithm>>) -> CertificateSummary {
        CertificateSummary {
            role: KeyRole::Signature,
            serial_number: "01".into(),
            issuer: String::new(),
            not_before: datetime!(2026-01-01 00:00 UTC),
            not_after: datetime!(2029-01-01 00:00 UTC),
            signature_algorithms,
            der: Vec::new(),
        }
    }

    #[test]
    fn a_certificate_out_of_its_dates_does_not_sign() {
        let certificate = certificate(None);
        let at = |now| certificate_may_sign(&certificate, now);
        assert_eq!(
            at(datetime!(2025-01-01 00:00 UTC)),
            Err(ErrorCode::CertificateNotYetValid)
        );
        assert_eq!(at(datetime!(2027-01-01 00:00 UTC)), Ok(()));
        assert_eq!(
            at(datetime!(2029-06-01 00:00 UTC)),
            Err(ErrorCode::CertificateExpired)
        );
    }

    #[test]
    fn a_key_signs_by_what_its_card_told_and_by_anything_until_then() {
        let rs256 = SignatureAlgorithm::RsaPkcs1(HashAlgorithm::Sha256);
        let ps256 = SignatureAlgorithm::RsaPss(HashAlgorithm::Sha256);
        let by = |known, wanted| key_signs_by(&certificate(known), wanted);
        assert_eq!(by(Some(vec![rs256]), rs256), Ok(()));
        assert_eq!(
            by(Some(vec![rs256]), ps256),
            Err(ErrorCode::AlgorithmUnsupported)
        );
        assert_eq!(
            by(Some(Vec::new()), rs256),
            Err(ErrorCode::AlgorithmUnsupported)
        );
        assert_eq!(by(None, ps256), Ok(()));
    }

    #[test]
    fn environments_are_never_mixed() {
        use Environment::{Production, Test};
        assert!(environment_fits(Test, Test).is_ok());
        for (agent, card, reason) in [
            (Production, Test, Reason::TestCard),
            (Test, Production, Reason::RealCard),
        ] {
            let error = environment_fits(agent, card).unwrap_err();
            assert_eq!(error.code, ErrorCode::EnvironmentMismatch);
            assert_eq!(error.reason, Some(reason));
        }
    }
}
