//! Cards that never answer, and other programs that never let go.

use std::time::Duration;

use daemon_cards::{CardInReader, HolderCodeError, NewPin, Proof, Settings};
use daemon_types::{ErrorCode, ReaderCondition, Reason};
use secrets::Pin;

use crate::bench::{
    Bench, FIRST, RIGHT, SECOND, SETTINGS, THREE_TRIES_LEFT, WRONG, begin, code, end_of,
    first_card, key_use, second_card, verify_state,
};
use crate::test_source::{Act, Moment, is_signature, is_verify};

/// A worker is waited for so shortly that no test takes long.
const IMPATIENT: Settings = Settings {
    call_time: Duration::from_millis(300),
    ..SETTINGS
};

#[tokio::test]
async fn a_silent_card_is_told_to_all_who_wait_for_it_and_holds_up_no_other_reader() {
    let (mut bench, first) = Bench::with_card(IMPATIENT).await;
    let second = bench.insert(SECOND, second_card()).await;
    bench.silence(is_signature);
    let cards = bench.cards.clone();
    let uses = [0; 3].map(|_| cards.use_key(&first, key_use(RIGHT, 1)));
    let [one, two, three] = uses;
    let look = bench.cards.read_codes(&first);
    let (one, two, three, look) = tokio::join!(one, two, three, look);
    for used in [one, two, three] {
        assert_eq!(code(used), ErrorCode::CardMute);
    }
    assert_eq!(look.unwrap_err().code, ErrorCode::CardMute);
    assert_eq!(bench.first_condition(), ReaderCondition::Unreachable);
    let at_once = bench.use_key(&first, RIGHT).await;
    assert_eq!(code(at_once), ErrorCode::CardMute);
    assert!(bench.use_key(&second, RIGHT).await.is_ok());
    assert_eq!(bench.control.verifies(), 2, "one on each card");
}

#[tokio::test]
async fn a_card_that_answers_at_last_works_again_and_no_code_was_sent_for_those_who_left() {
    let (bench, card) = Bench::with_card(IMPATIENT).await;
    bench.silence(is_verify);
    let outcomes = tokio::join!(
        bench.cards.use_key(&card, key_use(WRONG, 1)),
        bench.cards.use_key(&card, key_use(RIGHT, 1))
    );
    assert_eq!(code(outcomes.0), ErrorCode::CardMute);
    assert_eq!(code(outcomes.1), ErrorCode::CardMute);
    bench.control.exchanges.open();
    bench.first_is(ReaderCondition::Card).await;
    assert_eq!(bench.tries_left(&card).await, 2);
    assert_eq!(bench.control.verifies(), 1);
    assert!(bench.use_key(&card, RIGHT).await.is_ok());
}

#[tokio::test]
async fn what_a_silent_card_made_of_a_new_code_is_not_known() {
    let (bench, card) = Bench::with_card(IMPATIENT).await;
    bench.silence(|command| command.get(1) == Some(&0x24));
    let new_pin = NewPin {
        proof: Proof::OldPin(Pin::new(RIGHT).unwrap()),
        pin: Pin::new(WRONG).unwrap(),
        last_try_confirmed: false,
    };
    let outcome = bench.cards.set_pin(&card, new_pin).await;
    let Err(HolderCodeError::Operation(error)) = outcome else {
        panic!("{outcome:?}");
    };
    let told = (error.code, error.reason);
    assert_eq!(told, (ErrorCode::CardMute, Some(Reason::OutcomeUnknown)));
}

#[tokio::test]
async fn a_card_that_another_program_does_not_let_go_of_is_busy_and_gets_nothing_later() {
    let (bench, card) = Bench::with_card(IMPATIENT).await;
    bench.control.transactions.close();
    let outcome = bench.use_key(&card, RIGHT).await;
    assert_eq!(code(outcome), ErrorCode::ReaderBusy);
    assert_eq!(bench.first_condition(), ReaderCondition::Busy);
    bench.control.transactions.open();
    bench.first_is(ReaderCondition::Card).await;
    bench.all_done(&card).await;
    assert_eq!(bench.control.verifies(), 0);
    assert_eq!(verify_state(&bench, FIRST), THREE_TRIES_LEFT);
    assert!(bench.use_key(&card, RIGHT).await.is_ok());
}

