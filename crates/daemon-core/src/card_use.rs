//! Which card and which certificate may be used at all.

use daemon_types::{CertificateStatus, CertificateSummary, Environment, ErrorCode};
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

/// Whether a card belongs to the environment of this agent.
///
/// # Errors
/// `environment-mismatch`.
pub fn environment_fits(agent: Environment, card: Environment) -> Result<(), ErrorCode> {
    if agent == card {
        Ok(())
    } else {
        Err(ErrorCode::EnvironmentMismatch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use daemon_types::KeyRole;
    use time::macros::datetime;

    #[test]
    fn a_certificate_out_of_its_dates_does_not_sign() {
        let certificate = CertificateSummary {
            role: KeyRole::Signature,
            serial_number: "01".into(),
            issuer: String::new(),
            not_before: datetime!(2026-01-01 00:00 UTC),
            not_after: datetime!(2029-01-01 00:00 UTC),
            der: Vec::new(),
        };
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
    fn environments_are_never_mixed() {
        use Environment::{Production, Test};
        assert_eq!(environment_fits(Test, Test), Ok(()));
        assert_eq!(
            environment_fits(Production, Test),
            Err(ErrorCode::EnvironmentMismatch)
        );
        assert_eq!(
            environment_fits(Test, Production),
            Err(ErrorCode::EnvironmentMismatch)
        );
    }
}
