//! Virtual readers in this process.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use card_apdu::{Atr, ReaderFault};
use card_emulator::{VirtualConnection, VirtualReaders};
use daemon_cards::{
    CardConnection, CardTransaction, ConnectCard, Presence, ReaderSource, ReaderState, SourceFault,
    StopSource, WayToCard,
};

/// Readers into which virtual cards are put.
#[derive(Debug)]
pub(crate) struct VirtualSource {
    readers: VirtualReaders,
    seen: Option<u64>,
    stopped: Arc<AtomicBool>,
}

impl VirtualSource {
    pub(crate) fn new(readers: VirtualReaders) -> Self {
        Self {
            readers,
            seen: None,
            stopped: Arc::default(),
        }
    }
}

impl ReaderSource for VirtualSource {
    fn name(&self) -> &'static str {
        "virtual"
    }

    fn wait_for_change(&mut self) -> Result<Vec<ReaderState>, SourceFault> {
        let state = match self.seen {
            None => self.readers.state(),
            Some(seen) => self.readers.wait_for_change(seen, None),
        };
        self.seen = Some(state.change);
        if self.stopped.load(Ordering::Acquire) {
            return Err(SourceFault::Stopped);
        }
        Ok(state.readers.into_iter().map(reader_state).collect())
    }

    fn connector(&self) -> Arc<dyn ConnectCard> {
        Arc::new(Connector(self.readers.clone()))
    }

    fn stopper(&self) -> Box<dyn StopSource> {
        Box::new(Stopper {
            readers: self.readers.clone(),
            stopped: Arc::clone(&self.stopped),
        })
    }
}

struct Stopper {
    readers: VirtualReaders,
    stopped: Arc<AtomicBool>,
}

impl StopSource for Stopper {
    fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
        self.readers.wake();
    }
}

struct Connector(VirtualReaders);

impl ConnectCard for Connector {
    fn connect(&self, reader: &str) -> Result<Box<dyn CardConnection>, ReaderFault> {
        let card = self.0.connect(reader)?;
        let atr = Atr::parse(card.atr()).map_err(|_| ReaderFault::Mute)?;
        Ok(Box::new(Connection { card, atr }))
    }
}

struct Connection {
    card: VirtualConnection,
    atr: Atr,
}

impl CardConnection for Connection {
    fn atr(&self) -> Option<&Atr> {
        Some(&self.atr)
    }

    fn transaction(&mut self) -> Result<Box<dyn CardTransaction + '_>, ReaderFault> {
        self.card.check()?;
        Ok(Box::new(Transaction(&mut self.card)))
    }

    fn reconnect(&mut self) -> Result<(), ReaderFault> {
        self.card.reconnect()
    }
}

struct Transaction<'a>(&'a mut VirtualConnection);

impl CardTransaction for Transaction<'_> {
    fn way(&mut self) -> WayToCard<'_> {
        WayToCard::Channel(self.0)
    }

    fn end_with_reset(self: Box<Self>) -> Result<(), ReaderFault> {
        self.0.reset()
    }
}

fn reader_state(reader: card_emulator::ReaderState) -> ReaderState {
    let insertion = reader.card.as_ref().map_or(0, |card| card.insertion);
    ReaderState {
        name: reader.name,
        presence: if reader.card.is_some() {
            Presence::Card
        } else {
            Presence::Empty
        },
        card_changes: u32::try_from(insertion).unwrap_or(u32::MAX),
    }
}
