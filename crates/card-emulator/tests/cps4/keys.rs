//! Signatures, authentication and decipherment, checked with the public keys of the certificates.

use crate::card::{SELECT_APPLICATION, VERIFY_PIN, ask, assert_dialogue, card, data, read};
use card_emulator::{Cps4Card, VirtualCard};
use rsa::pkcs8::DecodePublicKey;
use rsa::rand_core::OsRng;
use rsa::{Pkcs1v15Encrypt, Pkcs1v15Sign, Pss, RsaPublicKey};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use x509_parser::prelude::{FromDer, X509Certificate};

const SET_RAW: &str = "01 22 41 B8 03 83 01 20";

fn public_key(card: &mut Cps4Card, path: &str) -> RsaPublicKey {
    let certificate = read(card, path);
    let (_, certificate) = X509Certificate::from_der(&certificate).unwrap();
    RsaPublicKey::from_public_key_der(certificate.public_key().raw).unwrap()
}

fn ready_card() -> Cps4Card {
    let mut card = card();
    assert_dialogue(
        &mut card,
        &[(VERIFY_PIN, "9000"), (SELECT_APPLICATION, "9000")],
    );
    card
}

/// MSE SET with algorithm and key, then PSO over a finished hash.
fn sign(card: &mut Cps4Card, algorithm_and_key: &str, hash: &[u8]) -> Vec<u8> {
    let template = format!("012281B6049102{algorithm_and_key}");
    assert_dialogue(card, &[(SELECT_APPLICATION, "9000"), (&template, "9000")]);
    let command = format!("012A9E9A{:02X}{}00", hash.len(), hex::encode(hash));
    data(card, &command)
}

/// The raw operation in two commands, as the official module sends it.
fn raw(card: &mut Cps4Card, block: &[u8]) -> Vec<u8> {
    let (first, last) = block.split_at(255);
    let chained = format!("112A8086FF{}", hex::encode(first));
    assert_dialogue(
        card,
        &[
            (SELECT_APPLICATION, "9000"),
            (SET_RAW, "9000"),
            (&chained, "9000"),
        ],
    );
    data(card, &format!("012A808601{}00", hex::encode(last)))
}

#[test]
fn the_signature_key_signs_with_pkcs1() {
    let mut card = ready_card();
    let key = public_key(&mut card, "0001A001");
    let hash = Sha256::digest(b"ordonnance");
    let signature = sign(&mut card, "2890", &hash);
    key.verify(Pkcs1v15Sign::new::<Sha256>(), &hash, &signature)
        .unwrap();
    let old_hash = Sha1::digest(b"ordonnance");
    let signature = sign(&mut card, "0A90", &old_hash);
    key.verify(Pkcs1v15Sign::new::<Sha1>(), &old_hash, &signature)
        .unwrap();
}

#[test]
fn both_keys_sign_with_pss_and_a_salt_as_long_as_the_hash() {
    let mut card = ready_card();
    for (path, sha256, sha1) in [("0001A001", "2C90", "1590"), ("0001A002", "2CA0", "15A0")] {
        let key = public_key(&mut card, path);
        let hash = Sha256::digest(b"ordonnance");
        let signature = sign(&mut card, sha256, &hash);
        key.verify(Pss::new_with_salt::<Sha256>(32), &hash, &signature)
            .unwrap();
        assert_ne!(signature, sign(&mut card, sha256, &hash), "a fresh salt");
        let old_hash = Sha1::digest(b"ordonnance");
        let signature = sign(&mut card, sha1, &old_hash);
        key.verify(Pss::new_with_salt::<Sha1>(20), &old_hash, &signature)
            .unwrap();
    }
}

#[test]
fn the_authentication_key_signs_a_block_that_the_host_padded() {
    let mut card = ready_card();
    let key = public_key(&mut card, "0001A002");
    let hash = Sha256::digest(b"defi");
    let prefix = hex::decode("003031300D060960864801650304020105000420").unwrap();
    let mut block = vec![0x00, 0x01];
    block.resize(256 - prefix.len() - hash.len(), 0xFF);
    block.extend(prefix);
    block.extend(hash);
    let signature = raw(&mut card, &block);
    key.verify(Pkcs1v15Sign::new::<Sha256>(), &hash, &signature)
        .unwrap();
}

