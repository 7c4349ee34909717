//! The authority as others may come to trust it: only if it is constrained to this machine.

use std::net::{Ipv4Addr, Ipv6Addr};

use platform::paths::AgentPaths;
use rustls::pki_types::CertificateDer;
use time::OffsetDateTime;
use x509_parser::extensions::{ExtendedKeyUsage, GeneralName, GeneralSubtree};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::TlsError;
use super::key_and_certificate::KeyAndCertificate;
use crate::pem::certificate_to_pem;

/// The certificate of this installation's authority, which may only name this machine's loopback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedAuthority {
    /// In PEM.
    pub pem: String,
    /// When it ends.
    pub ends: OffsetDateTime,
}

impl TrustedAuthority {
    /// Reads it beside its key, where nobody else can have put it; none where there is none yet.
    ///
    /// # Errors
    /// [`TlsError::Authority`] when the file cannot be used, [`TlsError::Unconstrained`] when the
    /// authority in it could vouch for more than this machine.
    pub fn read(paths: &AgentPaths) -> Result<Option<Self>, TlsError> {
        let path = paths.tls_dir().join("ca.pem");
        let kept = match KeyAndCertificate::read(&path) {
            Ok(Some(kept)) => kept,
            Ok(None) => return Ok(None),
            Err(source) => return Err(TlsError::Authority { path, source }),
        };
        match kept.validity() {
            Some((_, ends)) if is_constrained(kept.certificate()) => Ok(Some(Self {
                pem: certificate_to_pem(kept.certificate()),
                ends,
            })),
            _ => Err(TlsError::Unconstrained { path }),
        }
    }
}

/// Whether the names that it may vouch for are those of loopback and no others (RFC 5280, 4.2.1.10),
/// for servers alone, and no authority may stand under it.
fn is_constrained(certificate: &CertificateDer<'_>) -> bool {
    let Ok((_, parsed)) = X509Certificate::from_der(certificate) else {
        return false;
    };
    let (Ok(Some(names)), Ok(Some(basic))) =
        (parsed.name_constraints(), parsed.basic_constraints())
    else {
        return false;
    };
    let permitted = names.value.permitted_subtrees.as_deref().unwrap_or(&[]);
    let covers =
        |kind: fn(&GeneralName<'_>) -> bool| permitted.iter().any(|subtree| kind(&subtree.base));
    names.critical
        && permitted.iter().all(is_of_this_machine)
        && covers(|name| matches!(name, GeneralName::DNSName(_)))
        && covers(|name| matches!(name, GeneralName::IPAddress(bytes) if bytes.len() == 8))
        && covers(|name| matches!(name, GeneralName::IPAddress(bytes) if bytes.len() == 32))
        && is_for_servers_alone(&parsed)
        && basic.value.ca
        && basic.value.path_len_constraint == Some(0)
}

/// Stores of the system are asked about mail, code and clients, too.
fn is_for_servers_alone(certificate: &X509Certificate<'_>) -> bool {
    let Ok(Some(usage)) = certificate.extended_key_usage() else {
        return false;
    };
    let servers = ExtendedKeyUsage {
        any: false,
        server_auth: true,
        client_auth: false,
        code_signing: false,
        email_protection: false,
        time_stamping: false,
        ocsp_signing: false,
        other: Vec::new(),
    };
    *usage.value == servers
}

/// A kind of name that no subtree speaks of is free, so each kind that a server may have must be named.
fn is_of_this_machine(subtree: &GeneralSubtree<'_>) -> bool {
    let v4 = [Ipv4Addr::LOCALHOST.octets(), [0xFF; 4]].concat();
    let v6 = [Ipv6Addr::LOCALHOST.octets(), [0xFF; 16]].concat();
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "a name of any other kind is not one of this machine"
    )]
    match subtree.base {
        GeneralName::DNSName(name) => name == "localhost",
        GeneralName::IPAddress(bytes) => bytes == v4 || bytes == v6,
        _ => false,
    }
}
