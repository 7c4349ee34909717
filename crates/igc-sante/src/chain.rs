//! Whether an authority of the IGC-Santé issued a card certificate.
//!
//! The path is validated as RFC 5280 section 6 asks, for a hierarchy without policies or name constraints to process:
//! names, key identifiers, signatures, dates, authority flags, path lengths, and no unknown critical extension.
//! The authorities are arguments: which roots are trusted, of which environment, is the caller's decision.
//! No revocation list is looked at in this version, and the answer says so.

use crate::card_certificate::CardCertificate;
use crate::distinguished_name::rfc4514;
use crate::strict_parse::{CertificateError, parse_strictly};
use crate::validity::CertificateStatus;
use thiserror::Error;
use time::OffsetDateTime;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{BasicConstraints, ParsedExtension, X509Extension};

/// The longest path that is followed; the IGC-Santé has one intermediate below each root.
const MAX_INTERMEDIATES: usize = 3;

/// Signature algorithms that are accepted: RSA with SHA-256, SHA-384 and SHA-512, and RSASSA-PSS with these.
///
/// The verifying library knows SHA-1 too; a card certificate signed with it proves nothing any more.
const SIGNATURE_ALGORITHMS: [&str; 4] = [
    "1.2.840.113549.1.1.11",
    "1.2.840.113549.1.1.12",
    "1.2.840.113549.1.1.13",
    "1.2.840.113549.1.1.10",
];

/// Critical extensions that this module or its caller honours: keyUsage, subjectAltName, basicConstraints,
/// certificatePolicies (no policy is required of a path), extKeyUsage.
const KNOWN_CRITICAL_EXTENSIONS: [&str; 5] = [
    "2.5.29.15",
    "2.5.29.17",
    "2.5.29.19",
    "2.5.29.32",
    "2.5.29.37",
];

/// What is known of a certificate's revocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RevocationStatus {
    /// Nobody looked: neither good nor revoked.
    NotChecked,
}

impl RevocationStatus {
    /// `notChecked`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotChecked => "notChecked",
        }
    }
}

/// A path from a card certificate to a trusted root, each step verified.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct VerifiedChain {
    /// The DER of the authorities, from the issuer of the card certificate to the trusted root, which is included.
    pub issuers: Vec<Vec<u8>>,
    /// What is known of revocation.
    pub revocation: RevocationStatus,
}

/// Why a certificate is not proved to come from an authority.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum ChainError {
    /// A certificate of the path, or an authority that was given, cannot be read.
    #[error("reading a certificate of the chain failed")]
    Certificate(#[from] CertificateError),
    /// None of the authorities given has the name that the certificate calls its issuer.
    #[error("no authority is known under the name {issuer}")]
    IssuerUnknown {
        /// The issuer's name.
        issuer: String,
    },
    /// The certificate names another issuer.
    #[error("certificate was issued by {named}, not by {given}")]
    IssuerNameDiffers {
        /// The issuer that the certificate names.
        named: String,
        /// The authority that was given.
        given: String,
    },
    /// The issuer has the right name but another key (RFC 5280 sections 4.2.1.1 and 4.2.1.2).
    #[error("certificate was issued with another key of {issuer}")]
    KeyIdentifierDiffers {
        /// The issuer's name.
        issuer: String,
    },
    /// The issuer's certificate does not allow it to issue any (RFC 5280 sections 4.2.1.3 and 4.2.1.9).
    #[error("{issuer} is no certification authority")]
    NotAnAuthority {
        /// The issuer's name.
        issuer: String,
    },
    /// More authorities below this one than it allows, or than the IGC-Santé could ever have.
    #[error("chain is longer than {issuer} allows")]
    TooLong {
        /// The authority whose limit is reached.
        issuer: String,
    },
    /// The signature is made with an algorithm that is not accepted, SHA-1 for instance.
    #[error("certificate is signed with the algorithm {oid}, which is not accepted")]
    AlgorithmRefused {
        /// The algorithm, in dotted form.
        oid: String,
    },
    /// The issuer's key did not make the signature.
    #[error("signature of the certificate is not that of {issuer}")]
    SignatureInvalid {
        /// The issuer's name.
        issuer: String,
    },
    /// A critical extension that this module does not know or cannot read, so that the certificate must be refused
    /// (RFC 5280 section 4.2).
    #[error("certificate has a critical extension {oid} that is not understood")]
    UnknownCriticalExtension {
        /// The extension, in dotted form.
        oid: String,
    },
    /// The card certificate is not in its dates.
    #[error("card certificate is not in its dates ({})", .0.as_str())]
    CardOutOfDates(CertificateStatus),
    /// An authority of the path is not in its dates.
    #[error("authority {issuer} is not in its dates ({})", .status.as_str())]
    AuthorityOutOfDates {
        /// The authority's name.
        issuer: String,
        /// Where it stands.
        status: CertificateStatus,
    },
}

