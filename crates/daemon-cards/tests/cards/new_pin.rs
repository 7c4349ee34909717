//! New codes, under the rules of a use of a key.

use card_apdu::{ReaderFault, StatusWord};
use daemon_cards::{AfterUse, HolderCodeError, NewPin, Proof, Settings};
use daemon_types::{CodeCondition, ErrorCode};
use secrets::{Pin, UnblockCode};

use crate::bench::{
    Bench, FIRST, RIGHT, SETTINGS, THREE_TRIES_LEFT, WRONG, begin, risky_key_use, verify_state,
};
use crate::test_source::{Act, Moment, is_verify};

const LEAVE: Settings = Settings {
    after_use: AfterUse::Leave,
    ..SETTINGS
};
const NEW: &[u8] = b"8642";

#[tokio::test]
async fn a_change_leaves_nobody_verified_and_the_new_code_works() {
    let (bench, card) = Bench::with_card(SETTINGS).await;
    bench.cards.set_pin(&card, change(RIGHT)).await.unwrap();
    assert_eq!(verify_state(&bench, FIRST), THREE_TRIES_LEFT);
    assert!(bench.use_key(&card, NEW).await.is_ok());
}

#[tokio::test]
async fn a_caller_that_gave_up_before_its_turn_gets_no_code_sent() {
    let (bench, card) = Bench::with_card(SETTINGS).await;
    bench.control.transactions.close();
    for new_pin in [change(RIGHT), unblock()] {
        let mut set = Box::pin(bench.cards.set_pin(&card, new_pin));
        begin(&mut set).await;
        bench.control.transactions.somebody_waits().await;
        drop(set);
    }
    bench.control.transactions.open();
    bench.all_done(&card).await;
    assert_eq!(bench.control.code_commands(), 0);
    assert!(bench.use_key(&card, RIGHT).await.is_ok());
}

#[tokio::test]
async fn a_presented_unblock_code_is_dropped_whatever_the_workstation_wants() {
    let (bench, card) = Bench::with_card(LEAVE).await;
    block(&bench, &card).await;
    let codes = bench.cards.set_pin(&card, unblock()).await.unwrap();
    assert_eq!(codes.unwrap().pin.condition, CodeCondition::Ready);
    assert_eq!(bench.control.resets(), 1);
}

#[tokio::test]
async fn an_unblock_code_that_could_not_be_dropped_is_dropped_while_nobody_waits() {
    let (bench, card) = Bench::with_card(LEAVE).await;
    block(&bench, &card).await;
    bench.control.refuse_next_reset(ReaderFault::Mute);
    assert!(bench.cards.set_pin(&card, unblock()).await.is_ok());
    bench.all_done(&card).await;
    assert_eq!(bench.control.resets(), 1);
    assert!(bench.use_key(&card, NEW).await.is_ok());
    assert_eq!(bench.control.resets(), 1);
    assert_eq!(verify_state(&bench, FIRST), StatusWord::SUCCESS);
}

#[tokio::test]
async fn an_unblock_code_whose_answer_got_lost_is_dropped() {
    let (bench, card) = Bench::with_card(LEAVE).await;
    block(&bench, &card).await;
    let control = &bench.control;
    control.plan(is_verify, Moment::BeforeTheAnswer, Act::FallSilent);
    let outcome = bench.cards.set_pin(&card, unblock()).await;
    let mute = matches!(&outcome, Err(HolderCodeError::Operation(error)) if error.code == ErrorCode::CardMute);
    assert!(mute, "{outcome:?}");
    assert_eq!((control.verifies(), control.resets()), (1, 1));
}

/// Three wrong codes, the last one confirmed.
async fn block(bench: &Bench, card: &daemon_cards::CardInReader) {
    for _ in 0..3 {
        let wrong = risky_key_use(WRONG);
        assert!(bench.cards.use_key(card, wrong).await.is_err());
    }
    bench.all_done(card).await;
    bench.control.count_from_here();
}

fn change(old: &[u8]) -> NewPin {
    new_pin(Proof::OldPin(Pin::new(old).unwrap()))
}

fn unblock() -> NewPin {
    new_pin(Proof::UnblockCode(UnblockCode::new(b"12345678").unwrap()))
}

fn new_pin(proof: Proof) -> NewPin {
    NewPin {
        proof,
        pin: Pin::new(NEW).unwrap(),
        last_try_confirmed: false,
    }
}
