//! Mechanisms: what the card can do and nothing else, and what goes with it: hashing, verification, encryption.

use cryptoki_sys::{
    CK_MECHANISM, CK_MECHANISM_INFO, CK_MECHANISM_TYPE, CK_RSA_PKCS_PSS_PARAMS, CKF_DECRYPT,
    CKF_DIGEST, CKF_ENCRYPT, CKF_HW, CKF_SIGN, CKF_VERIFY, CKG_MGF1_SHA256, CKM_RSA_PKCS,
    CKM_RSA_PKCS_PSS, CKM_SHA_1, CKM_SHA1_RSA_PKCS, CKM_SHA256, CKM_SHA256_RSA_PKCS,
    CKM_SHA256_RSA_PKCS_PSS, CKM_SHA384, CKM_SHA384_RSA_PKCS, CKM_SHA512, CKM_SHA512_RSA_PKCS,
    CKR_MECHANISM_INVALID, CKR_MECHANISM_PARAM_INVALID,
};
use daemon_wire::{CardBody, KeySignBody};

use crate::answer::Answer;
use crate::hashing::Hash;
use crate::manner::Manner;
use crate::memory::Place;
use crate::token::Token;

/// How a mechanism signs and verifies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scheme {
    /// The algorithm's name in the API.
    pub(crate) algorithm: &'static str,
    /// The hash function that is done here; `None` where the caller gives what is to be signed.
    pub(crate) hash: Option<Hash>,
    /// The parameters of PSS that it needs.
    pub(crate) is_pss: bool,
}

