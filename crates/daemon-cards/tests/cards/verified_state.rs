//! What becomes of the PIN-verified state that we made.

use card_apdu::{ReaderFault, StatusWord};
use daemon_cards::{AfterUse, Settings};
use daemon_types::ErrorCode;

use crate::bench::{
    Bench, FIRST, OtherProgram, RIGHT, SETTINGS, THREE_TRIES_LEFT, WRONG, code, verify_state,
};
use crate::test_source::{Act, Moment, is_signature, is_verify};

const LEAVE: Settings = Settings {
    after_use: AfterUse::Leave,
    ..SETTINGS
};

#[tokio::test]
async fn it_is_dropped_after_a_signature() {
    let (bench, card) = Bench::with_card(SETTINGS).await;
    bench.use_key(&card, RIGHT).await.unwrap();
    assert_eq!(bench.control.resets(), 1);
    assert_eq!(verify_state(&bench, FIRST), THREE_TRIES_LEFT);
}

#[tokio::test]
async fn it_is_dropped_after_a_signature_that_failed() {
    check_dropped_after_silence(is_signature).await;
}

#[tokio::test]
async fn it_is_dropped_when_the_answer_to_verify_got_lost() {
    check_dropped_after_silence(is_verify).await;
}

async fn check_dropped_after_silence(on: fn(&[u8]) -> bool) {
    let (bench, card) = Bench::with_card(SETTINGS).await;
    let control = &bench.control;
    control.plan(on, Moment::BeforeTheAnswer, Act::FallSilent);
    assert_eq!(code(bench.use_key(&card, RIGHT).await), ErrorCode::CardMute);
    assert!(!control.drop_plan());
    assert_eq!((control.verifies(), control.resets()), (1, 1));
    assert_eq!(verify_state(&bench, FIRST), THREE_TRIES_LEFT);
    assert!(bench.use_key(&card, RIGHT).await.is_ok());
}

#[tokio::test]
async fn one_that_could_not_be_dropped_is_dropped_while_nobody_waits() {
    let (bench, card) = Bench::with_card(SETTINGS).await;
    bench.control.refuse_next_reset(ReaderFault::Mute);
    assert!(bench.use_key(&card, RIGHT).await.is_ok());
    bench.all_done(&card).await;
    assert_eq!(bench.control.resets(), 1);
    assert_eq!(verify_state(&bench, FIRST), THREE_TRIES_LEFT);
}

#[tokio::test]
async fn one_that_could_not_be_dropped_is_tried_again_with_whatever_is_asked_of_the_card() {
    let (bench, card) = Bench::with_card(SETTINGS).await;
    for _ in 0..3 {
        bench.control.refuse_next_reset(ReaderFault::Mute);
    }
    assert!(bench.use_key(&card, RIGHT).await.is_ok());
    bench.cards.settled(None).await;
    bench.all_done(&card).await;
    bench.cards.settled(None).await;
    assert_eq!(bench.control.resets(), 1);
    assert_eq!(verify_state(&bench, FIRST), THREE_TRIES_LEFT);
}

#[tokio::test]
async fn a_wrong_code_makes_none_and_resets_nothing() {
    let (bench, card) = Bench::with_card(SETTINGS).await;
    assert!(bench.use_key(&card, WRONG).await.is_err());
    bench.all_done(&card).await;
    assert_eq!(bench.control.resets(), 0);
}

#[tokio::test]
async fn another_programs_is_left_alone_even_when_the_signature_failed() {
    let (bench, card) = Bench::with_card(SETTINGS).await;
    let mut other = OtherProgram::on(&bench, FIRST);
    other.verify();
    let control = &bench.control;
    control.plan(is_signature, Moment::BeforeTheAnswer, Act::FallSilent);
    assert_eq!(code(bench.use_key(&card, RIGHT).await), ErrorCode::CardMute);
    assert_eq!(control.resets(), 0);
    assert_eq!(other.verify_state(), StatusWord::SUCCESS);
}

#[tokio::test]
async fn another_programs_is_left_alone_when_no_code_of_ours_was_sent() {
    let (bench, card) = Bench::with_card(SETTINGS).await;
    let mut other = OtherProgram::on(&bench, FIRST);
    other.verify();
    let control = &bench.control;
    let asks_the_counter = |command: &[u8]| command.starts_with(&[0x00, 0x20]);
    control.plan(asks_the_counter, Moment::BeforeTheCommand, Act::FallSilent);
    assert_eq!(code(bench.use_key(&card, RIGHT).await), ErrorCode::CardMute);
    bench.all_done(&card).await;
    assert_eq!((control.verifies(), control.resets()), (0, 0));
    assert_eq!(other.verify_state(), StatusWord::SUCCESS);
}

#[tokio::test]
async fn it_stays_where_the_workstation_wants_it_to() {
    let (bench, card) = Bench::with_card(LEAVE).await;
    let mut other = OtherProgram::on(&bench, FIRST);
    bench.use_key(&card, RIGHT).await.unwrap();
    bench.use_key(&card, RIGHT).await.unwrap();
    assert_eq!((bench.control.verifies(), bench.control.resets()), (2, 0));
    assert_eq!(other.verify_state(), StatusWord::SUCCESS);
}
