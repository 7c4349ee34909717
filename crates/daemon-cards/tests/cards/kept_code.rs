//! A code that is presented once and kept for as long as somebody holds on to it.

use std::time::Duration;

use card_apdu::{ReaderFault, StatusWord};
use card_emulator::{CardParameters, Cps4Card, VirtualCard};
use daemon_cards::{
    AfterUse, CardInReader, CodeForKey, HolderCodeError, KeyUse, PresentedCode, Settings,
};
use daemon_types::KeyRole;
use time::macros::datetime;

use crate::bench::{
    Bench, FIRST, OtherProgram, RIGHT, SETTINGS, THREE_TRIES_LEFT, WRONG, first_card, key_use,
    typed_pin, verify_state,
};
use crate::test_source::{Act, Moment, is_signature};

fn on_the_kept_code(role: KeyRole, code: &PresentedCode) -> KeyUse {
    KeyUse {
        role,
        code: CodeForKey::Kept(code.clone()),
        ..key_use(b"0000", 1)
    }
}

async fn use_kept(
    bench: &Bench,
    card: &CardInReader,
    code: &PresentedCode,
) -> Result<Vec<Vec<u8>>, HolderCodeError> {
    let key_use = on_the_kept_code(KeyRole::Authentication, code);
    bench.cards.use_key(card, key_use).await
}

async fn present(bench: &Bench, card: &CardInReader) -> PresentedCode {
    let presented = bench.cards.present_pin(card, typed_pin(RIGHT)).await;
    presented.unwrap()
}

/// The code is let go of, and whoever speaks to the card has heard of it.
async fn let_go(bench: &Bench, code: PresentedCode) {
    drop(code);
    bench.cards.settled(None).await;
}

fn is_not_presented(outcome: &Result<Vec<Vec<u8>>, HolderCodeError>) -> bool {
    matches!(outcome, Err(HolderCodeError::NotPresented))
}

async fn with_a_kept_code(settings: Settings) -> (Bench, CardInReader, PresentedCode) {
    let (bench, card) = Bench::with_card(settings).await;
    let code = present(&bench, &card).await;
    (bench, card, code)
}

#[tokio::test]
async fn one_verify_serves_both_keys_and_is_dropped_once() {
    let (bench, card, code) = with_a_kept_code(SETTINGS).await;
    for role in [
        KeyRole::Authentication,
        KeyRole::Signature,
        KeyRole::Authentication,
    ] {
        let used = bench.cards.use_key(&card, on_the_kept_code(role, &code));
        assert_eq!(used.await.unwrap().len(), 1);
    }
    assert_eq!((bench.control.verifies(), bench.control.resets()), (1, 0));
    let_go(&bench, code).await;
    assert_eq!((bench.control.verifies(), bench.control.resets()), (1, 1));
    assert_eq!(verify_state(&bench, FIRST), THREE_TRIES_LEFT);
}

/// "In a session at most 3": MSE SET, the operation, and GET RESPONSE or the second part of a chain.
#[tokio::test]
async fn an_authentication_on_the_kept_code_takes_three_commands_on_both_generations() {
    let parameters = CardParameters::new(datetime!(2026-11-28 00:00 UTC));
    let cps4: Box<dyn VirtualCard> = Box::new(Cps4Card::new(&parameters).unwrap());
    for card in [first_card(), cps4] {
        let mut bench = Bench::empty(SETTINGS);
        let card = bench.insert(FIRST, card).await;
        let code = present(&bench, &card).await;
        for _ in 0..2 {
            bench.all_done(&card).await;
            use_kept(&bench, &card, &code).await.unwrap();
            bench.control.count_from_here();
            use_kept(&bench, &card, &code).await.unwrap();
            let commands = bench.control.commands();
            assert!((1..=3).contains(&commands), "{commands}");
        }
    }
}

