//! VERIFY, CHANGE REFERENCE DATA, RESET RETRY COUNTER (ISO/IEC 7816-4, 11.6) on CHV 1, the
//! holder's code, and CHV 2, the unblock code.

use std::ops::RangeInclusive;

use card_apdu::{CommandApdu, StatusWord};
use secrets::{Pin, SecretBytes, UnblockCode};

use super::applet::Applet;
use super::file_system::Condition;
use crate::parameters::CardParameters;
use crate::persistent_state::{PersistentState, StoredCode};
use crate::transmission::Outcome;

/// What does not change about the codes of a card.
#[derive(Clone, Debug)]
pub(super) struct CodeLimits {
    pub(super) pin_tries: u8,
    pub(super) pin_len: RangeInclusive<usize>,
    pub(super) unblock_tries: u8,
    pub(super) unblock_len: RangeInclusive<usize>,
}

/// Which codes were presented since the last reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) struct Verified {
    pub(super) pin: bool,
    pub(super) unblock_code: bool,
}

/// P2 of the three commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Code {
    Pin,
    Unblock,
}

impl CodeLimits {
    pub(super) fn of(card: &CardParameters) -> Self {
        Self {
            pin_tries: card.pin_tries,
            pin_len: Pin::MINIMUM_LEN..=card.pin_maximum_len(),
            unblock_tries: card.unblock_tries,
            unblock_len: UnblockCode::LEN..=UnblockCode::LEN,
        }
    }

    fn tries(&self, code: Code) -> u8 {
        match code {
            Code::Pin => self.pin_tries,
            Code::Unblock => self.unblock_tries,
        }
    }

    fn lengths(&self, code: Code) -> &RangeInclusive<usize> {
        match code {
            Code::Pin => &self.pin_len,
            Code::Unblock => &self.unblock_len,
        }
    }
}

impl Applet {
    /// VERIFY. Without data it asks for the state: 9000 verified, 63Cx, 6983 blocked.
    ///
    /// A code of a length that the card cannot have is 6700 and costs no try (GUESS, after other
    /// IAS-ECC cards: no public log shows it).
    pub(super) fn verify(&mut self, command: &CommandApdu) -> Outcome {
        if command.p1() != 0 {
            return Err(StatusWord::WRONG_P1_P2);
        }
        let code = Code::of_reference(command.p2())?;
        if command.data().is_empty() {
            return self.state_of(code);
        }
        if !self.limits.lengths(code).contains(&command.data().len()) {
            return Err(StatusWord::WRONG_LENGTH);
        }
        self.present(code, command.data())?;
        Ok(Vec::new())
    }

    /// CHANGE REFERENCE DATA with old and new code in one data field. The card knows how long the
    /// old one is. What was verified stays verified (GUESS).
    pub(super) fn change_reference_data(&mut self, command: &CommandApdu) -> Outcome {
        if command.p1() != 0 {
            return Err(StatusWord::WRONG_P1_P2);
        }
        let code = Code::of_reference(command.p2())?;
        if code == Code::Unblock {
            return Err(StatusWord::SECURITY_STATUS_NOT_SATISFIED);
        }
        let (old, new) = command
            .data()
            .split_at_checked(self.stored(code).value.len())
            .filter(|(_, new)| self.limits.pin_len.contains(&new.len()))
            .ok_or(StatusWord::WRONG_LENGTH)?;
        let was_verified = self.volatile.verified.pin;
        self.present(code, old)?;
        self.volatile.verified.pin = was_verified;
        let mut next = self.store.state().clone();
        next.pin.value = SecretBytes::copy_from(new);
        self.remember(next)?;
        Ok(Vec::new())
    }

