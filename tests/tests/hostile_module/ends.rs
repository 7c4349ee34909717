//! The end of each host that was given a code, whatever became of the code.

use cpxd_tests::soft_reader::SoftReader;
use cpxd_tests::waiting::until;
use igc_sante::KeyRole;

use crate::hosts::OwnName;
use crate::operations::{NEW_PIN, PIN, UNBLOCK_CODE, WRONG_PIN, change, look, sign, unblock};
use crate::stay::{LONG, Stay};
use crate::told::Told;

/// A card whose hosts can be told from all others.
struct Own {
    name: OwnName,
    reader: SoftReader,
    stay: Stay,
}

impl Own {
    fn new() -> Self {
        let name = OwnName::new();
        let reader = SoftReader::with_cps();
        let stay = Stay::through(&reader, &name.module(), LONG);
        Self { name, reader, stay }
    }

    /// Looks at the card as it was made, and uses a code while a function does something.
    #[track_caller]
    fn assert_no_host_is_left(
        &mut self,
        (function, does): (&str, &str),
        use_code: impl FnOnce(&mut Stay) -> Result<(), Told>,
        told: Result<(), Told>,
    ) {
        self.reader.make_anew();
        look(&mut self.stay).unwrap();
        let before = self.name.hosts();
        assert_eq!(before.len(), 1);
        if !function.is_empty() {
            self.reader.fault(function, 0, does);
        }
        assert_eq!(use_code(&mut self.stay), told, "{function} {does}");
        self.reader.no_faults();
        until("the end of all hosts", || {
            self.name.hosts().is_empty().then_some(())
        });
        look(&mut self.stay).unwrap();
        assert_ne!(self.name.hosts(), before, "{function} {does}");
    }
}

const UNDISTURBED: (&str, &str) = ("", "");

#[test]
fn after_a_login_it_is_not_there_whether_that_was_taken_or_not() {
    let mut own = Own::new();
    for (pin, disturbance, told) in [
        (PIN, UNDISTURBED, Ok(())),
        (WRONG_PIN, UNDISTURBED, Err(Told::PinWrong(None))),
        (
            PIN,
            ("C_Login", "CKR_GENERAL_ERROR"),
            Err(Told::ModuleFailed),
        ),
        (
            PIN,
            ("C_Login", "works-and-CKR_GENERAL_ERROR"),
            Err(Told::ModuleFailed),
        ),
        (
            PIN,
            ("C_Login", "CKR_FUNCTION_CANCELED"),
            Err(Told::Cancelled),
        ),
        (
            PIN,
            ("C_Sign", "CKR_GENERAL_ERROR"),
            Err(Told::ModuleFailed),
        ),
        (PIN, ("C_Logout", "CKR_GENERAL_ERROR"), Ok(())),
    ] {
        let sign = |stay: &mut Stay| sign(stay, pin, KeyRole::Authentication);
        own.assert_no_host_is_left(disturbance, sign, told);
    }
}

#[test]
fn after_a_change_it_is_not_there_whether_that_was_done_or_not() {
    let mut own = Own::new();
    for (old, disturbance, told) in [
        (PIN, UNDISTURBED, Ok(())),
        (WRONG_PIN, UNDISTURBED, Err(Told::PinWrong(None))),
        (
            PIN,
            ("C_SetPIN", "CKR_PIN_LEN_RANGE"),
            Err(Told::NewPinRefused),
        ),
        (
            PIN,
            ("C_SetPIN", "CKR_GENERAL_ERROR"),
            Err(Told::OutcomeUnknown),
        ),
    ] {
        let change = |stay: &mut Stay| change(stay, old, NEW_PIN);
        own.assert_no_host_is_left(disturbance, change, told);
    }
}

#[test]
fn after_an_unblocking_it_is_not_there_whether_that_was_done_or_not() {
    let mut own = Own::new();
    for (code, disturbance, told) in [
        (UNBLOCK_CODE, UNDISTURBED, Ok(())),
        ("87654321", UNDISTURBED, Err(Told::PinWrong(None))),
        (
            UNBLOCK_CODE,
            ("C_InitPIN", "CKR_PIN_LEN_RANGE"),
            Err(Told::NewPinRefused),
        ),
        (
            UNBLOCK_CODE,
            ("C_InitPIN", "CKR_FUNCTION_NOT_SUPPORTED"),
            Err(Told::ModuleFailed),
        ),
    ] {
        let unblock = |stay: &mut Stay| unblock(stay, code, NEW_PIN);
        own.assert_no_host_is_left(disturbance, unblock, told);
    }
}
