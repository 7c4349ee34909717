//! A module that says yes where the card said no, and the codes that a holder has.

use std::time::Duration;

use card_profiles::{CpxCard, KeypadTime, LastTry};
use cpxd_tests::soft_reader::SoftReader;
use cpxd_tests::token_user::TokenUser;
use igc_sante::KeyRole;
use serde_json::json;

use crate::operations::{
    NEW_PIN, PIN, UNBLOCK_CODE, WRONG_PIN, activities, change, code, look, sign, sign_verified,
    unblock,
};
use crate::stay::{LONG, Stay};
use crate::told::{Told, told_of_pin};

/// A reader with a card that was looked at.
fn desk() -> (SoftReader, Stay) {
    let reader = SoftReader::with_cps();
    let mut stay = Stay::new(&reader, LONG);
    look(&mut stay).unwrap();
    (reader, stay)
}

/// Codes that came to the card, tries left of the holder's code, and of the unblock code.
fn counts(reader: &SoftReader) -> [u64; 3] {
    let memory = reader.memory(&reader.token());
    ["presented", "user_tries_left", "so_tries_left"].map(|field| memory[field].as_u64().unwrap())
}

fn authenticate(stay: &mut Stay, pin: &str) -> Result<(), Told> {
    sign(stay, pin, KeyRole::Authentication)
}

/// The last try, which the holder said yes to.
fn risk(stay: &mut Stay, pin: &str) -> Result<(), Told> {
    stay.use_card(|card| {
        card.verify_pin(&code(pin), LastTry::Confirmed)
            .map_err(told_of_pin)?;
        sign_verified(card, KeyRole::Authentication)
    })
}

#[test]
fn a_login_that_says_yes_and_presents_nothing_signs_nothing_and_costs_nothing() {
    let (reader, mut stay) = desk();
    reader.habit("login-ok-though-refused");
    for pin in [PIN, WRONG_PIN] {
        assert_eq!(authenticate(&mut stay, pin), Err(Told::ModuleFailed));
    }
    assert_eq!(counts(&reader), [0, 3, 3]);
    reader.no_habits();
    assert_eq!(authenticate(&mut stay, PIN), Ok(()));
    assert_eq!(counts(&reader), [1, 3, 3]);
}

#[test]
fn a_change_that_says_yes_and_does_nothing_is_told_and_the_old_code_holds() {
    let (reader, mut stay) = desk();
    reader.habit("set-pin-ok-though-refused");
    assert_eq!(change(&mut stay, PIN, NEW_PIN), Err(Told::ModuleFailed));
    // The new code shows that it does not hold, which costs a try; the next right code gives it back.
    assert_eq!(counts(&reader), [1, 2, 3]);
    assert_eq!(authenticate(&mut stay, PIN), Ok(()));
    assert_eq!(counts(&reader), [2, 3, 3]);
}

#[test]
fn a_change_in_vain_with_a_wrong_old_code_costs_the_try_of_the_new_one_and_no_more() {
    let (reader, mut stay) = desk();
    reader.habit("set-pin-ok-though-refused");
    let told = change(&mut stay, WRONG_PIN, NEW_PIN);
    assert_eq!(told, Err(Told::ModuleFailed));
    assert_eq!(counts(&reader), [1, 2, 3]);
    reader.no_habits();
    assert_eq!(authenticate(&mut stay, PIN), Ok(()));
    assert_eq!(counts(&reader), [2, 3, 3]);
}

#[test]
fn a_change_in_vain_never_spends_the_last_tries_to_find_out() {
    for (tries_left, old) in [(2, PIN), (2, WRONG_PIN)] {
        let (reader, mut stay) = desk();
        reader.change_memory(&reader.token(), "user_tries_left", json!(tries_left));
        reader.habit("set-pin-ok-though-refused");
        assert_eq!(change(&mut stay, old, NEW_PIN), Err(Told::OutcomeUnknown));
        assert_eq!(counts(&reader), [0, tries_left, 3], "{old}");
        assert_eq!(authenticate(&mut stay, PIN), Ok(()));
    }
}

#[test]
fn a_change_after_a_wrong_code_is_shown_to_hold() {
    let (reader, mut stay) = desk();
    assert_eq!(
        authenticate(&mut stay, WRONG_PIN),
        Err(Told::PinWrong(None))
    );
    assert_eq!(change(&mut stay, PIN, NEW_PIN), Ok(()));
    assert_eq!(counts(&reader), [3, 3, 3]);
    assert_eq!(authenticate(&mut stay, NEW_PIN), Ok(()));
}

