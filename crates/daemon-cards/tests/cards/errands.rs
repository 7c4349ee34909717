//! What programs ask of a card without its holder: it waits for what the holder waits for, and not for ever.

use daemon_types::ErrorCode;
use futures_util::FutureExt as _;
use futures_util::future::join_all;

use crate::bench::{Bench, FIRST, RIGHT, SETTINGS, begin, key_use};
use crate::test_source::{Act, Moment, is_challenge, is_verify};

#[tokio::test]
async fn the_holder_waits_for_one_piece_of_an_errand_however_many_there_are() {
    let (bench, card) = Bench::with_card(SETTINGS).await;
    let control = &bench.control;
    control.exchanges.close();
    control.plan(is_challenge, Moment::BeforeTheAnswer, Act::Pause);
    let flood = (0..MOST_QUEUED).map(|_| bench.cards.random_bytes(&card, 256));
    let mut flood = Box::pin(join_all(flood));
    begin(&mut flood).await;
    control.exchanges.somebody_waits().await;
    let mut used = Box::pin(bench.cards.use_key(&card, key_use(RIGHT, 1)));
    begin(&mut used).await;
    control.exchanges.open();
    let (random, used) = tokio::join!(flood, used);
    assert!(used.is_ok());
    let before = control.commands_before(is_verify);
    let challenges = before.iter().filter(|command| is_challenge(command));
    assert_eq!(challenges.count(), 8);
    assert!(before.len() <= 16, "{before:02X?}");
    let random: Vec<_> = random.into_iter().map(Result::unwrap).collect();
    assert!(random.iter().all(|bytes| bytes.len() == 256));
}

#[tokio::test]
async fn looks_of_others_do_not_keep_an_errand_waiting() {
    let (bench, card) = Bench::with_card(SETTINGS).await;
    let control = &bench.control;
    control.transactions.close();
    let mut running = Box::pin(bench.cards.read_codes(&card));
    begin(&mut running).await;
    control.transactions.somebody_waits().await;
    let mut errand = Box::pin(bench.cards.random_bytes(&card, 8));
    begin(&mut errand).await;
    let mut looks = Box::pin(join_all((0..9).map(|_| bench.cards.read_codes(&card))));
    begin(&mut looks).await;
    control.transactions.open();
    let (running, errand, looks) = tokio::join!(running, errand, looks);
    assert!(running.is_ok() && errand.is_ok() && looks.iter().all(Result::is_ok));
    let all = control.commands_before(|_| false).len() - 1;
    let before = control.commands_before(is_challenge).len();
    assert!(before <= all / 2, "{before} commands of ten looks' {all}");
}

#[tokio::test]
async fn names_that_the_card_told_wait_for_nothing_and_go_with_it() {
    let (mut bench, card) = Bench::with_card(SETTINGS).await;
    let told = bench.cards.token_objects(&card).await.unwrap();
    bench.control.transactions.close();
    let mut running = Box::pin(bench.cards.read_codes(&card));
    begin(&mut running).await;
    bench.control.transactions.somebody_waits().await;
    let again = bench.cards.token_objects(&card).now_or_never();
    assert_eq!(again.unwrap().unwrap(), told);
    bench.control.transactions.open();
    assert!(running.await.is_ok());
    let same_card = bench.remove(FIRST).await;
    let gone = bench.cards.token_objects(&card).await.unwrap_err();
    assert_eq!(gone.code, ErrorCode::CardRemoved);
    let card = bench.insert(FIRST, same_card).await;
    assert_eq!(bench.cards.token_objects(&card).await.unwrap(), told);
    assert!(bench.control.commands() > 0, "the card was asked anew");
}

#[tokio::test]
async fn errands_beyond_their_places_are_refused_and_take_none_of_the_holders() {
    let (bench, card) = Bench::with_card(SETTINGS).await;
    let gate = &bench.control.transactions;
    gate.close();
    let errands = (0..MOST_QUEUED + 1).map(|_| bench.cards.random_bytes(&card, 8));
    let errands = join_all(errands);
    let counters = bench.cards.read_codes(&card);
    let opening = async {
        gate.somebody_waits().await;
        gate.open();
    };
    let (errands, counters, ()) = tokio::join!(errands, counters, opening);
    let refused: Vec<_> = errands.into_iter().filter_map(Result::err).collect();
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0].code, ErrorCode::Busy);
    assert!(counters.is_ok());
}

/// Errands that may wait for one reader.
const MOST_QUEUED: usize = 16;
