//! Signatures of both keys and decipherment, after the code in the same transaction.

use card_apdu::StatusWord;
use card_profiles::{
    CardError, CpxCard, Digest, HashAlgorithm, KeyRole, PinError, Signable, SignatureAlgorithm,
};
use sha2::{Digest as _, Sha256};

use crate::codes::{after_the_code, card_error, with_right_pin};
use crate::dialogue::{Dialogue, check};
use crate::reading::assert_refused;

#[test]
fn the_authentication_key_signs_sha256() {
    check_authentication("authenticate.apdu", HashAlgorithm::Sha256);
}

#[test]
fn the_authentication_key_signs_sha384() {
    check_authentication("authenticate-sha384.apdu", HashAlgorithm::Sha384);
}

#[test]
fn the_authentication_key_signs_sha512() {
    check_authentication("authenticate-sha512.apdu", HashAlgorithm::Sha512);
}

#[test]
fn no_code_no_authentication() {
    let value = [7; 32];
    let dialogue =
        Dialogue::with_known_card("authenticate-without-pin.apdu").with_value("hash", &value);
    let outcome = check(dialogue, |card| {
        sign(card, KeyRole::Authentication, HashAlgorithm::Sha256, &value)
    });
    let word = StatusWord::SECURITY_STATUS_NOT_SATISFIED;
    assert_refused(&outcome.unwrap_err(), "INTERNAL AUTHENTICATE", word);
}

#[test]
fn the_signature_key_signs_a_finished_digest() {
    let value = [7; 32];
    let dialogue = with_right_pin("sign.apdu")
        .with_value("hash", &value)
        .with_value("signature", &SIGNATURE);
    let outcome = check(dialogue, |card| {
        after_the_code(card, |card| {
            sign(card, KeyRole::Signature, HashAlgorithm::Sha256, &value)
        })
    });
    assert_eq!(outcome.unwrap(), SIGNATURE);
}

#[test]
fn a_message_is_signed_by_its_digest_where_the_card_takes_it() {
    let message = b"hello CPS";
    let dialogue = with_right_pin("sign.apdu")
        .with_value("hash", &Sha256::digest(message))
        .with_value("signature", &SIGNATURE);
    let outcome = check(dialogue, |card| sign_message(card, message));
    assert_eq!(outcome.unwrap(), SIGNATURE);
}

#[test]
fn of_two_signature_keys_the_one_of_the_certificate_signs() {
    let dialogue = Dialogue::with_card_read_once("sign-two-signature-keys.apdu")
        .with_value("hash", &[7; 32])
        .with_value("signature", &SIGNATURE);
    let outcome = check(dialogue, |card| {
        sign(card, KeyRole::Signature, HashAlgorithm::Sha256, &[7; 32])
    });
    assert_eq!(outcome.unwrap(), SIGNATURE);
}

#[test]
fn the_signature_key_does_no_other_hash_than_sha256() {
    let outcome = check(with_right_pin("verify.apdu"), |card| {
        after_the_code(card, |card| {
            sign(card, KeyRole::Signature, HashAlgorithm::Sha512, &[7; 64])
        })
    });
    let error = card_error(outcome);
    assert!(
        matches!(error, CardError::AlgorithmUnsupported),
        "{error:?}"
    );
}

#[test]
fn several_signatures_take_one_code_and_one_selection() {
    let dialogue = with_right_pin("sign-several.apdu")
        .with_value("hash", &[7; 32])
        .with_value("signature", &SIGNATURE)
        .with_value("hash-2", &[8; 32])
        .with_value("signature-2", &OTHER_SIGNATURE);
    let signatures = check(dialogue, |card| {
        after_the_code(card, |card| {
            let mut sign =
                |value: &[u8]| sign(card, KeyRole::Signature, HashAlgorithm::Sha256, value);
            Ok([sign(&[7; 32])?, sign(&[8; 32])?])
        })
    });
    assert_eq!(signatures.unwrap(), [SIGNATURE, OTHER_SIGNATURE]);
}

#[test]
fn a_short_message_is_hashed_by_a_card_that_refuses_a_digest() {
    check_form_b("sign-message-one-block.apdu", b"hello CPS");
}

#[test]
fn a_longer_message_is_finished_by_a_card_that_refuses_a_digest() {
    let message: Vec<u8> = b"hello CPS ".iter().copied().cycle().take(200).collect();
    check_form_b("sign-message-longer.apdu", &message);
}

