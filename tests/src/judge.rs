//! Foreign judges of our signatures.

use std::fs;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use card_emulator::pki::{
    TEST_INTERMEDIATE_DER, TEST_ROOT_DER, TEST_STANDARD_INTERMEDIATE_DER, TEST_STANDARD_ROOT_DER,
};
use ring::digest::{Algorithm, SHA256, digest};
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
    openssl_verifies_with(certificate, &[hash], signature, message)
}

/// Whether openssl accepts a signature of this JWA name, such as `PS256`: with PSS, one with a salt as long
/// as the digest and no other.
#[must_use]
pub fn openssl_verifies_as(
    algorithm: &str,
    certificate: &[u8],
    signature: &[u8],
    message: &[u8],
) -> bool {
    let (scheme, bits) = algorithm.split_at(2);
    let hash = format!("-sha{bits}");
    let pss = [
        "-sigopt",
        "rsa_padding_mode:pss",
        "-sigopt",
        "rsa_pss_saltlen:digest",
    ];
    let options = if scheme == "PS" { &pss[..] } else { &[] };
    let options = [&[hash.as_str()], options].concat();
    openssl_verifies_with(certificate, &options, signature, message)
}

fn openssl_verifies_with(
    certificate: &[u8],
    options: &[&str],
    signature: &[u8],
    message: &[u8],
) -> bool {
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
        .arg("dgst")
        .args(options)
        .arg("-verify")
        .arg(file("key.pem", &public_key.stdout))
        .arg("-signature")
        .arg(file("signature", signature))
        .arg(file("message", message))
        .output()
        .expect("openssl starts");
    verified.status.success()
}

/// Whether openssl builds a chain from a DER certificate of a virtual card to a test root, for a
/// purpose such as `sslclient`.
#[must_use]
pub fn openssl_accepts_chain(certificate: &[u8], purpose: &str) -> bool {
    let pem = |certificates: [&[u8]; 2]| certificates.map(to_pem).concat();
    let roots = pem([TEST_ROOT_DER, TEST_STANDARD_ROOT_DER]);
    let intermediates = pem([TEST_INTERMEDIATE_DER, TEST_STANDARD_INTERMEDIATE_DER]);
    openssl_accepts_chain_with(
        certificate,
        &["-purpose", purpose],
        [&roots, &intermediates],
    )
}

/// Whether openssl builds a chain to one of the roots through the intermediates, both in PEM, for a
/// TLS client and at a moment in seconds since 1970.
#[must_use]
pub fn openssl_accepts_chain_at(
    certificate: &[u8],
    moment: i64,
    roots_and_intermediates: [&str; 2],
) -> bool {
    let moment = moment.to_string();
    let options = ["-purpose", "sslclient", "-attime", &moment];
    openssl_accepts_chain_with(certificate, &options, roots_and_intermediates)
}

fn openssl_accepts_chain_with(
    certificate: &[u8],
    options: &[&str],
    [roots, intermediates]: [&str; 2],
) -> bool {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let pem = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).expect("a file");
        path
    };
    let mut verify = Command::new("openssl");
    verify.arg("verify").args(options);
    verify.arg("-CAfile").arg(pem("roots.pem", roots));
    if !intermediates.is_empty() {
        let file = pem("intermediates.pem", intermediates);
        verify.arg("-untrusted").arg(file);
    }
    let verified = verify
        .arg(pem("certificate.pem", &to_pem(certificate)))
        .output()
        .expect("openssl starts");
    verified.status.success()
}

/// The authorities of the virtual cards, in PEM.
#[must_use]
pub fn test_authorities() -> String {
    let all = [
        TEST_ROOT_DER,
        TEST_STANDARD_ROOT_DER,
        TEST_INTERMEDIATE_DER,
        TEST_STANDARD_INTERMEDIATE_DER,
    ];
    all.iter().map(|der| to_pem(der)).collect()
}

/// The DER certificates in a text of PEM blocks.
#[must_use]
pub fn certificates_in_pem(text: &str) -> Vec<Vec<u8>> {
    let blocks = text.split(PEM_BEGIN).skip(1);
    let decode = |block: &str| {
        let (base64, _) = block.split_once(PEM_END).expect("the end of a PEM block");
        let base64: String = base64.split_whitespace().collect();
        STANDARD.decode(base64).expect("base64")
    };
    blocks.map(decode).collect()
}

fn to_pem(der: &[u8]) -> String {
    format!("{PEM_BEGIN}\n{}\n{PEM_END}\n", STANDARD.encode(der))
}

/// What a Web eID token of `RS256` or `PS256` signs: hash(origin) ‖ hash(nonce).
#[must_use]
pub fn web_eid_message(origin: &str, nonce: &str) -> Vec<u8> {
    web_eid_message_with(&SHA256, origin, nonce)
}

/// The same with the hash function of another algorithm.
#[must_use]
pub fn web_eid_message_with(hash: &'static Algorithm, origin: &str, nonce: &str) -> Vec<u8> {
    let hash = |text: &str| digest(hash, text.as_bytes());
    [hash(origin).as_ref(), hash(nonce).as_ref()].concat()
}

const PEM_BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const PEM_END: &str = "-----END CERTIFICATE-----";
