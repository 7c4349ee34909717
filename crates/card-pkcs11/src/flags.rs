//! What the flags of a token say of its codes, and what they do not say.

use card_profiles::{CodeCounters, CodeStates, LastTry, PinLimits, Withheld};
use secrets::Pin;

use crate::connection::LastCode;
use crate::protocol::{PinFlags, Token};

impl Token {
    /// What tells it from another one.
    pub(crate) fn name(&self) -> (String, String) {
        (self.label.clone(), self.serial_number.clone())
    }

    /// Whether the holder has a code at all.
    pub(crate) fn has_pin(&self) -> bool {
        self.user_pin_initialized
    }

    /// The official module shows each code of a CPS4 as blocked that the card knows of, whoever presented it.
    pub(crate) fn shows_true_locks(&self) -> bool {
        !self.label.contains("CPS4")
    }

    /// The flags of the unblock code, without a lock that may be a mistake.
    pub(crate) fn sure_so_flags(&self) -> PinFlags {
        if self.shows_true_locks() {
            self.so_pin
        } else {
            self.so_pin.without_lock()
        }
    }

    /// The flags of the holder's code, without a lock that may be a mistake.
    pub(crate) fn sure_pin_flags(&self) -> PinFlags {
        if self.shows_true_locks() {
            self.user_pin
        } else {
            self.user_pin.without_lock()
        }
    }

    /// The states of both codes. A lock that may be a mistake is believed once the code was refused for it.
    pub(crate) fn code_states(
        &self,
        last_pin: LastCode,
        last_unblock_code: LastCode,
    ) -> CodeStates {
        if !self.has_pin() {
            return CodeStates {
                pin: None,
                unblock_code: None,
            };
        }
        let so_pin = self.sure_so_flags();
        let unblock_code = if last_unblock_code == LastCode::Blocked {
            counters(Some(0))
        } else {
            CodeCounters {
                may_be_blocked: self.so_pin.locked
                    && !so_pin.locked
                    && last_unblock_code == LastCode::NotPresented,
                ..counters(so_pin.tries_left())
            }
        };
        let pin = if last_pin == LastCode::Blocked {
            self.user_pin
        } else {
            self.sure_pin_flags()
        };
        let pin = CodeCounters {
            may_be_blocked: self.user_pin.locked
                && !pin.locked
                && last_pin == LastCode::NotPresented,
            ..counters(pin.tries_left())
        };
        CodeStates {
            pin: Some(pin),
            unblock_code: Some(unblock_code),
        }
    }

    /// Lengths of the holder's code, of those that can be typed at all.
    pub(crate) fn pin_limits(&self) -> Option<PinLimits> {
        let lengths = Pin::MINIMUM_LEN..=Pin::MAXIMUM_LEN;
        let clamped = |len: usize| len.clamp(*lengths.start(), *lengths.end());
        let maximum = match self.maximum_pin_len {
            0 => Pin::MAXIMUM_LEN,
            len => clamped(len),
        };
        let minimum = clamped(self.minimum_pin_len).min(maximum);
        self.has_pin().then(|| PinLimits {
            minimum_len: u8::try_from(minimum).unwrap_or(u8::MAX),
            maximum_len: u8::try_from(maximum).unwrap_or(u8::MAX),
        })
    }
}

impl PinFlags {
    /// Tries left, where the flags say so; that one was lost (CKF_*_PIN_COUNT_LOW) is no number.
    pub(crate) fn tries_left(self) -> Option<u8> {
        if self.locked {
            Some(0)
        } else {
            self.final_try.then_some(1)
        }
    }

    /// The flags of a module that took a code, which then shows a lock by mistake.
    pub(crate) fn without_lock(self) -> Self {
        Self {
            locked: false,
            ..self
        }
    }

    /// Whether fewer tries are left than before: a code was presented and was wrong, whatever was said of it.
    pub(crate) fn are_worse_than(self, before: Self) -> bool {
        self.rank() > before.rank()
    }

    fn rank(self) -> u8 {
        match self {
            Self { locked: true, .. } => 3,
            Self {
                final_try: true, ..
            } => 2,
            Self {
                count_low: true, ..
            } => 1,
            Self { .. } => 0,
        }
    }

    /// Whether a code may be presented now.
    pub(crate) fn check(self, last_try: LastTry) -> Result<(), Withheld> {
        match (self, last_try) {
            (Self { locked: true, .. }, _) => Err(Withheld::Blocked),
            (
                Self {
                    final_try: true, ..
                },
                LastTry::NotConfirmed,
            ) => Err(Withheld::LastTryNotConfirmed),
            (Self { .. }, _) => Ok(()),
        }
    }
}

