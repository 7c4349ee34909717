//! The installation's own certification authority and its leaf.
//!
//! The authority may only name this machine's loopback (critical name
//! constraints), so that trusting it gives nobody a way to impersonate a site.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;
use std::sync::Arc;

use platform::paths::AgentPaths;
use platform::private_files::{PrivateFileError, read_private, write_private};
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints,
    PKCS_ECDSA_P256_SHA256, SanType,
};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use time::{Duration, OffsetDateTime};
use x509_parser::prelude::{FromDer, X509Certificate};

/// Why the agent has no TLS identity.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file of the identity cannot be read or written.
    #[error("keeping the TLS identity")]
    File(#[from] PrivateFileError),
    /// A key or certificate cannot be made.
    #[error("making the TLS identity")]
    Making(#[from] rcgen::Error),
    /// rustls refuses the identity.
    #[error("using the TLS identity")]
    Using(#[from] rustls::Error),
}

/// What the TLS door presents.
#[derive(Clone, Debug)]
pub struct TlsIdentity {
    config: Arc<ServerConfig>,
}

impl TlsIdentity {
    /// Loads the identity of this installation, or makes what is missing or about to end.
    ///
    /// A new leaf comes from the same authority, so nobody has to trust anything again.
    ///
    /// # Errors
    /// [`TlsError`].
    pub fn load_or_make(paths: &AgentPaths, now: OffsetDateTime) -> Result<Self, TlsError> {
        platform::private_files::ensure_private_folder(&paths.tls_dir())?;
        let authority = Authority::load_or_make(paths, now)?;
        let leaf = Leaf::load(paths, now).map_or_else(|| authority.issue(paths, now), Ok)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
            .with_no_client_auth()
            .with_single_cert(vec![leaf.certificate], leaf.key)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self {
            config: Arc::new(config),
        })
    }

    pub(crate) fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }
}

struct Authority {
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn load_or_make(paths: &AgentPaths, now: OffsetDateTime) -> Result<Self, TlsError> {
        let key_file = paths.tls_dir().join("ca-key.pem");
        match Self::load(&paths.ca_file(), &key_file, now) {
            Some(authority) => Ok(authority),
            None => Self::make(&paths.ca_file(), &key_file, now),
        }
    }

    fn load(certificate_file: &Path, key_file: &Path, now: OffsetDateTime) -> Option<Self> {
        let certificate = String::from_utf8(read_private(certificate_file).ok()?).ok()?;
        let key = String::from_utf8(read_private(key_file).ok()?).ok()?;
        let der = CertificateDer::from_pem_slice(certificate.as_bytes()).ok()?;
        if !outlasts(&der, now + LEAF_VALIDITY) {
            return None;
        }
        let key = KeyPair::from_pem(&key).ok()?;
        let issuer = Issuer::from_ca_cert_pem(&certificate, key).ok()?;
        Some(Self { issuer })
    }

    fn make(
        certificate_file: &Path,
        key_file: &Path,
        now: OffsetDateTime,
    ) -> Result<Self, TlsError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let params = authority_params(now);
        let certificate = params.self_signed(&key)?;
        write_private(key_file, key.serialize_pem().as_bytes())?;
        write_private(certificate_file, certificate.pem().as_bytes())?;
        Ok(Self {
            issuer: Issuer::new(params, key),
        })
    }

    fn issue(&self, paths: &AgentPaths, now: OffsetDateTime) -> Result<Leaf, TlsError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let certificate = leaf_params(now)?.signed_by(&key, &self.issuer)?;
        let (certificate_file, key_file) = leaf_files(paths);
        write_private(&key_file, key.serialize_pem().as_bytes())?;
        write_private(&certificate_file, certificate.pem().as_bytes())?;
        Ok(Leaf {
            certificate: certificate.der().clone(),
            key: PrivateKeyDer::try_from(key.serialize_der())
                .map_err(|_| rcgen::Error::CouldNotParseKeyPair)?,
        })
    }
}

struct Leaf {
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
}

impl Leaf {
    /// The leaf of an earlier start, unless less than a fifth of its life is left.
    fn load(paths: &AgentPaths, now: OffsetDateTime) -> Option<Self> {
        let (certificate_file, key_file) = leaf_files(paths);
        let certificate =
            CertificateDer::from_pem_slice(&read_private(&certificate_file).ok()?).ok()?;
        let key = PrivateKeyDer::from_pem_slice(&read_private(&key_file).ok()?).ok()?;
        outlasts(&certificate, now + LEAF_VALIDITY / 5).then_some(Self { certificate, key })
    }
}

fn leaf_files(paths: &AgentPaths) -> (std::path::PathBuf, std::path::PathBuf) {
    let dir = paths.tls_dir();
    (dir.join("leaf.pem"), dir.join("leaf-key.pem"))
}

fn outlasts(certificate: &CertificateDer<'_>, moment: OffsetDateTime) -> bool {
    X509Certificate::from_der(certificate)
        .is_ok_and(|(_, parsed)| parsed.validity().not_after.to_datetime() > moment)
}

fn authority_params(now: OffsetDateTime) -> CertificateParams {
    let mut params = CertificateParams::default();
    params
        .distinguished_name
        .push(DnType::CommonName, "cpxd, this workstation only");
    params.not_before = now - CLOCK_TOLERANCE;
    params.not_after = now + AUTHORITY_VALIDITY;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
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

fn leaf_params(now: OffsetDateTime) -> Result<CertificateParams, TlsError> {
    let mut params = CertificateParams::default();
    params
        .distinguished_name
        .push(DnType::CommonName, "cpxd on localhost");
    params.not_before = now - CLOCK_TOLERANCE;
    params.not_after = now + LEAF_VALIDITY - CLOCK_TOLERANCE;
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

const AUTHORITY_VALIDITY: Duration = Duration::days(3650);
const LEAF_VALIDITY: Duration = Duration::days(365);
/// A clock that was set back by some hours must not make a fresh certificate invalid.
const CLOCK_TOLERANCE: Duration = Duration::days(1);
