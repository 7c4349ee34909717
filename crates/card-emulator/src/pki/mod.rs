//! The test PKI of the virtual cards, in the image of the IGC-Santé.
//!
//! TEST ONLY. Root, intermediate and card keys are public (see `keys/README.md`);
//! the authorities are fixed files, so that a trust anchor is stable, and the
//! certificates of a card are signed when the card is made.

mod authorities;
mod certificate;
mod holder_certificate;
mod keys;

pub(crate) use authorities::VALID_FROM;

pub use authorities::{Authorities, Level, issue_authorities};
pub(crate) use holder_certificate::{Certificate, KeyRole, issue_certificates};
pub use keys::KeySet;

/// Certificate of the test root of professionals, DER. Nothing but a test may trust it.
pub const TEST_ROOT_DER: &[u8] = include_bytes!("../../certificates/test-root.cer");

/// Certificate of the test authority that signs CPS and CPF, DER, path length 0.
pub const TEST_INTERMEDIATE_DER: &[u8] = include_bytes!("../../certificates/test-intermediate.cer");

/// Certificate of the test root of staff, DER. Nothing but a test may trust it.
pub const TEST_STANDARD_ROOT_DER: &[u8] =
    include_bytes!("../../certificates/test-standard-root.cer");

/// Certificate of the test authority that signs CPE and CPA, DER, path length 0.
pub const TEST_STANDARD_INTERMEDIATE_DER: &[u8] =
    include_bytes!("../../certificates/test-standard-intermediate.cer");

/// Why a test certificate could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PkiError {
    /// One of the committed private keys does not read as PKCS#8.
    #[error("reading a test key")]
    Key(#[from] rsa::pkcs8::Error),
    /// A public key does not write as SubjectPublicKeyInfo.
    #[error("writing the public key of a test certificate")]
    PublicKey(#[from] rsa::pkcs8::spki::Error),
    /// The holder cannot stand in a certificate.
    #[error("describing the holder of a test card")]
    Holder(#[from] crate::parameters::ParameterError),
    /// A name, date or extension does not fit into ASN.1.
    #[error("encoding a test certificate")]
    Encoding(#[from] x509_cert::der::Error),
    /// The signature failed.
    #[error("signing a test certificate")]
    Signature(#[from] rsa::Error),
}
