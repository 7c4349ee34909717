//! What callers ask for, and what they get.

use crate::Origin;

/// A request for an authentication token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthenticateRequest {
    /// The relying party's nonce as it was given: base64 of at least 256 bits, 44 to 128 characters.
    pub nonce: String,
    /// The site that the token is for.
    pub origin: Origin,
}

/// A Web eID authentication token (format `web-eid:1.0`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthenticationToken {
    /// The authentication certificate, DER.
    pub certificate: Vec<u8>,
    /// JWA name of the signature algorithm, such as `RS256`.
    pub algorithm: &'static str,
    /// Signature over hash(hash(origin) ‖ hash(nonce)).
    pub signature: Vec<u8>,
}

/// A request for signatures with the signature key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignRequest {
    /// The algorithm that made the digests.
    pub hash: HashAlgorithm,
    /// What is to be signed, confirmed at once as a list.
    pub digests: Vec<DigestToSign>,
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
    /// JWA name of the signature algorithm, such as `RS256`.
    pub algorithm: &'static str,
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

    /// JWA name of RSASSA-PKCS1-v1_5 with this hash (RFC 7518, 3.1).
    #[must_use]
    pub const fn rsa_pkcs1_name(self) -> &'static str {
        match self {
            Self::Sha256 => "RS256",
            Self::Sha384 => "RS384",
            Self::Sha512 => "RS512",
        }
    }
}
