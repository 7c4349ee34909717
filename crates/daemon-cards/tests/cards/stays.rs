//! A card means one stay of one card in one reader.

use daemon_types::{CardId, ErrorCode};

use crate::bench::{
    Bench, FIRST, RIGHT, SECOND, SETTINGS, begin, code, end_of, first_card, key_use, second_card,
};
use crate::test_source::{Act, Moment, is_signature};

#[tokio::test]
async fn a_job_for_an_earlier_stay_of_the_same_card_never_reaches_it() {
    let (mut bench, before) = Bench::with_card(SETTINGS).await;
    let card = bench.remove(FIRST).await;
    let after = bench.insert(FIRST, card).await;
    assert_eq!(before.card, after.card);
    assert!(!before.is_same_stay(&after));
    let outcome = bench.use_key(&before, RIGHT).await;
    assert_eq!(code(outcome), ErrorCode::CardRemoved);
    let error = bench.cards.read_codes(&before).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::CardRemoved);
    assert_eq!(bench.control.commands(), 0);
    assert!(bench.use_key(&after, RIGHT).await.is_ok());
}

#[tokio::test]
async fn a_job_for_a_card_that_was_exchanged_never_reaches_the_other_one() {
    let (mut bench, first) = Bench::with_card(SETTINGS).await;
    bench.remove(FIRST).await;
    let second = bench.insert(FIRST, second_card()).await;
    let outcome = bench.use_key(&first, RIGHT).await;
    assert_eq!(code(outcome), ErrorCode::CardRemoved);
    assert_eq!(bench.control.commands(), 0);
    assert_eq!(bench.cards.cards(), [second]);
}

#[tokio::test]
async fn an_exchanged_card_shows_nothing_of_the_one_before() {
    let (mut bench, first) = Bench::with_card(SETTINGS).await;
    bench.remove(FIRST).await;
    let second = bench.insert(FIRST, second_card()).await;
    let (first, second) = (first.card.summary, second.card.summary);
    assert_ne!(first.id, second.id);
    assert_ne!(first.number, second.number);
    assert_ne!(first.holder, second.holder);
    for (one, other) in first.certificates.iter().zip(&second.certificates) {
        assert_ne!(one.der, other.der);
    }
}

#[tokio::test]
async fn a_card_that_left_is_removed_and_one_never_seen_is_not_found() {
    let (mut bench, card) = Bench::with_card(SETTINGS).await;
    bench.remove(FIRST).await;
    let outcome = bench.use_key(&card, RIGHT).await;
    assert_eq!(code(outcome), ErrorCode::CardRemoved);
    let code_of = |id: &CardId| bench.cards.find(id).unwrap_err().code;
    assert_eq!(code_of(&card.card.summary.id), ErrorCode::CardRemoved);
    let unknown = CardId("0123456789abcdef".into());
    assert_eq!(code_of(&unknown), ErrorCode::NotFound);
    assert!(bench.cards.cards().is_empty());
}

#[tokio::test]
async fn a_card_in_a_reader_that_was_unplugged_is_lost_with_it() {
    let (mut bench, card) = Bench::with_card(SETTINGS).await;
    bench.control.readers.remove_reader(FIRST).unwrap();
    bench.card_left().await;
    let outcome = bench.use_key(&card, RIGHT).await;
    assert_eq!(code(outcome), ErrorCode::ReaderLost);
    assert_eq!(bench.control.commands(), 0);
}

#[tokio::test]
async fn a_card_moved_to_another_reader_is_the_same_card_on_another_stay() {
    let (mut bench, before) = Bench::with_card(SETTINGS).await;
    let card = bench.remove(FIRST).await;
    let after = bench.insert(SECOND, card).await;
    assert_eq!(before.card.summary, after.card.summary);
    assert!(!before.is_same_stay(&after));
    assert!(bench.use_key(&after, RIGHT).await.is_ok());
}

#[tokio::test]
async fn a_reader_that_comes_back_under_another_name_holds_the_same_card_on_another_stay() {
    let (mut bench, before) = Bench::with_card(SETTINGS).await;
    let card = bench.remove(FIRST).await;
    bench.control.readers.remove_reader(FIRST).unwrap();
    let renamed = "Virtual CPS reader 00 01 00";
    bench.control.readers.add_reader(renamed).unwrap();
    let after = bench.insert(renamed, card).await;
    assert_eq!(before.card.summary, after.card.summary);
    assert_ne!(before.reader(), after.reader());
    let outcome = bench.use_key(&before, RIGHT).await;
    assert_eq!(code(outcome), ErrorCode::ReaderLost);
    assert!(bench.use_key(&after, RIGHT).await.is_ok());
}

#[tokio::test]
async fn two_cards_with_one_number_are_refused_until_one_of_them_leaves() {
    let (mut bench, card) = Bench::with_card(SETTINGS).await;
    let id = card.card.summary.id.clone();
    bench.insert(SECOND, first_card()).await;
    let error = bench.cards.find(&id).unwrap_err();
    assert_eq!(error.code, ErrorCode::CardUnsupported);
    bench.remove(SECOND).await;
    assert_eq!(bench.cards.find(&id).unwrap(), card);
}

#[tokio::test]
async fn uses_that_wait_while_the_card_is_exchanged_never_reach_the_other_one() {
    let (mut bench, first) = Bench::with_card(SETTINGS).await;
    let cards = bench.cards.clone();
    bench.control.transactions.close();
    let mut begun = Box::pin(cards.use_key(&first, key_use(RIGHT, 1)));
    begin(&mut begun).await;
    bench.control.transactions.somebody_waits().await;
    let mut queued = Box::pin(cards.use_key(&first, key_use(RIGHT, 1)));
    begin(&mut queued).await;
    bench.remove(FIRST).await;
    bench.control.readers.insert(FIRST, second_card()).unwrap();
    bench.control.transactions.open();
    assert_eq!(code(begun.await), ErrorCode::CardRemoved);
    assert_eq!(code(queued.await), ErrorCode::CardRemoved);
    let second = bench.card_seen().await.unwrap();
    assert_ne!(second, first.card.summary.id);
    assert_eq!(bench.control.verifies(), 0);
}

#[tokio::test]
async fn a_card_that_does_not_answer_holds_up_no_other_reader_and_is_seen_to_leave() {
    let (mut bench, first) = Bench::with_card(SETTINGS).await;
    let second = bench.insert(SECOND, second_card()).await;
    let cards = bench.cards.clone();
    bench.control.exchanges.close();
    let control = &bench.control;
    control.plan(is_signature, Moment::BeforeTheCommand, Act::Pause);
    let mut stuck = Box::pin(cards.use_key(&first, key_use(RIGHT, 1)));
    begin(&mut stuck).await;
    control.exchanges.somebody_waits().await;
    assert!(bench.use_key(&second, RIGHT).await.is_ok());
    bench.remove(FIRST).await;
    assert_eq!(bench.cards.cards(), [second]);
    bench.control.exchanges.open();
    assert_eq!(code(stuck.await), ErrorCode::CardRemoved);
}

#[tokio::test]
async fn the_events_end_when_the_agent_stops() {
    let (bench, _) = Bench::with_card(SETTINGS).await;
    let events = bench.cards.subscribe(None);
    bench.cards.stop();
    // What happened until then is told before.
    end_of(events).await;
}
