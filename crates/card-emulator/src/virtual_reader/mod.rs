//! Readers in the same process: cards are inserted and taken out, programs connect and wait.
//!
//! A connection is bound to the card as it was when the connection was made. Once the card was
//! taken out, or reset by another connection, it says so instead of answering.

mod connection;
mod keypad;

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use card_apdu::ReaderFault;

pub use self::connection::VirtualConnection;
use self::keypad::VirtualKeypad;
pub use self::keypad::{KeypadAct, KeypadCounts};
use crate::fault_plan::FaultPlan;
use crate::pace::Pace;
use crate::virtual_card::VirtualCard;

/// A set of virtual readers; clones share the same readers.
#[derive(Clone, Debug, Default)]
pub struct VirtualReaders {
    shared: Arc<Shared>,
}

/// What the readers looked like at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadersState {
    /// Grows with every change; [`VirtualReaders::wait_for_change`] takes it back.
    pub change: u64,
    /// All readers, in the order in which they were added.
    pub readers: Vec<ReaderState>,
}

/// One reader at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReaderState {
    /// Name of the reader.
    pub name: String,
    /// The card in it.
    pub card: Option<CardState>,
}

/// The card in a reader at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardState {
    /// Its answer to reset.
    pub atr: Vec<u8>,
    /// Number of its insertion, never used twice: another number is another insertion.
    pub insertion: u64,
}

/// Why the readers cannot be changed as asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VirtualReaderError {
    /// There is no such reader.
    #[error("there is no virtual reader \"{name}\"")]
    UnknownReader {
        /// The name that was given.
        name: String,
    },
    /// There is a reader of that name already.
    #[error("there is already a virtual reader \"{name}\"")]
    NameTaken {
        /// The name that was given.
        name: String,
    },
    /// There is a card in the reader already.
    #[error("there is already a card in \"{name}\"")]
    Occupied {
        /// Name of the reader.
        name: String,
    },
}

#[derive(Debug, Default)]
struct Shared {
    readers: Mutex<Readers>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Readers {
    change: u64,
    insertions: u64,
    list: Vec<Reader>,
}

#[derive(Debug)]
struct Reader {
    name: String,
    card: Option<InsertedCard>,
    /// The card that a fault took out.
    pulled: Option<InsertedCard>,
    plan: FaultPlan,
    pace: Pace,
    keypad: Option<VirtualKeypad>,
}

struct InsertedCard {
    card: Box<dyn VirtualCard>,
    insertion: u64,
    resets: u64,
}

impl VirtualReaders {
    /// So many empty readers, "Virtual CPS reader 00" and on.
    #[must_use]
    pub fn with_count(count: usize) -> Self {
        let readers = Self::default();
        readers.shared.lock().list = (0..count)
            .map(|number| Reader::empty(format!("Virtual CPS reader {number:02}")))
            .collect();
        readers
    }

    /// What there is now.
    #[must_use]
    pub fn state(&self) -> ReadersState {
        self.shared.lock().state()
    }

    /// Sleeps until something changed since `seen`, or the time is up; returns what there is then.
    #[must_use]
    pub fn wait_for_change(&self, seen: u64, timeout: Option<Duration>) -> ReadersState {
        let readers = self.shared.lock();
        let is_unchanged = |readers: &mut Readers| readers.change == seen;
        let readers = match timeout {
            None => self
                .shared
                .changed
                .wait_while(readers, is_unchanged)
                .unwrap_or_else(PoisonError::into_inner),
            Some(timeout) => {
                self.shared
                    .changed
                    .wait_timeout_while(readers, timeout, is_unchanged)
                    .unwrap_or_else(PoisonError::into_inner)
                    .0
            }
        };
        readers.state()
    }

    /// Wakes everybody who waits, although nothing changed: for a program that ends.
    pub fn wake(&self) {
        self.shared.lock().change += 1;
        self.shared.changed.notify_all();
    }

    /// Plugs in one more reader.
    ///
    /// # Errors
    /// [`VirtualReaderError::NameTaken`].
    pub fn add_reader(&self, name: &str) -> Result<(), VirtualReaderError> {
        self.shared.change(|readers| {
            if readers.list.iter().any(|reader| reader.name == name) {
                let name = name.to_owned();
                return Err(VirtualReaderError::NameTaken { name });
            }
            readers.list.push(Reader::empty(name.to_owned()));
            Ok(())
        })
    }

