//! Another program may leave the card in its old set of commands.

use crate::card::{PIN_STATE, SELECT_APPLICATION, VERIFY_PIN, assert_dialogue, card};
use card_emulator::VirtualCard;

const LEAVE: &str = "00 A4 04 04 08 80 25 00 00 01 FF 00 02";
const RETURN: &str = "00 A4 04 04 08 80 25 00 00 01 FF 01 00";

#[test]
fn in_the_cps2ter_view_class_00_is_unknown_until_the_root_is_selected() {
    assert_dialogue(
        &mut card(),
        &[
            (VERIFY_PIN, "9000"),
            (LEAVE, "9000"),
            (PIN_STATE, "6E00"),
            (SELECT_APPLICATION, "6E00"),
            (VERIFY_PIN, "6E00"),
            (
                "00 A4 04 0C 0D E8 28 BD 08 0F 80 25 00 00 01 FF 00 10",
                "6E00",
            ),
            ("10 2A 80 86 01 81", "6E00"),
            (RETURN, "9000"),
            (PIN_STATE, "9000"),
            (SELECT_APPLICATION, "9000"),
        ],
    );
}

#[test]
fn a_refused_wrong_code_in_the_cps2ter_view_costs_nothing() {
    assert_dialogue(
        &mut card(),
        &[
            (LEAVE, "9000"),
            ("00 20 00 01 04 39 39 39 39", "6E00"),
            (RETURN, "9000"),
            (PIN_STATE, "63C3"),
        ],
    );
}

#[test]
fn class_a0_answers_in_both_views_as_recorded() {
    for view in [LEAVE, RETURN] {
        assert_dialogue(
            &mut card(),
            &[
                (view, "9000"),
                ("A0 A4 00 00 02 3F 00", "9000"),
                ("A0 A4 00 00 02 7F 01", "6A86"),
                ("A0 A4 00 00 02 40 10", "6A86"),
                ("A0 B0 00 00 10", "6D00"),
            ],
        );
    }
}

#[test]
fn a_reset_brings_the_ias_view_back() {
    let mut card = card();
    assert_dialogue(&mut card, &[(LEAVE, "9000"), (PIN_STATE, "6E00")]);
    card.reset();
    assert_dialogue(&mut card, &[(PIN_STATE, "63C3")]);
}

#[test]
fn other_classes_and_instructions_are_refused() {
    assert_dialogue(
        &mut card(),
        &[
            ("01 A4 04 0C 08 80 25 00 00 01 FF 01 00", "6881"),
            ("80 20 00 01 04 31 32 33 34", "6E00"),
            ("0C 20 00 01 04 31 32 33 34", "6E00"),
            ("10 20 00 01 04 31 32 33 34", "6884"),
            ("00 FF 00 00 00", "6D00"),
            ("00 C0 00 00 10", "6985"),
            ("00 20 00 01 05 31 32 33 34", "6700"),
            (PIN_STATE, "63C3"),
        ],
    );
}