#[tokio::test]
async fn the_next_card_in_the_reader_of_a_silent_one_works() {
    let (mut bench, first) = Bench::with_card(IMPATIENT).await;
    bench.use_in_silence(&first).await;
    bench.remove(FIRST).await;
    let second = bench.insert(FIRST, second_card()).await;
    assert_eq!(bench.first_condition(), ReaderCondition::Card);
    assert!(bench.use_key(&second, RIGHT).await.is_ok());
    bench.control.exchanges.open();
    bench
        .control
        .exchanges
        .waiting(|waiting| waiting == 0)
        .await;
    assert!(bench.use_key(&second, RIGHT).await.is_ok());
    assert_eq!(bench.control.verifies(), 2);
}

#[tokio::test]
async fn a_card_put_in_before_the_silence_of_the_one_before_was_noticed_works_too() {
    let (mut bench, first) = Bench::with_card(IMPATIENT).await;
    bench.silence(is_signature);
    let cards = bench.cards.clone();
    let mut stuck = Box::pin(cards.use_key(&first, key_use(RIGHT, 1)));
    begin(&mut stuck).await;
    bench.control.exchanges.somebody_waits().await;
    bench.remove(FIRST).await;
    let second = bench.insert(FIRST, second_card()).await;
    assert_eq!(code(stuck.await), ErrorCode::CardMute);
    assert!(bench.use_key(&second, RIGHT).await.is_ok());
}

#[tokio::test]
async fn a_reader_that_comes_back_after_a_silent_card_has_a_worker_of_its_own() {
    let (mut bench, card) = Bench::with_card(IMPATIENT).await;
    bench.use_in_silence(&card).await;
    bench.control.readers.remove_reader(FIRST).unwrap();
    bench.card_left().await;
    bench.control.readers.add_reader(FIRST).unwrap();
    let card = bench.insert(FIRST, first_card()).await;
    assert!(bench.use_key(&card, RIGHT).await.is_ok());
}

#[tokio::test]
async fn silent_cards_one_after_the_other_hold_no_more_than_two_threads_of_a_reader() {
    let (mut bench, first) = Bench::with_card(IMPATIENT).await;
    bench.use_in_silence(&first).await;
    let mut card = bench.remove(FIRST).await;
    for _ in 0..4 {
        bench.silence(|_| true);
        bench.control.readers.insert(FIRST, card).unwrap();
        bench.first_is(ReaderCondition::Unreachable).await;
        card = bench.remove(FIRST).await;
        bench.control.readers.remove_reader(FIRST).unwrap();
        bench.control.readers.add_reader(FIRST).unwrap();
    }
    assert_eq!(bench.control.exchanges.waiting_now(), 2);
    bench.control.drop_plan();
    bench.control.readers.insert(FIRST, card).unwrap();
    bench.first_is(ReaderCondition::Unreachable).await;
    bench.control.exchanges.open();
    let id = bench.a_card_is_there().await;
    let card = bench.cards.find(&id).unwrap();
    bench.first_is(ReaderCondition::Card).await;
    assert!(bench.use_key(&card, RIGHT).await.is_ok());
}

#[tokio::test]
async fn the_agent_stops_though_a_card_is_silent() {
    let (bench, card) = Bench::with_card(IMPATIENT).await;
    bench.use_in_silence(&card).await;
    let events = bench.cards.subscribe(None);
    bench.cards.stop();
    end_of(events).await;
}

impl Bench {
    /// Lets the card fall silent at the first command that `when` is true of.
    fn silence(&self, when: impl FnMut(&[u8]) -> bool + Send + 'static) {
        self.control.exchanges.close();
        self.control.plan(when, Moment::BeforeTheAnswer, Act::Pause);
    }

    /// A use during which the card falls silent.
    async fn use_in_silence(&self, card: &CardInReader) {
        self.silence(is_signature);
        let outcome = self.use_key(card, RIGHT).await;
        assert_eq!(code(outcome), ErrorCode::CardMute);
        assert_eq!(self.first_condition(), ReaderCondition::Unreachable);
    }
}
