//! The CPS3 with contacts: IAS-ECC 1.0.1 as real cards speak it.
//!
//! Where no public source tells what a real card answers, the doc comment says GUESS.

mod applet;
mod binary;
mod file_system;
mod hashing;
mod personalisation;
mod pkcs15;
mod private_keys;
mod security_data_objects;
mod security_environment;
mod security_operations;
mod selection;
mod verification;

use std::path::Path;

use card_apdu::Protocol;

use self::applet::{Applet, Volatile, fresh_state};
use self::verification::CodeLimits;
use crate::parameters::{CardParameters, ParameterError};
use crate::persistent_state::{StateFileError, StateStore};
use crate::pki::PkiError;
use crate::transmission::Transmission;
use crate::virtual_card::VirtualCard;

/// Sees every command and its answer, as they go over the line.
pub type Observer = Box<dyn FnMut(&[u8], &[u8]) + Send>;

/// A virtual CPS3 with memory.
pub struct Cps3Card {
    transmission: Transmission,
    applet: Applet,
    observer: Option<Observer>,
}

/// Why a virtual card could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CardError {
    /// The parameters are such that no card can have them.
    #[error("checking the parameters of the virtual card")]
    Parameters(#[from] ParameterError),
    /// Its keys or certificates could not be made.
    #[error("making the certificates of the virtual card")]
    Pki(#[from] PkiError),
    /// Its state file cannot be used.
    #[error("opening the memory of the virtual card")]
    State(#[from] StateFileError),
}

impl Cps3Card {
    /// The answer to reset of a CPS3 with contacts, T=0.
    pub const ATR: [u8; 17] = [
        0x3B, 0xAC, 0x00, 0x40, 0x2A, 0x00, 0x12, 0x25, 0x00, 0x64, 0x80, 0x00, 0x03, 0x10, 0x00,
        0x90, 0x00,
    ];

    /// A card that remembers as long as the program runs.
    ///
    /// # Errors
    /// [`CardError`] when the parameters are impossible.
    pub fn new(parameters: &CardParameters) -> Result<Self, CardError> {
        parameters.check()?;
        let store = StateStore::in_memory(fresh_state(parameters), parameters.number.to_string());
        Self::with_store(parameters, store)
    }

    /// A card whose codes, counters and CPS_DATA live in a file: what stands there goes before the
    /// parameters. Without the file the card is new and the file is made.
    ///
    /// # Errors
    /// [`CardError`] when the parameters are impossible or the file is not of this card.
    pub fn with_state_file(parameters: &CardParameters, file: &Path) -> Result<Self, CardError> {
        parameters.check()?;
        let store = StateStore::in_file(
            fresh_state(parameters),
            parameters.number.to_string(),
            &CodeLimits::of(parameters).pin_len,
            file,
        )?;
        Self::with_store(parameters, store)
    }

    /// Lets somebody see every command and answer, codes included: for tests and measurements.
    #[must_use]
    pub fn with_observer(mut self, observer: Observer) -> Self {
        self.observer = Some(observer);
        self
    }

    fn with_store(parameters: &CardParameters, store: StateStore) -> Result<Self, CardError> {
        Ok(Self {
            transmission: Transmission::new(Protocol::T0),
            applet: Applet::new(parameters, store)?,
            observer: None,
        })
    }
}

impl VirtualCard for Cps3Card {
    fn atr(&self) -> &[u8] {
        &Self::ATR
    }

    fn protocol(&self) -> Protocol {
        self.transmission.protocol()
    }

    fn reset(&mut self) {
        self.transmission.reset();
        self.applet.volatile = Volatile::default();
    }

    fn process(&mut self, line: &[u8]) -> Vec<u8> {
        let answer = self
            .transmission
            .answer(line, |command| self.applet.execute(command));
        if let Some(observer) = &mut self.observer {
            observer(line, &answer);
        }
        answer
    }
}

impl std::fmt::Debug for Cps3Card {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cps3Card")
            .field("applet", &self.applet)
            .finish_non_exhaustive()
    }
}