#[tokio::test]
async fn nobody_uses_a_key_on_a_code_of_another_stay_or_of_before_a_reset() {
    let (bench, card, before) = with_a_kept_code(SETTINGS).await;
    OtherProgram::on(&bench, FIRST).reset();
    let after = present(&bench, &card).await;
    bench.control.count_from_here();
    assert!(is_not_presented(&use_kept(&bench, &card, &before).await));
    assert_eq!(bench.control.signatures(), 0);
    assert!(use_kept(&bench, &card, &after).await.is_ok());
}

#[tokio::test]
async fn a_reset_by_another_program_ends_it_even_if_that_presents_a_code_itself() {
    let (bench, card, code) = with_a_kept_code(SETTINGS).await;
    let mut other = OtherProgram::on(&bench, FIRST);
    other.reset();
    other.verify();
    bench.control.count_from_here();
    assert!(is_not_presented(&use_kept(&bench, &card, &code).await));
    assert_eq!(bench.control.signatures(), 0);
    let_go(&bench, code).await;
    assert_eq!(
        other.verify_state(),
        StatusWord::SUCCESS,
        "theirs is left alone"
    );
}

#[tokio::test]
async fn a_wrong_code_ends_it() {
    let (bench, card, code) = with_a_kept_code(SETTINGS).await;
    assert!(bench.use_key(&card, WRONG).await.is_err());
    assert!(is_not_presented(&use_kept(&bench, &card, &code).await));
    let again = present(&bench, &card).await;
    assert!(use_kept(&bench, &card, &again).await.is_ok());
}

#[tokio::test]
async fn a_wrong_code_of_another_program_ends_it_when_the_card_says_so() {
    let (bench, card, code) = with_a_kept_code(SETTINGS).await;
    let mut other = OtherProgram::on(&bench, FIRST);
    other.send(&[0x00, 0x20, 0x00, 0x01, 0x04, b'0', b'0', b'0', b'0']);
    for _ in 0..2 {
        assert!(is_not_presented(&use_kept(&bench, &card, &code).await));
    }
}

#[tokio::test]
async fn a_use_beside_it_leaves_it_alone() {
    let (bench, card, code) = with_a_kept_code(SETTINGS).await;
    bench.use_key(&card, RIGHT).await.unwrap();
    assert_eq!(bench.control.resets(), 0);
    assert!(use_kept(&bench, &card, &code).await.is_ok());
}

#[tokio::test]
async fn the_last_of_several_holders_drops_it() {
    let (bench, card, one) = with_a_kept_code(SETTINGS).await;
    let other = present(&bench, &card).await;
    let_go(&bench, one).await;
    assert_eq!(bench.control.resets(), 0);
    assert!(use_kept(&bench, &card, &other).await.is_ok());
    let_go(&bench, other).await;
    assert_eq!(bench.control.resets(), 1);
    assert_eq!(verify_state(&bench, FIRST), THREE_TRIES_LEFT);
}

#[tokio::test]
async fn one_that_another_program_presented_before_is_not_dropped() {
    let (bench, card) = Bench::with_card(SETTINGS).await;
    let mut other = OtherProgram::on(&bench, FIRST);
    other.verify();
    let code = present(&bench, &card).await;
    assert!(use_kept(&bench, &card, &code).await.is_ok());
    let_go(&bench, code).await;
    assert_eq!(bench.control.resets(), 0);
    assert_eq!(other.verify_state(), StatusWord::SUCCESS);
}

#[tokio::test]
async fn one_that_was_typed_again_is_kept_on() {
    let (bench, card, code) = with_a_kept_code(SETTINGS).await;
    OtherProgram::on(&bench, FIRST).reset();
    let typed = KeyUse {
        code: CodeForKey::TypedToKeep(typed_pin(RIGHT).into(), code.clone()),
        ..key_use(b"0000", 1)
    };
    bench.cards.use_key(&card, typed).await.unwrap();
    bench.control.count_from_here();
    assert!(use_kept(&bench, &card, &code).await.is_ok());
    assert_eq!((bench.control.verifies(), bench.control.resets()), (0, 0));
}

