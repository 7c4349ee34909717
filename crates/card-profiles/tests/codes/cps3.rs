//! Change and unblock on a virtual CPS3.

use card_apdu::ReaderFault;
use card_emulator::{CardParameters, Cps3Card};
use card_profiles::{CardError, LastTry, PinError, PinLimits, Profile, UnblockError};
use time::macros::datetime;

use crate::listened_card::{ListenedCard, pin, unblock_code};

const VERIFY: u8 = 0x20;
const CHANGE: u8 = 0x24;
const RESET_RETRY: u8 = 0x2C;
const NO: LastTry = LastTry::NotConfirmed;

fn parameters() -> CardParameters {
    CardParameters::new(datetime!(2026-11-21 19:00 UTC))
}

fn card_of(parameters: &CardParameters) -> ListenedCard {
    ListenedCard::new(Cps3Card::new(parameters).unwrap(), Profile::Cps3)
}

fn card() -> ListenedCard {
    card_of(&parameters())
}

fn blocked_card_of(parameters: &CardParameters) -> ListenedCard {
    let mut card = card_of(parameters);
    for _ in 0..parameters.pin_tries {
        let _ = card.with(|card| card.verify_pin(&pin("9999"), LastTry::Confirmed));
    }
    card.codes_sent();
    card
}

#[test]
fn a_new_code_is_set_by_one_command_and_verifies() {
    let mut card = card();
    card.with(|card| card.change_pin(&pin("1234"), &pin("4321"), NO))
        .unwrap();
    assert_eq!(card.codes_sent(), [CHANGE]);
    card.with(|card| card.verify_pin(&pin("4321"), NO)).unwrap();
}

#[test]
fn a_wrong_old_code_costs_one_try_and_changes_nothing() {
    let mut card = card();
    let error = card.with(|card| card.change_pin(&pin("9999"), &pin("4321"), NO));
    assert!(matches!(
        error,
        Err(PinError::Wrong {
            tries_left: Some(2)
        })
    ));
    assert_eq!(card.codes_sent(), [CHANGE]);
    assert_eq!(card.tries_left().0, Some(2));
    card.with(|card| card.verify_pin(&pin("1234"), NO)).unwrap();
}

#[test]
fn a_length_that_the_card_does_not_take_is_never_sent() {
    let mut card = card();
    let four = PinLimits {
        minimum_len: 4,
        maximum_len: 4,
    };
    let old = card.with(|card| card.change_pin(&pin("12345"), &pin("4321"), NO));
    assert!(matches!(old, Err(PinError::Length(limits)) if limits == four));
    let new = card.with(|card| card.change_pin(&pin("1234"), &pin("43210"), NO));
    assert!(matches!(new, Err(PinError::NewCodeLength(limits)) if limits == four));
    let unblock = card.with(|card| card.unblock_pin(&unblock_code("12345678"), &pin("43210"), NO));
    assert!(matches!(unblock, Err(UnblockError::NewCodeLength(limits)) if limits == four));
    assert!(card.codes_sent().is_empty());
    assert_eq!(card.tries_left(), (Some(3), Some(10), Some(100)));
}

#[test]
fn the_last_try_is_held_back_until_the_holder_said_yes() {
    let mut card = card();
    for _ in 0..2 {
        let _ = card.with(|card| card.verify_pin(&pin("9999"), NO));
    }
    card.codes_sent();
    let held_back = card.with(|card| card.change_pin(&pin("1234"), &pin("4321"), NO));
    assert!(matches!(held_back, Err(PinError::LastTryNotConfirmed)));
    assert!(card.codes_sent().is_empty());
    card.with(|card| card.change_pin(&pin("1234"), &pin("4321"), LastTry::Confirmed))
        .unwrap();
    assert_eq!(card.tries_left().0, Some(3));
}

#[test]
fn a_blocked_code_is_not_presented_for_a_change() {
    let mut card = blocked_card_of(&parameters());
    let error = card.with(|card| card.change_pin(&pin("1234"), &pin("4321"), LastTry::Confirmed));
    assert!(matches!(error, Err(PinError::Blocked)));
    assert!(card.codes_sent().is_empty());
}

