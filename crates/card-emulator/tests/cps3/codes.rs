//! The holder's code and the unblock code: recorded answers, and random use against a model.

use crate::card::{
    PIN_STATE, SELECT_APPLICATION, VERIFY_PIN, ask, assert_dialogue, card, fetch, parameters,
};
use card_emulator::{CardParameters, Cps3Card, VirtualCard};
use proptest::prelude::*;
use secrets::SecretBytes;

const WRONG_PIN: &str = "00 20 00 01 04 30 30 30 30";
const VERIFY_UNBLOCK_CODE: &str = "00 20 00 02 08 31 32 33 34 35 36 37 38";

#[test]
fn three_wrong_codes_block_and_the_unblock_code_unblocks() {
    assert_dialogue(
        &mut card(),
        &[
            (PIN_STATE, "63C3"),
            (WRONG_PIN, "63C2"),
            (WRONG_PIN, "63C1"),
            (WRONG_PIN, "63C0"),
            (PIN_STATE, "6983"),
            (VERIFY_PIN, "6983"),
            ("00 24 00 01 08 31 32 33 34 34 33 32 31", "6983"),
            ("00 2C 02 01 04 35 35 35 35", "6982"),
            ("00 20 00 02 00", "63CA"),
            (VERIFY_UNBLOCK_CODE, "9000"),
            ("00 20 00 02 00", "9000"),
            ("00 2C 02 01 04 35 35 35 35", "9000"),
            (PIN_STATE, "63C3"),
            (VERIFY_PIN, "63C2"),
            ("00 20 00 01 04 35 35 35 35", "9000"),
        ],
    );
}

#[test]
fn asking_for_the_state_costs_nothing_in_either_form() {
    let mut card = card();
    for _ in 0..20 {
        assert_dialogue(&mut card, &[(PIN_STATE, "63C3"), ("00 20 00 01", "63C3")]);
    }
    assert_dialogue(&mut card, &[(VERIFY_PIN, "9000"), ("00 20 00 01", "9000")]);
}

#[test]
fn a_verified_code_is_global_and_ends_with_a_reset_or_a_wrong_code() {
    let mut card = card();
    assert_dialogue(
        &mut card,
        &[
            (VERIFY_PIN, "9000"),
            (SELECT_APPLICATION, "9000"),
            ("00 A4 09 0C 02 3F 00", "9000"),
            (PIN_STATE, "9000"),
            (WRONG_PIN, "63C2"),
            (PIN_STATE, "63C2"),
            (VERIFY_PIN, "9000"),
        ],
    );
    card.reset();
    assert_dialogue(&mut card, &[(PIN_STATE, "63C3")]);
}

#[test]
fn changing_needs_the_old_code_and_a_wrong_one_costs_a_try() {
    assert_dialogue(
        &mut card(),
        &[
            ("00 24 00 01 08 30 30 30 30 34 33 32 31", "63C2"),
            ("00 24 00 01 08 31 32 33 34 34 33 32 31", "9000"),
            (VERIFY_PIN, "63C2"),
            ("00 20 00 01 04 34 33 32 31", "9000"),
        ],
    );
}

#[test]
fn malformed_code_commands_cost_no_try() {
    assert_dialogue(
        &mut card(),
        &[
            ("00 20 00 01 03 31 32 33", "6700"),
            ("00 20 00 01 05 31 32 33 34 35", "6700"),
            ("00 20 00 03 04 31 32 33 34", "6A88"),
            ("00 20 01 01 04 31 32 33 34", "6A86"),
            ("00 24 00 01 04 31 32 33 34", "6700"),
            ("00 24 00 01 09 31 32 33 34 31 32 33 34 35", "6700"),
            ("00 24 01 01 08 31 32 33 34 34 33 32 31", "6A86"),
            (
                "00 24 00 02 10 31 32 33 34 35 36 37 38 31 32 33 34 35 36 37 38",
                "6982",
            ),
            ("00 2C 00 01 04 31 32 33 34", "6A86"),
            ("00 2C 02 02 08 31 32 33 34 35 36 37 38", "6982"),
            ("00 2C 02 07 04 31 32 33 34", "6A88"),
            (PIN_STATE, "63C3"),
            ("00 20 00 02 00", "63CA"),
            (VERIFY_UNBLOCK_CODE, "9000"),
            ("00 2C 02 01 03 31 32 33", "6700"),
            ("00 2C 02 01 00", "6700"),
        ],
    );
}

#[test]
fn ten_wrong_unblock_codes_block_it_for_ever() {
    let mut card = card();
    for left in (0..10).rev() {
        assert_eq!(
            ask(&mut card, "00 20 00 02 08 38 37 36 35 34 33 32 31"),
            format!("63C{left}")
        );
    }
    assert_dialogue(
        &mut card,
        &[(VERIFY_UNBLOCK_CODE, "6983"), ("00 20 00 02 00", "6983")],
    );
    card.reset();
    assert_dialogue(&mut card, &[(VERIFY_UNBLOCK_CODE, "6983")]);
}

