//! Whether what a card gave for a signature is one.

use card_profiles::{Digest, HashAlgorithm, Signable, SignatureAlgorithm};
use daemon_types::{ErrorCode, OperationError, Reason};
use igc_sante::CardCertificate;
use rsa::pkcs8::DecodePublicKey;
use rsa::sha2::{Sha256, Sha384, Sha512};
use rsa::{Pkcs1v15Sign, Pss, RsaPublicKey};

/// Verifies a signature with the public key of its certificate, as whoever gets it will.
///
/// A byte that a card, a reader or its cable corrupts, and a key that is not the certificate's,
/// are found here and not by the service that the signature was made for.
pub(crate) fn check_signature(
    certificate: &CardCertificate,
    signed: &Signable<'_>,
    signature: &[u8],
) -> Result<(), OperationError> {
    let key = RsaPublicKey::from_public_key_der(certificate.public_key_der()).map_err(|error| {
        OperationError::new(ErrorCode::CardUnsupported).caused_by(error.to_string())
    })?;
    let verified = match signed {
        Signable::Digest(digest) => verify(&key, *digest, signature),
        Signable::Type1(bytes) => key.verify(Pkcs1v15Sign::new_unprefixed(), bytes, signature),
        Signable::Message(algorithm, message) => {
            let value = &algorithm.hash().digest(message);
            let algorithm = *algorithm;
            verify(&key, Digest { algorithm, value }, signature)
        }
    };
    verified.map_err(|error| {
        OperationError::new(ErrorCode::CardMute)
            .because(Reason::SignatureWrong)
            .caused_by(error)
    })
}

fn verify(key: &RsaPublicKey, digest: Digest<'_>, signature: &[u8]) -> rsa::Result<()> {
    use HashAlgorithm as Hash;
    use SignatureAlgorithm::{RsaPkcs1, RsaPss};
    let value = digest.value;
    let salt_len = value.len();
    match digest.algorithm {
        RsaPkcs1(Hash::Sha256) => key.verify(Pkcs1v15Sign::new::<Sha256>(), value, signature),
        RsaPkcs1(Hash::Sha384) => key.verify(Pkcs1v15Sign::new::<Sha384>(), value, signature),
        RsaPkcs1(Hash::Sha512) => key.verify(Pkcs1v15Sign::new::<Sha512>(), value, signature),
        RsaPss(Hash::Sha256) => {
            key.verify(Pss::new_with_salt::<Sha256>(salt_len), value, signature)
        }
        RsaPss(Hash::Sha384) => {
            key.verify(Pss::new_with_salt::<Sha384>(salt_len), value, signature)
        }
        RsaPss(Hash::Sha512) => {
            key.verify(Pss::new_with_salt::<Sha512>(salt_len), value, signature)
        }
    }
}