    /// Unplugs a reader, with the card in it.
    ///
    /// # Errors
    /// [`VirtualReaderError::UnknownReader`].
    pub fn remove_reader(&self, name: &str) -> Result<(), VirtualReaderError> {
        self.shared.change(|readers| {
            readers.reader(name)?;
            readers.list.retain(|reader| reader.name != name);
            Ok(())
        })
    }

    /// Puts a card into a reader, which powers it on.
    ///
    /// # Errors
    /// [`VirtualReaderError::UnknownReader`], [`VirtualReaderError::Occupied`].
    pub fn insert(
        &self,
        reader: &str,
        mut card: Box<dyn VirtualCard>,
    ) -> Result<(), VirtualReaderError> {
        self.shared.change(|readers| {
            let insertion = readers.insertions + 1;
            let place = &mut readers.reader(reader)?.card;
            if place.is_some() {
                let name = reader.to_owned();
                return Err(VirtualReaderError::Occupied { name });
            }
            card.reset();
            *place = Some(InsertedCard {
                card,
                insertion,
                resets: 0,
            });
            readers.insertions = insertion;
            Ok(())
        })
    }

    /// Takes the card out of a reader; it can be inserted again and keeps its memory.
    ///
    /// # Errors
    /// [`VirtualReaderError::UnknownReader`].
    pub fn remove(&self, reader: &str) -> Result<Option<Box<dyn VirtualCard>>, VirtualReaderError> {
        self.shared.change(|readers| {
            let card = readers.reader(reader)?.card.take();
            Ok(card.map(|inserted| inserted.card))
        })
    }

    /// The card that [`Fault::Removal`](crate::Fault::Removal) took out of a reader, to insert it
    /// again there or elsewhere.
    ///
    /// # Errors
    /// [`VirtualReaderError::UnknownReader`].
    pub fn take_pulled(
        &self,
        reader: &str,
    ) -> Result<Option<Box<dyn VirtualCard>>, VirtualReaderError> {
        let pulled = self.shared.lock().reader(reader)?.pulled.take();
        Ok(pulled.map(|inserted| inserted.card))
    }

    /// The plan of a reader, to order faults and to count commands. It lasts as long as the reader,
    /// whatever card is in it.
    ///
    /// # Errors
    /// [`VirtualReaderError::UnknownReader`].
    pub fn fault_plan(&self, reader: &str) -> Result<FaultPlan, VirtualReaderError> {
        Ok(self.shared.lock().reader(reader)?.plan.clone())
    }

    /// Makes a reader and its cards as slow as real ones.
    ///
    /// # Errors
    /// [`VirtualReaderError::UnknownReader`].
    pub fn set_pace(&self, reader: &str, pace: Pace) -> Result<(), VirtualReaderError> {
        self.shared.lock().reader(reader)?.pace = pace;
        Ok(())
    }

    /// Connects to the card in a reader, without resetting it.
    ///
    /// # Errors
    /// [`ReaderFault::ReaderGone`] without the reader, [`ReaderFault::Removed`] without a card.
    pub fn connect(&self, reader: &str) -> Result<VirtualConnection, ReaderFault> {
        VirtualConnection::new(&self.shared, reader)
    }
}

impl Shared {
    /// A panic elsewhere leaves no card half inserted, so that the readers stay usable.
    fn lock(&self) -> MutexGuard<'_, Readers> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change<T>(
        &self,
        act: impl FnOnce(&mut Readers) -> Result<T, VirtualReaderError>,
    ) -> Result<T, VirtualReaderError> {
        let mut readers = self.lock();
        let result = act(&mut readers)?;
        readers.change += 1;
        self.changed.notify_all();
        Ok(result)
    }
}

impl Readers {
    fn state(&self) -> ReadersState {
        let readers = self.list.iter().map(Reader::state).collect();
        ReadersState {
            change: self.change,
            readers,
        }
    }