#[test]
fn the_unblock_code_is_used_up() {
    let mut parameters = parameters();
    parameters.unblock_uses = 2;
    let mut card = Cps3Card::new(&parameters).unwrap();
    assert_dialogue(
        &mut card,
        &[
            (VERIFY_UNBLOCK_CODE, "9000"),
            ("00 2C 02 01 04 35 35 35 35", "9000"),
            ("00 2C 02 01 04 36 36 36 36", "9000"),
            ("00 2C 02 01 04 37 37 37 37", "6983"),
        ],
    );
    card.reset();
    assert_dialogue(
        &mut card,
        &[
            (VERIFY_UNBLOCK_CODE, "6983"),
            ("00 20 00 01 04 36 36 36 36", "9000"),
        ],
    );
}

#[test]
fn a_card_with_a_long_code_takes_four_to_eight_digits() {
    let mut parameters = parameters();
    parameters.pin = SecretBytes::copy_from(b"73918264");
    let mut card = Cps3Card::new(&parameters).unwrap();
    assert_dialogue(
        &mut card,
        &[
            ("00 20 00 01 08 37 33 39 31 38 32 36 34", "9000"),
            ("00 20 00 01 05 37 33 39 31 38", "63C2"),
            (
                "00 24 00 01 0E 37 33 39 31 38 32 36 34 31 32 33 34 35 36",
                "9000",
            ),
            ("00 20 00 01 06 31 32 33 34 35 36", "9000"),
            (
                "00 24 00 01 0F 31 32 33 34 35 36 31 32 33 34 35 36 37 38 39",
                "6700",
            ),
            ("00 A4 09 0C 02 3F 00", "9000"),
            ("00 CB 3F FF 0B 4D 09 70 07 BF 81 01 03 7F 41 80", "610F"),
            (
                "00 C0 00 00 0F",
                "70 0D BF 81 01 09 7F 41 06 80 01 08 81 01 04 90 00",
            ),
        ],
    );
}

#[test]
fn codes_and_counters_survive_the_process_in_a_state_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("card.json");
    let mut card = Cps3Card::with_state_file(&parameters(), &file).unwrap();
    assert_dialogue(
        &mut card,
        &[
            ("00 24 00 01 08 31 32 33 34 34 33 32 31", "9000"),
            (WRONG_PIN, "63C2"),
        ],
    );
    drop(card);
    let mut card = Cps3Card::with_state_file(&parameters(), &file).unwrap();
    assert_dialogue(
        &mut card,
        &[(PIN_STATE, "63C2"), ("00 20 00 01 04 34 33 32 31", "9000")],
    );
}

#[test]
fn a_card_whose_memory_fails_says_so_and_tells_nothing_about_the_code() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("card.json");
    let mut card = Cps3Card::with_state_file(&parameters(), &file).unwrap();
    ask(&mut card, WRONG_PIN);
    std::fs::create_dir(folder.path().join("card.new")).unwrap();
    assert_dialogue(
        &mut card,
        &[
            (WRONG_PIN, "6581"),
            (VERIFY_PIN, "6581"),
            (PIN_STATE, "63C2"),
        ],
    );
}

/// One step of a holder, a program or a thief.
#[derive(Clone, Debug)]
enum Step {
    Verify(String),
    VerifyUnblockCode(String),
    Change { old: String, new: String },
    ResetRetryCounter(String),
    AskState,
    PowerCycle,
}

/// What the standard says about the codes, in as few words as possible.
#[derive(Clone, Debug)]
struct Model {
    pin: String,
    pin_tries: u8,
    pin_verified: bool,
    unblock_tries: u8,
    unblock_uses: u16,
    unblock_verified: bool,
}

const UNBLOCK_CODE: &str = "12345678";
const PIN_TRIES: u8 = 3;
const UNBLOCK_TRIES: u8 = 4;
const UNBLOCK_USES: u16 = 3;

impl Model {
    fn new() -> Self {
        Self {
            pin: "1234".to_owned(),
            pin_tries: PIN_TRIES,
            pin_verified: false,
            unblock_tries: UNBLOCK_TRIES,
            unblock_uses: UNBLOCK_USES,
            unblock_verified: false,
        }
    }

