//! CPS3: the IAS-ECC 1.0.1 applications on channel 0, of which one answers by contact and one
//! without (facts in the fixtures under `apdu-fixtures/cps3`).

mod code_changes;
mod codes;
mod directory;
mod keys;

use card_apdu::{CardChannel, CommandApdu, KeypadCodes, KeypadTime};
use igc_sante::KeyRole;
use secrets::{Pin, SecretBytes, UnblockCode};

use crate::card::{
    Capabilities, CodeStates, CpxCard, HashAlgorithm, Identity, LastTry, PinLimits, Signable,
    SignatureAlgorithm, Verification,
};
use crate::directory::Directory;
use crate::keypad::{KeypadUses, keypad_takes};
use crate::memory::LeftSelected;
use crate::pkcs15::PinObject;
use crate::{Activity, CardError, CardFiles, CardMemory, CardObjects, PinError, UnblockError};

/// The two faces of the card, each with its PKCS#15 application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Interface {
    /// Both keys of the holder, and the codes.
    Contact,
    /// One key that needs no code, and so proves that the card is there, not its holder.
    Contactless,
}

impl Interface {
    /// Codes that are known without a file: none are there without contacts.
    fn known_codes(self) -> Option<Vec<PinObject>> {
        match self {
            Self::Contact => None,
            Self::Contactless => Some(Vec::new()),
        }
    }
}

/// What this transaction proved to be the current directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Current {
    /// Nothing: another program, or the selection of a file, may have made any directory current.
    Unknown,
    /// The IAS root, which is the master file.
    Root,
    /// The application.
    Application,
}

/// A CPS3 within one transaction.
pub struct Cps3<'t> {
    channel: &'t mut dyn CardChannel,
    memory: &'t mut CardMemory,
    interface: Interface,
    current: Current,
    /// As this transaction read it from the card.
    proven_serial_number: Option<String>,
    leaves_code_presented: bool,
}

impl std::fmt::Debug for Cps3<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cps3")
            .field("current", &self.current)
            .finish_non_exhaustive()
    }
}

impl<'t> Cps3<'t> {
    /// A card behind `channel`, with what this insertion already taught.
    pub fn new(channel: &'t mut dyn CardChannel, memory: &'t mut CardMemory) -> Self {
        Self::on(Interface::Contact, channel, memory)
    }

    /// The same without contacts: no code can be presented, whatever its files may say.
    pub fn contactless(channel: &'t mut dyn CardChannel, memory: &'t mut CardMemory) -> Self {
        memory.pins.get_or_insert_default();
        Self::on(Interface::Contactless, channel, memory)
    }

    fn on(
        interface: Interface,
        channel: &'t mut dyn CardChannel,
        memory: &'t mut CardMemory,
    ) -> Self {
        Self {
            channel,
            memory,
            interface,
            current: Current::Unknown,
            proven_serial_number: None,
            leaves_code_presented: false,
        }
    }

    /// Makes the application the current DF, once in a transaction.
    fn select_application(&mut self) -> Result<(), CardError> {
        if self.current != Current::Application {
            let path = self.application_path()?;
            self.select_file(&path)?;
            self.now_current(Current::Application);
        }
        Ok(())
    }

    /// Signs in the application, without its selection where the last transaction left it selected.
    ///
    /// Another program may have moved the card since, which the card shows by refusing. Then all of
    /// `sign` is done once more behind a selection; that costs nothing, since no code is in it. A card that
    /// signed elsewhere, by another key of the same reference, made a signature that does not verify.
    fn where_the_keys_are<T>(
        &mut self,
        sign: impl Fn(&mut Self) -> Result<T, CardError>,
    ) -> Result<T, CardError> {
        if self.current == Current::Unknown
            && self.memory.left_selected == LeftSelected::IasApplication
        {
            match sign(self) {
                Err(CardError::Refused { .. }) => {}
                outcome => return outcome,
            }
        }
        self.select_application()?;
        sign(self)
    }

    /// Notes what is selected, also for the next transaction.
    fn now_current(&mut self, current: Current) {
        self.current = current;
        self.memory.left_selected = match current {
            Current::Application => LeftSelected::IasApplication,
            Current::Unknown | Current::Root => LeftSelected::Other,
        };
    }
}

