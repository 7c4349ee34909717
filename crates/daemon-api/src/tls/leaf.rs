//! The leaf: what the door presents. Nobody trusts it by itself, so it may be replaced at any time.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;

use platform::paths::AgentPaths;
use rcgen::{
    CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, SanType,
};
use time::{Duration, OffsetDateTime};

use super::TlsError;
use super::authority::Authority;
use super::key_and_certificate::KeyAndCertificate;

/// The leaf as it is kept, or a new one where it is no use: missing, broken, read by others
/// perhaps, of another authority, or about to end.
pub(super) fn load_or_issue(
    paths: &AgentPaths,
    authority: &Authority,
    now: OffsetDateTime,
) -> Result<KeyAndCertificate, TlsError> {
    let path = paths.tls_dir().join("leaf.pem");
    match KeyAndCertificate::read(&path) {
        Ok(Some(leaf)) if is_good(&leaf, authority, now) => return Ok(leaf),
        Ok(_) => {}
        Err(error) => {
            tracing::warn!(event = "leaf-replaced", %error, "the TLS certificate is replaced")
        }
    }
    issue(&path, authority, now)
}

fn is_good(leaf: &KeyAndCertificate, authority: &Authority, now: OffsetDateTime) -> bool {
    leaf.is_issued_by(&authority.certificate)
        && leaf
            .validity()
            .is_some_and(|(begins, ends)| begins <= now && now + RENEWED_BEFORE_END < ends)
}

fn issue(
    path: &Path,
    authority: &Authority,
    now: OffsetDateTime,
) -> Result<KeyAndCertificate, TlsError> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let ends = (now + VALIDITY - CLOCK_TOLERANCE).min(authority.ends);
    let certificate = params(now, ends)?.signed_by(&key, &authority.issuer)?;
    Ok(KeyAndCertificate::keep(path, key, &certificate)?)
}

fn params(now: OffsetDateTime, ends: OffsetDateTime) -> Result<CertificateParams, TlsError> {
    let mut params = CertificateParams::default();
    params
        .distinguished_name
        .push(DnType::CommonName, "cpxd on localhost");
    params.not_before = now - CLOCK_TOLERANCE;
    params.not_after = ends;
    params.subject_alt_names = vec![
        SanType::DnsName("localhost".try_into()?),
        SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        SanType::IpAddress(IpAddr::V6(Ipv6Addr::LOCALHOST)),
    ];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

const VALIDITY: Duration = Duration::days(365);
/// A certificate is replaced when less than a fifth of a leaf's life is left.
pub(super) const RENEWED_BEFORE_END: Duration = Duration::days(365 / 5);
/// A clock that was set back by some hours must not make a fresh certificate invalid.
pub(super) const CLOCK_TOLERANCE: Duration = Duration::days(1);
