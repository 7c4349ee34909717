//! Resets and removals at every exchange of a use.

use daemon_types::ErrorCode;

use crate::bench::{Bench, FIRST, RIGHT, SETTINGS, THREE_TRIES_LEFT, code, verify_state};
use crate::test_source::{Act, Moment};

#[tokio::test]
async fn a_reset_before_any_command_sends_no_code_twice_and_costs_no_try() {
    reset_at_every_exchange(Moment::BeforeTheCommand).await;
}

#[tokio::test]
async fn a_reset_before_any_answer_sends_no_code_twice_and_costs_no_try() {
    reset_at_every_exchange(Moment::BeforeTheAnswer).await;
}

#[tokio::test]
async fn a_removal_before_any_command_sends_no_code_twice_and_costs_no_try() {
    removal_at_every_exchange(Moment::BeforeTheCommand).await;
}

#[tokio::test]
async fn a_removal_before_any_answer_sends_no_code_twice_and_costs_no_try() {
    removal_at_every_exchange(Moment::BeforeTheAnswer).await;
}

async fn reset_at_every_exchange(moment: Moment) {
    let (bench, card) = Bench::with_card(SETTINGS).await;
    for exchange in 0.. {
        bench.control.count_from_here();
        bench.control.plan(nth(exchange), moment, Act::Reset);
        let outcome = bench.use_key(&card, RIGHT).await;
        if bench.control.drop_plan() {
            assert!(outcome.is_ok(), "{outcome:?}");
            assert!(exchange >= AT_LEAST, "{exchange}");
            return;
        }
        assert_eq!(code(outcome), ErrorCode::CardRemoved, "{exchange}");
        bench.all_done(&card).await;
        assert!(bench.control.verifies() <= 1, "{exchange}");
        assert_eq!(verify_state(&bench, FIRST), THREE_TRIES_LEFT, "{exchange}");
        assert!(bench.use_key(&card, RIGHT).await.is_ok(), "{exchange}");
        assert_eq!(bench.tries_left(&card).await, 3, "{exchange}");
    }
}

async fn removal_at_every_exchange(moment: Moment) {
    let (mut bench, mut card) = Bench::with_card(SETTINGS).await;
    for exchange in 0.. {
        bench.control.count_from_here();
        bench.control.plan(nth(exchange), moment, Act::TakeOut);
        let outcome = bench.use_key(&card, RIGHT).await;
        if bench.control.drop_plan() {
            assert!(outcome.is_ok(), "{outcome:?}");
            assert!(exchange >= AT_LEAST, "{exchange}");
            return;
        }
        assert_eq!(code(outcome), ErrorCode::CardRemoved, "{exchange}");
        bench.card_left().await;
        assert!(bench.control.verifies() <= 1, "{exchange}");
        let taken_out = bench.control.taken_out().unwrap();
        card = bench.insert(FIRST, taken_out).await;
        assert_eq!(bench.tries_left(&card).await, 3, "{exchange}");
        assert!(bench.use_key(&card, RIGHT).await.is_ok(), "{exchange}");
    }
}

fn nth(exchange: usize) -> impl FnMut(&[u8]) -> bool {
    let mut left = exchange;
    move |_| {
        let is_now = left == 0;
        left = left.saturating_sub(1);
        is_now
    }
}

/// VERIFY, the choice of the key and its use are commands of their own.
const AT_LEAST: usize = 3;
