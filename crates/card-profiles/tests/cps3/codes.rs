//! The holder's code: each VERIFY reaches the card once, after selection and counter, or not at all.

use card_apdu::StatusWord;
use card_profiles::{CardError, CodeStates, CpxCard, LastTry, PinError, Verification};
use secrets::Pin;

use crate::dialogue::{Dialogue, check};
use crate::reading::{FRESH_CODES, assert_refused};

#[test]
fn the_right_code_is_verified_after_selection_and_counter() {
    let outcome = check(with_right_pin("verify.apdu"), verify_right_pin);
    let expected = Verification {
        was_verified_before: false,
    };
    assert_eq!(outcome.unwrap(), expected);
}

#[test]
fn a_code_of_wrong_length_is_refused_before_anything_is_sent() {
    let outcome = check(with_right_pin("verify.apdu"), |card| {
        for digits in [&b"12345"[..], b"12345678"] {
            let error = card.verify_pin(&pin(digits), LastTry::Confirmed);
            assert!(matches!(error, Err(PinError::Length(_))), "{error:?}");
        }
        verify_right_pin(card)
    });
    outcome.unwrap();
}

#[test]
fn a_wrong_code_costs_exactly_one_try() {
    let mut dialogue = with_wrong_pin("verify-wrong-pin.apdu");
    let outcome = dialogue.transaction(verify_wrong_pin);
    let states = dialogue.transaction(|card| card.code_states());
    dialogue.finish();
    let error = outcome.unwrap_err();
    assert!(
        matches!(
            error,
            PinError::Wrong {
                tries_left: Some(2)
            }
        ),
        "{error:?}"
    );
    assert_eq!(states.unwrap(), with_tries_left(2));
}

#[test]
fn the_code_that_blocks_the_card_is_the_last_one_sent() {
    let mut dialogue = with_wrong_pin("verify-wrong-pin-until-blocked.apdu");
    let outcomes: Vec<_> = (0..4)
        .map(|_| dialogue.transaction(verify_wrong_pin))
        .collect();
    dialogue.finish();
    let tries_left: Vec<Option<u8>> = outcomes
        .into_iter()
        .map(|outcome| match outcome {
            Err(PinError::Wrong { tries_left }) => tries_left,
            Err(PinError::Blocked) => None,
            other => panic!("neither wrong nor blocked: {other:?}"),
        })
        .collect();
    assert_eq!(tries_left, [Some(2), Some(1), None, None]);
}

#[test]
fn the_last_try_is_not_risked_without_a_yes() {
    let dialogue = Dialogue::with_known_card("verify-last-try-not-confirmed.apdu");
    let outcome = check(dialogue, |card| {
        card.verify_pin(&pin(RIGHT_PIN), LastTry::NotConfirmed)
    });
    let error = outcome.unwrap_err();
    assert!(matches!(error, PinError::LastTryNotConfirmed), "{error:?}");
}

#[test]
fn the_last_try_is_used_after_a_yes_and_success_resets_the_counter() {
    let mut dialogue = with_right_pin("verify-last-try-confirmed.apdu");
    let outcome = dialogue.transaction(verify_right_pin);
    let states = dialogue.transaction(|card| card.code_states());
    dialogue.finish();
    outcome.unwrap();
    assert_eq!(states.unwrap(), FRESH_CODES);
}

#[test]
fn a_blocked_code_is_not_presented() {
    let mut dialogue = Dialogue::with_known_card("verify-blocked-before.apdu");
    let outcome = dialogue.transaction(verify_right_pin);
    let states = dialogue.transaction(|card| card.code_states());
    dialogue.finish();
    let error = outcome.unwrap_err();
    assert!(matches!(error, PinError::Blocked), "{error:?}");
    assert_eq!(states.unwrap(), with_tries_left(0));
}

#[test]
fn a_code_verified_by_another_program_is_counted_otherwise_and_reported() {
    let outcome = check(
        with_right_pin("verify-already-verified.apdu"),
        verify_right_pin,
    );
    assert!(outcome.unwrap().was_verified_before);
}

#[test]
fn a_card_without_codes_has_none_to_verify() {
    let dialogue = Dialogue::with_new_card("verify-without-pin-object.apdu");
    let outcome = check(dialogue, |card| {
        card.read_serial_number().unwrap();
        verify_right_pin(card)
    });
    let error = outcome.unwrap_err();
    assert!(matches!(error, PinError::Absent), "{error:?}");
}

#[test]
fn a_code_whose_state_is_not_told_is_not_presented() {
    let dialogue = Dialogue::with_known_card("verify-state-refused.apdu");
    let error = card_error(check(dialogue, verify_right_pin));
    let word = StatusWord::REFERENCE_DATA_NOT_USABLE;
    assert_refused(&error, "VERIFY (status)", word);
}

