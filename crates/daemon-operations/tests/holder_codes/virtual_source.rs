//! Virtual readers as a source of cards.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use card_apdu::{Atr, CardChannel, Keypad, Protocol, ReaderFault, WireBytes};
use card_emulator::{VirtualConnection, VirtualReaders};
use daemon_cards::{
    CardConnection, CardTransaction, ConnectCard, Presence, ReaderSource, ReaderState, SourceFault,
    StopSource, WayToCard,
};

/// Readers into which the test puts cards. Its watch ends with the process.
pub(crate) struct VirtualSource {
    pub(crate) readers: VirtualReaders,
    pub(crate) seen: Option<u64>,
    /// Commands with a code that this process wrote.
    pub(crate) codes_written: Arc<AtomicUsize>,
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
        Ok(state.readers.into_iter().map(reader_state).collect())
    }

    fn connector(&self) -> Arc<dyn ConnectCard> {
        Arc::new(Connector {
            readers: self.readers.clone(),
            codes_written: Arc::clone(&self.codes_written),
        })
    }

    fn stopper(&self) -> Box<dyn StopSource> {
        Box::new(NeverStopped)
    }
}

struct NeverStopped;

impl StopSource for NeverStopped {
    fn stop(&self) {}
}

struct Connector {
    readers: VirtualReaders,
    codes_written: Arc<AtomicUsize>,
}

impl ConnectCard for Connector {
    fn connect(&self, reader: &str) -> Result<Box<dyn CardConnection>, ReaderFault> {
        let card = self.readers.connect(reader)?;
        let atr = Atr::parse(card.atr()).map_err(|_| ReaderFault::Mute)?;
        let codes_written = Arc::clone(&self.codes_written);
        Ok(Box::new(Connection {
            card,
            atr,
            codes_written,
        }))
    }
}

struct Connection {
    card: VirtualConnection,
    atr: Atr,
    codes_written: Arc<AtomicUsize>,
}

impl CardConnection for Connection {
    fn atr(&self) -> Option<&Atr> {
        Some(&self.atr)
    }

    fn transaction(&mut self) -> Result<Box<dyn CardTransaction + '_>, ReaderFault> {
        self.card.check()?;
        Ok(Box::new(Transaction(self)))
    }

    fn reconnect(&mut self) -> Result<(), ReaderFault> {
        self.card.reconnect()
    }
}

struct Transaction<'a>(&'a mut Connection);

impl CardTransaction for Transaction<'_> {
    fn way(&mut self) -> WayToCard<'_> {
        WayToCard::Channel(self.0)
    }

    fn end_with_reset(self: Box<Self>) -> Result<(), ReaderFault> {
        self.0.card.reset()
    }
}

impl CardChannel for Connection {
    fn protocol(&self) -> Protocol {
        self.card.protocol()
    }

    fn exchange(&mut self, command: &WireBytes) -> Result<Vec<u8>, ReaderFault> {
        let written = usize::from(command.is_secret());
        self.codes_written.fetch_add(written, Ordering::Relaxed);
        self.card.exchange(command)
    }

    fn keypad(&mut self) -> Option<&mut dyn Keypad> {
        self.card.keypad()
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
