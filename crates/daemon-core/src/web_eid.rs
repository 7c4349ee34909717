//! What the card signs in a Web eID authentication token (format `web-eid:1.0`).

use daemon_types::{OperationError, Origin};
use ring::digest::{SHA256, digest};

/// Checks a relying party's nonce: base64 of at least 256 bits, 44 to 128 characters.
///
/// # Errors
/// `bad-request` for the field `nonce`.
pub fn check_nonce(nonce: &str) -> Result<(), OperationError> {
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    let body = nonce.trim_end_matches('=');
    let fits = (44..=128).contains(&nonce.len())
        && nonce.len() - body.len() <= 2
        && nonce.bytes().all(is_base64)
        && !body.contains('=');
    if fits {
        Ok(())
    } else {
        Err(OperationError::bad_request("nonce"))
    }
}

/// SHA-256 of hash(origin) ‖ hash(nonce), so that neither can be moved into the other.
#[must_use]
pub fn token_digest(origin: &Origin, nonce: &str) -> Vec<u8> {
    let origin = digest(&SHA256, origin.as_str().as_bytes());
    let nonce = digest(&SHA256, nonce.as_bytes());
    let signed = [origin.as_ref(), nonce.as_ref()].concat();
    digest(&SHA256, &signed).as_ref().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn takes_44_to_128_characters_of_base64() {
        for nonce in [
            "A".repeat(44),
            "b/+9".repeat(32),
            format!("{}=", "A".repeat(43)),
        ] {
            assert!(check_nonce(&nonce).is_ok(), "{nonce}");
        }
    }

    #[test]
    fn refuses_any_other_nonce_and_names_the_field() {
        for nonce in [
            String::new(),
            "A".repeat(43),
            "A".repeat(129),
            format!("{}-", "A".repeat(43)),
            format!("{}===", "A".repeat(44)),
            format!("{}=A", "A".repeat(44)),
            "é".repeat(30),
        ] {
            let error = check_nonce(&nonce).unwrap_err();
            assert_eq!(error.field.as_deref(), Some("nonce"), "{nonce}");
        }
    }

    /// Computed with another implementation of SHA-256, from the definition.
    #[test]
    fn the_digest_is_that_of_the_two_hashes_in_a_row() {
        let origin = Origin::parse("https://ria.ee").unwrap();
        let digest = token_digest(&origin, "12345678123456781234567812345678912356789123");
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, EXPECTED);
    }

    const EXPECTED: &str = "b279891a871202b377cf749958337a6ac4b69c00ede9746966c00b7887f07f14";

    proptest! {
        #[test]
        fn no_nonce_panics(nonce: String) {
            let _ = check_nonce(&nonce);
        }
    }
}
