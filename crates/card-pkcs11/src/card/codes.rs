//! Codes given to the module: each once, and what became of it read back.

use card_profiles::{
    CardError, KeypadTime, LastTry, NotSent, PinError, PinLimits, UnblockError, Verification,
};
use secrets::{Pin, SecretBytes, UnblockCode};

use super::ModuleCard;
use super::proof::Proof;
use crate::connection::LastCode;
use crate::fault::{Ckr, ModuleFault};
use crate::protocol::{PinFlags, Request, User};

impl ModuleCard<'_> {
    /// C_Login with the holder's code.
    pub(super) fn log_in(
        &mut self,
        pin: &Pin,
        last_try: LastTry,
    ) -> Result<Verification, PinError> {
        let limits = self.check_pin(last_try)?;
        if !takes(limits, pin) {
            return Err(PinError::Length(limits));
        }
        self.present_pin(&Request::login(User::Holder), Some(pin.digits()))
    }

    /// C_Login with a code that is typed at the reader, which a host is given the holder's time for.
    pub(super) fn log_in_at_keypad(
        &mut self,
        time: KeypadTime,
        last_try: LastTry,
    ) -> Result<Verification, PinError> {
        self.check_pin(last_try)?;
        let typing = time.as_duration() + time.after_first_digit().as_duration();
        let request = Request::Login {
            user: User::Holder,
            codes: 0,
            keypad_seconds: u16::try_from(typing.as_secs()).unwrap_or(u16::MAX),
        };
        self.present_pin(&request, None)
    }

    /// C_SetPIN, which needs no login.
    pub(super) fn set_pin(
        &mut self,
        old: &Pin,
        new: &Pin,
        last_try: LastTry,
    ) -> Result<(), PinError> {
        let limits = self.check_pin(last_try)?;
        self.check_can_write()?;
        if !takes(limits, old) {
            return Err(PinError::Length(limits));
        }
        if !takes(limits, new) {
            return Err(PinError::NewCodeLength(limits));
        }
        let before = self.pin_flags();
        let codes = [old.digits(), new.digits()];
        if let Err(fault) = self.connection.ask(&Request::SetPin, &codes) {
            return Err(self.old_pin_refused(fault));
        }
        let after = self.look_after_success();
        let after = after.map_err(PinError::OutcomeUnknown)?;
        if after.are_worse_than(before) {
            return Err(self.wrong(after));
        }
        match self.prove_pin(new) {
            Proof::Holds => Ok(()),
            Proof::DoesNotHold => Err(PinError::Card(said_yes_in_vain())),
            Proof::Unknown(error) => Err(PinError::OutcomeUnknown(error)),
        }
    }

    /// C_Login as security officer, C_InitPIN, C_Logout.
    pub(super) fn init_pin(
        &mut self,
        code: &UnblockCode,
        new: &Pin,
        last_try: LastTry,
    ) -> Result<(), UnblockError> {
        let limits = self.pin_limits_of_token().ok_or(UnblockError::Absent)?;
        self.check_can_write()?;
        if self.connection.memory.last_unblock_code == LastCode::Blocked {
            return Err(UnblockError::Blocked);
        }
        let before = self.connection.open.token.sure_so_flags();
        before.check(last_try).map_err(UnblockError::from)?;
        if !takes(limits, new) {
            return Err(UnblockError::NewCodeLength(limits));
        }
        self.log_in_as_officer(code)?;
        let set = self.connection.ask(&Request::InitPin, &[new.digits()]);
        self.connection.log_out();
        if let Err(fault) = set {
            return Err(self.new_pin_refused(fault, before));
        }
        self.connection
            .restart()
            .map_err(|fault| UnblockError::OutcomeUnknown(fault.into()))?;
        self.check_unblocked(before, new)
    }

    fn check_pin(&mut self, last_try: LastTry) -> Result<PinLimits, PinError> {
        let limits = self.pin_limits_of_token().ok_or(PinError::Absent)?;
        let flags = self.pin_flags();
        flags.check(last_try).map_err(PinError::from)?;
        Ok(limits)
    }

    fn pin_limits_of_token(&self) -> Option<PinLimits> {
        self.connection.open.token.pin_limits()
    }

    fn check_can_write(&self) -> Result<(), CardError> {
        if self.connection.open.can_write {
            return Ok(());
        }
        let reason = "its module does not let codes be changed";
        Err(CardError::CardUnsupported(reason))
    }

    /// A CKR_OK counts where no try was lost by it: the official module says so of refusals that it does not
    /// know. That the card does know of the code, the use of a key shows.
    fn present_pin(
        &mut self,
        request: &Request,
        pin: Option<&SecretBytes>,
    ) -> Result<Verification, PinError> {
        let before = self.pin_flags();
        self.connection.memory.flags_before_login = before;
        let codes: Vec<_> = pin.into_iter().collect();
        if let Err(fault) = self.connection.ask(request, &codes) {
            return Err(self.pin_refused(fault, pin.is_none()));
        }
        self.connection.is_logged_in = true;
        let after = self.look_after_success()?;
        if after.are_worse_than(before) {
            self.connection.log_out();
            return Err(self.wrong(after));
        }
        self.connection.memory.last_pin = LastCode::Taken;
        Ok(Verification {
            was_verified_before: false,
        })
    }

    /// What a refused login cost, the flags say and not the return value: a code of a wrong length is
    /// CKR_PIN_INCORRECT too, and costs nothing.
    fn pin_refused(&mut self, fault: ModuleFault, is_at_keypad: bool) -> PinError {
        match fault.returned() {
            Some(Ckr::PinIncorrect | Ckr::PinLocked) => {}
            Some(Ckr::Canceled) => return PinError::NotEntered(NotSent::Cancelled),
            Some(Ckr::UserPinNotInitialized) => return PinError::Absent,
            Some(_) => return PinError::Card(fault.into()),
            None if is_at_keypad && fault == ModuleFault::Hung => {
                return PinError::NotEntered(NotSent::TimedOut);
            }
            None => return PinError::Card(fault.into()),
        }
        let is_locked = fault.returned() == Some(&Ckr::PinLocked);
        match self.connection.look().map(|token| token.sure_pin_flags()) {
            Ok(flags) if !is_locked => self.wrong(flags),
            Err(fault) if !is_locked => PinError::Card(fault.into()),
            Ok(_) | Err(_) => {
                self.connection.memory.last_pin = LastCode::Blocked;
                PinError::Blocked
            }
        }
    }

    fn old_pin_refused(&mut self, fault: ModuleFault) -> PinError {
        match fault.returned() {
            Some(Ckr::PinIncorrect | Ckr::PinLocked | Ckr::UserPinNotInitialized) => {
                self.pin_refused(fault, false)
            }
            Some(Ckr::PinLenRange | Ckr::PinInvalid) => PinError::NewCodeRefused(fault.into()),
            Some(Ckr::NotSupported) => PinError::Card(fault.into()),
            Some(_) | None => PinError::OutcomeUnknown(fault.into()),
        }
    }

    fn log_in_as_officer(&mut self, code: &UnblockCode) -> Result<(), UnblockError> {
        let request = Request::login(User::SecurityOfficer);
        let Err(fault) = self.connection.ask(&request, &[code.digits()]) else {
            self.connection.is_logged_in = true;
            return Ok(());
        };
        let is_locked = fault.returned() == Some(&Ckr::PinLocked);
        if !is_locked && fault.returned() != Some(&Ckr::PinIncorrect) {
            return Err(UnblockError::Card(fault.into()));
        }
        let flags = self.connection.look().map(|token| token.sure_so_flags());
        match flags {
            Ok(flags) if !is_locked && !flags.locked => Err(UnblockError::Wrong {
                tries_left: flags.tries_left(),
                uses_left: None,
            }),
            Err(fault) if !is_locked => Err(UnblockError::Card(fault.into())),
            Ok(_) | Err(_) => {
                self.connection.memory.last_unblock_code = LastCode::Blocked;
                Err(UnblockError::Blocked)
            }
        }
    }

    /// A module that said yes to everything is believed in what another host shows after it.
    fn check_unblocked(&mut self, so_before: PinFlags, new: &Pin) -> Result<(), UnblockError> {
        let token = self.connection.open.token.clone();
        let so_after = token.sure_so_flags();
        if so_after.are_worse_than(so_before) {
            return Err(UnblockError::Wrong {
                tries_left: so_after.tries_left(),
                uses_left: None,
            });
        }
        if token.sure_pin_flags().locked {
            return Err(UnblockError::Card(said_yes_in_vain()));
        }
        match self.prove_pin(new) {
            Proof::Holds => {
                self.connection.memory.last_unblock_code = LastCode::Taken;
                Ok(())
            }
            Proof::DoesNotHold => Err(UnblockError::Card(said_yes_in_vain())),
            Proof::Unknown(error) => Err(UnblockError::OutcomeUnknown(error)),
        }
    }

    /// A module that does not know of the login which it took has sent a wrong code to the card.
    fn new_pin_refused(&mut self, fault: ModuleFault, so_before: PinFlags) -> UnblockError {
        match fault.returned() {
            Some(Ckr::NotSupported) => UnblockError::Card(fault.into()),
            Some(Ckr::UserNotLoggedIn) => match self.connection.look() {
                Ok(token) if token.sure_so_flags().are_worse_than(so_before) => {
                    UnblockError::Wrong {
                        tries_left: token.sure_so_flags().tries_left(),
                        uses_left: None,
                    }
                }
                Ok(_) | Err(_) => UnblockError::Card(fault.into()),
            },
            Some(Ckr::PinLenRange | Ckr::PinInvalid | Ckr::PinIncorrect) => {
                UnblockError::NewCodeRefused(fault.into())
            }
            Some(_) | None => UnblockError::OutcomeUnknown(fault.into()),
        }
    }

    /// What is believed of the flags that the transaction found.
    fn pin_flags(&self) -> PinFlags {
        let token = &self.connection.open.token;
        if self.connection.memory.last_pin == LastCode::Blocked {
            token.user_pin
        } else {
            token.sure_pin_flags()
        }
    }

    fn look_after_success(&mut self) -> Result<PinFlags, CardError> {
        Ok(self.connection.look()?.sure_pin_flags())
    }

    fn wrong(&mut self, flags: PinFlags) -> PinError {
        match flags.tries_left() {
            Some(0) => {
                self.connection.memory.last_pin = LastCode::Blocked;
                PinError::Blocked
            }
            tries_left => PinError::Wrong { tries_left },
        }
    }
}

fn takes(limits: PinLimits, pin: &Pin) -> bool {
    let len = pin.digits().len();
    (usize::from(limits.minimum_len)..=usize::from(limits.maximum_len)).contains(&len)
}

/// What is told where a module says CKR_OK and the card shows that nothing was done.
pub(super) fn said_yes_in_vain() -> CardError {
    let said = "it said CKR_OK, and the card shows that nothing was done";
    ModuleFault::Nonsense(said.into()).into()
}
