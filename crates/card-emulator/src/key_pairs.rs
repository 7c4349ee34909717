//! The private keys of a card and the arithmetic with them.
//!
//! Private-key arithmetic in software exists only here, with public test keys; the timing of the
//! `rsa` crate (RUSTSEC-2023-0071) reveals nothing that is not in the repository.

use rsa::hazmat::rsa_decrypt_and_check;
use rsa::rand_core::OsRng;
use rsa::traits::PublicKeyParts;
use rsa::{BigUint, Pkcs1v15Encrypt, Pkcs1v15Sign, Pss, RsaPrivateKey, RsaPublicKey};
use sha1::Sha1;
use sha2::Sha256;

use crate::pki::{KeyRole, KeySet, PkiError};

/// A hash algorithm that a card of this family knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HashAlgorithm {
    Sha1,
    Sha256,
}

impl HashAlgorithm {
    /// Length of the hash, which is also that of its state and of a PSS salt.
    pub(crate) fn len(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }
}

/// The keys that the issuer put on a card.
pub(crate) struct KeyPairs(Vec<(KeyRole, RsaPrivateKey)>);

impl KeyPairs {
    pub(crate) fn load(set: KeySet, roles: &[KeyRole]) -> Result<Self, PkiError> {
        let pairs = roles
            .iter()
            .map(|role| Ok((*role, set.private_key(*role)?)))
            .collect::<Result<_, PkiError>>()?;
        Ok(Self(pairs))
    }

    pub(crate) fn has(&self, role: KeyRole) -> bool {
        self.0.iter().any(|(of, _)| *of == role)
    }

    /// Each key with its public part, in the order in which they were loaded.
    pub(crate) fn public_keys(&self) -> impl Iterator<Item = (KeyRole, RsaPublicKey)> {
        self.0
            .iter()
            .map(|(role, key)| (*role, key.to_public_key()))
    }

    /// PKCS#1 v1.5 signature over a finished hash.
    pub(crate) fn sign_pkcs1(
        &self,
        role: KeyRole,
        algorithm: HashAlgorithm,
        hash: &[u8],
    ) -> Result<Vec<u8>, rsa::Error> {
        let scheme = match algorithm {
            HashAlgorithm::Sha1 => Pkcs1v15Sign::new::<Sha1>(),
            HashAlgorithm::Sha256 => Pkcs1v15Sign::new::<Sha256>(),
        };
        self.pair(role)?.sign(scheme, hash)
    }

    /// PSS signature over a finished hash, with a random salt as long as the hash (RFC 8017, 8.1).
    pub(crate) fn sign_pss(
        &self,
        role: KeyRole,
        algorithm: HashAlgorithm,
        hash: &[u8],
    ) -> Result<Vec<u8>, rsa::Error> {
        let scheme = match algorithm {
            HashAlgorithm::Sha1 => Pss::new_with_salt::<Sha1>(algorithm.len()),
            HashAlgorithm::Sha256 => Pss::new_with_salt::<Sha256>(algorithm.len()),
        };
        self.pair(role)?.sign_with_rng(&mut OsRng, scheme, hash)
    }

    /// PKCS#1 type 1 padding around whatever the host sent.
    pub(crate) fn authenticate(&self, role: KeyRole, input: &[u8]) -> Result<Vec<u8>, rsa::Error> {
        let scheme = Pkcs1v15Sign::new_unprefixed();
        self.pair(role)?.sign(scheme, input)
    }

    /// Plaintext of a cryptogram with PKCS#1 type 2 padding.
    pub(crate) fn decipher(&self, role: KeyRole, cryptogram: &[u8]) -> Result<Vec<u8>, rsa::Error> {
        self.pair(role)?.decrypt(Pkcs1v15Encrypt, cryptogram)
    }

    /// The private operation and nothing else: the host put the padding on and takes it off.
    pub(crate) fn raw(&self, role: KeyRole, block: &[u8]) -> Result<Vec<u8>, rsa::Error> {
        let key = self.pair(role)?;
        let block = BigUint::from_bytes_be(block);
        let number = rsa_decrypt_and_check(key, Some(&mut OsRng), &block)?.to_bytes_be();
        let mut result = vec![0; key.size().saturating_sub(number.len())];
        result.extend(number);
        Ok(result)
    }

    fn pair(&self, role: KeyRole) -> Result<&RsaPrivateKey, rsa::Error> {
        let pair = self.0.iter().find(|(of, _)| *of == role);
        pair.map(|(_, key)| key).ok_or(rsa::Error::InvalidArguments)
    }
}

impl std::fmt::Debug for KeyPairs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|(role, _)| role))
            .finish()
    }
}
