//! Places of work, on virtual cards of both generations.

use card_apdu::StatusWord;
use card_emulator::{CardParameters, Cps3Card, Cps4Card, DemoCard, pki::KeySet};
use card_profiles::{CardError, LastTry};
use secrets::Pin;
use time::OffsetDateTime;
use time::macros::datetime;

use crate::counted_card::CountedCard;

const NOW: OffsetDateTime = datetime!(2026-11-21 19:00 UTC);

fn cards(parameters: &CardParameters) -> [CountedCard; 2] {
    [
        CountedCard::new(Cps3Card::new(parameters).unwrap()),
        CountedCard::new(Cps4Card::new(parameters).unwrap()),
    ]
}

#[test]
fn their_numbers_are_public_and_their_content_is_not() {
    for mut card in cards(&CardParameters::new(NOW)) {
        card.with(|card| card.identity()).unwrap();
        assert_eq!(
            card.with(|card| card.activity_numbers()).unwrap(),
            Some(vec![1, 3])
        );
        let refused = card.with(|card| card.activities()).unwrap_err();
        let is_secured = matches!(
            refused,
            CardError::Refused {
                sw: StatusWord::SECURITY_STATUS_NOT_SATISFIED,
                ..
            }
        );
        assert!(is_secured, "{refused:?}");
    }
}

#[test]
fn they_are_read_in_the_transaction_of_the_code() {
    let pin = Pin::new(b"1234").unwrap();
    for mut card in cards(&CardParameters::new(NOW)) {
        card.with(|card| card.identity()).unwrap();
        let (activities, leaves_code_presented) = card.with(|card| {
            card.verify_pin(&pin, LastTry::NotConfirmed).unwrap();
            (card.activities().unwrap(), card.leaves_code_presented())
        });
        assert!(leaves_code_presented, "it is still ours to drop");
        let read: Vec<_> = activities
            .iter()
            .map(|activity| (activity.number, activity.sector.as_deref()))
            .collect();
        assert_eq!(read, [(1, Some("SA07")), (3, Some("SA05"))]);
    }
}

#[test]
fn staff_has_none() {
    let parameters = DemoCard::Cpe.parameters(KeySet::First, NOW);
    for mut card in cards(&parameters) {
        card.with(|card| card.identity()).unwrap();
        let numbers = card.with(|card| card.activity_numbers()).unwrap();
        assert_eq!(numbers, Some(Vec::new()));
    }
}
