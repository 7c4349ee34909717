//! A way to the card in a virtual reader, through the faults that are ordered for it.

use std::sync::Arc;

use card_apdu::{CardChannel, Keypad, Protocol, ReaderFault, WireBytes};

use super::{InsertedCard, Shared, VirtualReaderError};
use crate::fault_plan::Line;

/// A way to the card in one reader, until that card leaves or is reset by others.
#[derive(Debug)]
pub struct VirtualConnection {
    pub(super) shared: Arc<Shared>,
    pub(super) reader: String,
    atr: Vec<u8>,
    protocol: Protocol,
    insertion: u64,
    resets: u64,
}

impl VirtualConnection {
    pub(super) fn new(shared: &Arc<Shared>, reader: &str) -> Result<Self, ReaderFault> {
        let mut readers = shared.lock();
        let inserted = readers.card(reader)?;
        Ok(Self {
            shared: Arc::clone(shared),
            reader: reader.to_owned(),
            atr: inserted.card.atr().to_vec(),
            protocol: inserted.card.protocol(),
            insertion: inserted.insertion,
            resets: inserted.resets,
        })
    }

    /// The answer to reset of the card.
    #[must_use]
    pub fn atr(&self) -> &[u8] {
        &self.atr
    }

    /// Number of the insertion that this connection belongs to.
    #[must_use]
    pub fn insertion(&self) -> u64 {
        self.insertion
    }

    /// Resets the card: it forgets the verified codes, and every other connection is told at its
    /// next command.
    ///
    /// # Errors
    /// [`ReaderFault`] when the card is no longer the one that was connected to.
    pub fn reset(&mut self) -> Result<(), ReaderFault> {
        let resets = self.with_card(|inserted| {
            inserted.card.reset();
            inserted.resets += 1;
            inserted.resets
        })?;
        self.resets = resets;
        Ok(())
    }

    /// Accepts that another connection reset the card, as PC/SC's reconnect does.
    ///
    /// # Errors
    /// [`ReaderFault`] when the card left since.
    pub fn reconnect(&mut self) -> Result<(), ReaderFault> {
        let mut readers = self.shared.lock();
        let inserted = readers.card(&self.reader)?;
        if inserted.insertion != self.insertion {
            return Err(ReaderFault::Removed);
        }
        self.resets = inserted.resets;
        Ok(())
    }

    /// Whether the card is still the one that was connected to and was not reset since, as PC/SC
    /// tells at the start of a transaction.
    ///
    /// # Errors
    /// [`ReaderFault::Removed`], [`ReaderFault::Reset`], [`ReaderFault::ReaderGone`].
    pub fn check(&self) -> Result<(), ReaderFault> {
        self.with_card(|_| ())
    }

    fn with_card<T>(&self, act: impl FnOnce(&mut InsertedCard) -> T) -> Result<T, ReaderFault> {
        let mut readers = self.shared.lock();
        let inserted = readers.card(&self.reader)?;
        if inserted.insertion != self.insertion {
            return Err(ReaderFault::Removed);
        }
        if inserted.resets != self.resets {
            return Err(ReaderFault::Reset);
        }
        Ok(act(inserted))
    }
}

impl CardChannel for VirtualConnection {
    fn protocol(&self) -> Protocol {
        self.protocol
    }

    fn exchange(&mut self, command: &WireBytes) -> Result<Vec<u8>, ReaderFault> {
        self.exchange_bytes(command.expose())
    }

    fn keypad(&mut self) -> Option<&mut dyn Keypad> {
        self.has_keypad().then_some(self as &mut dyn Keypad)
    }
}

impl VirtualConnection {
    /// Whatever takes its time here does so without holding up the other readers.
    pub(super) fn exchange_bytes(&mut self, command: &[u8]) -> Result<Vec<u8>, ReaderFault> {
        let (plan, pace) = {
            let mut readers = self.shared.lock();
            let reader = readers.reader(&self.reader);
            let reader = reader.map_err(|_| ReaderFault::ReaderGone)?;
            (reader.plan.clone(), reader.pace)
        };
        let answer = plan.exchange(self, command)?;
        std::thread::sleep(pace.time(command, &answer));
        Ok(answer)
    }
}

impl Line for VirtualConnection {
    fn answer(&mut self, command: &[u8]) -> Result<Vec<u8>, ReaderFault> {
        self.with_card(|inserted| inserted.card.process(command))
    }

    fn pull(&mut self) {
        // A reader that is gone has no card to lose.
        let _: Result<(), VirtualReaderError> = self.shared.change(|readers| {
            let reader = readers.reader(&self.reader)?;
            let is_mine = |card: &mut InsertedCard| card.insertion == self.insertion;
            if let Some(mine) = reader.card.take_if(is_mine) {
                reader.pulled = Some(mine);
            }
            Ok(())
        });
    }

    /// Another connection would do it in the same way: this one is told at its next command.
    fn reset(&mut self) {
        // A card that is gone has nothing to forget.
        let _: Result<(), ReaderFault> = self.with_card(|inserted| {
            inserted.card.reset();
            inserted.resets += 1;
        });
    }
}
