//! A code that is presented once and kept for sessions.

use card_apdu::StatusWord;
use card_emulator::{CardParameters, Cps4Card, VirtualCard};
use daemon_cards::{AfterUse, CardInReader, CodeForKey, HolderCodeError, KeyUse, Settings};
use daemon_types::KeyRole;
use time::macros::datetime;

use crate::bench::{
    Bench, FIRST, OtherProgram, RIGHT, SETTINGS, THREE_TRIES_LEFT, WRONG, first_card, key_use,
    typed_pin, verify_state,
};

fn on_the_kept_code(role: KeyRole) -> KeyUse {
    KeyUse {
        role,
        code: CodeForKey::Kept,
        ..key_use(b"0000", 1)
    }
}

async fn use_kept(bench: &Bench, card: &CardInReader) -> Result<Vec<Vec<u8>>, HolderCodeError> {
    let key_use = on_the_kept_code(KeyRole::Authentication);
    bench.cards.use_key(card, key_use).await
}

async fn present(bench: &Bench, card: &CardInReader) {
    let presented = bench.cards.present_pin(card, typed_pin(RIGHT)).await;
    presented.unwrap();
}

fn is_not_presented(outcome: &Result<Vec<Vec<u8>>, HolderCodeError>) -> bool {
    matches!(outcome, Err(HolderCodeError::NotPresented))
}

async fn with_a_kept_code(settings: Settings) -> (Bench, CardInReader) {
    let (bench, card) = Bench::with_card(settings).await;
    present(&bench, &card).await;
    (bench, card)
}

#[tokio::test]
async fn one_verify_serves_both_keys_and_is_dropped_once() {
    let (bench, card) = with_a_kept_code(SETTINGS).await;
    for role in [
        KeyRole::Authentication,
        KeyRole::Signature,
        KeyRole::Authentication,
    ] {
        let used = bench.cards.use_key(&card, on_the_kept_code(role)).await;
        assert_eq!(used.unwrap().len(), 1);
    }
    assert_eq!((bench.control.verifies(), bench.control.resets()), (1, 0));
    bench.cards.drop_kept_code(&card.stay()).await.unwrap();
    assert_eq!((bench.control.verifies(), bench.control.resets()), (1, 1));
    assert_eq!(verify_state(&bench, FIRST), THREE_TRIES_LEFT);
    assert!(is_not_presented(&use_kept(&bench, &card).await));
}

/// "In a session at most 3": MSE SET, the operation, and GET RESPONSE or the second part of a chain.
#[tokio::test]
async fn an_authentication_on_the_kept_code_takes_three_commands_on_both_generations() {
    let parameters = CardParameters::new(datetime!(2026-11-28 00:00 UTC));
    let cps4: Box<dyn VirtualCard> = Box::new(Cps4Card::new(&parameters).unwrap());
    for card in [first_card(), cps4] {
        let mut bench = Bench::empty(SETTINGS);
        let card = bench.insert(FIRST, card).await;
        present(&bench, &card).await;
        for _ in 0..2 {
            bench.all_done(&card).await;
            use_kept(&bench, &card).await.unwrap();
            bench.control.count_from_here();
            use_kept(&bench, &card).await.unwrap();
            assert!(
                bench.control.commands() <= 3,
                "{}",
                bench.control.commands()
            );
        }
    }
}

#[tokio::test]
async fn nothing_is_used_on_a_code_that_nobody_kept() {
    let (bench, card) = Bench::with_card(SETTINGS).await;
    let mut other = OtherProgram::on(&bench, FIRST);
    other.verify();
    bench.control.count_from_here();
    assert!(is_not_presented(&use_kept(&bench, &card).await));
    assert_eq!(bench.control.signatures(), 0);
}

#[tokio::test]
async fn a_reset_by_another_program_ends_it_even_if_that_presents_a_code_itself() {
    let (bench, card) = with_a_kept_code(SETTINGS).await;
    let mut other = OtherProgram::on(&bench, FIRST);
    other.reset();
    other.verify();
    bench.control.count_from_here();
    assert!(is_not_presented(&use_kept(&bench, &card).await));
    assert_eq!(bench.control.signatures(), 0);
    assert_eq!(
        other.verify_state(),
        StatusWord::SUCCESS,
        "theirs is left alone"
    );
}

#[tokio::test]
async fn a_wrong_code_ends_it() {
    let (bench, card) = with_a_kept_code(SETTINGS).await;
    assert!(bench.use_key(&card, WRONG).await.is_err());
    assert!(is_not_presented(&use_kept(&bench, &card).await));
    present(&bench, &card).await;
    assert!(use_kept(&bench, &card).await.is_ok());
}

#[tokio::test]
async fn a_wrong_code_of_another_program_ends_it_when_the_card_says_so() {
    let (bench, card) = with_a_kept_code(SETTINGS).await;
    let mut other = OtherProgram::on(&bench, FIRST);
    other.send(&[0x00, 0x20, 0x00, 0x01, 0x04, b'0', b'0', b'0', b'0']);
    for _ in 0..2 {
        assert!(is_not_presented(&use_kept(&bench, &card).await));
    }
}

#[tokio::test]
async fn a_use_beside_it_leaves_it_alone() {
    let (bench, card) = with_a_kept_code(SETTINGS).await;
    bench.use_key(&card, RIGHT).await.unwrap();
    assert_eq!(bench.control.resets(), 0);
    assert!(use_kept(&bench, &card).await.is_ok());
}

#[tokio::test]
async fn one_that_another_program_presented_before_is_not_dropped() {
    let (bench, card) = Bench::with_card(SETTINGS).await;
    let mut other = OtherProgram::on(&bench, FIRST);
    other.verify();
    present(&bench, &card).await;
    assert!(use_kept(&bench, &card).await.is_ok());
    bench.cards.drop_kept_code(&card.stay()).await.unwrap();
    assert_eq!(bench.control.resets(), 0);
    assert_eq!(other.verify_state(), StatusWord::SUCCESS);
    assert!(is_not_presented(&use_kept(&bench, &card).await));
}

#[tokio::test]
async fn one_that_was_typed_again_in_a_session_is_kept_on() {
    let (bench, card) = Bench::with_card(SETTINGS).await;
    let typed = KeyUse {
        code: CodeForKey::TypedInSession(typed_pin(RIGHT).into()),
        ..key_use(b"0000", 1)
    };
    bench.cards.use_key(&card, typed).await.unwrap();
    assert!(use_kept(&bench, &card).await.is_ok());
    assert_eq!((bench.control.verifies(), bench.control.resets()), (1, 0));
}

#[tokio::test]
async fn it_is_left_where_the_workstation_shares_the_card() {
    let leave = Settings {
        after_use: AfterUse::Leave,
        ..SETTINGS
    };
    let (bench, card) = with_a_kept_code(leave).await;
    bench.cards.drop_kept_code(&card.stay()).await.unwrap();
    assert_eq!(bench.control.resets(), 0);
    assert!(is_not_presented(&use_kept(&bench, &card).await));
}

#[tokio::test]
async fn a_card_that_comes_back_knows_of_none() {
    let (mut bench, card) = with_a_kept_code(SETTINGS).await;
    let taken = bench.remove(FIRST).await;
    let card_again = bench.insert(FIRST, taken).await;
    assert!(is_not_presented(&use_kept(&bench, &card_again).await));
    assert!(use_kept(&bench, &card).await.is_err(), "the other stay");
}
