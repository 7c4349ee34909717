//! The holder's code and the unblock code: recorded answers, and random use against a model.

use crate::card::{
    PIN_STATE, SELECT_APPLET, VERIFY_PIN, ask, assert_dialogue, card, card_of, parameters,
};
use card_emulator::{CardParameters, CodeReferences, Cps4Card, VirtualCard};
use proptest::prelude::*;

const WRONG_PIN: &str = "01 20 00 01 04 30 30 30 30";
const UNBLOCK_STATE: &str = "01 20 00 02";
const VERIFY_UNBLOCK_CODE: &str = "01 20 00 02 08 31 32 33 34 35 36 37 38";

#[test]
fn three_wrong_codes_block_and_the_unblock_code_unblocks_as_recorded() {
    assert_dialogue(
        &mut card(),
        &[
            (WRONG_PIN, "63C2"),
            (WRONG_PIN, "63C1"),
            (WRONG_PIN, "63C0"),
            (PIN_STATE, "6983"),
            (VERIFY_PIN, "6983"),
            ("01 20 00 02 08 38 37 36 35 34 33 32 31", "63C9"),
            (VERIFY_UNBLOCK_CODE, "9000"),
            ("01 2C 03 81", "9000"),
            ("01 24 01 01 04 37 37 37 37", "9000"),
            (PIN_STATE, "63C3"),
            (UNBLOCK_STATE, "9000"),
            ("01 20 00 01 04 37 37 37 37", "9000"),
        ],
    );
}

#[test]
fn changing_takes_the_code_before_and_the_new_one_alone() {
    assert_dialogue(
        &mut card(),
        &[
            ("01 24 01 01 04 34 33 32 31", "6982"),
            (VERIFY_PIN, "9000"),
            ("01 24 01 01 04 34 33 32 31", "9000"),
            (PIN_STATE, "9000"),
            (VERIFY_PIN, "63C2"),
            (PIN_STATE, "63C2"),
            ("01 24 01 01 04 31 32 33 34", "6982"),
            ("01 20 00 01 04 34 33 32 31", "9000"),
        ],
    );
}

#[test]
fn an_unblocked_code_that_is_not_changed_is_the_old_one() {
    assert_dialogue(
        &mut card(),
        &[
            (WRONG_PIN, "63C2"),
            (VERIFY_UNBLOCK_CODE, "9000"),
            ("01 2C 03 81", "9000"),
            (PIN_STATE, "63C3"),
            (VERIFY_PIN, "9000"),
        ],
    );
}

#[test]
fn malformed_code_commands_cost_no_try() {
    assert_dialogue(
        &mut card(),
        &[
            ("01 20 00 01 03 31 32 33", "6700"),
            ("01 20 00 01 05 31 32 33 34 35", "6700"),
            ("01 20 00 81 04 31 32 33 34", "6A88"),
            ("01 20 00 03 04 31 32 33 34", "6A88"),
            ("01 20 01 01 04 31 32 33 34", "6A86"),
            ("01 24 00 01 08 31 32 33 34 34 33 32 31", "6A86"),
            ("01 24 01 02 08 31 32 33 34 35 36 37 38", "6982"),
            ("01 24 01 03 04 31 32 33 34", "6A88"),
            ("01 2C 02 01 04 31 32 33 34", "6A86"),
            ("01 2C 03 01", "6A88"),
            ("01 2C 03 82", "6A88"),
            ("01 2C 03 81 04 31 32 33 34", "6700"),
            ("01 2C 03 81", "6982"),
            (PIN_STATE, "63C3"),
            (UNBLOCK_STATE, "63CA"),
            (VERIFY_PIN, "9000"),
            ("01 24 01 01 03 31 32 33", "6700"),
            ("01 24 01 01", "6700"),
        ],
    );
}

#[test]
fn a_card_may_call_its_codes_81_and_82() {
    let mut parameters = parameters();
    parameters.cps4.references = CodeReferences::Local;
    assert_dialogue(
        &mut card_of(&parameters),
        &[
            (PIN_STATE, "6A88"),
            ("01 20 00 81", "63C3"),
            ("01 20 00 81 04 31 32 33 34", "9000"),
            ("01 24 01 81 04 34 33 32 31", "9000"),
            ("01 20 00 82 08 31 32 33 34 35 36 37 38", "9000"),
            ("01 2C 03 81", "9000"),
            ("01 20 00 81 04 34 33 32 31", "9000"),
        ],
    );
}

#[test]
fn codes_and_counters_survive_the_process_in_a_state_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("card.json");
    let open = || Cps4Card::with_state_file(&parameters(), &file).unwrap();
    assert_dialogue(
        &mut open(),
        &[
            (SELECT_APPLET, "9000"),
            (VERIFY_PIN, "9000"),
            ("01 24 01 01 04 34 33 32 31", "9000"),
            (WRONG_PIN, "63C2"),
        ],
    );
    assert_dialogue(
        &mut open(),
        &[
            (SELECT_APPLET, "9000"),
            (PIN_STATE, "63C2"),
            ("01 20 00 01 04 34 33 32 31", "9000"),
        ],
    );
}