#[tokio::test]
async fn it_is_left_where_the_workstation_shares_the_card() {
    let leave = Settings {
        after_use: AfterUse::Leave,
        ..SETTINGS
    };
    let (bench, _card, code) = with_a_kept_code(leave).await;
    let_go(&bench, code).await;
    assert_eq!(bench.control.resets(), 0);
    assert_eq!(verify_state(&bench, FIRST), StatusWord::SUCCESS);
}

#[tokio::test]
async fn a_card_that_comes_back_knows_of_none() {
    let (mut bench, card, code) = with_a_kept_code(SETTINGS).await;
    let taken = bench.remove(FIRST).await;
    let card_again = bench.insert(FIRST, taken).await;
    assert!(is_not_presented(
        &use_kept(&bench, &card_again, &code).await
    ));
    assert!(use_kept(&bench, &card, &code).await.is_err(), "that stay");
}

#[tokio::test]
async fn a_drop_that_failed_is_made_up_for() {
    let (bench, card, code) = with_a_kept_code(SETTINGS).await;
    bench.control.refuse_next_reset(ReaderFault::Mute);
    let_go(&bench, code).await;
    bench.all_done(&card).await;
    assert_eq!(verify_state(&bench, FIRST), THREE_TRIES_LEFT);
}

#[tokio::test]
async fn a_drop_that_fails_again_is_tried_again_though_nobody_asks_anything_of_the_card() {
    let (bench, _card, code) = with_a_kept_code(SETTINGS).await;
    for _ in 0..3 {
        bench.control.refuse_next_reset(ReaderFault::Mute);
    }
    drop(code);
    assert!(!bench.cards.settled(None).await);
    while verify_state(&bench, FIRST) != THREE_TRIES_LEFT {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(bench.cards.settled(None).await);
}

#[tokio::test]
async fn one_that_a_wrong_code_ended_is_dropped_in_case_the_card_keeps_it() {
    let (bench, card, _code) = with_a_kept_code(SETTINGS).await;
    assert!(bench.use_key(&card, WRONG).await.is_err());
    assert!(bench.cards.settled(None).await);
    assert_eq!(bench.control.resets(), 1);
}

#[tokio::test]
async fn a_fault_of_ours_behind_the_code_leaves_none_on_the_card() {
    let (bench, card) = Bench::with_card(SETTINGS).await;
    bench
        .control
        .plan(is_signature, Moment::BeforeTheAnswer, Act::Panic);
    assert!(bench.use_key(&card, RIGHT).await.is_err());
    bench.cards.settled(None).await;
    assert_eq!(bench.control.verifies(), 1);
    assert_eq!(verify_state(&bench, FIRST), THREE_TRIES_LEFT);
}

/// However many look at the card meanwhile, and whatever else its worker has to do.
#[tokio::test]
async fn a_drop_needs_no_place_in_the_queue_of_the_card() {
    let (bench, card, code) = with_a_kept_code(SETTINGS).await;
    let gate = &bench.control.transactions;
    gate.close();
    let looks: Vec<_> = (0..20).map(|_| bench.cards.read_codes(&card)).collect();
    let looks = futures_util::future::join_all(looks);
    let opening = async {
        gate.somebody_waits().await;
        drop(code);
        gate.open();
    };
    let (looked, ()) = tokio::join!(looks, opening);
    let busy = looked.iter().filter(|look| look.is_err()).count();
    assert!(busy > 0, "the queue was full");
    bench.cards.settled(None).await;
    assert_eq!(verify_state(&bench, FIRST), THREE_TRIES_LEFT);
}

/// The card is taken for another stay although it never left: what it knows of is dropped then.
#[tokio::test]
async fn a_stay_that_ends_under_a_card_that_stays_leaves_no_code_behind() {
    let (mut bench, card, code) = with_a_kept_code(SETTINGS).await;
    for _ in 0..2 {
        bench.control.fail_next_transaction(ReaderFault::Removed);
    }
    let used = use_kept(&bench, &card, &code).await;
    assert!(used.is_err(), "{used:?}");
    bench.card_left().await;
    bench.a_card_is_there().await;
    bench.cards.settled(None).await;
    assert_eq!(verify_state(&bench, FIRST), THREE_TRIES_LEFT);
}
