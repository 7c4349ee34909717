//! The second insertion of a card whose files were kept at the first.

use card_emulator::{CardParameters, Cps3Card, Cps4Card, VirtualCard};
use card_profiles::{CardFiles, CodeCounters, CodeStates, CpxCard, Identity, KeyRole};
use time::OffsetDateTime;
use time::macros::datetime;

use crate::counted_card::CountedCard;

type Make = fn(&CardParameters) -> Box<dyn VirtualCard>;

const KINDS: [(&str, Make); 3] = [
    ("CPS3", |card| Box::new(Cps3Card::new(card).unwrap())),
    ("CPS3 contactless", |card| {
        Box::new(Cps3Card::contactless(card).unwrap())
    }),
    ("CPS4", |card| Box::new(Cps4Card::new(card).unwrap())),
];
const NOW: OffsetDateTime = datetime!(2026-11-21 19:00 UTC);
const AFTER_RENEWAL: OffsetDateTime = datetime!(2029-10-01 08:00 UTC);

fn inserted(make: Make, now: OffsetDateTime) -> CountedCard {
    CountedCard::from(make(&CardParameters::new(now)))
}

/// What a first contact reads, and what is kept of it.
fn first_contact(make: Make) -> (Identity, CodeStates, CardFiles) {
    let mut card = inserted(make, NOW);
    let (identity, states) = card.with(|card| {
        card.read_serial_number().unwrap();
        let identity = card.identity().unwrap();
        card.capabilities().unwrap();
        (identity, card.code_states().unwrap())
    });
    (identity, states, card.memory().all_files().unwrap().clone())
}

fn second_contact(card: &mut dyn CpxCard, files: CardFiles) -> (Identity, CodeStates) {
    card.read_serial_number().unwrap();
    card.recall(files).unwrap();
    let identity = card.identity().unwrap();
    (identity, card.glance_at_codes().unwrap())
}

#[test]
fn a_card_seen_before_is_known_in_four_commands() {
    for (kind, make) in KINDS {
        let (known, states, files) = first_contact(make);
        let mut card = inserted(make, NOW);
        card.with(|card| {
            let (identity, glance) = second_contact(card, files);
            assert_eq!(identity.serial_number, known.serial_number);
            assert_eq!(identity.certificates, known.certificates, "{kind}");
            assert_eq!(glance.pin, states.pin, "{kind}");
            card.pin_limits().unwrap();
            assert!(!card.capabilities().unwrap().signature_algorithms.is_empty());
        });
        let (commands, _) = card.counts();
        assert!(commands <= 4, "{kind}: {commands}");
        let is_current = card.with(|card| card.certificates_are_as_known().unwrap());
        assert!(is_current, "{kind}");
        let (commands, bytes) = card.counts();
        assert!(commands <= 1 + 2 * known.certificates.len(), "{kind}");
        assert!(bytes <= 100 * known.certificates.len(), "{kind}: {bytes}");
    }
}

#[test]
fn reading_the_serial_number_first_costs_the_first_contact_nothing() {
    for (kind, make) in KINDS {
        let [with, without] = [true, false].map(|reads_first| {
            let mut card = inserted(make, NOW);
            card.with(|card| {
                if reads_first {
                    card.read_serial_number().unwrap();
                }
                card.identity().unwrap();
                card.code_states().unwrap();
            });
            card.counts()
        });
        assert_eq!(with, without, "{kind}");
    }
}

#[test]
fn renewed_certificates_are_noticed() {
    for (kind, make) in KINDS {
        let (_, _, files) = first_contact(make);
        let mut card = inserted(make, AFTER_RENEWAL);
        let is_current = card.with(|card| {
            second_contact(card, files);
            card.certificates_are_as_known().unwrap()
        });
        assert!(!is_current, "{kind}");
    }
}

#[test]
fn the_unblock_code_of_a_blocked_card_is_looked_at_at_once() {
    for (kind, make) in KINDS {
        let (_, states, files) = first_contact(make);
        let mut card = inserted(make, NOW);
        let Some(pin) = states.pin else { continue };
        block(&mut card, pin);
        let all = card.with(|card| {
            let (_, glance) = second_contact(card, files);
            assert_eq!(glance.pin.unwrap().tries_left, Some(0), "{kind}");
            assert_eq!(glance, card.code_states().unwrap(), "{kind}");
            glance.unblock_code.unwrap()
        });
        assert_eq!(all.tries_left, Some(10), "{kind}");
    }
}

/// What somebody else does to the card before it comes.
fn block(card: &mut CountedCard, pin: CodeCounters) {
    let wrong = secrets::Pin::new(b"0000").unwrap();
    for _ in 0..pin.tries_left.unwrap() {
        let yes = card_profiles::LastTry::Confirmed;
        card.with(|card| card.verify_pin(&wrong, yes).unwrap_err());
    }
    card.forget();
}

#[test]
fn files_that_make_no_sense_are_not_taken_and_the_card_is_read_all_the_same() {
    for (kind, make) in KINDS {
        let (known, _, files) = first_contact(make);
        let spoilt = files
            .iter()
            .map(|(path, content)| (path.to_vec(), vec![0x30; content.len()]));
        let mut card = inserted(make, NOW);
        card.with(|card| {
            card.read_serial_number().unwrap();
            assert!(card.recall(spoilt.collect()).is_err(), "{kind}");
            let identity = card.identity().unwrap();
            assert_eq!(identity.certificates, known.certificates, "{kind}");
        });
    }
}

#[test]
fn nothing_that_asks_for_a_code_is_among_the_files() {
    for (kind, make) in KINDS {
        let (known, _, files) = first_contact(make);
        let is_technical = known.certificates[0].0 == KeyRole::Technical;
        let expected = if is_technical { 5 } else { 7 };
        assert!(files.iter().count() <= expected, "{kind}");
        for (path, content) in files.iter() {
            let activity = b"ACTIVIT";
            let holds = content.windows(7).any(|part| part == activity);
            assert!(!holds, "{kind}: {path:02X?}");
        }
    }
}
