//! What the official module was seen to do, each by itself.

use card_emulator::DemoCard;
use card_emulator::pki::KeySet;
use card_profiles::{CodeStates, CpxCard, Generation};
use cpxd_tests::soft_reader::SoftReader;
use cpxd_tests::token_user::TokenUser;
use igc_sante::KeyRole;
use serde_json::json;

use crate::operations::{NEW_PIN, PIN, UNBLOCK_CODE, look, sign, unblock};
use crate::stay::{LONG, Stay};
use crate::told::{Told, told_of_card};

fn codes(stay: &mut Stay) -> CodeStates {
    stay.use_card(|card| card.code_states().map_err(told_of_card))
        .unwrap()
}

fn reader_with(card: DemoCard) -> (SoftReader, Stay) {
    let reader = SoftReader::new();
    let label = reader.add(card, KeySet::First);
    reader.insert(&label);
    let stay = Stay::new(&reader, LONG);
    (reader, stay)
}

#[test]
fn both_keys_sign_where_hash_and_sign_fails_and_a_long_buffer_is_refused() {
    let (reader, mut stay) = reader_with(DemoCard::Cps3);
    reader.habit("hash-and-sign-fails");
    reader.habit("refuses-long-buffer");
    for role in [KeyRole::Authentication, KeyRole::Signature] {
        assert_eq!(sign(&mut stay, PIN, role), Ok(()));
    }
    let begun = reader
        .trace()
        .into_iter()
        .filter(|line| line.starts_with("C_SignInit"));
    assert_eq!(
        begun.collect::<Vec<_>>(),
        ["C_SignInit CKM_RSA_PKCS CKR_OK"; 2]
    );
}

#[test]
fn the_generation_is_told_by_the_label_since_the_model_is_that_of_both() {
    for (label, generation) in [
        ("CPS3v3-9900000001", Some(Generation::Cps3)),
        ("CPS4v1-9900000001", Some(Generation::Cps4)),
        ("Another token", None),
    ] {
        let reader = SoftReader::new();
        reader.add_labelled(label, DemoCard::Cps3, KeySet::First);
        reader.insert(label);
        let mut stay = Stay::new(&reader, LONG);
        let identity = stay
            .use_card(|card| card.identity().map_err(told_of_card))
            .unwrap();
        assert_eq!(identity.generation, generation, "{label}");
        assert_eq!(sign(&mut stay, PIN, KeyRole::Signature), Ok(()), "{label}");
    }
}

#[test]
fn an_unblock_code_that_shows_as_blocked_by_mistake_unblocks() {
    let (reader, mut stay) = reader_with(DemoCard::Cps4);
    reader.habit("so-locked-by-mistake");
    look(&mut stay).unwrap();
    for pin in [NEW_PIN, "5678"] {
        reader.change_memory(&reader.token(), "user_tries_left", json!(0));
        assert_eq!(unblock(&mut stay, UNBLOCK_CODE, pin), Ok(()));
        assert_eq!(reader.memory(&reader.token())["so_shown_locked"], true);
        assert_eq!(codes(&mut stay).unblock_code.unwrap().tries_left, None);
    }
    assert_eq!(sign(&mut stay, "5678", KeyRole::Signature), Ok(()));
}

#[test]
fn a_code_of_a_cps4_that_shows_as_blocked_while_the_card_knows_of_it_works() {
    let (reader, mut stay) = reader_with(DemoCard::Cps4);
    reader.habit("user-locked-by-mistake");
    let mut other = TokenUser::start(&reader);
    other.tell("open rw");
    other.tell("login user 1234");
    let pin = codes(&mut stay).pin.unwrap();
    assert_eq!((pin.tries_left, pin.may_be_blocked), (None, true));
    assert_eq!(sign(&mut stay, PIN, KeyRole::Signature), Ok(()));
    let pin = codes(&mut stay).pin.unwrap();
    assert_eq!((pin.tries_left, pin.may_be_blocked), (None, false));
    assert_eq!(crate::operations::change(&mut stay, PIN, NEW_PIN), Ok(()));
    assert_eq!(reader.memory(&reader.token())["user_tries_left"], 3);
}

