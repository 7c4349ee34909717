//! One virtual reader as a source of cards, with another program that acts before a transaction.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};

use card_apdu::{Atr, ReaderFault};
use card_emulator::{VirtualConnection, VirtualReaders};
use daemon_cards::{
    CardConnection, CardTransaction, ConnectCard, Presence, ReaderSource, ReaderState, SourceFault,
    StopSource, WayToCard,
};

/// What the other program does, once, before the n-th transaction of the agent from now.
#[derive(Default)]
pub(crate) struct OtherProgram {
    plan: Mutex<Option<(usize, Deed)>>,
    holds: Mutex<bool>,
    lets_go: Condvar,
}

type Deed = Box<dyn FnOnce() + Send>;

impl OtherProgram {
    /// Orders a deed before a transaction, from 1.
    pub(crate) fn plan(&self, transaction: usize, deed: impl FnOnce() + Send + 'static) {
        *self.plan.lock().unwrap() = Some((transaction, Box::new(deed)));
    }

    /// Whether the deed is still to come; it does not come any more.
    pub(crate) fn drop_plan(&self) -> bool {
        self.plan.lock().unwrap().take().is_some()
    }

    /// Has a transaction of its own.
    pub(crate) fn hold(&self) {
        *self.holds.lock().unwrap() = true;
    }

    /// Ends it.
    pub(crate) fn let_go(&self) {
        *self.holds.lock().unwrap() = false;
        self.lets_go.notify_all();
    }

    fn before_a_transaction(&self) {
        let mut plan = self.plan.lock().unwrap();
        let left = plan.as_mut().map(|(left, _)| {
            *left -= 1;
            *left
        });
        let deed = plan.take_if(|_| left == Some(0));
        drop(plan);
        if let Some((_, deed)) = deed {
            deed();
        }
        let holds = self.holds.lock().unwrap();
        drop(self.lets_go.wait_while(holds, |holds| *holds).unwrap());
    }
}

/// The reader, as the agent watches it.
pub(crate) struct Source {
    pub(crate) readers: VirtualReaders,
    pub(crate) other_program: Arc<OtherProgram>,
    pub(crate) seen: Option<u64>,
    pub(crate) stopped: Arc<AtomicBool>,
}

impl ReaderSource for Source {
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
        Arc::new(Connector {
            readers: self.readers.clone(),
            other_program: Arc::clone(&self.other_program),
        })
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

struct Connector {
    readers: VirtualReaders,
    other_program: Arc<OtherProgram>,
}

impl ConnectCard for Connector {
    fn connect(&self, reader: &str) -> Result<Box<dyn CardConnection>, ReaderFault> {
        let card = self.readers.connect(reader)?;
        let atr = Atr::parse(card.atr()).map_err(|_| ReaderFault::Mute)?;
        Ok(Box::new(Connection {
            card,
            atr,
            other_program: Arc::clone(&self.other_program),
        }))
    }
}

struct Connection {
    card: VirtualConnection,
    atr: Atr,
    other_program: Arc<OtherProgram>,
}

impl CardConnection for Connection {
    fn atr(&self) -> Option<&Atr> {
        Some(&self.atr)
    }

    fn transaction(&mut self) -> Result<Box<dyn CardTransaction + '_>, ReaderFault> {
        self.other_program.before_a_transaction();
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
        presence: match reader.card {
            Some(_) => Presence::Card,
            None => Presence::Empty,
        },
        card_changes: u32::try_from(insertion).unwrap(),
    }
}
