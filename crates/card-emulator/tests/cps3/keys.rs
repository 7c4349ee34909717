//! Signatures, authentication and decipherment, checked with the public keys of the certificates.

use crate::card::{
    SELECT_APPLICATION, VERIFY_PIN, ask, assert_dialogue, card, fetch, parameters, read_file,
};
use card_emulator::{Cps3Card, VirtualCard};
use rsa::pkcs8::DecodePublicKey;
use rsa::rand_core::OsRng;
use rsa::{Pkcs1v15Encrypt, Pkcs1v15Sign, RsaPublicKey};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use x509_parser::prelude::{FromDer, X509Certificate};

const SET_SIGNATURE_SHA256: &str = "00 22 41 B6 06 80 01 42 84 01 81";
const SET_SIGNATURE_SHA1: &str = "00 22 41 B6 06 84 01 81 80 01 12";
const SET_AUTHENTICATION: &str = "00 22 41 A4 06 80 01 02 84 01 82";
const SET_DECIPHER: &str = "00 22 41 B8 06 84 01 82 80 01 1A";
const SIGN_HASHED: &str = "00 2A 9E 9A 00";
/// The recorded message is 200 bytes; its last 8 are hashed on the card.
const HASH_SHA256: &str = "00 2A 90 A0 34 90 28 79 09 AF EC 95 9C FF 91 5E 21 E9 F6 19 8F 93 6B 90 \
                           17 DC E9 2D 38 42 FC 3D FB 9D 08 7D E1 CD A5 00 00 00 00 00 00 06 00 80 \
                           08 6C 6C 6F 20 43 50 53 20";
const RECORDED_HASH: &str = "DB0163521AA96EFF529AC89D4427BAB0C1BC80419BCC4CED349B177D73DCF8FC";

fn public_key(card: &mut dyn VirtualCard, file: &str) -> RsaPublicKey {
    let certificate = read_file(card, file);
    let (_, certificate) = X509Certificate::from_der(&certificate).unwrap();
    RsaPublicKey::from_public_key_der(certificate.public_key().raw).unwrap()
}

fn ready_card() -> Cps3Card {
    let mut card = card();
    assert_dialogue(
        &mut card,
        &[(SELECT_APPLICATION, "9000"), (VERIFY_PIN, "9000")],
    );
    card
}

fn case_3(header: &str, data: &[u8]) -> String {
    format!("{header}{:02X}{}", data.len(), hex::encode(data))
}

#[test]
fn form_a_signs_a_finished_hash_with_either_algorithm() {
    let mut card = ready_card();
    assert_eq!(ask(&mut card, SET_SIGNATURE_SHA256), "9000");
    let hash = Sha256::digest(b"ordonnance");
    let signature = fetch(&mut card, &case_3("002A9E9A", &hash));
    assert_eq!(ask(&mut card, SET_SIGNATURE_SHA1), "9000");
    let old_hash = Sha1::digest(b"ordonnance");
    let old_signature = fetch(&mut card, &case_3("002A9E9A", &old_hash));

    let key = public_key(&mut card, "A001");
    key.verify(Pkcs1v15Sign::new::<Sha256>(), &hash, &signature)
        .unwrap();
    key.verify(Pkcs1v15Sign::new::<Sha1>(), &old_hash, &old_signature)
        .unwrap();
}

#[test]
fn form_b_signs_the_hash_that_the_card_finished() {
    let mut card = ready_card();
    assert_dialogue(
        &mut card,
        &[
            ("00 22 41 AA 03 80 01 40", "9000"),
            (HASH_SHA256, "9000"),
            (SET_SIGNATURE_SHA256, "9000"),
            (SIGN_HASHED, "6100"),
        ],
    );
    let first = ask(&mut card, "00 C0 00 00 E7");
    let second = ask(&mut card, "00 C0 00 00 19");
    assert!(first.ends_with("6119") && second.ends_with("9000"));
    let hex_digits = [&first[..462], &second[..50]].concat();
    let signature = hex::decode(hex_digits).unwrap();
    public_key(&mut card, "A001")
        .verify(
            Pkcs1v15Sign::new::<Sha256>(),
            &hex::decode(RECORDED_HASH).unwrap(),
            &signature,
        )
        .unwrap();
}

#[test]
fn form_b_signs_a_short_message_with_sha1() {
    let mut card = ready_card();
    assert_dialogue(
        &mut card,
        &[
            ("00 22 41 AA 03 80 01 10", "9000"),
            ("00 2A 90 A0 05 90 00 80 01 78", "9000"),
            (SET_SIGNATURE_SHA1, "9000"),
        ],
    );
    let signature = fetch(&mut card, SIGN_HASHED);
    public_key(&mut card, "A001")
        .verify(Pkcs1v15Sign::new::<Sha1>(), &Sha1::digest(b"x"), &signature)
        .unwrap();
}

#[test]
fn a_finished_hash_is_kept_while_the_code_is_missing_and_used_once() {
    let mut card = card();
    assert_dialogue(
        &mut card,
        &[
            (SELECT_APPLICATION, "9000"),
            ("00 22 41 AA 03 80 01 40", "9000"),
            (HASH_SHA256, "9000"),
            (SET_SIGNATURE_SHA256, "9000"),
            (SIGN_HASHED, "6982"),
            (VERIFY_PIN, "9000"),
            (SET_SIGNATURE_SHA256, "9000"),
            (SIGN_HASHED, "6100"),
            (SIGN_HASHED, "6985"),
        ],
    );
}

