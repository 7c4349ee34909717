//! The calls that use a key, as a good caller makes them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

use crate::agent::{Agent, Answer};

/// The site of the tests.
pub const ORIGIN: &str = "https://service.example";

/// The nonce of the tests: base64 of 256 bits, which is as short as a nonce may be.
#[must_use]
pub fn nonce() -> String {
    STANDARD.encode([0x5A; 32])
}

/// Path of a call about a card; `call` may be empty.
#[must_use]
pub fn path_of(card: &Value, call: &str) -> String {
    format!("/v1/cards/{}{call}", card["id"].as_str().expect("an id"))
}

/// A good body of `authenticate`.
#[must_use]
pub fn authenticate_body() -> Value {
    json!({ "nonce": nonce(), "origin": ORIGIN })
}

/// A good body of `sign` over these messages, which describe themselves.
#[must_use]
pub fn sign_body(messages: &[&str]) -> Value {
    let digests: Vec<_> = messages
        .iter()
        .map(|message| {
            let value = STANDARD.encode(digest(&SHA256, message.as_bytes()));
            json!({ "value": value, "description": message })
        })
        .collect();
    json!({ "hash": "SHA-256", "digests": digests })
}

impl Agent {
    /// An authentication token for the tests' site, over TLS.
    #[must_use]
    pub fn authenticate(&self, card: &Value) -> Answer {
        self.call(&path_of(card, "/authenticate"), &authenticate_body())
    }

    /// Signatures over these messages, over TLS.
    #[must_use]
    pub fn sign(&self, card: &Value, messages: &[&str]) -> Answer {
        self.call(&path_of(card, "/sign"), &sign_body(messages))
    }

    /// Tries left of the holder's code, asked of the card now.
    #[must_use]
    pub fn tries_left(&self) -> u64 {
        let card = self.card();
        card["pin"]["triesLeft"].as_u64().expect("a number")
    }
}
