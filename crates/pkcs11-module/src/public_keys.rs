//! What anybody can do who has a certificate: verify signatures and encrypt, without the card.

use cryptoki_sys::{
    CK_OBJECT_HANDLE, CKA_MODULUS, CKA_PUBLIC_EXPONENT, CKO_PUBLIC_KEY, CKR_DATA_LEN_RANGE,
    CKR_DEVICE_ERROR, CKR_FUNCTION_FAILED, CKR_KEY_HANDLE_INVALID, CKR_KEY_TYPE_INCONSISTENT,
    CKR_SIGNATURE_INVALID,
};
use rsa::rand_core::OsRng;
use rsa::{BigUint, Pkcs1v15Encrypt, Pkcs1v15Sign, Pss, RsaPublicKey};
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};

use crate::answer::Answer;
use crate::hashing::Hash;
use crate::mechanisms::Scheme;
use crate::token::Token;

/// The public key of a handle.
///
/// # Errors
/// `CKR_KEY_HANDLE_INVALID` for no object, `CKR_KEY_TYPE_INCONSISTENT` for another one.
pub(crate) fn public_key(token: &Token, handle: CK_OBJECT_HANDLE) -> Answer<RsaPublicKey> {
    let object = token.object(handle).ok_or(CKR_KEY_HANDLE_INVALID)?;
    if object.class != CKO_PUBLIC_KEY {
        return Err(CKR_KEY_TYPE_INCONSISTENT);
    }
    let number = |kind| {
        object
            .attribute(kind)
            .map(|bytes| BigUint::from_bytes_be(&bytes))
    };
    RsaPublicKey::new(number(CKA_MODULUS)?, number(CKA_PUBLIC_EXPONENT)?)
        .map_err(|_| CKR_DEVICE_ERROR)
}

/// Verifies a signature over a digest, or over the bytes that were padded.
///
/// # Errors
/// `CKR_SIGNATURE_INVALID`.
pub(crate) fn verify(key: &RsaPublicKey, scheme: Scheme, value: &[u8], signature: &[u8]) -> Answer {
    let verified = match (scheme.is_pss, scheme.hash) {
        (true, _) => key.verify(Pss::new_with_salt::<Sha256>(SALT_LEN), value, signature),
        (false, Some(hash)) => key.verify(digest_info(hash), value, signature),
        (false, None) => key.verify(Pkcs1v15Sign::new_unprefixed(), value, signature),
    };
    verified.map_err(|_| CKR_SIGNATURE_INVALID)
}

/// Encrypts with PKCS#1 type 2 padding.
///
/// # Errors
/// `CKR_DATA_LEN_RANGE` for more bytes than the padding leaves room for, `CKR_FUNCTION_FAILED` without random bytes.
pub(crate) fn encrypt(key: &RsaPublicKey, data: &[u8]) -> Answer<Vec<u8>> {
    key.encrypt(&mut OsRng, Pkcs1v15Encrypt, data)
        .map_err(|error| {
            if matches!(error, rsa::Error::MessageTooLong) {
                CKR_DATA_LEN_RANGE
            } else {
                CKR_FUNCTION_FAILED
            }
        })
}

fn digest_info(hash: Hash) -> Pkcs1v15Sign {
    match hash {
        Hash::Sha1 => Pkcs1v15Sign::new::<Sha1>(),
        Hash::Sha256 => Pkcs1v15Sign::new::<Sha256>(),
        Hash::Sha384 => Pkcs1v15Sign::new::<Sha384>(),
        Hash::Sha512 => Pkcs1v15Sign::new::<Sha512>(),
    }
}

/// As long as the digest, which is how these cards sign.
const SALT_LEN: usize = 32;
