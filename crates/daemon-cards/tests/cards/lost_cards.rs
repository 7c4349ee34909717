//! A card that is lost to its connection though its reader goes on to say that it is there.

use card_apdu::ReaderFault;
use daemon_types::{ErrorCode, Happening};

use crate::bench::{Bench, RIGHT, SETTINGS, code};
use crate::test_source::{Act, Moment, is_signature};

#[tokio::test]
async fn a_card_that_was_lost_unannounced_is_shown_again_on_another_stay() {
    for (fault, told) in [
        (ReaderFault::Removed, ErrorCode::CardRemoved),
        (ReaderFault::Mute, ErrorCode::CardMute),
    ] {
        let (mut bench, before) = Bench::with_card(SETTINGS).await;
        lose(&bench, &fault);
        assert_eq!(code(bench.use_key(&before, RIGHT).await), told);
        let id = before.card.summary.id.clone();
        let left = Happening::CardRemoved {
            reader: before.reader().clone(),
            card: Some(id.clone()),
        };
        while bench.next_event().await != left {}
        assert_eq!(bench.card_seen().await, Some(id.clone()));
        let after = bench.cards.find(&id).unwrap();
        assert!(!before.is_same_stay(&after));
        bench.all_done(&after).await;
        bench.control.count_from_here();
        let outcome = bench.use_key(&before, RIGHT).await;
        assert_eq!(code(outcome), ErrorCode::CardRemoved);
        assert_eq!(bench.control.commands(), 0);
        assert!(bench.use_key(&after, RIGHT).await.is_ok());
    }
}

#[tokio::test]
async fn a_lost_card_is_looked_at_until_it_can_be_reached() {
    let (mut bench, card) = Bench::with_card(SETTINGS).await;
    for fault in [ReaderFault::Mute, ReaderFault::Removed] {
        bench.control.fail_next_connect(fault);
    }
    lose(&bench, &ReaderFault::Removed);
    let outcome = bench.use_key(&card, RIGHT).await;
    assert_eq!(code(outcome), ErrorCode::CardRemoved);
    assert_eq!(bench.a_card_is_there().await, card.card.summary.id);
}

#[tokio::test]
async fn a_silence_that_passed_does_not_end_the_stay() {
    let (bench, card) = Bench::with_card(SETTINGS).await;
    let control = &bench.control;
    control.plan(is_signature, Moment::BeforeTheCommand, Act::FallSilent);
    assert_eq!(code(bench.use_key(&card, RIGHT).await), ErrorCode::CardMute);
    assert!(bench.use_key(&card, RIGHT).await.is_ok());
    let shown = bench.cards.find(&card.card.summary.id).unwrap();
    assert!(shown.is_same_stay(&card));
}

/// Lets the next use fail, and the look at the counters that follows it.
fn lose(bench: &Bench, fault: &ReaderFault) {
    for _ in 0..2 {
        bench.control.fail_next_transaction(fault.clone());
    }
}
