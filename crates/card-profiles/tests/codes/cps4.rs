//! Change and unblock on a virtual CPS4, and what another program can do in between.

use card_emulator::{CardParameters, CodeReferences, Cps4Card};
use card_profiles::{LastTry, PinError, Profile, UnblockError};
use time::macros::datetime;

use crate::listened_card::{ListenedCard, pin, unblock_code};

const VERIFY: u8 = 0x20;
const CHANGE: u8 = 0x24;
const NO: LastTry = LastTry::NotConfirmed;

fn parameters() -> CardParameters {
    CardParameters::new(datetime!(2026-11-21 19:00 UTC))
}

fn card_of(parameters: &CardParameters) -> ListenedCard {
    ListenedCard::new(Cps4Card::new(parameters).unwrap(), Profile::Cps4)
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
fn a_new_code_is_set_after_the_old_one_and_verifies() {
    let mut card = card_of(&parameters());
    card.with(|card| {
        card.change_pin(&pin("1234"), &pin("4321"), NO).unwrap();
        assert!(card.leaves_code_presented());
    });
    assert_eq!(card.codes_sent(), [VERIFY, CHANGE]);
    card.reset();
    card.with(|card| card.verify_pin(&pin("4321"), NO)).unwrap();
}

#[test]
fn a_wrong_old_code_costs_one_try_and_no_new_code_is_sent() {
    let mut card = card_of(&parameters());
    let error = card.with(|card| card.change_pin(&pin("9999"), &pin("4321"), NO));
    assert!(matches!(
        error,
        Err(PinError::Wrong {
            tries_left: Some(2)
        })
    ));
    assert_eq!(card.codes_sent(), [VERIFY]);
    assert_eq!(card.tries_left().0, Some(2));
}

#[test]
fn the_unblock_code_gives_a_blocked_card_a_new_code() {
    for references in [CodeReferences::Plain, CodeReferences::Local] {
        let mut parameters = parameters();
        parameters.cps4.references = references;
        let mut card = blocked_card_of(&parameters);
        let blocked = card.with(|card| card.verify_pin(&pin("1234"), LastTry::Confirmed));
        assert!(matches!(blocked, Err(PinError::Blocked)));
        card.with(|card| {
            card.unblock_pin(&unblock_code("12345678"), &pin("4321"), NO)
                .unwrap();
            assert!(card.leaves_code_presented());
        });
        assert_eq!(card.codes_sent(), [VERIFY, CHANGE]);
        card.reset();
        assert_eq!(card.tries_left().0, Some(3));
        card.with(|card| card.verify_pin(&pin("4321"), NO)).unwrap();
    }
}

#[test]
fn a_wrong_unblock_code_costs_one_of_its_tries_and_the_last_one_waits_for_a_yes() {
    let two_tries = CardParameters {
        unblock_tries: 2,
        ..parameters()
    };
    let mut card = blocked_card_of(&two_tries);
    let mut unblock = |last_try| {
        card.with(|card| card.unblock_pin(&unblock_code("87654321"), &pin("4321"), last_try))
    };
    assert!(matches!(
        unblock(NO),
        Err(UnblockError::Wrong {
            tries_left: Some(1),
            uses_left: None
        })
    ));
    assert!(matches!(
        unblock(NO),
        Err(UnblockError::LastTryNotConfirmed)
    ));
    assert!(matches!(
        unblock(LastTry::Confirmed),
        Err(UnblockError::Blocked)
    ));
    assert!(matches!(
        unblock(LastTry::Confirmed),
        Err(UnblockError::Blocked)
    ));
    assert_eq!(card.codes_sent(), [VERIFY, VERIFY]);
    assert_eq!(card.tries_left().1, Some(0));
}

#[test]
fn a_code_that_another_program_presented_is_not_ours_to_drop() {
    let mut card = card_of(&parameters());
    card.with(|card| card.verify_pin(&pin("1234"), NO)).unwrap();
    assert_eq!(card.tries_left().0, None);
    let (verification, is_ours) = card.with(|card| {
        let verification = card.verify_pin(&pin("1234"), NO).unwrap();
        (verification, card.leaves_code_presented())
    });
    assert!(verification.was_verified_before && !is_ours);
    let wrong = card.with(|card| card.verify_pin(&pin("9999"), NO));
    assert!(matches!(
        wrong,
        Err(PinError::Wrong {
            tries_left: Some(2)
        })
    ));
    assert_eq!(card.codes_sent(), [VERIFY; 3]);
}
