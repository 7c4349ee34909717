//! What the card signs in a Web eID authentication token (format `web-eid:1.0`).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use daemon_types::{OperationError, Origin};
use ring::digest::{SHA256, digest};

/// Checks a relying party's nonce: base64 (RFC 4648, section 4, padding included) of at least
/// 256 bits, 44 to 128 characters.
///
/// # Errors
/// `bad-request` for the field `nonce`.
pub fn check_nonce(nonce: &str) -> Result<(), OperationError> {
    let wrong = || OperationError::bad_request("nonce");
    if !(44..=128).contains(&nonce.len()) {
        return Err(wrong());
    }
    let bytes = STANDARD
        .decode(nonce)
        .map_err(|error| wrong().caused_by(error))?;
    if bytes.len() >= MINIMUM_NONCE_LEN {
        Ok(())
    } else {
        Err(wrong())
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

/// Bytes that a nonce must stand for: 256 bits.
const MINIMUM_NONCE_LEN: usize = 32;

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
            "A".repeat(45),
            format!("{}==", "A".repeat(42)),
            format!("{}B=", "A".repeat(42)),
            format!("{}=", "A".repeat(47)).replace("A=", "=A"),
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

        #[test]
        fn the_base64_of_32_to_96_bytes_is_taken(bytes in prop::collection::vec(any::<u8>(), 0..120)) {
            let fits = (32..=96).contains(&bytes.len());
            prop_assert_eq!(check_nonce(&STANDARD.encode(&bytes)).is_ok(), fits);
        }
    }
}
