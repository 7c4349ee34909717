//! A caller's relation with one card, for which its holder types the code once.

use std::fmt;
use std::time::Duration;

use time::OffsetDateTime;

use crate::{CallerKey, CardId};

/// Opaque name of a session. It proves nothing: a session serves the caller that opened it alone.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(pub String);

/// A session as its caller sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionSummary {
    /// Its name.
    pub id: SessionId,
    /// Whose it is.
    pub owner: CallerKey,
    /// The card that it is bound to, for as long as that stays in its reader.
    pub card: CardId,
    /// When its holder typed the code.
    pub opened: OffsetDateTime,
    /// When it ends if nothing is asked for until then.
    pub idle_end: OffsetDateTime,
    /// When it ends in any case.
    pub end: OffsetDateTime,
}

/// How long sessions last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionLimits {
    /// The longest time without a use.
    pub inactivity: Duration,
    /// The longest time in all.
    pub age: Duration,
}

impl SessionLimits {
    /// What holds where nobody says otherwise: 15 minutes without a use, 4 hours in all.
    pub const DEFAULT: Self = Self {
        inactivity: Duration::from_secs(15 * 60),
        age: Duration::from_secs(4 * 60 * 60),
    };

    /// What no policy of a machine goes beyond: half an hour without a use, 12 hours in all.
    pub const MAXIMUM: Self = Self {
        inactivity: Duration::from_secs(30 * 60),
        age: Duration::from_secs(12 * 60 * 60),
    };
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

macro_rules! session_ends {
    ($($(#[doc = $doc:literal])+ $variant:ident = $text:literal,)+) => {
        /// Why a session is over.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum SessionEnd {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl SessionEnd {
            /// Every end there is.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The text on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }
    };
}

session_ends! {
    /// Nothing was asked for too long.
    Inactivity = "inactivity",
    /// It was too old.
    Age = "age",
    /// The card left its reader, or was exchanged.
    CardRemoved = "card-removed",
    /// The reader left, or the service behind it.
    ReaderLost = "reader-lost",
    /// The machine slept.
    Sleep = "sleep",
    /// The agent stopped.
    AgentStopped = "agent-stopped",
    /// Its caller ended it, or its holder did.
    Ended = "ended",
    /// What its caller was let in by was taken back.
    GrantRevoked = "grant-revoked",
}

impl fmt::Display for SessionEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// When the holder types the code for a signature in a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignatureCode {
    /// Each time, as without a session.
    #[default]
    Each,
    /// Not again: their yes is enough.
    Session,
}

/// What the holder agrees to with a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionTerms {
    /// How long it lasts.
    pub limits: SessionLimits,
    /// Its caller may prove who the holder is, without asking them.
    pub authenticates: bool,
    /// Its caller may decipher what was enciphered for the holder, without asking them.
    pub deciphers: bool,
    /// Its caller may ask for signatures, and what the holder does for each; `None` where it may not.
    pub signs: Option<SignatureCode>,
}