/// Checks that this authority issued the certificate: name, key identifier, right to issue, signature.
///
/// Dates are not looked at, and the authority itself is not proved: see [`verify_chain`].
///
/// # Errors
///
/// [`ChainError`], the first of these that fails.
pub fn verify_issued_by(
    certificate: &CardCertificate,
    issuer_der: &[u8],
) -> Result<(), ChainError> {
    let subject = parse_strictly(certificate.der())?;
    let issuer = parse_strictly(issuer_der)?;
    check_issued_by(&subject, &issuer)
}

/// Finds and verifies the path from the certificate to one of the trusted roots, at the time `now`.
///
/// The IGC-Santé has no cross-certificates, so the first issuer that holds is taken and no other path is tried.
///
/// # Errors
///
/// [`ChainError`]: that of the last authority tried when none of those with the right name holds.
pub fn verify_chain(
    certificate: &CardCertificate,
    intermediates: &[&[u8]],
    roots: &[&[u8]],
    now: OffsetDateTime,
) -> Result<VerifiedChain, ChainError> {
    let card = parse_strictly(certificate.der())?;
    check_card(&card, now)?;
    let authorities = parse_authorities(intermediates, roots)?;

    let mut issuers = Vec::new();
    let mut subject = &card;
    while issuers.len() <= MAX_INTERMEDIATES {
        let authority = find_issuer(subject, &authorities, issuers.len(), now)?;
        issuers.push(authority.certificate.as_raw().to_vec());
        if authority.is_root {
            return Ok(VerifiedChain {
                issuers,
                revocation: RevocationStatus::NotChecked,
            });
        }
        subject = &authority.certificate;
    }
    Err(ChainError::TooLong {
        issuer: rfc4514(subject.issuer()),
    })
}

/// An authority that the caller gave.
struct Authority<'a> {
    certificate: X509Certificate<'a>,
    is_root: bool,
}

/// Roots come first, so that the shortest path is taken.
fn parse_authorities<'a>(
    intermediates: &[&'a [u8]],
    roots: &[&'a [u8]],
) -> Result<Vec<Authority<'a>>, ChainError> {
    let roots = roots.iter().map(|der| (*der, true));
    let intermediates = intermediates.iter().map(|der| (*der, false));
    roots
        .chain(intermediates)
        .map(|(der, is_root)| {
            Ok(Authority {
                certificate: parse_strictly(der)?,
                is_root,
            })
        })
        .collect()
}

fn find_issuer<'c, 'a>(
    subject: &X509Certificate<'_>,
    authorities: &'c [Authority<'a>],
    authorities_below: usize,
    now: OffsetDateTime,
) -> Result<&'c Authority<'a>, ChainError> {
    let mut failure = ChainError::IssuerUnknown {
        issuer: rfc4514(subject.issuer()),
    };
    for authority in authorities
        .iter()
        .filter(|authority| is_named_issuer(subject, &authority.certificate))
    {
        match check_authority(subject, &authority.certificate, authorities_below, now) {
            Ok(()) => return Ok(authority),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

fn check_card(card: &X509Certificate<'_>, now: OffsetDateTime) -> Result<(), ChainError> {
    let status = status_at(card, now);
    if status != CertificateStatus::Valid {
        return Err(ChainError::CardOutOfDates(status));
    }
    check_critical_extensions(card)
}

fn check_authority(
    subject: &X509Certificate<'_>,
    issuer: &X509Certificate<'_>,
    authorities_below: usize,
    now: OffsetDateTime,
) -> Result<(), ChainError> {
    let status = status_at(issuer, now);
    if status != CertificateStatus::Valid {
        return Err(ChainError::AuthorityOutOfDates {
            issuer: rfc4514(issuer.subject()),
            status,
        });
    }
    check_critical_extensions(issuer)?;
    check_path_length(issuer, authorities_below)?;
    check_issued_by(subject, issuer)
}

fn check_issued_by(
    subject: &X509Certificate<'_>,
    issuer: &X509Certificate<'_>,
) -> Result<(), ChainError> {
    if !is_named_issuer(subject, issuer) {
        return Err(ChainError::IssuerNameDiffers {
            named: rfc4514(subject.issuer()),
            given: rfc4514(issuer.subject()),
        });
    }
    check_key_identifier(subject, issuer)?;
    check_may_issue(issuer)?;
    check_signature(subject, issuer)
}

/// Authorities copy their own name byte by byte into what they issue, so bytes are compared, not strings.
fn is_named_issuer(subject: &X509Certificate<'_>, issuer: &X509Certificate<'_>) -> bool {
    subject.issuer().as_raw() == issuer.subject().as_raw()
}

fn check_key_identifier(
    subject: &X509Certificate<'_>,
    issuer: &X509Certificate<'_>,
) -> Result<(), ChainError> {
    let wanted = authority_key_identifier(subject);
    let present = subject_key_identifier(issuer);
    if wanted
        .zip(present)
        .is_some_and(|(wanted, present)| wanted != present)
    {
        return Err(ChainError::KeyIdentifierDiffers {
            issuer: rfc4514(issuer.subject()),
        });
    }
    Ok(())
}

fn authority_key_identifier<'a>(certificate: &X509Certificate<'a>) -> Option<&'a [u8]> {
    certificate.iter_extensions().find_map(|extension| {
        let ParsedExtension::AuthorityKeyIdentifier(identifier) = extension.parsed_extension()
        else {
            return None;
        };
        identifier
            .key_identifier
            .as_ref()
            .map(|identifier| identifier.0)
    })
}

fn subject_key_identifier<'a>(certificate: &X509Certificate<'a>) -> Option<&'a [u8]> {
    certificate.iter_extensions().find_map(|extension| {
        let ParsedExtension::SubjectKeyIdentifier(identifier) = extension.parsed_extension() else {
            return None;
        };
        Some(identifier.0)
    })
}

