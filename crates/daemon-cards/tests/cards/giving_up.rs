//! Callers that no longer wait for their answer.

use daemon_types::ErrorCode;

use crate::bench::{
    Bench, FIRST, RIGHT, SETTINGS, THREE_TRIES_LEFT, begin, code, key_use, verify_state,
};
use crate::test_source::{Act, Moment, is_signature};

#[tokio::test]
async fn a_caller_that_gave_up_while_another_program_held_the_card_gets_no_code_sent() {
    let (bench, card) = Bench::with_card(SETTINGS).await;
    bench.control.transactions.close();
    let mut used = Box::pin(bench.cards.use_key(&card, key_use(RIGHT, 1)));
    begin(&mut used).await;
    bench.control.transactions.somebody_waits().await;
    drop(used);
    bench.control.transactions.open();
    bench.all_done(&card).await;
    assert_eq!(bench.control.verifies(), 0);
    assert_eq!(bench.control.signatures(), 0);
    assert_eq!(verify_state(&bench, FIRST), THREE_TRIES_LEFT);
    assert!(bench.use_key(&card, RIGHT).await.is_ok());
}

#[tokio::test]
async fn a_caller_that_gave_up_before_its_turn_costs_the_card_nothing_at_all() {
    let (bench, card) = Bench::with_card(SETTINGS).await;
    bench.control.transactions.close();
    let mut first = Box::pin(bench.cards.use_key(&card, key_use(RIGHT, 1)));
    begin(&mut first).await;
    bench.control.transactions.somebody_waits().await;
    let mut second = Box::pin(bench.cards.use_key(&card, key_use(RIGHT, 1)));
    begin(&mut second).await;
    drop(second);
    bench.control.transactions.open();
    assert!(first.await.is_ok());
    bench.all_done(&card).await;
    assert_eq!(bench.control.verifies(), 1);
}

#[tokio::test]
async fn a_caller_that_gives_up_between_two_digests_gets_no_further_signature() {
    let (bench, card) = Bench::with_card(SETTINGS).await;
    bench.control.exchanges.close();
    let control = &bench.control;
    control.plan(is_signature, Moment::BeforeTheAnswer, Act::Pause);
    let mut used = Box::pin(bench.cards.use_key(&card, key_use(RIGHT, 3)));
    begin(&mut used).await;
    control.exchanges.somebody_waits().await;
    drop(used);
    control.exchanges.open();
    bench.all_done(&card).await;
    assert_eq!((control.verifies(), control.signatures()), (1, 1));
    assert_eq!(control.resets(), 1);
    assert_eq!(verify_state(&bench, FIRST), THREE_TRIES_LEFT);
}

#[tokio::test]
async fn a_card_taken_out_between_two_digests_signs_no_more() {
    let (bench, card) = Bench::with_card(SETTINGS).await;
    let control = &bench.control;
    control.plan(is_signature, Moment::BeforeTheAnswer, Act::TakeOut);
    let outcome = bench.cards.use_key(&card, key_use(RIGHT, 3)).await;
    assert_eq!(code(outcome), ErrorCode::CardRemoved);
    assert_eq!((control.verifies(), control.signatures()), (1, 1));
}
