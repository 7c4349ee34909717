//! Errors sorted by who is at fault.

use card_apdu::tlv::TlvError;
use card_apdu::{ChannelError, NotSent, ReaderFault, StatusWord};
use igc_sante::KeyRole;

use crate::PinLimits;

/// Why a step on the card did not succeed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CardError {
    /// Bytes from the card do not parse.
    #[error("reading {what} of the card")]
    Malformed {
        /// What was being read.
        what: &'static str,
        /// Why it does not parse, where a parser said so.
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// The answer parses and contradicts the standard.
    #[error("the card contradicts the standard: {0}")]
    CardMisbehaved(&'static str),
    /// A lawful card that this version cannot drive.
    #[error("this card is not supported: {0}")]
    CardUnsupported(&'static str),
    /// The card said no.
    #[error("the card refused {command} with {sw}")]
    Refused {
        /// The standard's name of the command.
        command: &'static str,
        /// What the card answered.
        sw: StatusWord,
    },
    /// The card has no such key.
    #[error("the card has no {} key", .0.as_str())]
    KeyAbsent(KeyRole),
    /// The key exists but does not do this.
    #[error("the key of the card does not do this algorithm")]
    AlgorithmUnsupported,
    /// A code that was taken before was wrong after all: whoever drives the card presented it when the key asked
    /// for it.
    #[error("the code was wrong after all")]
    CodeWasWrong {
        /// Tries left, where they are told.
        tries_left: Option<u8>,
    },
    /// The cryptogram is not one for this key, whatever is wrong with it.
    #[error("the cryptogram cannot be deciphered")]
    NotDeciphered,
    /// The reader or the card dropped out.
    #[error("the way to the card broke")]
    Reader(#[from] ReaderFault),
    /// A fault of ours.
    #[error("a fault of this program: {0}")]
    Bug(&'static str),
}

impl CardError {
    pub(crate) fn malformed(what: &'static str) -> Self {
        Self::Malformed { what, source: None }
    }

    pub(crate) fn tlv(what: &'static str) -> impl Fn(TlvError) -> Self {
        move |source| Self::Malformed {
            what,
            source: Some(Box::new(source)),
        }
    }
}

impl From<ChannelError> for CardError {
    fn from(error: ChannelError) -> Self {
        match error {
            ChannelError::Reader(fault) => Self::Reader(fault),
            ChannelError::Command(_) => Self::Bug("a command could not be written"),
            ChannelError::CardMisbehaved(rule) => Self::CardMisbehaved(rule),
            ChannelError::NoKeypad => {
                Self::Bug("a code was to be typed at a keypad that is not there")
            }
            other @ (ChannelError::Malformed(_) | _) => Self::Malformed {
                what: "an answer",
                source: Some(Box::new(other)),
            },
        }
    }
}

/// Outcome of presenting a code that did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum PinError {
    /// The code was wrong; whether it cost a try, whoever counts them says alone.
    #[error("the code was wrong")]
    Wrong {
        /// Tries left, at least one; `None` where whoever stands before the card tells no number.
        tries_left: Option<u8>,
    },
    /// The code is blocked; either it was before, or this wrong code did it.
    #[error("the code is blocked")]
    Blocked,
    /// The card has no holder's code.
    #[error("the card has no code")]
    Absent,
    /// The card does not take a code of this length; nothing was sent.
    #[error("the card takes codes of {} to {} digits", .0.minimum_len, .0.maximum_len)]
    Length(PinLimits),
    /// One try is left and the holder did not say yes to risking it; nothing was sent.
    #[error("one try is left and its use was not confirmed")]
    LastTryNotConfirmed,
    /// The card does not take a new code of this length; nothing was sent.
    #[error("the card takes new codes of {} to {} digits", .0.minimum_len, .0.maximum_len)]
    NewCodeLength(PinLimits),
    /// The card did not take the new code; the old one holds.
    #[error("the card refused the new code")]
    NewCodeRefused(#[source] CardError),
    /// The way to the card broke while it changed the code: either code may be the right one.
    #[error("it is not known whether the code was changed")]
    OutcomeUnknown(#[source] CardError),
    /// The keypad of the reader sent nothing: no try was spent.
    #[error("the keypad sent no code")]
    NotEntered(#[source] NotSent),
    /// The way to the card broke, or the card did something else.
    #[error("presenting the code")]
    Card(#[from] CardError),
}

/// Why the holder's code could not be replaced with the help of the unblock code.
#[derive(Debug, thiserror::Error)]
pub enum UnblockError {
    /// The unblock code was wrong; whether it cost a try, whoever counts them says alone.
    #[error("the unblock code was wrong")]
    Wrong {
        /// Tries left, at least one; `None` where whoever stands before the card tells no number.
        tries_left: Option<u8>,
        /// Uses left, read after the wrong code; `None` when the card does not tell.
        uses_left: Option<u16>,
    },
    /// The unblock code has no try or no use left; either before, or this wrong code did it.
    #[error("the unblock code is blocked")]
    Blocked,
    /// The card has no holder's code, or none that unblocks it.
    #[error("the card has no unblock code")]
    Absent,
    /// One try is left and the holder did not say yes to risking it; nothing was sent.
    #[error("one try of the unblock code is left and its use was not confirmed")]
    LastTryNotConfirmed,
    /// The card does not take a new code of this length; nothing was sent.
    #[error("the card takes new codes of {} to {} digits", .0.minimum_len, .0.maximum_len)]
    NewCodeLength(PinLimits),
    /// The card took the unblock code, but not the new code; the old one holds, blocked or not.
    #[error("the card refused the new code")]
    NewCodeRefused(#[source] CardError),
    /// The way to the card broke while it set the new code: the new one may hold or not.
    #[error("it is not known whether the new code was set")]
    OutcomeUnknown(#[source] CardError),
    /// The keypad of the reader sent no unblock code, or no new one: no try was spent by that.
    #[error("the keypad sent no code")]
    NotEntered(#[source] NotSent),
    /// The way to the card broke, or the card did something else.
    #[error("unblocking the code")]
    Card(#[from] CardError),
}
