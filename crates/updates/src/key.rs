//! The key that signs releases.

use minisign_verify::{Error, PublicKey, Signature};

use crate::UpdateError;

/// A minisign public key.
#[derive(Clone, Debug)]
pub struct ReleaseKey(PublicKey);

impl ReleaseKey {
    /// The pinned one: the only key that this program believes.
    ///
    /// # Errors
    /// [`UpdateError::SignatureUnreadable`], which only a fault of the program brings about.
    pub fn pinned() -> Result<Self, UpdateError> {
        Self::of_text(PINNED)
    }

    /// Whether the pinned key is the TEST key, whose secret half lies in the repository and which
    /// therefore proves nothing.
    #[must_use]
    pub fn pinned_is_for_tests() -> bool {
        PINNED == TEST_KEY
    }

    fn of_text(text: &str) -> Result<Self, UpdateError> {
        let key = PublicKey::from_base64(text);
        key.map(Self).map_err(|_| UpdateError::SignatureUnreadable)
    }

    /// Checks minisign's signature of these bytes, and of its own trusted comment.
    pub(crate) fn verify(&self, bytes: &[u8], signature: &str) -> Result<(), UpdateError> {
        let signature =
            Signature::decode(signature).map_err(|_| UpdateError::SignatureUnreadable)?;
        let verified = self.0.verify(bytes, &signature, false);
        verified.map_err(|error| match error {
            Error::UnexpectedKeyId => UpdateError::WrongKey,
            Error::InvalidSignature => UpdateError::WrongSignature,
            Error::InvalidEncoding
            | Error::IoError(_)
            | Error::UnexpectedAlgorithm
            | Error::UnsupportedAlgorithm
            | Error::UnsupportedLegacyMode => UpdateError::SignatureUnreadable,
        })
    }
}

/// To be replaced by the key of releases before the first one.
const PINNED: &str = TEST_KEY;

/// The public half of `tests/update-key`.
const TEST_KEY: &str = "RWRsIseLSjbZVn7ORPF1+hyzwB706yP/2kQATGI8MAPQyP8wpiN/zXwt";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pinned_key_is_a_key_and_says_that_it_is_for_tests() {
        ReleaseKey::pinned().unwrap();
        assert!(ReleaseKey::pinned_is_for_tests());
        let file = include_str!("../../../tests/update-key/test.pub");
        assert!(file.contains(TEST_KEY));
    }

    #[test]
    fn what_is_no_signature_is_told_as_that() {
        let key = ReleaseKey::pinned().unwrap();
        for text in ["", "untrusted comment: x\nAAAA\n", "\u{fffd}"] {
            let refused = key.verify(b"bytes", text).unwrap_err();
            assert_eq!(refused.code(), "signature-unreadable", "{text}");
        }
    }
}
