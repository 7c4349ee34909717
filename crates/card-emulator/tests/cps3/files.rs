//! READ BINARY, UPDATE BINARY and the content of files.

use crate::card::{
    SELECT_APPLICATION, VERIFY_PIN, ask, assert_dialogue, card, fetch, parameters, read_file,
};
use card_emulator::pki::KeySet;
use card_emulator::{Cps3Card, DemoCard, VirtualCard};
use time::macros::datetime;
use x509_parser::prelude::{FromDer, X509Certificate};

#[test]
fn ef_sn_is_read_by_its_short_identifier() {
    assert_dialogue(
        &mut card(),
        &[
            ("00 A4 04 04 08 80 25 00 00 01 FF 01 00", "9000"),
            ("00 B0 9C 00 C0", "6C0C"),
            (
                "00 B0 9C 00 0C",
                "5A 0A 80 25 00 00 01 99 12 34 56 5F 90 00",
            ),
            ("00 B0 9C 0A 02", "56 5F 90 00"),
            ("00 B0 00 0A 02", "56 5F 90 00"),
            (SELECT_APPLICATION, "9000"),
            ("00 B0 9C 00 0C", "6A82"),
        ],
    );
}

#[test]
fn reading_beyond_the_end_or_without_a_file_is_refused() {
    assert_dialogue(
        &mut card(),
        &[
            ("00 B0 00 00 01", "6986"),
            ("00 A4 09 0C 04 3F 00 D0 03", "9000"),
            ("00 B0 00 0C 01", "6B00"),
            ("00 B0 7F FF 01", "6B00"),
            ("00 B0 FC 00 01", "6A86"),
            ("00 B0 00 00 02 01 02", "6700"),
        ],
    );
}

#[test]
fn the_certificates_stand_where_the_cdf_says() {
    let mut card = card();
    let cdf = read_file(&mut card, "7005");
    for (id, path) in [("A001", [0xA0, 0x01]), ("A002", [0xA0, 0x02])] {
        let certificate = read_file(&mut card, id);
        let (rest, parsed) = X509Certificate::from_der(&certificate).unwrap();
        assert!(rest.is_empty());
        assert_eq!(parsed.subject().iter().count(), 3);
        let len = u16::try_from(certificate.len()).unwrap().to_be_bytes();
        let entry = [&[0x04, 0x02][..], &path, &[2, 1, 0, 0x80, 2], &len].concat();
        assert!(cdf.windows(entry.len()).any(|bytes| bytes == entry));
    }
}

#[test]
fn activities_are_read_after_the_code_only() {
    let mut card = card();
    assert_dialogue(
        &mut card,
        &[
            ("00 A4 09 0C 06 3F 00 00 01 D1 20", "9000"),
            ("00 B0 00 00 02", "6982"),
            (VERIFY_PIN, "9000"),
            ("00 B0 00 00 02", "EE 23 90 00"),
        ],
    );
    card.reset();
    assert_dialogue(
        &mut card,
        &[
            ("00 A4 09 0C 06 3F 00 00 01 D1 20", "9000"),
            ("00 B0 00 00 02", "6982"),
        ],
    );
}

#[test]
fn only_cps_data_is_written_and_only_after_the_code() {
    let mut card = card();
    assert_dialogue(
        &mut card,
        &[
            ("00 A4 09 0C 06 3F 00 00 01 D1 07", "9000"),
            ("00 D6 00 00 02 AA BB", "6982"),
            (VERIFY_PIN, "9000"),
            ("00 D6 00 01 02 AA BB", "9000"),
            ("00 B0 00 00 04", "00 AA BB 00 90 00"),
            ("00 D6 01 FF 02 AA BB", "6700"),
            ("00 D6 02 00 01 AA", "6B00"),
            ("00 D6 00 00 00", "6700"),
            ("00 A4 09 0C 06 3F 00 00 01 D1 01", "9000"),
            ("00 D6 00 00 02 AA BB", "6982"),
        ],
    );
    card.reset();
    let data = read_file(&mut card, "D107");
    assert_eq!(data.len(), 512);
    assert_eq!(data[..4], [0, 0xAA, 0xBB, 0]);
}

#[test]
fn each_set_of_keys_has_other_certificates() {
    let mut certificates: Vec<Vec<u8>> = KeySet::ALL
        .into_iter()
        .map(|set| {
            let mut parameters = parameters();
            parameters.key_set = set;
            read_file(&mut Cps3Card::new(&parameters).unwrap(), "A002")
        })
        .collect();
    certificates.sort();
    certificates.dedup();
    assert_eq!(certificates.len(), 4);
}

