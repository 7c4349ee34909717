//! A virtual reader as PC/SC shares it: one transaction at a time, whoever it belongs to, and a
//! reset by another program is told when the next one begins.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};

use card_apdu::{Atr, ReaderFault};
use card_emulator::{VirtualConnection, VirtualReaders};
use daemon_cards::{
    CardConnection, CardTransaction, ConnectCard, Presence, ReaderSource, ReaderState, SourceFault,
    StopSource, WayToCard,
};

/// What a transaction holds while it lasts.
#[derive(Clone, Default)]
pub(crate) struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    /// Waits until nobody holds it, and holds it until [`free`](Self::free).
    pub(crate) fn take(&self) {
        let (is_held, freed) = &*self.0;
        let free = freed.wait_while(is_held.lock().unwrap(), |is_held| *is_held);
        *free.unwrap() = true;
    }

    pub(crate) fn free(&self) {
        let (is_held, freed) = &*self.0;
        *is_held.lock().unwrap() = false;
        freed.notify_all();
    }
}

/// The readers as a source of the agent.
pub(crate) struct SharedReader {
    readers: VirtualReaders,
    gate: Gate,
    seen: Option<u64>,
    is_stopped: Arc<AtomicBool>,
}

impl SharedReader {
    pub(crate) fn new(readers: VirtualReaders, gate: Gate) -> Self {
        Self {
            readers,
            gate,
            seen: None,
            is_stopped: Arc::default(),
        }
    }
}

impl ReaderSource for SharedReader {
    fn name(&self) -> &'static str {
        "shared"
    }

    fn wait_for_change(&mut self) -> Result<Vec<ReaderState>, SourceFault> {
        let state = match self.seen {
            None => self.readers.state(),
            Some(seen) => self.readers.wait_for_change(seen, None),
        };
        self.seen = Some(state.change);
        if self.is_stopped.load(Ordering::Acquire) {
            return Err(SourceFault::Stopped);
        }
        Ok(state.readers.into_iter().map(reader_state).collect())
    }

    fn connector(&self) -> Arc<dyn ConnectCard> {
        Arc::new(Connector(self.readers.clone(), self.gate.clone()))
    }

    fn stopper(&self) -> Box<dyn StopSource> {
        Box::new(Stopper(self.readers.clone(), Arc::clone(&self.is_stopped)))
    }
}

struct Stopper(VirtualReaders, Arc<AtomicBool>);

impl StopSource for Stopper {
    fn stop(&self) {
        self.1.store(true, Ordering::Release);
        self.0.wake();
    }
}

struct Connector(VirtualReaders, Gate);

impl ConnectCard for Connector {
    fn connect(&self, reader: &str) -> Result<Box<dyn CardConnection>, ReaderFault> {
        let card = self.0.connect(reader)?;
        let atr = Atr::parse(card.atr()).map_err(|_| ReaderFault::Mute)?;
        let gate = self.1.clone();
        Ok(Box::new(Connection { card, atr, gate }))
    }
}

struct Connection {
    card: VirtualConnection,
    atr: Atr,
    gate: Gate,
}

impl CardConnection for Connection {
    fn atr(&self) -> Option<&Atr> {
        Some(&self.atr)
    }

    fn transaction(&mut self) -> Result<Box<dyn CardTransaction + '_>, ReaderFault> {
        self.gate.take();
        let transaction = Transaction {
            card: &mut self.card,
            gate: &self.gate,
        };
        transaction.card.check()?;
        Ok(Box::new(transaction))
    }

    fn reconnect(&mut self) -> Result<(), ReaderFault> {
        self.card.reconnect()
    }
}

struct Transaction<'a> {
    card: &'a mut VirtualConnection,
    gate: &'a Gate,
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        self.gate.free();
    }
}

impl CardTransaction for Transaction<'_> {
    fn way(&mut self) -> WayToCard<'_> {
        WayToCard::Channel(self.card)
    }

    fn end_with_reset(self: Box<Self>) -> Result<(), ReaderFault> {
        self.card.reset()
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
        card_changes: u32::try_from(insertion).unwrap(),
    }
}
