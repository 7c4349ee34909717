//! What the holder is asked.

use std::path::PathBuf;

use crate::{CardId, Environment, HashAlgorithm, Origin};

/// One question to the holder: who asks, for what, about which card, and whether a code is needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Who asks.
    pub asker: Asker,
    /// For what.
    pub purpose: Purpose,
    /// The card that will be used.
    pub card: CardLabel,
    /// The code to be typed; `None` where a yes is enough.
    pub code: Option<CodeEntry>,
}

/// Who asks, as far as the system knows it; never text that the asker chose, except a paired name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asker {
    /// A program paired under this name.
    PairedProgram(String),
    /// A program of the same user, by its executable where the system tells.
    Program(Option<PathBuf>),
}

/// What the holder would agree to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Prove who they are to a site.
    Authenticate {
        /// The site.
        origin: Origin,
    },
    /// Sign. The descriptions are the caller's words and were not checked.
    Sign {
        /// One entry for each signature.
        documents: Vec<String>,
        /// The digests, for those who want to see them.
        digests: Vec<Vec<u8>>,
        /// Their algorithm.
        hash: HashAlgorithm,
    },
}

/// Enough of a card for its holder to know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardLabel {
    /// Opaque name.
    pub id: CardId,
    /// The holder's name, or their identifier, or the card number.
    pub holder: String,
    /// Card type, such as `CPS`.
    pub card_type: Option<String>,
    /// Card number.
    pub number: String,
    /// Production or test.
    pub environment: Environment,
}

/// A code to be typed, and what is at stake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeEntry {
    /// Tries left before this one; `None` where the card does not tell.
    pub tries_left: Option<u8>,
    /// The previous code typed for this question was wrong.
    pub previous_was_wrong: bool,
    /// A wrong code now blocks the card: the holder must say yes to that first.
    pub last_try: bool,
    /// Fewest digits that the card takes.
    pub minimum_len: u8,
    /// Most digits that the card takes.
    pub maximum_len: u8,
}