#[test]
fn a_refused_digest_without_its_message_is_the_end() {
    let value = [7; 32];
    let dialogue = with_right_pin("sign-refused-finished-hash.apdu").with_value("hash", &value);
    let outcome = check(dialogue, |card| {
        after_the_code(card, |card| {
            sign(card, KeyRole::Signature, HashAlgorithm::Sha256, &value)
        })
    });
    let command = "PSO COMPUTE DIGITAL SIGNATURE";
    assert_refused(&card_error(outcome), command, StatusWord::WRONG_DATA);
}

#[test]
fn a_signature_of_another_length_is_none() {
    let dialogue = Dialogue::with_known_card("sign-short-signature.apdu")
        .with_value("hash", &[7; 32])
        .with_value("signature", &SIGNATURE[..128]);
    let outcome = check(dialogue, |card| {
        sign(card, KeyRole::Signature, HashAlgorithm::Sha256, &[7; 32])
    });
    let error = outcome.unwrap_err();
    assert!(matches!(error, CardError::CardMisbehaved(_)), "{error:?}");
}

#[test]
fn the_authentication_key_deciphers() {
    let cryptogram: Vec<u8> = (0..=255).collect();
    let plaintext = b"a key for a letter";
    let dialogue = with_right_pin("decipher.apdu")
        .with_value("cryptogram-first", &cryptogram[..254])
        .with_value("cryptogram-last", &cryptogram[254..])
        .with_value("plaintext", plaintext);
    let outcome = check(dialogue, |card| {
        after_the_code(card, |card| card.decipher(&cryptogram))
    });
    assert_eq!(outcome.unwrap().expose(), plaintext);
}

#[test]
fn a_cryptogram_with_bad_padding_is_not_deciphered_and_nothing_says_why() {
    let cryptogram: Vec<u8> = (0..=255).collect();
    let dialogue = with_right_pin("decipher-bad-padding.apdu")
        .with_value("cryptogram-first", &cryptogram[..254])
        .with_value("cryptogram-last", &cryptogram[254..]);
    let outcome = check(dialogue, |card| {
        after_the_code(card, |card| card.decipher(&cryptogram))
    });
    let error = card_error(outcome);
    assert!(matches!(error, CardError::NotDeciphered), "{error:?}");
}

#[test]
fn a_cryptogram_of_another_length_is_not_sent() {
    let outcome = check(with_right_pin("verify.apdu"), |card| {
        after_the_code(card, |card| card.decipher(&[7; 255]))
    });
    let error = card_error(outcome);
    assert!(
        matches!(error, CardError::AlgorithmUnsupported),
        "{error:?}"
    );
}

fn check_authentication(fixture: &str, algorithm: HashAlgorithm) {
    let value = vec![7; algorithm.digest_len()];
    let dialogue = with_right_pin(fixture)
        .with_value("hash", &value)
        .with_value("signature", &SIGNATURE);
    let outcome = check(dialogue, |card| {
        after_the_code(card, |card| {
            sign(card, KeyRole::Authentication, algorithm, &value)
        })
    });
    assert_eq!(outcome.unwrap(), SIGNATURE);
}

fn check_form_b(fixture: &str, message: &[u8]) {
    let dialogue = with_right_pin(fixture)
        .with_value("hash", &Sha256::digest(message))
        .with_value("signature", &SIGNATURE);
    let outcome = check(dialogue, |card| sign_message(card, message));
    assert_eq!(outcome.unwrap(), SIGNATURE);
}

fn sign_message(card: &mut dyn CpxCard, message: &[u8]) -> Result<Vec<u8>, PinError> {
    let message = Signable::Message(SignatureAlgorithm::RsaPkcs1(HashAlgorithm::Sha256), message);
    after_the_code(card, |card| card.sign(KeyRole::Signature, &message))
}

/// Signs a digest.
pub(crate) fn sign(
    card: &mut dyn CpxCard,
    role: KeyRole,
    hash: HashAlgorithm,
    value: &[u8],
) -> Result<Vec<u8>, CardError> {
    let algorithm = SignatureAlgorithm::RsaPkcs1(hash);
    card.sign(role, &Signable::Digest(Digest { algorithm, value }))
}

/// What the fixture answers as a signature; whether real ones verify is for openssl to judge.
pub(crate) const SIGNATURE: [u8; 256] = [0x51; 256];
const OTHER_SIGNATURE: [u8; 256] = [0x52; 256];
