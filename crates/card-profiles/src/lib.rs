//! What the cards of the CPx family can do, one module per generation.
//!
//! A [`Profile`] is recognised by the ATR. Within one exclusive transaction it
//! opens a [`CpxCard`] over the channel to the card and over the
//! [`CardMemory`] of this insertion, so that nothing is read from the card twice.
//!
//! Nothing here knows who asks, and nothing is retried: a VERIFY reaches the
//! card once, after the application was selected and the counter was read in
//! the same transaction (invariant 4 of ARCHITECTURE.md).

mod activities;
mod card;
mod code_answers;
mod cps3;
mod cps4;
mod directory;
mod ef_sn;
mod error;
mod files;
mod holder_code;
mod key_answers;
mod keypad;
mod memory;
mod objects;
mod pin_entry;
mod pkcs15;
mod recognition;
mod rsa_padding;

pub use activities::Activity;
pub use card::{
    Capabilities, CodeCounters, CodeStates, CpxCard, Digest, Generation, HashAlgorithm, Identity,
    LastTry, PinLimits, Signable, SignatureAlgorithm, Verification,
};
pub use code_answers::Withheld;
pub use cps3::Cps3;
pub use cps4::Cps4;
pub use error::{CardError, PinError, UnblockError};
pub use keypad::KeypadUses;
pub use memory::{CardFiles, CardMemory};
pub use objects::{CardObject, CardObjects, ObjectKind};
pub use recognition::{Profile, Recognition, recognise};

/// How long a keypad waits, and why it sent nothing.
pub use card_apdu::{KeypadTime, NotSent};
pub use igc_sante::KeyRole;