#[test]
fn a_card_that_refuses_the_empty_verify_is_asked_by_get_data() {
    let dialogue = with_right_pin("verify-state-by-get-data.apdu");
    let verification = check(dialogue, verify_right_pin).unwrap();
    assert!(!verification.was_verified_before);
}

#[test]
fn the_last_try_counts_whichever_command_tells_it() {
    let dialogue = Dialogue::with_known_card("verify-last-try-by-get-data.apdu");
    let outcome = check(dialogue, |card| {
        card.verify_pin(&pin(RIGHT_PIN), LastTry::NotConfirmed)
    });
    let error = outcome.unwrap_err();
    assert!(matches!(error, PinError::LastTryNotConfirmed), "{error:?}");
}

#[test]
fn a_wrong_code_answered_without_a_number_has_cost_a_try_all_the_same() {
    let mut dialogue = with_wrong_pin("verify-answered-6300.apdu");
    let wrong = dialogue.transaction(verify_wrong_pin).unwrap_err();
    let blocked = dialogue.transaction(verify_wrong_pin).unwrap_err();
    dialogue.finish();
    assert!(
        matches!(
            wrong,
            PinError::Wrong {
                tries_left: Some(1)
            }
        ),
        "{wrong:?}"
    );
    assert!(matches!(blocked, PinError::Blocked), "{blocked:?}");
}

#[test]
fn an_unblock_code_without_flags_that_stands_first_never_gets_the_holders_digits() {
    let dialogue = Dialogue::with_new_card("verify-unblock-code-listed-first.apdu");
    let outcome = check(dialogue.with_value("pin", RIGHT_PIN), |card| {
        card.read_serial_number().unwrap();
        verify_right_pin(card)
    });
    outcome.unwrap();
}

#[test]
fn no_code_is_presented_when_two_may_be_the_holders() {
    let dialogue = Dialogue::with_new_card("verify-two-codes.apdu");
    let error = card_error(check(dialogue, |card| {
        card.read_serial_number().unwrap();
        verify_right_pin(card)
    }));
    assert!(matches!(error, CardError::CardUnsupported(_)), "{error:?}");
}

#[test]
fn a_code_in_bcd_is_refused_before_the_holder_is_asked() {
    let dialogue = Dialogue::with_new_card("read-pin-limits-bcd.apdu");
    let error = check(dialogue, |card| {
        card.read_serial_number().unwrap();
        card.pin_limits()
    });
    let error = error.unwrap_err();
    assert!(matches!(error, CardError::CardUnsupported(_)), "{error:?}");
}

#[test]
fn a_short_code_is_filled_up_to_the_length_that_the_card_stores() {
    let dialogue = Dialogue::with_new_card("verify-padded.apdu");
    let padded = [RIGHT_PIN, &[0xFF; 4]].concat();
    let outcome = check(dialogue.with_value("pin-padded", &padded), |card| {
        card.read_serial_number().unwrap();
        verify_right_pin(card)
    });
    outcome.unwrap();
}

/// A known card whose fixture asks for the right code.
pub(crate) fn with_right_pin(fixture: &str) -> Dialogue {
    Dialogue::with_known_card(fixture).with_value("pin", RIGHT_PIN)
}

/// Presents the code that [`with_right_pin`] supplies.
pub(crate) fn verify_right_pin(card: &mut dyn CpxCard) -> Result<Verification, PinError> {
    card.verify_pin(&pin(RIGHT_PIN), LastTry::Confirmed)
}

/// Presents that code, then does the work, in one transaction.
pub(crate) fn after_the_code<T>(
    card: &mut dyn CpxCard,
    work: impl FnOnce(&mut dyn CpxCard) -> Result<T, CardError>,
) -> Result<T, PinError> {
    verify_right_pin(card)?;
    Ok(work(card)?)
}

/// The error of the card inside an error of its code.
pub(crate) fn card_error<T>(outcome: Result<T, PinError>) -> CardError {
    match outcome.err() {
        Some(PinError::Card(error)) => error,
        other => panic!("no error of the card: {other:?}"),
    }
}

fn with_wrong_pin(fixture: &str) -> Dialogue {
    Dialogue::with_known_card(fixture).with_value("pin-wrong", WRONG_PIN)
}

fn verify_wrong_pin(card: &mut dyn CpxCard) -> Result<Verification, PinError> {
    card.verify_pin(&pin(WRONG_PIN), LastTry::Confirmed)
}

fn pin(digits: &[u8]) -> Pin {
    Pin::new(digits).unwrap()
}

fn with_tries_left(tries_left: u8) -> CodeStates {
    let mut states = FRESH_CODES;
    if let Some(pin) = &mut states.pin {
        pin.tries_left = Some(tries_left);
    }
    states
}

const RIGHT_PIN: &[u8] = b"7391";
const WRONG_PIN: &[u8] = b"8264";
