//! The dates of a certificate, against a time that the caller gives.

use time::OffsetDateTime;

const SECONDS_PER_DAY: i64 = 24 * 60 * 60;

/// Where a certificate stands in its dates (RFC 5280 section 4.1.2.5); says nothing about revocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CertificateStatus {
    /// In its dates, both ends included.
    Valid,
    /// After its last second.
    Expired,
    /// Before its first second.
    NotYetValid,
}

impl CertificateStatus {
    /// `valid`, `expired` or `notYetValid`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Expired => "expired",
            Self::NotYetValid => "notYetValid",
        }
    }

    /// Certificates count in whole seconds, so both ends are compared in whole seconds.
    pub(crate) fn of(
        not_before: OffsetDateTime,
        not_after: OffsetDateTime,
        now: OffsetDateTime,
    ) -> Self {
        let second = now.unix_timestamp();
        if second > not_after.unix_timestamp() {
            Self::Expired
        } else if second < not_before.unix_timestamp() {
            Self::NotYetValid
        } else {
            Self::Valid
        }
    }
}

/// Whole days from `now` to `not_after`, rounded down: 0 on the last day, negative once expired.
pub(crate) fn days_left(not_after: OffsetDateTime, now: OffsetDateTime) -> i64 {
    let seconds = not_after
        .unix_timestamp()
        .saturating_sub(now.unix_timestamp());
    seconds.div_euclid(SECONDS_PER_DAY)
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    const NOT_BEFORE: OffsetDateTime = datetime!(2026-01-01 00:00:00 UTC);
    const NOT_AFTER: OffsetDateTime = datetime!(2029-01-01 00:00:00 UTC);

    #[test]
    fn both_ends_belong_to_the_validity() {
        let status = |now| CertificateStatus::of(NOT_BEFORE, NOT_AFTER, now);
        assert_eq!(
            status(datetime!(2025-12-31 23:59:59.999 UTC)),
            CertificateStatus::NotYetValid
        );
        assert_eq!(status(NOT_BEFORE), CertificateStatus::Valid);
        assert_eq!(
            status(datetime!(2029-01-01 00:00:00.999 UTC)),
            CertificateStatus::Valid
        );
        assert_eq!(
            status(datetime!(2029-01-01 00:00:01 UTC)),
            CertificateStatus::Expired
        );
    }

    #[test]
    fn the_offset_of_now_does_not_matter() {
        assert_eq!(
            CertificateStatus::of(NOT_BEFORE, NOT_AFTER, datetime!(2029-01-01 02:00:00 +2)),
            CertificateStatus::Valid
        );
    }

    #[test]
    fn days_are_rounded_down() {
        assert_eq!(days_left(NOT_AFTER, datetime!(2028-12-30 00:00:00 UTC)), 2);
        assert_eq!(days_left(NOT_AFTER, datetime!(2028-12-30 00:00:01 UTC)), 1);
        assert_eq!(days_left(NOT_AFTER, datetime!(2028-12-31 23:00:00 UTC)), 0);
        assert_eq!(days_left(NOT_AFTER, datetime!(2029-01-01 01:00:00 UTC)), -1);
    }

    #[test]
    fn a_certificate_whose_dates_are_swapped_is_never_valid() {
        for now in [NOT_BEFORE, datetime!(2027-06-01 00:00:00 UTC), NOT_AFTER] {
            assert_ne!(
                CertificateStatus::of(NOT_AFTER, NOT_BEFORE, now),
                CertificateStatus::Valid
            );
        }
    }
}