/// A mechanism of keys: the algorithm that a key needs for it, whether browsers are told of it, and how it signs.
/// Browsers call `C_Sign` alone where nothing hashes (Firefox takes several calls for one signature otherwise).
type OfKeys = (CK_MECHANISM_TYPE, &'static str, bool, Scheme);

const OF_KEYS: [OfKeys; 7] = [
    (CKM_RSA_PKCS, "RS256", true, scheme(TYPE_1, None)),
    (
        CKM_SHA1_RSA_PKCS,
        "RS256",
        false,
        scheme(TYPE_1, Some(Hash::Sha1)),
    ),
    (
        CKM_SHA256_RSA_PKCS,
        "RS256",
        false,
        scheme("RS256", Some(Hash::Sha256)),
    ),
    (
        CKM_SHA384_RSA_PKCS,
        "RS384",
        false,
        scheme("RS384", Some(Hash::Sha384)),
    ),
    (
        CKM_SHA512_RSA_PKCS,
        "RS512",
        false,
        scheme("RS512", Some(Hash::Sha512)),
    ),
    (CKM_RSA_PKCS_PSS, "PS256", true, pss(None)),
    (
        CKM_SHA256_RSA_PKCS_PSS,
        "PS256",
        false,
        pss(Some(Hash::Sha256)),
    ),
];

/// Mechanisms that hash and need no key; browsers are not told of them.
const DIGESTS: [(CK_MECHANISM_TYPE, Hash); 4] = [
    (CKM_SHA_1, Hash::Sha1),
    (CKM_SHA256, Hash::Sha256),
    (CKM_SHA384, Hash::Sha384),
    (CKM_SHA512, Hash::Sha512),
];

const TYPE_1: &str = KeySignBody::RSA_TYPE_1;

const fn scheme(algorithm: &'static str, hash: Option<Hash>) -> Scheme {
    Scheme {
        algorithm,
        hash,
        is_pss: false,
    }
}

const fn pss(hash: Option<Hash>) -> Scheme {
    Scheme {
        algorithm: "PS256",
        hash,
        is_pss: true,
    }
}

/// The mechanisms of a card, as a program of this manner is told them. Where no key signs, what is left is done with
/// public keys, and browsers do that themselves.
pub(crate) fn of_card(card: &CardBody, signs: bool, manner: Manner) -> Vec<CK_MECHANISM_TYPE> {
    let certificates = card.certificates.iter();
    let known: Vec<_> = certificates
        .filter_map(|certificate| certificate.signature_algorithms.as_ref())
        .flatten()
        .collect();
    let of_keys = OF_KEYS.iter().filter(|(_, needed, is_for_browsers, _)| {
        known.iter().any(|known| known == needed)
            && (manner == Manner::LogIn || (signs && *is_for_browsers))
    });
    let digests = DIGESTS.iter().filter(|_| manner == Manner::LogIn);
    of_keys
        .map(|(mechanism, ..)| *mechanism)
        .chain(digests.map(|(mechanism, _)| *mechanism))
        .collect()
}

/// How a mechanism signs and verifies on this token.
///
/// # Errors
/// `CKR_MECHANISM_INVALID` for one that the token has not, `CKR_MECHANISM_PARAM_INVALID` for parameters of PSS that no
/// card has.
pub(crate) fn scheme_on(
    token: &Token,
    mechanism: &CK_MECHANISM,
    parameters: impl FnOnce(&CK_MECHANISM) -> Place<CK_RSA_PKCS_PSS_PARAMS>,
) -> Answer<Scheme> {
    let kind = mechanism.mechanism;
    let mut known = OF_KEYS.iter().filter(|_| token.mechanisms.contains(&kind));
    let (.., scheme) = known
        .find(|(known, ..)| *known == kind)
        .ok_or(CKR_MECHANISM_INVALID)?;
    let has_known_parameters = !scheme.is_pss
        || (has_room_for_pss(mechanism) && is_known_pss(&parameters(mechanism).read()?));
    if has_known_parameters {
        Ok(*scheme)
    } else {
        Err(CKR_MECHANISM_PARAM_INVALID)
    }
}

/// The hash function of a mechanism that hashes.
pub(crate) fn hash_of(mechanism: CK_MECHANISM_TYPE) -> Option<Hash> {
    let mut digests = DIGESTS.iter();
    let (_, hash) = digests.find(|(known, _)| *known == mechanism)?;
    Some(*hash)
}

/// What a mechanism does on this token: a card signs and deciphers, with keys of 2048 bits; all else is done here. A
/// browser is told of what the card does alone.
pub(crate) fn info(
    mechanism: CK_MECHANISM_TYPE,
    token: &Token,
    manner: Manner,
) -> CK_MECHANISM_INFO {
    if hash_of(mechanism).is_some() {
        return CK_MECHANISM_INFO {
            ulMinKeySize: 0,
            ulMaxKeySize: 0,
            flags: CKF_DIGEST,
        };
    }
    let is_plain = mechanism == CKM_RSA_PKCS;
    let mut flags = 0;
    if token.signs() {
        flags |= CKF_HW | CKF_SIGN;
    }
    if is_plain && token.deciphers() {
        flags |= CKF_HW | CKF_DECRYPT;
    }
    if manner == Manner::LogIn {
        flags |= CKF_VERIFY | if is_plain { CKF_ENCRYPT } else { 0 };
    }
    CK_MECHANISM_INFO {
        ulMinKeySize: 2048,
        ulMaxKeySize: 2048,
        flags,
    }
}

/// Whether a mechanism has as many bytes of parameters as PSS takes.
fn has_room_for_pss(mechanism: &CK_MECHANISM) -> bool {
    usize::try_from(mechanism.ulParameterLen).ok() == Some(size_of::<CK_RSA_PKCS_PSS_PARAMS>())
}

/// Whether these are the parameters of the one PSS that cards do: SHA-256, with a salt as long as its digest.
fn is_known_pss(parameters: &CK_RSA_PKCS_PSS_PARAMS) -> bool {
    let CK_RSA_PKCS_PSS_PARAMS { hashAlg, mgf, sLen } = *parameters;
    hashAlg == CKM_SHA256 && mgf == CKG_MGF1_SHA256 && sLen == 32
}