impl CpxCard for Cps3<'_> {
    fn capabilities(&mut self) -> Result<Capabilities, CardError> {
        use HashAlgorithm::{Sha256, Sha384, Sha512};
        // Read first, so that a code which the keys contradict is not reported as there.
        self.private_keys()?;
        let pin = self.pin_object()?.is_some();
        let mut capabilities = Capabilities {
            pin,
            ..Capabilities::default()
        };
        for (role, hashes) in [
            (KeyRole::Authentication, vec![Sha256, Sha384, Sha512]),
            (KeyRole::Signature, vec![Sha256]),
            (KeyRole::Technical, vec![Sha256, Sha384, Sha512]),
        ] {
            match self.key(role) {
                Ok(key) => {
                    capabilities.decipher |= role == KeyRole::Authentication && key.deciphers;
                    let algorithms = hashes.into_iter().map(SignatureAlgorithm::RsaPkcs1);
                    let algorithms = algorithms.collect();
                    capabilities.signature_algorithms.push((role, algorithms));
                }
                Err(CardError::KeyAbsent(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(capabilities)
    }

    fn identity(&mut self) -> Result<Identity, CardError> {
        self.read_identity_once()
    }

    fn read_serial_number(&mut self) -> Result<String, CardError> {
        self.select_root()?;
        let serial_number = self.read_ef_sn()?;
        self.proven_serial_number = Some(serial_number.clone());
        Ok(serial_number)
    }

    fn recall(&mut self, files: CardFiles) -> Result<(), CardError> {
        let codes = self.interface.known_codes();
        self.memory.restart_with(files, codes.clone());
        let understood = self.identity().and_then(|_| self.capabilities());
        if understood.is_err() {
            self.memory.restart_with(CardFiles::default(), codes);
        }
        understood.map(drop)
    }

    fn certificates_are_as_known(&mut self) -> Result<bool, CardError> {
        self.check_certificates()
    }

    fn code_states(&mut self) -> Result<CodeStates, CardError> {
        self.read_code_states()
    }

    fn glance_at_codes(&mut self) -> Result<CodeStates, CardError> {
        self.glance_at_code_states()
    }

    fn pin_limits(&mut self) -> Result<Option<PinLimits>, CardError> {
        Ok(self.pin_object()?.map(|pin| pin.limits))
    }

    fn verify_pin(&mut self, pin: &Pin, last_try: LastTry) -> Result<Verification, PinError> {
        self.present_pin(pin, last_try)
    }

    fn change_pin(&mut self, old: &Pin, new: &Pin, last_try: LastTry) -> Result<(), PinError> {
        self.change_code(old, new, last_try)
    }

    fn unblock_pin(
        &mut self,
        code: &UnblockCode,
        new: &Pin,
        last_try: LastTry,
    ) -> Result<(), UnblockError> {
        self.set_code_by_unblock_code(code, new, last_try)
    }

    fn keypad_uses(&mut self) -> Result<KeypadUses, CardError> {
        let Some(pin) = self.pin_object()? else {
            return Ok(KeypadUses::default());
        };
        let mut takes = |codes| keypad_takes(self.channel, &pin, codes);
        let verify = takes(KeypadCodes::Present);
        Ok(KeypadUses {
            verify,
            change: takes(KeypadCodes::OldThenNewTwice),
        })
    }

    fn verify_pin_at_keypad(
        &mut self,
        time: KeypadTime,
        last_try: LastTry,
    ) -> Result<Verification, PinError> {
        self.present_pin_at_keypad(time, last_try)
    }

    fn change_pin_at_keypad(
        &mut self,
        time: KeypadTime,
        last_try: LastTry,
        go_on: &dyn Fn() -> bool,
    ) -> Result<(), PinError> {
        self.change_code_at_keypad(time, last_try, go_on)
    }

    fn leaves_code_presented(&self) -> bool {
        self.leaves_code_presented
    }

    fn sign(&mut self, role: KeyRole, input: &Signable<'_>) -> Result<Vec<u8>, CardError> {
        self.sign_with(role, input)
    }

    fn objects(&mut self) -> Result<CardObjects, CardError> {
        let serial_number = self.identity()?.serial_number;
        Ok(CardObjects {
            serial_number,
            ..self.named_objects()?
        })
    }

    fn challenge(&mut self) -> Result<Vec<u8>, CardError> {
        self.get_challenge()
    }

    fn data(&mut self, label: &str) -> Result<Vec<u8>, CardError> {
        self.read_data(label)
    }

    fn activity_numbers(&mut self) -> Result<Option<Vec<u8>>, CardError> {
        let objects = self.activity_objects()?;
        Ok(Some(objects.iter().map(|object| object.number).collect()))
    }

    fn activities(&mut self) -> Result<Vec<Activity>, CardError> {
        self.read_activities()
    }

    fn decipher(&mut self, cryptogram: &[u8]) -> Result<SecretBytes, CardError> {
        self.decipher_with_authentication_key(cryptogram)
    }
}

/// SELECT by absolute path (P1 = 09), 3F00 kept as a real CPS3 wants it.
fn select_by_path(path: &[u8], p2: u8) -> CommandApdu {
    CommandApdu::new(0x00, SELECT, 0x09, p2).with_data(path)
}

const SELECT: u8 = 0xA4;
/// P2 of SELECT: control parameters may come; nobody fetches them.
const WITH_FCP: u8 = 0x04;
/// P2 of SELECT: no control parameters.
const WITHOUT_FCP: u8 = 0x0C;