/// One step of a holder, a program or a thief.
#[derive(Clone, Debug)]
enum Step {
    Verify(&'static str),
    VerifyUnblockCode(&'static str),
    Change(&'static str),
    ResetRetryCounter,
    SelectAgain,
    PowerCycle,
}

/// What the card should know, in as few words as possible.
#[derive(Clone, Debug)]
struct Model {
    pin: &'static str,
    pin_tries: u8,
    pin_verified: bool,
    unblock_tries: u8,
    unblock_uses: u16,
    unblock_verified: bool,
}

const UNBLOCK_CODE: &str = "12345678";
const PIN_TRIES: u8 = 3;
const UNBLOCK_TRIES: u8 = 4;

impl Model {
    fn new() -> Self {
        Self {
            pin: "1234",
            pin_tries: PIN_TRIES,
            pin_verified: false,
            unblock_tries: UNBLOCK_TRIES,
            unblock_uses: 3,
            unblock_verified: false,
        }
    }

    fn take(&mut self, step: &Step) -> String {
        match *step {
            Step::Verify(_) if self.pin_tries == 0 => "6983".to_owned(),
            Step::Verify(code) => {
                self.pin_verified = code == self.pin;
                self.pin_tries = left(self.pin_verified, self.pin_tries, PIN_TRIES);
                outcome(self.pin_verified, self.pin_tries)
            }
            Step::VerifyUnblockCode(_) if self.unblock_is_blocked() => "6983".to_owned(),
            Step::VerifyUnblockCode(code) => {
                self.unblock_verified = code == UNBLOCK_CODE;
                let verified = self.unblock_verified;
                self.unblock_tries = left(verified, self.unblock_tries, UNBLOCK_TRIES);
                outcome(verified, self.unblock_tries)
            }
            Step::Change(new) => {
                let is_allowed = self.pin_verified || self.unblock_verified;
                if is_allowed {
                    self.pin = new;
                }
                allowed(is_allowed)
            }
            Step::ResetRetryCounter if self.unblock_verified && self.unblock_uses == 0 => {
                "6983".to_owned()
            }
            Step::ResetRetryCounter => {
                if self.unblock_verified {
                    self.unblock_uses -= 1;
                    self.pin_tries = PIN_TRIES;
                    self.pin_verified = false;
                }
                allowed(self.unblock_verified)
            }
            Step::SelectAgain => "9000".to_owned(),
            Step::PowerCycle => {
                self.pin_verified = false;
                self.unblock_verified = false;
                "9000".to_owned()
            }
        }
    }

    fn unblock_is_blocked(&self) -> bool {
        self.unblock_tries == 0 || self.unblock_uses == 0
    }

    /// What both empty VERIFY answer.
    fn states(&self) -> [String; 2] {
        let state = |verified, blocked, tries| match (verified, blocked) {
            (true, _) => "9000".to_owned(),
            (false, true) => "6983".to_owned(),
            (false, false) => format!("63C{tries}"),
        };
        [
            state(self.pin_verified, self.pin_tries == 0, self.pin_tries),
            state(
                self.unblock_verified,
                self.unblock_is_blocked(),
                self.unblock_tries,
            ),
        ]
    }
}

fn left(is_right: bool, before: u8, all: u8) -> u8 {
    if is_right { all } else { before - 1 }
}

fn outcome(is_right: bool, tries_left: u8) -> String {
    if is_right {
        "9000".to_owned()
    } else {
        format!("63C{tries_left:X}")
    }
}

fn allowed(is_allowed: bool) -> String {
    let sw = if is_allowed { "9000" } else { "6982" };
    sw.to_owned()
}

fn take(card: &mut Cps4Card, step: &Step) -> String {
    let command = match step {
        Step::Verify(code) => with_data("01200001", code),
        Step::VerifyUnblockCode(code) => with_data("01200002", code),
        Step::Change(new) => with_data("01240101", new),
        Step::ResetRetryCounter => "012C0381".to_owned(),
        Step::SelectAgain => SELECT_APPLET.to_owned(),
        Step::PowerCycle => {
            card.reset();
            SELECT_APPLET.to_owned()
        }
    };
    ask(card, &command)
}

fn with_data(header: &str, code: &str) -> String {
    format!("{header}{:02X}{}", code.len(), hex::encode(code))
}

fn model_card() -> CardParameters {
    let mut parameters = parameters();
    parameters.pin_maximum_len = Some(8);
    parameters.unblock_tries = UNBLOCK_TRIES;
    parameters.unblock_uses = 3;
    parameters
}

fn any_step() -> impl Strategy<Value = Step> {
    let pin = || prop_oneof![3 => Just("1234"), 2 => Just("567890"), 1 => Just("0000")];
    let unblock_code = prop_oneof![3 => Just(UNBLOCK_CODE), 1 => Just("87654321")];
    prop_oneof![
        4 => pin().prop_map(Step::Verify),
        2 => unblock_code.prop_map(Step::VerifyUnblockCode),
        2 => pin().prop_map(Step::Change),
        2 => Just(Step::ResetRetryCounter),
        1 => Just(Step::SelectAgain),
        1 => Just(Step::PowerCycle),
    ]
}

proptest! {
    #[test]
    fn any_use_of_the_codes_agrees_with_the_model(steps in proptest::collection::vec(any_step(), 1..60)) {
        let mut card = card_of(&model_card());
        let mut model = Model::new();
        for step in &steps {
            prop_assert_eq!(take(&mut card, step), model.take(step), "{:?}", step);
            let states = [PIN_STATE, UNBLOCK_STATE].map(|command| ask(&mut card, command));
            prop_assert_eq!(states, model.states(), "after {:?}", step);
        }
    }
}
