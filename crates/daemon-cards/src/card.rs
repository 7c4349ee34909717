//! A card as the rest of the agent holds it, and what can be asked of it.

use std::time::Duration;

use card_profiles::{HashAlgorithm, KeypadUses, LastTry, SignatureAlgorithm};
use daemon_types::{
    Environment, KeyAlgorithm, KeyRole, NotTaken, OperationError, PresentCard, ReaderId,
};
use igc_sante::nomenclature::Nomenclature;
use secrets::{Pin, UnblockCode};

use crate::{AfterUse, AtKeypad, PresentedCode};

/// How the cards are driven.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Secret of this installation that card ids are derived with.
    pub id_salt: [u8; 32],
    /// What becomes of the PIN-verified state that we made.
    pub after_use: AfterUse,
    /// The only environment whose cards are shown at all; `None` shows both.
    pub only_environment: Option<Environment>,
    /// How long one call to a reader may last before its card counts as mute, or the reader as busy
    /// where another program has it.
    pub call_time: Duration,
    /// The labels of the codes that cards carry.
    pub nomenclature: &'static Nomenclature,
    /// Number before that of the first event, greater than any of an earlier run.
    pub before_first_event: u64,
}

/// A card of one insertion: the one that the holder was shown, and no other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardInReader {
    /// What it says of itself.
    pub card: PresentCard,
    /// What its holder can do at the keypad of its reader.
    pub keypad: KeypadUses,
    /// Whether its code can stay presented between two operations; not where whoever drives it keeps none.
    pub keeps_code: bool,
    pub(crate) insertion: u64,
}

impl CardInReader {
    /// The reader that holds it.
    #[must_use]
    pub fn reader(&self) -> &ReaderId {
        &self.card.reader
    }

    /// The stay in its reader that this is.
    #[must_use]
    pub fn stay(&self) -> Stay {
        Stay {
            reader: self.card.reader.clone(),
            insertion: self.insertion,
        }
    }

    /// Whether `other` is the same card, not taken out in between.
    #[must_use]
    pub fn is_same_stay(&self, other: &Self) -> bool {
        self.insertion == other.insertion && self.card.reader == other.card.reader
    }
}

/// One stay of a card in a reader, from its insertion to its removal.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Stay {
    pub(crate) reader: ReaderId,
    pub(crate) insertion: u64,
}

impl Stay {
    /// The reader.
    #[must_use]
    pub fn reader(&self) -> &ReaderId {
        &self.reader
    }
}

/// One use of a key.
#[derive(Debug)]
pub struct KeyUse {
    /// Which key.
    pub role: KeyRole,
    /// How it signs.
    pub algorithm: KeyAlgorithm,
    /// What is to be signed: digests, or bytes to be padded.
    pub digests: Vec<Vec<u8>>,
    /// The code that allows it.
    pub code: CodeForKey,
}

/// The code that a use of a key rests on.
#[derive(Debug)]
pub enum CodeForKey {
    /// Typed for this use, and dropped after it.
    Typed(HolderPin),
    /// Typed for this use, and kept for who holds on to it.
    TypedToKeep(HolderPin, PresentedCode),
    /// Presented before and kept: nothing is typed, and without it the key is not used.
    Kept(PresentedCode),
}

/// The holder's code, wherever they type it.
#[derive(Debug)]
pub enum HolderPin {
    /// It was typed before.
    Typed(TypedPin),
    /// It is typed at the keypad of the reader, in the transaction that it is used in.
    AtKeypad(AtKeypad),
}

impl From<TypedPin> for HolderPin {
    fn from(pin: TypedPin) -> Self {
        Self::Typed(pin)
    }
}

/// The code, as the holder typed it.
#[derive(Debug)]
pub struct TypedPin {
    /// The code.
    pub pin: Pin,
    /// Whether the holder said yes to risking the last try.
    pub last_try_confirmed: bool,
}

/// A new code for the holder, wherever they type it.
#[derive(Debug)]
pub enum NewCode {
    /// It was typed before.
    Typed(NewPin),
    /// It is typed at the keypad of the reader, after the code as it is.
    ChangeAtKeypad(AtKeypad),
}

