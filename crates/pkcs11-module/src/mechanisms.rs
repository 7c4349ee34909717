//! Mechanisms: those that the card can do, and no others.

use cryptoki_sys::{
    CK_FLAGS, CK_MECHANISM, CK_MECHANISM_INFO, CK_MECHANISM_TYPE, CK_RSA_PKCS_PSS_PARAMS, CKF_HW,
    CKF_SIGN, CKG_MGF1_SHA256, CKM_RSA_PKCS, CKM_RSA_PKCS_PSS, CKM_SHA256, CKM_SHA256_RSA_PKCS,
    CKM_SHA256_RSA_PKCS_PSS, CKM_SHA384_RSA_PKCS, CKM_SHA512_RSA_PKCS,
};
use daemon_wire::{CardBody, KeySignBody};

use crate::manner::Manner;

/// How a mechanism signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scheme {
    /// The algorithm's name in the API.
    pub(crate) algorithm: &'static str,
    /// The hash function that is done here; `None` where the caller gives what is to be signed.
    pub(crate) hash: Option<Hash>,
    /// The parameters of PSS that it needs.
    pub(crate) is_pss: bool,
}

/// A hash function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

/// The mechanisms, the algorithm that a key needs for each, and whether browsers are told of it: those call
/// `C_Sign` alone where nothing hashes (Firefox takes several calls for one signature otherwise).
const TABLE: [(CK_MECHANISM_TYPE, &str, bool, Scheme); 6] = [
    (
        CKM_RSA_PKCS,
        "RS256",
        true,
        scheme(KeySignBody::RSA_TYPE_1, None, false),
    ),
    (
        CKM_SHA256_RSA_PKCS,
        "RS256",
        false,
        scheme("RS256", Some(Hash::Sha256), false),
    ),
    (
        CKM_SHA384_RSA_PKCS,
        "RS384",
        false,
        scheme("RS384", Some(Hash::Sha384), false),
    ),
    (
        CKM_SHA512_RSA_PKCS,
        "RS512",
        false,
        scheme("RS512", Some(Hash::Sha512), false),
    ),
    (CKM_RSA_PKCS_PSS, "PS256", true, scheme("PS256", None, true)),
    (
        CKM_SHA256_RSA_PKCS_PSS,
        "PS256",
        false,
        scheme("PS256", Some(Hash::Sha256), true),
    ),
];

const fn scheme(algorithm: &'static str, hash: Option<Hash>, is_pss: bool) -> Scheme {
    Scheme {
        algorithm,
        hash,
        is_pss,
    }
}

/// The mechanisms of a card, as a program of this manner is told them.
pub(crate) fn of_card(card: &CardBody, manner: Manner) -> Vec<CK_MECHANISM_TYPE> {
    let certificates = card.certificates.iter();
    let known: Vec<_> = certificates
        .filter_map(|certificate| certificate.signature_algorithms.as_ref())
        .flatten()
        .collect();
    TABLE
        .iter()
        .filter(|(_, needed, is_for_browsers, _)| {
            known.iter().any(|known| known == needed)
                && (manner == Manner::LogIn || *is_for_browsers)
        })
        .map(|(mechanism, ..)| *mechanism)
        .collect()
}

/// How a mechanism signs, where it is known.
pub(crate) fn scheme_of(mechanism: CK_MECHANISM_TYPE) -> Option<Scheme> {
    let mut table = TABLE.iter();
    let (.., scheme) = table.find(|(known, ..)| *known == mechanism)?;
    Some(*scheme)
}

/// What every mechanism here does: signatures by a key of 2048 bits, in the card.
pub(crate) const INFO: CK_MECHANISM_INFO = CK_MECHANISM_INFO {
    ulMinKeySize: 2048,
    ulMaxKeySize: 2048,
    flags: FLAGS,
};
const FLAGS: CK_FLAGS = CKF_HW | CKF_SIGN;

/// Whether a mechanism has as many bytes of parameters as PSS takes.
pub(crate) fn has_room_for_pss(mechanism: &CK_MECHANISM) -> bool {
    usize::try_from(mechanism.ulParameterLen).ok() == Some(size_of::<CK_RSA_PKCS_PSS_PARAMS>())
}

/// Whether these are the parameters of the one PSS that cards do: SHA-256, with a salt as long as its digest.
pub(crate) fn is_known_pss(parameters: &CK_RSA_PKCS_PSS_PARAMS) -> bool {
    let CK_RSA_PKCS_PSS_PARAMS { hashAlg, mgf, sLen } = *parameters;
    hashAlg == CKM_SHA256 && mgf == CKG_MGF1_SHA256 && sLen == 32
}
