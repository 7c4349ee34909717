//! What the card signs in a Web eID authentication token (format `web-eid:1.0`).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use daemon_types::{HashAlgorithm, OperationError, Origin, Reason};
use ring::digest::{SHA256, SHA384, SHA512, digest};

/// Checks a relying party's nonce: base64 (RFC 4648, section 4, padding included) of at least
/// 256 bits, 44 to 128 characters.
///
/// # Errors
/// `bad-request` for the field `nonce`.
pub fn check_nonce(nonce: &str) -> Result<(), OperationError> {
    let wrong = || OperationError::bad_request("nonce", Reason::NonceForm);
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

/// The digest of hash(origin) ‖ hash(nonce), so that neither can be moved into the other; the hash
/// function is that of the token's signature algorithm.
#[must_use]
pub fn token_digest(origin: &Origin, nonce: &str, hash: HashAlgorithm) -> Vec<u8> {
    let hash = match hash {
        HashAlgorithm::Sha256 => &SHA256,
        HashAlgorithm::Sha384 => &SHA384,
        HashAlgorithm::Sha512 => &SHA512,
    };
    let origin = digest(hash, origin.as_str().as_bytes());
    let nonce = digest(hash, nonce.as_bytes());
    let signed = [origin.as_ref(), nonce.as_ref()].concat();
    digest(hash, &signed).as_ref().to_vec()
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
        let nonce = "12345678123456781234567812345678912356789123";
        for (hash, start) in [
            (
                HashAlgorithm::Sha256,
                "b279891a871202b377cf749958337a6ac4b69c00ede9746966c00b7887f07f14",
            ),
            (
                HashAlgorithm::Sha384,
                "6ab5b68a5b108467440b4787a75bd827a7afcdd7d90f4f3ec57fe4718d0cc6d3",
            ),
            (
                HashAlgorithm::Sha512,
                "fedcc35511d70e0bc797d38cfa3d944c25ceebacb34fa04f30860770e5cb7ae7",
            ),
        ] {
            let digest = token_digest(&origin, nonce, hash);
            let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(hex.len(), 2 * hash.digest_len());
            assert!(hex.starts_with(start), "{hash:?}");
        }
    }

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
