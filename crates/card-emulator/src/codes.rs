//! The two codes of a card: what they may be, what is left of them, and which were presented.
//!
//! Both generations count alike; they differ in the commands that lead here.

use std::ops::RangeInclusive;

use card_apdu::StatusWord;
use secrets::{Pin, SecretBytes, UnblockCode};

use crate::parameters::CardParameters;
use crate::persistent_state::{PersistentState, StateStore, StoredCode};
use crate::transmission::Outcome;

/// A code that a person can present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    /// The holder's.
    Pin,
    /// The one that gives the holder's code its tries back.
    Unblock,
}

/// What does not change about the codes of a card.
#[derive(Clone, Debug)]
pub(crate) struct CodeLimits {
    pub(crate) pin_tries: u8,
    pub(crate) pin_len: RangeInclusive<usize>,
    pub(crate) unblock_tries: u8,
    pub(crate) unblock_len: RangeInclusive<usize>,
}

/// The codes of one card, with its memory.
#[derive(Debug)]
pub(crate) struct Codes {
    limits: CodeLimits,
    store: StateStore,
    verified: Verified,
}

/// Which codes were presented since the last reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
struct Verified {
    pin: bool,
    unblock_code: bool,
}

impl CodeLimits {
    pub(crate) fn of(card: &CardParameters) -> Self {
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

impl Codes {
    pub(crate) fn new(card: &CardParameters, store: StateStore) -> Self {
        Self {
            limits: CodeLimits::of(card),
            store,
            verified: Verified::default(),
        }
    }

    /// What a reset does: no code is presented any more.
    pub(crate) fn forget(&mut self) {
        self.verified = Verified::default();
    }

    pub(crate) fn limits(&self) -> &CodeLimits {
        &self.limits
    }

    pub(crate) fn state(&self) -> &PersistentState {
        self.store.state()
    }

    pub(crate) fn is_verified(&self, code: Code) -> bool {
        match code {
            Code::Pin => self.verified.pin,
            Code::Unblock => self.verified.unblock_code,
        }
    }

    /// What VERIFY without data answers: 9000 verified, 63Cx, 6983 blocked. It costs nothing.
    pub(crate) fn status(&self, code: Code) -> Outcome {
        if self.is_verified(code) {
            Ok(Vec::new())
        } else if self.is_blocked(code) {
            Err(StatusWord::AUTHENTICATION_METHOD_BLOCKED)
        } else {
            Err(tries_left_word(self.stored(code).tries_left))
        }
    }

    /// What VERIFY with data does.
    ///
    /// A code of a length that the card cannot have is 6700 and costs no try (GUESS, after
    /// IAS-ECC cards of other issuers: no public log shows it).
    pub(crate) fn verify(&mut self, code: Code, presented: &[u8]) -> Outcome {
        if !self.limits.lengths(code).contains(&presented.len()) {
            return Err(StatusWord::WRONG_LENGTH);
        }
        self.present(code, presented)?;
        Ok(Vec::new())
    }

    /// Another code for the holder, in exchange for the old one. A wrong old one costs a try; what
    /// was verified stays verified (GUESS).
    pub(crate) fn change_pin(&mut self, old_and_new: &[u8]) -> Outcome {
        let (old, new) = old_and_new
            .split_at_checked(self.state().pin.value.len())
            .ok_or(StatusWord::WRONG_LENGTH)?;
        self.require_pin_len(new)?;
        let was_verified = self.verified.pin;
        self.present(Code::Pin, old)?;
        self.verified.pin = was_verified;
        self.replace_pin(new)
    }

    /// Another code for the holder, whose right to it was checked by the caller.
    pub(crate) fn replace_pin(&mut self, new: &[u8]) -> Outcome {
        self.require_pin_len(new)?;
        let mut next = self.state().clone();
        next.pin.value = SecretBytes::copy_from(new);
        self.remember(next)?;
        Ok(Vec::new())
    }

    /// Gives the holder's code all its tries again, and another value if there is one. It takes
    /// the unblock code, presented before, and uses it up by one.
    pub(crate) fn unblock_pin(&mut self, new: Option<&[u8]>) -> Outcome {
        if !self.is_verified(Code::Unblock) {
            return Err(StatusWord::SECURITY_STATUS_NOT_SATISFIED);
        }
        let mut next = self.state().clone();
        if let Some(new) = new {
            self.require_pin_len(new)?;
            next.pin.value = SecretBytes::copy_from(new);
        }
        next.pin.tries_left = self.limits.pin_tries;
        next.unblock_uses_left = next
            .unblock_uses_left
            .checked_sub(1)
            .ok_or(StatusWord::AUTHENTICATION_METHOD_BLOCKED)?;
        self.remember(next)?;
        self.verified.pin = false;
        Ok(Vec::new())
    }

    /// Writes into CPS_DATA, whose right to it was checked by the caller.
    pub(crate) fn write_holder_data(&mut self, offset: usize, data: &[u8]) -> Outcome {
        let mut next = self.state().clone();
        if offset >= next.holder_data.len() {
            return Err(StatusWord::WRONG_OFFSET);
        }
        next.holder_data
            .get_mut(offset..offset + data.len())
            .ok_or(StatusWord::WRONG_LENGTH)?
            .copy_from_slice(data);
        self.remember(next)?;
        Ok(Vec::new())
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
        let mut next = self.state().clone();
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

    /// Makes the card remember beyond this moment; 6581 when its memory fails.
    fn remember(&mut self, next: PersistentState) -> Result<(), StatusWord> {
        self.store.replace(next).map_err(|_| MEMORY_FAILURE)
    }

    fn require_pin_len(&self, new: &[u8]) -> Result<(), StatusWord> {
        if self.limits.pin_len.contains(&new.len()) {
            Ok(())
        } else {
            Err(StatusWord::WRONG_LENGTH)
        }
    }

    /// No try left; for the unblock code also no use left.
    fn is_blocked(&self, code: Code) -> bool {
        let has_no_use = code == Code::Unblock && self.state().unblock_uses_left == 0;
        has_no_use || self.stored(code).tries_left == 0
    }

    fn stored(&self, code: Code) -> &StoredCode {
        match code {
            Code::Pin => &self.state().pin,
            Code::Unblock => &self.state().unblock_code,
        }
    }

    fn set_verified(&mut self, code: Code, verified: bool) {
        match code {
            Code::Pin => self.verified.pin = verified,
            Code::Unblock => self.verified.unblock_code = verified,
        }
    }
}

fn tries_left_word(tries_left: u8) -> StatusWord {
    StatusWord::new(0x63, 0xC0 | tries_left)
}

/// 6581: memory failure.
const MEMORY_FAILURE: StatusWord = StatusWord(0x6581);
