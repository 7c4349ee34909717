//! The certificate that stores are to trust.

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use sha2::{Digest as _, Sha256};

/// The certificate of an authority, known by its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustAnchor {
    der: Vec<u8>,
    pem: String,
}

impl TrustAnchor {
    /// The one certificate in this PEM text; none where there is none, or more than one.
    #[must_use]
    pub fn from_pem(pem: &str) -> Option<Self> {
        match certificates(pem.as_bytes()).as_slice() {
            [der] => Some(Self {
                der: der.clone(),
                pem: pem.to_owned(),
            }),
            _ => None,
        }
    }

    /// All that are in this PEM text, each by itself.
    #[must_use]
    pub fn all_in(pem: &str) -> Vec<Self> {
        let blocks = pem.split_inclusive(PEM_END);
        blocks.filter_map(Self::from_pem).collect()
    }

    /// In PEM.
    #[must_use]
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// SHA-256 of its bytes, in hexadecimal.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        hex::encode(Sha256::digest(&self.der))
    }

    /// What it is called in a store: people see whose it is, and no two share a name.
    pub(super) fn nickname(&self) -> String {
        format!("cpxd, this workstation only ({})", self.short_name())
    }

    /// Sixteen hexadecimal digits of its fingerprint.
    pub(super) fn short_name(&self) -> String {
        let mut name = self.fingerprint();
        name.truncate(16);
        name
    }

    /// Its bytes.
    pub(super) fn der(&self) -> &[u8] {
        &self.der
    }

    #[cfg(unix)]
    /// Whether this PEM text is this certificate and nothing else.
    pub(super) fn is_alone_in(&self, pem: &[u8]) -> bool {
        matches!(certificates(pem).as_slice(), [der] if *der == self.der)
    }
}

const PEM_END: &str = "-----END CERTIFICATE-----\n";

/// The certificates in a PEM text (RFC 7468); what is none is passed over.
fn certificates(pem: &[u8]) -> Vec<Vec<u8>> {
    CertificateDer::pem_slice_iter(pem)
        .filter_map(|certificate| Some(certificate.ok()?.to_vec()))
        .collect()
}
