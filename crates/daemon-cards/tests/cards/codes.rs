//! What a code costs, and how many may wait for their turn.

use daemon_cards::HolderCodeError;
use daemon_types::{CodeCondition, ErrorCode, Happening};

use crate::bench::{Bench, RIGHT, SETTINGS, WRONG, begin, code, key_use, risky_key_use};

#[tokio::test]
async fn a_wrong_code_costs_one_try_and_the_inventory_follows() {
    let (mut bench, card) = Bench::with_card(SETTINGS).await;
    let outcome = bench.use_key(&card, WRONG).await;
    let wrong = matches!(
        outcome,
        Err(HolderCodeError::WrongCode {
            tries_left: Some(2)
        })
    );
    assert!(wrong, "{outcome:?}");
    let id = card.card.summary.id.clone();
    assert_eq!(
        bench.next_event().await,
        Happening::CardState { card: id.clone() }
    );
    let pin = bench.cards.find(&id).unwrap().card.summary.pin;
    assert_eq!(pin.tries_left, Some(2));
    assert_eq!(bench.control.verifies(), 1);
}

#[tokio::test]
async fn the_right_code_gives_the_tries_back_and_the_inventory_follows() {
    let (mut bench, card) = Bench::with_card(SETTINGS).await;
    assert!(bench.use_key(&card, WRONG).await.is_err());
    assert!(bench.use_key(&card, RIGHT).await.is_ok());
    let id = card.card.summary.id.clone();
    for tries_left in [2, 3] {
        let changed = Happening::CardState { card: id.clone() };
        assert_eq!(bench.next_event().await, changed, "{tries_left}");
    }
    let pin = bench.cards.find(&id).unwrap().card.summary.pin;
    assert_eq!(pin.tries_left, Some(3));
}

#[tokio::test]
async fn the_last_try_is_not_risked_unless_the_holder_said_so() {
    let (bench, card) = Bench::with_card(SETTINGS).await;
    assert!(bench.use_key(&card, WRONG).await.is_err());
    assert!(bench.use_key(&card, WRONG).await.is_err());
    assert_eq!(bench.tries_left(&card).await, 1);
    bench.control.count_from_here();
    for pin in [WRONG, RIGHT] {
        let outcome = bench.use_key(&card, pin).await;
        let not_sent = matches!(outcome, Err(HolderCodeError::LastTryNotConfirmed));
        assert!(not_sent, "{outcome:?}");
    }
    assert_eq!(bench.control.verifies(), 0);
    let confirmed = risky_key_use(RIGHT);
    assert!(bench.cards.use_key(&card, confirmed).await.is_ok());
    assert_eq!(bench.tries_left(&card).await, 3);
}

#[tokio::test]
async fn a_last_try_that_was_wrong_blocks_the_code_and_is_shown() {
    let (bench, card) = Bench::with_card(SETTINGS).await;
    assert!(bench.use_key(&card, WRONG).await.is_err());
    assert!(bench.use_key(&card, WRONG).await.is_err());
    let confirmed = risky_key_use(WRONG);
    let outcome = bench.cards.use_key(&card, confirmed).await;
    assert!(is_blocked(&outcome), "{outcome:?}");
    bench.all_done(&card).await;
    let pin = bench.cards.cards()[0].card.summary.pin;
    assert_eq!(pin.condition, CodeCondition::Blocked);
    bench.control.count_from_here();
    let outcome = bench.use_key(&card, RIGHT).await;
    assert!(is_blocked(&outcome), "{outcome:?}");
    assert_eq!(bench.control.verifies(), 0);
}

#[tokio::test]
async fn a_code_too_long_for_the_card_is_not_sent() {
    let (bench, card) = Bench::with_card(SETTINGS).await;
    let outcome = bench.use_key(&card, b"12345678").await;
    assert_eq!(code(outcome), ErrorCode::PinLength);
    assert_eq!(bench.control.verifies(), 0);
}

#[tokio::test]
async fn the_seventeenth_waiting_use_is_told_that_the_card_is_busy() {
    let (bench, card) = Bench::with_card(SETTINGS).await;
    bench.control.transactions.close();
    let mut waiting = Vec::new();
    for _ in 0..16 {
        let mut used = Box::pin(bench.cards.use_key(&card, key_use(RIGHT, 1)));
        begin(&mut used).await;
        waiting.push(used);
    }
    let refused = bench.cards.use_key(&card, key_use(RIGHT, 1)).await;
    assert_eq!(code(refused), ErrorCode::Busy);
    bench.control.transactions.open();
    for used in waiting {
        assert!(used.await.is_ok());
    }
    bench.all_done(&card).await;
    assert!(bench.use_key(&card, RIGHT).await.is_ok());
}

#[tokio::test]
async fn looks_at_the_card_do_not_keep_its_uses_out() {
    let (bench, card) = Bench::with_card(SETTINGS).await;
    bench.control.transactions.close();
    let mut looks = Vec::new();
    for _ in 0..16 {
        let mut look = Box::pin(bench.cards.read_codes(&card));
        begin(&mut look).await;
        looks.push(look);
    }
    let refused = bench.cards.read_codes(&card).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::Busy);
    let mut used = Box::pin(bench.cards.use_key(&card, key_use(RIGHT, 1)));
    begin(&mut used).await;
    bench.control.transactions.open();
    assert!(used.await.is_ok());
    for look in looks {
        assert!(look.await.is_ok());
    }
}

fn is_blocked<T>(outcome: &Result<T, HolderCodeError>) -> bool {
    matches!(outcome, Err(HolderCodeError::Blocked))
}