#[test]
fn security_objects_are_the_recorded_ones() {
    assert_dialogue(
        &mut card(),
        &[
            ("00 A4 09 0C 02 3F 00", "9000"),
            ("00 CB 3F FF 0B 4D 09 70 07 BF 81 01 03 7F 41 80", "610F"),
            (
                "00 C0 00 00 0F",
                "70 0D BF 81 01 09 7F 41 06 80 01 04 81 01 04 90 00",
            ),
            ("00 CB 3F FF 0A 4D 08 70 06 BF 81 01 02 A0 80", "6118"),
            (
                "00 C0 00 00 18",
                "70 16 BF 81 01 12 A0 10 9A 01 03 9B 01 03 A1 08 8C 06 F3 00 00 13 FF 00 90 00",
            ),
            ("00 CB 3F FF 0A 4D 08 70 06 BF 81 02 02 A0 80", "611C"),
            (
                "00 C0 00 00 1C",
                "70 1A BF 81 02 16 A0 14 9A 01 0A 9B 01 0A 9D 02 00 64 A1 08 8C 06 F3 FF 00 FF FF \
                 00 90 00",
            ),
            ("00 CB 3F FF 0A 4D 08 70 06 BF FB 03 02 7B 80", "6110"),
            (
                "00 C0 00 00 10",
                "70 0E BF FB 03 0A 7B 08 A4 06 83 01 02 95 01 08 90 00",
            ),
            ("00 CB 3F FF 0A 4D 08 70 06 BF FB 05 02 7B 80", "6A88"),
            ("00 CB 3F FF 0B 4D 09 70 07 BF 81 03 03 7F 41 80", "6A88"),
            ("00 CB 3F FF 0A 4D 08 70 06 BF 90 02 02 A0 80", "6A88"),
            (SELECT_APPLICATION, "9000"),
            ("00 CB 3F FF 0B 4D 09 70 07 BF 90 02 03 7F 48 80", "6A80"),
            ("00 CB 3F FF 0A 4D 08 70 06 BF 90 02 02 A0 80", "6119"),
            (
                "00 C0 00 00 19",
                "70 17 BF 90 02 13 A0 11 A1 08 8C 06 F3 FF 11 11 FF 00 80 02 01 00 9E 01 00 90 00",
            ),
            ("00 CB 3F FF 0A 4D 08 70 06 BF 90 01 02 A0 80", "6119"),
            (
                "00 C0 00 00 19",
                "70 17 BF 90 01 13 A0 11 A1 08 8C 06 F3 11 FF FF FF 00 80 02 01 00 9E 01 01 90 00",
            ),
            ("00 CB 3F FF 0A 4D 08 70 06 BF 81 01 02 A0 80", "6A88"),
        ],
    );
}

#[test]
fn a_malformed_object_request_is_wrong_data() {
    assert_dialogue(
        &mut card(),
        &[
            ("00 CB 3F FF 00", "6A80"),
            ("00 CB 3F FF 02 4D 00", "6A80"),
            ("00 CB 3F FF 0A 4D 08 70 06 BF 81 01 02 A0 81", "6A80"),
            ("00 CB 3F FF 0A 4D 08 70 05 BF 81 01 02 A0 80", "6A80"),
            ("00 CB 3F FF 0B 4D 08 70 06 BF 81 01 02 A0 80 00", "6A80"),
            ("00 CB 00 00 0A 4D 08 70 06 BF 81 01 02 A0 80", "6A86"),
        ],
    );
}

#[test]
fn a_challenge_has_eight_bytes_and_is_never_the_same() {
    let mut card = card();
    let first = fetch(&mut card, "0084000008");
    let second = fetch(&mut card, "0084000008");
    assert_eq!((first.len(), second.len()), (8, 8));
    assert_ne!(first, second);
    assert_eq!(ask(&mut card, "0084000010"), "6C08");
    assert_eq!(ask(&mut card, "0084010008"), "6A86");
}

#[test]
fn a_card_without_signature_key_and_activities_has_no_trace_of_them() {
    let parameters = DemoCard::Cpe.parameters(KeySet::First, datetime!(2026-11-21 19:00 UTC));
    let mut card = Cps3Card::new(&parameters).unwrap();
    let [keys, certificates, objects] = ["7002", "7005", "7006"].map(|id| read_file(&mut card, id));
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
            ("00 A4 09 0C 06 3F 00 00 01 A0 01", "6A82"),
            ("00 A4 09 0C 06 3F 00 00 01 D1 20", "6A82"),
            (SELECT_APPLICATION, "9000"),
            ("00 22 41 B6 06 80 01 42 84 01 81", "6A88"),
            ("00 CB 3F FF 0A 4D 08 70 06 BF 90 01 02 A0 80", "6A88"),
            ("00 22 41 A4 06 80 01 02 84 01 82", "9000"),
        ],
    );
}
