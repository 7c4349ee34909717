//! Readers over PC/SC.

use std::sync::Arc;

use card_apdu::{Atr, ReaderFault};
use card_pcsc::{Canceller, PcscConnection, PcscTransaction, ReaderWatcher, WatchError};
use daemon_cards::{
    CardConnection, CardTransaction, ConnectCard, Presence, ReaderSource, ReaderState, SourceFault,
    StopSource, WayToCard,
};

/// All readers of the PC/SC service.
#[derive(Debug, Default)]
pub(crate) struct PcscSource(ReaderWatcher);

impl ReaderSource for PcscSource {
    fn name(&self) -> &'static str {
        "pcsc"
    }

    fn wait_for_change(&mut self) -> Result<Vec<ReaderState>, SourceFault> {
        match self.0.wait_for_change() {
            Ok(readers) => Ok(readers.into_iter().map(reader_state).collect()),
            Err(WatchError::Cancelled) => Err(SourceFault::Stopped),
            Err(error @ (WatchError::Service(_) | _)) => {
                tracing::debug!(?error, "no list of readers");
                Err(SourceFault::ServiceGone)
            }
        }
    }

    fn connector(&self) -> Arc<dyn ConnectCard> {
        Arc::new(Connector)
    }

    fn stopper(&self) -> Box<dyn StopSource> {
        Box::new(Stopper(self.0.canceller()))
    }
}

struct Stopper(Canceller);

impl StopSource for Stopper {
    fn stop(&self) {
        self.0.cancel();
    }
}

struct Connector;

impl ConnectCard for Connector {
    fn connect(&self, reader: &str) -> Result<Box<dyn CardConnection>, ReaderFault> {
        card_pcsc::connect(reader).map(|card| Box::new(Connection(card)) as Box<dyn CardConnection>)
    }
}

struct Connection(PcscConnection);

impl CardConnection for Connection {
    fn atr(&self) -> Option<&Atr> {
        Some(self.0.atr())
    }

    fn transaction(&mut self) -> Result<Box<dyn CardTransaction + '_>, ReaderFault> {
        let transaction = self.0.transaction()?;
        Ok(Box::new(Transaction(transaction)))
    }

    fn reconnect(&mut self) -> Result<(), ReaderFault> {
        self.0.reconnect()
    }
}

struct Transaction<'a>(PcscTransaction<'a>);

impl CardTransaction for Transaction<'_> {
    fn way(&mut self) -> WayToCard<'_> {
        WayToCard::Channel(&mut self.0)
    }

    fn end_with_reset(self: Box<Self>) -> Result<(), ReaderFault> {
        self.0.end_with_reset()
    }
}

fn reader_state(reader: card_pcsc::ReaderState) -> ReaderState {
    let presence = match reader.presence {
        card_pcsc::Presence::Empty => Presence::Empty,
        card_pcsc::Presence::Mute => Presence::Mute,
        card_pcsc::Presence::Unreachable => Presence::Unreachable,
        card_pcsc::Presence::Card { .. } if reader.in_use_exclusively => Presence::Busy,
        card_pcsc::Presence::Card { .. } => Presence::Card,
    };
    ReaderState {
        name: reader.name,
        presence,
        card_changes: reader.card_changes,
    }
}
