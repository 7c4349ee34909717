//! CPS4: the ChipDoc applet, on logical channel 1 in every command.
//!
//! Nothing here was seen on a real card. The commands are those that the official module sends
//! and that the acceptance reports of its publisher passed with on two real cards; each is kept
//! to the byte (fixtures under `apdu-fixtures/cps4`). Where the module does not look at an
//! answer, this profile does.

mod code_changes;
mod codes;
mod keys;
mod selection;

use card_apdu::{CardChannel, KeypadCodes, KeypadTime};
use igc_sante::KeyRole;
use secrets::{Pin, SecretBytes, UnblockCode};

use self::selection::Current;
use crate::card::{
    Capabilities, CodeStates, CpxCard, Generation, HashAlgorithm, Identity, LastTry, PinLimits,
    Signable, SignatureAlgorithm, Verification,
};
use crate::directory::Directory;
use crate::keypad::{KeypadUses, keypad_takes};
use crate::{Activity, CardError, CardFiles, CardMemory, CardObjects, PinError, UnblockError};

/// A CPS4 within one transaction.
pub struct Cps4<'t> {
    channel: &'t mut dyn CardChannel,
    memory: &'t mut CardMemory,
    current: Current,
    /// As this transaction read it from the card.
    proven_serial_number: Option<String>,
    /// From here on a lost selection is an error: the card may not be the one that took the code.
    code_was_sent: bool,
    leaves_code_presented: bool,
}

impl std::fmt::Debug for Cps4<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cps4")
            .field("current", &self.current)
            .finish_non_exhaustive()
    }
}

impl<'t> Cps4<'t> {
    /// A card behind `channel`, with what this insertion already taught.
    pub fn new(channel: &'t mut dyn CardChannel, memory: &'t mut CardMemory) -> Self {
        Self {
            channel,
            memory,
            current: Current::Unknown,
            proven_serial_number: None,
            code_was_sent: false,
            leaves_code_presented: false,
        }
    }

    fn read_identity_once(&mut self) -> Result<Identity, CardError> {
        if let Some(identity) = &self.memory.identity {
            return Ok(identity.clone());
        }
        let serial_number = match self.proven_serial_number.clone() {
            Some(proven) => proven,
            None => self.read_serial_number()?,
        };
        let identity = Identity {
            generation: Some(Generation::Cps4),
            serial_number,
            certificates: self.read_certificates()?,
        };
        self.memory.identity = Some(identity.clone());
        Ok(identity)
    }
}

impl CpxCard for Cps4<'_> {
    fn capabilities(&mut self) -> Result<Capabilities, CardError> {
        use HashAlgorithm::{Sha256, Sha384, Sha512};
        use SignatureAlgorithm::{RsaPkcs1, RsaPss};
        // Both lists are read first, so that a code which the keys contradict is not reported as there.
        self.pin_objects()?;
        self.private_keys()?;
        let mut capabilities = Capabilities {
            pin: self.pin_object()?.is_some(),
            ..Capabilities::default()
        };
        let authentication = vec![
            RsaPkcs1(Sha256),
            RsaPkcs1(Sha384),
            RsaPkcs1(Sha512),
            RsaPss(Sha256),
        ];
        let signature = vec![RsaPkcs1(Sha256), RsaPss(Sha256)];
        for (role, algorithms) in [
            (KeyRole::Authentication, authentication),
            (KeyRole::Signature, signature),
        ] {
            match self.key(role) {
                Ok(key) => {
                    capabilities.decipher |= role == KeyRole::Authentication && key.deciphers;
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
        let serial_number = self.read_ef_sn()?;
        self.proven_serial_number = Some(serial_number.clone());
        Ok(serial_number)
    }

    fn recall(&mut self, files: CardFiles) -> Result<(), CardError> {
        self.memory.restart_with(files, None);
        let understood = self.identity().and_then(|_| self.capabilities());
        if understood.is_err() {
            self.memory.restart_with(CardFiles::default(), None);
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
            change: verify && takes(KeypadCodes::NewTwice),
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

    /// The applet alone: whoever comes next selects in it what it needs, and a VERIFY always does.
    fn reopen(&mut self) -> Result<(), CardError> {
        self.open_applet()
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
        self.enter_applet()?;
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

/// Class of every command: logical channel 1, which the SELECT of the applet opens by itself.
const CHANNEL_1: u8 = 0x01;
