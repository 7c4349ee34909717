//! The card behind a module: the rules of the family over single calls of the module.

mod codes;
mod identity;
mod keys;
mod proof;

use card_profiles::{
    Activity, Capabilities, CardError, CardFiles, CodeStates, CpxCard, Identity, KeypadTime,
    KeypadUses, LastTry, PinError, PinLimits, Signable, UnblockError, Verification,
};
use igc_sante::KeyRole;
use secrets::{Pin, SecretBytes, UnblockCode};

use crate::connection::ModuleConnection;
use crate::protocol::{Answer, Request};

/// A card in use, within one [`crate::ModuleTransaction`].
#[derive(Debug)]
pub struct ModuleCard<'a> {
    pub(crate) connection: &'a mut ModuleConnection,
}

impl CpxCard for ModuleCard<'_> {
    fn capabilities(&mut self) -> Result<Capabilities, CardError> {
        let identity = self.known_identity()?;
        Ok(keys::capabilities(&identity, &self.connection.open))
    }

    fn identity(&mut self) -> Result<Identity, CardError> {
        self.known_identity()
    }

    /// That of the token as the transaction found it, whose session proves that it is still there.
    fn read_serial_number(&mut self) -> Result<String, CardError> {
        Ok(self.connection.open.token.serial_number.clone())
    }

    /// A module has files of its own, and no others.
    fn recall(&mut self, _files: CardFiles) -> Result<(), CardError> {
        Err(CardError::Bug("the files of a module's card were kept"))
    }

    fn certificates_are_as_known(&mut self) -> Result<bool, CardError> {
        Err(CardError::Bug("the files of a module's card were kept"))
    }

    fn code_states(&mut self) -> Result<CodeStates, CardError> {
        let memory = &self.connection.memory;
        let token = &self.connection.open.token;
        Ok(token.code_states(memory.last_pin, memory.last_unblock_code))
    }

    fn glance_at_codes(&mut self) -> Result<CodeStates, CardError> {
        self.code_states()
    }

    fn pin_limits(&mut self) -> Result<Option<PinLimits>, CardError> {
        Ok(self.connection.open.token.pin_limits())
    }

    fn verify_pin(&mut self, pin: &Pin, last_try: LastTry) -> Result<Verification, PinError> {
        self.log_in(pin, last_try)
    }

    fn change_pin(&mut self, old: &Pin, new: &Pin, last_try: LastTry) -> Result<(), PinError> {
        self.set_pin(old, new, last_try)
    }

    fn unblock_pin(
        &mut self,
        code: &UnblockCode,
        new: &Pin,
        last_try: LastTry,
    ) -> Result<(), UnblockError> {
        self.init_pin(code, new, last_try)
    }

    /// C_SetPIN at a keypad is in no module that could be tried.
    fn keypad_uses(&mut self) -> Result<KeypadUses, CardError> {
        let token = &self.connection.open.token;
        Ok(KeypadUses {
            verify: token.protected_path && token.has_pin(),
            change: false,
        })
    }

    fn verify_pin_at_keypad(
        &mut self,
        time: KeypadTime,
        last_try: LastTry,
    ) -> Result<Verification, PinError> {
        self.log_in_at_keypad(time, last_try)
    }

    fn change_pin_at_keypad(
        &mut self,
        _time: KeypadTime,
        _last_try: LastTry,
        _go_on: &dyn Fn() -> bool,
    ) -> Result<(), PinError> {
        let not_there = "a code is not changed at the keypad through a module";
        Err(CardError::CardUnsupported(not_there).into())
    }

    /// The module is logged out at the end of the transaction, whatever happened: there is nothing else that
    /// could be dropped.
    fn leaves_code_presented(&self) -> bool {
        false
    }

    fn keeps_code(&self) -> bool {
        false
    }

    fn sign(&mut self, role: KeyRole, input: &Signable<'_>) -> Result<Vec<u8>, CardError> {
        self.sign_digest(role, input)
    }

    fn activity_numbers(&mut self) -> Result<Option<Vec<u8>>, CardError> {
        if self.connection.open.token.has_pin() && !self.connection.is_logged_in {
            return Ok(None);
        }
        let activities = self.read_activities()?;
        Ok(Some(activities.iter().map(|one| one.number).collect()))
    }

    /// None at all may mean that the module took a code which the card had not: then a key says so.
    fn activities(&mut self) -> Result<Vec<Activity>, CardError> {
        let activities = self.read_activities()?;
        if activities.is_empty() && self.connection.is_logged_in {
            self.sign_at_random()?;
        }
        Ok(activities)
    }

    fn decipher(&mut self, cryptogram: &[u8]) -> Result<SecretBytes, CardError> {
        self.decipher_with_authentication_key(cryptogram)
    }
}

impl ModuleCard<'_> {
    /// The data objects of the places of work; private ones, which are visible after the login.
    fn read_activities(&mut self) -> Result<Vec<Activity>, CardError> {
        let request = Request::Data {
            prefix: ACTIVITY_PREFIX.into(),
        };
        let Answer::Data(objects) = self.connection.ask(&request, &[])? else {
            return Err(self.connection.answered_something_else().into());
        };
        let mut activities = Vec::new();
        for object in objects {
            if let Some(number) = Activity::number_of_label(&object.label)
                && let Some(activity) = Activity::parse(number, &object.value)?
            {
                activities.push(activity);
            }
        }
        activities.sort_by_key(|activity| activity.number);
        Ok(activities)
    }
}

const ACTIVITY_PREFIX: &str = "CPS_ACTIVITY_";
