//! The two private keys of a card: what each may do, and the arithmetic.
//!
//! Private-key arithmetic in software exists only here, with public test keys; the timing of the
//! `rsa` crate (RUSTSEC-2023-0071) reveals nothing that is not in the repository.

use rsa::traits::PublicKeyParts;
use rsa::{Pkcs1v15Encrypt, Pkcs1v15Sign, RsaPrivateKey, RsaPublicKey};
use sha1::Sha1;
use sha2::Sha256;

use super::file_system::Condition;
use super::hashing::HashAlgorithm;
use crate::pki::{KeyRole, KeySet, PkiError};

/// An operation with a private key, in the order of the access rules of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyOperation {
    /// PSO COMPUTE DIGITAL SIGNATURE.
    Sign,
    /// INTERNAL AUTHENTICATE.
    InternalAuthenticate,
    /// PSO DECIPHER.
    Decipher,
}

/// The key with this reference in a template of MANAGE SECURITY ENVIRONMENT.
pub(super) fn key_of_reference(reference: u8) -> Option<KeyRole> {
    match reference {
        0x81 => Some(KeyRole::Signature),
        0x82 => Some(KeyRole::Authentication),
        _ => None,
    }
}

/// What must be true before a key does this.
///
/// GUESS: of real cards only the PKCS#15 rules are public; with these conditions OpenSC does what
/// it does with a real card.
pub(super) fn condition(key: KeyRole, operation: KeyOperation) -> Condition {
    match (key, operation) {
        (KeyRole::Signature, KeyOperation::Sign)
        | (KeyRole::Authentication, KeyOperation::InternalAuthenticate | KeyOperation::Decipher) => {
            Condition::HolderCode
        }
        (KeyRole::Signature, KeyOperation::InternalAuthenticate | KeyOperation::Decipher)
        | (KeyRole::Authentication, KeyOperation::Sign) => Condition::Never,
    }
}

/// Conditions of a key: sign, authenticate, decipher, put, get.
pub(super) fn access_rules(key: KeyRole) -> [Condition; 5] {
    [
        condition(key, KeyOperation::Sign),
        condition(key, KeyOperation::InternalAuthenticate),
        condition(key, KeyOperation::Decipher),
        Condition::Never,
        Condition::Always,
    ]
}

/// The keys themselves.
pub(super) struct KeyPairs {
    signature: RsaPrivateKey,
    authentication: RsaPrivateKey,
}

impl KeyPairs {
    pub(super) fn load(set: KeySet) -> Result<Self, PkiError> {
        Ok(Self {
            signature: set.private_key(KeyRole::Signature)?,
            authentication: set.private_key(KeyRole::Authentication)?,
        })
    }

    pub(super) fn public_key(&self, key: KeyRole) -> RsaPublicKey {
        self.pair(key).to_public_key()
    }

    /// PKCS#1 v1.5 signature over a finished hash.
    pub(super) fn sign_hash(
        &self,
        key: KeyRole,
        algorithm: HashAlgorithm,
        hash: &[u8],
    ) -> Result<Vec<u8>, rsa::Error> {
        let scheme = match algorithm {
            HashAlgorithm::Sha1 => Pkcs1v15Sign::new::<Sha1>(),
            HashAlgorithm::Sha256 => Pkcs1v15Sign::new::<Sha256>(),
        };
        self.pair(key).sign(scheme, hash)
    }

    /// PKCS#1 type 1 padding around whatever the host sent.
    pub(super) fn authenticate(&self, key: KeyRole, input: &[u8]) -> Result<Vec<u8>, rsa::Error> {
        self.pair(key).sign(Pkcs1v15Sign::new_unprefixed(), input)
    }

    /// Plaintext of a cryptogram with PKCS#1 type 2 padding.
    pub(super) fn decipher(&self, key: KeyRole, cryptogram: &[u8]) -> Result<Vec<u8>, rsa::Error> {
        self.pair(key).decrypt(Pkcs1v15Encrypt, cryptogram)
    }

    fn pair(&self, key: KeyRole) -> &RsaPrivateKey {
        match key {
            KeyRole::Signature => &self.signature,
            KeyRole::Authentication => &self.authentication,
        }
    }
}

impl std::fmt::Debug for KeyPairs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KeyPairs({} bits)", self.signature.n().bits())
    }
}
