//! A virtual CPS3 without contacts: one key, no code.

use card_emulator::{CardParameters, Cps3Card};
use card_profiles::{
    CardError, Digest, HashAlgorithm, KeyRole, LastTry, PinError, Signable, SignatureAlgorithm,
    UnblockError,
};
use secrets::{Pin, UnblockCode};
use time::macros::datetime;

use crate::counted_card::{CountedCard, assert_signs};

fn card() -> CountedCard {
    let parameters = CardParameters::new(datetime!(2026-11-21 19:00 UTC));
    CountedCard::new(Cps3Card::contactless(&parameters).unwrap())
}

#[test]
fn its_certificate_and_its_key_are_technical_and_nothing_else() {
    let mut card = card();
    card.with(|card| {
        let identity = card.identity().unwrap();
        let roles: Vec<_> = identity
            .certificates
            .iter()
            .map(|(role, _)| *role)
            .collect();
        assert_eq!(roles, [KeyRole::Technical]);
        let capabilities = card.capabilities().unwrap();
        let keys = capabilities.signature_algorithms;
        let roles: Vec<_> = keys.iter().map(|(role, _)| *role).collect();
        assert_eq!(roles, [KeyRole::Technical]);
        assert!(!capabilities.pin && !capabilities.decipher);
        for algorithm in keys.into_iter().flat_map(|(_, algorithms)| algorithms) {
            assert_signs(card, KeyRole::Technical, algorithm);
        }
    });
}

#[test]
fn it_has_no_code_to_present_to_change_or_to_unblock() {
    let pin = Pin::new(b"1234").unwrap();
    let unblock_code = UnblockCode::new(b"12345678").unwrap();
    let yes = LastTry::Confirmed;
    let mut card = card();
    card.with(|card| {
        let states = card.code_states().unwrap();
        assert!(states.pin.is_none() && states.unblock_code.is_none());
        assert!(card.pin_limits().unwrap().is_none());
        assert!(matches!(card.verify_pin(&pin, yes), Err(PinError::Absent)));
        assert!(matches!(
            card.change_pin(&pin, &pin, yes),
            Err(PinError::Absent)
        ));
        assert!(matches!(
            card.unblock_pin(&unblock_code, &pin, yes),
            Err(UnblockError::Absent)
        ));
        assert!(!card.leaves_code_presented());
    });
    assert_eq!(card.counts().0, 0);
}

#[test]
fn the_keys_of_the_holder_are_absent() {
    let digest = Digest {
        algorithm: SignatureAlgorithm::RsaPkcs1(HashAlgorithm::Sha256),
        value: &[0xA7; 32],
    };
    card().with(|card| {
        card.identity().unwrap();
        for role in [KeyRole::Authentication, KeyRole::Signature] {
            let error = card.sign(role, &Signable::Digest(digest));
            assert!(matches!(error, Err(CardError::KeyAbsent(absent)) if absent == role));
        }
        let error = card.decipher(&[0x3C; 256]);
        assert!(matches!(error, Err(CardError::KeyAbsent(_))));
    });
}