#[test]
fn an_unblocking_that_says_yes_and_does_nothing_is_told() {
    let (reader, mut stay) = desk();
    reader.change_memory(&reader.token(), "user_tries_left", json!(0));
    reader.habit("init-pin-ok-though-refused");
    assert_eq!(
        unblock(&mut stay, UNBLOCK_CODE, NEW_PIN),
        Err(Told::ModuleFailed)
    );
    assert_eq!(counts(&reader), [1, 0, 3]);
    reader.no_habits();
    assert_eq!(unblock(&mut stay, UNBLOCK_CODE, NEW_PIN), Ok(()));
    assert_eq!(authenticate(&mut stay, NEW_PIN), Ok(()));
}

#[test]
fn an_unblocking_in_vain_of_a_code_that_works_costs_the_try_that_shows_it_and_no_more() {
    let (reader, mut stay) = desk();
    reader.habit("init-pin-ok-though-refused");
    assert_eq!(
        unblock(&mut stay, UNBLOCK_CODE, NEW_PIN),
        Err(Told::ModuleFailed)
    );
    assert_eq!(counts(&reader), [2, 2, 3]);
    // With a try missing, it is not known which code holds: nothing more is spent on it.
    assert_eq!(
        unblock(&mut stay, UNBLOCK_CODE, NEW_PIN),
        Err(Told::OutcomeUnknown)
    );
    assert_eq!(counts(&reader), [3, 2, 3]);
    assert_eq!(authenticate(&mut stay, PIN), Ok(()));
    assert_eq!(counts(&reader), [4, 3, 3]);
}

#[test]
fn a_wrong_code_that_counts_in_silence_is_told_as_wrong_and_blocks_as_told() {
    let (reader, mut stay) = desk();
    reader.habit("counts-silently");
    assert_eq!(
        authenticate(&mut stay, WRONG_PIN),
        Err(Told::PinWrong(None))
    );
    assert_eq!(
        authenticate(&mut stay, WRONG_PIN),
        Err(Told::PinWrong(Some(1)))
    );
    assert_eq!(
        authenticate(&mut stay, WRONG_PIN),
        Err(Told::LastTryNotConfirmed)
    );
    assert_eq!(counts(&reader), [2, 1, 3]);
    assert_eq!(risk(&mut stay, WRONG_PIN), Err(Told::PinBlocked));
    assert_eq!(risk(&mut stay, PIN), Err(Told::PinBlocked));
    assert_eq!(counts(&reader), [3, 0, 3]);
}

#[test]
fn a_wrong_unblock_code_that_counts_in_silence_is_told_as_wrong() {
    let (reader, mut stay) = desk();
    reader.change_memory(&reader.token(), "user_tries_left", json!(0));
    reader.habit("counts-silently");
    let told = unblock(&mut stay, "87654321", NEW_PIN);
    assert_eq!(told, Err(Told::PinWrong(None)));
    assert_eq!(counts(&reader), [1, 0, 2]);
    reader.no_habits();
    assert_eq!(unblock(&mut stay, UNBLOCK_CODE, NEW_PIN), Ok(()));
    assert_eq!(counts(&reader), [3, 3, 3]);
}

#[test]
fn the_try_that_blocks_is_told_as_such_whatever_the_module_calls_it() {
    let (reader, mut stay) = desk();
    reader.habit("blocks-at-incorrect");
    assert_eq!(
        authenticate(&mut stay, WRONG_PIN),
        Err(Told::PinWrong(None))
    );
    assert_eq!(
        authenticate(&mut stay, WRONG_PIN),
        Err(Told::PinWrong(Some(1)))
    );
    assert_eq!(risk(&mut stay, WRONG_PIN), Err(Told::PinBlocked));
    assert_eq!(risk(&mut stay, PIN), Err(Told::PinBlocked));
    assert_eq!(counts(&reader), [3, 0, 3]);
}

#[test]
fn a_wrong_code_that_the_key_alone_presents_is_told_as_wrong_and_costs_one_try() {
    let (reader, mut stay) = desk();
    reader.habit("login-ok-though-refused");
    reader.habit("replays-pin");
    let told = authenticate(&mut stay, WRONG_PIN);
    assert_eq!(told, Err(Told::PinWrong(None)));
    assert_eq!(counts(&reader), [1, 2, 3]);
    assert_eq!(authenticate(&mut stay, PIN), Ok(()));
    assert_eq!(counts(&reader), [2, 3, 3]);
}

#[test]
fn places_of_work_that_a_login_in_vain_does_not_show_are_no_empty_list() {
    let (reader, mut stay) = desk();
    reader.habit("login-ok-though-refused");
    assert_eq!(activities(&mut stay), Err(Told::ModuleFailed));
    assert_eq!(counts(&reader), [0, 3, 3]);
    reader.no_habits();
    assert_eq!(activities(&mut stay), Ok(()));
}