    fn reader(&mut self, name: &str) -> Result<&mut Reader, VirtualReaderError> {
        self.list
            .iter_mut()
            .find(|reader| reader.name == name)
            .ok_or_else(|| VirtualReaderError::UnknownReader {
                name: name.to_owned(),
            })
    }

    fn card(&mut self, reader: &str) -> Result<&mut InsertedCard, ReaderFault> {
        let reader = self.reader(reader).map_err(|_| ReaderFault::ReaderGone)?;
        reader.card.as_mut().ok_or(ReaderFault::Removed)
    }
}

impl Reader {
    fn empty(name: String) -> Self {
        Self {
            name,
            card: None,
            pulled: None,
            plan: FaultPlan::default(),
            pace: Pace::default(),
            keypad: None,
        }
    }

    fn state(&self) -> ReaderState {
        let card = self.card.as_ref().map(|inserted| CardState {
            atr: inserted.card.atr().to_vec(),
            insertion: inserted.insertion,
        });
        ReaderState {
            name: self.name.clone(),
            card,
        }
    }
}

impl std::fmt::Debug for InsertedCard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "InsertedCard({})", self.insertion)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CardParameters, Cps3Card};
    use card_apdu::{CardChannel, ChannelError, CommandApdu, StatusWord};
    use time::macros::datetime;

    const READER: &str = "Virtual CPS reader 00";

    fn card() -> Box<dyn VirtualCard> {
        let parameters = CardParameters::new(datetime!(2026-11-21 19:00 UTC));
        Box::new(Cps3Card::new(&parameters).unwrap())
    }

    fn readers_with_card() -> VirtualReaders {
        let readers = VirtualReaders::with_count(1);
        readers.insert(READER, card()).unwrap();
        readers
    }

    fn pin_state(connection: &mut VirtualConnection) -> Result<StatusWord, ChannelError> {
        let response = connection.transmit(&CommandApdu::new(0, 0x20, 0, 1))?;
        Ok(response.sw())
    }

    #[test]
    fn a_connection_reaches_the_card_through_the_channel() {
        let readers = readers_with_card();
        let mut connection = readers.connect(READER).unwrap();
        assert_eq!(connection.atr(), Cps3Card::ATR);
        let response = connection
            .transmit(&CommandApdu::new(0, 0x20, 0, 1).with_secret_data(b"1234"))
            .unwrap();
        assert_eq!(response.sw(), StatusWord::SUCCESS);
        assert_eq!(pin_state(&mut connection), Ok(StatusWord::SUCCESS));
    }

    #[test]
    fn a_connection_ends_with_its_insertion_and_not_with_its_reader() {
        let readers = readers_with_card();
        let mut before = readers.connect(READER).unwrap();
        let card = readers.remove(READER).unwrap().unwrap();
        assert_eq!(pin_state(&mut before), Err(ReaderFault::Removed.into()));
        readers.insert(READER, card).unwrap();
        assert_eq!(pin_state(&mut before), Err(ReaderFault::Removed.into()));
        assert_eq!(before.reconnect(), Err(ReaderFault::Removed));
        let mut after = readers.connect(READER).unwrap();
        assert_eq!(pin_state(&mut after), Ok(StatusWord(0x63C3)));
        readers.remove_reader(READER).unwrap();
        assert_eq!(pin_state(&mut after), Err(ReaderFault::ReaderGone.into()));
    }

    #[test]
    fn a_reset_is_told_to_the_others_until_they_reconnect() {
        let readers = readers_with_card();
        let mut mine = readers.connect(READER).unwrap();
        let mut other = readers.connect(READER).unwrap();
        other.reset().unwrap();
        assert!(pin_state(&mut other).is_ok());
        assert_eq!(pin_state(&mut mine), Err(ReaderFault::Reset.into()));
        assert_eq!(mine.reset(), Err(ReaderFault::Reset));
        mine.reconnect().unwrap();
        assert!(pin_state(&mut mine).is_ok());
    }

    #[test]
    fn whoever_waits_is_woken_by_an_insertion() {
        let readers = VirtualReaders::with_count(1);
        let seen = readers.state().change;
        let waiting = readers.clone();
        let waiter = std::thread::spawn(move || waiting.wait_for_change(seen, None));
        readers.insert(READER, card()).unwrap();
        let state = waiter.join().unwrap();
        assert_eq!(
            state.readers[0].card.as_ref().unwrap().atr,
            Cps3Card::ATR.to_vec()
        );
    }

    #[test]
    fn waiting_ends_when_the_time_is_up_or_somebody_wakes() {
        let readers = VirtualReaders::with_count(1);
        let before = readers.state();
        let after = readers.wait_for_change(before.change, Some(Duration::ZERO));
        assert_eq!(after, before);
        readers.wake();
        let woken = readers.wait_for_change(before.change, None);
        assert_eq!(woken.readers, before.readers);
    }

    #[test]
    fn impossible_changes_are_refused_and_change_nothing() {
        let readers = readers_with_card();
        let before = readers.state();
        let name = || READER.to_owned();
        assert_eq!(
            readers.insert(READER, card()),
            Err(VirtualReaderError::Occupied { name: name() })
        );
        assert_eq!(
            readers.add_reader(READER),
            Err(VirtualReaderError::NameTaken { name: name() })
        );
        let unknown = VirtualReaderError::UnknownReader {
            name: "none".to_owned(),
        };
        assert_eq!(readers.insert("none", card()), Err(unknown.clone()));
        assert_eq!(readers.remove_reader("none"), Err(unknown));
        assert_eq!(
            readers.connect("none").unwrap_err(),
            ReaderFault::ReaderGone
        );
        assert_eq!(readers.state(), before);
    }

    #[test]
    fn a_card_that_a_fault_took_out_can_be_inserted_again() {
        let readers = readers_with_card();
        let plan = readers.fault_plan(READER).unwrap();
        plan.arm("removal-after@2".parse().unwrap());
        let mut connection = readers.connect(READER).unwrap();
        let wrong_pin = CommandApdu::new(0, 0x20, 0, 1).with_secret_data(b"0000");
        assert!(pin_state(&mut connection).is_ok());
        let fault = connection.transmit(&wrong_pin).unwrap_err();
        assert_eq!(fault, ReaderFault::Removed.into());
        assert_eq!(readers.state().readers[0].card, None);

        let card = readers.take_pulled(READER).unwrap().unwrap();
        readers.insert(READER, card).unwrap();
        assert!(readers.take_pulled(READER).unwrap().is_none());
        let mut again = readers.connect(READER).unwrap();
        assert_eq!(pin_state(&mut again), Ok(StatusWord(0x63C2)));
        assert_eq!(plan.counts().pin_verifies, 1);
    }

    #[test]
    fn after_a_power_loss_the_card_has_forgotten_and_the_connection_is_told() {
        let readers = readers_with_card();
        let mut connection = readers.connect(READER).unwrap();
        let pin = CommandApdu::new(0, 0x20, 0, 1).with_secret_data(b"1234");
        connection.transmit(&pin).unwrap();
        let plan = readers.fault_plan(READER).unwrap();
        plan.arm("power-loss@1".parse().unwrap());
        assert!(pin_state(&mut connection).is_err());
        assert_eq!(pin_state(&mut connection), Err(ReaderFault::Reset.into()));
        connection.reconnect().unwrap();
        assert_eq!(pin_state(&mut connection), Ok(StatusWord(0x63C3)));
    }

    #[test]
    fn a_silent_card_holds_up_no_other_reader() {
        let readers = readers_with_card();
        readers.add_reader("other").unwrap();
        readers.insert("other", card()).unwrap();
        let plan = readers.fault_plan(READER).unwrap();
        plan.arm("silence@1".parse().unwrap());
        let mut silent = readers.connect(READER).unwrap();
        let waiter = std::thread::spawn(move || pin_state(&mut silent));
        while plan.counts().commands == 0 {
            std::thread::yield_now();
        }
        let mut other = readers.connect("other").unwrap();
        assert_eq!(pin_state(&mut other), Ok(StatusWord(0x63C3)));
        while !waiter.is_finished() {
            plan.release();
            std::thread::yield_now();
        }
        assert_eq!(waiter.join().unwrap(), Err(ReaderFault::Mute.into()));
    }
}
