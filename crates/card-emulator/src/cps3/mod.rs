//! The CPS3, through its contacts or its antenna: IAS-ECC 1.0.1 as real cards speak it.
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

use self::applet::{Applet, Interface};
use crate::card_error::CardError;
use crate::parameters::CardParameters;
use crate::persistent_state::StateStore;
use crate::transmission::Transmission;
use crate::virtual_card::VirtualCard;

/// A virtual CPS3 with memory.
pub struct Cps3Card {
    transmission: Transmission,
    applet: Applet,
}

impl Cps3Card {
    /// The answer to reset of a CPS3 with contacts, T=0.
    pub const ATR: [u8; 17] = [
        0x3B, 0xAC, 0x00, 0x40, 0x2A, 0x00, 0x12, 0x25, 0x00, 0x64, 0x80, 0x00, 0x03, 0x10, 0x00,
        0x90, 0x00,
    ];

    /// The answer to reset that PC/SC makes for a CPS3 on a contactless reader, T=1.
    pub const CONTACTLESS_ATR: [u8; 20] = [
        0x3B, 0x8F, 0x80, 0x01, 0x00, 0x31, 0xB8, 0x64, 0x04, 0xB0, 0xEC, 0xC1, 0x73, 0x94, 0x01,
        0x80, 0x82, 0x90, 0x00, 0x0E,
    ];

    /// A card with contacts that remembers as long as the program runs.
    ///
    /// # Errors
    /// [`CardError`] when the parameters are impossible.
    pub fn new(parameters: &CardParameters) -> Result<Self, CardError> {
        Self::make(Interface::Contact, parameters, None)
    }

    /// A card with contacts whose codes, counters and CPS_DATA live in a file: what stands there
    /// goes before the parameters. Without the file the card is new and the file is made.
    ///
    /// # Errors
    /// [`CardError`] when the parameters are impossible or the file is not of this card.
    pub fn with_state_file(parameters: &CardParameters, file: &Path) -> Result<Self, CardError> {
        Self::make(Interface::Contact, parameters, Some(file))
    }

    /// The same card as a contactless reader sees it: a technical key that needs no code, and
    /// neither codes nor signature.
    ///
    /// # Errors
    /// [`CardError`] when the parameters are impossible.
    pub fn contactless(parameters: &CardParameters) -> Result<Self, CardError> {
        Self::make(Interface::Contactless, parameters, None)
    }

    pub(crate) fn contactless_with_state_file(
        parameters: &CardParameters,
        file: &Path,
    ) -> Result<Self, CardError> {
        Self::make(Interface::Contactless, parameters, Some(file))
    }

    fn make(
        interface: Interface,
        parameters: &CardParameters,
        file: Option<&Path>,
    ) -> Result<Self, CardError> {
        parameters.check()?;
        let protocol = match interface {
            Interface::Contact => Protocol::T0,
            Interface::Contactless => Protocol::T1,
        };
        let store = StateStore::of_card(parameters, file)?;
        Ok(Self {
            transmission: Transmission::new(protocol),
            applet: Applet::new(interface, parameters, store)?,
        })
    }
}

impl VirtualCard for Cps3Card {
    fn atr(&self) -> &[u8] {
        match self.applet.interface {
            Interface::Contact => &Self::ATR,
            Interface::Contactless => &Self::CONTACTLESS_ATR,
        }
    }

    fn protocol(&self) -> Protocol {
        self.transmission.protocol()
    }

    fn reset(&mut self) {
        self.transmission.reset();
        self.applet.reset();
    }

    fn process(&mut self, line: &[u8]) -> Vec<u8> {
        self.transmission
            .answer(line, |command| self.applet.execute(command))
    }
}

impl std::fmt::Debug for Cps3Card {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cps3Card")
            .field("applet", &self.applet)
            .finish_non_exhaustive()
    }
}
