//! A virtual CPS4 from first contact to deciphering, and the commands that this takes.

use card_apdu::StatusWord;
use card_emulator::{CardParameters, Cps4Atr, Cps4Card};
use card_profiles::{
    CardError, Digest, Generation, HashAlgorithm, KeyRole, LastTry, Signable, SignatureAlgorithm,
};
use rsa::Pkcs1v15Encrypt;
use rsa::rand_core::OsRng;
use secrets::Pin;
use time::macros::datetime;

use crate::counted_card::{CountedCard, assert_signs, public_key};
use crate::official_module;

fn parameters() -> CardParameters {
    CardParameters::new(datetime!(2026-11-21 19:00 UTC))
}

fn card() -> CountedCard {
    CountedCard::new(Cps4Card::new(&parameters()).unwrap())
}

fn pin() -> Pin {
    Pin::new(b"1234").unwrap()
}

/// Another program asks for the applet on channel 0, for the issuer domain on channel 1 or for the applet
/// anew, closes channel 1, selects the CPS2ter view, or a file of the applet that lies elsewhere.
const DISTURBANCES: [&[u8]; 6] = [
    &[
        0x00, 0xA4, 0x04, 0x0C, 0x08, 0x80, 0x25, 0, 0, 1, 0xFF, 1, 0,
    ],
    &[0x01, 0xA4, 0x04, 0x0C, 0x07, 0xA0, 0, 0, 1, 0x51, 0, 0],
    &[
        0x01, 0xA4, 0x04, 0x0C, 0x08, 0x80, 0x25, 0, 0, 1, 0xFF, 1, 0,
    ],
    &[0x00, 0x70, 0x80, 0x01],
    &[
        0x00, 0xA4, 0x04, 0x0C, 0x08, 0x80, 0x25, 0, 0, 1, 0xFF, 0, 2,
    ],
    &[0x01, 0xA4, 0x08, 0x0C, 0x02, 0xD0, 0x03],
];
/// What a card may answer on channel 1 where the applet was; without one, what each disturbance brings.
const LOST_APPLET_ANSWERS: [Option<StatusWord>; 5] = [
    None,
    Some(StatusWord::CONDITIONS_OF_USE_NOT_SATISFIED),
    Some(StatusWord::CLASS_NOT_SUPPORTED),
    Some(StatusWord::WRONG_P1_P2),
    Some(StatusWord::LOGICAL_CHANNEL_NOT_SUPPORTED),
];

#[test]
fn a_card_never_seen_is_known_in_twenty_commands_besides_its_certificates() {
    let mut card = card();
    let (identity, states) = card.with(|card| (card.identity(), card.code_states()));
    let (identity, states) = (identity.unwrap(), states.unwrap());
    let (commands, _) = card.counts();
    let reads_of_certificates: usize = identity
        .certificates
        .iter()
        .map(|(_, found)| found.der().len().div_ceil(256))
        .sum();
    assert_eq!(identity.generation, Some(Generation::Cps4));
    assert_eq!(identity.certificates.len(), 2);
    assert_eq!(states.pin.unwrap().tries_left, Some(3));
    assert_eq!(states.unblock_code.unwrap().tries_left, Some(10));
    assert_eq!(commands - reads_of_certificates, 14);
}

/// Certificates and lists are most of what the official module exchanges, and nobody can leave them out; so the
/// measure is what goes over the line beside the certificates.
#[test]
fn first_contact_takes_two_fifths_of_the_official_modules_bytes_beside_the_certificates() {
    let mut card = card();
    let identity = card.with(|card| (card.identity(), card.code_states()).0);
    let (commands, bytes) = card.counts();
    let (their_commands, their_bytes) = official_module::first_contact(&mut card);
    let certificates = identity.unwrap().certificates;
    let content: usize = certificates
        .iter()
        .map(|(_, found)| found.der().len())
        .sum();
    let (ours, theirs) = (bytes - content, their_bytes - content);
    assert!(commands < their_commands);
    assert!(ours * 100 <= theirs * 40, "{ours} bytes, they {theirs}");
}

#[test]
fn a_certificate_that_cannot_be_read_is_passed_over() {
    let mut is_first_certificate = false;
    let mut card = card().tampered_by(move |command, answer| match command {
        [_, 0xA4, ..] => {
            is_first_certificate = command.ends_with(&[0xA0, 0x01]);
            answer
        }
        [_, 0xB0, ..] if is_first_certificate => vec![0x30, 0x03, 0x02, 0x01, 0x00, 0x90, 0x00],
        _ => answer,
    });
    let identity = card.with(|card| card.identity()).unwrap();
    let roles: Vec<_> = identity
        .certificates
        .iter()
        .map(|(role, _)| *role)
        .collect();
    assert_eq!(roles, [KeyRole::Authentication]);
}

