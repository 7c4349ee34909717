//! What is shown of cards that cannot be used, or not yet.

use card_apdu::{Protocol, ReaderFault};
use card_emulator::VirtualCard;
use daemon_cards::Settings;
use daemon_types::{Environment, ErrorCode, ReaderCondition};

use crate::bench::{Bench, FIRST, RIGHT, SETTINGS, first_card, second_card};
use crate::test_source::{Act, Moment};

#[tokio::test]
async fn a_reader_busy_at_the_insertion_becomes_usable_by_itself() {
    let mut bench = Bench::empty(SETTINGS);
    bench.control.fail_next_connect(ReaderFault::Busy);
    bench.control.readers.insert(FIRST, first_card()).unwrap();
    assert_eq!(bench.card_seen().await, None);
    let id = bench.card_seen().await.unwrap();
    let card = bench.cards.find(&id).unwrap();
    assert!(bench.use_key(&card, RIGHT).await.is_ok());
}

#[tokio::test]
async fn a_card_that_another_program_resets_as_it_is_read_is_read_again_at_once() {
    let mut bench = Bench::empty(SETTINGS);
    let control = &bench.control;
    control.plan(|_| true, Moment::BeforeTheAnswer, Act::Reset);
    control.readers.insert(FIRST, first_card()).unwrap();
    let id = bench.card_seen().await.expect("no problem is shown");
    assert!(bench.cards.find(&id).is_ok());
}

#[tokio::test]
async fn a_card_of_the_other_environment_is_not_shown() {
    let mut bench = Bench::empty(only(Environment::Production));
    bench.control.readers.insert(FIRST, first_card()).unwrap();
    assert_eq!(bench.card_seen().await, None);
    assert!(bench.cards.cards().is_empty());
    let problem = ReaderCondition::CardProblem(ErrorCode::EnvironmentMismatch, None);
    assert_eq!(bench.first_condition(), problem);
}

#[tokio::test]
async fn a_card_of_the_wanted_environment_is_shown() {
    let (bench, card) = Bench::with_card(only(Environment::Test)).await;
    assert_eq!(bench.cards.cards(), [card]);
}

#[tokio::test]
async fn an_unknown_card_is_shown_by_its_atr_and_gets_no_command() {
    let mut bench = Bench::empty(SETTINGS);
    let card = Box::new(OtherCard);
    bench.control.readers.insert(FIRST, card).unwrap();
    assert_eq!(bench.card_seen().await, None);
    let ReaderCondition::CardProblem(code, Some(atr)) = bench.first_condition() else {
        panic!("no problem is shown");
    };
    assert_eq!(code, ErrorCode::CardUnknown);
    let digits: String = atr.chars().filter(char::is_ascii_hexdigit).collect();
    assert!(digits.eq_ignore_ascii_case("3B0200FF"), "{atr}");
    assert_eq!(bench.control.commands(), 0);
}

#[tokio::test]
async fn a_fault_of_ours_while_a_card_is_read_costs_that_card_and_is_told() {
    let mut bench = Bench::empty(SETTINGS);
    let control = &bench.control;
    control.plan(|_| true, Moment::BeforeTheCommand, Act::Panic);
    control.readers.insert(FIRST, first_card()).unwrap();
    assert_eq!(bench.card_seen().await, None);
    let problem = ReaderCondition::CardProblem(ErrorCode::Internal, None);
    assert_eq!(bench.first_condition(), problem);
    bench.remove(FIRST).await;
    bench.insert(FIRST, second_card()).await;
}

#[tokio::test]
async fn a_card_lost_to_a_fault_of_ours_is_shown_no_longer() {
    let (mut bench, card) = Bench::with_card(SETTINGS).await;
    let control = &bench.control;
    control.plan(|_| true, Moment::BeforeTheCommand, Act::Panic);
    assert!(bench.use_key(&card, RIGHT).await.is_err());
    bench.card_left().await;
    assert_eq!(bench.card_seen().await, None);
    assert!(bench.cards.cards().is_empty());
    assert_eq!(bench.control.verifies(), 0);
}

fn only(environment: Environment) -> Settings {
    Settings {
        only_environment: Some(environment),
        ..SETTINGS
    }
}

/// A card of another family.
struct OtherCard;

impl VirtualCard for OtherCard {
    fn atr(&self) -> &[u8] {
        &[0x3B, 0x02, 0x00, 0xFF]
    }

    fn protocol(&self) -> Protocol {
        Protocol::T0
    }

    fn reset(&mut self) {}

    fn process(&mut self, _: &[u8]) -> Vec<u8> {
        vec![0x6D, 0x00]
    }
}