/// The card would take 1234 for the old code and 56789 for the new one.
#[test]
fn an_old_code_typed_too_long_never_lends_its_digits_to_the_new_one() {
    let mut card = card_of(&CardParameters {
        pin_maximum_len: Some(8),
        ..parameters()
    });
    let error = card.with(|card| card.change_pin(&pin("12345"), &pin("6789"), NO));
    assert!(matches!(
        error,
        Err(PinError::Wrong {
            tries_left: Some(2)
        })
    ));
    assert_eq!(card.codes_sent(), [VERIFY]);
    card.with(|card| card.change_pin(&pin("1234"), &pin("567890"), NO))
        .unwrap();
    card.with(|card| card.verify_pin(&pin("567890"), NO))
        .unwrap();
}

#[test]
fn the_unblock_code_gives_a_blocked_card_a_new_code() {
    let mut card = blocked_card_of(&parameters());
    let left = card.with(|card| {
        card.unblock_pin(&unblock_code("12345678"), &pin("4321"), NO)
            .unwrap();
        card.leaves_code_presented()
    });
    assert!(left, "the unblock code stays presented until a reset");
    assert_eq!(card.codes_sent(), [VERIFY, RESET_RETRY]);
    assert_eq!(card.tries_left(), (Some(3), Some(10), Some(99)));
    card.with(|card| card.verify_pin(&pin("4321"), NO)).unwrap();
}

#[test]
fn a_wrong_unblock_code_tells_the_cards_own_numbers() {
    let mut card = blocked_card_of(&parameters());
    let error = card.with(|card| card.unblock_pin(&unblock_code("87654321"), &pin("4321"), NO));
    assert!(matches!(
        error,
        Err(UnblockError::Wrong {
            tries_left: Some(9),
            uses_left: Some(100)
        })
    ));
    assert_eq!(card.codes_sent(), [VERIFY]);
}

#[test]
fn an_unblock_code_without_tries_or_uses_is_blocked_before_anything_is_sent() {
    let without_use = CardParameters {
        unblock_uses: 0,
        ..parameters()
    };
    let mut card = blocked_card_of(&without_use);
    let error = card
        .with(|card| card.unblock_pin(&unblock_code("12345678"), &pin("4321"), LastTry::Confirmed));
    assert!(matches!(error, Err(UnblockError::Blocked)));
    assert!(card.codes_sent().is_empty());

    let one_try = CardParameters {
        unblock_tries: 1,
        ..parameters()
    };
    let mut card = blocked_card_of(&one_try);
    let mut unblock = |last_try| {
        card.with(|card| card.unblock_pin(&unblock_code("87654321"), &pin("4321"), last_try))
    };
    assert!(matches!(
        unblock(NO),
        Err(UnblockError::LastTryNotConfirmed)
    ));
    for _ in 0..2 {
        assert!(matches!(
            unblock(LastTry::Confirmed),
            Err(UnblockError::Blocked)
        ));
    }
    assert_eq!(card.codes_sent(), [VERIFY]);
}

#[test]
fn a_card_that_leaves_while_it_takes_a_code_leaves_the_outcome_open() {
    let mut changed = card();
    changed.leave_at(CHANGE);
    let error = changed.with(|card| card.change_pin(&pin("1234"), &pin("4321"), NO));
    assert!(matches!(
        error,
        Err(PinError::OutcomeUnknown(CardError::Reader(
            ReaderFault::Removed
        )))
    ));

    let mut unblocked = blocked_card_of(&parameters());
    unblocked.leave_at(RESET_RETRY);
    let error =
        unblocked.with(|card| card.unblock_pin(&unblock_code("12345678"), &pin("4321"), NO));
    assert!(matches!(error, Err(UnblockError::OutcomeUnknown(_))));
}

#[test]
fn only_a_state_that_nobody_made_before_is_ours_to_drop() {
    let mut card = card();
    let verified = card.with(|card| {
        card.verify_pin(&pin("1234"), NO).unwrap();
        card.leaves_code_presented()
    });
    assert!(verified);
    let verified_again = card.with(|card| {
        card.verify_pin(&pin("1234"), NO).unwrap();
        card.leaves_code_presented()
    });
    assert!(!verified_again);
    card.reset();
    let refused = card.with(|card| {
        let _ = card.verify_pin(&pin("9999"), NO);
        card.leaves_code_presented()
    });
    assert!(!refused);
}