#[test]
fn a_card_that_refuses_form_a_signs_by_form_b() {
    let mut parameters = parameters();
    parameters.takes_finished_hash = false;
    let mut card = Cps3Card::new(&parameters).unwrap();
    assert_dialogue(
        &mut card,
        &[
            (SELECT_APPLICATION, "9000"),
            (VERIFY_PIN, "9000"),
            (SET_SIGNATURE_SHA256, "9000"),
            (&case_3("002A9E9A", &[7; 32]), "6A80"),
            ("00 22 41 AA 03 80 01 40", "9000"),
            (HASH_SHA256, "9000"),
            (SIGN_HASHED, "6100"),
        ],
    );
}

#[test]
fn internal_authenticate_pads_up_to_102_bytes() {
    let mut card = ready_card();
    assert_eq!(ask(&mut card, SET_AUTHENTICATION), "9000");
    for len in [1, 35, 51, 83, 102] {
        let input = vec![0x30; len];
        let signature = fetch(&mut card, &case_3("00880000", &input));
        public_key(&mut card, "A002")
            .verify(Pkcs1v15Sign::new_unprefixed(), &input, &signature)
            .unwrap();
    }
    assert_eq!(ask(&mut card, &case_3("00880000", &[0x30; 103])), "6700");
    assert_eq!(ask(&mut card, "0088000000"), "6700");
    assert_eq!(ask(&mut card, "00880100 01 30"), "6A86");
}

#[test]
fn deciphers_a_chained_cryptogram_behind_its_indicator() {
    let mut card = ready_card();
    let key = public_key(&mut card, "A002");
    let cryptogram = key
        .encrypt(&mut OsRng, Pkcs1v15Encrypt, b"secret text")
        .unwrap();
    let (first, last) = cryptogram.split_at(254);
    let first = [&[0x81][..], first].concat();
    assert_dialogue(
        &mut card,
        &[
            (SET_DECIPHER, "9000"),
            (&case_3("102A8086", &first), "9000"),
            (&case_3("002A8086", last), "610B"),
            ("00 C0 00 00 0B", "73 65 63 72 65 74 20 74 65 78 74 90 00"),
        ],
    );
}

#[test]
fn refuses_a_cryptogram_that_is_broken_too_long_or_interrupted() {
    let mut card = ready_card();
    let first = [&[0x81][..], &[0x55; 254]].concat();
    let no_indicator = [0x55; 255];
    assert_dialogue(
        &mut card,
        &[
            (SET_DECIPHER, "9000"),
            (&case_3("102A8086", &first), "9000"),
            (&case_3("002A8086", &[1, 2]), "6A80"),
            (&case_3("102A8086", &no_indicator), "9000"),
            (&case_3("002A8086", &[1, 2]), "6A80"),
            (&case_3("102A8086", &first), "9000"),
            (&case_3("102A8086", &[1, 2, 3]), "6700"),
            (&case_3("102A8086", &first), "9000"),
            ("00 84 00 00 10", "6C08"),
            (&case_3("002A8086", &[1, 2]), "6A80"),
        ],
    );
}

#[test]
fn each_key_does_what_it_is_for_and_nothing_else() {
    let mut card = ready_card();
    assert_dialogue(
        &mut card,
        &[
            ("00 22 41 A4 06 80 01 02 84 01 81", "9000"),
            ("00 88 00 00 01 30", "6982"),
            ("00 22 41 B8 06 80 01 1A 84 01 81", "9000"),
            ("00 2A 80 86 02 81 00", "6982"),
            ("00 22 41 B6 06 80 01 42 84 01 82", "9000"),
            (&case_3("002A9E9A", &[7; 32]), "6982"),
        ],
    );
}

#[test]
fn no_key_works_without_the_code_or_after_a_reset() {
    let mut card = ready_card();
    card.reset();
    assert_dialogue(
        &mut card,
        &[
            (SELECT_APPLICATION, "9000"),
            ("00 88 00 00 01 30", "6985"),
            (SET_AUTHENTICATION, "9000"),
            ("00 88 00 00 01 30", "6982"),
            (SET_SIGNATURE_SHA256, "9000"),
            (&case_3("002A9E9A", &[7; 32]), "6982"),
            (SET_DECIPHER, "9000"),
            ("00 2A 80 86 02 81 00", "6982"),
        ],
    );
}

#[test]
fn the_security_environment_belongs_to_the_application() {
    let mut card = ready_card();
    assert_dialogue(
        &mut card,
        &[
            (SET_AUTHENTICATION, "9000"),
            ("00 A4 09 0C 02 3F 00", "9000"),
            ("00 88 00 00 01 30", "6985"),
            (SET_AUTHENTICATION, "6A88"),
        ],
    );
}

#[test]
fn refuses_templates_that_no_program_sends_and_keeps_the_one_before() {
    let mut card = ready_card();
    assert_dialogue(
        &mut card,
        &[
            (SET_SIGNATURE_SHA256, "9000"),
            ("00 22 41 B6 06 80 01 02 84 01 81", "6A80"),
            ("00 22 41 B6 06 80 01 42 84 01 83", "6A88"),
            ("00 22 41 B6 03 80 01 42", "6A80"),
            ("00 22 41 B6 03 84 01 81", "6A80"),
            ("00 22 41 B6 09 80 01 42 84 01 81 80 01 12", "6A80"),
            ("00 22 41 B6 07 80 02 42 00 84 01 81", "6A80"),
            ("00 22 41 AA 06 80 01 40 84 01 81", "6A80"),
            ("00 22 41 AA 03 80 01 41", "6A80"),
            ("00 22 41 B4 03 80 01 40", "6A86"),
            ("00 22 81 B6 06 80 01 42 84 01 81", "6A86"),
            ("00 2A 9E 9B 00", "6A86"),
            (&case_3("002A9E9A", &[7; 20]), "6A80"),
            (&case_3("002A9E9A", &[7; 32]), "6100"),
        ],
    );
}
