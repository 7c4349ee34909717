//! What other programs do to a card between two of our operations.

use card_apdu::{ReaderFault, StatusWord};
use daemon_types::ErrorCode;

use crate::bench::{
    Bench, FIRST, OtherProgram, RIGHT, SETTINGS, THREE_TRIES_LEFT, code, second_card, verify_state,
};
use crate::test_source::{Act, HIDDEN, Moment};

#[tokio::test]
async fn a_card_that_another_program_reset_is_used_again_and_loses_no_try() {
    let (bench, card) = Bench::with_card(SETTINGS).await;
    bench.use_key(&card, RIGHT).await.unwrap();
    OtherProgram::on(&bench, FIRST).reset();
    bench.control.count_from_here();
    assert!(bench.use_key(&card, RIGHT).await.is_ok());
    assert_eq!(bench.control.verifies(), 1);
    assert_eq!(bench.tries_left(&card).await, 3);
}

#[tokio::test]
async fn another_card_behind_a_reset_never_gets_the_code() {
    let (bench, card) = bench_with_hidden_card().await;
    for _ in 0..3 {
        assert_eq!(
            code(bench.use_key(&card, RIGHT).await),
            ErrorCode::CardRemoved
        );
    }
    assert!(bench.cards.read_codes(&card).await.is_err());
    assert_eq!(bench.control.verifies(), 0);
    assert_eq!(verify_state(&bench, HIDDEN), THREE_TRIES_LEFT);
}

#[tokio::test]
async fn a_card_whose_number_could_not_be_read_after_a_reset_is_asked_for_it_again() {
    let (bench, card) = bench_with_hidden_card().await;
    let control = &bench.control;
    control.plan(|_| true, Moment::BeforeTheCommand, Act::FallSilent);
    assert_eq!(code(bench.use_key(&card, RIGHT).await), ErrorCode::CardMute);
    assert_eq!(
        code(bench.use_key(&card, RIGHT).await),
        ErrorCode::CardRemoved
    );
    assert_eq!(control.verifies(), 0);
    assert_eq!(verify_state(&bench, HIDDEN), THREE_TRIES_LEFT);
}

#[tokio::test]
async fn a_reader_that_another_program_holds_is_busy_and_then_works() {
    let (bench, card) = Bench::with_card(SETTINGS).await;
    bench.control.fail_next_transaction(ReaderFault::Busy);
    let outcome = bench.use_key(&card, RIGHT).await;
    assert_eq!(code(outcome), ErrorCode::ReaderBusy);
    assert!(bench.use_key(&card, RIGHT).await.is_ok());
}

#[tokio::test]
async fn a_state_that_another_program_made_is_left_alone() {
    let (bench, card) = Bench::with_card(SETTINGS).await;
    let mut other = OtherProgram::on(&bench, FIRST);
    other.verify();
    assert!(bench.use_key(&card, RIGHT).await.is_ok());
    bench.all_done(&card).await;
    assert_eq!(bench.control.resets(), 0);
    assert_eq!(other.verify_state(), StatusWord::SUCCESS);
}

/// The card was used, and exchanged for another one since, of which only a reset is seen.
async fn bench_with_hidden_card() -> (Bench, daemon_cards::CardInReader) {
    let (bench, card) = Bench::with_card(SETTINGS).await;
    bench.control.readers.add_reader(HIDDEN).unwrap();
    bench.control.readers.insert(HIDDEN, second_card()).unwrap();
    bench.control.exchange_behind_a_reset(HIDDEN);
    (bench, card)
}
