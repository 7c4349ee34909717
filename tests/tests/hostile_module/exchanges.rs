//! Cards that leave, come back or are exchanged, at the worst moment.

use card_emulator::DemoCard;
use card_emulator::pki::KeySet;
use card_profiles::CpxCard;
use cpxd_tests::soft_reader::SoftReader;

use crate::faults::FUNCTIONS;
use crate::operations::{Operation, look};
use crate::stay::{LONG, Stay};
use crate::told::{Told, told_of_card};

fn serial_number(stay: &mut Stay) -> Result<String, Told> {
    stay.use_card(|card| {
        let identity = card.identity().map_err(told_of_card)?;
        let holder = identity.certificates[0].1.public_key_der().to_vec();
        Ok(format!("{} {holder:?}", identity.serial_number))
    })
}

#[test]
fn a_session_dies_with_the_stay_of_its_card_and_the_next_stay_works() {
    let reader = SoftReader::with_cps();
    let mut stay = Stay::new(&reader, LONG);
    let first = serial_number(&mut stay).unwrap();
    reader.insert(&reader.token());
    assert_eq!(serial_number(&mut stay), Err(Told::CardRemoved));
    assert_eq!(serial_number(&mut stay), Ok(first));
    reader.remove();
    assert_eq!(serial_number(&mut stay), Err(Told::CardRemoved));
    assert_eq!(serial_number(&mut stay), Err(Told::CardRemoved));
}

#[test]
fn stale_token_information_never_shows_the_first_card_for_the_second() {
    let reader = SoftReader::with_cps();
    let second = reader.add(DemoCard::Cps3, KeySet::Second);
    reader.habit("stale-token-info");
    let mut stay = Stay::new(&reader, LONG);
    let of_first = serial_number(&mut stay).unwrap();
    reader.insert(&second);
    assert_eq!(serial_number(&mut stay), Err(Told::CardRemoved));
    let of_second = serial_number(&mut stay).unwrap();
    assert_ne!(of_first, of_second);
    let mut fresh = Stay::new(&reader, LONG);
    assert_eq!(serial_number(&mut fresh), Ok(of_second));
}

/// The exchange comes with the answer of each call of each operation that has a code.
#[test]
fn no_code_comes_to_a_card_that_was_exchanged_for_the_holders_own() {
    let reader = SoftReader::with_cps();
    let first = reader.token();
    let second = reader.add(DemoCard::Cps3, KeySet::Second);
    reader.exchange_for(&second);
    let mut exchanged = 0;
    for operation in [Operation::Sign, Operation::Change, Operation::Unblock] {
        for function in FUNCTIONS {
            for at in 1..=2 {
                reader.no_faults();
                reader.make_anew();
                reader.insert(&first);
                let mut stay = Stay::new(&reader, LONG);
                operation.prepare(&reader, &first, &mut stay);
                reader.count_calls_anew();
                reader.fault(function, at, "exchange");
                let told = operation.run(&mut stay);
                reader.no_faults();
                let other = reader.memory(&second);
                if other.is_null() {
                    break;
                }
                exchanged += 1;
                let place = format!("{operation:?} {function} {at}: {told:?} {other}");
                assert_eq!(other["presented"], 0, "{place}");
                assert!(told != Err(Told::Internal), "{place}");
                reader.insert(&second);
                let seen = look(&mut Stay::new(&reader, LONG));
                assert_eq!(seen, Ok(()), "{place}");
            }
        }
    }
    assert!(exchanged > 20, "{exchanged} exchanges were seen");
}
