//! Where the applet sits, and what another program does to that.

use crate::card::{
    PIN_STATE, SELECT_APPLET, SELECT_APPLICATION, VERIFY_PIN, assert_dialogue, card, card_of,
    parameters,
};
use card_apdu::{Protocol, StatusWord};
use card_emulator::{Cps4Atr, Cps4Card, VirtualCard};

const ISSUER_DOMAIN: &str = "01 A4 04 0C 07 A0 00 00 01 51 00 00";
const CPS2TER_ON_BASIC: &str = "00 A4 04 0C 08 80 25 00 00 01 FF 00 02";
const APPLET_ON_BASIC: &str = "00 A4 04 0C 08 80 25 00 00 01 FF 01 00";
const CLOSE_CHANNEL: &str = "00 70 80 01";

#[test]
fn select_opens_channel_1_and_a_reset_closes_it() {
    let mut card = Cps4Card::new(&parameters()).unwrap();
    assert_dialogue(
        &mut card,
        &[
            (PIN_STATE, "6881"),
            (SELECT_APPLICATION, "6881"),
            (SELECT_APPLET, "9000"),
            (PIN_STATE, "63C3"),
            ("02 20 00 01", "6881"),
            ("00 20 00 01", "6E00"),
            ("80 20 00 01", "6E00"),
        ],
    );
    card.reset();
    assert_dialogue(&mut card, &[(PIN_STATE, "6881")]);
}

#[test]
fn the_applet_is_selected_with_p2_04_too_and_never_answers_data() {
    assert_dialogue(
        &mut card(),
        &[
            ("01 A4 04 04 08 80 25 00 00 01 FF 01 00", "9000"),
            ("01 A4 04 04 08 80 25 00 00 01 FF 01 00 00", "9000"),
            ("01 A4 04 00 08 80 25 00 00 01 FF 01 00", "6A86"),
            ("01 A4 04 0C 05 A0 00 00 00 01", "6A82"),
            (
                "01 A4 04 0C 0D E8 28 BD 08 0F 80 25 00 00 01 FF 00 10",
                "6A82",
            ),
        ],
    );
}

#[test]
fn an_applet_on_channel_0_is_freed_by_the_recorded_detour() {
    assert_dialogue(
        &mut card(),
        &[
            (APPLET_ON_BASIC, "9000"),
            (PIN_STATE, "6985"),
            (SELECT_APPLET, "6985"),
            (ISSUER_DOMAIN, "9000"),
            (SELECT_APPLET, "6985"),
            (CPS2TER_ON_BASIC, "9000"),
            (SELECT_APPLET, "9000"),
            (PIN_STATE, "63C3"),
        ],
    );
}

#[test]
fn the_applet_works_on_channel_0_for_whoever_put_it_there() {
    assert_dialogue(
        &mut card(),
        &[
            (APPLET_ON_BASIC, "9000"),
            ("00 20 00 01 04 31 32 33 34", "9000"),
            ("00 A4 08 00 04 00 01 D1 20", "9000"),
            ("00 B0 00 00 02", "EE 23 90 00"),
            (CPS2TER_ON_BASIC, "9000"),
            ("00 20 00 01", "6E00"),
        ],
    );
}

#[test]
fn another_application_or_a_closed_channel_is_undone_by_one_select() {
    for (disturbance, answer) in [(ISSUER_DOMAIN, "6E00"), (CLOSE_CHANNEL, "6881")] {
        assert_dialogue(
            &mut card(),
            &[
                (VERIFY_PIN, "9000"),
                (disturbance, "9000"),
                (PIN_STATE, answer),
                ("01 20 00 01 04 39 39 39 39", answer),
                (SELECT_APPLET, "9000"),
                (PIN_STATE, "9000"),
            ],
        );
    }
}

#[test]
fn what_a_lost_applet_answers_can_be_chosen() {
    for answer in [0x6881, 0x6985, 0x6E00, 0x6A86] {
        let mut parameters = parameters();
        parameters.cps4.lost_applet_answer = Some(StatusWord(answer));
        let answer = format!("{answer:X}");
        for disturbance in [ISSUER_DOMAIN, CLOSE_CHANNEL] {
            assert_dialogue(
                &mut card_of(&parameters),
                &[
                    (disturbance, "9000"),
                    (PIN_STATE, &answer),
                    (SELECT_APPLICATION, &answer),
                    (SELECT_APPLET, "9000"),
                    (PIN_STATE, "63C3"),
                ],
            );
        }
    }
}

#[test]
fn a_card_can_forget_the_code_with_its_applet() {
    let mut parameters = parameters();
    parameters.cps4.forgets_codes_when_deselected = true;
    assert_dialogue(
        &mut card_of(&parameters),
        &[
            (VERIFY_PIN, "9000"),
            (SELECT_APPLET, "9000"),
            (PIN_STATE, "9000"),
            (ISSUER_DOMAIN, "9000"),
            (SELECT_APPLET, "9000"),
            (PIN_STATE, "63C3"),
        ],
    );
}

#[test]
fn selecting_forgets_files_and_keys_that_were_set() {
    assert_dialogue(
        &mut card(),
        &[
            (VERIFY_PIN, "9000"),
            (SELECT_APPLICATION, "9000"),
            ("01 22 81 B6 04 91 02 28 90", "9000"),
            (SELECT_APPLET, "9000"),
            ("01 B0 00 00 01", "6986"),
            ("01 2A 9E 9A 01 00 00", "6985"),
        ],
    );
}

#[test]
fn the_cps2ter_view_stands_beside_the_applet() {
    assert_dialogue(
        &mut card(),
        &[
            ("A0 A4 00 00 02 3F 00", "9000"),
            ("A0 A4 00 00 02 7F 01", "6A86"),
            ("A0 B0 00 00 10", "6D00"),
            (PIN_STATE, "63C3"),
            (APPLET_ON_BASIC, "9000"),
            ("A0 A4 00 00 02 3F 00", "6E00"),
        ],
    );
}

#[test]
fn each_answer_to_reset_brings_its_protocol() {
    for (atr, protocol) in [
        (Cps4Atr::Issued, Protocol::T1),
        (Cps4Atr::ReleaseCandidate, Protocol::T1),
        (Cps4Atr::ReleaseCandidateT0, Protocol::T0),
    ] {
        let mut parameters = parameters();
        parameters.cps4.atr = atr;
        let card = card_of(&parameters);
        assert_eq!(card.atr(), atr.bytes());
        assert_eq!(card.protocol(), protocol);
    }
}

#[test]
fn t0_commands_come_without_le_and_their_answers_are_fetched() {
    let mut parameters = parameters();
    parameters.cps4.atr = Cps4Atr::ReleaseCandidateT0;
    assert_dialogue(
        &mut card_of(&parameters),
        &[
            ("01 20 00 01 00", "63C3"),
            ("01 A4 08 00 02 D0 03", "6110"),
            (
                "01 C0 00 00 10",
                "6F 0E 80 02 00 0C 82 01 01 83 02 D0 03 8A 01 05 90 00",
            ),
            ("01 20 00 02 08 31 32 33 34 35 36 37 38", "9000"),
            ("01 2C 03 81 00", "9000"),
            ("01 24 01 01 04 35 35 35 35", "9000"),
            ("01 84 00 00 10", "6C08"),
        ],
    );
}
