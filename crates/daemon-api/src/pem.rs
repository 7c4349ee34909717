//! Certificates as text.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A certificate as text (RFC 7468): base64 in lines of 64 characters between the labels.
pub(crate) fn certificate_to_pem(der: &[u8]) -> String {
    let base64 = STANDARD.encode(der);
    let mut pem = String::from("-----BEGIN CERTIFICATE-----\n");
    let mut rest = base64.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at_checked(64).unwrap_or((rest, ""));
        pem.push_str(line);
        pem.push('\n');
        rest = after;
    }
    pem.push_str("-----END CERTIFICATE-----\n");
    pem
}