/// The official module says so of a card that another program took away under it.
#[test]
fn a_key_of_another_type_all_at_once_is_a_fault_of_the_module() {
    let (reader, mut stay) = desk();
    reader.fault("C_Sign", 0, "CKR_KEY_TYPE_INCONSISTENT");
    assert_eq!(authenticate(&mut stay, PIN), Err(Told::ModuleFailed));
    reader.no_faults();
    assert_eq!(authenticate(&mut stay, PIN), Ok(()));
    assert_eq!(counts(&reader), [2, 3, 3]);
}

#[test]
fn a_login_that_was_taken_and_denied_is_not_in_the_way_of_the_next() {
    let (reader, mut stay) = desk();
    reader.fault("C_Login", 0, "works-and-CKR_GENERAL_ERROR");
    assert_eq!(authenticate(&mut stay, PIN), Err(Told::ModuleFailed));
    reader.no_faults();
    assert_eq!(authenticate(&mut stay, PIN), Ok(()));
    assert_eq!(counts(&reader), [2, 3, 3]);
}

#[test]
fn a_code_that_another_program_changed_is_not_replayed() {
    let (reader, mut stay) = desk();
    reader.habit("replays-pin");
    assert_eq!(authenticate(&mut stay, PIN), Ok(()));
    let mut other = TokenUser::start(&reader);
    other.tell("open rw");
    other.tell("set-pin 1234 4321");
    reader.change_memory(&reader.token(), "verified", json!(false));
    let before = counts(&reader);
    for _ in 0..3 {
        let without_code = stay.use_card(|card| sign_verified(card, KeyRole::Authentication));
        assert_eq!(without_code, Err(Told::CardUnsupported));
    }
    assert_eq!(counts(&reader), before);
    assert_eq!(authenticate(&mut stay, NEW_PIN), Ok(()));
    assert_eq!(counts(&reader), [before[0] + 1, 3, 3]);
}

#[test]
fn a_code_of_a_length_that_the_card_does_not_take_never_comes_to_the_module() {
    let (reader, mut stay) = desk();
    assert_eq!(authenticate(&mut stay, "12345"), Err(Told::PinLength));
    assert_eq!(change(&mut stay, "12345", NEW_PIN), Err(Told::PinLength));
    assert_eq!(change(&mut stay, PIN, "54321"), Err(Told::NewPinRefused));
    assert_eq!(
        unblock(&mut stay, UNBLOCK_CODE, "54321"),
        Err(Told::NewPinRefused)
    );
    assert_eq!(counts(&reader), [0, 3, 3]);
    let trace = reader.trace();
    let with_code = ["C_Login", "C_SetPIN", "C_InitPIN"];
    assert!(
        !trace
            .iter()
            .any(|line| with_code.iter().any(|name| line.starts_with(name)))
    );
}

#[test]
fn a_length_that_the_module_alone_refuses_costs_nothing_and_is_no_lost_try() {
    let (reader, mut stay) = desk();
    reader.set("pinLengths", json!([4, 8]));
    look(&mut stay).unwrap();
    // The module's own limits change under a token that was read.
    reader.fault("C_Login", 0, "CKR_PIN_INCORRECT");
    assert_eq!(authenticate(&mut stay, "12345"), Err(Told::PinWrong(None)));
    reader.no_faults();
    assert_eq!(counts(&reader), [0, 3, 3]);
    assert_eq!(authenticate(&mut stay, PIN), Ok(()));
}

#[test]
fn a_code_is_typed_at_the_keypad_of_the_reader_where_it_has_one() {
    let (reader, mut stay) = desk();
    let uses = stay.use_card(|card| card.keypad_uses().map_err(crate::told::told_of_card));
    assert!(!uses.unwrap().verify);
    reader.set("keypadCode", json!(PIN));
    let at_keypad = |stay: &mut Stay| {
        stay.use_card(|card| {
            assert!(card.keypad_uses().unwrap().verify);
            card.verify_pin_at_keypad(
                KeypadTime::of(Duration::from_secs(5)),
                LastTry::NotConfirmed,
            )
            .map_err(told_of_pin)?;
            sign_verified(card, KeyRole::Signature)
        })
    };
    assert_eq!(at_keypad(&mut stay), Ok(()));
    reader.set("keypadCode", json!(WRONG_PIN));
    assert_eq!(at_keypad(&mut stay), Err(Told::PinWrong(None)));
    assert_eq!(counts(&reader), [2, 2, 3]);
    reader.fault("C_Login", 0, "CKR_FUNCTION_CANCELED");
    assert_eq!(at_keypad(&mut stay), Err(Told::Cancelled));
    assert_eq!(counts(&reader), [2, 2, 3]);
}
