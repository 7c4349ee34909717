//! A reader with a keypad, as its driver tells of it and is asked to use it.

use std::time::Duration;

use card_apdu::{
    CardChannel, ChannelError, KeypadAnswer, KeypadCodes, KeypadEntry, KeypadFormat, KeypadTime,
    NotSent, PinBlock, ReaderFault, StatusWord,
};
use card_pcsc::{PcscConnection, connect};
use pcsc_sys::{SCARD_E_NOT_TRANSACTED, SCARD_E_UNSUPPORTED_FEATURE, SCARD_W_REMOVED_CARD};

use crate::errors::errors;
use crate::fake_service::{
    Call, LIAR, READER, add_keypad, fail_once, feature_questions, keypad_entries, transmits,
};

fn verify() -> KeypadEntry {
    KeypadEntry {
        command: [0x00, 0x20, 0x00, 0x01],
        codes: KeypadCodes::Present,
        format: KeypadFormat {
            minimum_len: 4,
            maximum_len: 8,
            block: None,
        },
        time: KeypadTime::of(Duration::from_secs(30)),
    }
}

fn enter(card: &mut PcscConnection, entry: &KeypadEntry) -> Result<KeypadAnswer, ChannelError> {
    card.transaction().unwrap().enter_at_keypad(entry)
}

fn has_keypad(card: &mut PcscConnection) -> bool {
    card.transaction().unwrap().keypad().is_some()
}

#[test]
fn a_code_typed_there_is_a_control_and_no_command() {
    add_keypad(&[0x63, 0xC2]);
    let mut card = connect(READER).unwrap();
    let change = KeypadEntry {
        command: [0x00, 0x24, 0x00, 0x01],
        codes: KeypadCodes::OldThenNewTwice,
        format: KeypadFormat {
            block: Some(PinBlock {
                len: 8,
                filler: 0xFF,
            }),
            ..verify().format
        },
        ..verify()
    };
    let wrong = Ok(KeypadAnswer::Card(StatusWord(0x63C2)));
    assert_eq!(enter(&mut card, &verify()), wrong);
    assert_eq!(enter(&mut card, &change), wrong);
    let entries = keypad_entries();
    assert_eq!(entries[0].0, 0x4233_0006);
    let structure = [
        30, 15, 0x82, 0, 0, 8, 4, 2, 0xFF, 0x0C, 0x04, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0x20, 0, 1,
    ];
    assert_eq!(entries[0].1, structure);
    assert_eq!(entries[1].0, 0x4233_0007);
    assert_eq!(transmits(), 0);
}

#[test]
fn the_driver_is_asked_once_for_each_connection() {
    add_keypad(&[0x64, 0x01]);
    let mut card = connect(READER).unwrap();
    for _ in 0..3 {
        assert!(has_keypad(&mut card));
        let cancelled = Ok(KeypadAnswer::NotSent(NotSent::Cancelled));
        assert_eq!(enter(&mut card, &verify()), cancelled);
    }
    assert_eq!(feature_questions(), 1);
}

#[test]
fn a_reader_that_does_not_tell_of_a_keypad_or_lies_about_it_has_none() {
    let mut without = connect(READER).unwrap();
    assert!(!has_keypad(&mut without));
    assert_eq!(enter(&mut without, &verify()), Err(ChannelError::NoKeypad));
    add_keypad(&[0x90, 0x00]);
    assert!(!has_keypad(&mut connect(LIAR).unwrap()));
    assert!(has_keypad(&mut connect(READER).unwrap()));
    assert_eq!(keypad_entries(), []);
}

#[test]
fn an_error_while_the_driver_is_asked_costs_the_keypad_and_nothing_else() {
    for (error, _) in errors() {
        std::thread::spawn(move || {
            add_keypad(&[0x90, 0x00]);
            let mut card = connect(READER).unwrap();
            fail_once(Call::Control, error);
            assert!(!has_keypad(&mut card));
            super::works(&mut card);
            assert!(has_keypad(&mut connect(READER).unwrap()));
        })
        .join()
        .unwrap();
    }
}

#[test]
fn an_error_at_the_keypad_is_told_and_nobody_is_asked_again() {
    for (error, expected) in [
        (
            SCARD_E_UNSUPPORTED_FEATURE,
            Ok(KeypadAnswer::NotSent(NotSent::Refused)),
        ),
        (
            SCARD_W_REMOVED_CARD,
            Err(ChannelError::Reader(ReaderFault::Removed)),
        ),
        (
            SCARD_E_NOT_TRANSACTED,
            Err(ChannelError::Reader(ReaderFault::Mute)),
        ),
    ] {
        std::thread::spawn(move || {
            add_keypad(&[0x90, 0x00]);
            let mut card = connect(READER).unwrap();
            assert!(has_keypad(&mut card));
            fail_once(Call::Control, error);
            assert_eq!(enter(&mut card, &verify()), expected);
            assert_eq!(keypad_entries(), []);
            super::works(&mut card);
        })
        .join()
        .unwrap();
    }
}