fn check_may_issue(issuer: &X509Certificate<'_>) -> Result<(), ChainError> {
    let is_authority = basic_constraints(issuer).is_some_and(|constraints| constraints.ca);
    // An extension that does not parse gives no right.
    let may_sign = issuer
        .key_usage()
        .is_ok_and(|usage| usage.is_none_or(|usage| usage.value.key_cert_sign()));
    if is_authority && may_sign {
        Ok(())
    } else {
        Err(ChainError::NotAnAuthority {
            issuer: rfc4514(issuer.subject()),
        })
    }
}

fn check_path_length(
    issuer: &X509Certificate<'_>,
    authorities_below: usize,
) -> Result<(), ChainError> {
    let allowed = basic_constraints(issuer).and_then(|constraints| constraints.path_len_constraint);
    let is_exceeded = allowed
        .is_some_and(|allowed| usize::try_from(allowed).is_ok_and(|most| authorities_below > most));
    if is_exceeded {
        Err(ChainError::TooLong {
            issuer: rfc4514(issuer.subject()),
        })
    } else {
        Ok(())
    }
}

fn basic_constraints(certificate: &X509Certificate<'_>) -> Option<BasicConstraints> {
    let extension = certificate.basic_constraints().ok()??;
    Some(extension.value.clone())
}

fn check_signature(
    subject: &X509Certificate<'_>,
    issuer: &X509Certificate<'_>,
) -> Result<(), ChainError> {
    let oid = subject.signature_algorithm.algorithm.to_id_string();
    if !SIGNATURE_ALGORITHMS.contains(&oid.as_str()) {
        return Err(ChainError::AlgorithmRefused { oid });
    }
    subject
        .verify_signature(Some(issuer.public_key()))
        .map_err(|_| ChainError::SignatureInvalid {
            issuer: rfc4514(issuer.subject()),
        })
}

fn check_critical_extensions(certificate: &X509Certificate<'_>) -> Result<(), ChainError> {
    let refused = certificate
        .iter_extensions()
        .find(|extension| extension.critical && !is_understood(extension));
    refused.map_or(Ok(()), |extension| {
        Err(ChainError::UnknownCriticalExtension {
            oid: extension.oid.to_id_string(),
        })
    })
}

fn is_understood(extension: &X509Extension<'_>) -> bool {
    let is_malformed = matches!(
        extension.parsed_extension(),
        ParsedExtension::ParseError { .. }
    );
    let oid = extension.oid.to_id_string();
    !is_malformed && KNOWN_CRITICAL_EXTENSIONS.contains(&oid.as_str())
}

fn status_at(certificate: &X509Certificate<'_>, now: OffsetDateTime) -> CertificateStatus {
    let validity = certificate.validity();
    CertificateStatus::of(
        validity.not_before.to_datetime(),
        validity.not_after.to_datetime(),
        now,
    )
}
