//! SELECT in every form that a real card was seen to answer.

use crate::card::{ask, assert_dialogue, card};

#[test]
fn the_master_file_answers_without_file_control_parameters() {
    assert_dialogue(
        &mut card(),
        &[
            ("00 A4 00 0C 02 3F 00", "9000"),
            ("00 A4 09 0C 02 3F 00", "9000"),
            ("00 A4 09 04 02 3F 00", "9000"),
            ("00 A4 02 04 02 3F 00", "9000"),
            ("00 A4 00 0C 00", "9000"),
        ],
    );
}

#[test]
fn an_absolute_path_keeps_its_3f00() {
    assert_dialogue(
        &mut card(),
        &[
            ("00 A4 09 04 04 3F 00 2F 01", "6127"),
            (
                "00 C0 00 00 27",
                "62 25 80 02 00 39 82 01 01 83 02 2F 01 88 01 E8 A1 12 8C 07 7B 45 FF FF FF 45 \
                 00 9C 07 7B FF FF FF FF FF 00 8A 01 05 90 00",
            ),
            ("00 A4 09 0C 04 3F 00 00 01", "9000"),
            ("00 A4 09 04 04 3F 00 00 01", "612F"),
            ("00 A4 09 04 06 3F 00 00 01 50 31", "6126"),
            ("00 A4 09 04 04 3F 00 D0 10", "6A82"),
            ("00 A4 09 04 06 3F 00 00 02 50 31", "6A82"),
        ],
    );
}

#[test]
fn a_relative_path_starts_from_the_current_directory() {
    assert_dialogue(
        &mut card(),
        &[
            ("00 A4 09 04 02 2F 01", "6127"),
            ("00 A4 09 0C 04 3F 00 00 01", "9000"),
            ("00 A4 09 04 02 2F 00", "6A82"),
            ("00 A4 09 04 02 50 31", "6126"),
            ("00 A4 08 04 04 00 01 50 32", "6126"),
        ],
    );
}

#[test]
fn p2_00_is_refused_for_files_and_for_the_pkcs15_application() {
    assert_dialogue(
        &mut card(),
        &[
            ("00 A4 09 0C 04 3F 00 00 01", "9000"),
            ("00 A4 02 00 02 A0 01", "6A86"),
            ("00 A4 02 04 02 A0 01", "6126"),
            (
                "00 A4 04 00 0D E8 28 BD 08 0F 80 25 00 00 01 FF 00 10",
                "6A86",
            ),
            (
                "00 A4 04 0C 0D E8 28 BD 08 0F 80 25 00 00 01 FF 00 10",
                "9000",
            ),
            (
                "00 A4 04 04 0D E8 28 BD 08 0F 80 25 00 00 01 FF 00 10",
                "612F",
            ),
            ("00 A4 04 00 08 80 25 00 00 01 FF 01 00", "9000"),
            ("00 A4 04 04 08 80 25 00 00 01 FF 01 00", "9000"),
        ],
    );
}

#[test]
fn directories_and_files_are_not_taken_for_each_other() {
    assert_dialogue(
        &mut card(),
        &[
            ("00 A4 01 0C 02 00 01", "9000"),
            ("00 A4 03 0C 00", "9000"),
            ("00 A4 02 0C 02 00 01", "6A82"),
            ("00 A4 01 0C 02 2F 00", "6A82"),
            ("00 A4 00 0C 02 00 02", "9000"),
            ("00 A4 09 0C 06 3F 00 2F 00 50 31", "6A82"),
        ],
    );
}

#[test]
fn a_refused_selection_leaves_the_current_file() {
    let mut card = card();
    assert_dialogue(
        &mut card,
        &[
            ("00 A4 09 0C 04 3F 00 D0 03", "9000"),
            ("00 A4 09 0C 04 3F 00 D0 10", "6A82"),
            ("00 A4 09 0C 03 3F 00 D0", "6A80"),
            ("00 A4 77 0C 02 3F 00", "6A86"),
            ("00 A4 04 0C 03 A0 00 00", "6A82"),
        ],
    );
    assert_eq!(ask(&mut card, "00B000000C"), "5A0A8025000001991234565F9000");
}