impl From<NewPin> for NewCode {
    fn from(new_pin: NewPin) -> Self {
        Self::Typed(new_pin)
    }
}

/// A new code for the holder, and what they typed to be allowed to set one.
#[derive(Debug)]
pub struct NewPin {
    /// The code that proves it.
    pub proof: Proof,
    /// The new code.
    pub pin: Pin,
    /// Whether the holder said yes to risking the last try of the code that proves it.
    pub last_try_confirmed: bool,
}

/// What allows a holder to set a new code.
#[derive(Debug)]
pub enum Proof {
    /// The code as it is.
    OldPin(Pin),
    /// The unblock code.
    UnblockCode(UnblockCode),
}

/// Why work did not succeed for which the holder typed a code.
#[derive(Debug, thiserror::Error)]
pub enum HolderCodeError {
    /// The code was wrong.
    #[error("the code was wrong")]
    WrongCode {
        /// Tries left, as the card says; `None` where nobody tells a number.
        tries_left: Option<u8>,
    },
    /// The code is blocked: it was before, or this wrong code did it.
    #[error("the code is blocked")]
    Blocked,
    /// One try is left, which nobody knew when the code was typed; nothing was sent.
    #[error("one try is left")]
    LastTryNotConfirmed,
    /// The card knows of no code any more that was presented for a session: it has to be typed again.
    #[error("the card knows of no code")]
    NotPresented,
    /// The reader did not send what was typed at its keypad.
    #[error("the keypad did not take what was typed")]
    NotTaken(NotTaken),
    /// The reader has no keypad that can be used, whatever it says: the code has to be typed elsewhere.
    #[error("the keypad cannot be used")]
    KeypadUnusable,
    /// Anything else.
    #[error(transparent)]
    Operation(#[from] OperationError),
}

pub(crate) fn last_try(confirmed: bool) -> LastTry {
    if confirmed {
        LastTry::Confirmed
    } else {
        LastTry::NotConfirmed
    }
}

pub(crate) fn profile_algorithm(algorithm: daemon_types::SignatureAlgorithm) -> SignatureAlgorithm {
    let hash = match algorithm.hash() {
        daemon_types::HashAlgorithm::Sha256 => HashAlgorithm::Sha256,
        daemon_types::HashAlgorithm::Sha384 => HashAlgorithm::Sha384,
        daemon_types::HashAlgorithm::Sha512 => HashAlgorithm::Sha512,
    };
    match algorithm {
        daemon_types::SignatureAlgorithm::RsaPkcs1(_) => SignatureAlgorithm::RsaPkcs1(hash),
        daemon_types::SignatureAlgorithm::RsaPss(_) => SignatureAlgorithm::RsaPss(hash),
    }
}

pub(crate) fn daemon_algorithm(algorithm: SignatureAlgorithm) -> daemon_types::SignatureAlgorithm {
    let hash = match algorithm.hash() {
        HashAlgorithm::Sha256 => daemon_types::HashAlgorithm::Sha256,
        HashAlgorithm::Sha384 => daemon_types::HashAlgorithm::Sha384,
        HashAlgorithm::Sha512 => daemon_types::HashAlgorithm::Sha512,
    };
    match algorithm {
        SignatureAlgorithm::RsaPkcs1(_) => daemon_types::SignatureAlgorithm::RsaPkcs1(hash),
        SignatureAlgorithm::RsaPss(_) => daemon_types::SignatureAlgorithm::RsaPss(hash),
    }
}

pub(crate) fn daemon_role(role: igc_sante::KeyRole) -> KeyRole {
    match role {
        igc_sante::KeyRole::Authentication => KeyRole::Authentication,
        igc_sante::KeyRole::Signature => KeyRole::Signature,
        igc_sante::KeyRole::Technical => KeyRole::Technical,
    }
}

pub(crate) fn profile_role(role: KeyRole) -> igc_sante::KeyRole {
    match role {
        KeyRole::Authentication => igc_sante::KeyRole::Authentication,
        KeyRole::Signature => igc_sante::KeyRole::Signature,
        KeyRole::Technical => igc_sante::KeyRole::Technical,
    }
}
