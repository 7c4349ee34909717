//! The CPS3 on a contactless reader, as the official module met it.

use crate::card::{ask, assert_dialogue, parameters};
use card_apdu::Protocol;
use card_emulator::{Cps3Card, VirtualCard};
use rsa::pkcs8::DecodePublicKey;
use rsa::{Pkcs1v15Sign, RsaPublicKey};
use sha2::{Digest, Sha256};
use x509_parser::prelude::{FromDer, X509Certificate};

fn card() -> Cps3Card {
    Cps3Card::contactless(&parameters()).unwrap()
}

fn data(answer: &str) -> Vec<u8> {
    let data = answer.strip_suffix("9000").expect(answer);
    hex::decode(data).unwrap()
}

fn read(card: &mut Cps3Card, path: &str) -> Vec<u8> {
    let select = format!("00A40904{:02X}{path}00", path.len() / 2);
    let fcp = data(&ask(card, &select));
    let len = usize::from(u16::from_be_bytes([fcp[4], fcp[5]]));
    let mut content = Vec::new();
    while content.len() < len {
        let le = (len - content.len()).min(0xE7);
        let part = format!("00B0{:04X}{le:02X}", content.len());
        content.extend(data(&ask(card, &part)));
    }
    content
}

#[test]
fn it_speaks_t1_and_tells_the_number_of_the_card() {
    let mut card = card();
    assert_eq!(card.protocol(), Protocol::T1);
    assert_eq!(card.atr(), Cps3Card::CONTACTLESS_ATR);
    assert_dialogue(
        &mut card,
        &[
            (
                "00 A4 09 04 04 3F 00 D0 03 00",
                "62 25 80 02 00 0C 82 01 01 83 02 D0 03 88 01 E0 A1 12 8C 07 7B FF FF FF FF FF \
                 00 9C 07 7B FF FF FF FF FF 00 8A 01 05 90 00",
            ),
            (
                "00 B0 00 00 0C",
                "5A 0A 80 25 00 00 01 99 12 34 56 5F 90 00",
            ),
        ],
    );
}

#[test]
fn the_application_lists_no_codes() {
    let mut card = card();
    assert_eq!(
        hex::encode_upper(read(&mut card, "3F0000025031")),
        "A006300404027002A406300404027005A706300404027006"
    );
    assert_dialogue(
        &mut card,
        &[
            ("00 A4 09 0C 06 3F 00 00 02 70 01", "6A82"),
            ("00 20 00 01", "6A88"),
            ("00 20 00 01 04 31 32 33 34", "6A88"),
            ("00 20 00 02 08 31 32 33 34 35 36 37 38", "6A88"),
            ("00 24 00 01 08 31 32 33 34 34 33 32 31", "6A88"),
            ("00 2C 02 01 04 35 35 35 35", "6A88"),
        ],
    );
}

#[test]
fn the_technical_key_signs_without_a_code() {
    let mut card = card();
    let certificate = read(&mut card, "3F000002A001");
    let (rest, certificate) = X509Certificate::from_der(&certificate).unwrap();
    assert!(rest.is_empty());
    let usage = certificate.key_usage().unwrap().unwrap();
    assert_eq!(usage.value.flags, 1, "digitalSignature alone");
    let key = RsaPublicKey::from_public_key_der(certificate.public_key().raw).unwrap();

    let hash = Sha256::digest(b"defi");
    let prefix = hex::decode("3031300D060960864801650304020105000420").unwrap();
    let digest_info = [&prefix[..], &hash].concat();
    assert_dialogue(
        &mut card,
        &[
            ("00 A4 09 0C 04 3F 00 00 02", "9000"),
            ("00 22 41 A4 06 80 01 02 84 01 83", "9000"),
        ],
    );
    let command = format!("0088000033{}00", hex::encode(digest_info));
    let signature = data(&ask(&mut card, &command));
    key.verify(Pkcs1v15Sign::new::<Sha256>(), &hash, &signature)
        .unwrap();
}

#[test]
fn there_is_no_other_key() {
    assert_dialogue(
        &mut card(),
        &[
            ("00 A4 09 0C 04 3F 00 00 02", "9000"),
            ("00 22 41 A4 06 80 01 02 84 01 82", "6A88"),
            ("00 22 41 B6 06 80 01 42 84 01 81", "6A88"),
            ("00 22 41 B8 06 80 01 1A 84 01 83", "9000"),
            ("00 2A 80 86 02 81 00 00", "6982"),
            ("00 A4 09 0C 04 3F 00 00 01", "9000"),
            ("00 22 41 A4 06 80 01 02 84 01 82", "6A88"),
            ("00 22 41 A4 06 80 01 02 84 01 83", "6A88"),
        ],
    );
}

#[test]
fn cps_data_is_read_and_never_written() {
    let mut card = card();
    assert_eq!(read(&mut card, "3F000002D107").len(), 512);
    assert_eq!(ask(&mut card, "00D60000 01 AA"), "6982");
}

#[test]
fn through_the_contacts_there_is_no_technical_key() {
    assert_dialogue(
        &mut Cps3Card::new(&parameters()).unwrap(),
        &[
            ("00 A4 09 0C 06 3F 00 00 02 50 31", "6A82"),
            ("00 A4 09 0C 04 3F 00 00 02", "9000"),
            ("00 22 41 A4 06 80 01 02 84 01 83", "6A88"),
        ],
    );
}
