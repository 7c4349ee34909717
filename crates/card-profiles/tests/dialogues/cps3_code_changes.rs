//! A new code on a CPS3, by the old one and by the unblock code.

use card_apdu::StatusWord;
use card_profiles::{CardError, LastTry, PinError, UnblockError};

use crate::script::{Script, pin, unblock_code};

const NO: LastTry = LastTry::NotConfirmed;
const YES: LastTry = LastTry::Confirmed;

/// Changes 1234 to 4321; tells too whether a state is left that is ours to drop.
fn change(name: &str, last_try: LastTry) -> (Result<(), PinError>, bool) {
    Script::known_cps3(name)
        .with("pin-both", b"12344321")
        .play(|card| {
            let outcome = card.change_pin(&pin(b"1234"), &pin(b"4321"), last_try);
            (outcome, card.leaves_code_presented())
        })
}

fn unblock(script: Script) -> Result<(), UnblockError> {
    script.play(|card| card.unblock_pin(&unblock_code(b"12345678"), &pin(b"4321"), NO))
}

fn with_unblock_code(name: &str) -> Script {
    Script::known_cps3(name).with("unblock-code", b"12345678")
}

#[test]
fn both_codes_go_in_one_command_between_two_counters() {
    let (changed, is_ours) = change("change-pin", NO);
    changed.unwrap();
    assert!(!is_ours, "the card says that no code is presented");
}

#[test]
fn a_code_presented_before_is_counted_by_get_data_and_stays_the_other_programs() {
    let (changed, is_ours) = change("change-pin-presented-before", NO);
    changed.unwrap();
    assert!(!is_ours);
}

#[test]
fn a_wrong_old_code_and_a_refused_new_one_are_told_apart() {
    assert!(matches!(
        change("change-pin-wrong", NO).0,
        Err(PinError::Wrong {
            tries_left: Some(2)
        })
    ));
    assert!(matches!(
        change("change-pin-answered-6300", NO).0,
        Err(PinError::Wrong {
            tries_left: Some(2)
        })
    ));
    assert!(matches!(
        change("change-pin-blocks", YES).0,
        Err(PinError::Blocked)
    ));
    assert!(matches!(
        change("change-pin-refused", NO).0,
        Err(PinError::NewCodeRefused(CardError::Refused {
            command: "CHANGE REFERENCE DATA",
            sw: StatusWord::WRONG_DATA
        }))
    ));
}

#[test]
fn the_unblock_code_sets_a_new_code_between_two_readings_of_the_counters() {
    unblock(with_unblock_code("unblock-pin").with("pin-new", b"4321")).unwrap();
}

#[test]
fn after_a_wrong_unblock_code_the_uses_are_read_again() {
    assert!(matches!(
        unblock(with_unblock_code("unblock-pin-wrong")),
        Err(UnblockError::Wrong {
            tries_left: Some(9),
            uses_left: Some(99)
        })
    ));
}

#[test]
fn an_unblock_code_without_use_and_its_last_try_are_held_back() {
    assert!(matches!(
        unblock(Script::known_cps3("unblock-pin-no-use-left")),
        Err(UnblockError::Blocked)
    ));
    assert!(matches!(
        unblock(Script::known_cps3("unblock-pin-last-try-not-confirmed")),
        Err(UnblockError::LastTryNotConfirmed)
    ));
}

#[test]
fn an_unblock_code_of_which_the_card_tells_nothing_is_counted_by_an_empty_verify() {
    let untold = with_unblock_code("unblock-pin-counter-untold");
    unblock(untold.with("pin-new", b"4321")).unwrap();
    assert!(matches!(
        unblock(Script::known_cps3("unblock-pin-counter-untold-last-try")),
        Err(UnblockError::LastTryNotConfirmed)
    ));
}

#[test]
fn an_unblock_that_the_card_refused_or_contradicts_is_no_success() {
    let with_both = |name| with_unblock_code(name).with("pin-new", b"4321");
    assert!(matches!(
        unblock(with_both("unblock-pin-refused")),
        Err(UnblockError::Card(CardError::Refused {
            sw: StatusWord::SECURITY_STATUS_NOT_SATISFIED,
            ..
        }))
    ));
    assert!(matches!(
        unblock(with_both("unblock-pin-still-blocked")),
        Err(UnblockError::Card(CardError::CardMisbehaved(_)))
    ));
}