#[test]
fn a_lock_of_a_cps4_that_is_none_by_mistake_is_told_once_a_code_was_refused_for_it() {
    let (reader, mut stay) = reader_with(DemoCard::Cps4);
    reader.habit("user-locked-by-mistake");
    look(&mut stay).unwrap();
    reader.change_memory(&reader.token(), "user_tries_left", json!(0));
    assert!(codes(&mut stay).pin.unwrap().may_be_blocked);
    assert_eq!(
        sign(&mut stay, PIN, KeyRole::Signature),
        Err(Told::PinBlocked)
    );
    assert!(codes(&mut stay).pin.unwrap().is_blocked());
    assert_eq!(unblock(&mut stay, UNBLOCK_CODE, NEW_PIN), Ok(()));
    assert_eq!(sign(&mut stay, NEW_PIN, KeyRole::Signature), Ok(()));
}

#[test]
fn a_blocked_code_of_a_cps4_stays_blocked_after_an_unblocking_in_vain_and_can_be_unblocked() {
    let (reader, mut stay) = reader_with(DemoCard::Cps4);
    reader.habit("user-locked-by-mistake");
    look(&mut stay).unwrap();
    reader.change_memory(&reader.token(), "user_tries_left", json!(0));
    reader.habit("init-pin-ok-though-refused");
    let told = unblock(&mut stay, UNBLOCK_CODE, NEW_PIN);
    assert_eq!(told, Err(Told::ModuleFailed));
    assert!(codes(&mut stay).pin.unwrap().is_blocked());
    reader.no_habits();
    reader.habit("user-locked-by-mistake");
    assert_eq!(unblock(&mut stay, UNBLOCK_CODE, NEW_PIN), Ok(()));
    assert!(!codes(&mut stay).pin.unwrap().is_blocked());
    assert_eq!(sign(&mut stay, NEW_PIN, KeyRole::Signature), Ok(()));
}

#[test]
fn a_lock_of_the_unblock_code_is_believed_of_a_cps3_and_of_a_cps4_unknown() {
    for (card, is_believed) in [(DemoCard::Cps3, true), (DemoCard::Cps4, false)] {
        let (reader, mut stay) = reader_with(card);
        look(&mut stay).unwrap();
        reader.change_memory(&reader.token(), "so_tries_left", json!(0));
        let code = codes(&mut stay).unblock_code.unwrap();
        assert_eq!(code.is_blocked(), is_believed, "{card:?}");
        assert_eq!(code.may_be_blocked, !is_believed, "{card:?}");
        // One that is believed is not presented; the other one is, and refused.
        let told = unblock(&mut stay, UNBLOCK_CODE, NEW_PIN);
        assert_eq!(told, Err(Told::PinBlocked), "{card:?}");
        let trace = reader.trace();
        let was_asked = trace.iter().any(|line| line.starts_with("C_Login so"));
        assert_eq!(was_asked, !is_believed, "{card:?}");
        assert!(
            codes(&mut stay).unblock_code.unwrap().is_blocked(),
            "{card:?}"
        );
    }
}

/// CKR_GENERAL_ERROR for ever, until the module is initialised again.
#[test]
fn a_module_that_never_recovers_is_started_again() {
    let (reader, mut stay) = reader_with(DemoCard::Cps3);
    look(&mut stay).unwrap();
    reader.count_calls_anew();
    // More calls than a fresh process makes for a look.
    for at in 5..=100 {
        reader.fault("C_GetTokenInfo", at, "CKR_GENERAL_ERROR");
    }
    let outcomes: Vec<_> = (0..4).map(|_| look(&mut stay)).collect();
    let failed = Err(Told::ModuleFailed);
    assert_eq!(outcomes, [Ok(()), Ok(()), failed, Ok(())]);
}