#[test]
fn decipherment_leaves_the_padding_to_the_host() {
    let mut card = ready_card();
    let key = public_key(&mut card, "0001A002");
    let cryptogram = key
        .encrypt(&mut OsRng, Pkcs1v15Encrypt, b"secret text")
        .unwrap();
    let block = raw(&mut card, &cryptogram);
    assert_eq!(block.len(), 256);
    assert_eq!(block[..2], [0, 2]);
    assert!(block.ends_with(b"\0secret text"));
}

#[test]
fn refuses_a_block_that_is_too_short_too_long_too_large_or_interrupted() {
    let first = format!("112A8086FF{}", "55".repeat(255));
    let largest = format!("112A8086FF{}", "FF".repeat(255));
    assert_dialogue(
        &mut ready_card(),
        &[
            (SET_RAW, "9000"),
            ("01 2A 80 86 01 55 00", "6700"),
            (&first, "9000"),
            ("01 2A 80 86 02 55 55 00", "6700"),
            (&first, "9000"),
            ("11 2A 80 86 02 55 55", "6700"),
            (&largest, "9000"),
            ("01 2A 80 86 01 FF 00", "6A80"),
            (&first, "9000"),
            ("01 84 00 00 10", "6C08"),
            ("01 2A 80 86 01 55 00", "6700"),
            ("11 20 00 01 04 31 32 33 34", "6884"),
        ],
    );
}

#[test]
fn no_key_works_without_the_code_or_its_template() {
    let mut card = card();
    let hash = "07".repeat(32);
    let sign = format!("012A9E9A20{hash}00");
    assert_dialogue(
        &mut card,
        &[
            (SELECT_APPLICATION, "9000"),
            (&sign, "6985"),
            ("01 2A 80 86 01 55 00", "6985"),
            ("01 22 81 B6 04 91 02 28 90", "9000"),
            (&sign, "6982"),
            ("01 22 81 B6 04 91 02 2C A0", "9000"),
            (&sign, "6982"),
            (SET_RAW, "9000"),
            ("01 2A 80 86 01 55 00", "6982"),
            (VERIFY_PIN, "9000"),
        ],
    );
    assert_eq!(data(&mut card, &sign).len(), 256);
    card.reset();
    assert_eq!(ask(&mut card, &sign), "6881");
}

#[test]
fn refuses_templates_that_no_program_sends_and_keeps_the_one_before() {
    let mut card = ready_card();
    let sha1 = format!("012A9E9A14{}00", "07".repeat(20));
    let sha256 = format!("012A9E9A20{}00", "07".repeat(32));
    assert_dialogue(
        &mut card,
        &[
            ("01 22 81 B6 04 91 02 28 90", "9000"),
            ("01 22 81 B6 04 91 02 00 90", "6A80"),
            ("01 22 81 B6 04 91 02 28 A0", "6A80"),
            ("01 22 81 B6 04 91 02 28 10", "6A88"),
            ("01 22 81 B6 04 91 02 28 B0", "6A88"),
            ("01 22 81 B6 03 91 01 28", "6A80"),
            ("01 22 81 B6 06 80 01 42 84 01 81", "6A80"),
            ("01 22 41 B6 04 91 02 28 90", "6A86"),
            ("01 22 41 A4 06 80 01 02 84 01 82", "6A86"),
            ("01 22 41 B8 03 83 01 10", "6A88"),
            ("01 22 41 B8 03 84 01 20", "6A80"),
            ("01 88 00 00 01 30 00", "6D00"),
            ("01 2A 90 A0 02 90 00", "6A86"),
            (&sha1, "6A80"),
        ],
    );
    assert_eq!(data(&mut card, &sha256).len(), 256);
}

#[test]
fn the_keys_belong_to_the_application() {
    assert_dialogue(
        &mut ready_card(),
        &[
            (SET_RAW, "9000"),
            ("01 A4 00 00 02 3F 00", "9000"),
            ("01 2A 80 86 01 55 00", "6985"),
            (SET_RAW, "6A88"),
        ],
    );
}

#[test]
fn a_challenge_has_eight_bytes_and_is_never_the_same() {
    let mut card = card();
    let first = data(&mut card, "0184000008");
    let second = data(&mut card, "0184000008");
    assert_eq!((first.len(), second.len()), (8, 8));
    assert_ne!(first, second);
    assert_eq!(ask(&mut card, "0184010008"), "6A86");
}
