//! What callers ask for, and what they get.

use crate::{KeyRole, Origin, SessionId};

/// A request for an authentication token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthenticateRequest {
    /// The relying party's nonce as it was given: base64 of at least 256 bits, 44 to 128 characters.
    pub nonce: String,
    /// The site that the token is for.
    pub origin: Origin,
    /// How it is to be signed.
    pub algorithm: SignatureAlgorithm,
    /// The session in which no code is asked.
    pub session: Option<SessionId>,
}

/// A Web eID authentication token (format `web-eid:1.0`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthenticationToken {
    /// The authentication certificate, DER.
    pub certificate: Vec<u8>,
    /// How it was signed.
    pub algorithm: SignatureAlgorithm,
    /// Signature over hash(hash(origin) ‖ hash(nonce)).
    pub signature: Vec<u8>,
}

/// A request for signatures with the signature key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignRequest {
    /// How it is to be signed, and so which hash function made the digests.
    pub algorithm: SignatureAlgorithm,
    /// What is to be signed, confirmed at once as a list.
    pub digests: Vec<DigestToSign>,
    /// The session in which it is asked.
    pub session: Option<SessionId>,
}

/// One digest and the words that the holder sees for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DigestToSign {
    /// The digest, as long as its algorithm says.
    pub value: Vec<u8>,
    /// The caller's description, which is not checked.
    pub description: String,
}

/// Signatures in the order of the digests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signatures {
    /// How it was signed.
    pub algorithm: SignatureAlgorithm,
    /// The signature certificate, DER.
    pub certificate: Vec<u8>,
    /// One signature for each digest.
    pub signatures: Vec<Vec<u8>>,
}

/// Hash functions that a caller may have used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HashAlgorithm {
    /// SHA-256, 32 bytes.
    Sha256,
    /// SHA-384, 48 bytes.
    Sha384,
    /// SHA-512, 64 bytes.
    Sha512,
}

impl HashAlgorithm {
    /// Bytes of a digest.
    #[must_use]
    pub const fn digest_len(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    /// Name as in the API, such as `SHA-256`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sha256 => "SHA-256",
            Self::Sha384 => "SHA-384",
            Self::Sha512 => "SHA-512",
        }
    }
}

/// Hash functions of what a holder is shown before it is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignedHash {
    /// SHA-1, 20 bytes: no call takes it but the one that PKCS#11 needs, for programs that know no other.
    Sha1,
    /// One of those that every caller may use.
    Of(HashAlgorithm),
}

impl SignedHash {
    /// Name, such as `SHA-256`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA-1",
            Self::Of(hash) => hash.as_str(),
        }
    }

    /// The hash function of a name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        [
            Self::Sha1,
            Self::Of(HashAlgorithm::Sha256),
            Self::Of(HashAlgorithm::Sha384),
            Self::Of(HashAlgorithm::Sha512),
        ]
        .into_iter()
        .find(|hash| hash.as_str() == name)
    }
}

impl From<HashAlgorithm> for SignedHash {
    fn from(hash: HashAlgorithm) -> Self {
        Self::Of(hash)
    }
}

/// What a key does to the bytes that it is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyAlgorithm {
    /// Signs a digest.
    Signature(SignatureAlgorithm),
    /// Puts PKCS#1 type 1 padding around them as they are, and signs (PKCS#11, CKM_RSA_PKCS).
    RsaType1,
}

impl From<SignatureAlgorithm> for KeyAlgorithm {
    fn from(algorithm: SignatureAlgorithm) -> Self {
        Self::Signature(algorithm)
    }
}

/// A request of the user's own program for one signature with a key of its choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySignRequest {
    /// Which key.
    pub role: KeyRole,
    /// How.
    pub algorithm: KeyAlgorithm,
    /// The digest, or the bytes to be padded.
    pub value: Vec<u8>,
    /// The caller's description, which is not checked; the holder sees it where the signature key signs.
    pub description: String,
    /// The session in which it is asked.
    pub session: Option<SessionId>,
}

/// A request of the user's own program to decipher with the authentication key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecipherRequest {
    /// As long as the modulus, which is 256 bytes on every card.
    pub cryptogram: Vec<u8>,
    /// The session in which it is asked.
    pub session: Option<SessionId>,
}

/// A request of the user's own program for the bytes of a data object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataRequest {
    /// Its name on the card.
    pub label: String,
    /// The session in which it is asked; a private one is told in one alone.
    pub session: Option<SessionId>,
}

/// Signature schemes of RSA, each with its hash function (RFC 7518, 3.3 and 3.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SignatureAlgorithm {
    /// RSASSA-PKCS1-v1_5.
    RsaPkcs1(HashAlgorithm),
    /// RSASSA-PSS with MGF1 over the same hash function and a salt as long as its digest.
    RsaPss(HashAlgorithm),
}

impl SignatureAlgorithm {
    /// Every algorithm that has a name.
    pub const ALL: [Self; 6] = [
        Self::RsaPkcs1(HashAlgorithm::Sha256),
        Self::RsaPkcs1(HashAlgorithm::Sha384),
        Self::RsaPkcs1(HashAlgorithm::Sha512),
        Self::RsaPss(HashAlgorithm::Sha256),
        Self::RsaPss(HashAlgorithm::Sha384),
        Self::RsaPss(HashAlgorithm::Sha512),
    ];

    /// JWA name, such as `RS256` (RFC 7518, 3.1).
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RsaPkcs1(HashAlgorithm::Sha256) => "RS256",
            Self::RsaPkcs1(HashAlgorithm::Sha384) => "RS384",
            Self::RsaPkcs1(HashAlgorithm::Sha512) => "RS512",
            Self::RsaPss(HashAlgorithm::Sha256) => "PS256",
            Self::RsaPss(HashAlgorithm::Sha384) => "PS384",
            Self::RsaPss(HashAlgorithm::Sha512) => "PS512",
        }
    }

    /// The algorithm of a JWA name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.as_str() == name)
    }

    /// The hash function.
    #[must_use]
    pub const fn hash(self) -> HashAlgorithm {
        match self {
            Self::RsaPkcs1(hash) | Self::RsaPss(hash) => hash,
        }
    }
}
