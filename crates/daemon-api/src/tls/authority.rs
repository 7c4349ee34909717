//! The authority, which is this installation's and nobody else's.
//!
//! It may only name this machine's loopback (critical name constraints), so that
//! trusting it gives nobody a way to impersonate a site.

use std::fs;
use std::net::Ipv6Addr;

use platform::paths::AgentPaths;
use platform::private_files::write_private;
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints,
    PKCS_ECDSA_P256_SHA256,
};
use rustls::pki_types::CertificateDer;
use time::{Duration, OffsetDateTime};

use super::TlsError;
use super::key_and_certificate::KeyAndCertificate;
use super::leaf::RENEWED_BEFORE_END;
use crate::pem::certificate_to_pem;

/// What signs the leaves.
#[derive(Debug)]
pub(super) struct Authority {
    pub(super) issuer: Issuer<'static, KeyPair>,
    pub(super) certificate: CertificateDer<'static>,
    pub(super) ends: OffsetDateTime,
}

impl Authority {
    /// The authority as it is kept; a new one where there is none, or where the old one can
    /// issue nothing that lasts. Whatever else is wrong with the old one is an error.
    pub(super) fn load_or_make(paths: &AgentPaths, now: OffsetDateTime) -> Result<Self, TlsError> {
        let path = paths.tls_dir().join("ca.pem");
        let kept = KeyAndCertificate::read(&path).map_err(|source| TlsError::Authority {
            path: path.clone(),
            source,
        })?;
        let lasts = |kept: &KeyAndCertificate| {
            kept.validity()
                .is_some_and(|(_, ends)| ends > now + RENEWED_BEFORE_END)
        };
        let pair = match kept {
            Some(kept) if lasts(&kept) => kept,
            Some(_) => {
                tracing::warn!(
                    event = "authority-replaced",
                    "the certification authority ended, or ends soon: there is a new one, which browsers trust after cpxd install --trust; programs read it in ca.pem"
                );
                make(&path, now)?
            }
            None => make(&path, now)?,
        };
        publish(paths, pair.certificate())?;
        Self::of(pair)
    }

    fn of(pair: KeyAndCertificate) -> Result<Self, TlsError> {
        let certificate = pair.certificate().clone();
        let (_, ends) = pair
            .validity()
            .ok_or(rcgen::Error::CouldNotParseCertificate)?;
        Ok(Self {
            issuer: Issuer::from_ca_cert_der(&certificate, pair.into_key())?,
            certificate,
            ends,
        })
    }
}

fn make(path: &std::path::Path, now: OffsetDateTime) -> Result<KeyAndCertificate, TlsError> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let certificate = params(&key, now).self_signed(&key)?;
    Ok(KeyAndCertificate::keep(path, key, &certificate)?)
}

/// Puts the certificate alone where programs look for it. It is a copy, so it is made anew
/// whenever it is not what it should be, and whoever may read it may.
fn publish(paths: &AgentPaths, certificate: &CertificateDer<'_>) -> Result<(), TlsError> {
    let text = certificate_to_pem(certificate);
    let published = fs::read(paths.ca_file());
    if !published.is_ok_and(|published| published == text.as_bytes()) {
        write_private(&paths.ca_file(), text.as_bytes())?;
    }
    Ok(())
}

/// Each authority has a name of its own, made of its key: stores that go by the name would take
/// two installations, or an authority and its successor, for one.
fn params(key: &KeyPair, now: OffsetDateTime) -> CertificateParams {
    let mut params = CertificateParams::default();
    let mut key_id = hex::encode(params.key_identifier(key));
    key_id.truncate(8);
    params.distinguished_name.push(
        DnType::CommonName,
        format!("cpxd {key_id}, this workstation only"),
    );
    params.not_before = now - super::leaf::CLOCK_TOLERANCE;
    params.not_after = now + VALIDITY;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    // The system's store is not asked about servers alone: no mail, no code, no client.
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![
            GeneralSubtree::DnsName("localhost".into()),
            GeneralSubtree::IpAddress(CidrSubnet::V4([127, 0, 0, 1], [255; 4])),
            GeneralSubtree::IpAddress(CidrSubnet::V6(Ipv6Addr::LOCALHOST.octets(), [255; 16])),
        ],
        excluded_subtrees: Vec::new(),
    });
    params
}

const VALIDITY: Duration = Duration::days(3650);
