//! Foreign judges of our signatures.

use std::fs;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// Decodes a base64 field of an answer.
#[must_use]
pub fn bytes(value: &Value) -> Vec<u8> {
    let text = value
        .as_str()
        .unwrap_or_else(|| panic!("no base64 text: {value}"));
    STANDARD.decode(text).expect("base64")
}

/// Whether openssl accepts an RSA PKCS#1 signature by the key of a DER certificate over `message`.
#[must_use]
pub fn openssl_verifies(certificate: &[u8], hash: &str, signature: &[u8], message: &[u8]) -> bool {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).expect("a file");
        path
    };
    let certificate = file("certificate.der", certificate);
    let public_key = Command::new("openssl")
        .args(["x509", "-inform", "DER", "-pubkey", "-noout", "-in"])
        .arg(certificate)
        .output()
        .expect("openssl is installed (cargo xtask test installs it)");
    assert!(
        public_key.status.success(),
        "openssl does not read the certificate"
    );
    let verified = Command::new("openssl")
        .args(["dgst", hash, "-verify"])
        .arg(file("key.pem", &public_key.stdout))
        .arg("-signature")
        .arg(file("signature", signature))
        .arg(file("message", message))
        .output()
        .expect("openssl starts");
    verified.status.success()
}

/// What a Web eID token signs: hash(origin) ‖ hash(nonce).
#[must_use]
pub fn web_eid_message(origin: &str, nonce: &str) -> Vec<u8> {
    let hash = |text: &str| ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    [hash(origin).as_ref(), hash(nonce).as_ref()].concat()
}