    fn take(&mut self, step: &Step) -> String {
        match step {
            Step::Verify(code) if !is_pin_len(code) => "6700".to_owned(),
            Step::Verify(code) => {
                let answer = self.present_pin(code);
                self.pin_verified = match answer.as_str() {
                    "6983" => self.pin_verified,
                    answer => answer == "9000",
                };
                answer
            }
            Step::VerifyUnblockCode(_) if self.unblock_tries == 0 || self.unblock_uses == 0 => {
                "6983".to_owned()
            }
            Step::VerifyUnblockCode(code) => {
                self.unblock_verified = code == UNBLOCK_CODE;
                self.unblock_tries = if self.unblock_verified {
                    UNBLOCK_TRIES
                } else {
                    self.unblock_tries - 1
                };
                outcome(self.unblock_verified, self.unblock_tries)
            }
            Step::Change { old, new } => {
                let data = format!("{old}{new}");
                let split = self.pin.len().min(data.len());
                if data.len() < self.pin.len() || !is_pin_len(&data[split..]) {
                    return "6700".to_owned();
                }
                let answer = self.present_pin(&data[..split]);
                if answer == "9000" {
                    self.pin = data[split..].to_owned();
                } else if answer != "6983" {
                    self.pin_verified = false;
                }
                answer
            }
            Step::ResetRetryCounter(_) if !self.unblock_verified => "6982".to_owned(),
            Step::ResetRetryCounter(new) if !is_pin_len(new) => "6700".to_owned(),
            Step::ResetRetryCounter(_) if self.unblock_uses == 0 => "6983".to_owned(),
            Step::ResetRetryCounter(new) => {
                self.unblock_uses -= 1;
                self.pin.clone_from(new);
                self.pin_tries = PIN_TRIES;
                self.pin_verified = false;
                "9000".to_owned()
            }
            Step::AskState if self.pin_verified => "9000".to_owned(),
            Step::AskState if self.pin_tries == 0 => "6983".to_owned(),
            Step::AskState => format!("63C{}", self.pin_tries),
            Step::PowerCycle => {
                self.pin_verified = false;
                self.unblock_verified = false;
                String::new()
            }
        }
    }

    fn present_pin(&mut self, code: &str) -> String {
        if self.pin_tries == 0 {
            return "6983".to_owned();
        }
        let is_right = code == self.pin;
        self.pin_tries = if is_right {
            PIN_TRIES
        } else {
            self.pin_tries - 1
        };
        outcome(is_right, self.pin_tries)
    }
}

fn is_pin_len(code: &str) -> bool {
    (4..=8).contains(&code.len())
}

fn outcome(is_right: bool, tries_left: u8) -> String {
    if is_right {
        "9000".to_owned()
    } else {
        format!("63C{tries_left:X}")
    }
}

fn take(card: &mut Cps3Card, step: &Step) -> String {
    let command = match step {
        Step::Verify(code) => with_data("00200001", code),
        Step::VerifyUnblockCode(code) => with_data("00200002", code),
        Step::Change { old, new } => with_data("00240001", &format!("{old}{new}")),
        Step::ResetRetryCounter(new) => with_data("002C0201", new),
        Step::AskState => PIN_STATE.to_owned(),
        Step::PowerCycle => {
            card.reset();
            return String::new();
        }
    };
    ask(card, &command)
}

fn with_data(header: &str, code: &str) -> String {
    format!("{header}{:02X}{}", code.len(), hex::encode(code))
}

/// Tries of both codes and uses of the unblock code, as GET DATA shows them.
fn counters(card: &mut Cps3Card) -> (u8, u8, u16) {
    ask(card, "00 A4 09 0C 02 3F 00");
    let pin = fetch(card, "00 CB 3F FF 0A 4D 08 70 06 BF 81 01 02 A0 80");
    let unblock = fetch(card, "00 CB 3F FF 0A 4D 08 70 06 BF 81 02 02 A0 80");
    let uses = u16::from_be_bytes([unblock[16], unblock[17]]);
    (pin[13], unblock[13], uses)
}

fn long_code_card() -> CardParameters {
    let mut parameters = parameters();
    parameters.pin_maximum_len = Some(8);
    parameters.pin_tries = PIN_TRIES;
    parameters.unblock_tries = UNBLOCK_TRIES;
    parameters.unblock_uses = UNBLOCK_USES;
    parameters
}

fn any_code() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => Just("1234".to_owned()),
        2 => Just("567890".to_owned()),
        1 => Just("0000".to_owned()),
        1 => "[0-9]{1,9}",
    ]
}

fn any_step() -> impl Strategy<Value = Step> {
    let unblock_code = prop_oneof![
        3 => Just(UNBLOCK_CODE.to_owned()),
        1 => Just("87654321".to_owned()),
    ];
    prop_oneof![
        4 => any_code().prop_map(Step::Verify),
        2 => unblock_code.prop_map(Step::VerifyUnblockCode),
        2 => (any_code(), any_code()).prop_map(|(old, new)| Step::Change { old, new }),
        2 => any_code().prop_map(Step::ResetRetryCounter),
        1 => Just(Step::AskState),
        1 => Just(Step::PowerCycle),
    ]
}

proptest! {
    #[test]
    fn any_use_of_the_codes_agrees_with_the_model(steps in proptest::collection::vec(any_step(), 1..60)) {
        let mut card = Cps3Card::new(&long_code_card()).unwrap();
        let mut model = Model::new();
        for step in &steps {
            prop_assert_eq!(take(&mut card, step), model.take(step), "{:?}", step);
            let expected = (model.pin_tries, model.unblock_tries, model.unblock_uses);
            prop_assert_eq!(counters(&mut card), expected, "after {:?}", step);
        }
    }
}
