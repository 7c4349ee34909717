//! Other programs and the holder, in the middle of a dialogue.

use card_apdu::ReaderFault;
use card_profiles::{CardError, HashAlgorithm, KeyRole};

use crate::codes::{after_the_code, card_error, verify_right_pin, with_right_pin};
use crate::dialogue::{Dialogue, check};
use crate::keys::sign;
use crate::reading::FRESH_CODES;

#[test]
fn the_cps2ter_view_of_another_program_is_left_before_the_code_is_presented() {
    let outcome = check(with_right_pin("verify-view-cps2ter.apdu"), verify_right_pin);
    assert!(!outcome.unwrap().was_verified_before);
}

#[test]
fn the_cps2ter_view_of_another_program_is_left_before_the_counters_are_read() {
    let dialogue = Dialogue::with_known_card("read-code-states-view-cps2ter.apdu");
    let states = check(dialogue, |card| card.code_states()).unwrap();
    assert_eq!(states, FRESH_CODES);
}

#[test]
fn a_card_taken_out_as_the_code_is_sent_gets_it_no_second_time() {
    let outcome = check(
        with_right_pin("removed-before-verify.apdu"),
        verify_right_pin,
    );
    let error = card_error(outcome);
    let expected = matches!(error, CardError::Reader(ReaderFault::Removed));
    assert!(expected, "{error:?}");
}

#[test]
fn a_card_taken_out_before_the_signature_gives_none() {
    check_disturbed_signature("removed-before-signature.apdu", &ReaderFault::Removed);
}

#[test]
fn a_card_reset_before_the_signature_gets_the_code_no_second_time() {
    check_disturbed_signature("reset-before-signature.apdu", &ReaderFault::Reset);
}

fn check_disturbed_signature(fixture: &str, expected: &ReaderFault) {
    let outcome = check(with_right_pin(fixture), |card| {
        after_the_code(card, |card| {
            sign(card, KeyRole::Signature, HashAlgorithm::Sha256, &[7; 32])
        })
    });
    let error = card_error(outcome);
    assert!(
        matches!(&error, CardError::Reader(fault) if fault == expected),
        "{error:?}"
    );
}
