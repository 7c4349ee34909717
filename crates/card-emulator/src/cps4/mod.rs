//! The CPS4: a ChipDoc applet on logical channel 1, as the official module drives it.
//!
//! No dialogue with a real CPS4 is public. The commands are those that the official module was
//! seen to send, the answers those that it needs; what neither tells is marked OURS.

mod applet;
mod applications;
mod binary;
mod channels;
mod file_system;
mod parameters;
mod personalisation;
mod pkcs15;
mod security_environment;
mod security_operations;
mod selection;
mod verification;

use std::path::Path;

use card_apdu::Protocol;

use self::applications::Applications;
pub use self::parameters::{CodeReferences, Cps4Atr, Cps4Parameters};
use crate::card_error::CardError;
use crate::parameters::CardParameters;
use crate::persistent_state::StateStore;
use crate::transmission::Transmission;
use crate::virtual_card::VirtualCard;

/// A virtual CPS4 with memory.
pub struct Cps4Card {
    atr: Cps4Atr,
    transmission: Transmission,
    applications: Applications,
}

impl Cps4Card {
    /// A card that remembers as long as the program runs.
    ///
    /// # Errors
    /// [`CardError`] when the parameters are impossible.
    pub fn new(parameters: &CardParameters) -> Result<Self, CardError> {
        Self::make(parameters, None)
    }

    /// A card whose codes, counters and CPS_DATA live in a file: what stands there goes before the
    /// parameters. Without the file the card is new and the file is made.
    ///
    /// # Errors
    /// [`CardError`] when the parameters are impossible or the file is not of this card.
    pub fn with_state_file(parameters: &CardParameters, file: &Path) -> Result<Self, CardError> {
        Self::make(parameters, Some(file))
    }

    fn make(parameters: &CardParameters, file: Option<&Path>) -> Result<Self, CardError> {
        parameters.check()?;
        let store = StateStore::of_card(parameters, file)?;
        let atr = parameters.cps4.atr;
        Ok(Self {
            atr,
            transmission: Transmission::new(atr.protocol()),
            applications: Applications::new(parameters, store)?,
        })
    }
}

impl VirtualCard for Cps4Card {
    fn atr(&self) -> &[u8] {
        self.atr.bytes()
    }

    fn protocol(&self) -> Protocol {
        self.transmission.protocol()
    }

    fn reset(&mut self) {
        self.transmission.reset();
        self.applications.reset();
    }

    fn process(&mut self, line: &[u8]) -> Vec<u8> {
        self.transmission
            .answer(line, |command| self.applications.execute(command))
    }
}

impl std::fmt::Debug for Cps4Card {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cps4Card")
            .field("applications", &self.applications)
            .finish_non_exhaustive()
    }
}
