//! Why something is not the same.

/// The reason for a difference; `None` where nobody thought of it.
pub(crate) fn reason_for(what: &str) -> Option<&'static str> {
    let known = REASONS.iter().find(|(start, _)| what.starts_with(start));
    known.map(|(_, reason)| *reason)
}

/// By how the name of a row begins; the first that fits.
const REASONS: &[(&str, &str)] = &[
    (
        "token: model",
        "padded with spaces, as PKCS#11 has it, and not with zero bytes",
    ),
    (
        "token: flags",
        "the code is typed in cpxd's window, and what a program gives is not read",
    ),
    (
        "token: longest code",
        "what the window takes; the card's own rule decides",
    ),
    (
        "mechanism CKM_RSA_X_509",
        "not offered: without padding, a signature could be of anything, and its holder could not be told of what",
    ),
    (
        "mechanism CKM_RSA_PKCS_PSS",
        "signs and verifies; encryption and unwrapping have no such padding",
    ),
    (
        "mechanism CKM_RSA_PKCS",
        "the keys of these cards have 2048 bits; nothing is unwrapped into a card",
    ),
    (
        "mechanism CKM_SHA384",
        "more than the official module has; the hash is made in the module, the card pads and signs",
    ),
    (
        "mechanism CKM_SHA512",
        "more than the official module has; the hash is made in the module, the card pads and signs",
    ),
    (
        "mechanism CKM_SHA",
        "the keys of these cards have 2048 bits; it is the card that signs (CKF_HW)",
    ),
    (
        "data “CPS2TER_",
        "the official module lists it and gives no value of it; left out",
    ),
    (
        "data “CPS_SIT_FACT”",
        "the official module lists it and gives no value of it; left out",
    ),
    (
        "data “",
        "an object id is told where the card has one; nothing of a card is changed through cpxd",
    ),
    (
        "public key “",
        "without the zero byte at the end of the label, and found by either; nothing is sensitive in a public key",
    ),
    (
        "private key “",
        "a private key is not asked about what a public one does (unknown attributes)",
    ),
];