    /// RESET RETRY COUNTER with a new code (P1 = 02), after the unblock code was verified. Each
    /// success uses the unblock code up by one.
    pub(super) fn reset_retry_counter(&mut self, command: &CommandApdu) -> Outcome {
        if command.p1() != NEW_CODE_WITHOUT_UNBLOCK_CODE {
            return Err(StatusWord::WRONG_P1_P2);
        }
        if Code::of_reference(command.p2())? == Code::Unblock {
            return Err(StatusWord::SECURITY_STATUS_NOT_SATISFIED);
        }
        self.require(Condition::UnblockCode)?;
        if !self.limits.pin_len.contains(&command.data().len()) {
            return Err(StatusWord::WRONG_LENGTH);
        }
        let mut next = self.store.state().clone();
        next.unblock_uses_left = next
            .unblock_uses_left
            .checked_sub(1)
            .ok_or(StatusWord::AUTHENTICATION_METHOD_BLOCKED)?;
        next.pin = StoredCode {
            value: SecretBytes::copy_from(command.data()),
            tries_left: self.limits.pin_tries,
        };
        self.remember(next)?;
        self.volatile.verified.pin = false;
        Ok(Vec::new())
    }

    /// Whether a condition holds now.
    pub(super) fn require(&self, condition: Condition) -> Result<(), StatusWord> {
        let holds = match condition {
            Condition::Always => true,
            Condition::Never | Condition::IssuerSecureMessaging => false,
            Condition::HolderCode => self.volatile.verified.pin,
            Condition::UnblockCode => self.volatile.verified.unblock_code,
        };
        if holds {
            Ok(())
        } else {
            Err(StatusWord::SECURITY_STATUS_NOT_SATISFIED)
        }
    }

    /// Makes the card remember beyond this moment; 6581 when its memory fails.
    pub(super) fn remember(&mut self, next: PersistentState) -> Result<(), StatusWord> {
        self.store.replace(next).map_err(|_| MEMORY_FAILURE)
    }

    /// Compares, and counts before it tells.
    fn present(&mut self, code: Code, presented: &[u8]) -> Result<(), StatusWord> {
        if self.is_blocked(code) {
            return Err(StatusWord::AUTHENTICATION_METHOD_BLOCKED);
        }
        let is_right = self.stored(code).value.expose() == presented;
        let tries_left = if is_right {
            self.limits.tries(code)
        } else {
            self.stored(code).tries_left.saturating_sub(1)
        };
        self.set_verified(code, false);
        let mut next = self.store.state().clone();
        match code {
            Code::Pin => next.pin.tries_left = tries_left,
            Code::Unblock => next.unblock_code.tries_left = tries_left,
        }
        self.remember(next)?;
        if !is_right {
            return Err(tries_left_word(tries_left));
        }
        self.set_verified(code, true);
        Ok(())
    }

    fn state_of(&self, code: Code) -> Outcome {
        let is_verified = match code {
            Code::Pin => self.volatile.verified.pin,
            Code::Unblock => self.volatile.verified.unblock_code,
        };
        if is_verified {
            Ok(Vec::new())
        } else if self.is_blocked(code) {
            Err(StatusWord::AUTHENTICATION_METHOD_BLOCKED)
        } else {
            Err(tries_left_word(self.stored(code).tries_left))
        }
    }

    /// No try left; for the unblock code also no use left.
    fn is_blocked(&self, code: Code) -> bool {
        let has_no_use = code == Code::Unblock && self.store.state().unblock_uses_left == 0;
        has_no_use || self.stored(code).tries_left == 0
    }

    fn stored(&self, code: Code) -> &StoredCode {
        match code {
            Code::Pin => &self.store.state().pin,
            Code::Unblock => &self.store.state().unblock_code,
        }
    }

    fn set_verified(&mut self, code: Code, verified: bool) {
        match code {
            Code::Pin => self.volatile.verified.pin = verified,
            Code::Unblock => self.volatile.verified.unblock_code = verified,
        }
    }
}

impl Code {
    fn of_reference(reference: u8) -> Result<Self, StatusWord> {
        match reference {
            0x01 => Ok(Self::Pin),
            0x02 => Ok(Self::Unblock),
            _ => Err(StatusWord::REFERENCE_DATA_NOT_FOUND),
        }
    }
}

fn tries_left_word(tries_left: u8) -> StatusWord {
    StatusWord::new(0x63, 0xC0 | tries_left)
}

/// P1 of RESET RETRY COUNTER: the data field is the new code alone.
const NEW_CODE_WITHOUT_UNBLOCK_CODE: u8 = 0x02;
/// 6581: memory failure.
const MEMORY_FAILURE: StatusWord = StatusWord(0x6581);
