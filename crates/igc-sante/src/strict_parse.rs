//! X.509 parsing with the limits that untrusted bytes deserve.

use std::collections::HashSet;
use thiserror::Error;
use x509_parser::asn1_rs::{Any, BitString, Class, Sequence, ToDer};
use x509_parser::certificate::X509Certificate;
use x509_parser::error::X509Error;
use x509_parser::prelude::FromDer;

/// The longest certificate that is looked at, in bytes; those of the IGC-Santé have about 2 KiB.
pub const MAX_CERTIFICATE_LENGTH: usize = 8 * 1024;

/// Why bytes are not a usable certificate.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// More bytes than [`MAX_CERTIFICATE_LENGTH`]; they were not parsed.
    #[error("certificate has {length} bytes, more than the {MAX_CERTIFICATE_LENGTH} allowed")]
    TooLong {
        /// How many bytes were given.
        length: usize,
    },
    /// The bytes are not the DER of an X.509 certificate (RFC 5280 section 4.1).
    #[error("certificate is not X.509 in DER")]
    Malformed(#[source] X509Error),
    /// Bytes follow the certificate.
    #[error("certificate is followed by {count} more bytes")]
    TrailingBytes {
        /// How many bytes follow.
        count: usize,
    },
    /// What surrounds the signed part is not the DER of it, its algorithm and its signature (RFC 5280 section 4.1.1).
    #[error("certificate has an outer encoding that is not canonical")]
    NotCanonical,
    /// An extension occurs twice, which RFC 5280 section 4.2 forbids.
    #[error("certificate has the extension {oid} more than once")]
    DuplicateExtension {
        /// The extension, in dotted form.
        oid: String,
    },
    /// An extension that this crate reads does not have the form that its definition gives it.
    #[error("certificate has a malformed extension {oid}")]
    MalformedExtension {
        /// The extension, in dotted form.
        oid: String,
    },
}

/// Parses exactly one certificate.
pub(crate) fn parse_strictly(der: &[u8]) -> Result<X509Certificate<'_>, CertificateError> {
    if der.len() > MAX_CERTIFICATE_LENGTH {
        return Err(CertificateError::TooLong { length: der.len() });
    }
    let (rest, certificate) = X509Certificate::from_der(der)
        .map_err(|error| CertificateError::Malformed(error.into()))?;
    if !rest.is_empty() {
        return Err(CertificateError::TrailingBytes { count: rest.len() });
    }
    if canonical_encoding(&certificate).as_deref() != Some(der) {
        return Err(CertificateError::NotCanonical);
    }
    refuse_duplicate_extensions(&certificate)?;
    Ok(certificate)
}

/// The only DER that this signed part and this signature may have.
///
/// The parser overlooks wrong tags outside the signed part, and no signature covers those bytes; comparing them all makes
/// the bytes of a certificate as unchangeable as what they say.
fn canonical_encoding(certificate: &X509Certificate<'_>) -> Option<Vec<u8>> {
    let signed = certificate.tbs_certificate.as_ref();
    let algorithm = signed_algorithm(signed)?;
    let signature = BitString::new(0, &certificate.signature_value.data)
        .to_der_vec()
        .ok()?;
    let content = [signed, algorithm, &signature].concat();
    Sequence::new(content.into()).to_der_vec().ok()
}

/// The bytes of the algorithm inside the signed part, which the one outside must repeat (RFC 5280 section 4.1.1.2):
/// the element after the optional version and the serial number.
fn signed_algorithm(signed: &[u8]) -> Option<&[u8]> {
    let (_, signed) = Any::from_der(signed).ok()?;
    let (after_first, first) = Any::from_der(signed.data).ok()?;
    let has_version = first.header.class() == Class::ContextSpecific;
    let at_algorithm = if has_version {
        Any::from_der(after_first).ok()?.0
    } else {
        after_first
    };
    let (after_algorithm, _) = Any::from_der(at_algorithm).ok()?;
    at_algorithm.get(..at_algorithm.len().checked_sub(after_algorithm.len())?)
}

fn refuse_duplicate_extensions(certificate: &X509Certificate<'_>) -> Result<(), CertificateError> {
    let mut seen = HashSet::new();
    for extension in certificate.iter_extensions() {
        let oid = extension.oid.to_id_string();
        if !seen.insert(oid.clone()) {
            return Err(CertificateError::DuplicateExtension { oid });
        }
    }
    Ok(())
}
