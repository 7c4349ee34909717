//! The private keys of a CPS3: their references and what each may do.

use super::file_system::Condition;
use crate::pki::KeyRole;

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

/// The key with this reference in a template of MANAGE SECURITY ENVIRONMENT. That of the technical
/// key is free (GUESS): programs read it on the card.
pub(super) fn key_of_reference(reference: u8) -> Option<KeyRole> {
    match reference {
        0x81 => Some(KeyRole::Signature),
        0x82 => Some(KeyRole::Authentication),
        0x83 => Some(KeyRole::Technical),
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
        (KeyRole::Technical, KeyOperation::InternalAuthenticate) => Condition::Always,
        (KeyRole::Signature, KeyOperation::InternalAuthenticate | KeyOperation::Decipher)
        | (KeyRole::Authentication, KeyOperation::Sign)
        | (KeyRole::Technical, KeyOperation::Sign | KeyOperation::Decipher) => Condition::Never,
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
