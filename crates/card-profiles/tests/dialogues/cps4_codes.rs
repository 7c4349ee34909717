//! The codes of a CPS4: each answer is looked at, each code is sent once.

use card_apdu::{ReaderFault, StatusWord};
use card_profiles::{CardError, LastTry, PinError, UnblockError, Verification};

use crate::script::{Script, pin, unblock_code};

const NO: LastTry = LastTry::NotConfirmed;

fn verify(name: &str) -> Result<Verification, PinError> {
    Script::known_cps4(name)
        .with("pin", b"1234")
        .play(|card| card.verify_pin(&pin(b"1234"), LastTry::Confirmed))
}

fn change(name: &str) -> Result<(), PinError> {
    Script::known_cps4(name)
        .with("pin", b"1234")
        .with("pin-new", b"4321")
        .play(|card| card.change_pin(&pin(b"1234"), &pin(b"4321"), NO))
}

fn unblock(name: &str) -> Result<(), UnblockError> {
    Script::known_cps4(name)
        .with("unblock-code", b"12345678")
        .with("pin-new", b"4321")
        .play(|card| card.unblock_pin(&unblock_code(b"12345678"), &pin(b"4321"), NO))
}

#[test]
fn counters_are_those_of_the_card_and_unknown_while_a_code_is_presented() {
    let states = Script::known_cps4("read-code-states").play(|card| card.code_states());
    let (code, unblock_code) = {
        let states = states.unwrap();
        (states.pin.unwrap(), states.unblock_code.unwrap())
    };
    assert_eq!(
        (code.tries_left, unblock_code.tries_left),
        (Some(3), Some(10))
    );
    assert_eq!((code.tries_maximum, unblock_code.uses_left), (None, None));

    let presented =
        Script::known_cps4("read-code-states-presented").play(|card| card.code_states());
    let presented = presented.unwrap();
    assert_eq!(presented.pin.unwrap().tries_left, None);
    assert!(!presented.pin.unwrap().is_blocked());
    assert!(presented.unblock_code.unwrap().is_blocked());
}

#[test]
fn a_code_is_presented_after_selection_and_counter() {
    assert!(!verify("verify").unwrap().was_verified_before);
    assert!(
        verify("verify-presented-before")
            .unwrap()
            .was_verified_before
    );
}

#[test]
fn a_wrong_code_tells_the_cards_number_and_the_last_one_blocks() {
    assert!(matches!(
        verify("verify-wrong-pin"),
        Err(PinError::Wrong {
            tries_left: Some(2)
        })
    ));
    assert!(matches!(
        verify("verify-wrong-pin-blocks"),
        Err(PinError::Blocked)
    ));
}

#[test]
fn a_number_that_the_answer_to_a_wrong_code_does_not_tell_is_asked_for() {
    let script = Script::known_cps4("verify-answered-6300").with("pin", b"1234");
    let (wrong, blocked) = script.play(|card| {
        let mut verify = || card.verify_pin(&pin(b"1234"), LastTry::Confirmed);
        (verify(), verify())
    });
    assert!(matches!(
        wrong,
        Err(PinError::Wrong {
            tries_left: Some(1)
        })
    ));
    assert!(matches!(blocked, Err(PinError::Blocked)));
}

#[test]
fn a_blocked_code_and_the_last_try_are_held_back() {
    let held_back = |name| {
        Script::known_cps4(name).play(|card| card.verify_pin(&pin(b"1234"), LastTry::NotConfirmed))
    };
    assert!(matches!(
        held_back("verify-blocked-before"),
        Err(PinError::Blocked)
    ));
    assert!(matches!(
        held_back("verify-last-try-not-confirmed"),
        Err(PinError::LastTryNotConfirmed)
    ));
}

#[test]
fn an_answer_that_is_neither_yes_nor_wrong_code_is_no_success() {
    assert!(matches!(
        verify("verify-refused"),
        Err(PinError::Card(CardError::Refused {
            sw: StatusWord::CONDITIONS_OF_USE_NOT_SATISFIED,
            ..
        }))
    ));
}

#[test]
fn a_card_taken_out_gets_no_code() {
    let error =
        Script::known_cps4("removed-before-verify").play(|card| card.verify_pin(&pin(b"1234"), NO));
    assert!(matches!(
        error,
        Err(PinError::Card(CardError::Reader(ReaderFault::Removed)))
    ));
}

#[test]
fn a_new_code_follows_the_old_one_in_a_command_of_its_own() {
    change("change-pin").unwrap();
}

#[test]
fn a_change_that_the_card_refused_is_no_success() {
    let wrong = Script::known_cps4("change-pin-wrong")
        .with("pin", b"1234")
        .play(|card| card.change_pin(&pin(b"1234"), &pin(b"4321"), NO));
    assert!(matches!(
        wrong,
        Err(PinError::Wrong {
            tries_left: Some(2)
        })
    ));
    assert!(matches!(
        change("change-pin-refused"),
        Err(PinError::NewCodeRefused(CardError::Refused {
            command: "CHANGE REFERENCE DATA",
            sw: StatusWord::WRONG_DATA
        }))
    ));
    assert!(matches!(
        change("change-pin-answered-6300"),
        Err(PinError::Card(CardError::Refused {
            command: "CHANGE REFERENCE DATA",
            sw: StatusWord::VERIFICATION_FAILED
        }))
    ));
    assert!(matches!(
        change("change-pin-refused-otherwise"),
        Err(PinError::Card(CardError::Refused {
            command: "CHANGE REFERENCE DATA",
            ..
        }))
    ));
    assert!(matches!(
        change("change-pin-removed"),
        Err(PinError::OutcomeUnknown(CardError::Reader(
            ReaderFault::Removed
        )))
    ));
}

#[test]
fn the_unblock_code_sets_a_new_code_in_three_commands() {
    unblock("unblock-pin").unwrap();
}

#[test]
fn an_unblock_that_the_card_refused_at_any_step_is_no_success() {
    assert!(matches!(
        unblock("unblock-pin-new-code-refused"),
        Err(UnblockError::NewCodeRefused(CardError::Refused {
            command: "CHANGE REFERENCE DATA",
            sw: StatusWord::WRONG_LENGTH
        }))
    ));
    assert!(matches!(
        unblock("unblock-pin-still-blocked"),
        Err(UnblockError::Card(CardError::CardMisbehaved(_)))
    ));
    let without_new_code = |name| {
        Script::known_cps4(name)
            .with("unblock-code", b"12345678")
            .play(|card| card.unblock_pin(&unblock_code(b"12345678"), &pin(b"4321"), NO))
    };
    assert!(matches!(
        without_new_code("unblock-pin-wrong"),
        Err(UnblockError::Wrong {
            tries_left: Some(9),
            uses_left: None
        })
    ));
    assert!(matches!(
        without_new_code("unblock-pin-reset-refused"),
        Err(UnblockError::Card(CardError::Refused {
            command: "RESET RETRY COUNTER",
            ..
        }))
    ));
}

#[test]
fn a_blocked_unblock_code_and_its_last_try_are_held_back() {
    let held_back = |name| {
        Script::known_cps4(name)
            .play(|card| card.unblock_pin(&unblock_code(b"12345678"), &pin(b"4321"), NO))
    };
    assert!(matches!(
        held_back("unblock-pin-blocked-before"),
        Err(UnblockError::Blocked)
    ));
    assert!(matches!(
        held_back("unblock-pin-last-try-not-confirmed"),
        Err(UnblockError::LastTryNotConfirmed)
    ));
}