#[test]
fn every_key_signs_by_every_algorithm_that_it_offers() {
    let atrs = [
        Cps4Atr::Issued,
        Cps4Atr::ReleaseCandidate,
        Cps4Atr::ReleaseCandidateT0,
    ];
    for atr in atrs {
        let mut parameters = parameters();
        parameters.cps4.atr = atr;
        let mut card = CountedCard::new(Cps4Card::new(&parameters).unwrap());
        card.with(|card| {
            let capabilities = card.capabilities().unwrap();
            card.verify_pin(&pin(), LastTry::NotConfirmed).unwrap();
            for (role, algorithms) in capabilities.signature_algorithms {
                for algorithm in algorithms {
                    assert_signs(card, role, algorithm);
                }
            }
        });
    }
}

#[test]
fn an_authentication_takes_six_commands_with_its_code_and_three_without() {
    let sha256 = SignatureAlgorithm::RsaPkcs1(HashAlgorithm::Sha256);
    let mut card = card();
    card.with(|card| (card.identity().unwrap(), card.capabilities().unwrap()));
    card.counts();
    card.with(|card| {
        card.verify_pin(&pin(), LastTry::NotConfirmed).unwrap();
        assert_signs(card, KeyRole::Authentication, sha256);
    });
    assert_eq!(card.counts().0, 6);
    card.with(|card| assert_signs(card, KeyRole::Authentication, sha256));
    assert_eq!(card.counts().0, 3);
    card.with(|card| assert_signs(card, KeyRole::Signature, sha256));
    assert_eq!(card.counts().0, 2);
}

#[test]
fn deciphers_what_was_enciphered_for_its_holder_and_nothing_else() {
    let mut card = card();
    let identity = card.with(|card| card.identity()).unwrap();
    let key = public_key(&identity, KeyRole::Authentication);
    let cryptogram = key
        .encrypt(&mut OsRng, Pkcs1v15Encrypt, b"secret text")
        .unwrap();
    card.with(|card| {
        card.verify_pin(&pin(), LastTry::NotConfirmed).unwrap();
        assert_eq!(card.decipher(&cryptogram).unwrap().expose(), b"secret text");
        let unpadded = card.decipher(&[0x01; 256]);
        assert!(matches!(unpadded, Err(CardError::NotDeciphered)));
    });
}

#[test]
fn whatever_another_program_selects_the_next_transaction_finds_the_applet() {
    let sha256 = SignatureAlgorithm::RsaPkcs1(HashAlgorithm::Sha256);
    for disturbance in DISTURBANCES {
        for lost_applet_answer in LOST_APPLET_ANSWERS {
            let mut parameters = parameters();
            parameters.cps4.lost_applet_answer = lost_applet_answer;
            let mut card = CountedCard::new(Cps4Card::new(&parameters).unwrap());
            card.with(|card| (card.identity().unwrap(), card.capabilities().unwrap()));
            card.disturb(disturbance);
            card.with(|card| {
                card.verify_pin(&pin(), LastTry::NotConfirmed).unwrap();
                assert_signs(card, KeyRole::Signature, sha256);
            });
            for role in [KeyRole::Authentication, KeyRole::Signature] {
                card.disturb(disturbance);
                card.with(|card| assert_signs(card, role, sha256));
            }
        }
    }
}

#[test]
fn a_card_that_forgot_the_code_says_so() {
    let mut parameters = parameters();
    parameters.cps4.forgets_codes_when_deselected = true;
    let mut card = CountedCard::new(Cps4Card::new(&parameters).unwrap());
    card.with(|card| {
        card.capabilities().unwrap();
        card.verify_pin(&pin(), LastTry::NotConfirmed).unwrap();
    });
    let input = Signable::Digest(Digest {
        algorithm: SignatureAlgorithm::RsaPkcs1(HashAlgorithm::Sha256),
        value: &[0xA7; 32],
    });
    let [channel_0, ..] = DISTURBANCES;
    card.disturb(channel_0);
    let refused = card.with(|card| card.sign(KeyRole::Signature, &input));
    assert!(matches!(
        refused,
        Err(CardError::Refused {
            sw: StatusWord::SECURITY_STATUS_NOT_SATISFIED,
            ..
        })
    ));
    let states = card.with(|card| card.code_states()).unwrap();
    assert_eq!(states.pin.unwrap().tries_left, Some(3));
}
