//! What a source of readers must be able to do; implemented in `daemon/` by thin adapters.

use std::sync::Arc;

use card_apdu::{Atr, CardChannel, ReaderFault};
use card_profiles::CpxCard;
use daemon_types::ErrorCode;

/// Readers of one kind, and what happens in them.
pub trait ReaderSource: Send {
    /// Name for the log, such as `pcsc`.
    fn name(&self) -> &'static str;

    /// What callers are told while the service behind it is not there.
    fn missing_code(&self) -> ErrorCode {
        ErrorCode::PcscUnavailable
    }

    /// Blocks until readers or cards are not as the last call said; returns all of them, each under a
    /// name of its own. The first call does not wait: sources after this one show nothing until it is
    /// answered.
    ///
    /// # Errors
    /// [`SourceFault`]; after `ServiceGone` the next call waits for the service to be back.
    fn wait_for_change(&mut self) -> Result<Vec<ReaderState>, SourceFault>;

    /// Opens cards, from any thread.
    fn connector(&self) -> Arc<dyn ConnectCard>;

    /// Ends a blocked [`wait_for_change`](Self::wait_for_change), from any thread.
    fn stopper(&self) -> Box<dyn StopSource>;
}

/// Ends a watch.
pub trait StopSource: Send + Sync {
    /// Makes the blocked or next wait return [`SourceFault::Stopped`].
    fn stop(&self);
}

/// Why there is no list of readers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceFault {
    /// The service behind the readers is not there.
    #[error("the service of the readers is not there")]
    ServiceGone,
    /// Somebody called [`StopSource::stop`].
    #[error("the watch was stopped")]
    Stopped,
}

/// One reader as its source sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReaderState {
    /// The name that the system gives it.
    pub name: String,
    /// What is in it.
    pub presence: Presence,
    /// Grows with each card that comes or goes, so that out and in unseen is noticed.
    pub card_changes: u32,
}

/// What is in a reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Nothing.
    Empty,
    /// A card.
    Card,
    /// A card that does not answer.
    Mute,
    /// Another program holds the reader for itself.
    Busy,
    /// It is listed but cannot be reached.
    Unreachable,
}

/// Opens cards.
pub trait ConnectCard: Send + Sync {
    /// Connects to the card in a reader and shares it with other programs.
    ///
    /// # Errors
    /// [`ReaderFault`].
    fn connect(&self, reader: &str) -> Result<Box<dyn CardConnection>, ReaderFault>;
}

/// A card for as long as it stays in its reader.
pub trait CardConnection: Send {
    /// Its answer to reset, by which its profile is known; `None` where whoever stands before the card drives it.
    fn atr(&self) -> Option<&Atr>;

    /// Takes the card for one operation.
    ///
    /// # Errors
    /// [`ReaderFault::Reset`] and [`ReaderFault::Removed`] tell what happened since the last use.
    fn transaction(&mut self) -> Result<Box<dyn CardTransaction + '_>, ReaderFault>;

    /// Accepts that the card was reset; whoever calls it must look at the card's identity again.
    ///
    /// # Errors
    /// [`ReaderFault`].
    fn reconnect(&mut self) -> Result<(), ReaderFault>;
}

/// A card taken for one operation; dropping it lets the card go as it is.
pub trait CardTransaction {
    /// The way to the card: a channel where the connection knows an answer to reset, and the card itself where
    /// it knows none.
    fn way(&mut self) -> WayToCard<'_>;

    /// Lets the card go after a warm reset, so that nobody inherits the PIN-verified state.
    ///
    /// # Errors
    /// [`ReaderFault`] when the reset could not be made.
    fn end_with_reset(self: Box<Self>) -> Result<(), ReaderFault>;
}

/// How a card is reached within a transaction.
pub enum WayToCard<'a> {
    /// By commands, which its profile knows.
    Channel(&'a mut dyn CardChannel),
    /// By whoever drives it.
    Card(Box<dyn CpxCard + 'a>),
}

impl std::fmt::Debug for WayToCard<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Channel(_) => "Channel",
            Self::Card(_) => "Card",
        })
    }
}

/// What becomes of the PIN-verified state that we made ("Rules of the PIN").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AfterUse {
    /// It is dropped by a warm reset, which other programs see as one.
    #[default]
    Reset,
    /// It stays, and other programs of the workstation can use the key.
    Leave,
}
