//! What the holder is asked.

use std::path::PathBuf;
use std::time::Duration;

use crate::{CardId, Environment, Origin, PairingCode, Rights, SessionTerms, SignedHash, Site};

/// One question to the holder: who asks, for what, about which card, and which codes are needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Who asks.
    pub asker: Asker,
    /// For what.
    pub purpose: Purpose,
    /// The card that will be used.
    pub card: CardLabel,
    /// The codes to be typed.
    pub codes: CodesAsked,
}

/// A question about no card: whether somebody may call at all. A yes is enough.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantQuestion {
    /// Who wants to be let in.
    pub applicant: Applicant,
    /// What they would be allowed to do.
    pub rights: Rights,
    /// What the agent works with.
    pub environment: Environment,
}

/// Who wants to be let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Applicant {
    /// A desktop program.
    Program {
        /// Its own word for itself.
        name: String,
        /// The executable that asks, where the system tells.
        executable: Option<PathBuf>,
        /// Another program is paired under this name already.
        name_is_taken: bool,
        /// The sites that it would authenticate for.
        origins: Vec<Origin>,
        /// What it shows too.
        code: PairingCode,
    },
    /// A web page, by what the browser says of it.
    Page(Site),
}

/// The codes that a question asks for; where it asks for none, a yes is enough.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CodesAsked {
    /// The holder's code as it is now; `None` where it is not needed.
    pub pin: Option<CodeEntry>,
    /// The unblock code; `None` where it is not needed.
    pub unblock_code: Option<UnblockCodeEntry>,
    /// A new code, which the holder chooses; `None` where none is set.
    pub new_pin: Option<NewCodeEntry>,
    /// Where all of them are typed at the keypad of the reader: nothing is typed at the screen, which
    /// asks for the yes to a last try or to another entry alone, shows how long the reader waits,
    /// and takes a no.
    pub keypad: Option<KeypadEntry>,
}

impl CodesAsked {
    /// How many times a code is typed.
    #[must_use]
    pub const fn entries(&self) -> u32 {
        let proof = self.pin.is_some() as u32 + self.unblock_code.is_some() as u32;
        proof + if self.new_pin.is_some() { 2 } else { 0 }
    }

    /// Whether a yes is enough.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.pin.is_none() && self.unblock_code.is_none() && self.new_pin.is_none()
    }

    /// Whether a wrong code now blocks it: the holder must say yes to that first.
    #[must_use]
    pub fn is_last_try(&self) -> bool {
        self.pin.is_some_and(|entry| entry.last_try)
            || self.unblock_code.is_some_and(|entry| entry.last_try)
    }

    /// The same, of a code of which the card has just said that one try is left.
    #[must_use]
    pub fn for_the_last_try(mut self) -> Self {
        if let Some(entry) = &mut self.pin {
            entry.tries_left = Some(1);
            entry.last_try = true;
        }
        if let Some(entry) = &mut self.unblock_code {
            entry.tries_left = Some(1);
            entry.last_try = true;
        }
        self
    }
}

/// Codes that are typed at the keypad of the reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeypadEntry {
    /// How long the reader waits, for all codes together.
    pub time: Duration,
    /// The reader asked before in this dialogue: it asks again only when the holder does something
    /// for it at the screen.
    pub again: bool,
    /// What was typed before was not sent to the card.
    pub not_taken: Option<NotTaken>,
}

/// Why a reader did not send what was typed at its keypad.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotTaken {
    /// The new code was typed in two ways.
    NewCodesDiffer,
    /// A code was too short or too long.
    Length,
}

/// Who asks, as far as the system knows it; never text that the asker chose, except a paired name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asker {
    /// A program paired under this name.
    PairedProgram(String),
    /// A program that showed the demo's own token, which nobody paired.
    DemoToken,
    /// A program of the same user, by its executable where the system tells.
    Program(Option<PathBuf>),
    /// A web page that has a grant.
    Page(Site),
    /// The product's own page.
    Console,
}

/// What the holder would agree to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Prove who they are to a site.
    Authenticate {
        /// The site.
        origin: Origin,
    },
    /// Prove who they are where only the program knows: with the authentication key, over bytes of its
    /// choice (PKCS#11).
    UseAuthenticationKey,
    /// Decipher with the authentication key (PKCS#11): the program that asks reads what comes of it.
    Decipher,
    /// Sign. The descriptions are the caller's words and were not checked.
    Sign {
        /// One entry for each signature.
        documents: Vec<String>,
        /// The digests, for those who want to see them.
        digests: Vec<Vec<u8>>,
        /// Their algorithm.
        hash: SignedHash,
    },
    /// Show where they work.
    ReadActivities,
    /// Replace their code by one that they choose.
    ChangePin,
    /// Set a new code on a card whose code is blocked, with the unblock code.
    UnblockPin,
    /// Open a session, for which the code is typed once.
    OpenSession(SessionTerms),
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
    /// Whole days until it expires; `None` where nobody looked.
    pub days_left: Option<i64>,
}

/// A code to be typed, and what is at stake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeEntry {
    /// Tries left before this one; `None` where the card does not tell.
    pub tries_left: Option<u8>,
    /// The previous code typed for this question was wrong.
    pub previous_was_wrong: bool,
    /// The code may be blocked already, which typing it shows.
    pub may_be_blocked: bool,
    /// A wrong code now blocks the card: the holder must say yes to that first.
    pub last_try: bool,
    /// No unblock code is sure to bring a blocked card back.
    pub blocks_for_good: bool,
    /// Fewest digits that the card takes.
    pub minimum_len: u8,
    /// Most digits that the card takes.
    pub maximum_len: u8,
}

/// The unblock code to be typed, and what is at stake. It has 8 digits on every card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnblockCodeEntry {
    /// Tries left before this one; `None` where the card does not tell.
    pub tries_left: Option<u8>,
    /// Times that it may still unblock, this one included; `None` where the card does not tell.
    pub uses_left: Option<u16>,
    /// The previous unblock code typed for this question was wrong.
    pub previous_was_wrong: bool,
    /// The holder's code may not be blocked at all.
    pub pin_may_be_usable: bool,
    /// A wrong unblock code now blocks the card for good: the holder must say yes to that first.
    pub last_try: bool,
}

/// A code that the holder chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewCodeEntry {
    /// Fewest digits that the card takes.
    pub minimum_len: u8,
    /// Most digits that the card takes.
    pub maximum_len: u8,
}
