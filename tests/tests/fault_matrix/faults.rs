//! What goes wrong, and what may be said of it.

use std::time::Duration;

use card_emulator::{Fault, Moment};
use daemon_types::ErrorCode;

/// A row of the matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Trouble {
    Removal,
    Exchange,
    Reset,
    PowerLoss,
    Mute,
    Silence,
    WrongLength,
    Nonsense,
    Truncated,
    Oversized,
    Slow,
    OtherResets,
    OtherSelects,
    OtherPresents,
    OtherMistypes,
    OtherHolds,
}

/// Where a trouble befalls an operation.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// At a command.
    Command(Moment, Fault),
    /// Before a transaction.
    Transaction,
}

impl Trouble {
    pub(crate) const ALL: [Self; 16] = [
        Self::Removal,
        Self::Exchange,
        Self::Reset,
        Self::PowerLoss,
        Self::Mute,
        Self::Silence,
        Self::WrongLength,
        Self::Nonsense,
        Self::Truncated,
        Self::Oversized,
        Self::Slow,
        Self::OtherResets,
        Self::OtherSelects,
        Self::OtherPresents,
        Self::OtherMistypes,
        Self::OtherHolds,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Removal => "removal",
            Self::Exchange => "exchange",
            Self::Reset => "reset",
            Self::PowerLoss => "power loss",
            Self::Mute => "mute",
            Self::Silence => "silence",
            Self::WrongLength => "wrong length",
            Self::Nonsense => "nonsense",
            Self::Truncated => "truncated",
            Self::Oversized => "oversized",
            Self::Slow => "slow",
            Self::OtherResets => "other resets",
            Self::OtherSelects => "other selects",
            Self::OtherPresents => "other presents",
            Self::OtherMistypes => "other mistypes",
            Self::OtherHolds => "other holds",
        }
    }

    /// Everywhere that it is tried: before the card gets a command, and after it did what it was told.
    pub(crate) fn places(self) -> Vec<Place> {
        let both = |fault: Fault| {
            [Moment::Before, Moment::After]
                .map(|moment| Place::Command(moment, fault.clone()))
                .to_vec()
        };
        let after = |fault| vec![Place::Command(Moment::After, fault)];
        match self {
            Self::Removal | Self::Exchange => both(Fault::Removal),
            Self::Reset => both(Fault::Reset),
            Self::PowerLoss => both(Fault::PowerLoss),
            Self::Mute => both(Fault::Mute),
            Self::Silence => both(Fault::Silence),
            Self::WrongLength => both(Fault::Answer(vec![0x67, 0x00])),
            Self::Nonsense => both(Fault::Answer(vec![0x12, 0x34])),
            Self::Truncated => after(Fault::Truncated(1)),
            Self::Oversized => after(Fault::Oversized(300)),
            Self::Slow => after(Fault::Slow(Duration::from_millis(20))),
            Self::OtherResets
            | Self::OtherSelects
            | Self::OtherPresents
            | Self::OtherMistypes
            | Self::OtherHolds => vec![Place::Transaction],
        }
    }

    /// How long a call may last: short where a card or another program never gives it back.
    pub(crate) fn call_time(self) -> Duration {
        match self {
            Self::Silence | Self::OtherHolds => Duration::from_millis(500),
            Self::Removal
            | Self::Exchange
            | Self::Reset
            | Self::PowerLoss
            | Self::Mute
            | Self::WrongLength
            | Self::Nonsense
            | Self::Truncated
            | Self::Oversized
            | Self::Slow
            | Self::OtherResets
            | Self::OtherSelects
            | Self::OtherPresents
            | Self::OtherMistypes => Duration::from_secs(60),
        }
    }

    /// What a caller may be told, besides that all went well.
    pub(crate) fn may_be_told(self) -> &'static [ErrorCode] {
        match self {
            Self::Removal | Self::Exchange | Self::Reset => &[ErrorCode::CardRemoved],
            Self::PowerLoss | Self::Mute | Self::Silence => &[ErrorCode::CardMute],
            Self::WrongLength | Self::Nonsense | Self::Truncated | Self::Oversized => {
                &[ErrorCode::CardUnsupported]
            }
            Self::OtherHolds => &[ErrorCode::ReaderBusy],
            Self::Slow
            | Self::OtherResets
            | Self::OtherSelects
            | Self::OtherPresents
            | Self::OtherMistypes => &[],
        }
    }
}
