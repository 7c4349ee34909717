//! SELECT, READ BINARY and UPDATE BINARY.

use crate::card::{
    SELECT_APPLICATION, VERIFY_PIN, ask, assert_dialogue, card, card_of, data, read,
};
use card_emulator::pki::KeySet;
use card_emulator::{DemoCard, VirtualCard};
use time::macros::datetime;
use x509_parser::prelude::{FromDer, X509Certificate};

#[test]
fn connecting_goes_as_recorded() {
    let mut card = card();
    assert_dialogue(
        &mut card,
        &[
            (
                "01 A4 08 00 02 D0 03 00",
                "6F 0E 80 02 00 0C 82 01 01 83 02 D0 03 8A 01 05 90 00",
            ),
            (
                "01 B0 00 00 0C",
                "5A 0A 80 25 00 00 01 99 14 00 01 8F 90 00",
            ),
            (
                "01 A4 08 00 02 2F 00 00",
                "6F 0E 80 02 00 31 82 01 01 83 02 2F 00 8A 01 05 90 00",
            ),
            (
                "01 B0 00 00 31",
                "61 2F 4F 0D E8 28 BD 08 0F 80 25 00 00 01 FF 00 10 50 07 43 50 58 20 49 41 53 51 \
                 04 3F 00 00 01 73 0F 4F 0D E8 28 BD 08 0F 80 25 00 00 01 FF 00 10 90 00",
            ),
            (SELECT_APPLICATION, "9000"),
            (
                "01 A4 08 00 02 00 01 00",
                "6F 19 82 01 38 83 02 00 01 84 0D E8 28 BD 08 0F 80 25 00 00 01 FF 00 10 8A 01 05 \
                 90 00",
            ),
            ("01 20 00 01", "63C3"),
            ("01 20 00 02", "63CA"),
        ],
    );
    for file in ["5031", "5032", "7001", "7002", "7003", "7005", "7006"] {
        assert!(!read(&mut card, &format!("0001{file}")).is_empty());
    }
}

#[test]
fn other_forms_of_select_are_refused() {
    assert_dialogue(
        &mut card(),
        &[
            ("01 A4 00 00 02 3F 00", "9000"),
            ("01 A4 00 0C 00", "9000"),
            ("01 A4 08 0C 04 00 01 50 31", "9000"),
            ("01 A4 08 00 02 D0 10 00", "6A82"),
            ("01 A4 08 00 04 00 02 50 31 00", "6A82"),
            ("01 A4 08 00 06 3F 00 00 01 50 31 00", "6A82"),
            ("01 A4 08 00 03 00 01 50 00", "6A80"),
            ("01 A4 08 00 00", "6A80"),
            ("01 A4 08 04 02 D0 03 00", "6A86"),
            ("01 A4 09 04 04 3F 00 D0 03 00", "6A86"),
            ("01 A4 02 00 02 50 31 00", "6A86"),
        ],
    );
}

#[test]
fn reading_beyond_the_end_or_without_a_file_is_refused() {
    assert_dialogue(
        &mut card(),
        &[
            ("01 B0 00 00 01", "6986"),
            (SELECT_APPLICATION, "9000"),
            ("01 B0 00 00 01", "6986"),
            ("01 A4 08 0C 02 D0 03", "9000"),
            ("01 B0 00 0C 01", "6B00"),
            ("01 B0 7F FF 01", "6B00"),
            ("01 B0 9C 00 0C", "6A86"),
            ("01 B0 00 00", "6700"),
            ("01 B0 00 00 02 01 02 00", "6700"),
            ("01 B0 00 00 10", "6C0C"),
        ],
    );
}

#[test]
fn the_certificates_stand_where_the_cdf_says_and_are_read_256_bytes_a_time() {
    let mut card = card();
    let cdf = read(&mut card, "00017005");
    for (path, id) in [("0001A001", 0x10), ("0001A002", 0x20)] {
        let certificate = read(&mut card, path);
        let (rest, _) = X509Certificate::from_der(&certificate).unwrap();
        assert!(rest.is_empty());
        let len = u16::try_from(certificate.len()).unwrap().to_be_bytes();
        let file = hex::decode(&path[4..]).unwrap();
        let entry = [&[4, 2][..], &file, &[2, 1, 0, 0x80, 2], &len].concat();
        assert!(cdf.windows(entry.len()).any(|bytes| bytes == entry));
        assert!(cdf.windows(4).any(|bytes| bytes == [0xFF, 0, 0x10, id]));
    }
    assert_eq!(data(&mut card, "01B0000000").len(), 256);
}

#[test]
fn activities_are_read_after_the_code_only() {
    let mut card = card();
    assert_dialogue(
        &mut card,
        &[
            ("01 A4 08 0C 04 00 01 D1 20", "9000"),
            ("01 B0 00 00 02", "6982"),
            (VERIFY_PIN, "9000"),
            ("01 B0 00 00 02", "EE 23 90 00"),
        ],
    );
}

#[test]
fn only_cps_data_is_written_and_only_after_the_code() {
    let mut card = card();
    assert_dialogue(
        &mut card,
        &[
            ("01 D6 00 00 02 AA BB", "6986"),
            ("01 A4 08 0C 04 00 01 D1 07", "9000"),
            ("01 D6 00 00 02 AA BB", "6982"),
            (VERIFY_PIN, "9000"),
            ("01 D6 00 01 02 AA BB", "9000"),
            ("01 B0 00 00 04", "00 AA BB 00 90 00"),
            ("01 D6 01 FF 02 AA BB", "6700"),
            ("01 D6 02 00 01 AA", "6B00"),
            ("01 D6 00 00 00", "6700"),
            ("01 A4 08 0C 04 00 01 D1 01", "9000"),
            ("01 D6 00 00 02 AA BB", "6982"),
        ],
    );
    card.reset();
    ask(&mut card, crate::card::SELECT_APPLET);
    assert_eq!(read(&mut card, "0001D107")[..4], [0, 0xAA, 0xBB, 0]);
}

#[test]
fn a_card_without_signature_key_has_no_trace_of_it() {
    let parameters = DemoCard::Cpf.parameters(KeySet::First, datetime!(2026-11-21 19:00 UTC));
    let mut card = card_of(&parameters);
    let [keys, certificates, objects] =
        ["00017002", "00017005", "00017006"].map(|path| read(&mut card, path));
    let has = |content: &[u8], label: &str| {
        content
            .windows(label.len())
            .any(|bytes| bytes == label.as_bytes())
    };
    assert!(has(&keys, "CPS_PRIV_AUT") && !has(&keys, "CPS_PRIV_SIG"));
    assert!(has(&certificates, "Authentification") && !has(&certificates, "Signature"));
    assert!(has(&objects, "CPS_DATA") && !has(&objects, "ACTIVITY"));
    assert_dialogue(
        &mut card,
        &[
            ("01 A4 08 00 04 00 01 A0 01 00", "6A82"),
            ("01 A4 08 00 04 00 01 D1 20 00", "6A82"),
            (VERIFY_PIN, "9000"),
            (SELECT_APPLICATION, "9000"),
            ("01 22 81 B6 04 91 02 28 90", "6A88"),
            ("01 22 81 B6 04 91 02 2C A0", "9000"),
        ],
    );
}
