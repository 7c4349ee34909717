//! The two operations of a card, asked over the user's socket and judged by openssl.

use serde_json::Value;

use crate::agent::{Agent, Answer};
use crate::calls::{ORIGIN, authenticate_body, nonce, path_of, sign_body};
use crate::judge::{bytes, openssl_accepts_chain, openssl_verifies, web_eid_message};

/// What is signed.
pub const DOCUMENT: &str = "Ordonnance du 21/11/2026";

/// Asks for a token.
#[must_use]
pub fn authenticate(agent: &Agent, card: &Value) -> Answer {
    agent.call_socket(&path_of(card, "/authenticate"), &authenticate_body())
}

/// Asks for a signature of the document.
#[must_use]
pub fn sign(agent: &Agent, card: &Value) -> Answer {
    agent.call_socket(&path_of(card, "/sign"), &sign_body(&[DOCUMENT]))
}

/// The certificate of a token; fails unless openssl verifies both.
pub fn assert_token(answer: &Answer) -> Vec<u8> {
    assert_eq!(answer.status, 200, "{}", answer.text);
    let certificate = bytes(&answer.body["unverifiedCertificate"]);
    let signature = bytes(&answer.body["signature"]);
    let message = web_eid_message(ORIGIN, &nonce());
    assert!(openssl_verifies(
        &certificate,
        "-sha256",
        &signature,
        &message
    ));
    assert!(openssl_accepts_chain(&certificate, "sslclient"));
    certificate
}

/// The signature of the document; fails unless openssl verifies it and its certificate.
pub fn assert_signature(answer: &Answer) -> Vec<u8> {
    assert_eq!(answer.status, 200, "{}", answer.text);
    let certificate = bytes(&answer.body["certificate"]);
    let signature = bytes(&answer.body["signatures"][0]);
    assert!(openssl_verifies(
        &certificate,
        "-sha256",
        &signature,
        DOCUMENT.as_bytes()
    ));
    assert!(openssl_accepts_chain(&certificate, "smimesign"));
    signature
}