fn counters(tries_left: Option<u8>) -> CodeCounters {
    CodeCounters {
        tries_left,
        tries_maximum: None,
        uses_left: None,
        may_be_blocked: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRESH: PinFlags = PinFlags {
        count_low: false,
        final_try: false,
        locked: false,
    };
    const LOW: PinFlags = PinFlags {
        count_low: true,
        ..FRESH
    };
    const FINAL: PinFlags = PinFlags {
        final_try: true,
        ..LOW
    };
    const LOCKED: PinFlags = PinFlags {
        locked: true,
        ..FRESH
    };

    fn token(user_pin: PinFlags, so_pin: PinFlags) -> Token {
        Token {
            label: "CPS3v3-9900000001".into(),
            serial_number: "99000000".into(),
            initialized: true,
            user_pin_initialized: true,
            protected_path: false,
            minimum_pin_len: 4,
            maximum_pin_len: 4,
            user_pin,
            so_pin,
        }
    }

    #[test]
    fn a_lost_try_is_no_number_of_tries() {
        let tries = |flags: PinFlags| flags.tries_left();
        assert_eq!(
            [FRESH, LOW, FINAL, LOCKED].map(tries),
            [None, None, Some(1), Some(0)]
        );
    }

    #[test]
    fn the_last_try_waits_for_a_yes_and_a_blocked_code_for_none() {
        use LastTry::{Confirmed, NotConfirmed};
        assert_eq!(LOW.check(NotConfirmed), Ok(()));
        assert_eq!(
            FINAL.check(NotConfirmed),
            Err(Withheld::LastTryNotConfirmed)
        );
        assert_eq!(FINAL.check(Confirmed), Ok(()));
        assert_eq!(LOCKED.check(Confirmed), Err(Withheld::Blocked));
    }

    #[test]
    fn fewer_tries_than_before_are_seen_whatever_flags_stand_beside() {
        let row = [FRESH, LOW, FINAL, LOCKED];
        for (better, before) in row.iter().enumerate() {
            for (worse, after) in row.iter().enumerate() {
                assert_eq!(after.are_worse_than(*before), worse > better);
            }
        }
    }

    #[test]
    fn a_blocked_unblock_code_is_believed_where_locks_are_true_and_else_once_it_was_refused() {
        let state = |label: &str, last_code| {
            let token = Token {
                label: label.into(),
                ..token(LOCKED, LOCKED)
            };
            let states = token.code_states(LastCode::Blocked, last_code);
            let code = states.unblock_code.unwrap();
            (code.is_blocked(), code.may_be_blocked)
        };
        let (cps3, cps4) = ("CPS3v3-9900000001", "CPS4v1-9900000001");
        assert_eq!(state(cps3, LastCode::NotPresented), (true, false));
        assert_eq!(state(cps4, LastCode::NotPresented), (false, true));
        assert_eq!(state(cps4, LastCode::Taken), (false, false));
        assert_eq!(state(cps4, LastCode::Blocked), (true, false));
    }

    #[test]
    fn a_lock_of_a_cps4_is_believed_once_the_code_was_refused_for_it() {
        let cps4 = Token {
            label: "CPS4v1-9900000001".into(),
            ..token(LOCKED, FRESH)
        };
        let pin = |last_pin| {
            let pin = cps4
                .code_states(last_pin, LastCode::NotPresented)
                .pin
                .unwrap();
            (pin.tries_left, pin.may_be_blocked)
        };
        assert_eq!(pin(LastCode::NotPresented), (None, true));
        assert_eq!(pin(LastCode::Taken), (None, false));
        assert_eq!(pin(LastCode::Blocked), (Some(0), false));
        let cps3 = token(LOCKED, FRESH)
            .code_states(LastCode::NotPresented, LastCode::NotPresented)
            .pin
            .unwrap();
        assert_eq!((cps3.tries_left, cps3.may_be_blocked), (Some(0), false));
    }

    #[test]
    fn lengths_that_nobody_can_type_are_not_asked_for() {
        let limits = |minimum, maximum| {
            let token = Token {
                minimum_pin_len: minimum,
                maximum_pin_len: maximum,
                ..token(FRESH, FRESH)
            };
            let limits = token.pin_limits().unwrap();
            (limits.minimum_len, limits.maximum_len)
        };
        assert_eq!(limits(4, 4), (4, 4));
        assert_eq!(limits(4, 255), (4, 8));
        assert_eq!(limits(0, 0), (4, 8));
        assert_eq!(limits(1 << 40, 1 << 40), (8, 8));
        assert_eq!(limits(9, 6), (6, 6));
    }
}
