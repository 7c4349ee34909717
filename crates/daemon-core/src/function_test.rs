//! What the function test of the product's own page uses the card's keys for.

use ring::digest::{SHA256, digest};

/// The site that it authenticates for: `.invalid` is nobody's (RFC 2606), so that its token logs
/// nobody in anywhere.
pub const TEST_ORIGIN: &str = "https://mon-poste.cpxd.invalid";

/// The text that it signs, which commits its holder to nothing.
pub const TEST_TEXT: &str =
    "cpxd : signature d’essai de la page « Mon poste ». Elle n’engage à rien.";

/// SHA-256 of [`TEST_TEXT`].
pub(crate) fn test_digest() -> Vec<u8> {
    digest(&SHA256, TEST_TEXT.as_bytes()).as_ref().to_vec()
}

/// Whether this is the digest of the text that it signs.
pub(crate) fn is_test_digest(value: &[u8]) -> bool {
    value == test_digest()
}
